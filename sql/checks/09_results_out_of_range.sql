-- results_out_of_range: errors are not negative, scores are points, asymptotes are probabilities.
-- Severity: damage
-- Remedy: build the benchmark again; if it comes back, report a bug
SELECT concat(benchmark, ' ', form, ' ', method, ' ', part, ' ', grp) AS object, concat('rmse ', rmse, ', mae ', mae, ', coverage ', coverage) AS detail
FROM reconstruction_metric WHERE rmse < 0 OR mae < 0 OR rmse + 1e-9 < mae OR coverage NOT BETWEEN 0 AND 1
UNION ALL
SELECT concat('prediction of ', model, ' in ', benchmark), concat('score ', score)
FROM prediction WHERE score NOT BETWEEN 0 AND 100
UNION ALL
SELECT concat('item ', item, ' of ', benchmark), concat('asymptotes ', g, ' and ', u)
FROM item_parameter WHERE g NOT BETWEEN 0 AND 1 OR u NOT BETWEEN 0 AND 1 OR g >= u
