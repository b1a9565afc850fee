-- item_sums: integer sums over the models that answered an item.
-- Grain: one row an item that was answered. Key: (task_id, position). From: item_sum while it holds, else response_block without models that are left out.
-- Integers, because floating-point aggregates differ in the last digits from run to run,
-- which would move items across a threshold.
CREATE OR REPLACE VIEW item_sums AS
WITH fresh AS (
    SELECT DISTINCT k.benchmark_id
    FROM item_sum AS k
    JOIN analysed_state AS c ON c.benchmark_id = k.benchmark_id AND c.fingerprint = k.fingerprint
),
stale AS (
    SELECT t.task_id, t.benchmark_id
    FROM task AS t
    WHERE t.benchmark_id NOT IN (FROM fresh)
      AND t.benchmark_id IN (SELECT benchmark_id FROM analysed_state)
),
total AS (
    SELECT s.benchmark_id, r.model_id, sum(r.correct_count)::BIGINT AS s
    FROM response_block AS r
    JOIN stale AS s USING (task_id)
    WHERE r.model_id NOT IN (SELECT model_id FROM vanished_models WHERE left_out)
    GROUP BY s.benchmark_id, r.model_id
),
block AS (
    SELECT
        s.benchmark_id, r.task_id, total.s,
        hash(2 * r.model_id) AS wrong_hash, hash(2 * r.model_id + 1) AS correct_hash,
        r.correct
    FROM response_block AS r
    JOIN stale AS s USING (task_id)
    JOIN total ON total.benchmark_id = s.benchmark_id AND total.model_id = r.model_id
),
answer AS (
    SELECT
        benchmark_id, task_id, s, wrong_hash, correct_hash,
        unnest(correct) AS x,
        generate_subscripts(correct, 1) - 1 AS position
    FROM block
)
SELECT
    benchmark_id, task_id, position::INTEGER AS position,
    count(*)::INTEGER AS n,
    sum(x)::BIGINT    AS sum_x,
    sum(s)::BIGINT    AS sum_s,
    sum(s * s)::BIGINT AS sum_ss,
    sum(x * s)::BIGINT AS sum_xs,
    bit_xor(CASE WHEN x = 1 THEN correct_hash ELSE wrong_hash END) AS answer_hash
FROM answer
WHERE x IS NOT NULL
GROUP BY benchmark_id, task_id, position
UNION ALL
SELECT k.benchmark_id, k.task_id, k.position, k.n, k.sum_x, k.sum_s, k.sum_ss, k.sum_xs, k.answer_hash
FROM item_sum AS k
WHERE k.benchmark_id IN (FROM fresh);
COMMENT ON VIEW item_sums IS 'Integer sums over the models that answered an item, which item_statistics closes. One row an answered item. Kept sums where they hold, else added up, which takes seconds for all benchmarks at full scale.';
COMMENT ON COLUMN item_sums.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN item_sums.task_id IS 'Key of the task.';
COMMENT ON COLUMN item_sums.position IS 'Position of the item in the task, from 0.';
COMMENT ON COLUMN item_sums.n IS 'Number of models that answered it.';
COMMENT ON COLUMN item_sums.sum_x IS 'Sum of x over them: 1 for a correct answer, 0 for a wrong one.';
COMMENT ON COLUMN item_sums.sum_s IS 'Sum of s over them: s is the number of items of the benchmark a model answered correctly, this item included.';
COMMENT ON COLUMN item_sums.sum_ss IS 'Sum of s squared.';
COMMENT ON COLUMN item_sums.sum_xs IS 'Sum of x times s.';
COMMENT ON COLUMN item_sums.answer_hash IS 'Equal for two items that the same models answered equally.';
