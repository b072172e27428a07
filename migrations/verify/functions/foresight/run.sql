BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.note_foresight_error(text, text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.due_foresight_parts(timestamptz)'::regprocedure;
    PERFORM 'health_internal.run_foresight_part(text, timestamptz)'::regprocedure;
    PERFORM 'health.run_foresight(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
