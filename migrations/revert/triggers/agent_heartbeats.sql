BEGIN;

SET LOCAL ROLE health_owner;

DROP TRIGGER _100_admit ON health.ingest_heartbeats;
DROP FUNCTION health_internal.tg_ingest_heartbeats__admit();
DROP TRIGGER _100_admit ON health.agent_heartbeats;
DROP FUNCTION health_internal.tg_agent_heartbeats__admit();
DROP FUNCTION health_internal.ring_for(text []);

COMMIT;
