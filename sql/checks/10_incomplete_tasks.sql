-- incomplete_tasks: a task has the number of items that the catalogue expects.
-- Severity: warning
-- Remedy: none is needed for a part of a benchmark; else crawl or import the rest
SELECT concat(b.benchmark, ', task ', t.task) AS object, concat(count(*), ' items, the catalogue expects ', t.expected_items) AS detail
FROM task AS t
JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
JOIN item AS i USING (task_id)
GROUP BY t.task_id, b.benchmark, t.task, t.expected_items
HAVING count(*) <> t.expected_items
