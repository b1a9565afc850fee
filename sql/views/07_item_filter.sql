-- item_filter: the variance filter, each item with the reason it is dropped for.
-- Grain: one row an item. Key: (benchmark, item). From: item_statistics, duplicate_items, threshold.
CREATE OR REPLACE VIEW item_filter AS
WITH judged AS (
    SELECT
        s.benchmark, s.task, s.item, s.position, s.models, s.share_correct, s.sd, s.point_biserial,
        s.benchmark_id, s.task_id,
        concat_ws(', ',
            CASE WHEN s.models = 0 THEN 'no answers' END,
            CASE WHEN s.sd <= h.min_sd THEN 'no variance' END,
            CASE WHEN s.share_correct > h.max_share_correct THEN 'too easy' END,
            CASE WHEN abs(s.point_biserial) < coalesce(b.min_point_biserial, h.min_point_biserial)
                THEN 'low discrimination' END,
            CASE WHEN s.point_biserial IS NULL AND s.sd > h.min_sd THEN 'discrimination undefined' END,
            'duplicate of ' || d.duplicate_of
        ) AS reason
    FROM item_statistics AS s
    JOIN benchmark AS b USING (benchmark_id)
    LEFT JOIN duplicate_items AS d ON d.task_id = s.task_id AND d.position = s.position
    CROSS JOIN threshold AS h
)
SELECT
    benchmark, task, item, position,
    reason <> ''       AS dropped,
    nullif(reason, '') AS reason,
    models, share_correct, sd, point_biserial,
    benchmark_id, task_id
FROM judged;
COMMENT ON VIEW item_filter IS 'The variance filter with the limits in threshold: each item with whether it is dropped and why, by the answers of all models. A build applies the same formulas without its test models. One row an item.';
COMMENT ON COLUMN item_filter.benchmark IS 'The benchmark.';
COMMENT ON COLUMN item_filter.task IS 'The task.';
COMMENT ON COLUMN item_filter.item IS 'The item.';
COMMENT ON COLUMN item_filter.position IS 'Its position in the task, from 0.';
COMMENT ON COLUMN item_filter.dropped IS 'Whether the filter leaves it out; a pinned form keeps it all the same.';
COMMENT ON COLUMN item_filter.reason IS 'All that speaks against it: no answers, no variance, too easy, low discrimination, discrimination undefined, duplicate of another item. NULL when it is kept.';
COMMENT ON COLUMN item_filter.models IS 'Number of models whose answer was observed.';
COMMENT ON COLUMN item_filter.share_correct IS 'As in item_statistics.';
COMMENT ON COLUMN item_filter.sd IS 'As in item_statistics.';
COMMENT ON COLUMN item_filter.point_biserial IS 'As in item_statistics.';
COMMENT ON COLUMN item_filter.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN item_filter.task_id IS 'Key of the task.';
