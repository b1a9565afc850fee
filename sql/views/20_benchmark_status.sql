-- benchmark_status: what is there of each benchmark and how fresh it is.
-- Grain: one row a benchmark that has answers or that the crawl asked for. Key: benchmark. From: corpus_state, scores, item_filter, selected_item, left_out, run_attempt, crawl_status.
CREATE OR REPLACE VIEW benchmark_status AS
WITH filtered AS (
    SELECT benchmark, count(*) AS items, count(*) FILTER (NOT dropped) AS kept
    FROM item_filter
    GROUP BY benchmark
),
selected AS (
    SELECT benchmark, any_value(run_id) AS run_id,
        count(*) FILTER (form = 'A') AS form_a, count(*) FILTER (form = 'B') AS form_b
    FROM selected_item
    GROUP BY benchmark
),
lacking AS (
    SELECT benchmark, any_value(run_id) AS run_id,
        string_agg(DISTINCT CASE WHEN item = '' THEN part ELSE 'items of ' || part END, ', ' ORDER BY CASE WHEN item = '' THEN part ELSE 'items of ' || part END) AS parts
    FROM left_out
    GROUP BY benchmark
),
built AS (
    SELECT run_id, max(finished) AS finished FROM run_attempt WHERE status = 'done' GROUP BY run_id
),
answered AS (
    SELECT benchmark, count(*) AS models FROM scores GROUP BY benchmark
)
SELECT
    benchmark,
    coalesce(a.models, 0)     AS models,
    coalesce(k.permanent, 0)  AS failed_models,
    coalesce(k.transient, 0)  AS retried_models,
    coalesce(k.vanished, 0)   AS vanished_models,
    coalesce(c.observed, 0)   AS responses,
    coalesce(f.items, 0)      AS items,
    coalesce(f.kept, 0)       AS kept_items,
    coalesce(s.form_a, 0)     AS form_a_items,
    coalesce(s.form_b, 0)     AS form_b_items,
    c.loaded_at,
    b.finished                AS built_at,
    coalesce(b.finished < c.loaded_at, true) AS stale,
    coalesce(s.run_id, l.run_id) AS run_id,
    l.parts                   AS left_out
FROM corpus_state AS c
FULL JOIN crawl_status AS k USING (benchmark)
LEFT JOIN answered AS a USING (benchmark)
LEFT JOIN filtered AS f USING (benchmark)
LEFT JOIN selected AS s USING (benchmark)
LEFT JOIN lacking AS l USING (benchmark)
LEFT JOIN built AS b ON b.run_id = coalesce(s.run_id, l.run_id)
WHERE c.blocks > 0 OR k.models > 0
ORDER BY benchmark;
COMMENT ON VIEW benchmark_status IS 'What is there of each benchmark and how fresh it is. One row a benchmark that has answers or that the crawl asked for.';
COMMENT ON COLUMN benchmark_status.benchmark IS 'The benchmark.';
COMMENT ON COLUMN benchmark_status.models IS 'Models with answers.';
COMMENT ON COLUMN benchmark_status.failed_models IS 'Models on the Hub with a task that can''t be had for good: crawl_status.permanent; the view failure lists them.';
COMMENT ON COLUMN benchmark_status.retried_models IS 'Models with a task that the next crawl tries again.';
COMMENT ON COLUMN benchmark_status.vanished_models IS 'Models with answers that are not on the Hub any more.';
COMMENT ON COLUMN benchmark_status.responses IS 'Observed answers.';
COMMENT ON COLUMN benchmark_status.items IS 'Items.';
COMMENT ON COLUMN benchmark_status.kept_items IS 'Items that the filters leave by the answers of all models; a build leaves its test models out of account and may keep a few others.';
COMMENT ON COLUMN benchmark_status.form_a_items IS 'Items selected for form A; 0 before a build.';
COMMENT ON COLUMN benchmark_status.form_b_items IS 'Items selected for the disjoint form B.';
COMMENT ON COLUMN benchmark_status.loaded_at IS 'When an answer last changed, UTC.';
COMMENT ON COLUMN benchmark_status.built_at IS 'When the build that its results are of last ended, UTC; NULL before a build.';
COMMENT ON COLUMN benchmark_status.stale IS 'Whether answers changed after that build, or there is none.';
COMMENT ON COLUMN benchmark_status.run_id IS 'Run that its results are of.';
COMMENT ON COLUMN benchmark_status.left_out IS 'Parts that its last build could not make of its answers, benchmark for all of it; the table left_out says why. NULL when it made all.';
