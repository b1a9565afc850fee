-- ability: a model's ability on the scale of a fit.
-- Grain: one row a benchmark, stage, kind of model, estimator and model. Key: (benchmark, stage, kind, estimator, model); a build replaces a benchmark's rows.
CREATE TABLE ability (
    benchmark VARCHAR NOT NULL,
    stage     VARCHAR NOT NULL,
    kind      VARCHAR NOT NULL,
    estimator VARCHAR NOT NULL,
    model     VARCHAR NOT NULL,
    theta     DOUBLE NOT NULL CHECK (isfinite(theta)),
    se        DOUBLE CHECK (isfinite(se)),
    run_id    VARCHAR NOT NULL
);
COMMENT ON TABLE ability IS 'A model''s ability on the scale of a fit. One row a benchmark, stage, kind of model, estimator and model.';
COMMENT ON COLUMN ability.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN ability.stage IS 'Stage of the fit, as in irt_fit.';
COMMENT ON COLUMN ability.kind IS '2PL, 3PL or 4PL.';
COMMENT ON COLUMN ability.estimator IS 'MAP, EAP or EAPsum.';
COMMENT ON COLUMN ability.model IS 'The model.';
COMMENT ON COLUMN ability.theta IS 'Ability in logits; 0 is the mean of the population of models.';
COMMENT ON COLUMN ability.se IS 'Its standard error in logits; NULL when not computed.';
COMMENT ON COLUMN ability.run_id IS 'Run that wrote it.';
