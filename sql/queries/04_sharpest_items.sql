-- Which items tell good models from bad ones best?
SELECT s.benchmark, s.item, s.share_correct, s.point_biserial, i.prompt
FROM item_statistics AS s
JOIN item AS i ON i.task_id = s.task_id AND i.position = s.position
ORDER BY s.point_biserial DESC NULLS LAST, s.benchmark, s.item
LIMIT 10;
