BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.arrived_signals(health_internal.arrival_range)'::regprocedure;
    PERFORM 'health_internal.recent_signals(timestamptz, health_internal.arrival_range)'::regprocedure;
    PERFORM 'health_internal.told_runs(timestamptz, health_internal.arrival_range)'::regprocedure;
END;
$$;

ROLLBACK;
