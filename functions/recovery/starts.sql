-- Whether a bridge that starts may start its agents with it. To start what is down is a restart like any
-- other, of which nobody but the bridge knows. Entry point: health.obstacles_to_start.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.obstacles_to_start(
    p_agent_ids text [],
    p_waited_seconds double precision DEFAULT 0,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (agent_id text, obstacle text, reason text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH known AS MATERIALIZED (
        SELECT
            status.agent_id,
            status.liveness,
            status.last_heartbeat_at,
            status.policy_class,
            policies.recovery_budget_count,
            policies.recovery_budget_window_seconds
        FROM health.agent_status AS status
        INNER JOIN health.current_policies AS policies
            ON status.policy_class = policies.policy_class
        WHERE status.agent_id = ANY (p_agent_ids)
    ),

    frozen AS MATERIALIZED (
        SELECT windows.window_name, windows.policy_class
        FROM health_internal.open_freeze_windows(p_now) AS windows
    ),

    facts AS (
        SELECT
            known.*,
            -- Who said goodbye, or was never heard, did not die: to start it is no repair.
            known.liveness IN ('stopped', 'never_seen') AS is_at_rest,
            (
                SELECT min(frozen.window_name)
                FROM frozen
                WHERE coalesce(frozen.policy_class, known.policy_class) = known.policy_class
            ) AS freeze,
            latest.action_id,
            latest.outcome ->> 'reason' AS why,
            -- What waits for a host's others, or for room, must not keep all of a host that boots down.
            latest.state IN ('claimed', 'executing', 'verifying')
            OR (
                latest.state = 'pending'
                AND coalesce(latest.hold, '') NOT IN ('monitor_gap', 'parent', 'storm', 'concurrency')
            ) AS is_under_way,
            -- That no bridge was there to try is over.
            latest.state = 'escalated'
            AND latest.settled_at IS NULL
            AND (latest.started_at IS NOT NULL OR latest.attempt > 1) AS is_a_persons,
            (
                SELECT count(*)
                FROM health.recovery_actions AS actions
                WHERE actions.agent_id = known.agent_id
                    AND actions.started_at > p_now - make_interval(
                        secs => known.recovery_budget_window_seconds
                    )
            ) AS attempt_count
        FROM known
        LEFT JOIN LATERAL (
            SELECT actions.*
            FROM health.recovery_actions AS actions
            WHERE actions.agent_id = known.agent_id
            ORDER BY actions.created_at DESC, actions.action_id DESC
            LIMIT 1
        ) AS latest ON true
    )

    SELECT
        facts.agent_id,
        found.obstacle,
        CASE found.obstacle
            WHEN 'running' THEN 'it is heard: somebody else has started it'
            WHEN 'maintenance' THEN 'the agent is in maintenance'
            WHEN 'recovery' THEN format('recovery %s is to start it', facts.action_id)
            WHEN 'freeze' THEN format('freeze "%s"', facts.freeze)
            WHEN 'person' THEN format('a person was asked: %s', coalesce(facts.why, 'it could not be recovered'))
            WHEN 'budget' THEN format(
                '%s recoveries of it began in the last %s seconds',
                facts.attempt_count, facts.recovery_budget_window_seconds
            )
        END
    FROM facts
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN NOT facts.is_at_rest
                AND facts.last_heartbeat_at > p_now - make_interval(secs => p_waited_seconds)
                THEN 'running'
            WHEN facts.agent_id = ANY (
                (SELECT health_internal.agents_in_maintenance(p_agent_ids, p_now))::text []
            ) THEN 'maintenance'
            WHEN facts.freeze IS NOT NULL AND NOT facts.is_at_rest THEN 'freeze'
            WHEN facts.is_under_way THEN 'recovery'
            WHEN facts.is_at_rest THEN NULL
            WHEN facts.is_a_persons THEN 'person'
            WHEN facts.attempt_count >= facts.recovery_budget_count THEN 'budget'
        END AS obstacle
    ) AS found
    WHERE found.obstacle IS NOT NULL;
$$;
COMMENT ON FUNCTION health.obstacles_to_start(text [], double precision, timestamptz) IS
'Which of these agents, that do not run, a bridge must not start by itself at present, and why: maintenance, '
'recovery (one is about to), and, but for agents that said goodbye or were never heard, freeze, person (was asked '
'after attempts that failed) and budget; running: heard in the last p_waited_seconds, in which the bridge waited '
'to start it, so started by somebody else.';

GRANT EXECUTE ON FUNCTION health.obstacles_to_start(text [], double precision, timestamptz)
TO health_bridge;

COMMIT;
