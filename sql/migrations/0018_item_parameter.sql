-- item_parameter: an item of a fitted response model, P(theta) = g + (u - g) / (1 + exp(-(a theta + d))).
-- Grain: one row a benchmark, stage, kind of model and item. Key: (benchmark, stage, kind, item); a build replaces a benchmark's rows.
CREATE TABLE item_parameter (
    benchmark       VARCHAR NOT NULL,
    stage           VARCHAR NOT NULL,
    kind            VARCHAR NOT NULL,
    item            VARCHAR NOT NULL,
    a               DOUBLE NOT NULL CHECK (isfinite(a)),
    d               DOUBLE NOT NULL CHECK (isfinite(d)),
    g               DOUBLE NOT NULL CHECK (isfinite(g)),
    u               DOUBLE NOT NULL CHECK (isfinite(u)),
    se_a            DOUBLE CHECK (isfinite(se_a)),
    se_d            DOUBLE CHECK (isfinite(se_d)),
    se_g            DOUBLE CHECK (isfinite(se_g)),
    se_u            DOUBLE CHECK (isfinite(se_u)),
    max_information DOUBLE CHECK (isfinite(max_information)),
    argmax          DOUBLE CHECK (isfinite(argmax)),
    infit           DOUBLE CHECK (isfinite(infit)),
    outfit          DOUBLE CHECK (isfinite(outfit)),
    run_id          VARCHAR NOT NULL
);
COMMENT ON TABLE item_parameter IS 'An item of a fitted response model, P(theta) = g + (u - g) / (1 + exp(-(a theta + d))). One row a benchmark, stage, kind of model and item.';
COMMENT ON COLUMN item_parameter.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN item_parameter.stage IS 'Stage of the fit, as in irt_fit.';
COMMENT ON COLUMN item_parameter.kind IS '2PL, 3PL or 4PL.';
COMMENT ON COLUMN item_parameter.item IS 'The item.';
COMMENT ON COLUMN item_parameter.a IS 'Slope: discrimination.';
COMMENT ON COLUMN item_parameter.d IS 'Intercept: easiness. The usual difficulty is -d / a.';
COMMENT ON COLUMN item_parameter.g IS 'Lower asymptote: chance of a correct guess, 0 to 1.';
COMMENT ON COLUMN item_parameter.u IS 'Upper asymptote: chance of not slipping, 0 to 1.';
COMMENT ON COLUMN item_parameter.se_a IS 'Standard error of a; NULL when not computed.';
COMMENT ON COLUMN item_parameter.se_d IS 'Standard error of d; NULL when not computed.';
COMMENT ON COLUMN item_parameter.se_g IS 'Standard error of g; NULL when not computed.';
COMMENT ON COLUMN item_parameter.se_u IS 'Standard error of u; NULL when not computed.';
COMMENT ON COLUMN item_parameter.max_information IS 'Largest Fisher information of the item over ability.';
COMMENT ON COLUMN item_parameter.argmax IS 'Ability, in logits, at which it is largest.';
COMMENT ON COLUMN item_parameter.infit IS 'Information-weighted mean square of the residuals, 1 when the model holds; NULL when not computed.';
COMMENT ON COLUMN item_parameter.outfit IS 'Plain mean square of the residuals, 1 when the model holds; NULL when not computed.';
COMMENT ON COLUMN item_parameter.run_id IS 'Run that wrote it.';
