-- What analysts call: two policies in one query, in columns that explain themselves.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.backtest,
        health.backtest_events
    }',
    $$
    VALUES
    ('health.backtest(jsonb,timestamp with time zone,timestamp with time zone,interval,interval,text[])', 'f', 'sql', 'v', true, 'health_analyst'),
    ('health.backtest(text,timestamp with time zone,timestamp with time zone,interval,interval,text[])', 'f', 'plpgsql', 'v', true, 'health_analyst'),
    ('health.backtest_events(text,timestamp with time zone,timestamp with time zone,interval,interval,text[])', 'f', 'sql', 'v', true, 'health_analyst')
    $$
);

-- Two policies in one query.
SELECT health.register_agent('b1', p_expected_interval => '5 s');
INSERT INTO health.agent_heartbeats (agent_id, received_at) SELECT 'b1', at(5000 + 5 * n) FROM generate_series(0, 20) AS n WHERE n NOT BETWEEN 11 AND 15;
INSERT INTO health.system_events (agent_id, event_type, received_at) VALUES ('b1', 'failure', at(5055));
CREATE TABLE tap.compared AS
SELECT p.place, b.* FROM (VALUES (1, 'live'), (2, '{"young_late_intervals": 8, "young_unresponsive_intervals": 9, "is_recovery_enabled": false}')) AS p (place, policy)
CROSS JOIN LATERAL health.backtest(p.policy, at(5000), at(5100), '1 s', '5 s', '{b1}') AS b;
SELECT rows_are('SELECT place, policy, agent_count, heartbeat_count, alert_count, alerts_per_day, page_count, known_incident_count, detected_count, missed_count, detection_seconds_median, false_positive_count, restarts_ordered, step_seconds, warmup_seconds FROM tap.compared ORDER BY 1',
    $$ VALUES (1, '"live"'::jsonb, 1::bigint, 16::bigint, 3::bigint, 2592::float8, 1::bigint, 1::bigint, 1::bigint, 0::bigint, 10::float8, 0::bigint, 1::bigint, 1::float8, 5::float8),
    (2, '{"is_recovery_enabled": false, "young_late_intervals": 8, "young_unresponsive_intervals": 9}', 1, 16, 0, 0, 0, 1, 0, 1, NULL, 0, 0, 1, 5) $$,
    'the one sees the failure after ten seconds and restarts, the other sees nothing');
SELECT ok((SELECT bool_and(excellent_seconds + good_seconds + fair_seconds + poor_seconds + critical_seconds = 100) AND max(critical_seconds) > 0 FROM tap.compared), 'agent-seconds add up');
SELECT rows_are($$ SELECT policy, alert_count, detected_count FROM (VALUES (1, '"live"'::jsonb), (2, '{"young_late_intervals": 8, "young_unresponsive_intervals": 9}')) AS p (place, asked)
    CROSS JOIN LATERAL health.backtest(p.asked, at(5000), at(5100), '1 s', '5 s', '{b1}') ORDER BY place $$,
    $$ SELECT v.* FROM tap.compared AS c CROSS JOIN LATERAL (VALUES ('"live"'::jsonb, c.alert_count, c.detected_count), ('{"young_late_intervals": 8, "young_unresponsive_intervals": 9}', 0, 0)) AS v WHERE c.place = 1 $$,
    'JSON is a name or changes, too');
SELECT throws_ok($$ SELECT health.backtest('[1]'::jsonb, at(5000), at(5001)) $$, 'BT002', 'policy "[1]" is not known', 'but no list');
SELECT throws_ok($$ SELECT health.backtest(NULL::text, at(5000), at(5001)) $$, 'BT002', 'policy "NULL" is not known', 'and not nothing');
SELECT rows_are($$ SELECT agent_count, heartbeat_count, alert_count, known_incident_count, detection_seconds_median, excellent_seconds FROM health.backtest('live', at(5000), at(5100), '1 s', '5 s', '{nobody}') $$,
    $$ VALUES (0::bigint, 0::bigint, 0::bigint, 0::bigint, NULL::float8, 0::float8) $$, 'of nobody there is nothing to tell');
SELECT is_empty($$ SELECT attname FROM pg_attribute WHERE attrelid = 'health.backtest_result'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL $$, 'every column says what it is');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.backtest('live', at(5000), at(5001), '1 s', '0 s', '{b1}') $$, 'analysts may ask');
RESET ROLE;
SET LOCAL ROLE health_bridge;
SELECT throws_ok($$ SELECT * FROM health.backtest('live', at(5000), at(5001)) $$, '42501', NULL, 'bridges may not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
