-- What can be wrong with a user's rule: why a view cannot be one, and the disabling of one that erred.
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
                WHERE failed.last_error IS NOT NULL
                ORDER BY failed.rule
                LIMIT 20
            ) AS few) AS details
    INTO v_finding
    FROM health.alert_rules AS rules
    INNER JOIN health.alert_rules AS builtin ON builtin.rule = 'rule_disabled'
    WHERE rules.last_error IS NOT NULL
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

COMMIT;
