-- learning_curve: the error on test models against the number of training models and of items.
-- Grain: one row a benchmark, axis, number of training models and number of items. Key: (benchmark, axis, training_models, items); a build replaces a benchmark's rows.
CREATE TABLE learning_curve (
    benchmark       VARCHAR NOT NULL,
    axis            VARCHAR NOT NULL,
    training_models INTEGER NOT NULL,
    items           INTEGER NOT NULL,
    test_models     INTEGER NOT NULL,
    rmse            DOUBLE CHECK (isfinite(rmse)),
    mae             DOUBLE CHECK (isfinite(mae)),
    run_id          VARCHAR NOT NULL
);
COMMENT ON TABLE learning_curve IS 'The error on test models against the number of training models and of items: whether more of either would help.';
COMMENT ON COLUMN learning_curve.benchmark IS 'The benchmark.';
COMMENT ON COLUMN learning_curve.axis IS 'What varies: models (items chosen and the reconstruction fitted on fewer models) or items (the first of form A).';
COMMENT ON COLUMN learning_curve.training_models IS 'Models that items were chosen and the reconstruction was fitted on.';
COMMENT ON COLUMN learning_curve.items IS 'Items that the reconstruction reads.';
COMMENT ON COLUMN learning_curve.test_models IS 'Models the error was measured on.';
COMMENT ON COLUMN learning_curve.rmse IS 'Root mean squared error, points.';
COMMENT ON COLUMN learning_curve.mae IS 'Mean absolute error, points.';
COMMENT ON COLUMN prediction.part IS 'test; or train or validation: models the reconstruction was fitted on, whose predictions are closer to the truth than those of new models.';
COMMENT ON COLUMN learning_curve.run_id IS 'The run that wrote the row.';
