-- A backtest reproduces what happened, and leaves nothing behind.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.check_backtest,
        health_internal.run_backtest,
        health_internal.sandbox_events
    }',
    $$
    VALUES
    ('health_internal.check_backtest(timestamp with time zone,timestamp with time zone,interval,interval,text[])', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.run_backtest(jsonb,timestamp with time zone,timestamp with time zone,interval,interval,text[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.sandbox_events(text,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.live(p_until integer) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
    FOR n IN 0 .. p_until LOOP
        INSERT INTO health.agent_heartbeats (agent_id, received_at, state, work_items_processed, error_count, average_processing_time_ms, memory_usage_mb, memory_limit_mb)
        SELECT a, at(n - 0.3), CASE WHEN a = 'sick' AND n BETWEEN 50 AND 70 THEN 'error' ELSE 'running' END,
            n * 10, CASE WHEN a = 'erring' THEN greatest(0, n - 90) * 8 ELSE 0 END, 20, 100, 500
        FROM unnest('{dying,sick,erring}'::text []) AS a WHERE n % 5 = 0 AND n > 0 AND NOT (a = 'dying' AND n BETWEEN 40 AND 90);
        PERFORM health.tick(at(n));
        PERFORM health.report_recovery_action(c.action_id, c.fencing_token, 'succeeded', '{}', at(n)) FROM health.claim_recovery_actions('w1', 10, NULL, at(n)) AS c;
    END LOOP;
END $f$;
SELECT health.register_agent(a, p_expected_interval => '5 s') FROM unnest('{dying,sick,erring}'::text []) AS a;
SELECT pg_temp.live(150);
CREATE TABLE tap.events AS SELECT * FROM health.backtest_events('live', at(0), at(150), '1 s', '0 s');
SELECT ok((SELECT count(*) >= 8 FROM health.status_transitions WHERE agent_id <> 'heartbeat_health_agent'), 'much happened');
SELECT rows_are($$ SELECT occurred_at, agent_id, what, details ->> 'new_liveness', details ->> 'issue_type', (details ->> 'new_score')::float8 FROM tap.events WHERE kind = 'transition' ORDER BY 1, 2, 3 $$,
    $$ SELECT occurred_at, agent_id, new_status, new_liveness, issue_type, new_score FROM health.status_transitions WHERE agent_id <> 'heartbeat_health_agent' ORDER BY 1, 2, 3 $$,
    'the same transitions, to the last digit');
SELECT rows_are($$ SELECT occurred_at, agent_id, what, severity, ended_at FROM tap.events WHERE kind = 'alert' ORDER BY 1, 2, 3 $$,
    $$ SELECT opened_at, agent_id, rule, severity, resolved_at FROM health.alerts WHERE agent_id <> 'heartbeat_health_agent' ORDER BY 1, 2, 3 $$, 'the same alerts');
SELECT rows_are($$ SELECT occurred_at, agent_id, what FROM tap.events WHERE kind = 'page' ORDER BY 1, 2, 3 $$,
    $$ SELECT created_at, agent_ids[1], event FROM health.deliveries WHERE event <> 'resolved' ORDER BY 1, 2, 3 $$, 'the same pages');
SELECT rows_are($$ SELECT occurred_at, agent_id, what FROM tap.events WHERE kind = 'restart' ORDER BY 1, 2 $$,
    $$ SELECT s.started_at, a.agent_id, a.issue_type FROM health.recovery_steps AS s JOIN health.recovery_actions AS a USING (action_id) WHERE s.action = 'restart_agent' ORDER BY 1, 2 $$, 'the same restarts');
SELECT is_empty($$ SELECT oid::regclass FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'health\_backtest%' UNION ALL SELECT oid::regclass FROM pg_proc WHERE pronamespace::regnamespace::text LIKE 'health\_backtest%' $$, 'the sandbox is empty');
SELECT is((SELECT last_now FROM health.engine_health), at(150), 'the live engine stands where it stood');

SELECT throws_ok($$ SELECT health.backtest('live', at(1), at(1)) $$, 'BT003', NULL, 'no time is no time');
SELECT throws_ok($$ SELECT health.backtest('live', NULL, at(1)) $$, 'BT003', NULL, 'nor is NULL');
SELECT throws_ok($$ SELECT health.backtest('live', at(0), at(1), '1 minute') $$, 'BT003', NULL, 'a step is at most 30 s');
SELECT throws_ok($$ SELECT health.backtest('live', at(0), at(1), '1 s', '-1 s') $$, 'BT003', NULL, 'a warm-up is not negative');
SELECT throws_ok($$ SELECT health.backtest('live', '2020-01-01', '2020-01-02') $$, 'BT004', 'raw rows of 2020-01-01 00:00:00+00 are no longer kept', 'what is no longer kept cannot be replayed');
SELECT throws_ok($$ SELECT health.backtest('live', at(0), at(200000), '1 s', '1 s') $$, 'BT005', NULL, 'nor what takes too many ticks');
SELECT throws_ok($$ SELECT health.backtest('nothing', at(0), at(10)) $$, 'BT002', NULL, 'nor a policy nobody knows');
SELECT throws_ok($$ SELECT health.backtest('{"critical_below": 200}'::jsonb, at(0), at(10)) $$, '23514', NULL, 'or that cannot be');
SELECT health.load_history('2020-01-01', '2020-01-03');
SELECT rows_are($$ SELECT warm_from, step FROM health_internal.check_backtest('2020-01-02', '2020-01-02 06:00', NULL, '12 h', NULL) $$,
    $$ VALUES (timestamptz '2020-01-01 12:00+00', interval '6 s') $$, 'history made room for can be, warmed up, at a step that a day is some ten thousand ticks');

SELECT * FROM finish();
ROLLBACK;
