-- selection_search: an evaluation of the search for the best selection.
-- Grain: one row a benchmark, form and step. Key: (benchmark, form, step); a build replaces a benchmark's rows.
CREATE TABLE selection_search (
    benchmark VARCHAR NOT NULL,
    form      VARCHAR NOT NULL,
    step      INTEGER NOT NULL,
    kind      VARCHAR NOT NULL,
    estimator VARCHAR NOT NULL,
    grid      VARCHAR NOT NULL,
    threshold DOUBLE CHECK (isfinite(threshold)),
    items     INTEGER NOT NULL,
    rmse      DOUBLE CHECK (isfinite(rmse)),
    objective DOUBLE CHECK (isfinite(objective)),
    chosen    BOOLEAN NOT NULL,
    run_id    VARCHAR NOT NULL
);
COMMENT ON TABLE selection_search IS 'An evaluation of the search for the best selection. One row a benchmark, form and step.';
COMMENT ON COLUMN selection_search.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN selection_search.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN selection_search.step IS 'Number of the evaluation.';
COMMENT ON COLUMN selection_search.kind IS '2PL, 3PL or 4PL.';
COMMENT ON COLUMN selection_search.estimator IS 'Estimator of ability.';
COMMENT ON COLUMN selection_search.grid IS 'Where on the ability scale items are sought: quantile or even.';
COMMENT ON COLUMN selection_search.threshold IS 'Least information that an item must have.';
COMMENT ON COLUMN selection_search.items IS 'Items selected.';
COMMENT ON COLUMN selection_search.rmse IS 'Root mean square error in points on the validation models.';
COMMENT ON COLUMN selection_search.objective IS 'What the search made small: rmse plus a penalty per item.';
COMMENT ON COLUMN selection_search.chosen IS 'Whether this one was taken.';
COMMENT ON COLUMN selection_search.run_id IS 'Run that wrote it.';
