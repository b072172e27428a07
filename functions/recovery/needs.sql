-- What the tick compares: agents in trouble with recoveries that are open.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.troubled_agents()
RETURNS TABLE (agent_id text, policy_class text, issue_type text)
LANGUAGE sql
STABLE
AS $$
    SELECT
        status.agent_id,
        status.policy_class,
        status.issue_type
    FROM health.agent_status AS status
    WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
        AND status.issue_type IS NOT NULL
    UNION ALL
    SELECT
        status.agent_id,
        status.policy_class,
        'database_connectivity'
    FROM health.agent_status AS status
    WHERE status.issue_type IS NULL
        AND status.agent_id IN (SELECT sessions.agent_id FROM health.stuck_sessions AS sessions);
$$;
COMMENT ON FUNCTION health_internal.troubled_agents() IS
'Agents with a confirmed issue: the one their own state shows, else stuck database sessions.';

CREATE OR REPLACE FUNCTION health_internal.recovery_needs(
    OUT troubled_count bigint,
    OUT idle_agent_ids text [],
    OUT idle_issue_types text [],
    OUT needless_agent_ids text [],
    OUT early_action_ids bigint []
)
LANGUAGE sql
STABLE
-- By level, not by edge: a tick whose act failed is made good by the next one. In one pass over both,
-- and not one by one: ten thousand may be in trouble and wait, each tick.
AS $$
    SELECT
        count(*) FILTER (WHERE agents.issue_type IS NOT NULL),
        coalesce(
            array_agg(agents.agent_id) FILTER (
                WHERE agents.issue_type IS NOT NULL AND NOT agents.has_recovery
            ),
            '{}'
        ),
        coalesce(
            array_agg(agents.issue_type) FILTER (
                WHERE agents.issue_type IS NOT NULL AND NOT agents.has_recovery
            ),
            '{}'
        ),
        coalesce(
            array_agg(agents.agent_id) FILTER (
                WHERE agents.issue_type IS NULL AND agents.is_engines
            ),
            '{}'
        ),
        coalesce(
            array_agg(agents.early_action_id) FILTER (WHERE agents.early_action_id IS NOT NULL),
            '{}'
        )
    FROM (
        SELECT
            known.agent_id,
            max(known.issue_type) AS issue_type,
            bool_or(known.has_recovery) AS has_recovery,
            bool_or(known.is_engines) AS is_engines,
            max(known.early_action_id) AS early_action_id
        FROM (
            SELECT
                troubled.agent_id,
                troubled.issue_type,
                false AS has_recovery,
                false AS is_engines,
                NULL::bigint AS early_action_id
            FROM health_internal.troubled_agents() AS troubled
            UNION ALL
            SELECT
                actions.agent_id,
                NULL,
                true,
                actions.state = 'pending' AND actions.requested_by = 'engine',
                CASE WHEN actions.incident_id IS NULL THEN actions.action_id END
            FROM health.recovery_actions AS actions
            WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
        ) AS known
        GROUP BY known.agent_id
    ) AS agents;
$$;
COMMENT ON FUNCTION health_internal.recovery_needs() IS
'How many agents are in trouble; those of them without an open recovery, with their issues; agents out '
'of trouble for which the engine''s recovery waits; and open recoveries without an incident.';

COMMIT;
