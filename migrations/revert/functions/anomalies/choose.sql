BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.unwatch_series(text, text, timestamptz);
DROP FUNCTION health.watch_series(text, text, timestamptz);
DROP FUNCTION health_internal.set_watched(text, text, boolean, timestamptz);

COMMIT;
