-- What people are told of the monitor's blindness.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tell_blindness(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_gap health.monitor_gaps;
    v_agent_ids text [];
BEGIN
    -- One alert while a gap has not settled: of the one that was told until that has, then of the next.
    DELETE FROM health.rule_findings
    WHERE rule_findings.rule = 'monitor_gap'
        AND NOT EXISTS (
            SELECT FROM health.monitor_gaps AS gaps
            WHERE gaps.gap_id = (rule_findings.details ->> 'gap_id')::bigint
                AND gaps.settled_at > p_now
        );
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
            -- Who beats seldom may not be due yet.
            AND status.last_heartbeat_at
            + make_interval(secs => 1.25 * status.learnt_interval_seconds + status.grace_seconds)
            < p_now
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
