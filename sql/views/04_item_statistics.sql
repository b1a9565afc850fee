-- item_statistics: how an item behaves over all models that answered it.
-- Grain: one row an item. Key: (benchmark, item). From: item, item_sums.
--   share_correct  p = sum x / n
--   sd             sqrt(n sum x - (sum x)^2) / n
--   difficulty     1 - max(0, (p - c) / (1 - c)), c the chance of a correct guess, 1 / options
--   point_biserial (n sum xs - sum x sum s) / sqrt((n sum x - (sum x)^2) (n sum ss - (sum s)^2))
CREATE OR REPLACE VIEW item_statistics AS
WITH central AS (
    SELECT
        i.benchmark_id, i.task_id, i.position, i.item,
        coalesce(s.n, 0) AS n, s.sum_x, s.answer_hash,
        s.n::HUGEINT * s.sum_x  - s.sum_x::HUGEINT * s.sum_x AS xx,
        s.n::HUGEINT * s.sum_ss - s.sum_s::HUGEINT * s.sum_s AS ss,
        s.n::HUGEINT * s.sum_xs - s.sum_x::HUGEINT * s.sum_s AS xs
    FROM item AS i
    LEFT JOIN item_sums AS s ON s.task_id = i.task_id AND s.position = i.position
)
SELECT
    b.benchmark,
    t.task,
    c.item,
    c.position,
    c.n                             AS models,
    c.sum_x                         AS correct,
    c.sum_x / nullif(c.n, 0)        AS share_correct,
    sqrt(c.xx::DOUBLE) / nullif(c.n, 0) AS sd,
    1 - greatest(0, CASE WHEN b.options > 1
        THEN (c.sum_x / nullif(c.n, 0) - 1 / b.options) / (1 - 1 / b.options)
        ELSE c.sum_x / nullif(c.n, 0) END) AS difficulty,
    CASE WHEN c.xx > 0 AND c.ss > 0
        THEN c.xs::DOUBLE / (sqrt(c.xx::DOUBLE) * sqrt(c.ss::DOUBLE)) END AS point_biserial,
    c.answer_hash,
    c.benchmark_id,
    c.task_id
FROM central AS c
JOIN benchmark AS b USING (benchmark_id)
JOIN task AS t USING (task_id);
COMMENT ON VIEW item_statistics IS 'How an item behaves over all models that answered it. One row an item.';
COMMENT ON COLUMN item_statistics.benchmark IS 'The benchmark.';
COMMENT ON COLUMN item_statistics.task IS 'The task.';
COMMENT ON COLUMN item_statistics.item IS 'The item.';
COMMENT ON COLUMN item_statistics.position IS 'Its position in the task, from 0.';
COMMENT ON COLUMN item_statistics.models IS 'Number of models whose answer was observed.';
COMMENT ON COLUMN item_statistics.correct IS 'How many of them answered correctly; NULL when nobody answered.';
COMMENT ON COLUMN item_statistics.share_correct IS 'correct / models, 0 to 1.';
COMMENT ON COLUMN item_statistics.sd IS 'Standard deviation of the 0/1 answers, of the population (divided by n).';
COMMENT ON COLUMN item_statistics.difficulty IS '1 minus the share correct, corrected for guessing where questions have options: 0 when all know the answer, 1 when nobody does better than chance.';
COMMENT ON COLUMN item_statistics.point_biserial IS 'Correlation of the answers with the number of correct answers in the benchmark, this item included; NULL when either does not vary.';
COMMENT ON COLUMN item_statistics.answer_hash IS 'Equal for two items that the same models answered equally.';
COMMENT ON COLUMN item_statistics.benchmark_id IS 'Key of the benchmark.';
COMMENT ON COLUMN item_statistics.task_id IS 'Key of the task.';
