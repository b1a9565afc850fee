-- item_sum: integer sums that item statistics are closed from, kept so that they need not be added up again.
-- Grain: one row an item that was answered. Key: (task_id, position).
-- A row holds only while fingerprint equals the benchmark's in corpus_state; the view item_sums adds up the rest.
CREATE TABLE item_sum (
    benchmark_id INTEGER NOT NULL,
    task_id      INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    fingerprint  UBIGINT NOT NULL,
    n            INTEGER NOT NULL,
    sum_x        BIGINT NOT NULL,
    sum_s        BIGINT NOT NULL,
    sum_ss       BIGINT NOT NULL,
    sum_xs       BIGINT NOT NULL,
    answer_hash  UBIGINT NOT NULL
);
COMMENT ON TABLE item_sum IS 'Kept copy of the sums that item statistics are closed from; read the view item_sums instead, which is always right.';
COMMENT ON COLUMN item_sum.benchmark_id IS 'The benchmark.';
COMMENT ON COLUMN item_sum.task_id IS 'The task.';
COMMENT ON COLUMN item_sum.position IS 'The item''s position in the task, from 0.';
COMMENT ON COLUMN item_sum.fingerprint IS 'corpus_state.fingerprint of the answers that were added up.';
COMMENT ON COLUMN item_sum.n IS 'Number of models that answered the item.';
COMMENT ON COLUMN item_sum.sum_x IS 'Sum of x over them: 1 for a correct answer, 0 for a wrong one.';
COMMENT ON COLUMN item_sum.sum_s IS 'Sum of s over them: s is the number of items of the benchmark a model answered correctly.';
COMMENT ON COLUMN item_sum.sum_ss IS 'Sum of s squared.';
COMMENT ON COLUMN item_sum.sum_xs IS 'Sum of x times s.';
COMMENT ON COLUMN item_sum.answer_hash IS 'Hash of the answers with their models; equal for two items that the same models answered equally.';
