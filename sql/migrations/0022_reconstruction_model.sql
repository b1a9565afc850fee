-- reconstruction_model: a fitted map from the answers to selected items to the full score.
-- Grain: one row a benchmark, target, form and method. Key: (benchmark, target, form, method); a build replaces a benchmark's rows.
CREATE TABLE reconstruction_model (
    benchmark VARCHAR NOT NULL,
    target    VARCHAR NOT NULL,
    form      VARCHAR NOT NULL,
    method    VARCHAR NOT NULL,
    metric    VARCHAR NOT NULL,
    chosen    BOOLEAN NOT NULL,
    detail    VARCHAR NOT NULL,
    predictor BLOB,
    run_id    VARCHAR NOT NULL
);
COMMENT ON TABLE reconstruction_model IS 'A fitted map from the answers to selected items to the full score. One row a benchmark, target, form and method.';
COMMENT ON COLUMN reconstruction_model.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN reconstruction_model.target IS 'Score it predicts: a benchmark, or mean for the mean of all.';
COMMENT ON COLUMN reconstruction_model.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN reconstruction_model.method IS 'Method of reconstruction.';
COMMENT ON COLUMN reconstruction_model.metric IS 'What made an answer correct in the data it was fitted on.';
COMMENT ON COLUMN reconstruction_model.chosen IS 'Whether new models are scored by it.';
COMMENT ON COLUMN reconstruction_model.detail IS 'Terms, penalty and effective degrees of freedom, for people.';
COMMENT ON COLUMN reconstruction_model.predictor IS 'The fitted map itself, for metabench score.';
COMMENT ON COLUMN reconstruction_model.run_id IS 'Run that wrote it.';
