-- Do scores recomputed from the answers agree with the published ones?
SELECT benchmark, same_metric, count(*) AS models, avg(abs(difference)) AS mean_difference, max(abs(difference)) AS largest,
    corr(published, recomputed) AS correlation
FROM score_comparison
WHERE recomputed IS NOT NULL
GROUP BY ALL
ORDER BY benchmark;
