BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.replay_agent_anomalies(text, timestamptz, timestamptz);
DROP FUNCTION health.replay_anomalies(text, text, timestamptz, timestamptz);
DROP FUNCTION health_internal.check_replay_range(timestamptz, timestamptz);

COMMIT;
