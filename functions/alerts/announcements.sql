-- How people announce maintenance, once or weekly, and call it off.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.schedule_maintenance(
    p_matchers jsonb,
    p_from timestamptz,
    p_until timestamptz,
    p_by text,
    p_reason text,
    p_uptime_method text DEFAULT 'excluded',
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_window_id bigint;
BEGIN
    IF p_from IS NULL OR p_until IS NULL OR p_until <= greatest(p_from, p_now)
        OR p_until = 'infinity' THEN
        RAISE EXCEPTION 'maintenance from % until % is no time to come', p_from, p_until
            USING ERRCODE = 'AL003',
                HINT = 'Give an end that is finite, after the beginning and not past.';
    END IF;
    INSERT INTO health.maintenance_windows AS windows (
        matchers, starts_at, ends_at, uptime_method, created_by, reason
    )
    VALUES (
        health_internal.check_matchers(p_matchers, health_internal.agent_matcher_keys()),
        p_from, p_until, p_uptime_method, coalesce(p_by, session_user), coalesce(p_reason, '')
    )
    RETURNING windows.window_id INTO v_window_id;
    PERFORM health_internal.refresh_maintenance(p_now);
    PERFORM health_internal.withdraw_at_once(p_now, v_window_id);
    RETURN v_window_id;
END;
$$;
COMMENT ON FUNCTION health.schedule_maintenance(
    jsonb, timestamptz, timestamptz, text, text, text, timestamptz
) IS
'Announces maintenance of the agents p_matchers name, from p_from (at once where that is past) to '
'p_until: their alerts open but do not page, and they are not restarted. p_uptime_method says how '
'availability counts it. Returns the window_id. Raises AL002 for matchers, AL003 for times, that make '
'no sense.';

CREATE OR REPLACE FUNCTION health.schedule_weekly_maintenance(
    p_matchers jsonb,
    p_weekdays integer [],
    p_from time,
    p_until time,
    p_time_zone text,
    p_by text,
    p_reason text,
    p_uptime_method text DEFAULT 'excluded',
    p_valid_from timestamptz DEFAULT NULL,
    p_valid_until timestamptz DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_window_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_timezone_names AS zones WHERE zones.name = p_time_zone) THEN
        RAISE EXCEPTION 'time zone "%" is not known', coalesce(p_time_zone, 'NULL')
            USING ERRCODE = 'AL003',
                HINT = 'SELECT name FROM pg_timezone_names lists them, such as Europe/Berlin.';
    END IF;
    IF p_from IS NULL OR p_until IS NULL OR p_weekdays IS NULL THEN
        RAISE EXCEPTION 'weekly maintenance needs weekdays and two times of day'
            USING ERRCODE = 'AL003',
                HINT = 'Monday is 1 and Sunday 7; an end not later than the beginning is on the '
                    'next day.';
    END IF;
    INSERT INTO health.maintenance_windows AS windows (
        matchers, starts_at, ends_at, weekdays, from_time, until_time, time_zone, uptime_method,
        created_by, reason
    )
    VALUES (
        health_internal.check_matchers(p_matchers, health_internal.agent_matcher_keys()),
        coalesce(p_valid_from, '-infinity'), coalesce(p_valid_until, 'infinity'),
        p_weekdays, p_from, p_until, p_time_zone, p_uptime_method, coalesce(p_by, session_user),
        coalesce(p_reason, '')
    )
    RETURNING windows.window_id INTO v_window_id;
    PERFORM health_internal.refresh_maintenance(p_now);
    PERFORM health_internal.withdraw_at_once(p_now, v_window_id);
    RETURN v_window_id;
END;
$$;
COMMENT ON FUNCTION health.schedule_weekly_maintenance(
    jsonb, integer [], time, time, text, text, text, text, timestamptz, timestamptz, timestamptz
) IS
'Announces maintenance on given days (Monday 1 to Sunday 7) between two local times of a zone; an end '
'not later than the beginning is on the next day. Returns the window_id. Raises AL002 for matchers, '
'AL003 for times, that make no sense.';

CREATE OR REPLACE FUNCTION health.cancel_maintenance(
    p_window_id bigint,
    p_by text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE health.maintenance_windows AS windows
    SET cancelled_by = coalesce(p_by, session_user)
    WHERE windows.window_id = p_window_id
        AND windows.cancelled_by IS NULL
        AND windows.ends_at > p_now;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'maintenance % is not to come', coalesce(p_window_id::text, 'NULL')
            USING ERRCODE = 'AL004',
                HINT = 'SELECT * FROM health.maintenance_windows lists them.';
    END IF;
    PERFORM health_internal.refresh_maintenance(p_now);
END;
$$;
COMMENT ON FUNCTION health.cancel_maintenance(bigint, text, timestamptz) IS
'Ends a maintenance that runs or is to come; the next tick tells what is still wrong. Raises AL004 '
'where there is none.';

GRANT EXECUTE ON FUNCTION
health.schedule_maintenance(jsonb, timestamptz, timestamptz, text, text, text, timestamptz),
health.schedule_weekly_maintenance(
    jsonb, integer [], time, time, text, text, text, text, timestamptz, timestamptz, timestamptz
),
health.cancel_maintenance(bigint, text, timestamptz) TO health_operator;

COMMIT;
