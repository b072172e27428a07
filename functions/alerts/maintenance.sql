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

COMMIT;
