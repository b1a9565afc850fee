-- threshold: the limits of the item and model filters.
-- Grain: one row in all.
CREATE TABLE threshold (
    min_sd               DOUBLE NOT NULL CHECK (isfinite(min_sd)),
    max_share_correct    DOUBLE NOT NULL CHECK (isfinite(max_share_correct)),
    min_point_biserial   DOUBLE NOT NULL CHECK (isfinite(min_point_biserial)),
    outlier_share        DOUBLE NOT NULL CHECK (isfinite(outlier_share)),
    duplicate_min_models INTEGER NOT NULL
);
INSERT INTO threshold VALUES (0.01, 0.95, 0.05, 0.001, 100);
COMMENT ON TABLE threshold IS 'The limits of the item and model filters, from the configuration. One row in all.';
COMMENT ON COLUMN threshold.min_sd IS 'An item is dropped when its standard deviation is at most this.';
COMMENT ON COLUMN threshold.max_share_correct IS 'An item is dropped when a larger share of models answers it correctly.';
COMMENT ON COLUMN threshold.min_point_biserial IS 'An item is dropped when its point-biserial correlation is nearer to 0; benchmark.min_point_biserial overrides it.';
COMMENT ON COLUMN threshold.outlier_share IS 'The share of models with the lowest scores that is left out.';
COMMENT ON COLUMN threshold.duplicate_min_models IS 'Equal answers make two items duplicates only when at least this many models answered: the answers of few models agree by chance.';
