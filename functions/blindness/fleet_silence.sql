-- When a silence of many agents at once may be the monitor's own.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.notice_fleet_silence(p_now timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_settle constant interval := (SELECT settings.monitor_settle_time FROM health.settings);
    v_fleet record;
    v_reason health.monitor_gaps;
BEGIN
    -- Who fell silent with the last of them, against who has beaten since. Lost sessions and states of
    -- failure say that it was the agents.
    WITH expected AS MATERIALIZED (
        SELECT
            status.agent_id,
            status.last_heartbeat_at,
            status.learnt_interval_seconds AS interval_seconds,
            status.last_heartbeat_at
            + make_interval(secs => 1.25 * status.learnt_interval_seconds + status.grace_seconds)
            < p_now AS is_overdue
        FROM health.agent_status AS status
        WHERE status.liveness IN ('alive', 'starting', 'late')
            AND status.session_lost_at IS NULL
            AND status.state IN ('active', 'running', 'idle', 'initializing')
            AND status.agent_id <> 'heartbeat_health_agent'
            AND NOT starts_with(status.agent_id, 'bridge:')
            -- That silence was announced.
            AND NOT EXISTS (
                SELECT FROM health.maintenance_periods AS periods
                WHERE periods.agent_id = status.agent_id AND periods.ended_at IS NULL
            )
    ),

    onset AS MATERIALIZED (
        SELECT
            max(expected.last_heartbeat_at) AS started_at,
            max(
                expected.last_heartbeat_at + make_interval(secs => expected.interval_seconds)
            ) AS missed_at
        FROM expected
        WHERE expected.is_overdue
    ),

    silent AS MATERIALIZED (
        SELECT expected.agent_id
        FROM expected
        CROSS JOIN onset
        WHERE expected.is_overdue
            AND expected.last_heartbeat_at
            + make_interval(secs => 1.5 * expected.interval_seconds) >= onset.started_at
    )

    SELECT
        onset.started_at,
        onset.missed_at,
        (SELECT count(*) FROM expected) AS expected_count,
        (SELECT count(*) FROM silent) AS silent_count,
        (
            SELECT count(*)
            FROM expected
            WHERE NOT expected.is_overdue AND expected.last_heartbeat_at > onset.started_at
        ) AS beating_count,
        (
            -- A dead parent that most of them name is a cause of its own.
            SELECT count(*)
            FROM health.dependencies
            INNER JOIN silent ON dependencies.child_id = silent.agent_id
            INNER JOIN health.agent_status AS parents
                ON dependencies.parent_id = parents.agent_id
                AND (
                    parents.liveness = 'unresponsive' OR parents.state = 'failed'
                    OR parents.session_lost_at IS NOT NULL
                )
            GROUP BY dependencies.parent_id
            ORDER BY count(*) DESC
            LIMIT 1
        ) AS orphan_count
    INTO v_fleet
    FROM onset;
    -- One that lost a beat just before is not among the silent, and one of the fleet.
    IF v_fleet.expected_count < 20
        OR v_fleet.silent_count < 0.8 * greatest(20, v_fleet.silent_count + v_fleet.beating_count)
        OR v_fleet.orphan_count >= 0.8 * v_fleet.silent_count THEN
        RETURN false;
    END IF;

    -- One gap as long as it goes on; who fell silent after its end is another one.
    UPDATE health.monitor_gaps AS gaps
    SET
        details = gaps.details
        || jsonb_build_object('silent_count', v_fleet.silent_count, 'seen_at', p_now)
    WHERE gaps.reason = 'fleet_silent'
        AND gaps.settled_at + v_settle > p_now
        AND gaps.ended_at >= v_fleet.started_at;
    IF FOUND THEN
        RETURN false;
    END IF;
    -- Where they fell silent in another gap that is the reason until it has settled. Whoever has not come
    -- back then, though others have, is silent himself; where nobody has, ingest may be broken since.
    SELECT gaps.*
    INTO v_reason
    FROM health.monitor_gaps AS gaps
    WHERE gaps.reason <> 'fleet_silent'
        AND gaps.started_at <= v_fleet.missed_at
        AND gaps.ended_at >= v_fleet.started_at
    ORDER BY gaps.settled_at DESC
    LIMIT 1;
    IF v_reason.settled_at > p_now THEN
        RETURN false;
    END IF;
    IF v_fleet.beating_count = 0 THEN
        v_reason := NULL;
    END IF;
    INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details)
    VALUES (
        'fleet_silent',
        v_fleet.started_at,
        coalesce(v_reason.ended_at, p_now),
        CASE WHEN v_reason.gap_id IS NULL THEN p_now + v_settle ELSE p_now END,
        jsonb_build_object(
            'silent_count', v_fleet.silent_count, 'beating_count', v_fleet.beating_count
        )
    );
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health_internal.notice_fleet_silence(timestamptz) IS
'Notes a monitor gap (fleet_silent) when of at least 20 agents at least 80 % of those that should have '
'beaten since (and no fewer than 16) fell silent within about an interval, without lost sessions, failure states or a dead '
'parent that most of them share; agents in maintenance do not count. While another gap in which they fell '
'silent has not settled there is none; who is still silent then, though others beat, is so at once. Returns '
'whether there is a new one.';

CREATE OR REPLACE FUNCTION health_internal.await_ingest(p_now timestamptz)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    UPDATE health.monitor_gaps AS gaps
    SET ended_at = p_now, settled_at = p_now + settings.monitor_settle_time
    FROM health.settings
    WHERE gaps.reason = 'fleet_silent'
        AND gaps.settled_at > p_now
        AND gaps.ended_at < p_now
        AND p_now < gaps.started_at + 5 * settings.monitor_settle_time
        -- A tick in which nobody beat says nothing of a silence that has ended: ticks come oftener than beats.
        AND NOT EXISTS (
            SELECT FROM health.agent_status AS status
            WHERE status.last_heartbeat_at > gaps.ended_at
                AND status.agent_id <> 'heartbeat_health_agent'
                AND NOT starts_with(status.agent_id, 'bridge:')
        )
$$;
COMMENT ON FUNCTION health_internal.await_ingest(timestamptz) IS
'Nobody beat in this tick nor since the silence of the fleet was last seen: while it has not settled it '
'goes on, five times the settling time at most. The settling time counts from the first beat that shows '
'that ingest works.';

COMMIT;
