BEGIN;

DO $$
BEGIN
    PERFORM 'health.register_agent(text, text, text, interval, jsonb, text)'::regprocedure;
    PERFORM 'health_internal.number_of(jsonb, text, text)'::regprocedure;
    PERFORM 'health_internal.counter_of(jsonb, text)'::regprocedure;
    PERFORM 'health.heartbeat(text, text, jsonb)'::regprocedure;
    PERFORM 'health.update_agent_state(text, text)'::regprocedure;
    PERFORM (
        'health.log_performance_metric('
        || 'text, text, double precision, text, timestamptz'
        || ')'
    )::regprocedure;
    PERFORM 'health.log_system_event(text, text, text, jsonb, timestamptz)'::regprocedure;
    PERFORM 'health.attach(text)'::regprocedure;
    PERFORM 'health.bridge_heartbeat(text, jsonb)'::regprocedure;
END;
$$;

ROLLBACK;
