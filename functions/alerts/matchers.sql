-- Matchers: one way to say which agents, for silences, maintenance and escalation policies.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.matches_agent(p_matchers jsonb, p_agent health.agents)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (p_matchers ->> 'agent_id' IS NULL OR (
    -- The few signs LIKE would read are taken literally; * is any text.
    (p_agent).agent_id LIKE replace(
        replace(replace(replace(p_matchers ->> 'agent_id', '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    )
) IS TRUE)
AND (p_matchers -> 'agent_ids' IS NULL
    OR (p_matchers -> 'agent_ids' ? (p_agent).agent_id::text) IS TRUE)
AND (p_matchers ->> 'agent_type' IS NULL
    OR ((p_agent).agent_type = p_matchers ->> 'agent_type') IS TRUE)
AND (p_matchers ->> 'tenant' IS NULL OR ((p_agent).tenant = p_matchers ->> 'tenant') IS TRUE)
AND (p_matchers ->> 'policy_class' IS NULL
    OR ((p_agent).policy_class = p_matchers ->> 'policy_class') IS TRUE)
AND (p_matchers ->> 'criticality' IS NULL
    OR ((p_agent).criticality = p_matchers ->> 'criticality') IS TRUE)
AND (p_matchers -> 'labels' IS NULL OR ((p_agent).labels @> (p_matchers -> 'labels')) IS TRUE)
AND (p_matchers -> 'minimum_revenue_usd_per_hour' IS NULL
    OR ((p_agent).revenue_usd_per_hour
        > (p_matchers ->> 'minimum_revenue_usd_per_hour')::double precision) IS TRUE);
COMMENT ON FUNCTION health_internal.matches_agent(jsonb, health.agents) IS
'Whether an agent is one of those p_matchers name; every key given must fit: agent_id (* is any '
'text), agent_ids (a list), agent_type, tenant, policy_class, criticality, labels (contained in the '
'agent''s), minimum_revenue_usd_per_hour (more than that). {} matches every agent, and the engine.';

CREATE OR REPLACE FUNCTION health_internal.matches_alert(
    p_matchers jsonb,
    p_rule text,
    p_severity text
)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN coalesce(p_matchers ->> 'rule' = p_rule, true)
AND coalesce(
    health_internal.severity_rank(p_severity)
    >= health_internal.severity_rank(p_matchers ->> 'minimum_severity'),
    true
)
AND coalesce(
    health_internal.severity_rank(p_severity)
    <= health_internal.severity_rank(p_matchers ->> 'maximum_severity'),
    true
);
COMMENT ON FUNCTION health_internal.matches_alert(jsonb, text, text) IS
'Whether an alert of a rule and severity fits the keys rule, minimum_severity and maximum_severity of '
'p_matchers.';

CREATE OR REPLACE FUNCTION health_internal.check_matchers(p_matchers jsonb, p_keys text [])
RETURNS jsonb
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    v_wrong text;
BEGIN
    IF jsonb_typeof(p_matchers) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'matchers must be a JSON object, not %', coalesce(p_matchers::text, 'NULL')
            USING ERRCODE = 'AL002',
                HINT = 'Write {"agent_id": "web-*"}, for example; {} matches every agent.';
    END IF;
    SELECT format('"%s": %s', given.key, given.value)
    INTO v_wrong
    FROM jsonb_each(p_matchers) AS given
    WHERE NOT given.key = ANY (p_keys)
        OR CASE given.key
            WHEN 'labels' THEN jsonb_typeof(given.value) <> 'object'
            WHEN 'agent_ids' THEN jsonb_typeof(given.value) <> 'array'
                OR given.value @? '$[*] ? (@.type() != "string")'
            WHEN 'minimum_revenue_usd_per_hour' THEN jsonb_typeof(given.value) <> 'number'
            WHEN 'minimum_severity'
                THEN health_internal.severity_rank(given.value #>> '{}') IS NULL
            WHEN 'maximum_severity'
                THEN health_internal.severity_rank(given.value #>> '{}') IS NULL
            WHEN 'rule' THEN NOT EXISTS (
                SELECT FROM health.alert_rules WHERE alert_rules.rule = given.value #>> '{}'
            )
            ELSE jsonb_typeof(given.value) <> 'string'
        END
    ORDER BY given.key
    LIMIT 1;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'matcher % is not understood', v_wrong
            USING ERRCODE = 'AL002',
                DETAIL = format('Keys are %s.', array_to_string(p_keys, ', ')),
                HINT = 'labels is an object, agent_ids a list of text, minimum_revenue_usd_per_hour a '
                    'number, severities and rules are known ones, the rest is text.';
    END IF;
    RETURN p_matchers;
END;
$$;
COMMENT ON FUNCTION health_internal.check_matchers(jsonb, text []) IS
'Returns p_matchers where each key is one of p_keys and fits. Raises AL002 where not.';

CREATE OR REPLACE FUNCTION health_internal.agent_matcher_keys()
RETURNS text []
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN ARRAY[
    'agent_id', 'agent_ids', 'agent_type', 'criticality', 'labels',
    'minimum_revenue_usd_per_hour', 'policy_class', 'tenant'
];
COMMENT ON FUNCTION health_internal.agent_matcher_keys() IS
'Keys of matchers that speak of agents.';

COMMIT;
