-- run: a computation that wrote results, told apart by what went into it.
-- Grain: one row a run. Key: run_id.
CREATE TABLE run (
    run_id            VARCHAR NOT NULL,
    command           VARCHAR NOT NULL,
    config_hash       VARCHAR NOT NULL,
    code_version      VARCHAR NOT NULL,
    seed              UBIGINT NOT NULL,
    input_fingerprint VARCHAR NOT NULL
);
COMMENT ON TABLE run IS 'A computation that wrote results, told apart by what went into it: doing the same again is the same run.';
COMMENT ON COLUMN run.run_id IS 'First 16 hexadecimal digits of SHA-256 over the columns behind command.';
COMMENT ON COLUMN run.command IS 'Command that was run, without secrets.';
COMMENT ON COLUMN run.config_hash IS 'Hash of the configuration.';
COMMENT ON COLUMN run.code_version IS 'Version of the program.';
COMMENT ON COLUMN run.seed IS 'Seed of all randomness.';
COMMENT ON COLUMN run.input_fingerprint IS 'Hash of the answers it read.';
