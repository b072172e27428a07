BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.failure_moments'::regclass;
    PERFORM 'health_internal.agent_history'::regclass;
    PERFORM 'health_internal.is_watched(text)'::regprocedure;
    PERFORM 'health_internal.heartbeat_measures()'::regprocedure;
END;
$$;

ROLLBACK;
