-- released_calibration: an item of a released form as a build calibrated it (2PL).
-- Grain: one row a version, form, benchmark, calibration and item. Key: (version, form, benchmark, calibration, item).
-- The first calibration and the last few stay.
CREATE TABLE released_calibration (
    version       VARCHAR NOT NULL,
    form          VARCHAR NOT NULL,
    benchmark     VARCHAR NOT NULL,
    calibration   INTEGER NOT NULL,
    item          VARCHAR NOT NULL,
    models        INTEGER NOT NULL,
    a             DOUBLE NOT NULL CHECK (isfinite(a)),
    d             DOUBLE NOT NULL CHECK (isfinite(d)),
    se_a          DOUBLE CHECK (isfinite(se_a)),
    se_d          DOUBLE CHECK (isfinite(se_d)),
    share_correct DOUBLE NOT NULL CHECK (share_correct BETWEEN 0 AND 1),
    run_id        VARCHAR NOT NULL
);
COMMENT ON TABLE released_calibration IS 'An item of a released form as a build calibrated it: two-parameter model, P(theta) = 1 / (1 + exp(-(a theta + d))). One row a version, form, benchmark, calibration and item; of the calibrations the first and the last four stay.';
COMMENT ON COLUMN released_calibration.version IS 'The release.';
COMMENT ON COLUMN released_calibration.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN released_calibration.benchmark IS 'The benchmark.';
COMMENT ON COLUMN released_calibration.calibration IS 'Number of the calibration, from 1. One that found the same as the last takes its place.';
COMMENT ON COLUMN released_calibration.item IS 'The item.';
COMMENT ON COLUMN released_calibration.models IS 'Training models that it was calibrated on.';
COMMENT ON COLUMN released_calibration.a IS 'Slope: discrimination, on the scale of this calibration.';
COMMENT ON COLUMN released_calibration.d IS 'Intercept: easiness, on the scale of this calibration.';
COMMENT ON COLUMN released_calibration.se_a IS 'Standard error of a; NULL when not computed.';
COMMENT ON COLUMN released_calibration.se_d IS 'Standard error of d; NULL when not computed.';
COMMENT ON COLUMN released_calibration.share_correct IS 'Share of correct answers among all models that answered it then, 0 to 1.';
COMMENT ON COLUMN released_calibration.run_id IS 'Run that calibrated it.';
COMMENT ON COLUMN selected_item.form IS 'A, or B for the disjoint second form; FORM@VERSION for a released form, such as A@2026-11.';
COMMENT ON COLUMN reconstruction_model.form IS 'A, or B for the disjoint second form; FORM@VERSION for a released form.';
COMMENT ON COLUMN prediction.form IS 'A, or B for the disjoint second form; FORM@VERSION for a released form; random for random items.';
COMMENT ON COLUMN reconstruction_metric.form IS 'A, or B for the disjoint second form; FORM@VERSION for a released form; random for random items; "A information" and "B information" for the published method''s forms.';
COMMENT ON COLUMN irt_fit.stage IS 'Which items were fitted: bank A, form A and so on; form FORM@VERSION for a released form, which is fitted by 2PL only.';
COMMENT ON COLUMN question.item IS 'The item. Those of releases stay, also when they are in no form any more.';
