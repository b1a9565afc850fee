-- failure: every repository and file that can't be had, as long as that is so.
-- Grain: one row a repository, or a file of a task. Key: (repo, benchmark, task, path). From: repo_state, file_states.
-- A file that was refused is no failure when another one of its task was read, nor once the
-- repository has another commit. Repositories that are gone are in vanished_models instead.
CREATE OR REPLACE VIEW failure AS
WITH repository AS (
    SELECT repo, commit_hash, model, status, error, attempts, updated
    FROM repo_state
    WHERE gone_since IS NULL
),
file AS (
    SELECT f.repo, r.model, f.benchmark, f.task, f.path, f.status, f.error, f.attempts, f.updated
    FROM file_states AS f
    JOIN repository AS r USING (repo)
    WHERE f.status IN ('transient', 'permanent', 'policy')
      AND (f.commit_hash = r.commit_hash OR f.benchmark = '' AND f.path <> '')
      AND NOT EXISTS (
        FROM file_states AS d
        WHERE d.repo = f.repo AND d.benchmark = f.benchmark AND d.task = f.task AND d.commit_hash = f.commit_hash
          AND d.status = 'done' AND f.benchmark <> '')
),
every AS (
    SELECT 'file' AS kind, * FROM file
    UNION ALL
    SELECT 'repository', r.repo, r.model, '', '', '', r.status, r.error, r.attempts, r.updated
    FROM repository AS r
    WHERE r.status IN ('transient', 'permanent', 'policy')
      AND NOT EXISTS (FROM file AS f WHERE f.repo = r.repo AND f.status = r.status)
)
SELECT
    kind, repo, nullif(model, '') AS model, nullif(benchmark, '') AS benchmark, nullif(task, '') AS task, nullif(path, '') AS path,
    status,
    error AS reason,
    CASE status
        WHEN 'transient' THEN 'none: the next crawl tries it again'
        WHEN 'policy' THEN 'accept the repository''s terms with the account of HF_TOKEN, then metabench crawl --retry-failed'
        ELSE 'metabench crawl --retry-failed once the cause is gone'
    END AS remedy,
    attempts,
    updated
FROM every;
COMMENT ON VIEW failure IS 'Every repository and file that can''t be had, as long as that is so, with its reason and what helps. One row a repository or file.';
COMMENT ON COLUMN failure.kind IS 'file, or repository where nothing of it can be had.';
COMMENT ON COLUMN failure.repo IS 'owner/name on the Hub.';
COMMENT ON COLUMN failure.model IS 'Model whose answers it holds; NULL when that is not known.';
COMMENT ON COLUMN failure.benchmark IS 'Benchmark; NULL for a repository, and for a file without answers, such as a summary of results.';
COMMENT ON COLUMN failure.task IS 'Task; NULL likewise.';
COMMENT ON COLUMN failure.path IS 'Path in the repository; NULL for a repository, and for what is known of its model.';
COMMENT ON COLUMN failure.status IS 'transient (tried again by itself), permanent, or policy (gated, disabled, refused by us).';
COMMENT ON COLUMN failure.reason IS 'The last error, without secrets.';
COMMENT ON COLUMN failure.remedy IS 'What to do about it.';
COMMENT ON COLUMN failure.attempts IS 'How often it was tried.';
COMMENT ON COLUMN failure.updated IS 'When it was last tried, UTC.';
