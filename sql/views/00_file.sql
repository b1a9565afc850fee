-- file: which bytes answers and published scores were read from.
-- Grain: one row a file and commit. Key: file_id; (repo, commit_hash, path) is unique too. From: source_file, revision.
CREATE OR REPLACE VIEW file AS
SELECT
    f.file_id,
    r.repo,
    r.commit_hash,
    CASE WHEN f.stamp IS NULL THEN f.pattern ELSE replace(f.pattern, '{stamp}', f.stamp) END AS path,
    f.size,
    f.sha256,
    f.verified,
    f.evaluated,
    f.read_at
FROM source_file AS f
JOIN revision AS r USING (revision_id);
COMMENT ON VIEW file IS 'Which bytes answers and published scores were read from. One row a file and commit.';
COMMENT ON COLUMN file.file_id IS 'Key used inside this file; not stable between files.';
COMMENT ON COLUMN file.repo IS 'owner/name on the Hub; empty for a local file.';
COMMENT ON COLUMN file.commit_hash IS 'Commit it was read at, 40 hexadecimal digits; empty for a local file.';
COMMENT ON COLUMN file.path IS 'Path in the repository, or the local path as given.';
COMMENT ON COLUMN file.size IS 'Size in bytes.';
COMMENT ON COLUMN file.sha256 IS 'SHA-256 of its bytes, hexadecimal: as computed where verified is sha256, else as declared by the Hub.';
COMMENT ON COLUMN file.verified IS 'How far its bytes were checked: sha256 (all), structure (ranged read) or none.';
COMMENT ON COLUMN file.evaluated IS 'When the evaluation ran, UTC; NULL when unknown.';
COMMENT ON COLUMN file.read_at IS 'When it was read, UTC.';
