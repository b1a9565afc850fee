-- For which models is the reconstruction from form A furthest off?
SELECT p.benchmark, p.model, p.score, p.predicted, p.predicted - p.score AS difference,
    p.score BETWEEN p.lower AND p.upper AS inside_interval
FROM prediction AS p
JOIN reconstruction_model AS r USING (benchmark, target, form, method)
WHERE r.chosen AND p.form = 'A' AND p.scheme = 'random' AND p.part = 'test' AND p.target = p.benchmark
ORDER BY abs(p.predicted - p.score) DESC, p.benchmark, p.model
LIMIT 10;
