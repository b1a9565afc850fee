-- published_scores_differ: recomputed scores agree with published ones of the same metric and mean.
-- Severity: warning
-- Remedy: look at score_comparison; a few models were evaluated again after their score was published
SELECT benchmark AS object,
    concat(count(*) FILTER (abs(comparable_difference) > 1), ' of ', count(*), ' models differ by more than 1 point from their published mean of ',
        any_value(published_mean)) AS detail
FROM score_comparison
WHERE comparable_difference IS NOT NULL
GROUP BY benchmark
HAVING count(*) FILTER (abs(comparable_difference) > 1) > 0.05 * count(*)
