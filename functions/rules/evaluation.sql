-- Users' rules are evaluated outside the tick, in a session that can do nothing but read their views.
-- A rule's functions run inside a transaction of their own that is read only and always rolled back, so
-- that nothing of them stays but the rows they returned. Entry point: health.evaluate_rules.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.check_rules_session()
RETURNS double precision
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_too_much text;
    v_timeout_ms double precision;
BEGIN
    SELECT CASE
        WHEN NOT pg_has_role(session_user, 'health_rules', 'USAGE')
            THEN 'it has not the role health_rules'
        WHEN login.rolsuper THEN 'it is a superuser'
        WHEN login.rolcreaterole OR login.rolcreatedb OR login.rolreplication OR login.rolbypassrls
            THEN 'it has rights over the whole server'
        WHEN (
            SELECT activity.usesysid FROM pg_stat_activity AS activity
            WHERE activity.pid = pg_backend_pid()
        ) IS DISTINCT FROM login.oid THEN 'the session began as somebody else'
        ELSE (
            SELECT 'it may become ' || string_agg(others.rolname, ', ' ORDER BY others.rolname)
            FROM pg_roles AS others
            WHERE others.rolname NOT IN (session_user, 'health_rules')
                AND pg_has_role(session_user, others.oid, 'MEMBER')
        )
    END
    INTO v_too_much
    FROM pg_roles AS login
    WHERE login.rolname = session_user;
    IF v_too_much IS NOT NULL THEN
        RAISE EXCEPTION 'login "%" may not evaluate rules', session_user
            USING ERRCODE = 'RU003',
                DETAIL = upper(left(v_too_much, 1)) || substr(v_too_much, 2) || '.',
                HINT = 'A rule''s functions can fall back to the login. Connect as '
                    'health_rules_runner, or as a login with the role health_rules and no other.';
    END IF;
    SELECT pg_settings.setting::double precision
    INTO STRICT v_timeout_ms
    FROM pg_settings
    WHERE pg_settings.name = 'statement_timeout';
    IF v_timeout_ms = 0 OR v_timeout_ms > 5000 THEN
        RAISE EXCEPTION 'statement_timeout of login "%" is not between 1 ms and 5 s', session_user
            USING ERRCODE = 'RU003',
                HINT = format('ALTER ROLE %I SET statement_timeout = ''500ms'';', session_user);
    END IF;
    RETURN v_timeout_ms;
END;
$$;
COMMENT ON FUNCTION health_internal.check_rules_session() IS
'Refuses to evaluate rules (RU003) in a session whose login could become more than health_rules, or that '
'has no statement_timeout; returns it in milliseconds.';

CREATE OR REPLACE FUNCTION health_internal.begin_rule(
    p_now timestamptz,
    OUT rule text,
    OUT evaluation_id bigint,
    OUT view_schema name,
    OUT view_name name,
    OUT row_limit integer
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_rule health.alert_rules;
    v_problem text;
BEGIN
    -- A loop, because a rule that cannot be asked is disabled on the way to one that can.
    LOOP
        SELECT rules.*
        INTO v_rule
        FROM health.alert_rules AS rules
        WHERE NOT rules.is_builtin
            AND rules.is_enabled
            AND rules.next_evaluation_at <= p_now
            AND (
                rules.evaluating_since IS NULL
                OR rules.evaluating_since < clock_timestamp() - interval '15 seconds'
            )
        ORDER BY rules.next_evaluation_at, rules.rule
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        -- An evaluation that never ended took its session with it, unless the server went down.
        IF v_rule.evaluating_since > pg_postmaster_start_time() THEN
            v_rule.unfinished_count := v_rule.unfinished_count + 1;
        END IF;
        v_problem := CASE
            WHEN v_rule.unfinished_count >= 2 THEN 'its evaluation ended the session, twice in a row'
            ELSE health_internal.rule_problem(v_rule.view_schema, v_rule.view_name)
        END;
        EXIT WHEN v_problem IS NULL;
        PERFORM health_internal.stop_rule(v_rule.rule, v_problem, p_now);
    END LOOP;
    UPDATE health.alert_rules AS rules
    SET
        evaluation_id = rules.evaluation_id + 1,
        evaluating_since = clock_timestamp(),
        evaluating_pid = pg_backend_pid(),
        unfinished_count = v_rule.unfinished_count
    WHERE rules.rule = v_rule.rule
    RETURNING rules.rule, rules.evaluation_id, rules.view_schema, rules.view_name, rules.row_limit
    INTO rule, evaluation_id, view_schema, view_name, row_limit;
END;
$$;
COMMENT ON FUNCTION health_internal.begin_rule(timestamptz) IS
'Takes the rule that has been due longest: its name, the number of the evaluation, its view and how many '
'rows that may have; NULL: none is due. Rules whose view is gone, unreadable or of another shape are disabled on the way.';

CREATE OR REPLACE FUNCTION health_internal.ask_rule(
    p_schema name,
    p_view name,
    p_row_limit integer,
    OUT findings jsonb,
    OUT error text,
    OUT is_cancelled boolean
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_has_answered boolean := false;
BEGIN
    is_cancelled := false;
    BEGIN
        PERFORM set_config('transaction_read_only', 'on', true);
        EXECUTE format(
            $sql$
            SELECT jsonb_agg(jsonb_build_object(
                'agent_id', answer.found ->> 'agent_id',
                'severity', answer.found ->> 'severity',
                'summary', left(answer.found ->> 'summary', 1000),
                'details', CASE
                    WHEN pg_column_size(answer.found -> 'details') > 8192 THEN jsonb_build_object(
                        'left_out_bytes', pg_column_size(answer.found -> 'details')
                    )
                    ELSE answer.found -> 'details'
                END
            ))
            FROM (SELECT to_jsonb(found.*) AS found FROM %I.%I AS found LIMIT $1) AS answer
            $sql$,
            p_schema, p_view
        )
        INTO findings
        USING p_row_limit + 1;
        v_has_answered := true;
        -- Variables outlive the rollback of this block; whatever else the rule's functions did (settings,
        -- temporary objects, notifications, a role taken) does not.
        RAISE EXCEPTION 'rolled back';
    EXCEPTION
        WHEN query_canceled THEN
            findings := NULL;
            is_cancelled := true;
        WHEN OTHERS OR assert_failure THEN
            IF NOT v_has_answered THEN
                findings := NULL;
                error := format('%s (%s)', SQLERRM, SQLSTATE);
            END IF;
    END;
    -- Locks of the session are the one thing a rollback leaves.
    PERFORM pg_advisory_unlock_all();
END;
$$;
COMMENT ON FUNCTION health_internal.ask_rule(name, name, integer) IS
'Reads a rule''s view with the session''s own rights in a read-only block that is always rolled back: its '
'rows as a JSON array, one more than the limit at most (NULL: none), or what went wrong. Raises nothing.';

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
            '%s rows name agents that are not registered, such as "%s"',
            count(*) FILTER (WHERE NOT answer.is_known),
            left(regexp_replace(
                min(answer.agent_id) FILTER (WHERE NOT answer.is_known), '[[:cntrl:]]', ' ', 'g'
            ), 100)
        ) END,
        CASE WHEN count(*) FILTER (WHERE answer.is_known) > (SELECT count(*) FROM told) THEN format(
            '%s rows are about an agent that another, more severe row is about',
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

CREATE OR REPLACE FUNCTION health_internal.release_rule(p_rule text, p_evaluation_id bigint)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE health.alert_rules
    SET evaluating_since = NULL, evaluating_pid = NULL
    WHERE alert_rules.rule = p_rule
        AND alert_rules.evaluation_id = p_evaluation_id
        AND alert_rules.evaluating_pid = pg_backend_pid();
$$;
COMMENT ON FUNCTION health_internal.release_rule(text, bigint) IS
'Gives back a rule whose evaluation was cancelled through no fault of its own; it stays due.';

CREATE OR REPLACE PROCEDURE health.evaluate_rules(p_now timestamptz DEFAULT clock_timestamp())
LANGUAGE plpgsql
AS $$
DECLARE
    v_timeout_ms constant double precision := health_internal.check_rules_session();
    v_rule record;
    v_answer record;
    v_began timestamptz;
    v_took_ms double precision;
    v_is_over boolean;
    v_number integer := 1;
BEGIN
    -- A loop, because each rule is a transaction of its own. The time-out is armed once, for the
    -- whole call: when it is spent, the next call goes on with the rule that has been due longest.
    LOOP
        SELECT begun.* INTO v_rule FROM health_internal.begin_rule(p_now) AS begun;
        COMMIT;
        EXIT WHEN v_rule.rule IS NULL;
        v_began := clock_timestamp();
        SELECT answer.* INTO v_answer FROM health_internal.ask_rule(
            v_rule.view_schema, v_rule.view_name, v_rule.row_limit
        ) AS answer;
        v_took_ms := date_part('epoch', clock_timestamp() - v_began) * 1000;
        v_is_over := v_answer.is_cancelled
            OR date_part('epoch', clock_timestamp() - statement_timestamp()) * 1000 >= v_timeout_ms;
        -- Only who had the time to itself is blamed; functions can catch their cancellation.
        IF (v_is_over AND v_number > 1) OR (v_answer.is_cancelled AND v_took_ms < 0.8 * v_timeout_ms)
        THEN
            PERFORM health_internal.release_rule(v_rule.rule, v_rule.evaluation_id);
        ELSE
            PERFORM health_internal.finish_rule(
                v_rule.rule,
                v_rule.evaluation_id,
                v_answer.findings,
                CASE
                    WHEN v_is_over AND v_took_ms >= 0.8 * v_timeout_ms
                        THEN format('it took longer than %s ms', v_timeout_ms)
                    ELSE v_answer.error
                END,
                v_took_ms,
                p_now
            );
        END IF;
        COMMIT;
        EXIT WHEN v_is_over;
        v_number := v_number + 1;
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE health.evaluate_rules(timestamptz) IS
'Asks the views of users'' rules that are due and keeps what they find in rule_findings, until all are '
'done or the session''s statement_timeout is over. A rule that errs, overruns, or answers something else '
'than rows of a rule is disabled. Call it outside a transaction, in a new session of health_rules_runner '
'or of another login with the role health_rules only; raises RU003 (in check_rules_session) elsewhere.';

CREATE OR REPLACE FUNCTION health.end_overrunning_rules(
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_rule record;
    v_count integer := 0;
BEGIN
    -- A loop, because each is a session to end.
    FOR v_rule IN
        SELECT rules.rule, activity.pid
        FROM health.alert_rules AS rules
        INNER JOIN pg_stat_activity AS activity
            ON rules.evaluating_pid = activity.pid
            AND activity.backend_start <= rules.evaluating_since
        WHERE rules.evaluating_since < p_now - interval '10 seconds'
            AND pg_has_role(activity.usesysid, 'health_rules', 'MEMBER')
        FOR NO KEY UPDATE OF rules SKIP LOCKED
    LOOP
        BEGIN
            PERFORM pg_terminate_backend(v_rule.pid);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE WARNING 'session % of rule % cannot be ended', v_rule.pid, v_rule.rule
                    USING HINT = 'GRANT pg_signal_backend TO health_owner.';
        END;
        PERFORM health_internal.stop_rule(
            v_rule.rule, 'it did not end when it was cancelled; its session was ended', p_now
        );
        v_count := v_count + 1;
    END LOOP;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health.end_overrunning_rules(timestamptz) IS
'Ends the sessions of evaluations that have gone on for 10 seconds, which only functions can that refuse '
'to be cancelled, and disables their rules; returns how many. Housekeeping and bridges call it.';

CREATE OR REPLACE FUNCTION health.seconds_until_rules_are_due()
RETURNS double precision
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT date_part('epoch', min(rules.next_evaluation_at) - clock_timestamp())
    FROM health.alert_rules AS rules
    WHERE NOT rules.is_builtin AND rules.is_enabled;
$$;
COMMENT ON FUNCTION health.seconds_until_rules_are_due() IS
'When evaluate_rules has something to do, seconds from now, negative: since when; NULL: there are no rules.';

GRANT EXECUTE ON FUNCTION
health_internal.check_rules_session(),
health_internal.begin_rule(timestamptz),
health_internal.ask_rule(name, name, integer),
health_internal.finish_rule(text, bigint, jsonb, text, double precision, timestamptz),
health_internal.release_rule(text, bigint) TO health_rules;
GRANT EXECUTE ON PROCEDURE health.evaluate_rules(timestamptz) TO health_rules;
GRANT EXECUTE ON FUNCTION
health.end_overrunning_rules(timestamptz),
health.seconds_until_rules_are_due() TO health_bridge, health_admin;

COMMIT;
