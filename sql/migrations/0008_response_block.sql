-- response_block: one model's answers to one task. The fact table.
-- Grain: one row a model and task. Key: (model_id, task_id), kept by the only writer and
-- asserted by checks: an index on it would be larger than the answers.
CREATE TABLE response_block (
    model_id       INTEGER NOT NULL,
    task_id        INTEGER NOT NULL,
    file_id        INTEGER NOT NULL,
    correct_count  INTEGER NOT NULL,
    observed_count INTEGER NOT NULL,
    hash           UBIGINT NOT NULL,
    correct        UTINYINT[] NOT NULL
);
COMMENT ON TABLE response_block IS 'One model''s answers to one task. The fact table: every statistic comes from here.';
COMMENT ON COLUMN response_block.model_id IS 'The model that answered.';
COMMENT ON COLUMN response_block.task_id IS 'The task it answered.';
COMMENT ON COLUMN response_block.file_id IS 'The file the answers were read from.';
COMMENT ON COLUMN response_block.correct_count IS 'How many answers are correct: the sum of the list.';
COMMENT ON COLUMN response_block.observed_count IS 'How many answers were observed: the elements of the list that are not NULL.';
COMMENT ON COLUMN response_block.hash IS 'First 8 bytes of SHA-256 over model, benchmark, task and answers; check recomputes it.';
COMMENT ON COLUMN response_block.correct IS '1 correct, 0 wrong, NULL not observed, in the order of item.position; an answer beyond the end of the list was not observed.';
