-- published_scores_differ: recomputed scores agree with published ones of the same metric.
-- Severity: warning
-- Remedy: look at score_comparison; a few models were evaluated again after their score was published
SELECT benchmark AS object,
    concat(count(*) FILTER (abs(difference) > 1), ' of ', count(*), ' models differ by more than 1 point') AS detail
FROM score_comparison
WHERE same_metric AND difference IS NOT NULL AND observed = (SELECT count(*) FROM item AS i JOIN benchmark AS b USING (benchmark_id) WHERE b.benchmark = score_comparison.benchmark)
GROUP BY benchmark
HAVING count(*) FILTER (abs(difference) > 1) > 0.05 * count(*)
