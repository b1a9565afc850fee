-- outlier_models: the models with the lowest scores of a benchmark.
-- Grain: one row an outlier. Key: (benchmark, model). From: scores, threshold, vanished_models.
-- A model is one when the models that score at most as much make up at most
-- threshold.outlier_share of all: never a part of a tie, and nobody among fewer than 1000.
CREATE OR REPLACE VIEW outlier_models AS
SELECT benchmark, model, share_correct, score, observed, benchmark_id, model_id
FROM scores, threshold
WHERE model_id NOT IN (SELECT model_id FROM vanished_models WHERE left_out)
QUALIFY count(*) OVER (PARTITION BY benchmark_id ORDER BY share_correct)
    <= threshold.outlier_share * count(*) OVER (PARTITION BY benchmark_id);
COMMENT ON VIEW outlier_models IS 'The models with the lowest scores of a benchmark, the share threshold.outlier_share of all. A build leaves out the models that are no better than the outliers among those that are not test models. One row an outlier.';
COMMENT ON COLUMN outlier_models.benchmark IS 'The benchmark.';
COMMENT ON COLUMN outlier_models.model IS 'The model.';
COMMENT ON COLUMN outlier_models.share_correct IS 'Its share of correct answers.';
COMMENT ON COLUMN outlier_models.score IS 'The same in points, 0 to 100.';
COMMENT ON COLUMN outlier_models.observed IS 'Items whose answer was observed.';
COMMENT ON COLUMN outlier_models.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN outlier_models.model_id IS 'Key of the model.';
