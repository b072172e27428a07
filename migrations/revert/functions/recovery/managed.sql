BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.tell_of_unmanaged(timestamptz, text []);
DROP FUNCTION health_internal.unmanaged_agents(text [], timestamptz);
DROP FUNCTION health.announce_agents(text, text [], timestamptz);

COMMIT;
