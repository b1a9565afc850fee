-- corpus_state: what the warehouse holds of a benchmark, by the manifest's last word on it.
-- Grain: one row a benchmark that was ever loaded. Key: benchmark_id. From: manifest.
CREATE OR REPLACE VIEW corpus_state AS
SELECT
    b.benchmark_id,
    b.benchmark,
    max(m.load_id)                    AS load_id,
    arg_max(m.blocks, m.load_id)      AS blocks,
    arg_max(m.observed, m.load_id)    AS observed,
    arg_max(m.correct, m.load_id)     AS correct,
    arg_max(m.fingerprint, m.load_id) AS fingerprint,
    max(m.loaded_at)                  AS loaded_at
FROM manifest AS m
JOIN benchmark AS b USING (benchmark_id)
GROUP BY b.benchmark_id, b.benchmark;
COMMENT ON VIEW corpus_state IS 'What the warehouse holds of a benchmark, by the manifest''s last word on it. One row a benchmark.';
COMMENT ON COLUMN corpus_state.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN corpus_state.benchmark IS 'The benchmark.';
COMMENT ON COLUMN corpus_state.load_id IS 'The last load that changed it.';
COMMENT ON COLUMN corpus_state.blocks IS 'Response blocks.';
COMMENT ON COLUMN corpus_state.observed IS 'Observed answers.';
COMMENT ON COLUMN corpus_state.correct IS 'Correct answers.';
COMMENT ON COLUMN corpus_state.fingerprint IS 'Changes whenever an answer does: the sum of response_block.hash modulo 2^64.';
COMMENT ON COLUMN corpus_state.loaded_at IS 'When it last changed, UTC.';
