-- repo_state: since when a repository is not on the Hub any more.
-- Grain: one row a repository. Key: repo.
ALTER TABLE repo_state ADD COLUMN gone_since TIMESTAMP;
COMMENT ON COLUMN repo_state.gone_since IS 'Since when complete listings of the Hub do not have it any more, UTC; NULL while they do.';
