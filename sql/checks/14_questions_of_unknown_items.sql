-- questions_of_unknown_items: every text belongs to an item as it is now, or as a release has it.
-- Severity: warning
-- Remedy: build the benchmark again; export harness then reads the text anew
SELECT concat('question ', q.item, ' of ', b.benchmark) AS object,
    CASE WHEN i.item IS NULL THEN 'no such item' ELSE 'the item is another question now' END AS detail
FROM question AS q
JOIN benchmark AS b USING (benchmark_id)
LEFT JOIN item AS i ON i.benchmark_id = q.benchmark_id AND i.item = q.item
WHERE (i.item IS NULL OR i.prompt_hash IS DISTINCT FROM q.prompt_hash)
    AND NOT EXISTS (FROM released_item AS r WHERE r.benchmark = b.benchmark AND r.item = q.item AND (r.prompt_hash IS NULL OR q.prompt_hash IS NULL OR q.prompt_hash = r.prompt_hash))
