-- crawl_status: what has become of the models on the Hub, by benchmark.
-- Grain: one row a benchmark that the crawl has asked for. Key: benchmark. From: repo_state, file_states, vanished_models.
-- A model counts as answered, permanent, transient or policy where one of its tasks is, so that one
-- of the 57 tasks of MMLU makes it both. Repositories of which nothing can be had count in each benchmark.
CREATE OR REPLACE VIEW crawl_status AS
WITH repository AS (
    SELECT repo, commit_hash, status FROM repo_state WHERE gone_since IS NULL
),
task_status AS (
    SELECT f.benchmark, f.repo, f.task,
        arg_max(f.status, CASE f.status WHEN 'done' THEN 5 WHEN 'transient' THEN 4 WHEN 'missing' THEN 3 WHEN 'policy' THEN 2 WHEN 'permanent' THEN 1 ELSE 0 END) AS status
    FROM file_states AS f
    JOIN repository AS r ON r.repo = f.repo AND r.commit_hash = f.commit_hash
    WHERE f.benchmark <> ''
    GROUP BY f.benchmark, f.repo, f.task
),
closed AS (
    SELECT repo, status FROM failure WHERE kind = 'repository'
      AND repo NOT IN (SELECT repo FROM task_status)
),
known AS (
    SELECT * FROM task_status WHERE status <> 'pending'
    UNION ALL
    SELECT b.benchmark, c.repo, '', c.status FROM closed AS c CROSS JOIN (SELECT DISTINCT benchmark FROM file_states WHERE benchmark <> '') AS b
),
model AS (
    SELECT benchmark, repo,
        bool_or(status = 'done')      AS answered,
        bool_and(status = 'missing')  AS missing,
        bool_or(status = 'transient') AS transient,
        bool_or(status = 'permanent') AS permanent,
        bool_or(status = 'policy')    AS policy
    FROM known
    GROUP BY benchmark, repo
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
