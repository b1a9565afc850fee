-- stage: kept output of an analysis stage, so that an unchanged stage is not run again.
-- Grain: one row a benchmark and stage. Key: (benchmark, stage).
CREATE TABLE stage (
    benchmark   VARCHAR NOT NULL,
    stage       VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    output      BLOB NOT NULL
);
COMMENT ON TABLE stage IS 'Kept output of an analysis stage, so that an unchanged stage is not run again.';
COMMENT ON COLUMN stage.benchmark IS 'Benchmark, or mean for what spans all of them.';
COMMENT ON COLUMN stage.stage IS 'Name of the stage.';
COMMENT ON COLUMN stage.fingerprint IS 'Hash of everything that went into it.';
COMMENT ON COLUMN stage.output IS 'What came out, in the stage''s own format.';
