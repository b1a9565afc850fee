-- Do scores recomputed from the answers agree with the published ones, and why can't others be compared?
SELECT benchmark, published_metric, published_mean, count(*) AS models, count(comparable_difference) AS comparable,
    avg(abs(comparable_difference)) AS mean_difference, max(abs(comparable_difference)) AS largest, any_value(why_not) AS why_not
FROM score_comparison
WHERE recomputed IS NOT NULL
GROUP BY ALL
ORDER BY benchmark, published_metric;
