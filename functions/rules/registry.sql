-- Alert rules of users: a rule is a view. What people call to add, remove, enable and disable them.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.rule_problem(p_schema name, p_view name)
RETURNS text
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    v_view record;
    v_problem text;
BEGIN
    SELECT
        pg_class.oid,
        pg_class.relkind,
        has_schema_privilege('health_rules', pg_namespace.oid, 'USAGE')
        AND has_table_privilege('health_rules', pg_class.oid, 'SELECT') AS is_readable
    INTO v_view
    FROM pg_class
    INNER JOIN pg_namespace ON pg_class.relnamespace = pg_namespace.oid
    WHERE pg_namespace.nspname = p_schema
        AND pg_class.relname = p_view
        AND pg_class.relpersistence <> 't';
    IF NOT FOUND THEN
        RETURN format('there is no view %I.%I', p_schema, p_view);
    END IF;
    IF v_view.relkind <> 'v' THEN
        RETURN format('%I.%I is not a view', p_schema, p_view);
    END IF;
    IF NOT v_view.is_readable THEN
        RETURN format('the role health_rules may not read %I.%I', p_schema, p_view);
    END IF;
    SELECT string_agg(format(
        CASE WHEN given.attname IS NULL THEN '%s is missing (%s)' ELSE '%s is not %s' END,
        wanted.name, wanted.kind
    ), ', ' ORDER BY wanted.place)
    INTO v_problem
    FROM (
        VALUES
        (1, 'agent_id', 'text', true),
        (2, 'severity', 'text', false),
        (3, 'summary', 'text', true),
        (4, 'details', 'jsonb', false)
    ) AS wanted (place, name, kind, is_required)
    LEFT JOIN pg_attribute AS given
        ON given.attrelid = v_view.oid AND given.attname = wanted.name
        AND given.attnum > 0 AND NOT given.attisdropped
    LEFT JOIN pg_type ON given.atttypid = pg_type.oid
    WHERE CASE
        WHEN given.attname IS NULL THEN wanted.is_required
        WHEN wanted.kind = 'jsonb' THEN given.atttypid NOT IN ('json'::regtype, 'jsonb'::regtype)
        ELSE pg_type.typcategory <> 'S'
    END;
    IF v_problem IS NOT NULL THEN
        RETURN format('%I.%I does not fit: %s', p_schema, p_view, v_problem);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.rule_problem(name, name) IS
'Why a view cannot be a rule: it is not there, is no view, health_rules may not read it, or its columns '
'are not agent_id text, severity text (optional), summary text and details jsonb (optional). NULL: it '
'can.';

CREATE OR REPLACE FUNCTION health_internal.refresh_disabled_rules(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_finding record;
BEGIN
    SELECT
        builtin.severity,
        left(CASE count(*)
            WHEN 1 THEN format('alert rule %s was disabled: %s', min(rules.rule), min(rules.last_error))
            ELSE format(
                '%s alert rules were disabled: %s',
                count(*), string_agg(rules.rule, ', ' ORDER BY rules.rule)
            )
        END, 500) AS summary,
        -- As many as fit.
        (SELECT jsonb_object_agg(few.rule, left(few.last_error, 200))
            FROM (
                SELECT failed.rule, failed.last_error
                FROM health.alert_rules AS failed
                WHERE failed.last_error IS NOT NULL AND failed.removed_at IS NULL
                ORDER BY failed.rule
                LIMIT 20
            ) AS few) AS details
    INTO v_finding
    FROM health.alert_rules AS rules
    INNER JOIN health.alert_rules AS builtin ON builtin.rule = 'rule_disabled'
    WHERE rules.last_error IS NOT NULL AND rules.removed_at IS NULL
    GROUP BY builtin.severity;
    IF NOT FOUND THEN
        DELETE FROM health.rule_findings WHERE rule_findings.rule = 'rule_disabled';
        RETURN;
    END IF;
    INSERT INTO health.rule_findings AS findings (
        rule, agent_id, severity, summary, details, found_at, changed_at
    )
    VALUES (
        'rule_disabled', NULL, v_finding.severity, v_finding.summary, v_finding.details, p_now, p_now
    )
    ON CONFLICT (rule, agent_id) DO UPDATE SET
        summary = excluded.summary,
        details = excluded.details,
        changed_at = excluded.changed_at
    WHERE (findings.summary, findings.details)
        IS DISTINCT FROM (excluded.summary, excluded.details);
END;
$$;
COMMENT ON FUNCTION health_internal.refresh_disabled_rules(timestamptz) IS
'Makes the finding rule_disabled agree with the rules that were disabled by an error.';

CREATE OR REPLACE FUNCTION health_internal.stop_rule(p_rule text, p_error text, p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    UPDATE health.alert_rules
    SET
        is_enabled = false,
        last_error = left(regexp_replace(p_error, '[[:cntrl:]]+', ' ', 'g'), 500),
        last_error_at = p_now,
        evaluating_since = NULL,
        evaluating_pid = NULL
    WHERE alert_rules.rule = p_rule;
    DELETE FROM health.rule_findings WHERE rule_findings.rule = p_rule;
    PERFORM health_internal.refresh_disabled_rules(p_now);
END;
$$;
COMMENT ON FUNCTION health_internal.stop_rule(text, text, timestamptz) IS
'Disables a rule because of an error and takes back its findings, which nobody can confirm any more; '
'the finding rule_disabled speaks of it.';

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
