-- vanished_models: models whose evaluations are not on the Hub any more.
-- Grain: one row a model. Key: model. From: repo_state, model, threshold.
-- A model has vanished when each of its repositories has. Imported models have none.
CREATE OR REPLACE VIEW vanished_models AS
SELECT
    m.model,
    max(r.gone_since)                          AS gone_since,
    any_value(r.repo ORDER BY r.repo)          AS repo,
    NOT any_value(h.include_vanished)          AS left_out,
    m.model_id
FROM repo_state AS r
JOIN model AS m USING (model)
CROSS JOIN threshold AS h
GROUP BY m.model_id, m.model
HAVING count(*) = count(r.gone_since);
COMMENT ON VIEW vanished_models IS 'Models whose evaluations are not on the Hub any more. Their answers are kept. One row a model.';
COMMENT ON COLUMN vanished_models.model IS 'The model.';
COMMENT ON COLUMN vanished_models.gone_since IS 'Since when complete listings of the Hub do not have it any more, UTC.';
COMMENT ON COLUMN vanished_models.repo IS 'The repository that held its evaluation; the first by name of several.';
COMMENT ON COLUMN vanished_models.left_out IS 'Whether item statistics and builds leave its answers out: threshold.include_vanished, setting build.include_vanished.';
COMMENT ON COLUMN vanished_models.model_id IS 'Key of the model.';
