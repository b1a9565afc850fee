-- response_part: what each of several local files gave to one block of answers.
-- Grain: one row a block and file. Key: (model_id, task_id, file_id). Only blocks that several files
-- gave have rows, and response_block.file_id is 0 for them: all others name their file themselves.
CREATE TABLE response_part (
    model_id INTEGER NOT NULL,
    task_id  INTEGER NOT NULL,
    file_id  INTEGER NOT NULL,
    correct  UTINYINT[] NOT NULL,
    repeated UTINYINT[] NOT NULL
);
COMMENT ON TABLE response_part IS 'What each of several files gave to one model''s answers to one task. Empty for blocks of one file. The view responses reads it.';
COMMENT ON COLUMN response_part.model_id IS 'The model that answered.';
COMMENT ON COLUMN response_part.task_id IS 'The task it answered.';
COMMENT ON COLUMN response_part.file_id IS 'The file these answers were read from.';
COMMENT ON COLUMN response_part.correct IS 'Answers that count as this file''s: 1 correct, 0 wrong, NULL for all others. Over the files of a block they add up to response_block.correct.';
COMMENT ON COLUMN response_part.repeated IS 'Answers that this file gave too, the same as a file before it by path, which they count for.';
COMMENT ON COLUMN response_block.file_id IS 'The file the answers were read from; 0 where several files gave them: see response_part.';
