-- prediction: a reconstructed score.
-- Grain: one row a benchmark, target, form, method, scheme, part and model. Key: (benchmark, target, form, method, scheme, model); a build replaces a benchmark's rows.
CREATE TABLE prediction (
    benchmark VARCHAR NOT NULL,
    target    VARCHAR NOT NULL,
    form      VARCHAR NOT NULL,
    method    VARCHAR NOT NULL,
    scheme    VARCHAR NOT NULL,
    model     VARCHAR NOT NULL,
    part      VARCHAR NOT NULL,
    score     DOUBLE NOT NULL CHECK (isfinite(score)),
    predicted DOUBLE NOT NULL CHECK (isfinite(predicted)),
    lower     DOUBLE CHECK (isfinite(lower)),
    upper     DOUBLE CHECK (isfinite(upper)),
    run_id    VARCHAR NOT NULL
);
COMMENT ON TABLE prediction IS 'A reconstructed score. One row a benchmark, target, form, method, scheme, part and model.';
COMMENT ON COLUMN prediction.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN prediction.target IS 'Score that is predicted: a benchmark, or mean for the mean of all.';
COMMENT ON COLUMN prediction.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN prediction.method IS 'Method of reconstruction.';
COMMENT ON COLUMN prediction.scheme IS 'Scheme of the split: random or family.';
COMMENT ON COLUMN prediction.model IS 'The model.';
COMMENT ON COLUMN prediction.part IS 'train, validation or test.';
COMMENT ON COLUMN prediction.score IS 'True score in points from 0 to 100.';
COMMENT ON COLUMN prediction.predicted IS 'Reconstructed score in points.';
COMMENT ON COLUMN prediction.lower IS 'Lower end of its 90 % interval; NULL when the method has none.';
COMMENT ON COLUMN prediction.upper IS 'Upper end of its 90 % interval; NULL when the method has none.';
COMMENT ON COLUMN prediction.run_id IS 'Run that wrote it.';
