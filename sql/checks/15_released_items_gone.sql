-- released_items_gone: every item of a release in use is in the corpus, is the same question, and has answers.
-- Severity: warning
-- Remedy: import or crawl its answers again; until then the form is calibrated without these items; metabench release retire VERSION ends its use
WITH gone AS (
    SELECT r.version, r.form, r.benchmark, r.position, r.item
    FROM released_item AS r
    JOIN release AS l ON l.version = r.version AND l.retired_at IS NULL
    LEFT JOIN benchmark AS b ON b.benchmark = r.benchmark
    LEFT JOIN item AS i ON i.benchmark_id = b.benchmark_id AND i.item = r.item
        AND (r.prompt_hash IS NULL OR i.prompt_hash IS NULL OR i.prompt_hash = r.prompt_hash)
    LEFT JOIN item_sums AS s ON s.task_id = i.task_id AND s.position = i.position AND s.n > 0
    WHERE s.n IS NULL
)
SELECT concat('release ', version, ', form ', form, ' of ', benchmark) AS object,
    concat(count(*), CASE WHEN count(*) = 1 THEN ' item is' ELSE ' items are' END, ' not in the corpus, or another question now, or without answers: ', list_aggregate(list(item ORDER BY position)[:10], 'string_agg', ', '), CASE WHEN count(*) > 10 THEN ', …' ELSE '' END) AS detail
FROM gone GROUP BY version, form, benchmark ORDER BY ALL
