-- source_file: which bytes answers and published scores were read from. Replaces the table file.
-- Grain: one row a file and commit. Key: file_id; (revision_id, path) is unique too.
-- The path of an evaluation file names its run twice and is otherwise one of a few hundred:
-- apart, both compress to next to nothing. The view file puts them together.
CREATE TABLE source_file (
    file_id     INTEGER NOT NULL,
    revision_id INTEGER NOT NULL,
    pattern     VARCHAR NOT NULL,
    stamp       VARCHAR,
    size        BIGINT NOT NULL,
    sha256      VARCHAR NOT NULL,
    verified    VARCHAR NOT NULL,
    evaluated   TIMESTAMP,
    read_at     TIMESTAMP
);
INSERT INTO source_file
SELECT file_id, revision_id, CASE WHEN stamp IS NULL THEN path ELSE replace(path, stamp, '{stamp}') END, stamp,
    size, sha256, verified, evaluated, read_at
FROM (
    SELECT *, CASE WHEN NOT contains(path, '{stamp}')
        THEN nullif(regexp_extract(path, '\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(\.\d+)?'), '') END AS stamp
    FROM file)
JOIN revision USING (repo, commit_hash)
ORDER BY file_id;
DROP TABLE file;
COMMENT ON TABLE source_file IS 'Which bytes answers and published scores were read from. One row a file and commit. Read the view file instead.';
COMMENT ON COLUMN source_file.file_id IS 'Key used inside this file; not stable between files.';
COMMENT ON COLUMN source_file.revision_id IS 'The repository and commit it is of.';
COMMENT ON COLUMN source_file.pattern IS 'Path in the repository, or the local path as given, with {stamp} where it names the run.';
COMMENT ON COLUMN source_file.stamp IS 'Time of the run as the path spells it; NULL where the path is the pattern.';
COMMENT ON COLUMN source_file.size IS 'Size in bytes.';
COMMENT ON COLUMN source_file.sha256 IS 'SHA-256 of its bytes, hexadecimal: as computed where verified is sha256, else as declared by the Hub.';
COMMENT ON COLUMN source_file.verified IS 'How far its bytes were checked: sha256 (all), structure (ranged read) or none.';
COMMENT ON COLUMN source_file.evaluated IS 'When the evaluation ran, UTC; NULL when unknown.';
COMMENT ON COLUMN source_file.read_at IS 'When it was read, UTC.';
