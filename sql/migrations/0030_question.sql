-- question: what a selected item asks, word for word.
-- Grain: one row a selected item that was read. Key: (benchmark_id, item).
-- Only items of forms A and B have one: the prompts of all, with their examples, would take ten
-- times the size of all answers. A row counts while prompt_hash is that of the item.
CREATE TABLE question (
    benchmark_id INTEGER NOT NULL,
    item         VARCHAR NOT NULL,
    prompt_hash  VARCHAR,
    prompt       VARCHAR NOT NULL,
    choices      VARCHAR[] NOT NULL,
    gold         INTEGER,
    target       VARCHAR,
    file_id      INTEGER NOT NULL,
    read_at      TIMESTAMP NOT NULL
);
COMMENT ON TABLE question IS 'What an item of form A or B asks, word for word, as one evaluation put it before a model. One row a selected item that was read.';
COMMENT ON COLUMN question.benchmark_id IS 'The benchmark.';
COMMENT ON COLUMN question.item IS 'The item.';
COMMENT ON COLUMN question.prompt_hash IS 'item.prompt_hash when the text was read: where it is another one now, the text is that of another question and is not used.';
COMMENT ON COLUMN question.prompt IS 'All that a model saw before its answer, the leaderboard''s examples included.';
COMMENT ON COLUMN question.choices IS 'The answers that were compared, as in the file; empty for free text.';
COMMENT ON COLUMN question.gold IS 'Which of the choices is right, counted from 0: choices[gold + 1] in SQL, whose lists start at 1; NULL for free text.';
COMMENT ON COLUMN question.target IS 'Reference answer of free text; NULL for choices.';
COMMENT ON COLUMN question.file_id IS 'The file it was read from.';
COMMENT ON COLUMN question.read_at IS 'When it was read, UTC.';
