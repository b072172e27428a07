BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.fold_unusual_beats('
        || 'bigint, health_internal.beat [], boolean, health_internal.arrival_range, '
        || 'timestamptz'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
