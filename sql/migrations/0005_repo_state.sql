-- repo_state: what the crawl remembers of one repository.
-- Grain: one row a repository. Key: repo.
CREATE TABLE repo_state (
    repo        VARCHAR NOT NULL,
    commit_hash VARCHAR NOT NULL,
    model       VARCHAR NOT NULL,
    status      VARCHAR NOT NULL,
    attempts    INTEGER NOT NULL,
    error       VARCHAR NOT NULL,
    updated     TIMESTAMP
);
COMMENT ON TABLE repo_state IS 'What the crawl remembers of one repository. One row a repository.';
COMMENT ON COLUMN repo_state.repo IS 'owner/name on the Hub; unique.';
COMMENT ON COLUMN repo_state.commit_hash IS 'Commit that the status speaks of, 40 hexadecimal digits.';
COMMENT ON COLUMN repo_state.model IS 'Model the repository holds answers of; empty until known.';
COMMENT ON COLUMN repo_state.status IS 'pending, done, missing, transient (worth another try), permanent or policy (gated, disabled, refused by us).';
COMMENT ON COLUMN repo_state.attempts IS 'How often it was tried.';
COMMENT ON COLUMN repo_state.error IS 'The last error, without secrets; empty when there was none.';
COMMENT ON COLUMN repo_state.updated IS 'When the row was last written, UTC.';
