-- scores: a model's score on a benchmark, from its answers.
-- Grain: one row a model and benchmark. Key: (benchmark, model). From: response_block.
-- A benchmark of several tasks has two scores: the share of all its items, and the mean of
-- its tasks' shares, in which an item of a small task weighs more. MMLU is published as the latter.
CREATE OR REPLACE VIEW scores AS
SELECT
    any_value(b.benchmark)                                            AS benchmark,
    any_value(m.model)                                                AS model,
    sum(r.correct_count)::INTEGER                                     AS correct,
    sum(r.observed_count)::INTEGER                                    AS observed,
    sum(r.correct_count)::INTEGER / nullif(sum(r.observed_count)::INTEGER, 0) AS share_correct,
    100 * sum(r.correct_count)::INTEGER / nullif(sum(r.observed_count)::INTEGER, 0) AS score,
    t.benchmark_id,
    r.model_id,
    count(*) FILTER (r.observed_count > 0)                            AS tasks,
    avg(100 * r.correct_count / nullif(r.observed_count, 0) ORDER BY t.position, t.task_id) AS mean_of_tasks
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
COMMENT ON COLUMN scores.tasks IS 'Tasks of which an answer was observed.';
COMMENT ON COLUMN scores.mean_of_tasks IS 'Mean over those tasks of correct / observed, in points, 0 to 100; equal to score where there is one task.';
