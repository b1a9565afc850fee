-- selected_item: an item of the distilled benchmark.
-- Grain: one row a benchmark, form and item. Key: (benchmark, form, item); a build replaces a benchmark's rows.
CREATE TABLE selected_item (
    benchmark   VARCHAR NOT NULL,
    form        VARCHAR NOT NULL,
    position    INTEGER NOT NULL,
    item        VARCHAR NOT NULL,
    theta       DOUBLE CHECK (isfinite(theta)),
    information DOUBLE CHECK (isfinite(information)),
    run_id      VARCHAR NOT NULL
);
COMMENT ON TABLE selected_item IS 'An item of the distilled benchmark. One row a benchmark, form and item.';
COMMENT ON COLUMN selected_item.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN selected_item.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN selected_item.position IS 'Order of selection, from 1.';
COMMENT ON COLUMN selected_item.item IS 'The item.';
COMMENT ON COLUMN selected_item.theta IS 'Ability in logits that it was chosen for.';
COMMENT ON COLUMN selected_item.information IS 'Its Fisher information there.';
COMMENT ON COLUMN selected_item.run_id IS 'Run that wrote it.';
