BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.configure_jobs(timestamptz, text []);
DROP FUNCTION health_internal.expect_run(text, text, timestamptz, boolean);
DROP FUNCTION health_internal.run_counts_from(timestamptz, timestamptz);
DROP FUNCTION health.set_schedule(text, text, text, interval, interval);

COMMIT;
