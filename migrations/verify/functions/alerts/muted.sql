BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.is_waiting(health.deliveries, timestamptz)'::regprocedure;
    PERFORM 'health_internal.due_at(health.deliveries)'::regprocedure;
    PERFORM 'health_internal.muted_incidents(timestamptz, bigint [])'::regprocedure;
    PERFORM 'health_internal.has_mutes(timestamptz)'::regprocedure;
    PERFORM 'health_internal.muted_deliveries(timestamptz, bigint [])'::regprocedure;
END;
$$;

ROLLBACK;
