BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.held_sessions()'::regprocedure;
    PERFORM 'health_internal.next_suspicion_at(timestamptz)'::regprocedure;
    PERFORM 'health_internal.has_cron_ticked(timestamptz)'::regprocedure;
    PERFORM 'health.seconds_until_tick(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
