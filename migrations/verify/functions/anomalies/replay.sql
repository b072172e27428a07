BEGIN;

DO $$
BEGIN
    PERFORM 'health.replay_anomalies(text, text, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health.replay_agent_anomalies(text, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.check_replay_range(timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
