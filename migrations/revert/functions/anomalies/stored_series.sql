BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.series_until(text, text, timestamptz);
DROP FUNCTION health_internal.is_counter_name(text);

COMMIT;
