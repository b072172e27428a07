BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.resend_messages(text, text, timestamptz);
DROP FUNCTION health_internal.unheard_messages(timestamptz);

COMMIT;
