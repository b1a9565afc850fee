-- left_out: what a build could not make of a benchmark's answers, and why.
-- Grain: one row a benchmark, part and pinned item. Key: (benchmark, part, item); a build replaces a benchmark's rows.
CREATE TABLE left_out (
    benchmark VARCHAR NOT NULL,
    part      VARCHAR NOT NULL,
    item      VARCHAR NOT NULL,
    reason    VARCHAR NOT NULL,
    run_id    VARCHAR NOT NULL
);
COMMENT ON TABLE left_out IS 'What a build could not make of a benchmark''s answers, and why; everything else is in the other tables. One row a part, or a pinned item that a form lacks.';
COMMENT ON COLUMN left_out.benchmark IS 'Benchmark the result would be about; mean for what spans all of them.';
COMMENT ON COLUMN left_out.part IS 'What is missing: benchmark for all of it, form A, form B, family split, learning curve, random items, published recipe of a form, or a benchmark that the mean is without.';
COMMENT ON COLUMN left_out.item IS 'Pinned item that the form in part lacks; empty where the part as such is missing.';
COMMENT ON COLUMN left_out.reason IS 'Why, and what would help.';
COMMENT ON COLUMN left_out.run_id IS 'Run that wrote it.';
