BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.job_expectations;
DROP TABLE health.job_runs;
DROP TABLE health_internal.job_signals;

COMMIT;
