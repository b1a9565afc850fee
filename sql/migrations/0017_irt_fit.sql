-- irt_fit: how the estimation of an item response model ended.
-- Grain: one row a benchmark, stage and kind of model. Key: (benchmark, stage, kind); a build replaces a benchmark's rows.
CREATE TABLE irt_fit (
    benchmark      VARCHAR NOT NULL,
    stage          VARCHAR NOT NULL,
    kind           VARCHAR NOT NULL,
    persons        INTEGER NOT NULL,
    items          INTEGER NOT NULL,
    log_likelihood DOUBLE NOT NULL CHECK (isfinite(log_likelihood)),
    gradient       DOUBLE CHECK (isfinite(gradient)),
    iterations     INTEGER NOT NULL,
    status         VARCHAR NOT NULL,
    run_id         VARCHAR NOT NULL
);
COMMENT ON TABLE irt_fit IS 'How the estimation of an item response model ended. One row a benchmark, stage and kind of model.';
COMMENT ON COLUMN irt_fit.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN irt_fit.stage IS 'Which items were fitted: full, preselected, form A, form B.';
COMMENT ON COLUMN irt_fit.kind IS '2PL, 3PL or 4PL.';
COMMENT ON COLUMN irt_fit.persons IS 'Models the fit was made on.';
COMMENT ON COLUMN irt_fit.items IS 'Items in the fit.';
COMMENT ON COLUMN irt_fit.log_likelihood IS 'Marginal log-likelihood at the end.';
COMMENT ON COLUMN irt_fit.gradient IS 'Largest absolute component of its gradient at the end; NULL when not computed.';
COMMENT ON COLUMN irt_fit.iterations IS 'Iterations done.';
COMMENT ON COLUMN irt_fit.status IS 'How it ended: converged, iteration limit, diverged, cancelled.';
COMMENT ON COLUMN irt_fit.run_id IS 'Run that wrote it.';
