-- The steps of an evaluation of users' rules: may this session, which rule, what does its view say. Keeping
-- the answer: functions/rules/answers.sql. A rule's functions run in a block that is read only and always
-- rolled back, so that nothing of them stays but the rows they returned. The procedure that takes the
-- steps: health.evaluate_rules.
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
        WHERE rules.is_enabled
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
GRANT EXECUTE ON FUNCTION
health_internal.check_rules_session(),
health_internal.begin_rule(timestamptz),
health_internal.ask_rule(name, name, integer),
health_internal.release_rule(text, bigint)
TO health_rules;

COMMIT;
