BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.schedule_field(text, text, integer, integer, text [])'::regprocedure;
    PERFORM 'health_internal.parse_schedule(text)'::regprocedure;
END;
$$;

ROLLBACK;
