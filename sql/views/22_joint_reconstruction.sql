-- joint_reconstruction: the error of the scores reconstructed from all benchmarks' forms together.
-- Grain: one row a form and target. Key: (form, target). From: reconstruction_metric.
CREATE OR REPLACE VIEW joint_reconstruction AS
SELECT form, target, models AS test_models, items, rmse, mae, spearman, coverage, width
FROM reconstruction_metric
WHERE benchmark = 'mean' AND scheme = 'random' AND part = 'test' AND grp = 'all'
ORDER BY form, target = 'mean', target;
COMMENT ON VIEW joint_reconstruction IS 'The error of the scores reconstructed from the answers to all benchmarks'' forms together, on the test models. One row a form and target.';
COMMENT ON COLUMN joint_reconstruction.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN joint_reconstruction.target IS 'The benchmark''s score, its mean of tasks ("mmlu, mean of tasks"), or mean for the mean of all.';
COMMENT ON COLUMN joint_reconstruction.test_models IS 'Models the error was measured on.';
COMMENT ON COLUMN joint_reconstruction.items IS 'Items of all forms.';
COMMENT ON COLUMN joint_reconstruction.rmse IS 'Root mean squared error, points.';
COMMENT ON COLUMN joint_reconstruction.mae IS 'Mean absolute error, points.';
COMMENT ON COLUMN joint_reconstruction.spearman IS 'Rank correlation of reconstructed and true score.';
COMMENT ON COLUMN joint_reconstruction.coverage IS 'Share of true scores inside the 90 % interval.';
COMMENT ON COLUMN joint_reconstruction.width IS 'Mean width of the interval, points.';
