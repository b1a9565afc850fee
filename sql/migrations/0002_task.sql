-- task: the part of a benchmark that is evaluated as one file.
-- Grain: one row a task. Key: task_id; (benchmark_id, task) is unique too.
CREATE TABLE task (
    task_id        INTEGER NOT NULL,
    benchmark_id   INTEGER NOT NULL,
    task           VARCHAR NOT NULL,
    harness        VARCHAR NOT NULL,
    position       INTEGER NOT NULL,
    expected_items INTEGER
);
COMMENT ON TABLE task IS 'The part of a benchmark that is evaluated as one file. Most benchmarks are their own only task; MMLU has 57.';
COMMENT ON COLUMN task.task_id IS 'Key used inside this file; not stable between files.';
COMMENT ON COLUMN task.benchmark_id IS 'The benchmark it belongs to.';
COMMENT ON COLUMN task.task IS 'Name, unique in the benchmark: anatomy; the benchmark''s own name where it is the only task.';
COMMENT ON COLUMN task.harness IS 'Name in the leaderboard''s files: arc:challenge. Empty when there is none.';
COMMENT ON COLUMN task.position IS 'Order of the task in its benchmark, from 0.';
COMMENT ON COLUMN task.expected_items IS 'Questions the catalogue expects; NULL when unknown.';
