-- When will it be called dead? The deadlines in force, agent by agent.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE VIEW health.expectations AS
SELECT
    awaited.agent_id,
    awaited.liveness,
    awaited.basis,
    awaited.last_heartbeat_at,
    awaited.learnt_interval_seconds,
    awaited.late_after_seconds,
    awaited.unresponsive_after_seconds,
    least(
        health_internal.accused_at(
            awaited.last_heartbeat_at, awaited.late_after_seconds, awaited.blindness
        ),
        awaited.session_lost_at
    ) AS late_at,
    least(
        health_internal.accused_at(
            awaited.last_heartbeat_at, awaited.unresponsive_after_seconds, awaited.blindness
        ),
        awaited.session_lost_at + make_interval(secs => awaited.session_grace_seconds)
    ) AS unresponsive_at,
    awaited.judged_at
FROM (
    SELECT
        status.agent_id,
        status.liveness,
        status.last_heartbeat_at,
        status.learnt_interval_seconds,
        status.session_lost_at,
        status.judged_at,
        policy.session_grace_seconds,
        blindness,
        CASE
            WHEN status.state = 'initializing' THEN 'start-up'
            WHEN status.gap_count < policy.young_beats THEN 'young'
            ELSE 'learnt'
        END AS basis,
        status.grace_seconds + greatest(
            status.learnt_interval_seconds * status.late_intervals,
            CASE WHEN status.state = 'initializing' THEN policy.startup_grace_seconds END
        ) AS late_after_seconds,
        status.grace_seconds + greatest(
            status.learnt_interval_seconds * status.unresponsive_intervals,
            CASE WHEN status.state = 'initializing' THEN policy.startup_grace_seconds END
        ) AS unresponsive_after_seconds
    FROM health.agent_status AS status
    INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
    CROSS JOIN health_internal.recent_blindness() AS blindness
    WHERE status.last_heartbeat_at IS NOT NULL
        AND status.liveness <> 'stopped'
        -- Of one on a schedule its runs are expected, not its beats.
        AND status.grace_seconds < 1e9
) AS awaited;

COMMENT ON VIEW health.expectations IS
'One row per agent whose heartbeats are expected: when its present silence will be called late and '
'unresponsive, as judged last; the next heartbeat moves both. Agents on a schedule and those that '
'said goodbye or never spoke have none. Stable: columns may be added, never removed or retyped within '
'a major version.';
COMMENT ON COLUMN health.expectations.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.expectations.liveness IS
'starting, alive, late, unresponsive or in_maintenance, as judged last.';
COMMENT ON COLUMN health.expectations.basis IS
'Where the deadlines come from: start-up (the grace of one that initializes), young (the policy''s, until '
'it has shown policies.young_beats gaps) or learnt.';
COMMENT ON COLUMN health.expectations.last_heartbeat_at IS
'Latest heartbeat, by the database''s clock.';
COMMENT ON COLUMN health.expectations.learnt_interval_seconds IS
'Learnt interval between its heartbeats, seconds.';
COMMENT ON COLUMN health.expectations.late_after_seconds IS
'Silence after which it is late, its grace included, seconds.';
COMMENT ON COLUMN health.expectations.unresponsive_after_seconds IS
'Silence after which it is unresponsive, its grace included, seconds.';
COMMENT ON COLUMN health.expectations.late_at IS
'When it will be (or was) late unless it beats: credited with the monitor''s own blindness, and at once '
'where its session was lost.';
COMMENT ON COLUMN health.expectations.unresponsive_at IS
'When it will be (or was) unresponsive unless it beats, reckoned likewise.';
COMMENT ON COLUMN health.expectations.judged_at IS 'p_now of the tick that judged it last.';

GRANT SELECT ON health.expectations TO health_analyst, health_bridge;
GRANT EXECUTE ON FUNCTION
health_internal.accused_at(timestamptz, double precision, health_internal.blindness),
health_internal.blind_seconds(timestamptz, timestamptz),
health_internal.recent_blindness(),
health_internal.recent_blind_seconds(timestamptz, timestamptz, health_internal.blindness)
TO health_analyst, health_bridge;

COMMIT;
