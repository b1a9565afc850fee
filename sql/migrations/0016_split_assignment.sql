-- split_assignment: which part of the data a model belongs to.
-- Grain: one row a benchmark, scheme and model. Key: (benchmark, scheme, model); a build replaces a benchmark's rows.
CREATE TABLE split_assignment (
    benchmark VARCHAR NOT NULL,
    scheme    VARCHAR NOT NULL,
    model     VARCHAR NOT NULL,
    part      VARCHAR NOT NULL,
    family    VARCHAR NOT NULL,
    run_id    VARCHAR NOT NULL
);
COMMENT ON TABLE split_assignment IS 'Which part of the data a model belongs to. One row a benchmark, scheme and model.';
COMMENT ON COLUMN split_assignment.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN split_assignment.scheme IS 'random, or family where related models stay together.';
COMMENT ON COLUMN split_assignment.model IS 'The model.';
COMMENT ON COLUMN split_assignment.part IS 'train, validation or test.';
COMMENT ON COLUMN split_assignment.family IS 'Group the model was kept with; empty in the random scheme.';
COMMENT ON COLUMN split_assignment.run_id IS 'Run that wrote it.';
