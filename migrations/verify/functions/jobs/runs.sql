BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.fold_signals(timestamptz, health_internal.arrival_range)'::regprocedure;
END;
$$;

ROLLBACK;
