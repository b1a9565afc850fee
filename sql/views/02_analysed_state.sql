-- analysed_state: what of a benchmark's answers the analysis uses.
-- Grain: one row a benchmark that was ever loaded. Key: benchmark_id. From: corpus_state, vanished_models, response_block.
-- The same as corpus_state unless vanished models are left out: then without their blocks. The
-- fingerprint is a sum modulo 2^64, so that taking blocks out of it is a subtraction.
CREATE OR REPLACE VIEW analysed_state AS
WITH excluded AS (
    SELECT t.benchmark_id, count(*) AS blocks, sum(r.observed_count) AS observed, sum(r.correct_count) AS correct, sum(r.hash) AS fingerprint
    FROM response_block AS r
    JOIN task AS t USING (task_id)
    WHERE r.model_id IN (SELECT model_id FROM vanished_models WHERE left_out)
    GROUP BY t.benchmark_id
)
SELECT
    c.benchmark_id,
    c.benchmark,
    (c.blocks - coalesce(l.blocks, 0))::BIGINT     AS blocks,
    (c.observed - coalesce(l.observed, 0))::BIGINT AS observed,
    (c.correct - coalesce(l.correct, 0))::BIGINT   AS correct,
    ((c.fingerprint::HUGEINT - coalesce(l.fingerprint, 0) % 18446744073709551616 + 18446744073709551616) % 18446744073709551616)::UBIGINT AS fingerprint
FROM corpus_state AS c
LEFT JOIN excluded AS l USING (benchmark_id);
COMMENT ON VIEW analysed_state IS 'What of a benchmark''s answers the analysis uses: all of them, or those of models that are still on the Hub. One row a benchmark.';
COMMENT ON COLUMN analysed_state.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN analysed_state.benchmark IS 'The benchmark.';
COMMENT ON COLUMN analysed_state.blocks IS 'Response blocks.';
COMMENT ON COLUMN analysed_state.observed IS 'Observed answers.';
COMMENT ON COLUMN analysed_state.correct IS 'Correct answers.';
COMMENT ON COLUMN analysed_state.fingerprint IS 'Sum of response_block.hash over them, modulo 2^64: equal for equal answers, whatever the loads were.';
