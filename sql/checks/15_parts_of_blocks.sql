-- parts_of_blocks: what several files gave to a block adds up to it, and nothing else has parts.
-- Severity: damage
-- Remedy: import the files again
WITH part AS (
    SELECT p.model_id, p.task_id, count(*) AS files, count(f.file_id) AS known,
        sum(list_count(p.correct)) AS observed, sum(coalesce(list_sum(p.correct), 0)) AS correct
    FROM response_part AS p
    LEFT JOIN source_file AS f USING (file_id)
    GROUP BY p.model_id, p.task_id
)
SELECT concat(coalesce(m.model, concat('model ', coalesce(r.model_id, p.model_id))), ', task ', coalesce(t.task, concat(coalesce(r.task_id, p.task_id)))) AS object,
    concat_ws(', ',
        CASE WHEN r.model_id IS NULL THEN 'parts without a block' END,
        CASE WHEN p.model_id IS NULL THEN 'several files, and none is known' END,
        CASE WHEN p.files = 1 THEN 'a single part' END,
        CASE WHEN p.known < p.files THEN 'a part of an unknown file' END,
        CASE WHEN r.model_id IS NOT NULL AND p.model_id IS NOT NULL
            THEN concat(p.observed, ' answers in parts, ', p.correct, ' correct; the block has ', r.observed_count, ', ', r.correct_count) END) AS detail
FROM (FROM response_block WHERE file_id = 0) AS r
FULL JOIN part AS p ON p.model_id = r.model_id AND p.task_id = r.task_id
LEFT JOIN model AS m ON m.model_id = coalesce(r.model_id, p.model_id)
LEFT JOIN task AS t ON t.task_id = coalesce(r.task_id, p.task_id)
WHERE r.model_id IS NULL OR p.model_id IS NULL OR p.files = 1 OR p.known < p.files
    OR p.observed <> r.observed_count OR p.correct <> r.correct_count
