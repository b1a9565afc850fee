-- manifest: what every load changed and what the warehouse then had to hold.
-- Grain: one row a load and benchmark it changed. Key: (load_id, benchmark_id).
-- The last row of a benchmark is what check compares response_block with.
CREATE TABLE manifest (
    load_id        INTEGER NOT NULL,
    benchmark_id   INTEGER NOT NULL,
    source         VARCHAR NOT NULL,
    loaded_at      TIMESTAMP NOT NULL,
    blocks_added   INTEGER NOT NULL,
    blocks_removed INTEGER NOT NULL,
    blocks         BIGINT NOT NULL,
    observed       BIGINT NOT NULL,
    correct        BIGINT NOT NULL,
    fingerprint    UBIGINT NOT NULL
);
COMMENT ON TABLE manifest IS 'What every load changed and what the warehouse then had to hold.';
COMMENT ON COLUMN manifest.load_id IS 'Number of the load, counted up from 1.';
COMMENT ON COLUMN manifest.benchmark_id IS 'Benchmark whose answers it changed.';
COMMENT ON COLUMN manifest.source IS 'Repository or local path the load came from.';
COMMENT ON COLUMN manifest.loaded_at IS 'When it was loaded, UTC.';
COMMENT ON COLUMN manifest.blocks_added IS 'Response blocks it wrote.';
COMMENT ON COLUMN manifest.blocks_removed IS 'Response blocks it took away or replaced.';
COMMENT ON COLUMN manifest.blocks IS 'Response blocks of the benchmark after it.';
COMMENT ON COLUMN manifest.observed IS 'Observed answers of the benchmark after it.';
COMMENT ON COLUMN manifest.correct IS 'Correct answers of the benchmark after it.';
COMMENT ON COLUMN manifest.fingerprint IS 'Sum of response_block.hash over the benchmark after it, modulo 2^64.';
