BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.fold_beats('
        || 'health.agent_status, health_internal.beat [], double precision, timestamptz, '
        || 'double precision, double precision, double precision'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
