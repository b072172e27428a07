-- status_transitions: a new issue queues its recovery, whoever caused the transition.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_status_transitions__queue_recoveries()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO health.recovery_actions (
        agent_id, issue_type, attempt, transition_id, created_at, not_before, state, finished_at,
        outcome
    )
    SELECT
        new_rows.agent_id,
        new_rows.issue_type,
        attempts.attempt,
        new_rows.transition_id,
        new_rows.occurred_at,
        attempts.not_before,
        CASE WHEN attempts.is_within_budget THEN 'pending' ELSE 'escalated' END,
        CASE WHEN NOT attempts.is_within_budget THEN new_rows.occurred_at END,
        CASE
            WHEN attempts.is_within_budget THEN '{}'::jsonb
            ELSE '{"reason": "the budget of attempts is used up"}'::jsonb
        END
    FROM new_rows
    LEFT JOIN health.policies AS judged_by ON new_rows.policy_id = judged_by.policy_id
    CROSS JOIN LATERAL health_internal.recovery_attempt(
        new_rows.agent_id, coalesce(judged_by.policy_class, 'standard'), new_rows.occurred_at
    ) AS attempts
    WHERE new_rows.issue_type IS NOT NULL
        AND new_rows.issue_type IS DISTINCT FROM new_rows.old_issue_type
        AND attempts.is_allowed
        -- The engine cannot restart itself.
        AND new_rows.agent_id <> 'heartbeat_health_agent'
    ON CONFLICT (agent_id) WHERE state IN ('pending', 'claimed', 'executing', 'verifying')
    DO NOTHING;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_status_transitions__queue_recoveries() IS
'Queues a recovery for each transition that brought an issue: one per agent at a time, within the '
'policy''s budget, else the row is escalated at once.';

CREATE OR REPLACE TRIGGER _500_queue_recoveries
AFTER INSERT ON health.status_transitions
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_status_transitions__queue_recoveries();

COMMIT;
