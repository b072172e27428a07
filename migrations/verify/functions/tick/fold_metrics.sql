BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.fold_metrics('
        || 'timestamptz, health_internal.arrival_range'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
