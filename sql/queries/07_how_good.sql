-- How exactly is the full score reconstructed for models that nothing was fitted on?
SELECT benchmark, form, method, scheme, models, items, rmse, mae, coverage
FROM reconstruction_metric
WHERE part = 'test' AND grp = 'all' AND target = benchmark
ORDER BY benchmark, form, rmse;
