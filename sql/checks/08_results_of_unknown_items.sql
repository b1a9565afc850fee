-- results_of_unknown_items: selected items, item parameters and abilities speak of items and models that are there.
-- Severity: damage
-- Remedy: build the benchmark again
SELECT concat('selected item ', s.item, ' of ', s.benchmark) AS object, 'no such item' AS detail
FROM selected_item AS s
WHERE NOT EXISTS (FROM item AS i JOIN benchmark AS b USING (benchmark_id) WHERE b.benchmark = s.benchmark AND i.item = s.item)
UNION ALL
SELECT concat('parameters of item ', p.item, ' of ', p.benchmark), 'no such item'
FROM item_parameter AS p
WHERE NOT EXISTS (FROM item AS i JOIN benchmark AS b USING (benchmark_id) WHERE b.benchmark = p.benchmark AND i.item = p.item)
UNION ALL
SELECT DISTINCT concat('ability of ', a.model, ' in ', a.benchmark), 'no such model'
FROM ability AS a ANTI JOIN model AS m USING (model)
