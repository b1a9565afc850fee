-- orphan_blocks: every block belongs to a model, a task and a file, or to several files.
-- Severity: damage
-- Remedy: restore the latest snapshot, or quarantine the file and load everything again
SELECT concat('block of model ', r.model_id, ', task ', r.task_id) AS object,
    concat_ws(', ', CASE WHEN m.model_id IS NULL THEN 'unknown model' END, CASE WHEN t.task_id IS NULL THEN 'unknown task' END,
        CASE WHEN f.file_id IS NULL AND r.file_id <> 0 THEN concat('unknown file ', r.file_id) END) AS detail
FROM response_block AS r
LEFT JOIN model AS m USING (model_id)
LEFT JOIN task AS t USING (task_id)
LEFT JOIN file AS f USING (file_id)
WHERE m.model_id IS NULL OR t.task_id IS NULL OR (f.file_id IS NULL AND r.file_id <> 0)
