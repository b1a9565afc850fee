-- item_positions: the items of a task have the positions 0, 1, 2 …
-- Severity: damage
-- Remedy: import or crawl the benchmark again
SELECT concat(b.benchmark, ', task ', t.task) AS object,
    concat(count(*), ' items at ', count(DISTINCT i.position), ' positions from ', min(i.position), ' to ', max(i.position)) AS detail
FROM item AS i
JOIN task AS t USING (task_id)
JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
GROUP BY i.task_id, b.benchmark, t.task
HAVING count(*) <> count(DISTINCT i.position) OR min(i.position) <> 0 OR max(i.position) <> count(*) - 1
