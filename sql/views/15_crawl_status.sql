-- crawl_status: what has become of the models on the Hub, by benchmark.
-- Grain: one row a benchmark that the crawl has asked for. Key: benchmark. From: repo_state, revision, file_state, vanished_models.
-- A model counts as answered, permanent, transient or policy where one of its tasks is, so that one
-- of the 57 tasks of MMLU makes it both. Repositories of which nothing can be had count in each benchmark.
CREATE OR REPLACE VIEW crawl_status AS
WITH repository AS (
    SELECT r.repo, r.status, v.revision_id
    FROM repo_state AS r
    LEFT JOIN revision AS v ON v.repo = r.repo AND v.commit_hash = r.commit_hash
    WHERE r.gone_since IS NULL
),
task_status AS ( -- by keys, the most hopeful status of a task's files: all of them are read for it
    SELECT revision_id, task_id,
        max(CASE status WHEN 'done' THEN 5 WHEN 'transient' THEN 4 WHEN 'missing' THEN 3 WHEN 'policy' THEN 2 WHEN 'permanent' THEN 1 ELSE 0 END) AS hope
    FROM file_state
    WHERE task_id IS NOT NULL AND revision_id IN (SELECT revision_id FROM repository)
    GROUP BY revision_id, task_id
),
known AS (
    SELECT t.benchmark_id, s.revision_id::VARCHAR AS holder, s.hope
    FROM task_status AS s
    JOIN task AS t USING (task_id)
    WHERE s.hope > 0
    UNION ALL -- nothing of it can be had: in each benchmark
    SELECT b.benchmark_id, r.repo, CASE r.status WHEN 'transient' THEN 4 WHEN 'policy' THEN 2 ELSE 1 END
    FROM repository AS r
    CROSS JOIN (SELECT DISTINCT t.benchmark_id FROM (SELECT DISTINCT task_id FROM file_state) JOIN task AS t USING (task_id)) AS b
    WHERE r.status IN ('transient', 'permanent', 'policy')
      AND NOT EXISTS (FROM task_status AS s WHERE s.revision_id = r.revision_id AND s.hope > 0)
),
model AS (
    SELECT b.benchmark, k.holder,
        bool_or(k.hope = 5)  AS answered,
        bool_and(k.hope = 3) AS missing,
        bool_or(k.hope = 4)  AS transient,
        bool_or(k.hope = 1)  AS permanent,
        bool_or(k.hope = 2)  AS policy
    FROM known AS k
    JOIN benchmark AS b USING (benchmark_id)
    GROUP BY b.benchmark, k.holder
),
vanished AS (
    SELECT b.benchmark, count(DISTINCT v.model_id) AS models
    FROM vanished_models AS v
    JOIN response_block AS r USING (model_id)
    JOIN task AS t USING (task_id)
    JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
    GROUP BY b.benchmark
),
counted AS (
    SELECT
        benchmark,
        count(*)                          AS models,
        count(*) FILTER (answered)        AS answered,
        count(*) FILTER (missing)         AS missing,
        count(*) FILTER (transient)       AS transient,
        count(*) FILTER (permanent)       AS permanent,
        count(*) FILTER (policy)          AS policy
    FROM model
    GROUP BY benchmark
)
SELECT
    benchmark,
    coalesce(c.models, 0)    AS models,
    coalesce(c.answered, 0)  AS answered,
    coalesce(c.missing, 0)   AS missing,
    coalesce(c.transient, 0) AS transient,
    coalesce(c.permanent, 0) AS permanent,
    coalesce(c.policy, 0)    AS policy,
    coalesce(c.permanent / c.models, 0) AS permanent_share,
    coalesce(v.models, 0)    AS vanished
FROM counted AS c
FULL JOIN vanished AS v USING (benchmark)
ORDER BY benchmark;
COMMENT ON VIEW crawl_status IS 'What has become of the models on the Hub, by benchmark: a model counts as answered or failed where one of its tasks is. One row a benchmark that was asked for.';
COMMENT ON COLUMN crawl_status.benchmark IS 'The benchmark.';
COMMENT ON COLUMN crawl_status.models IS 'Models on the Hub that were asked about it.';
COMMENT ON COLUMN crawl_status.answered IS 'Of these, with answers to a task.';
COMMENT ON COLUMN crawl_status.missing IS 'Never evaluated on it.';
COMMENT ON COLUMN crawl_status.transient IS 'With a task that the next crawl tries again.';
COMMENT ON COLUMN crawl_status.permanent IS 'With a task that can''t be had for good.';
COMMENT ON COLUMN crawl_status.policy IS 'With a task that is gated, disabled or refused by us.';
COMMENT ON COLUMN crawl_status.permanent_share IS 'permanent / models, 0 to 1.';
COMMENT ON COLUMN crawl_status.vanished IS 'Models with answers that are not on the Hub any more; not among the others.';
