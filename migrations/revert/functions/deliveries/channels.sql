BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.set_channel(text, text, text, boolean, boolean, double precision, integer);
DROP FUNCTION health_internal.channel_tokens(health.channels, timestamptz);

COMMIT;
