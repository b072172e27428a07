-- Users' rules are evaluated outside the tick, in a session that can do nothing but read their views.
-- Entry point: health.evaluate_rules, by pg_cron or a bridge.
BEGIN;

SET LOCAL ROLE health_owner;

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
    WHERE rules.is_enabled;
$$;
COMMENT ON FUNCTION health.seconds_until_rules_are_due() IS
'When evaluate_rules has something to do, seconds from now, negative: since when; NULL: there are no rules.';

GRANT EXECUTE ON PROCEDURE health.evaluate_rules(timestamptz) TO health_rules;
GRANT EXECUTE ON FUNCTION
health.end_overrunning_rules(timestamptz),
health.seconds_until_rules_are_due() TO health_bridge, health_admin;

COMMIT;
