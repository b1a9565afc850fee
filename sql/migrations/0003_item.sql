-- item: one question of a task.
-- Grain: one row a question. Key: (task_id, position); (benchmark_id, item) is unique too.
CREATE TABLE item (
    benchmark_id INTEGER NOT NULL,
    task_id      INTEGER NOT NULL,
    position     INTEGER NOT NULL CHECK (position >= 0),
    item         VARCHAR NOT NULL,
    prompt_hash  VARCHAR,
    prompt       VARCHAR
);
COMMENT ON TABLE item IS 'One question of a task.';
COMMENT ON COLUMN item.benchmark_id IS 'The benchmark it belongs to.';
COMMENT ON COLUMN item.task_id IS 'The task it belongs to.';
COMMENT ON COLUMN item.position IS 'Where its answer stands in response_block.correct, from 0: correct[position + 1] in SQL, whose lists start at 1.';
COMMENT ON COLUMN item.item IS 'Key, unique in the benchmark: 17, anatomy.3.';
COMMENT ON COLUMN item.prompt_hash IS 'SHA-256 of the normalised question, hexadecimal; NULL when the source has no text.';
COMMENT ON COLUMN item.prompt IS 'The question; NULL when unknown.';
