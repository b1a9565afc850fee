-- threshold: whether models that are not on the Hub any more are analysed.
-- Grain: one row in all.
ALTER TABLE threshold ADD COLUMN include_vanished BOOLEAN DEFAULT true;
COMMENT ON COLUMN threshold.include_vanished IS 'Whether the answers of models that are not on the Hub any more count in item statistics and builds; they are kept in any case.';
