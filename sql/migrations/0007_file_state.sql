-- file_state: what the crawl remembers of one file of a repository.
-- Grain: one row a file of a task, or a task without one. Key: (repo, benchmark, task, path).
-- A file that was read has its path, size and hash in the table file and NULL here, which
-- halves what provenance takes; the view file_states brings the two together.
CREATE TABLE file_state (
    repo        VARCHAR NOT NULL,
    commit_hash VARCHAR NOT NULL,
    benchmark   VARCHAR NOT NULL,
    task        VARCHAR NOT NULL,
    file_id     INTEGER,
    path        VARCHAR,
    size        BIGINT,
    sha256      VARCHAR,
    status      VARCHAR NOT NULL,
    attempts    INTEGER NOT NULL,
    error       VARCHAR NOT NULL,
    updated     TIMESTAMP
);
COMMENT ON TABLE file_state IS 'What the crawl remembers of one file of a repository. One row a file of a task, or a task without one. Read the view file_states instead.';
COMMENT ON COLUMN file_state.repo IS 'owner/name on the Hub.';
COMMENT ON COLUMN file_state.commit_hash IS 'Commit that the status speaks of; where it is not the one in repo_state, the row is history.';
COMMENT ON COLUMN file_state.benchmark IS 'Benchmark; empty for a file without answers, such as a summary of results.';
COMMENT ON COLUMN file_state.task IS 'Task; empty for a file without answers.';
COMMENT ON COLUMN file_state.file_id IS 'The file it was read as; NULL when it was not, or has changed since.';
COMMENT ON COLUMN file_state.path IS 'Path in the repository, where file_id is NULL; empty for a task that it has no file of.';
COMMENT ON COLUMN file_state.size IS 'Size in bytes, where file_id is NULL.';
COMMENT ON COLUMN file_state.sha256 IS 'SHA-256 as declared by the Hub or computed, hexadecimal, where file_id is NULL; empty when unknown.';
COMMENT ON COLUMN file_state.status IS 'pending, done, missing (never evaluated), transient, permanent or policy, as in repo_state.';
COMMENT ON COLUMN file_state.attempts IS 'How often it was tried.';
COMMENT ON COLUMN file_state.error IS 'The last error, without secrets; empty when there was none.';
COMMENT ON COLUMN file_state.updated IS 'When the row was last written, UTC.';
