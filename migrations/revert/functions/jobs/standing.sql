BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.job_standing(text);
DROP FUNCTION health_internal.refresh_jobs(timestamptz, text []);

COMMIT;
