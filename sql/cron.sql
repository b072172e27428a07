-- The schedule. Where pg_cron lives in this database its jobs are made here; where it lives in another
-- one, health.schedule_sql() gives the statements to run there; without it the bridge ticks.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.note_cron_tick()
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE health_internal.engine
    SET last_cron_tick_at = clock_timestamp()
    WHERE engine.is_only_row IN (
        SELECT free.is_only_row FROM health_internal.engine AS free FOR UPDATE SKIP LOCKED
    );
$$;
COMMENT ON FUNCTION health_internal.note_cron_tick() IS
'Notes that pg_cron is at work, for engine_health.scheduler; not while another ticker works.';

CREATE OR REPLACE PROCEDURE health.run_scheduled_tick()
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM health_internal.note_cron_tick();
    COMMIT;
    CALL health.run_tick();
END;
$$;
COMMENT ON PROCEDURE health.run_scheduled_tick() IS
'pg_cron''s tick: run_tick, and engine_health.scheduler says pg_cron as long as it is called. Call it '
'outside a transaction.';

CREATE OR REPLACE PROCEDURE health.tick_for_a_minute()
LANGUAGE plpgsql
AS $$
DECLARE
    v_until constant timestamptz := clock_timestamp() + interval '59 seconds';
    v_next timestamptz;
BEGIN
    -- For pg_cron 1.4, whose shortest schedule is a minute.
    LOOP
        v_next := clock_timestamp() + (SELECT settings.tick_period FROM health.settings);
        CALL health.run_scheduled_tick();
        EXIT WHEN v_next > v_until;
        COMMIT;
        -- Until the period is over, or a lost session wants a tick of its own.
        LOOP
            PERFORM pg_sleep(greatest(0.01, least(
                date_part('epoch', v_next - clock_timestamp()), health.seconds_until_tick()
            )));
            COMMIT;
            EXIT WHEN clock_timestamp() >= v_next OR health.seconds_until_tick() <= 0;
        END LOOP;
        COMMIT;
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE health.tick_for_a_minute() IS
'Ticks each settings.tick_period for a minute, and between two when seconds_until_tick says so: the job '
'for pg_cron before 1.5, which knows minutes only. Call it outside a transaction.';

CREATE OR REPLACE FUNCTION health.schedule_sql(p_cron_version text DEFAULT '1.6')
RETURNS SETOF text
LANGUAGE sql
STABLE
AS $$
    SELECT format(
        'SELECT cron.schedule_in_database(%L, %L, %L, %L%s)',
        jobs.job_name || '_' || current_database(), jobs.schedule, jobs.command, current_database(),
        coalesce(', ' || quote_literal(jobs.login_name), '')
    )
    FROM (
        SELECT
            -- Versions look like 1.6 or 1.4-1.
            coalesce(
                regexp_match(p_cron_version, '^(\d+)\.(\d+)')::integer [] >= ARRAY[1, 5], false
            ) AS knows_seconds,
            least(59, greatest(1, round(date_part('epoch', settings.tick_period)))) AS seconds
        FROM health.settings
    ) AS cron
    CROSS JOIN LATERAL (
        VALUES
        (
            'health_tick',
            CASE
                WHEN NOT cron.knows_seconds THEN '* * * * *'
                WHEN cron.seconds = 1 THEN '1 second'
                ELSE cron.seconds || ' seconds'
            END,
            CASE
                WHEN cron.knows_seconds THEN 'CALL health.run_scheduled_tick()'
                ELSE 'CALL health.tick_for_a_minute()'
            END,
            NULL
        ),
        ('health_housekeeping', '* * * * *', 'CALL health.run_housekeeping()', NULL),
        ('health_foresight', '* * * * *', 'CALL health.run_foresight()', NULL),
        ('health_retraining', '41 3 * * *', 'CALL health.retrain_failure_models()', NULL),
        ('health_rollups', '* * * * *', 'CALL health.run_rollups()', NULL),
        -- As a login that may become nobody else: see check_rules_session.
        (
            'health_rules',
            CASE WHEN cron.knows_seconds THEN '5 seconds' ELSE '* * * * *' END,
            'CALL health.evaluate_rules()',
            'health_rules_runner'
        )
    ) AS jobs (job_name, schedule, command, login_name)
    UNION ALL
    -- The history is where pg_cron lives; one job for all monitors of the cluster.
    SELECT format(
        'SELECT cron.schedule(%L, %L, %L)', 'health_cron_history', '17 * * * *',
        'DELETE FROM cron.job_run_details WHERE end_time < now() - interval ''1 day'' '
        'AND command LIKE ''CALL health.%'''
    );
$$;
COMMENT ON FUNCTION health.schedule_sql(text) IS
'The statements that schedule the engine with pg_cron, to be run as a superuser in the database where '
'pg_cron lives; run them again after a change of settings.tick_period. p_cron_version: its version '
'(seconds need 1.5).';
GRANT EXECUTE ON FUNCTION health.schedule_sql(text) TO health_admin;
GRANT EXECUTE ON FUNCTION health_internal.note_cron_tick() TO health_bridge, health_admin;
GRANT EXECUTE ON PROCEDURE health.run_scheduled_tick() TO health_bridge, health_admin;
GRANT EXECUTE ON PROCEDURE health.tick_for_a_minute() TO health_bridge, health_admin;

RESET ROLE;

DO $$
DECLARE
    v_version text;
    v_statement text;
BEGIN
    SELECT pg_extension.extversion
    INTO v_version
    FROM pg_extension
    WHERE pg_extension.extname = 'pg_cron';
    IF v_version IS NULL THEN
        RETURN;
    END IF;
    -- One by one: a managed server's administrator may make jobs, but none for another login, which
    -- pg_cron refuses without a SQLSTATE of its own.
    FOR v_statement IN SELECT health.schedule_sql(v_version)
    LOOP
        BEGIN
            EXECUTE v_statement;
        EXCEPTION
            WHEN insufficient_privilege OR internal_error THEN
                RAISE WARNING 'pg_cron is here, but "%" may not run: %', current_user, v_statement
                    USING DETAIL = sqlerrm,
                    HINT = 'Run it as a superuser; until then a bridge does what the job would.';
        END;
    END LOOP;
END;
$$;

COMMIT;
