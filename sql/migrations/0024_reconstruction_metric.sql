-- reconstruction_metric: the error of a method on a part of the models.
-- Grain: one row a benchmark, target, form, method, scheme, part and group. Key: (benchmark, target, form, method, scheme, part, grp); a build replaces a benchmark's rows.
CREATE TABLE reconstruction_metric (
    benchmark VARCHAR NOT NULL,
    target    VARCHAR NOT NULL,
    form      VARCHAR NOT NULL,
    method    VARCHAR NOT NULL,
    scheme    VARCHAR NOT NULL,
    part      VARCHAR NOT NULL,
    grp       VARCHAR NOT NULL,
    models    INTEGER NOT NULL,
    items     INTEGER NOT NULL,
    rmse      DOUBLE CHECK (isfinite(rmse)),
    mae       DOUBLE CHECK (isfinite(mae)),
    bias      DOUBLE CHECK (isfinite(bias)),
    spearman  DOUBLE CHECK (isfinite(spearman)),
    coverage  DOUBLE CHECK (isfinite(coverage)),
    width     DOUBLE CHECK (isfinite(width)),
    run_id    VARCHAR NOT NULL
);
COMMENT ON TABLE reconstruction_metric IS 'The error of a method on a part of the models. One row a benchmark, target, form, method, scheme, part and group.';
COMMENT ON COLUMN reconstruction_metric.benchmark IS 'Benchmark the result is about; mean for what spans all of them.';
COMMENT ON COLUMN reconstruction_metric.target IS 'Score that is predicted: a benchmark, or mean for the mean of all.';
COMMENT ON COLUMN reconstruction_metric.form IS 'A, or B for the disjoint second form.';
COMMENT ON COLUMN reconstruction_metric.method IS 'Method of reconstruction.';
COMMENT ON COLUMN reconstruction_metric.scheme IS 'Scheme of the split: random or family.';
COMMENT ON COLUMN reconstruction_metric.part IS 'train, validation or test.';
COMMENT ON COLUMN reconstruction_metric.grp IS 'all, or a part of those models: low third, middle third, high third, a family.';
COMMENT ON COLUMN reconstruction_metric.models IS 'Models the error was measured on.';
COMMENT ON COLUMN reconstruction_metric.items IS 'Items the method reads.';
COMMENT ON COLUMN reconstruction_metric.rmse IS 'Root mean square error in points.';
COMMENT ON COLUMN reconstruction_metric.mae IS 'Mean absolute error in points.';
COMMENT ON COLUMN reconstruction_metric.bias IS 'Mean of predicted minus true, points.';
COMMENT ON COLUMN reconstruction_metric.spearman IS 'Rank correlation of predicted and true; NULL when undefined.';
COMMENT ON COLUMN reconstruction_metric.coverage IS 'Share of true scores inside the 90 % interval; NULL when there is none.';
COMMENT ON COLUMN reconstruction_metric.width IS 'Mean width of the interval in points; NULL when there is none.';
COMMENT ON COLUMN reconstruction_metric.run_id IS 'Run that wrote it.';
