-- Escalation policies: who is told how long after whom. The steps fall due in incident_facts.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.set_escalation_policy(
    p_escalation_policy text,
    p_matchers jsonb,
    p_steps jsonb,
    p_is_enabled boolean DEFAULT true
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_wrong text;
BEGIN
    IF jsonb_typeof(p_steps) IS DISTINCT FROM 'array' OR jsonb_array_length(p_steps) = 0 THEN
        RAISE EXCEPTION 'the steps of an escalation policy must be a list'
            USING ERRCODE = 'AL007',
                HINT = 'Write [{"delay": "15 minutes", "channel": "on_call"}], for example.';
    END IF;
    SELECT given.step::text
    INTO v_wrong
    FROM jsonb_array_elements(p_steps) AS given (step)
    WHERE jsonb_typeof(given.step) <> 'object'
        OR EXISTS (
            SELECT FROM jsonb_object_keys(
                CASE jsonb_typeof(given.step) WHEN 'object' THEN given.step ELSE '{}' END
            ) AS keys (key)
            WHERE keys.key NOT IN (
                'delay', 'channel', 'minimum_severity', 'repeat_count', 'repeat_interval'
            )
        )
        OR NOT EXISTS (
            SELECT FROM health.channels WHERE channels.channel = given.step ->> 'channel'
        )
    LIMIT 1;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'escalation step % is not understood', v_wrong
            USING ERRCODE = 'AL007',
                DETAIL = 'Keys are channel, delay, minimum_severity, repeat_count and '
                    'repeat_interval.',
                HINT = 'The channel must be one of health.channels; set_channel adds one.';
    END IF;

    INSERT INTO health.escalation_policies AS plans (escalation_policy, matchers, is_enabled)
    VALUES (
        p_escalation_policy,
        health_internal.check_matchers(
            p_matchers, health_internal.agent_matcher_keys() || ARRAY['rule']
        ),
        p_is_enabled
    )
    ON CONFLICT (escalation_policy) DO UPDATE SET
        matchers = excluded.matchers,
        is_enabled = excluded.is_enabled;
    DELETE FROM health.escalation_steps AS steps
    WHERE steps.escalation_policy = p_escalation_policy;
    INSERT INTO health.escalation_steps (
        escalation_policy, step, channel, delay, minimum_severity, repeat_count, repeat_interval
    )
    SELECT
        p_escalation_policy,
        given.number,
        given.step ->> 'channel',
        coalesce((given.step ->> 'delay')::interval, interval '0'),
        coalesce(given.step ->> 'minimum_severity', 'warning'),
        coalesce((given.step ->> 'repeat_count')::integer, 0),
        coalesce((given.step ->> 'repeat_interval')::interval, interval '1 hour')
    FROM jsonb_array_elements(p_steps) WITH ORDINALITY AS given (step, number);
    -- Open incidents follow the new plan from the next tick on.
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.told_at IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION health.set_escalation_policy(text, jsonb, jsonb, boolean) IS
'Adds or replaces a plan of escalation for the incidents of the agents p_matchers name, or, with the '
'key rule, only while an alert of that rule is open in them: p_steps is a '
'list of {"channel", "delay", "minimum_severity", "repeat_count", "repeat_interval"}, delays counted '
'from the first page, or from that alert. A delay of 0 tells the channel with the first page. Raises AL007 for steps, AL002 '
'for matchers, that are not understood.';

GRANT EXECUTE ON FUNCTION health.set_escalation_policy(text, jsonb, jsonb, boolean)
TO health_admin;

COMMIT;
