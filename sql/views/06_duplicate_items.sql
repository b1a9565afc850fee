-- duplicate_items: items that repeat an earlier one of the same benchmark.
-- Grain: one row a repetition. Key: (benchmark, item). From: item_statistics, item, threshold.
-- Either the question is the same, or the same models gave the same answers and they are
-- many (threshold.duplicate_min_models) and differ. The first item in the order of tasks and positions stays.
CREATE OR REPLACE VIEW duplicate_items AS
WITH candidate AS (
    SELECT
        s.benchmark, s.item, s.benchmark_id, s.task_id, s.position,
        t.position AS task_position,
        i.prompt_hash,
        CASE WHEN s.models >= threshold.duplicate_min_models AND s.sd > threshold.min_sd
            THEN (s.models, s.correct, s.answer_hash) END AS answers
    FROM item_statistics AS s
    JOIN item AS i ON i.task_id = s.task_id AND i.position = s.position
    JOIN task AS t ON t.task_id = s.task_id
    CROSS JOIN threshold
),
first_of AS (
    SELECT
        *,
        CASE WHEN prompt_hash IS NOT NULL THEN first(item) OVER by_prompt END AS first_prompt,
        CASE WHEN answers IS NOT NULL THEN first(item) OVER by_answers END AS first_answers
    FROM candidate
    WINDOW
        by_prompt  AS (PARTITION BY benchmark_id, prompt_hash ORDER BY task_position, position),
        by_answers AS (PARTITION BY benchmark_id, answers ORDER BY task_position, position)
)
SELECT
    benchmark,
    item,
    CASE WHEN first_prompt <> item THEN first_prompt ELSE first_answers END AS duplicate_of,
    coalesce(first_prompt <> item, false)  AS same_prompt,
    coalesce(first_answers <> item, false) AS same_answers,
    benchmark_id,
    task_id,
    position
FROM first_of
WHERE first_prompt <> item OR first_answers <> item;
COMMENT ON VIEW duplicate_items IS 'Items that repeat an earlier one of the same benchmark: the same question, or the same answers of the same models. One row a repetition.';
COMMENT ON COLUMN duplicate_items.benchmark IS 'The benchmark.';
COMMENT ON COLUMN duplicate_items.item IS 'The later item.';
COMMENT ON COLUMN duplicate_items.duplicate_of IS 'The first item it repeats.';
COMMENT ON COLUMN duplicate_items.same_prompt IS 'Whether an earlier item has the same question.';
COMMENT ON COLUMN duplicate_items.same_answers IS 'Whether an earlier item has the same answers.';
COMMENT ON COLUMN duplicate_items.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN duplicate_items.task_id IS 'Key of the task.';
COMMENT ON COLUMN duplicate_items.position IS 'Position of the later item in its task, from 0.';
