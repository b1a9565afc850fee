-- answers_without_item: no block is longer than its task.
-- Severity: damage
-- Remedy: metabench check --repair takes out the blocks that do not fit, and crawl and import read them again; where most of a task's do not fit, its items were lost: import or crawl the benchmark again
SELECT concat(m.model, ', task ', t.task) AS object, concat(len(r.correct), ' answers to ', coalesce(i.items, 0), ' items') AS detail
FROM response_block AS r
JOIN model AS m USING (model_id)
JOIN task AS t USING (task_id)
LEFT JOIN (SELECT task_id, count(*) AS items FROM item GROUP BY task_id) AS i USING (task_id)
WHERE len(r.correct) > coalesce(i.items, 0)
