BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.note_gap(timestamptz, health_internal.engine, timestamptz);
DROP FUNCTION health_internal.unheard_agents(text [], timestamptz);
DROP FUNCTION health_internal.accused_at(
    timestamptz, double precision, health_internal.blindness
);
DROP FUNCTION health_internal.recent_blind_seconds(
    timestamptz, timestamptz, health_internal.blindness
);
DROP FUNCTION health_internal.recent_blindness();
DROP FUNCTION health_internal.blind_seconds(timestamptz, timestamptz);

COMMIT;
