-- file_state: what the crawl remembers of one file of a repository, by keys.
-- Grain: one row a file of a task, or a task without one. Key: (revision_id, task_id, path).
-- A file that was read has its path, size and hash in source_file and NULL here; the view
-- file_states brings the two together. A task that nothing else knows is made known first.
INSERT INTO benchmark
SELECT (SELECT coalesce(max(benchmark_id), 0) FROM benchmark) + row_number() OVER (ORDER BY benchmark), benchmark, benchmark, '', 0, 0, NULL, false
FROM (SELECT DISTINCT benchmark FROM file_state WHERE benchmark <> '') AS s
WHERE NOT EXISTS (FROM benchmark AS b WHERE b.benchmark = s.benchmark);
INSERT INTO task
SELECT (SELECT coalesce(max(task_id), 0) FROM task) + row_number() OVER (ORDER BY s.benchmark, s.task), b.benchmark_id, s.task, '',
    (SELECT count(*) FROM task AS t WHERE t.benchmark_id = b.benchmark_id) + row_number() OVER (PARTITION BY s.benchmark ORDER BY s.task) - 1, NULL
FROM (SELECT DISTINCT benchmark, task FROM file_state WHERE benchmark <> '') AS s
JOIN benchmark AS b USING (benchmark)
WHERE NOT EXISTS (FROM task AS t WHERE t.benchmark_id = b.benchmark_id AND t.task = s.task);
CREATE TABLE file_state_by_keys (
    revision_id INTEGER NOT NULL,
    task_id     INTEGER,
    file_id     INTEGER,
    path        VARCHAR,
    size        BIGINT,
    sha256      VARCHAR,
    status      VARCHAR NOT NULL,
    attempts    INTEGER NOT NULL,
    error       VARCHAR,
    updated     TIMESTAMP
);
INSERT INTO file_state_by_keys
SELECT r.revision_id, t.task_id, s.file_id, s.path, s.size, s.sha256, s.status, s.attempts, nullif(s.error, ''), s.updated
FROM file_state AS s
JOIN revision AS r USING (repo, commit_hash)
LEFT JOIN benchmark AS b ON b.benchmark = s.benchmark
LEFT JOIN task AS t ON t.benchmark_id = b.benchmark_id AND t.task = s.task
ORDER BY r.revision_id;
DROP TABLE file_state;
ALTER TABLE file_state_by_keys RENAME TO file_state;
COMMENT ON TABLE file_state IS 'What the crawl remembers of one file of a repository. One row a file of a task, or a task without one. Read the view file_states instead.';
COMMENT ON COLUMN file_state.revision_id IS 'The repository, and the commit that the status speaks of.';
COMMENT ON COLUMN file_state.task_id IS 'The task; NULL for a file without answers, such as a summary of results.';
COMMENT ON COLUMN file_state.file_id IS 'The file it was read as; NULL when it was not, or has changed since.';
COMMENT ON COLUMN file_state.path IS 'Path in the repository, where file_id is NULL; empty for a task that it has no file of.';
COMMENT ON COLUMN file_state.size IS 'Size in bytes, where file_id is NULL.';
COMMENT ON COLUMN file_state.sha256 IS 'SHA-256 as declared by the Hub or computed, hexadecimal, where file_id is NULL; empty when unknown.';
COMMENT ON COLUMN file_state.status IS 'pending, done, missing (never evaluated), transient, permanent or policy, as in repo_state.';
COMMENT ON COLUMN file_state.attempts IS 'How often it was tried.';
COMMENT ON COLUMN file_state.error IS 'The last error, without secrets; NULL when there was none.';
COMMENT ON COLUMN file_state.updated IS 'When the row was last written, UTC.';
