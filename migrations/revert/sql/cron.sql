BEGIN;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE pg_extension.extname = 'pg_cron') THEN
        PERFORM cron.unschedule(job.jobid)
        FROM cron.job
        WHERE job.database = current_database() AND job.jobname LIKE 'health\_%';
        REVOKE SELECT ON cron.job FROM health_owner;
        REVOKE USAGE ON SCHEMA cron FROM health_owner;
    END IF;
END;
$$;

DROP FUNCTION health.schedule_sql(text);
DROP PROCEDURE health.tick_for_a_minute();

COMMIT;
