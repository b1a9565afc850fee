-- score_comparison: recomputed beside published scores.
-- Grain: one row a published score. Key: (benchmark, model, metric). From: leaderboard_score, scores.
CREATE OR REPLACE VIEW score_comparison AS
SELECT
    b.benchmark,
    m.model,
    l.metric                         AS published_metric,
    b.metric = l.metric              AS same_metric,
    l.score                          AS published,
    s.score                          AS recomputed,
    s.score - l.score                AS difference,
    s.observed
FROM leaderboard_score AS l
JOIN benchmark AS b USING (benchmark_id)
JOIN model AS m USING (model_id)
LEFT JOIN scores AS s ON s.benchmark_id = l.benchmark_id AND s.model_id = l.model_id;
COMMENT ON VIEW score_comparison IS 'Scores recomputed from the answers beside the published ones. One row a published score.';
COMMENT ON COLUMN score_comparison.benchmark IS 'The benchmark.';
COMMENT ON COLUMN score_comparison.model IS 'The model.';
COMMENT ON COLUMN score_comparison.published_metric IS 'Metric of the published score.';
COMMENT ON COLUMN score_comparison.same_metric IS 'Whether the answers were judged by the same metric; if not, the two need not agree.';
COMMENT ON COLUMN score_comparison.published IS 'Published score in points, 0 to 100.';
COMMENT ON COLUMN score_comparison.recomputed IS 'Score from the answers in points; NULL when there are none.';
COMMENT ON COLUMN score_comparison.difference IS 'recomputed minus published, points.';
COMMENT ON COLUMN score_comparison.observed IS 'Answers that were observed.';
