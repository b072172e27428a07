BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.sweep_jobs(timestamptz);
DROP FUNCTION health_internal.watch_jobs(timestamptz);
DROP FUNCTION health_internal.expect_next(text []);
DROP FUNCTION health_internal.expect_after(health.job_expectations);

COMMIT;
