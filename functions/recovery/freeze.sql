-- Freeze windows: when nothing is restarted on the engine's own decision.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.open_freeze_windows(p_now timestamptz)
RETURNS TABLE (window_id bigint, window_name text, policy_class text, until_at timestamptz)
LANGUAGE sql
STABLE
AS $$
    SELECT
        windows.window_id,
        windows.window_name,
        windows.policy_class,
        times.until_at
    FROM health.freeze_windows AS windows
    CROSS JOIN LATERAL (
        SELECT windows.starts_at AS from_at, windows.ends_at AS until_at
        WHERE windows.starts_at IS NOT NULL
        UNION ALL
        -- The days of the last week on which one may have begun that is not over yet.
        SELECT
            (days.begins_on + windows.local_time) AT TIME ZONE windows.time_zone,
            (days.begins_on + windows.local_time + windows.lasts) AT TIME ZONE windows.time_zone
        FROM (
            SELECT (p_now AT TIME ZONE windows.time_zone)::date - ago.days AS begins_on
            FROM generate_series(0, 7) AS ago (days)
        ) AS days
        WHERE windows.weekdays IS NOT NULL
            AND date_part('isodow', days.begins_on)::smallint = ANY (windows.weekdays)
    ) AS times
    WHERE times.from_at <= p_now
        AND times.until_at > p_now
        AND (windows.ended_at IS NULL OR windows.ended_at > p_now);
$$;
COMMENT ON FUNCTION health_internal.open_freeze_windows(timestamptz) IS
'The freeze windows that are open at p_now and until when. A weekly one begins and ends by the clocks '
'of its time zone.';

CREATE OR REPLACE FUNCTION health_internal.check_policy_class(p_policy_class text)
RETURNS void
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    IF p_policy_class IS NOT NULL AND NOT EXISTS (
        SELECT FROM health.current_policies AS policies
        WHERE policies.policy_class = p_policy_class
    ) THEN
        RAISE EXCEPTION 'there is no policy of class "%"', p_policy_class
            USING ERRCODE = 'AG004',
                HINT = 'SELECT policy_class FROM health.current_policies lists the classes.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.check_policy_class(text) IS
'Raises AG004 for a policy class that does not exist; NULL is no class.';

CREATE OR REPLACE FUNCTION health.add_freeze_window(
    p_window_name text,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_by text DEFAULT NULL,
    p_policy_class text DEFAULT NULL
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
    PERFORM health_internal.check_policy_class(p_policy_class);
    INSERT INTO health.freeze_windows (
        window_name, policy_class, starts_at, ends_at, created_by
    )
    VALUES (p_window_name, p_policy_class, p_starts_at, p_ends_at, coalesce(p_by, session_user))
    RETURNING freeze_windows.window_id INTO v_window_id;
    RETURN v_window_id;
END;
$$;
COMMENT ON FUNCTION health.add_freeze_window(text, timestamptz, timestamptz, text, text) IS
'From p_starts_at to p_ends_at recoveries wait, for agents of p_policy_class or all (NULL). Returns '
'the window_id. Raises AG004 for an unknown class, and a named CHECK for times that do not fit.';

CREATE OR REPLACE FUNCTION health.add_weekly_freeze_window(
    p_window_name text,
    p_weekdays integer [],
    p_local_time time,
    p_lasts interval,
    p_time_zone text,
    p_by text DEFAULT NULL,
    p_policy_class text DEFAULT NULL
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
    PERFORM health_internal.check_policy_class(p_policy_class);
    IF NOT EXISTS (SELECT FROM pg_timezone_names AS zones WHERE zones.name = p_time_zone) THEN
        RAISE EXCEPTION 'time zone "%" is not known', coalesce(p_time_zone, 'NULL')
            USING ERRCODE = 'RC006',
                HINT = 'SELECT name FROM pg_timezone_names lists them, such as Europe/Berlin.';
    END IF;
    INSERT INTO health.freeze_windows (
        window_name, policy_class, weekdays, local_time, lasts, time_zone, created_by
    )
    VALUES (
        p_window_name, p_policy_class,
        ARRAY(SELECT DISTINCT days.day FROM unnest(p_weekdays) AS days (day) ORDER BY days.day),
        p_local_time, p_lasts, p_time_zone, coalesce(p_by, session_user)
    )
    RETURNING freeze_windows.window_id INTO v_window_id;
    RETURN v_window_id;
END;
$$;
COMMENT ON FUNCTION health.add_weekly_freeze_window(
    text, integer [], time, interval, text, text, text
) IS
'On p_weekdays (1 Monday to 7 Sunday) from p_local_time for p_lasts by the clocks of p_time_zone '
'recoveries wait, for agents of p_policy_class or all (NULL): {5}, 18:00, 60 hours is each weekend. '
'Returns the window_id. Raises AG004 for an unknown class, RC006 for an unknown time zone, and a named '
'CHECK for days and times that do not fit.';

CREATE OR REPLACE FUNCTION health.end_freeze_window(
    p_window_id bigint,
    p_by text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE health.freeze_windows
    SET ended_at = p_now, ended_by = coalesce(p_by, session_user)
    WHERE freeze_windows.window_id = p_window_id AND freeze_windows.ended_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'freeze window % does not exist or has been ended', p_window_id
            USING ERRCODE = 'RC007',
                HINT = 'SELECT * FROM health.freeze_windows lists them.';
    END IF;
    PERFORM pg_notify('health_wakeup', '');
END;
$$;
COMMENT ON FUNCTION health.end_freeze_window(bigint, text, timestamptz) IS
'Ends a freeze window for good, a weekly one too. Raises RC007 where there is none to end.';

GRANT EXECUTE ON FUNCTION
health.add_freeze_window(text, timestamptz, timestamptz, text, text),
health.add_weekly_freeze_window(text, integer [], time, interval, text, text, text),
health.end_freeze_window(bigint, text, timestamptz) TO health_operator;

COMMIT;
