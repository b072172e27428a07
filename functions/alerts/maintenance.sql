-- Maintenance: announced once or weekly; who is in it now is a row of maintenance_periods.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.first_instant(p_local timestamp, p_time_zone text)
RETURNS timestamptz
LANGUAGE sql
STABLE
-- When clocks go back a local time comes twice, and AT TIME ZONE means the second.
RETURN CASE
    WHEN (p_local AT TIME ZONE p_time_zone - interval '1 hour') AT TIME ZONE p_time_zone = p_local
        THEN p_local AT TIME ZONE p_time_zone - interval '1 hour'
    WHEN (p_local AT TIME ZONE p_time_zone - interval '30 minutes') AT TIME ZONE p_time_zone
        = p_local
        THEN p_local AT TIME ZONE p_time_zone - interval '30 minutes'
    ELSE p_local AT TIME ZONE p_time_zone
END;
COMMENT ON FUNCTION health_internal.first_instant(timestamp, text) IS
'The first moment a local time comes in a zone: it comes twice when clocks go back. One that is '
'skipped when they go forward is moved on by what is skipped.';

CREATE OR REPLACE FUNCTION health_internal.maintenance_until(
    p_window health.maintenance_windows,
    p_at timestamptz
)
RETURNS timestamptz
LANGUAGE sql
STABLE
RETURN CASE
    WHEN p_at < (p_window).starts_at OR p_at >= (p_window).ends_at THEN NULL
    WHEN (p_window).weekdays IS NULL THEN (p_window).ends_at
    ELSE (
        SELECT max(least(occurrences.until_at, (p_window).ends_at))
        FROM generate_series(-1, 0) AS days (number)
        CROSS JOIN LATERAL (
            SELECT (timezone((p_window).time_zone, p_at))::date + days.number AS day
        ) AS starts
        CROSS JOIN LATERAL (
            SELECT
                health_internal.first_instant(
                    starts.day + (p_window).from_time, (p_window).time_zone
                ) AS from_at,
                (
                    starts.day + (p_window).until_time + CASE
                        WHEN (p_window).until_time <= (p_window).from_time THEN interval '1 day'
                        ELSE interval '0'
                    END
                ) AT TIME ZONE (p_window).time_zone AS until_at
        ) AS occurrences
        WHERE (p_window).weekdays @> ARRAY[date_part('isodow', starts.day)::integer]
            AND occurrences.from_at >= (p_window).starts_at
            AND p_at >= occurrences.from_at
            AND p_at < occurrences.until_at
    )
END;
COMMENT ON FUNCTION health_internal.maintenance_until(health.maintenance_windows, timestamptz) IS
'When the occurrence of a window that covers p_at ends; NULL: none covers it. Weekly ones begin at the '
'first and end at the last moment of their local times, so that none is cut short when clocks change.';

CREATE OR REPLACE FUNCTION health_internal.in_maintenance(p_agent_id text, p_at timestamptz)
RETURNS boolean
LANGUAGE sql
STABLE
RETURN EXISTS (
    SELECT FROM health.maintenance_periods AS periods
    WHERE periods.agent_id = p_agent_id
        AND periods.started_at <= p_at
        AND coalesce(periods.ended_at, periods.until_at) > p_at
);
COMMENT ON FUNCTION health_internal.in_maintenance(text, timestamptz) IS
'Whether an agent was, or is, in maintenance at a time. Of many agents, now: join '
'maintenance_periods on agent_id where ended_at IS NULL.';

CREATE OR REPLACE FUNCTION health_internal.note_maintenance(
    p_now timestamptz,
    p_joined text [],
    p_left text []
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    INSERT INTO health.status_transitions (
        agent_id, occurred_at, old_status, new_status, old_liveness, new_liveness, old_score,
        new_score, old_issue_type, issue_type, last_heartbeat_at, policy_id, tick_id
    )
    SELECT
        moved.agent_id, p_now, status.status, status.status,
        CASE WHEN moved.has_joined THEN coalesce(status.liveness, 'never_seen')
            ELSE 'in_maintenance'
        END,
        CASE WHEN moved.has_joined THEN 'in_maintenance'
            ELSE coalesce(status.liveness, 'never_seen')
        END,
        status.score, status.score, status.issue_type, status.issue_type,
        status.last_heartbeat_at, status.policy_id, status.judged_tick_id
    FROM (
        -- Who was in another window before, or still is, neither enters nor leaves; nor who passes
        -- from one to the next.
        SELECT joined.agent_id, true AS has_joined
        FROM unnest(p_joined) AS joined (agent_id)
        WHERE NOT joined.agent_id = ANY (coalesce(p_left, '{}'))
            AND NOT EXISTS (
                SELECT FROM health.maintenance_periods AS periods
                WHERE periods.agent_id = joined.agent_id
                    AND periods.ended_at IS NULL
                    AND periods.started_at < p_now
            )
        UNION ALL
        SELECT gone.agent_id, false
        FROM unnest(p_left) AS gone (agent_id)
        WHERE NOT EXISTS (
            SELECT FROM health.maintenance_periods AS periods
            WHERE periods.agent_id = gone.agent_id AND periods.ended_at IS NULL
        )
    ) AS moved
    LEFT JOIN health.agent_status AS status ON moved.agent_id = status.agent_id
    ORDER BY moved.agent_id;
$$;
COMMENT ON FUNCTION health_internal.note_maintenance(timestamptz, text [], text []) IS
'Writes the transitions of agents that entered and left maintenance: to in_maintenance, and back to what '
'is known of them at the end. What changes between stands in no transition of liveness.';

CREATE OR REPLACE FUNCTION health_internal.refresh_maintenance(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_left text [];
    v_joined text [];
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.maintenance_windows AS windows
        WHERE windows.cancelled_by IS NULL AND windows.ends_at > p_now
    )
        AND NOT EXISTS (
            SELECT FROM health.maintenance_periods AS periods WHERE periods.ended_at IS NULL
        ) THEN
        RETURN;
    END IF;

    WITH ended AS (
        UPDATE health.maintenance_periods AS periods
        SET ended_at = greatest(periods.started_at, least(periods.until_at, p_now))
        FROM health.maintenance_windows AS windows
        WHERE periods.ended_at IS NULL
            AND windows.window_id = periods.window_id
            AND (
                windows.cancelled_by IS NOT NULL
                OR health_internal.maintenance_until(windows, p_now) IS NULL
            )
        RETURNING periods.agent_id
    )

    SELECT array_agg(DISTINCT ended.agent_id) INTO v_left FROM ended;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.agent_id = ANY (v_left);

    -- Who joins: at the start, and within a minute who was registered or relabelled since.
    WITH running AS MATERIALIZED (
        SELECT
            windows.window_id,
            windows.matchers,
            health_internal.maintenance_until(windows, p_now) AS until_at
        FROM health.maintenance_windows AS windows
        WHERE windows.cancelled_by IS NULL
            AND windows.ends_at > p_now
            AND (
                windows.enrolled_at IS NULL
                OR windows.enrolled_at <= p_now - interval '1 minute'
                OR windows.enrolled_at > p_now
                OR NOT EXISTS (
                    SELECT FROM health.maintenance_periods AS periods
                    WHERE periods.window_id = windows.window_id AND periods.ended_at IS NULL
                )
            )
            AND health_internal.maintenance_until(windows, p_now) IS NOT NULL
    ),

    joined AS (
        INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at)
        SELECT
            running.window_id,
            agents.agent_id,
            p_now,
            running.until_at
        FROM running
        INNER JOIN health.agents
            ON health_internal.matches_agent(running.matchers, agents)
            -- The monitor goes on watching itself.
            AND agents.agent_id <> 'heartbeat_health_agent'
        ON CONFLICT (agent_id, window_id) WHERE ended_at IS NULL DO NOTHING
        RETURNING maintenance_periods.agent_id
    ),

    enrolled AS (
        UPDATE health.maintenance_windows AS windows
        SET enrolled_at = p_now
        FROM running
        WHERE windows.window_id = running.window_id
    )

    SELECT array_agg(DISTINCT joined.agent_id) INTO v_joined FROM joined;

    PERFORM health_internal.note_maintenance(p_now, v_joined, v_left);
    IF v_joined IS NOT NULL THEN
        PERFORM health_internal.withdraw_messages(p_now);
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.refresh_maintenance(timestamptz) IS
'Makes maintenance_periods agree with the windows: begins and ends periods, notes them as transitions, '
'and withdraws what waits to be told of those who enter. Called by each tick before '
'it folds, and by those who announce or cancel; a few rows where nothing is announced.';

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
