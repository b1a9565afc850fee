-- How exactly does the method that scores new models reconstruct the full score of models that nothing was fitted on?
SELECT m.benchmark, m.form, m.scheme, m.models, m.items, m.rmse, m.mae, m.coverage
FROM reconstruction_metric AS m
JOIN reconstruction_model AS r USING (benchmark, target, form, method)
WHERE r.chosen AND m.part = 'test' AND m.grp = 'all' AND m.target = m.benchmark
ORDER BY m.benchmark, m.form, m.scheme DESC;
