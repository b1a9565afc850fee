-- responses: every observed answer as a row.
-- Grain: one row a model and item. Key: (benchmark, item, model). From: response_block, response_part.
-- The names are joined before the lists are taken apart, so that a filter on benchmark,
-- task or model leaves out whole blocks. A filter on item cannot: use the macro
-- item_responses for one item.
CREATE OR REPLACE VIEW responses AS
WITH block AS (
    SELECT b.benchmark, t.task, m.model, r.task_id, r.file_id, r.correct
    FROM (
        SELECT model_id, task_id, file_id, correct FROM response_block WHERE file_id <> 0
        UNION ALL
        SELECT model_id, task_id, file_id, correct FROM response_part
    ) AS r
    JOIN task AS t USING (task_id)
    JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
    JOIN model AS m USING (model_id)
),
answer AS (
    SELECT
        benchmark, task, model, task_id, file_id,
        unnest(correct) AS correct,
        generate_subscripts(correct, 1) - 1 AS position
    FROM block
)
SELECT a.benchmark, a.task, i.item, a.model, a.correct, i.position, a.file_id
FROM answer AS a
JOIN item AS i ON i.task_id = a.task_id AND i.position = a.position
WHERE a.correct IS NOT NULL;
COMMENT ON VIEW responses IS 'Every observed answer as a row. One row a model and item: 143 million at full scale, so filter by benchmark, task or model; for one item use item_responses(benchmark, item).';
COMMENT ON COLUMN responses.benchmark IS 'The benchmark.';
COMMENT ON COLUMN responses.task IS 'The task.';
COMMENT ON COLUMN responses.item IS 'The item.';
COMMENT ON COLUMN responses.model IS 'The model.';
COMMENT ON COLUMN responses.correct IS '1 correct, 0 wrong; an answer that was not observed has no row.';
COMMENT ON COLUMN responses.position IS 'Position of the item in its task, from 0.';
COMMENT ON COLUMN responses.file_id IS 'The file the answer was read from; see lineage.';
