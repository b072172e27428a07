-- The monitor's own blindness: when silence may be the monitor's, and how much of one is.
-- A gap (monitor_gaps) is blind from started_at to ended_at; until settled_at nobody who was silent in it
-- and has not been heard since is accused. Afterwards deadlines are credited with it, unless it was a silence of the fleet: then who
-- is still silent is accused, and one incident speaks for all.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.blind_seconds(
    p_from timestamptz,
    p_until timestamptz
)
RETURNS double precision
LANGUAGE sql
STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(sum(date_part('epoch', upper(blind.times) - lower(blind.times))), 0)
    FROM (
        -- Gaps that overlap count each second once.
        SELECT
            unnest(range_agg(tstzrange(
                greatest(gaps.started_at, p_from),
                CASE
                    WHEN gaps.settled_at > p_until THEN p_until
                    ELSE least(gaps.ended_at, p_until)
                END
            ))) AS times
        FROM health.monitor_gaps AS gaps
        WHERE CASE WHEN gaps.settled_at > p_until THEN p_until ELSE gaps.ended_at END > p_from
            AND gaps.started_at < p_until
            AND (gaps.reason <> 'fleet_silent' OR gaps.settled_at > p_until)
    ) AS blind;
END;
COMMENT ON FUNCTION health_internal.blind_seconds(timestamptz, timestamptz) IS
'Seconds of a silence that are the monitor''s own: of gaps it reaches into (but a silence of the fleet), '
'and all since the beginning of one that has not settled at p_until. A silence that began after a gap is '
'not credited with it.';

CREATE OR REPLACE FUNCTION health_internal.recent_blindness()
RETURNS health_internal.blindness
LANGUAGE sql
STABLE
BEGIN ATOMIC
    -- Gaps until they settle, those that overlap as one: the latest, and where the one before ends.
    SELECT
        (
            coalesce(lower(latest.times), '-infinity'),
            coalesce(
                (
                    SELECT max(gaps.ended_at)
                    FROM health.monitor_gaps AS gaps
                    WHERE gaps.started_at >= lower(latest.times)
                        AND gaps.reason <> 'fleet_silent'
                ),
                lower(latest.times),
                '-infinity'
            ),
            coalesce(upper(latest.times), '-infinity'),
            coalesce(upper(latest.before), '-infinity'),
            -- Where the fleet is silent nobody knows what a beat of one of them proves.
            coalesce(
                (
                    SELECT CASE
                        WHEN bool_or(gaps.reason = 'fleet_silent') THEN upper(latest.times)
                        ELSE max(gaps.ended_at)
                    END
                    FROM health.monitor_gaps AS gaps
                    WHERE gaps.started_at >= lower(latest.times)
                ),
                '-infinity'
            )
        )::health_internal.blindness
    FROM (
        SELECT
            (array_agg(merged.times ORDER BY merged.times DESC))[1] AS times,
            (array_agg(merged.times ORDER BY merged.times DESC))[2] AS before
        FROM (
            SELECT unnest(range_agg(tstzrange(gaps.started_at, gaps.settled_at))) AS times
            FROM (
                SELECT
                    recent.started_at,
                    recent.settled_at
                FROM health.monitor_gaps AS recent
                ORDER BY recent.settled_at DESC
                LIMIT 100
            ) AS gaps
        ) AS merged
    ) AS latest;
END;
COMMENT ON FUNCTION health_internal.recent_blindness() IS
'The monitor''s latest time of blindness, for many agents to be compared with.';

CREATE OR REPLACE FUNCTION health_internal.recent_blind_seconds(
    p_from timestamptz,
    p_until timestamptz,
    p_blindness health_internal.blindness
)
RETURNS double precision
LANGUAGE sql
STABLE PARALLEL SAFE
RETURN CASE
    WHEN p_from >= (p_blindness).heard_from THEN 0
    WHEN p_from < (p_blindness).before_at THEN health_internal.blind_seconds(p_from, p_until)
    ELSE greatest(0, date_part(
        'epoch',
        CASE
            WHEN p_until < (p_blindness).settled_at THEN p_until
            ELSE (p_blindness).ended_at
        END - greatest(p_from, (p_blindness).from_at)
    ))
END;
COMMENT ON FUNCTION health_internal.recent_blind_seconds(
    timestamptz, timestamptz, health_internal.blindness
) IS
'blind_seconds for a silence that seldom reaches back beyond the latest blindness.';

CREATE OR REPLACE FUNCTION health_internal.accused_at(
    p_last_at timestamptz,
    p_after_seconds double precision,
    p_blindness health_internal.blindness
)
RETURNS timestamptz
LANGUAGE sql
STABLE PARALLEL SAFE
RETURN CASE
    WHEN p_last_at >= (p_blindness).heard_from
        OR p_last_at + make_interval(secs => p_after_seconds) <= (p_blindness).from_at
        THEN p_last_at + make_interval(secs => p_after_seconds)
    ELSE greatest(
        (p_blindness).settled_at,
        p_last_at + make_interval(
            secs => p_after_seconds
            + health_internal.recent_blind_seconds(p_last_at, 'infinity', p_blindness)
        )
    )
END;
COMMENT ON FUNCTION health_internal.accused_at(
    timestamptz, double precision, health_internal.blindness
) IS
'When a silence since p_last_at is held against an agent that may be silent for p_after_seconds: not '
'before a blindness it reaches into has settled, and later by what is the monitor''s own of it.';

CREATE OR REPLACE FUNCTION health_internal.notice_fleet_silence(p_now timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_settle constant interval := (SELECT settings.monitor_settle_time FROM health.settings);
    v_fleet record;
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
        SELECT max(expected.last_heartbeat_at) AS started_at
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
    IF v_fleet.silent_count < 20
        OR v_fleet.silent_count < 0.8 * (v_fleet.silent_count + v_fleet.beating_count)
        OR v_fleet.orphan_count >= 0.8 * v_fleet.silent_count THEN
        RETURN false;
    END IF;

    -- One gap as long as it goes on.
    UPDATE health.monitor_gaps AS gaps
    SET
        details = gaps.details
        || jsonb_build_object('silent_count', v_fleet.silent_count, 'seen_at', p_now)
    WHERE gaps.reason = 'fleet_silent' AND gaps.settled_at + v_settle > p_now;
    IF FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details)
    VALUES (
        'fleet_silent', v_fleet.started_at, p_now, p_now + v_settle,
        jsonb_build_object(
            'silent_count', v_fleet.silent_count, 'beating_count', v_fleet.beating_count
        )
    );
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health_internal.notice_fleet_silence(timestamptz) IS
'Notes a monitor gap (fleet_silent) when at least 20 agents, and at least 80 % of those that should have '
'beaten since, fell silent within about an interval, without lost sessions, failure states or a dead '
'parent that most of them share; agents in maintenance do not count. Returns whether there is a new one.';

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
$$;
COMMENT ON FUNCTION health_internal.await_ingest(timestamptz) IS
'Nobody beat: a silence of the fleet that has not settled goes on, five times the settling time at most. '
'The settling time counts from the first beat that shows that ingest works.';

CREATE OR REPLACE FUNCTION health_internal.tell_blindness(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_gap health.monitor_gaps;
    v_agent_ids text [];
BEGIN
    -- One alert while a gap has not settled.
    DELETE FROM health.rule_findings
    WHERE rule_findings.rule = 'monitor_gap'
        AND NOT EXISTS (SELECT FROM health.monitor_gaps WHERE monitor_gaps.settled_at > p_now);
    INSERT INTO health.rule_findings (
        rule, severity, summary, details, found_at, changed_at
    )
    SELECT
        'monitor_gap',
        CASE gaps.reason WHEN 'fleet_silent' THEN 'critical' ELSE 'warning' END,
        CASE gaps.reason
            WHEN 'fleet_silent' THEN format(
                '%s agents fell silent at once; it may be the monitor or the network',
                gaps.details ->> 'silent_count'
            )
            WHEN 'server_restarted' THEN 'the database server was restarted'
            ELSE 'the monitor did not tick for '
                || round(date_part('epoch', gaps.ended_at - gaps.started_at)) || ' s'
        END,
        jsonb_build_object(
            'gap_id', gaps.gap_id, 'reason', gaps.reason, 'started_at', gaps.started_at,
            'ended_at', gaps.ended_at
        ),
        p_now,
        p_now
    FROM health.monitor_gaps AS gaps
    WHERE gaps.settled_at > p_now
    ORDER BY gaps.settled_at DESC
    LIMIT 1
    ON CONFLICT (rule, agent_id) DO NOTHING;

    -- A silence of the fleet that has settled: one incident for all that are still silent.
    FOR v_gap IN
        SELECT gaps.*
        FROM health.monitor_gaps AS gaps
        WHERE gaps.reason = 'fleet_silent'
            AND gaps.settled_at BETWEEN p_now - interval '5 minutes' AND p_now
            AND NOT gaps.details ? 'still_silent_count'
    LOOP
        SELECT array_agg(status.agent_id)
        INTO v_agent_ids
        FROM health.agent_status AS status
        WHERE status.liveness IN ('alive', 'starting', 'late', 'unresponsive')
            AND status.last_heartbeat_at <= v_gap.ended_at
            AND status.last_heartbeat_at
            + make_interval(secs => 1.5 * status.learnt_interval_seconds) >= v_gap.started_at
            AND NOT EXISTS (
                SELECT FROM health.maintenance_periods AS periods
                WHERE periods.agent_id = status.agent_id AND periods.ended_at IS NULL
            );
        IF cardinality(v_agent_ids) > 1 THEN
            PERFORM health_internal.open_fleet_incident(
                p_now, v_agent_ids, 'fleet_silent',
                format('%s agents fell silent together', cardinality(v_agent_ids))
            );
        END IF;
        UPDATE health.monitor_gaps
        SET details = monitor_gaps.details
            || jsonb_build_object('still_silent_count', coalesce(cardinality(v_agent_ids), 0))
        WHERE monitor_gaps.gap_id = v_gap.gap_id;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION health_internal.tell_blindness(timestamptz) IS
'Keeps one finding, monitor_gap, while a gap of the monitor has not settled; opens one incident for the '
'agents that are still silent when a silence of the fleet has.';

COMMIT;
