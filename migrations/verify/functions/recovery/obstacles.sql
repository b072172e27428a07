BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.agents_in_maintenance(text [], timestamptz)'::regprocedure;
    PERFORM 'health_internal.missing_parents(text [], timestamptz)'::regprocedure;
    PERFORM 'health_internal.spent_by_groups(timestamptz)'::regprocedure;
    PERFORM 'health_internal.recoveries_to_judge(timestamptz, boolean, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
