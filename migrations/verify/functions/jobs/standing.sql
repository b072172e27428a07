BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.refresh_jobs(timestamptz, text [])'::regprocedure;
    PERFORM 'health_internal.job_standing(text)'::regprocedure;
END;
$$;

ROLLBACK;
