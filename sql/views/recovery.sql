-- What people look at when agents are recovered: what is under way and why it waits, and what was done.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.step_text(
    p_action text,
    p_parameters jsonb,
    p_outcome text,
    p_reason text,
    p_details jsonb,
    p_started_at timestamptz,
    p_finished_at timestamptz
)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN CASE
    WHEN p_action = 'verify' AND p_outcome = 'succeeded' THEN 'verified'
    WHEN p_action = 'verify' AND p_outcome IS NULL THEN 'is being verified'
    WHEN p_action = 'verify' THEN
        'not verified within ' || round(date_part('epoch', p_finished_at - p_started_at)) || ' s'
    WHEN p_action = 'terminate_sessions' AND p_outcome = 'succeeded' THEN
        'ended ' || CASE jsonb_array_length(p_details -> 'ended_pids')
            WHEN 0 THEN 'no session: none was stuck'
            WHEN 1 THEN '1 session'
            ELSE jsonb_array_length(p_details -> 'ended_pids') || ' sessions'
        END
    ELSE CASE p_action
        WHEN 'restart_agent' THEN 'restart'
        WHEN 'terminate_sessions' THEN 'ending sessions'
        WHEN 'run_command' THEN 'command ' || coalesce(p_parameters ->> 'command', '?')
        ELSE p_action
    END || CASE
        WHEN p_outcome IS NULL THEN ' under way'
        WHEN p_outcome = 'succeeded' THEN ''
        WHEN p_outcome = 'released' THEN ' handed back'
        WHEN p_outcome = 'refused' THEN ' refused' || coalesce(': ' || p_reason, '')
        ELSE CASE p_outcome WHEN 'lost' THEN ' lost' ELSE ' failed' END
            || ' after ' || round(date_part('epoch', p_finished_at - p_started_at)) || ' s'
            || coalesce(': ' || p_reason, '')
    END
END;
COMMENT ON FUNCTION health_internal.step_text(
    text, jsonb, text, text, jsonb, timestamptz, timestamptz
) IS
'One step of a recovery in a few words, such as "restart failed after 12 s: exit code 3".';

CREATE VIEW health.recovery_backlog AS
SELECT
    actions.action_id,
    actions.agent_id,
    actions.issue_type,
    actions.action,
    actions.state,
    actions.attempt,
    actions.created_at,
    actions.not_before,
    actions.claimed_by,
    actions.lease_until,
    actions.verify_until,
    actions.step,
    actions.requested_by,
    actions.hold,
    actions.hold_reason,
    CASE
        WHEN actions.state = 'pending' AND actions.hold IS NOT NULL THEN actions.hold_reason
        WHEN actions.state = 'pending' AND actions.released_at IS NULL THEN
            'back-off until ' || actions.not_before
        WHEN actions.state = 'pending' THEN 'a bridge'
        WHEN actions.state = 'claimed' THEN actions.claimed_by || ' to begin'
        WHEN actions.state = 'executing' THEN actions.claimed_by
        WHEN actions.state = 'verifying' THEN 'heartbeats until ' || actions.verify_until
    END AS waits_for
FROM health.recovery_actions AS actions
WHERE actions.finished_at IS NULL;
COMMENT ON VIEW health.recovery_backlog IS
'One row per recovery under way, and what it waits for; stable within a major version.';

CREATE VIEW health.recovery_trail AS
SELECT
    actions.agent_id,
    steps.action_id,
    steps.recovery_step_id,
    steps.step,
    steps.action,
    steps.parameters,
    steps.worker,
    steps.started_at,
    steps.finished_at,
    steps.outcome,
    steps.reason,
    steps.details
FROM health.recovery_steps AS steps
INNER JOIN health.recovery_actions AS actions ON steps.action_id = actions.action_id
UNION ALL
SELECT
    actions.agent_id,
    actions.action_id,
    NULL,
    actions.step,
    CASE WHEN actions.state = 'verifying' THEN 'verify' ELSE actions.action END,
    CASE WHEN actions.state = 'verifying' THEN '{}' ELSE actions.parameters END,
    CASE WHEN actions.state = 'verifying' THEN 'engine' ELSE actions.claimed_by END,
    actions.step_started_at,
    NULL,
    NULL,
    NULL,
    '{}'
FROM health.recovery_actions AS actions
WHERE actions.finished_at IS NULL
    AND actions.claimed_by IS NOT NULL
    AND actions.state <> 'claimed';
COMMENT ON VIEW health.recovery_trail IS
'One row per step of a recovery that was begun: those that ended, in order, and then the one under way; stable '
'within a major version.';

CREATE VIEW health.recovery_history AS
SELECT
    actions.action_id,
    actions.agent_id,
    actions.issue_type,
    actions.state,
    actions.attempt,
    actions.requested_by,
    actions.incident_id,
    actions.created_at,
    actions.started_at,
    actions.finished_at,
    CASE
        WHEN actions.state = 'succeeded'
            THEN date_part('epoch', actions.finished_at - actions.created_at)
    END AS recovery_seconds,
    coalesce(told.steps || CASE
        WHEN actions.state = 'escalated' THEN '; a person is asked'
        ELSE ''
    END, actions.outcome ->> 'reason', actions.hold_reason) AS what_happened
FROM health.recovery_actions AS actions
LEFT JOIN LATERAL (
    SELECT string_agg(
        health_internal.step_text(
            steps.action, steps.parameters, steps.outcome, steps.reason, steps.details,
            steps.started_at, steps.finished_at
        ),
        '; ' ORDER BY steps.recovery_step_id
    ) AS steps
    FROM health.recovery_trail AS steps
    WHERE steps.action_id = actions.action_id
) AS told ON true;
COMMENT ON VIEW health.recovery_history IS
'One row per attempt to recover an agent, told in one line; stable within a major version.';

CALL health_internal.hand_on_comments('health.recovery_backlog', 'health.recovery_actions');
CALL health_internal.hand_on_comments('health.recovery_trail', 'health.recovery_steps');
CALL health_internal.hand_on_comments('health.recovery_history', 'health.recovery_actions');

COMMENT ON COLUMN health.recovery_backlog.waits_for IS
'What must come before it goes on, in words.';
COMMENT ON COLUMN health.recovery_trail.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.recovery_trail.recovery_step_id IS
'Number of the step, growing; NULL: under way.';
COMMENT ON COLUMN health.recovery_trail.finished_at IS 'When it ended; NULL: under way.';
COMMENT ON COLUMN health.recovery_history.recovery_seconds IS
'From queueing to verified, seconds; NULL: not recovered by it.';
COMMENT ON COLUMN health.recovery_history.what_happened IS
'Its steps in words, such as "restart failed after 12 s: exit code 3; reload; verified"; without any, why.';

GRANT EXECUTE ON FUNCTION health_internal.step_text(
    text, jsonb, text, text, jsonb, timestamptz, timestamptz
) TO health_analyst, health_bridge;
GRANT SELECT ON health.recovery_backlog, health.recovery_trail,
health.recovery_history TO health_analyst, health_bridge;

COMMIT;
