BEGIN;

SET LOCAL ROLE health_owner;

DROP TRIGGER _100_guard ON health.ingest_heartbeats;
DROP FUNCTION health_internal.tg_ingest_heartbeats__guard();
DROP TRIGGER _500_copy_signal ON health.ingest_heartbeats;
DROP TRIGGER _500_copy_signal ON health.agent_heartbeats;
DROP FUNCTION health_internal.tg_agent_heartbeats__copy_signal();
DROP TRIGGER _900_ring ON health.ingest_heartbeats;
DROP TRIGGER _900_ring ON health.agent_heartbeats;
DROP FUNCTION health_internal.tg_agent_heartbeats__ring();

COMMIT;
