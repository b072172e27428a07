BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.establish_baselines(text, text, timestamptz, timestamptz, timestamptz);
DROP FUNCTION health_internal.stored_minutes(text, text, timestamptz, timestamptz);

COMMIT;
