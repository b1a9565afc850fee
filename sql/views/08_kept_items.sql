-- kept_items: the items that the filter leaves.
-- Grain: one row a kept item. Key: (benchmark, item). From: item_filter, item.
CREATE OR REPLACE VIEW kept_items AS
SELECT f.benchmark, f.task, f.item, f.position, f.share_correct, f.sd, f.point_biserial, i.prompt, f.benchmark_id, f.task_id
FROM item_filter AS f
JOIN item AS i ON i.task_id = f.task_id AND i.position = f.position
WHERE NOT f.dropped;
COMMENT ON VIEW kept_items IS 'The items that item_filter does not drop, by the answers of all models: what analyses select from, but for what a build''s test models change. One row a kept item.';
COMMENT ON COLUMN kept_items.benchmark IS 'The benchmark.';
COMMENT ON COLUMN kept_items.task IS 'The task.';
COMMENT ON COLUMN kept_items.item IS 'The item.';
COMMENT ON COLUMN kept_items.position IS 'Its position in the task, from 0.';
COMMENT ON COLUMN kept_items.share_correct IS 'As in item_statistics.';
COMMENT ON COLUMN kept_items.sd IS 'As in item_statistics.';
COMMENT ON COLUMN kept_items.point_biserial IS 'As in item_statistics.';
COMMENT ON COLUMN kept_items.prompt IS 'The question; NULL when unknown.';
COMMENT ON COLUMN kept_items.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN kept_items.task_id IS 'Key of the task.';
