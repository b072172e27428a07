BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.number_of(jsonb, text, text)'::regprocedure;
    PERFORM 'health_internal.counter_of(jsonb, text)'::regprocedure;
    PERFORM 'health.heartbeat(text, text, jsonb)'::regprocedure;
    PERFORM 'health.update_agent_state(text, text)'::regprocedure;
    PERFORM 'health.bridge_heartbeat(text, jsonb)'::regprocedure;
END;
$$;

ROLLBACK;
