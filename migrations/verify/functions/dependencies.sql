BEGIN;

DO $$
BEGIN
    PERFORM 'health.add_dependency(text, text, text, integer)'::regprocedure;
    PERFORM 'health.remove_dependency(text, text)'::regprocedure;
    PERFORM 'health_internal.returned_parents(text [], timestamptz)'::regprocedure;
    PERFORM 'health_internal.dead_parents(text [], timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
