-- Strategies: which steps answer an issue. set_recovery_strategy changes them; recoveries take a copy
-- when they are queued, so that a change never meets one half-way.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.strategies()
RETURNS TABLE (policy_class text, issue_type text, steps jsonb)
LANGUAGE sql
STABLE
AS $$
    WITH own AS (
        SELECT
            strategies.policy_class,
            strategies.issue_type,
            jsonb_agg(
                jsonb_strip_nulls(jsonb_build_object(
                    'action', strategies.action,
                    'parameters', nullif(strategies.parameters, '{}'),
                    'timeout_seconds', strategies.timeout_seconds
                ))
                ORDER BY strategies.step
            ) AS steps
        FROM health.recovery_strategies AS strategies
        GROUP BY strategies.policy_class, strategies.issue_type
    )

    SELECT
        policies.policy_class,
        standard.issue_type,
        coalesce(own.steps, standard.steps)
    FROM health.current_policies AS policies
    INNER JOIN own AS standard ON standard.policy_class = 'standard'
    LEFT JOIN own
        ON policies.policy_class = own.policy_class AND standard.issue_type = own.issue_type;
$$;
COMMENT ON FUNCTION health_internal.strategies() IS
'One row per policy class and issue: its steps in order, those of standard where it has none.';

CREATE OR REPLACE FUNCTION health_internal.strategy_problem(p_steps jsonb)
RETURNS text
LANGUAGE sql
IMMUTABLE
AS $$
    SELECT CASE
        WHEN p_steps IS NULL OR jsonb_typeof(p_steps) <> 'array' THEN 'the steps are no JSON array'
        WHEN jsonb_array_length(p_steps) NOT BETWEEN 1 AND 20
            THEN format('%s steps are not 1 to 20', jsonb_array_length(p_steps))
        ELSE (
            SELECT format('step %s %s', steps.step, steps.problem)
            FROM (
                SELECT
                    items.step,
                    CASE
                        WHEN jsonb_typeof(items.item) <> 'object' THEN 'is no JSON object'
                        WHEN items.item - ARRAY['action', 'parameters', 'timeout_seconds'] <> '{}'
                            THEN format(
                                'has an unknown key "%s"',
                                (
                                    SELECT min(keys.key)
                                    FROM jsonb_object_keys(items.item - ARRAY[
                                        'action', 'parameters', 'timeout_seconds'
                                    ]) AS keys (key)
                                )
                            )
                        WHEN items.item ->> 'action' IS NULL THEN 'names no action'
                        WHEN items.item ->> 'action' NOT IN (
                            'restart_agent', 'reload', 'run_command', 'terminate_sessions',
                            'verify', 'escalate'
                        ) THEN format('has an unknown action "%s"', items.item ->> 'action')
                        WHEN jsonb_typeof(items.item -> 'timeout_seconds')
                            NOT IN ('number', 'null') THEN 'has a timeout_seconds that is no number'
                        WHEN (items.item ->> 'timeout_seconds')::numeric NOT BETWEEN 1 AND 86400
                            THEN 'has a timeout_seconds outside 1 to 86400'
                        WHEN items.item ->> 'action' = 'run_command' AND coalesce(
                            jsonb_typeof(items.item -> 'parameters' -> 'command') <> 'string', true
                        ) THEN 'runs a command but its parameters name none'
                        WHEN items.item ->> 'action' = 'escalate'
                            AND items.step < jsonb_array_length(p_steps)
                            THEN 'escalates, and others follow it'
                        WHEN items.item ->> 'action' NOT IN ('verify', 'escalate') AND coalesce((
                            SELECT later.item ->> 'action' = 'escalate'
                            FROM jsonb_array_elements(p_steps) WITH ORDINALITY
                                AS later (item, step)
                            WHERE later.step > items.step
                                AND later.item ->> 'action' IN ('verify', 'escalate')
                            ORDER BY later.step
                            LIMIT 1
                        ), true) THEN 'is not followed by a verify'
                    END AS problem
                FROM jsonb_array_elements(
                    CASE WHEN jsonb_typeof(p_steps) = 'array' THEN p_steps ELSE '[]' END
                ) WITH ORDINALITY AS items (item, step)
            ) AS steps
            WHERE steps.problem IS NOT NULL
            ORDER BY steps.step
            LIMIT 1
        )
    END;
$$;
COMMENT ON FUNCTION health_internal.strategy_problem(jsonb) IS
'What is wrong with the steps of a strategy, in words; NULL: nothing.';

CREATE OR REPLACE FUNCTION health.set_recovery_strategy(
    p_policy_class text,
    p_issue_type text,
    p_steps jsonb
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_problem constant text := health_internal.strategy_problem(p_steps);
    v_count integer;
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.current_policies AS policies
        WHERE policies.policy_class = p_policy_class
    ) THEN
        RAISE EXCEPTION 'there is no policy of class "%"', coalesce(p_policy_class, 'NULL')
            USING ERRCODE = 'AG004',
                HINT = 'SELECT policy_class FROM health.current_policies lists the classes; '
                    'health.set_policy makes one.';
    END IF;
    IF p_issue_type IS NULL OR p_issue_type NOT IN (
        'agent_unresponsive', 'high_error_rate', 'resource_exhaustion', 'performance_degradation',
        'database_connectivity'
    ) THEN
        RAISE EXCEPTION 'issue "%" is not known', coalesce(p_issue_type, 'NULL')
            USING ERRCODE = 'RC004',
                HINT = 'Name agent_unresponsive, high_error_rate, resource_exhaustion, '
                    'performance_degradation or database_connectivity.';
    END IF;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION 'the strategy cannot be used: %', v_problem
            USING ERRCODE = 'RC005',
                HINT = 'Give steps such as [{"action": "reload", "timeout_seconds": 20}, {"action": '
                    '"verify"}, {"action": "restart_agent"}, {"action": "verify"}, {"action": '
                    '"escalate"}]; what acts is followed by a verify.';
    END IF;
    -- Two administrators at once: the second replaces what the first wrote, never a mixture.
    LOCK TABLE health.recovery_strategies IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM health.recovery_strategies AS strategies
    WHERE strategies.policy_class = p_policy_class AND strategies.issue_type = p_issue_type;
    INSERT INTO health.recovery_strategies (
        policy_class, issue_type, step, action, parameters, timeout_seconds
    )
    SELECT
        p_policy_class,
        p_issue_type,
        steps.step,
        steps.item ->> 'action',
        coalesce(nullif(steps.item -> 'parameters', 'null'), '{}'),
        (steps.item ->> 'timeout_seconds')::float8
    FROM jsonb_array_elements(p_steps) WITH ORDINALITY AS steps (item, step);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health.set_recovery_strategy(text, text, jsonb) IS
'Replaces the steps that answer an issue for agents of a class: a JSON array of {"action", '
'"parameters", "timeout_seconds"}, in order. Recoveries queued already keep theirs. Returns how many '
'steps there are. Raises AG004 for an unknown class, RC004 for an unknown issue, RC005 for steps that '
'cannot be used, and a named CHECK for parameters that do not fit their action.';

GRANT EXECUTE ON FUNCTION health.set_recovery_strategy(text, text, jsonb) TO health_admin;

COMMIT;
