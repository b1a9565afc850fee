-- release_drift: how an item of a released form has changed between two calibrations.
-- Grain: one row a version, form, benchmark, item and earlier calibration. Key: (version, form, benchmark, item, since). From: released_calibration.
-- Each calibration has its own scale (0 and 1 are mean and SD of its models' abilities). The later one is put on the
-- scale of the earlier by the items themselves: with theta_earlier = slope theta_later + shift,
--   slope = exp(median(ln a_later - ln a_earlier)), shift = median((d_later - d_earlier) slope / a_later)
--   a = a_later / slope, d = d_later - a shift
-- so that what all items have in common counts as a change of the models. z is the rest in standard errors of two
-- calibrations on different models; they share most, so that chance alone makes z smaller than that.
CREATE OR REPLACE VIEW release_drift AS
WITH numbered AS (
    SELECT version, form, benchmark, list_sort(list(DISTINCT calibration)) AS calibrations
    FROM released_calibration
    GROUP BY version, form, benchmark
),
pair AS (
    SELECT version, form, benchmark, since, earlier, calibrations[-1] AS later
    FROM (SELECT *, unnest(['first', 'previous']) AS since, unnest([calibrations[1], calibrations[-2]]) AS earlier FROM numbered)
    WHERE len(calibrations) > 1
),
joined AS (
    SELECT p.*, e.item, e.models AS earlier_models, l.models AS later_models, e.share_correct AS earlier_share, l.share_correct AS later_share,
        e.a AS a0, e.d AS d0, e.se_a AS sa0, e.se_d AS sd0, l.a AS a1, l.d AS d1, l.se_a AS sa1, l.se_d AS sd1, e.run_id AS earlier_run, l.run_id AS later_run
    FROM pair AS p
    JOIN released_calibration AS e ON e.version = p.version AND e.form = p.form AND e.benchmark = p.benchmark AND e.calibration = p.earlier
    JOIN released_calibration AS l ON l.version = p.version AND l.form = p.form AND l.benchmark = p.benchmark AND l.calibration = p.later AND l.item = e.item
),
sloped AS (
    SELECT *, exp(coalesce(median(CASE WHEN a0 > 0 AND a1 > 0 THEN ln(a1) - ln(a0) END) OVER (PARTITION BY version, form, benchmark, since), 0)) AS slope
    FROM joined
),
shifted AS (
    SELECT *, coalesce(median(CASE WHEN a1 > 0 THEN (d1 - d0) * slope / a1 END) OVER (PARTITION BY version, form, benchmark, since), 0) AS shift
    FROM sloped
),
standard AS (
    SELECT *,
        (a1 / slope - a0) / nullif(sqrt(sa0 ** 2 + (sa1 / slope) ** 2), 0) AS z_a,
        (d1 - a1 / slope * shift - d0) / nullif(sqrt(sd0 ** 2 + sd1 ** 2 + (sa1 / slope * shift) ** 2), 0) AS z_d
    FROM shifted
)
SELECT
    version, form, benchmark, item, since, earlier_run, later_run, earlier_models, later_models,
    earlier_share AS earlier_share_correct,
    later_share   AS later_share_correct,
    a0            AS earlier_a,
    d0            AS earlier_d,
    a1 / slope    AS later_a,
    d1 - a1 / slope * shift AS later_d,
    z_a, z_d,
    coalesce(greatest(abs(z_a), abs(z_d)) > 4, false) AS drifted
FROM standard
ORDER BY version, form, benchmark, since, item;
COMMENT ON VIEW release_drift IS 'How an item of a released form has changed between the last calibration and an earlier one, beyond what all its items have in common. One row a version, form, benchmark, item and earlier calibration.';
COMMENT ON COLUMN release_drift.version IS 'The release.';
COMMENT ON COLUMN release_drift.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN release_drift.benchmark IS 'The benchmark.';
COMMENT ON COLUMN release_drift.item IS 'The item.';
COMMENT ON COLUMN release_drift.since IS 'Which calibration the last one is compared with: first, or previous.';
COMMENT ON COLUMN release_drift.earlier_run IS 'Run of the earlier calibration.';
COMMENT ON COLUMN release_drift.later_run IS 'Run of the last one.';
COMMENT ON COLUMN release_drift.earlier_models IS 'Training models of the earlier calibration.';
COMMENT ON COLUMN release_drift.later_models IS 'Training models of the last one.';
COMMENT ON COLUMN release_drift.earlier_share_correct IS 'Share of correct answers among all models at the earlier calibration.';
COMMENT ON COLUMN release_drift.later_share_correct IS 'The same at the last one: changes with the models as well as with the item.';
COMMENT ON COLUMN release_drift.earlier_a IS 'Slope in the earlier calibration.';
COMMENT ON COLUMN release_drift.earlier_d IS 'Intercept in the earlier calibration.';
COMMENT ON COLUMN release_drift.later_a IS 'Slope in the last calibration, on the scale of the earlier one.';
COMMENT ON COLUMN release_drift.later_d IS 'Intercept in the last calibration, on the scale of the earlier one.';
COMMENT ON COLUMN release_drift.z_a IS 'later_a - earlier_a in standard errors of the difference of two calibrations on different models; NULL without standard errors.';
COMMENT ON COLUMN release_drift.z_d IS 'The same for d; the covariance of a and d is left out.';
COMMENT ON COLUMN release_drift.drifted IS 'Whether either is beyond 4 standard errors: more than sampling explains, of 700 items in fewer than one release in ten.';
