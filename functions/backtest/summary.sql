-- What analysts call: a backtest in one row of figures, and the events that make them.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.backtest(
    p_policy text,
    p_from timestamptz,
    p_to timestamptz,
    p_step interval DEFAULT NULL,
    p_warmup interval DEFAULT '1 hour',
    p_agent_ids text [] DEFAULT NULL
)
RETURNS SETOF health.backtest_result
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_changes constant jsonb := health_internal.named_policy(p_policy);
    v_days constant double precision := date_part('epoch', p_to - p_from) / 86400;
    v_events health_internal.backtest_event [];
BEGIN
    v_events := ARRAY(
        SELECT ROW(happened.*)::health_internal.backtest_event
        FROM health_internal.run_backtest(
            v_changes, p_from, p_to, p_step, p_warmup, p_agent_ids
        ) AS happened
    );
    RETURN QUERY
    SELECT
        CASE WHEN starts_with(ltrim(p_policy), '{') THEN v_changes ELSE to_jsonb(p_policy) END,
        p_from,
        p_to,
        figures.agent_count,
        (figures.cost ->> 'heartbeat_count')::bigint,
        figures.alert_count,
        figures.alert_count / v_days,
        figures.page_count,
        figures.page_count / v_days,
        figures.known_count,
        figures.detected_count,
        figures.known_count - figures.detected_count,
        figures.detection_seconds_median,
        figures.detection_seconds_p90,
        figures.false_positive_count,
        figures.restarts_ordered,
        figures.transition_count,
        coalesce((figures.status_seconds ->> 'excellent')::float8, 0),
        coalesce((figures.status_seconds ->> 'good')::float8, 0),
        coalesce((figures.status_seconds ->> 'fair')::float8, 0),
        coalesce((figures.status_seconds ->> 'poor')::float8, 0),
        coalesce((figures.status_seconds ->> 'critical')::float8, 0),
        (figures.cost ->> 'tick_count')::bigint,
        (figures.cost ->> 'step_seconds')::float8,
        (figures.cost ->> 'warmup_seconds')::float8,
        (figures.cost ->> 'elapsed_ms')::float8
    FROM health_internal.backtest_figures(v_events, p_from, p_to, p_agent_ids) AS figures;
END;
$$;
COMMENT ON FUNCTION health.backtest(
    text, timestamptz, timestamptz, interval, interval, text []
) IS
'One row (\d+ health.backtest_result): what the engine would have done from p_from to p_to under p_policy: '
'live, the name of a shadow policy, or changes to the policies in force as JSON such as '
'{"critical_below": 55} ({}: none; policy_class in it: for that class only). Stored raw rows are replayed by '
'the live functions in a sandbox that is rolled back: nothing is written, told or restarted. p_step: between '
'ticks, the engine''s period or longer by default; p_warmup: time before p_from that is replayed too, so '
'that agents are known; p_agent_ids: only these. Restarts are carried out at once and change nothing in what '
'agents did. Costs somewhat more than the live ticks did, and holds its snapshot until it ends. Raises BT002 '
'to BT005, BT010.';

CREATE OR REPLACE FUNCTION health.backtest(
    p_policy jsonb,
    p_from timestamptz,
    p_to timestamptz,
    p_step interval DEFAULT NULL,
    p_warmup interval DEFAULT '1 hour',
    p_agent_ids text [] DEFAULT NULL
)
RETURNS SETOF health.backtest_result
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT figures.*
    FROM health.backtest(p_policy #>> '{}', p_from, p_to, p_step, p_warmup, p_agent_ids) AS figures;
END;
COMMENT ON FUNCTION health.backtest(
    jsonb, timestamptz, timestamptz, interval, interval, text []
) IS
'The same for changes that are JSON already, or a name as a JSON string. Raises BT002 to BT005, BT010.';

CREATE OR REPLACE FUNCTION health.backtest_events(
    p_policy text,
    p_from timestamptz,
    p_to timestamptz,
    p_step interval DEFAULT NULL,
    p_warmup interval DEFAULT '1 hour',
    p_agent_ids text [] DEFAULT NULL
)
RETURNS TABLE (
    occurred_at timestamptz,
    agent_id text,
    kind text,
    what text,
    severity text,
    began_at timestamptz,
    ended_at timestamptz,
    details jsonb
)
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT happened.*
    FROM health_internal.run_backtest(
        health_internal.named_policy(p_policy), p_from, p_to, p_step, p_warmup, p_agent_ids
    ) AS happened;
END;
COMMENT ON FUNCTION health.backtest_events(
    text, timestamptz, timestamptz, interval, interval, text []
) IS
'The rows that make the figures of backtest: transitions, alerts, incidents, pages (messages but reminders '
'and all-clears) and restarts, the status each agent stood in at p_from, and what the backtest took. Raises '
'BT002 to BT005, BT010.';

GRANT EXECUTE ON FUNCTION
health.backtest(jsonb, timestamptz, timestamptz, interval, interval, text []),
health.backtest(text, timestamptz, timestamptz, interval, interval, text []),
health.backtest_events(text, timestamptz, timestamptz, interval, interval, text [])
TO health_analyst;

COMMIT;
