-- benchmark_mean: over what a benchmark's published score is a mean, in the table benchmark.
-- Grain: unchanged, one row a benchmark. Key: unchanged.
-- The next program that writes enters what its catalogue says.
ALTER TABLE benchmark ADD COLUMN published_mean VARCHAR DEFAULT 'items';
COMMENT ON COLUMN benchmark.published_mean IS 'Over what the published score is a mean: items (share of all questions), or tasks (each task''s share counts the same).';
