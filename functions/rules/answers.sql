-- What a rule answered becomes its findings, or disables it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.finish_rule(
    p_rule text,
    p_evaluation_id bigint,
    p_findings jsonb,
    p_error text,
    p_duration_ms double precision,
    p_now timestamptz
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_rule health.alert_rules;
    v_count integer := coalesce(jsonb_array_length(p_findings), 0);
    v_error text := p_error;
    v_note text;
BEGIN
    SELECT rules.*
    INTO v_rule
    FROM health.alert_rules AS rules
    WHERE rules.rule = p_rule
        AND rules.evaluation_id = p_evaluation_id
        AND rules.evaluating_pid = pg_backend_pid()
    FOR NO KEY UPDATE;
    -- Removed, changed or disabled meanwhile.
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_error IS NULL AND v_count > v_rule.row_limit THEN
        v_error := format('it returned more than %s rows', v_rule.row_limit);
    END IF;
    IF v_error IS NULL THEN
        SELECT format('severity "%s" is not known', left(answer.severity, 100))
        INTO v_error
        FROM jsonb_to_recordset(p_findings) AS answer (severity text)
        WHERE lower(answer.severity) NOT IN ('info', 'warning', 'critical', 'emergency')
        LIMIT 1;
    END IF;
    UPDATE health.alert_rules
    SET last_duration_ms = p_duration_ms, last_row_count = least(v_count, v_rule.row_limit)
    WHERE alert_rules.rule = p_rule;
    IF v_error IS NOT NULL THEN
        PERFORM health_internal.stop_rule(p_rule, v_error, p_now);
        RETURN;
    END IF;

    WITH answer AS MATERIALIZED (
        SELECT
            found.agent_id,
            coalesce(lower(found.severity), v_rule.severity) AS severity,
            left(coalesce(
                nullif(btrim(regexp_replace(found.summary, '[[:cntrl:]]+', ' ', 'g')), ''),
                v_rule.summary
            ), 500) AS summary,
            CASE
                WHEN jsonb_typeof(found.details) = 'object' THEN found.details
                WHEN jsonb_typeof(found.details) <> 'null'
                    THEN jsonb_build_object('details', found.details)
                ELSE '{}'
            END AS details,
            found.agent_id IS NULL OR EXISTS (
                SELECT FROM health.agents WHERE agents.agent_id = found.agent_id
            ) AS is_known
        FROM jsonb_to_recordset(p_findings) AS found (
            agent_id text, severity text, summary text, details jsonb
        )
    ),

    -- One finding per agent: the most severe.
    told AS MATERIALIZED (
        SELECT DISTINCT ON (answer.agent_id) answer.*
        FROM answer
        WHERE answer.is_known
        ORDER BY
            answer.agent_id,
            array_position('{emergency,critical,warning,info}'::text [], answer.severity),
            answer.summary,
            answer.details
    ),

    gone AS (
        DELETE FROM health.rule_findings AS findings
        WHERE findings.rule = p_rule
            AND NOT EXISTS (
                SELECT FROM told WHERE told.agent_id IS NOT DISTINCT FROM findings.agent_id
            )
    ),

    stored AS (
        INSERT INTO health.rule_findings AS findings (
            rule, agent_id, severity, summary, details, found_at, changed_at
        )
        SELECT p_rule, told.agent_id, told.severity, told.summary, told.details, p_now, p_now
        FROM told
        ON CONFLICT (rule, agent_id) DO UPDATE SET
            severity = excluded.severity,
            summary = excluded.summary,
            details = excluded.details,
            changed_at = excluded.changed_at
        WHERE (findings.severity, findings.summary, findings.details)
            IS DISTINCT FROM (excluded.severity, excluded.summary, excluded.details)
    )

    SELECT concat_ws(
        '; ',
        CASE WHEN count(*) FILTER (WHERE NOT answer.is_known) > 0 THEN format(
            'rows of agents that are not registered: %s, such as "%s"',
            count(*) FILTER (WHERE NOT answer.is_known),
            left(regexp_replace(
                min(answer.agent_id) FILTER (WHERE NOT answer.is_known), '[[:cntrl:]]', ' ', 'g'
            ), 100)
        ) END,
        CASE WHEN count(*) FILTER (WHERE answer.is_known) > (SELECT count(*) FROM told) THEN format(
            'rows of agents that a more severe row speaks of: %s',
            count(*) FILTER (WHERE answer.is_known) - (SELECT count(*) FROM told)
        ) END
    )
    INTO v_note
    FROM answer;

    UPDATE health.alert_rules
    SET
        last_evaluated_at = p_now,
        next_evaluation_at = p_now + v_rule.period,
        last_note = nullif(v_note, ''),
        evaluating_since = NULL,
        evaluating_pid = NULL,
        unfinished_count = 0
    WHERE alert_rules.rule = p_rule;
END;
$$;
COMMENT ON FUNCTION health_internal.finish_rule(
    text, bigint, jsonb, text, double precision, timestamptz
) IS
'Keeps what a rule answered: its findings become those rows, one per agent. An error, too many rows or an '
'unknown severity disables the rule. An answer to another evaluation than the last one is ignored.';
GRANT EXECUTE ON FUNCTION health_internal.finish_rule(
    text, bigint, jsonb, text, double precision, timestamptz
) TO health_rules;

COMMIT;
