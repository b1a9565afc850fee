-- manifest_totals: the answers are those that the manifest counts.
-- Severity: damage
-- Remedy: import or crawl the benchmark again; what is there already is not read twice
SELECT
    b.benchmark AS object,
    concat('the manifest counts ', coalesce(c.blocks, 0), ' blocks with ', coalesce(c.observed, 0), ' answers, ', coalesce(c.correct, 0),
        ' correct; there are ', coalesce(s.blocks, 0), ' with ', coalesce(s.observed, 0), ', ', coalesce(s.correct, 0), ' correct',
        CASE WHEN c.blocks = s.blocks AND c.observed = s.observed AND c.correct = s.correct THEN ', but other ones' END) AS detail
FROM benchmark AS b
LEFT JOIN corpus_state AS c USING (benchmark_id)
LEFT JOIN (
    SELECT t.benchmark_id, count(*) AS blocks, sum(r.observed_count)::BIGINT AS observed, sum(r.correct_count)::BIGINT AS correct,
        (sum(r.hash) % 18446744073709551616::HUGEINT)::UBIGINT AS fingerprint
    FROM response_block AS r JOIN task AS t USING (task_id)
    GROUP BY t.benchmark_id
) AS s USING (benchmark_id)
WHERE (coalesce(c.blocks, 0), coalesce(c.observed, 0), coalesce(c.correct, 0), coalesce(c.fingerprint, 0))
    IS DISTINCT FROM (coalesce(s.blocks, 0), coalesce(s.observed, 0), coalesce(s.correct, 0), coalesce(s.fingerprint, 0))
