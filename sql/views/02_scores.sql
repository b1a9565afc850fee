-- scores: a model's score on a benchmark, from its answers.
-- Grain: one row a model and benchmark. Key: (benchmark, model). From: response_block.
CREATE OR REPLACE VIEW scores AS
SELECT
    any_value(b.benchmark)                                            AS benchmark,
    any_value(m.model)                                                AS model,
    sum(r.correct_count)::INTEGER                                     AS correct,
    sum(r.observed_count)::INTEGER                                    AS observed,
    sum(r.correct_count)::INTEGER / nullif(sum(r.observed_count)::INTEGER, 0) AS share_correct,
    100 * sum(r.correct_count)::INTEGER / nullif(sum(r.observed_count)::INTEGER, 0) AS score,
    t.benchmark_id,
    r.model_id
FROM response_block AS r
JOIN task AS t USING (task_id)
JOIN benchmark AS b ON b.benchmark_id = t.benchmark_id
JOIN model AS m USING (model_id)
GROUP BY t.benchmark_id, r.model_id;
COMMENT ON VIEW scores IS 'A model''s score on a benchmark, from its answers to all items. One row a model and benchmark.';
COMMENT ON COLUMN scores.benchmark IS 'The benchmark.';
COMMENT ON COLUMN scores.model IS 'The model.';
COMMENT ON COLUMN scores.correct IS 'Items answered correctly.';
COMMENT ON COLUMN scores.observed IS 'Items whose answer was observed.';
COMMENT ON COLUMN scores.share_correct IS 'correct / observed, 0 to 1.';
COMMENT ON COLUMN scores.score IS 'The same in points, 0 to 100.';
COMMENT ON COLUMN scores.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN scores.model_id IS 'Key of the model.';
