BEGIN;

DO $$
BEGIN
    PERFORM 'health.silence(jsonb, timestamptz, text, text, timestamptz)'::regprocedure;
    PERFORM 'health.end_silence(bigint, text, timestamptz)'::regprocedure;
    PERFORM 'health.add_dependency(text, text, text, integer)'::regprocedure;
    PERFORM 'health.remove_dependency(text, text)'::regprocedure;
    PERFORM 'health_internal.dead_parents(text [])'::regprocedure;
END;
$$;

ROLLBACK;
