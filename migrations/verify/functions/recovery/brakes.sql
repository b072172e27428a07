BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.agents_in_maintenance(timestamptz)'::regprocedure;
    PERFORM 'health_internal.dead_parents()'::regprocedure;
    PERFORM 'health_internal.has_dead_parent(text)'::regprocedure;
    PERFORM 'health_internal.apply_brakes(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
