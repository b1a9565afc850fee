-- item_responses(benchmark, item): the answers to one item, without unnesting the rest.
-- Grain: one row a model that answered. Key: model. From: response_block.
CREATE OR REPLACE MACRO item_responses(wanted_benchmark, wanted_item) AS TABLE
SELECT m.model, r.correct[i.position + 1] AS correct
FROM item AS i
JOIN benchmark AS b ON b.benchmark_id = i.benchmark_id AND b.benchmark = wanted_benchmark
JOIN response_block AS r ON r.task_id = i.task_id
JOIN model AS m ON m.model_id = r.model_id
WHERE i.item = wanted_item AND r.correct[i.position + 1] IS NOT NULL;
COMMENT ON MACRO TABLE item_responses IS 'The answers to one item: from item_responses(''arc'', ''17''). One row a model that answered.';
