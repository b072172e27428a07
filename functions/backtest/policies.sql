-- Policies that are not in force: what a backtest or a shadow judges by.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.changed_policy(
    p_policy health.policies,
    p_changes jsonb
)
RETURNS health.policies
LANGUAGE sql
STABLE
RETURN CASE
    WHEN coalesce(p_changes ->> 'policy_class', (p_policy).policy_class)
        = (p_policy).policy_class THEN jsonb_populate_record(p_policy, p_changes)
    ELSE p_policy
END;
COMMENT ON FUNCTION health_internal.changed_policy(health.policies, jsonb) IS
'A policy with changes, unless they name another policy_class.';

CREATE OR REPLACE FUNCTION health_internal.check_policy_changes(p_changes jsonb)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_unknown text;
BEGIN
    IF jsonb_typeof(p_changes) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'a policy is given as a JSON object of changes, not as %',
            coalesce(left(p_changes::text, 100), 'NULL')
            USING ERRCODE = 'BT002',
                HINT = 'For example {"critical_below": 55}; {} is the policy in force.';
    END IF;
    SELECT string_agg(changes.name, ', ' ORDER BY changes.name)
    INTO v_unknown
    FROM jsonb_object_keys(p_changes) AS changes (name)
    WHERE changes.name IN ('policy_id', 'version', 'valid_from', 'created_by', 'note')
        OR NOT EXISTS (
            SELECT FROM pg_attribute
            WHERE pg_attribute.attrelid = 'health.policies'::regclass
                AND pg_attribute.attname = changes.name
                AND pg_attribute.attnum > 0
        );
    IF v_unknown IS NOT NULL THEN
        RAISE EXCEPTION 'a policy has no setting "%"', v_unknown
            USING ERRCODE = 'BT002',
                HINT = E'\\d+ health.policies lists the settings and what they mean; policy_class '
                    'says which class the changes are for.';
    END IF;
    IF p_changes ? 'policy_class' AND NOT EXISTS (
        SELECT FROM health.policies
        WHERE policies.policy_class = p_changes ->> 'policy_class'
    ) THEN
        RAISE EXCEPTION 'there is no policy class "%"', p_changes ->> 'policy_class'
            USING ERRCODE = 'BT002',
                HINT = 'SELECT policy_class FROM health.current_policies lists them; without one the '
                    'changes hold for every class.';
    END IF;

    -- The table knows which values fit; what it accepts is taken back.
    BEGIN
        INSERT INTO health.policies OVERRIDING SYSTEM VALUE
        SELECT changed.*
        FROM health.current_policies AS live
        CROSS JOIN LATERAL jsonb_populate_record(
            health_internal.changed_policy(ROW(live.*)::health.policies, p_changes),
            jsonb_build_object('policy_id', -live.policy_id, 'version', -live.version)
        ) AS changed;
        RAISE EXCEPTION 'taken back' USING ERRCODE = 'BT009';
    EXCEPTION
        WHEN SQLSTATE 'BT009' THEN
            RETURN;
    END;
END;
$$;
COMMENT ON FUNCTION health_internal.check_policy_changes(jsonb) IS
'Raises BT002 for changes that are no policy''s, and a named CHECK for values that do not fit. (BT009 '
'takes back a trial and is never seen.)';

CREATE OR REPLACE FUNCTION health_internal.named_policy(p_policy text)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    v_changes jsonb;
BEGIN
    IF p_policy = 'live' THEN
        RETURN '{}'::jsonb;
    END IF;
    SELECT shadows.policy
    INTO v_changes
    FROM health.shadow_policies AS shadows
    WHERE shadows.shadow_policy = p_policy
    ORDER BY shadows.ended_at DESC NULLS FIRST
    LIMIT 1;
    IF v_changes IS NULL AND starts_with(ltrim(p_policy), '{') THEN
        BEGIN
            v_changes := p_policy::jsonb;
        EXCEPTION
            WHEN invalid_text_representation THEN
                v_changes := NULL;
        END;
    END IF;
    IF v_changes IS NULL THEN
        RAISE EXCEPTION 'policy "%" is not known', coalesce(left(p_policy, 100), 'NULL')
            USING ERRCODE = 'BT002',
                HINT = 'Give live, the name of a shadow policy (SELECT shadow_policy FROM '
                    'health.shadow_policies), or changes as JSON such as {"critical_below": 55}.';
    END IF;
    RETURN v_changes;
END;
$$;
COMMENT ON FUNCTION health_internal.named_policy(text) IS
'The changes to the policies in force that a name stands for: none for live, those of a shadow policy '
'(the one at work before ended ones), or JSON. Raises BT002.';

COMMIT;
