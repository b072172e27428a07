BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.end_silence(bigint, text, timestamptz);
DROP FUNCTION health.silence(jsonb, timestamptz, text, text, timestamptz);

COMMIT;
