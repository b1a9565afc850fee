-- leaderboard_score: a score as published.
-- Grain: one row a model, benchmark and metric. Key: (model_id, benchmark_id, metric).
CREATE TABLE leaderboard_score (
    model_id     INTEGER NOT NULL,
    benchmark_id INTEGER NOT NULL,
    metric       VARCHAR NOT NULL,
    score        DOUBLE NOT NULL CHECK (isfinite(score)),
    file_id      INTEGER NOT NULL
);
COMMENT ON TABLE leaderboard_score IS 'A score as the leaderboard published it, to compare recomputed ones with.';
COMMENT ON COLUMN leaderboard_score.model_id IS 'The model.';
COMMENT ON COLUMN leaderboard_score.benchmark_id IS 'The benchmark.';
COMMENT ON COLUMN leaderboard_score.metric IS 'Metric of the published score; need not be the one of the answers.';
COMMENT ON COLUMN leaderboard_score.score IS 'Score in points from 0 to 100.';
COMMENT ON COLUMN leaderboard_score.file_id IS 'The file it was read from.';
