-- lineage: which bytes a model's answers to a task were read from.
-- Grain: one row a response block and file it came from. Key: (benchmark, task, model, file_id). From: response_block, response_part, file.
CREATE OR REPLACE VIEW lineage AS
SELECT
    b.benchmark,
    t.task,
    m.model,
    r.observed,
    nullif(f.repo, '') AS repo,
    f.commit_hash,
    f.path,
    f.size,
    f.sha256,
    f.verified,
    f.evaluated,
    f.read_at,
    f.file_id
FROM (
    SELECT model_id, task_id, file_id, observed_count AS observed FROM response_block WHERE file_id <> 0
    UNION ALL
    SELECT model_id, task_id, file_id, list_count(correct)::INTEGER FROM response_part
) AS r
JOIN task AS t USING (task_id)
JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
JOIN model AS m USING (model_id)
JOIN file AS f USING (file_id);
COMMENT ON VIEW lineage IS 'Which bytes a model''s answers to a task were read from. One row a response block and file: several where local files add up to a block.';
COMMENT ON COLUMN lineage.benchmark IS 'The benchmark.';
COMMENT ON COLUMN lineage.task IS 'The task.';
COMMENT ON COLUMN lineage.model IS 'The model.';
COMMENT ON COLUMN lineage.observed IS 'Answers that were observed, each counted for one file.';
COMMENT ON COLUMN lineage.repo IS 'Repository on the Hub; NULL for a local file.';
COMMENT ON COLUMN lineage.commit_hash IS 'Commit it was read at; empty for a local file.';
COMMENT ON COLUMN lineage.path IS 'Path in the repository, or the local path as given.';
COMMENT ON COLUMN lineage.size IS 'Size in bytes.';
COMMENT ON COLUMN lineage.sha256 IS 'SHA-256 of the bytes, hexadecimal.';
COMMENT ON COLUMN lineage.verified IS 'How far the bytes were checked: sha256 (all), structure (ranged read) or none.';
COMMENT ON COLUMN lineage.evaluated IS 'When the evaluation ran, UTC.';
COMMENT ON COLUMN lineage.read_at IS 'When it was read, UTC.';
COMMENT ON COLUMN lineage.file_id IS 'Key of the file.';
