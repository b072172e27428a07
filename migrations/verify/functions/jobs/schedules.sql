BEGIN;

DO $$
BEGIN
    PERFORM 'health.set_schedule(text, text, text, interval, interval)'::regprocedure;
    PERFORM 'health_internal.run_counts_from(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.expect_run(text, text, timestamptz, boolean)'::regprocedure;
    PERFORM 'health_internal.configure_jobs(timestamptz, text [])'::regprocedure;
END;
$$;

ROLLBACK;
