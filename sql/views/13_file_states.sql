-- file_states: what the crawl remembers of one file of a repository, with its path and hash.
-- Grain: one row a file of a task, or a task without one. Key: (repo, benchmark, task, path). From: file_state, revision, task, file.
CREATE OR REPLACE VIEW file_states AS
SELECT
    r.repo,
    r.commit_hash,
    coalesce(b.benchmark, '')    AS benchmark,
    coalesce(t.task, '')         AS task,
    coalesce(f.path, s.path)     AS path,
    coalesce(f.size, s.size)     AS size,
    coalesce(f.sha256, s.sha256) AS sha256,
    s.status,
    s.attempts,
    coalesce(s.error, '')        AS error,
    s.updated
FROM file_state AS s
JOIN revision AS r USING (revision_id)
LEFT JOIN task AS t USING (task_id)
LEFT JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
LEFT JOIN file AS f USING (file_id);
COMMENT ON VIEW file_states IS 'What the crawl remembers of one file of a repository. One row a file of a task, or a task without one.';
COMMENT ON COLUMN file_states.repo IS 'owner/name on the Hub.';
COMMENT ON COLUMN file_states.commit_hash IS 'Commit that the status speaks of; where it is not the one in repo_state, the row is history.';
COMMENT ON COLUMN file_states.benchmark IS 'Benchmark; empty for a file without answers, such as a summary of results.';
COMMENT ON COLUMN file_states.task IS 'Task; empty for a file without answers.';
COMMENT ON COLUMN file_states.path IS 'Path in the repository; empty for a task that it has no file of.';
COMMENT ON COLUMN file_states.size IS 'Size in bytes.';
COMMENT ON COLUMN file_states.sha256 IS 'SHA-256 as declared by the Hub or computed, hexadecimal; empty when unknown.';
COMMENT ON COLUMN file_states.status IS 'pending, done, missing (never evaluated), transient, permanent or policy.';
COMMENT ON COLUMN file_states.attempts IS 'How often it was tried.';
COMMENT ON COLUMN file_states.error IS 'The last error, without secrets; empty when there was none.';
COMMENT ON COLUMN file_states.updated IS 'When the row was last written, UTC.';
