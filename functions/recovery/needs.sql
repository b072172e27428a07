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
-- and not one by one: ten thousand may be in trouble and wait.
AS $$
    SELECT
        count(troubled.agent_id),
        coalesce(
            array_agg(troubled.agent_id) FILTER (
                WHERE troubled.agent_id IS NOT NULL AND waiting.agent_id IS NULL
            ),
            '{}'
        ),
        coalesce(
            array_agg(troubled.issue_type) FILTER (
                WHERE troubled.agent_id IS NOT NULL AND waiting.agent_id IS NULL
            ),
            '{}'
        ),
        coalesce(
            array_agg(waiting.agent_id) FILTER (
                WHERE troubled.agent_id IS NULL AND waiting.is_engines
            ),
            '{}'
        ),
        coalesce(
            array_agg(waiting.action_id) FILTER (WHERE waiting.is_early),
            '{}'
        )
    FROM health_internal.troubled_agents() AS troubled
    FULL JOIN (
        SELECT
            actions.agent_id,
            actions.action_id,
            actions.state = 'pending' AND actions.requested_by = 'engine' AS is_engines,
            actions.incident_id IS NULL AS is_early
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
    ) AS waiting ON troubled.agent_id = waiting.agent_id;
$$;
COMMENT ON FUNCTION health_internal.recovery_needs() IS
'How many agents are in trouble; those of them without an open recovery, with their issues; agents out '
'of trouble for which the engine''s recovery waits; and open recoveries without an incident.';

COMMIT;
