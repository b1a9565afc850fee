-- form_reliability: how well the two disjoint forms of a benchmark agree.
-- Grain: one row a benchmark and pair of forms. Key: (benchmark, form_a, form_b); a build replaces a benchmark's rows.
CREATE TABLE form_reliability (
    benchmark   VARCHAR NOT NULL,
    form_a      VARCHAR NOT NULL,
    form_b      VARCHAR NOT NULL,
    models      INTEGER NOT NULL,
    correlation DOUBLE CHECK (isfinite(correlation)),
    rmsd        DOUBLE CHECK (isfinite(rmsd)),
    run_id      VARCHAR NOT NULL
);
COMMENT ON TABLE form_reliability IS 'How well the two disjoint forms of a benchmark agree. One row a benchmark and pair of forms.';
COMMENT ON COLUMN form_reliability.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN form_reliability.form_a IS 'First form.';
COMMENT ON COLUMN form_reliability.form_b IS 'Second form; shares no item with the first.';
COMMENT ON COLUMN form_reliability.models IS 'Test models they were compared on.';
COMMENT ON COLUMN form_reliability.correlation IS 'Correlation of the two reconstructed scores.';
COMMENT ON COLUMN form_reliability.rmsd IS 'Root mean square difference of the two in points.';
COMMENT ON COLUMN form_reliability.run_id IS 'Run that wrote it.';
