-- From strange points to episodes.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.end_anomalies, health_internal.note_agreement, health_internal.note_anomalies}',
    $$
    VALUES
    ('health_internal.end_anomalies(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.note_agreement(timestamp with time zone,timestamp with time zone,text[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.note_anomalies(timestamp with time zone,timestamp with time zone,health_internal.strange_point[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.episodes()
RETURNS TABLE (metric_name text, first_minute integer, last_minute integer, end_minute integer, point_count bigint, peak_value float8)
LANGUAGE sql AS $$
    SELECT metric_name, (date_part('epoch', started_at - at(0)) / 60)::integer, (date_part('epoch', last_seen_at - at(0)) / 60)::integer,
        (date_part('epoch', ended_at - at(0)) / 60)::integer, point_count, peak_value
    FROM health.anomalies ORDER BY anomaly_id;
$$;

SELECT lives_ok($$ SELECT detect_above_90(), live(0, 2, 84) $$, 'out of range but no anomaly');
SELECT is_empty('SELECT * FROM pg_temp.episodes()', 'opens nothing');
SELECT lives_ok($$ SELECT live(3, 3, 95), live(4, 4, 94), live(5, 5, 20) $$, 'two strange minutes, and a good one');
SELECT rows_are('SELECT * FROM pg_temp.episodes()', $$ VALUES ('cpu_usage_percent', 3, 4, NULL::integer, 2::bigint, 95::float8) $$, 'are one episode');
SELECT rows_are($$ SELECT peak_score, expected_low, expected_high, reason, details FROM health.anomalies $$,
    $$ VALUES (0.475::float8, 0::float8, 80::float8, 'above 90', '{"last_score": 0.475, "last_value": 95}'::jsonb) $$, 'with its peak and its latest');
SELECT rows_are($$ SELECT event_type, severity, event_data ->> 'agent_id', event_data ->> 'metric_name', received_at FROM health.system_events WHERE agent_id = 'heartbeat_health_agent' $$,
    $$ VALUES ('anomaly', 'warning', 'a1', 'cpu_usage_percent', at(246)) $$, 'and one event of the engine');
SELECT lives_ok($$ SELECT live(6, 6, 83), live(7, 15, 20) $$, 'out of range again, then nine good minutes');
SELECT rows_are('SELECT last_minute, point_count, end_minute FROM pg_temp.episodes()', $$ VALUES (6, 3::bigint, NULL::integer) $$, 'continue it');
SELECT lives_ok($$ SELECT live(16, 16, 95) $$, 'strange within ten minutes');
SELECT rows_are('SELECT last_minute, point_count, end_minute FROM pg_temp.episodes()', $$ VALUES (16, 4::bigint, NULL::integer) $$, 'is the same');
SELECT lives_ok($$ SELECT live(17, 27, 20) $$, 'eleven good minutes');
SELECT rows_are('SELECT * FROM pg_temp.episodes()', $$ VALUES ('cpu_usage_percent', 3, 16, 17, 4::bigint, 96::float8) $$, 'end it, where it ended');
SELECT lives_ok($$ SELECT live(28, 28, 95) $$, 'strange once more');
SELECT lives_ok($$ SELECT health.tick(at(28 * 60 + 12 * 60 + 5), true) $$, 'and then silence');
SELECT rows_are('SELECT first_minute, end_minute FROM pg_temp.episodes()', $$ VALUES (3, 17), (28, 29) $$, 'is another one, and silence ends it, too');
SELECT lives_ok($$ SELECT live(50, 50, 95) $$, 'strange');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) VALUES ('a1', at(70 * 60 + 1), 99);
SELECT lives_ok($$ SELECT health.tick(at(72 * 60), true) $$, 'and twenty minutes later, seen in the same tick');
SELECT rows_are('SELECT first_minute, end_minute FROM pg_temp.episodes() OFFSET 2', $$ VALUES (50, 51), (70, NULL::integer) $$, 'are two');

-- Several series of an agent at the same time.
SELECT lives_ok($$ SELECT live(100, 102, 20, 30), live(103, 103, 20, 95), live(108, 108, 95, 30) $$, 'memory and CPU strange, five minutes apart');
SELECT rows_are($$ SELECT metric_name, started_at, last_seen_at, point_count, round(peak_score::numeric, 4), peak_value, reason, details FROM health.anomalies WHERE started_at >= at(6000) ORDER BY anomaly_id $$,
    $$ VALUES
    ('memory_usage_mb', at(6180), at(6180), 1::bigint, 0.4900, 98::float8, 'above 90', '{"last_score": 0.49, "last_value": 98}'::jsonb),
    ('cpu_usage_percent', at(6480), at(6480), 1, 0.4750, 95, 'above 90', '{"last_score": 0.475, "last_value": 95}'),
    (NULL, at(6480), at(6480), 1, 0.7323, NULL, '2 series are strange together: memory_usage_mb, cpu_usage_percent',
        '{"scores": {"memory_usage_mb": 0.490, "cpu_usage_percent": 0.475}}') $$,
    'are an episode of the agent');
SELECT is((health.set_policy('standard', '{"anomaly_agreeing_series": 3}')) IS NOT NULL, true, 'three must agree');
SELECT lives_ok($$ SELECT live(130, 130, 95, 95) $$, 'two do');
SELECT is((SELECT count(*) FROM health.anomalies WHERE metric_name IS NULL), 1::bigint, 'which is not enough');
SELECT is((SELECT count(*) FROM health.anomalies WHERE ended_at IS NULL), 2::bigint, 'each is on record');
SELECT is((SELECT health_internal.end_anomalies(at(141 * 60 + 1))), 2::bigint, 'and ends when it was quiet');

SELECT * FROM finish();
ROLLBACK;
