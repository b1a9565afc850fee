-- score_comparison: recomputed beside published scores.
-- Grain: one row a published score. Key: (benchmark, model, metric). From: leaderboard_score, scores, benchmark, item.
-- Like is compared with like: the mean that was published (of items, or of tasks as for MMLU), and only
-- where metric and items are the same. why_not says what stands against it.
CREATE OR REPLACE VIEW score_comparison AS
WITH size AS (
    SELECT benchmark_id, count(*) AS items FROM item GROUP BY benchmark_id
),
compared AS (
    SELECT
        b.benchmark,
        m.model,
        l.metric            AS published_metric,
        b.metric = l.metric AS same_metric,
        l.score             AS published,
        s.score             AS by_items,
        s.mean_of_tasks     AS by_tasks,
        s.observed,
        b.published_mean,
        CASE b.published_mean WHEN 'tasks' THEN s.mean_of_tasks ELSE s.score END AS same_mean,
        CASE
            WHEN s.score IS NULL THEN 'no answers'
            WHEN b.metric <> l.metric THEN concat('another metric: published is ', l.metric, ', answers are ', b.metric)
            WHEN s.observed < size.items THEN concat(s.observed, ' of ', size.items, ' items answered')
        END AS why_not
    FROM leaderboard_score AS l
    JOIN benchmark AS b USING (benchmark_id)
    JOIN model AS m USING (model_id)
    LEFT JOIN scores AS s ON s.benchmark_id = l.benchmark_id AND s.model_id = l.model_id
    LEFT JOIN size ON size.benchmark_id = l.benchmark_id
)
SELECT
    benchmark, model, published_metric, same_metric, published,
    by_items             AS recomputed,
    by_items - published AS difference,
    observed, published_mean,
    by_tasks             AS recomputed_by_tasks,
    CASE WHEN why_not IS NULL THEN same_mean - published END AS comparable_difference,
    why_not
FROM compared;
COMMENT ON VIEW score_comparison IS 'Scores recomputed from the answers beside the published ones. One row a published score.';
COMMENT ON COLUMN score_comparison.benchmark IS 'The benchmark.';
COMMENT ON COLUMN score_comparison.model IS 'The model.';
COMMENT ON COLUMN score_comparison.published_metric IS 'Metric of the published score.';
COMMENT ON COLUMN score_comparison.same_metric IS 'Whether the answers were judged by the same metric; if not, the two need not agree.';
COMMENT ON COLUMN score_comparison.published IS 'Published score in points, 0 to 100.';
COMMENT ON COLUMN score_comparison.recomputed IS 'Score from the answers in points, as the share of all items; NULL when there are none.';
COMMENT ON COLUMN score_comparison.difference IS 'recomputed minus published, points, whether or not the two are comparable.';
COMMENT ON COLUMN score_comparison.observed IS 'Answers that were observed.';
COMMENT ON COLUMN score_comparison.published_mean IS 'Over what the published score is a mean: items or tasks.';
COMMENT ON COLUMN score_comparison.recomputed_by_tasks IS 'Score from the answers in points, as the mean of the tasks.';
COMMENT ON COLUMN score_comparison.comparable_difference IS 'Recomputed in the way of the published score minus that, points; NULL when the two are not comparable.';
COMMENT ON COLUMN score_comparison.why_not IS 'Why the two are not comparable: another metric (TruthfulQA is published by mc2, its answers are mc1), missing answers; NULL when they are.';
