BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.expect_after(health.job_expectations)'::regprocedure;
    PERFORM 'health_internal.expect_next(text [])'::regprocedure;
    PERFORM 'health_internal.watch_jobs(timestamptz)'::regprocedure;
    PERFORM 'health_internal.sweep_jobs(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
