-- revision: a repository at one commit.
-- Grain: one row a repository and commit. Key: revision_id; (repo, commit_hash) is unique too.
-- A repository has 62 files; keeping its name and commit once instead of with every file
-- halves what provenance takes and lets a scan for one repository skip all others.
CREATE TABLE revision (
    revision_id INTEGER NOT NULL,
    repo        VARCHAR NOT NULL,
    commit_hash VARCHAR NOT NULL
);
INSERT INTO revision
SELECT row_number() OVER (ORDER BY first, repo, commit_hash), repo, commit_hash
FROM (
    SELECT repo, commit_hash, min(file_id) AS first
    FROM (SELECT repo, commit_hash, file_id FROM file UNION ALL SELECT repo, commit_hash, NULL FROM file_state)
    GROUP BY repo, commit_hash);
COMMENT ON TABLE revision IS 'A repository at one commit. One row a repository and commit that anything was read of.';
COMMENT ON COLUMN revision.revision_id IS 'Key used inside this file; not stable between files.';
COMMENT ON COLUMN revision.repo IS 'owner/name on the Hub; empty for local files.';
COMMENT ON COLUMN revision.commit_hash IS 'Commit, 40 hexadecimal digits; empty for local files.';
