-- Which models do best on a benchmark?
SELECT model, score, observed
FROM scores
WHERE benchmark = 'arc'
ORDER BY score DESC, model
LIMIT 10;
