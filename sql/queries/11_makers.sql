-- Which organisations have several models, and how do these score on average?
SELECT split_part(model, '/', 1) AS organisation, benchmark, count(*) AS models, avg(score ORDER BY score) AS mean_score
FROM scores
GROUP BY ALL
HAVING count(*) > 1
ORDER BY benchmark, mean_score DESC, organisation
LIMIT 20;
