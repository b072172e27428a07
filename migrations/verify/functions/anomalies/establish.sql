BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.stored_minutes(text, text, timestamptz, timestamptz)'::regprocedure;
    PERFORM
        'health.establish_baselines(text, text, timestamptz, timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
