BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.ingest_heartbeats;
DROP TABLE health.agent_heartbeats;

COMMIT;
