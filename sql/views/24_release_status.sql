-- release_status: how a released form does now, and what a new release would gain.
-- Grain: one row a version, form and benchmark, and one for the mean of several. Key: (version, form, benchmark).
-- From: release, released_item, selected_item, released_calibration, release_drift, reconstruction_metric, prediction.
-- The gain is the difference of the two forms' RMSE on the same test models. Its standard error is that of the mean
-- difference of their squared errors, divided by the sum of both RMSE.
CREATE OR REPLACE VIEW release_status AS
WITH proposal AS (
    SELECT r.version, r.form, r.benchmark, count(*) AS items, count(s.item) AS common_items
    FROM released_item AS r
    LEFT JOIN selected_item AS s ON s.benchmark = r.benchmark AND s.form = r.form AND s.item = r.item
    GROUP BY r.version, r.form, r.benchmark
),
calibrated AS (
    SELECT benchmark, form AS name, count(*) AS items FROM selected_item WHERE contains(form, '@') GROUP BY benchmark, form
),
history AS (
    SELECT version, form, benchmark, max(calibration) AS calibrations, arg_max(models, calibration) AS models
    FROM released_calibration GROUP BY version, form, benchmark
),
drift AS (
    SELECT version, form, benchmark, count(*) FILTER (drifted) AS drifted FROM release_drift WHERE since = 'first' GROUP BY version, form, benchmark
),
single AS (
    SELECT p.version, p.form, p.benchmark, p.items, coalesce(c.items, 0) AS calibrated_items, p.common_items,
        h.models, coalesce(h.calibrations, 0) AS calibrations, coalesce(d.drifted, 0) AS drifted_items
    FROM proposal AS p
    LEFT JOIN calibrated AS c ON c.benchmark = p.benchmark AND c.name = concat(p.form, '@', p.version)
    LEFT JOIN history AS h ON h.version = p.version AND h.form = p.form AND h.benchmark = p.benchmark
    LEFT JOIN drift AS d ON d.version = p.version AND d.form = p.form AND d.benchmark = p.benchmark
),
each_form AS (
    FROM single
    UNION ALL
    SELECT version, form, 'mean', sum(items)::BIGINT, sum(calibrated_items)::BIGINT, sum(common_items)::BIGINT, NULL, max(calibrations), sum(drifted_items)::BIGINT
    FROM single GROUP BY version, form HAVING count(*) > 1
),
error AS (
    SELECT target, form AS name, models, rmse FROM reconstruction_metric
    WHERE benchmark = target AND method = 'gaussian process' AND scheme = 'random' AND part = 'test' AND grp = 'all'
),
squared AS (
    SELECT target, form AS name, model, (predicted - score) ** 2 AS e2 FROM prediction
    WHERE benchmark = target AND method = 'gaussian process' AND scheme = 'random' AND part = 'test'
),
noise AS (
    SELECT r.target, r.name, stddev_samp(r.e2 - p.e2) / sqrt(count(*)) AS se
    FROM squared AS r JOIN squared AS p ON p.target = r.target AND p.model = r.model AND p.name = split_part(r.name, '@', 1)
    WHERE contains(r.name, '@') GROUP BY r.target, r.name
),
compared AS (
    SELECT e.*, l.created_at, l.retired_at IS NOT NULL AS retired, r.models AS test_models, r.rmse, p.rmse AS proposal_rmse,
        r.rmse - p.rmse AS gain, n.se / nullif(r.rmse + p.rmse, 0) AS gain_se
    FROM each_form AS e
    JOIN release AS l ON l.version = e.version
    LEFT JOIN error AS r ON r.target = e.benchmark AND r.name = concat(e.form, '@', e.version)
    LEFT JOIN error AS p ON p.target = e.benchmark AND p.name = e.form
    LEFT JOIN noise AS n ON n.target = e.benchmark AND n.name = concat(e.form, '@', e.version)
)
SELECT
    version, form, benchmark, retired, items, calibrated_items, common_items, drifted_items, calibrations, models, test_models,
    rmse, proposal_rmse, gain, round(gain_se, 6) AS gain_se,
    coalesce(gain > 2 * gain_se, false) AS better
FROM compared
ORDER BY created_at DESC, version, form, benchmark = 'mean', benchmark;
COMMENT ON VIEW release_status IS 'How a released form does on the present answers, and what a new release of the form that is selected now would gain. One row a version, form and benchmark, and one for the mean of several.';
COMMENT ON COLUMN release_status.version IS 'The release; the newest comes first.';
COMMENT ON COLUMN release_status.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN release_status.benchmark IS 'The benchmark; mean for the mean of all, from the answers to all of them.';
COMMENT ON COLUMN release_status.retired IS 'Whether builds do not calibrate it any more.';
COMMENT ON COLUMN release_status.items IS 'Items that were released.';
COMMENT ON COLUMN release_status.calibrated_items IS 'How many of them the last build calibrated: all that still have answers; 0 before a build, or when it is retired.';
COMMENT ON COLUMN release_status.common_items IS 'How many of them the same form of the present selection has too.';
COMMENT ON COLUMN release_status.drifted_items IS 'How many of them have changed since the first calibration beyond what sampling explains; see release_drift.';
COMMENT ON COLUMN release_status.calibrations IS 'How often it was calibrated with another outcome.';
COMMENT ON COLUMN release_status.models IS 'Training models of the last calibration; NULL for the mean.';
COMMENT ON COLUMN release_status.test_models IS 'Models that both errors are measured on. The released items were chosen with the training models of their own time, so that some of today''s test models may have been among those.';
COMMENT ON COLUMN release_status.rmse IS 'Root mean squared error of the released form now, points.';
COMMENT ON COLUMN release_status.proposal_rmse IS 'The same of the form that is selected now, points.';
COMMENT ON COLUMN release_status.gain IS 'rmse - proposal_rmse: what a new release would gain, points; below 0 where it would lose.';
COMMENT ON COLUMN release_status.gain_se IS 'Standard error of the gain over test models, points.';
COMMENT ON COLUMN release_status.better IS 'Whether the gain is more than two standard errors.';
