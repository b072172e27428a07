BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.record_pings(json);
DROP FUNCTION health.revoke_ping_url(uuid, text, timestamptz);
DROP FUNCTION health.create_ping_url(text, text, uuid, text, timestamptz);

COMMIT;
