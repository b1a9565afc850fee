-- release: a version of forms that does not change any more.
-- Grain: one row a release. Key: version. Rows are added and retired, never deleted.
CREATE TABLE release (
    version      VARCHAR NOT NULL,
    identity     VARCHAR NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    note         VARCHAR,
    run_id       VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL,
    config_hash  VARCHAR NOT NULL,
    retired_at   TIMESTAMP
);
COMMENT ON TABLE release IS 'A version of forms that does not change any more: its items are in released_item, and builds calibrate them anew on the present answers. One row a release.';
COMMENT ON COLUMN release.version IS 'Its name. Result rows of its forms have the form FORM@VERSION, such as A@2026-11.';
COMMENT ON COLUMN release.identity IS 'What is in it: the first 16 hexadecimal digits of the SHA-256 of benchmark, form, task, item and question hash of its items in order.';
COMMENT ON COLUMN release.created_at IS 'When it was made, UTC.';
COMMENT ON COLUMN release.note IS 'What its maker wrote about it; NULL for nothing.';
COMMENT ON COLUMN release.run_id IS 'Run of the results it was made from: that of all benchmarks together, or of its only benchmark.';
COMMENT ON COLUMN release.code_version IS 'Version of the program in that run.';
COMMENT ON COLUMN release.config_hash IS 'Hash of the settings of that run.';
COMMENT ON COLUMN release.retired_at IS 'When it was retired, UTC: builds do not calibrate it any more. NULL while it is in use.';
