BEGIN;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE pg_extension.extname = 'pg_cron') THEN
        PERFORM cron.unschedule(job.jobid)
        FROM cron.job
        WHERE job.database = current_database() AND job.jobname LIKE 'health\_%';
    END IF;
END;
$$;

DROP FUNCTION health.schedule_sql(text);
DROP PROCEDURE health.tick_for_a_minute();
DROP PROCEDURE health.run_scheduled_tick();
DROP FUNCTION health_internal.note_cron_tick();

COMMIT;
