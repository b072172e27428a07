BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.event_weight(text)'::regprocedure;
    PERFORM 'health_internal.fold_events(timestamptz, health_internal.arrival_range)'::regprocedure;
END;
$$;

ROLLBACK;
