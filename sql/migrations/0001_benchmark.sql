-- benchmark: a set of questions with one metric.
-- Grain: one row a benchmark. Key: benchmark_id; benchmark is unique too.
CREATE TABLE benchmark (
    benchmark_id       INTEGER NOT NULL,
    benchmark          VARCHAR NOT NULL,
    title              VARCHAR NOT NULL,
    metric             VARCHAR NOT NULL,
    shots              INTEGER NOT NULL,
    options            INTEGER NOT NULL,
    min_point_biserial DOUBLE CHECK (isfinite(min_point_biserial)),
    in_catalogue       BOOLEAN NOT NULL
);
COMMENT ON TABLE benchmark IS 'A set of questions with one metric. One row a benchmark.';
COMMENT ON COLUMN benchmark.benchmark_id IS 'Key used inside this file; not stable between files.';
COMMENT ON COLUMN benchmark.benchmark IS 'Name, unique: arc, mmlu, or a user''s own.';
COMMENT ON COLUMN benchmark.title IS 'Name for people: ARC-Challenge.';
COMMENT ON COLUMN benchmark.metric IS 'What makes an answer correct: acc, acc_norm, mc1, exact_match. Empty when unknown.';
COMMENT ON COLUMN benchmark.shots IS 'Few-shot examples in front of a question on the leaderboard.';
COMMENT ON COLUMN benchmark.options IS 'Answer options a question has; 0 for free text.';
COMMENT ON COLUMN benchmark.min_point_biserial IS 'Overrides threshold.min_point_biserial for this benchmark; NULL: the default holds.';
COMMENT ON COLUMN benchmark.in_catalogue IS 'Whether the catalogue of benchmarks knows it; false for a user''s own.';
