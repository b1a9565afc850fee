-- released_item: an item of a released form.
-- Grain: one row a version, form, benchmark and item. Key: (version, form, benchmark, item). Never changed.
CREATE TABLE released_item (
    version     VARCHAR NOT NULL,
    form        VARCHAR NOT NULL,
    benchmark   VARCHAR NOT NULL,
    position    INTEGER NOT NULL,
    task        VARCHAR NOT NULL,
    item        VARCHAR NOT NULL,
    prompt_hash VARCHAR,
    design      VARCHAR NOT NULL CHECK (design IN ('selected', 'given', 'sampled')),
    inclusion   DOUBLE CHECK (inclusion > 0 AND inclusion <= 1),
    run_id      VARCHAR NOT NULL
);
COMMENT ON TABLE released_item IS 'An item of a released form. One row a version, form, benchmark and item; never changed.';
COMMENT ON COLUMN released_item.version IS 'The release.';
COMMENT ON COLUMN released_item.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN released_item.benchmark IS 'The benchmark.';
COMMENT ON COLUMN released_item.position IS 'Order in the form, from 1.';
COMMENT ON COLUMN released_item.task IS 'Task of the item.';
COMMENT ON COLUMN released_item.item IS 'The item.';
COMMENT ON COLUMN released_item.prompt_hash IS 'item.prompt_hash when it was released; NULL when unknown. An item that has another one now is another question, and does not count as this one.';
COMMENT ON COLUMN released_item.design IS 'How it came into the form: selected by the answers of the training models of run_id, given by somebody, or sampled with a known probability.';
COMMENT ON COLUMN released_item.inclusion IS 'Probability with which it was sampled, 0 to 1; NULL where it was chosen.';
COMMENT ON COLUMN released_item.run_id IS 'Run whose form it was.';
