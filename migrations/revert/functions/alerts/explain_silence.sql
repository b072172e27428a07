BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.explain_silence(text, timestamptz, timestamptz);

COMMIT;
