-- For which models is the reconstruction furthest off?
SELECT p.benchmark, p.model, p.score, p.predicted, p.predicted - p.score AS difference,
    p.score BETWEEN p.lower AND p.upper AS inside_interval
FROM prediction AS p
WHERE p.part = 'test' AND p.target = p.benchmark
ORDER BY abs(p.predicted - p.score) DESC, p.benchmark, p.model
LIMIT 10;
