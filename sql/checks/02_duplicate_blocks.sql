-- duplicate_blocks: a model has one block of answers a task.
-- Severity: damage
-- Remedy: import or crawl the model again, which replaces both
SELECT concat(m.model, ', task ', t.task) AS object, concat(count(*), ' blocks') AS detail
FROM response_block AS r
JOIN model AS m USING (model_id)
JOIN task AS t USING (task_id)
GROUP BY r.model_id, r.task_id, m.model, t.task
HAVING count(*) > 1
