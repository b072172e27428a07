-- Alert rules of users: a rule is a view. What people call to add, remove, enable and disable them.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.add_alert_rule(
    p_rule text,
    p_view text,
    p_severity text DEFAULT NULL,
    p_description text DEFAULT NULL,
    p_period interval DEFAULT '1 minute',
    p_row_limit integer DEFAULT 1000,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_name text [];
    v_problem text;
BEGIN
    BEGIN
        v_name := parse_ident(p_view);
    EXCEPTION
        WHEN invalid_parameter_value THEN
            v_name := NULL;
    END;
    IF cardinality(v_name) IS DISTINCT FROM 2 THEN
        RAISE EXCEPTION 'view "%" is not named with its schema', p_view
            USING ERRCODE = 'RU001',
                HINT = 'Write ops.disk_full, say.';
    END IF;
    v_problem := health_internal.rule_problem(v_name[1], v_name[2]);
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', v_problem
            USING ERRCODE = 'RU001',
                HINT = format(
                    'A rule is a view with the columns agent_id, severity, summary and details that '
                    'health_rules may read: GRANT USAGE ON SCHEMA %I TO health_rules; GRANT SELECT ON '
                    '%I.%I TO health_rules;', v_name[1], v_name[1], v_name[2]
                );
    END IF;
    -- Findings show what the view shows: whoever makes a rule of it must be allowed to see it.
    IF NOT EXISTS (
        SELECT FROM pg_class
        INNER JOIN pg_namespace ON pg_class.relnamespace = pg_namespace.oid
        WHERE pg_namespace.nspname = v_name[1]
            AND pg_class.relname = v_name[2]
            AND has_schema_privilege(session_user, pg_namespace.oid, 'USAGE')
            AND has_table_privilege(session_user, pg_class.oid, 'SELECT')
    ) THEN
        RAISE EXCEPTION 'login "%" may not read view %.%', session_user, v_name[1], v_name[2]
            USING ERRCODE = 'RU001',
                HINT = 'Only who may read a view may make a rule of it.';
    END IF;
    INSERT INTO health.alert_rules AS rules (
        rule, severity, summary, view_schema, view_name, period, row_limit, created_by, created_at,
        next_evaluation_at
    )
    VALUES (
        p_rule, coalesce(p_severity, 'warning'), coalesce(p_description, p_rule), v_name[1], v_name[2],
        p_period, p_row_limit, session_user, p_now, p_now
    )
    ON CONFLICT (rule) DO UPDATE SET
        severity = excluded.severity,
        summary = excluded.summary,
        is_enabled = true,
        view_schema = excluded.view_schema,
        view_name = excluded.view_name,
        period = excluded.period,
        row_limit = excluded.row_limit,
        created_by = excluded.created_by,
        created_at = excluded.created_at,
        next_evaluation_at = excluded.next_evaluation_at,
        last_error = NULL,
        last_error_at = NULL,
        last_note = NULL,
        -- An evaluation under way asks the old view: its answer is ignored.
        evaluation_id = rules.evaluation_id + 1,
        evaluating_since = NULL,
        evaluating_pid = NULL,
        unfinished_count = 0,
        removed_at = NULL
    WHERE NOT rules.is_builtin;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'rule "%" is built in', p_rule
            USING ERRCODE = 'RU002',
                HINT = 'Choose another name.';
    END IF;
    PERFORM health_internal.refresh_disabled_rules(p_now);
END;
$$;
COMMENT ON FUNCTION health.add_alert_rule(
    text, text, text, text, interval, integer, timestamptz
) IS
'Adds a rule, or changes and enables one: each row of the view is a finding that holds, and opens an alert. '
'The view (with its schema) returns agent_id, severity, summary and details; agent_id NULL is the system '
'as a whole. p_severity and p_description stand in where the view tells none (default warning and the '
'rule''s name). It is asked each p_period (1 second to 1 day) as health_rules, for at most p_row_limit rows. '
'Raises RU001 for a view that cannot be a rule or that the caller may not read, RU002 for the name of a '
'built-in rule.';

CREATE OR REPLACE FUNCTION health.remove_alert_rule(
    p_rule text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE health.alert_rules
    SET
        is_enabled = false,
        removed_at = p_now,
        evaluation_id = alert_rules.evaluation_id + 1,
        evaluating_since = NULL,
        evaluating_pid = NULL,
        last_error = NULL,
        last_error_at = NULL
    WHERE alert_rules.rule = p_rule AND NOT alert_rules.is_builtin AND alert_rules.removed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no rule "%" of a user', p_rule
            USING ERRCODE = 'RU002',
                HINT = 'SELECT rule FROM health.alert_rules WHERE NOT is_builtin lists them; a built-in '
                    'one can be disabled: health.disable_alert_rule.';
    END IF;
    DELETE FROM health.rule_findings WHERE rule_findings.rule = p_rule;
    DELETE FROM health.alert_rules
    WHERE alert_rules.rule = p_rule
        AND NOT EXISTS (SELECT FROM health.alerts WHERE alerts.rule = p_rule);
    PERFORM health_internal.refresh_disabled_rules(p_now);
END;
$$;
COMMENT ON FUNCTION health.remove_alert_rule(text, timestamptz) IS
'Removes a user''s rule and its findings, so that the next tick resolves its alerts; a rule that ever '
'opened an alert stays on record with removed_at. The view stays. Raises RU002 where there is none.';

CREATE OR REPLACE FUNCTION health_internal.switch_alert_rule(
    p_rule text,
    p_is_enabled boolean,
    p_now timestamptz
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    UPDATE health.alert_rules
    SET
        is_enabled = p_is_enabled,
        last_error = NULL,
        last_error_at = NULL,
        evaluation_id = alert_rules.evaluation_id + 1,
        evaluating_since = NULL,
        evaluating_pid = NULL,
        unfinished_count = 0,
        next_evaluation_at = CASE WHEN NOT alert_rules.is_builtin THEN p_now END
    WHERE alert_rules.rule = p_rule AND alert_rules.removed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no rule "%"', p_rule
            USING ERRCODE = 'RU002',
                HINT = 'SELECT rule, is_enabled FROM health.alert_rules lists them.';
    END IF;
    IF NOT p_is_enabled THEN
        DELETE FROM health.rule_findings
        USING health.alert_rules
        WHERE rule_findings.rule = p_rule
            AND alert_rules.rule = p_rule
            AND NOT alert_rules.is_builtin;
    END IF;
    PERFORM health_internal.refresh_disabled_rules(p_now);
END;
$$;
COMMENT ON FUNCTION health_internal.switch_alert_rule(text, boolean, timestamptz) IS
'Enables or disables a rule and forgets its error. Raises RU002 where there is none.';

CREATE OR REPLACE FUNCTION health.enable_alert_rule(
    p_rule text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT health_internal.switch_alert_rule(p_rule, true, p_now);
$$;
COMMENT ON FUNCTION health.enable_alert_rule(text, timestamptz) IS
'Enables a rule, and forgets the error that disabled it; a user''s is evaluated next. Raises RU002 where '
'there is none (in switch_alert_rule).';

CREATE OR REPLACE FUNCTION health.disable_alert_rule(
    p_rule text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT health_internal.switch_alert_rule(p_rule, false, p_now);
$$;
COMMENT ON FUNCTION health.disable_alert_rule(text, timestamptz) IS
'Disables a rule, a built-in one too: no alert of it opens any more; findings of a user''s rule are taken '
'back. Raises RU002 where there is none (in switch_alert_rule).';
GRANT EXECUTE ON FUNCTION
health.add_alert_rule(text, text, text, text, interval, integer, timestamptz),
health.remove_alert_rule(text, timestamptz),
health.enable_alert_rule(text, timestamptz),
health.disable_alert_rule(text, timestamptz) TO health_admin;

COMMIT;
