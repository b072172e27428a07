BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.few_arrived(health_internal.arrival_range, integer)'::regprocedure;
    PERFORM 'health_internal.count_arrived(health_internal.arrival_range)'::regprocedure;
    PERFORM 'health_internal.look_for_due()'::regprocedure;
    PERFORM (
        'health_internal.fold_and_judge('
        || 'timestamptz, bigint, health_internal.arrival_range, boolean'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
