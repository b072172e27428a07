BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.is_waiting(health.deliveries, timestamptz)'::regprocedure;
    PERFORM 'health_internal.muted_incidents(timestamptz, bigint [])'::regprocedure;
    PERFORM 'health_internal.has_mutes(timestamptz)'::regprocedure;
    PERFORM 'health_internal.muted_deliveries(timestamptz)'::regprocedure;
    PERFORM 'health_internal.withdraw_messages(timestamptz, bigint [])'::regprocedure;
    PERFORM 'health_internal.withdraw_at_once(timestamptz, bigint)'::regprocedure;
END;
$$;

ROLLBACK;
