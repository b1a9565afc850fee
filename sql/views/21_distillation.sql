-- distillation: each distilled benchmark with its error on the test models.
-- Grain: one row a benchmark and form. Key: (benchmark, form). From: benchmark_status, selected_item, reconstruction_metric.
CREATE OR REPLACE VIEW distillation AS
WITH test AS (
    SELECT m.benchmark, m.form, m.method, m.models, m.items, m.rmse, m.mae, m.coverage
    FROM reconstruction_metric AS m
    JOIN reconstruction_model AS r
        ON r.benchmark = m.benchmark AND r.target = m.target AND r.form = m.form AND r.method = m.method
    WHERE m.target = m.benchmark AND m.scheme = 'random' AND m.part = 'test' AND m.grp = 'all' AND r.chosen
),
random_items AS (
    SELECT benchmark, CASE form WHEN 'random A' THEN 'A' WHEN 'random B' THEN 'B' END AS form,
        max(rmse) FILTER (grp = 'all')             AS rmse,
        max(mae)  FILTER (grp = 'all')             AS mae,
        max(rmse) FILTER (grp = 'spread of draws') AS spread
    FROM reconstruction_metric
    WHERE form IN ('random A', 'random B') AND target = benchmark AND scheme = 'random' AND part = 'test'
    GROUP BY ALL
)
SELECT
    s.benchmark,
    t.form,
    s.models,
    s.items,
    s.kept_items,
    t.items                 AS selected_items,
    t.models                AS test_models,
    t.rmse,
    t.mae,
    t.coverage,
    r.rmse                  AS random_rmse,
    r.mae                   AS random_mae,
    r.spread                AS random_spread
FROM test AS t
JOIN benchmark_status AS s USING (benchmark)
LEFT JOIN random_items AS r USING (benchmark, form)
ORDER BY s.benchmark, t.form;
COMMENT ON VIEW distillation IS 'Each distilled benchmark with its error on the test models, which nothing was chosen by. One row a benchmark and form.';
COMMENT ON COLUMN distillation.benchmark IS 'The benchmark.';
COMMENT ON COLUMN distillation.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN distillation.models IS 'Models with answers.';
COMMENT ON COLUMN distillation.items IS 'Items before the filters.';
COMMENT ON COLUMN distillation.kept_items IS 'Items that the filters leave by the answers of all models, as in benchmark_status.';
COMMENT ON COLUMN distillation.selected_items IS 'Items of the form.';
COMMENT ON COLUMN distillation.test_models IS 'Models the error was measured on.';
COMMENT ON COLUMN distillation.rmse IS 'Root mean squared error of the reconstructed score, points.';
COMMENT ON COLUMN distillation.mae IS 'Mean absolute error, points.';
COMMENT ON COLUMN distillation.coverage IS 'Share of true scores inside the 90 % interval.';
COMMENT ON COLUMN distillation.random_rmse IS 'The same error from as many random items: mean of 20 draws, points.';
COMMENT ON COLUMN distillation.random_mae IS 'Its mean absolute error, points.';
COMMENT ON COLUMN distillation.random_spread IS 'Standard deviation of random_rmse over the draws, points.';
