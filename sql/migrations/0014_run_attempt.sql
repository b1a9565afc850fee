-- run_attempt: one execution of a run.
-- Grain: one row an execution. Key: attempt_id.
CREATE TABLE run_attempt (
    attempt_id INTEGER NOT NULL,
    run_id     VARCHAR NOT NULL,
    host       VARCHAR NOT NULL,
    pid        INTEGER NOT NULL,
    started    TIMESTAMP NOT NULL,
    finished   TIMESTAMP,
    status     VARCHAR NOT NULL,
    counts     MAP(VARCHAR, BIGINT)
);
COMMENT ON TABLE run_attempt IS 'One execution of a run: when, where and how it ended.';
COMMENT ON COLUMN run_attempt.attempt_id IS 'Number of the execution, counted up from 1.';
COMMENT ON COLUMN run_attempt.run_id IS 'The run.';
COMMENT ON COLUMN run_attempt.host IS 'Machine it ran on.';
COMMENT ON COLUMN run_attempt.pid IS 'Process number.';
COMMENT ON COLUMN run_attempt.started IS 'When it began, UTC.';
COMMENT ON COLUMN run_attempt.finished IS 'When it ended, UTC; NULL while it runs and after a crash.';
COMMENT ON COLUMN run_attempt.status IS 'running, done, failed or cancelled.';
COMMENT ON COLUMN run_attempt.counts IS 'What it counted, such as benchmarks and models.';
