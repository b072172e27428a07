-- What is stored of an agent, as series.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.is_counter_name, health_internal.series_until}',
    $$
    VALUES
    ('health_internal.is_counter_name(text)', 'f', 'sql', 'i', false, 'health_analyst, health_bridge'),
    ('health_internal.series_until(text,text,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.is_counter_name(n) FROM unnest('{requests_total,total,totals,x_total_y}'::text []) AS n $$,
    $$ VALUES (true), (false), (false), (false) $$, 'a name that ends in _total is a counter');

SELECT health.load_history('2020-01-01', '2020-02-01');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent, error_count, run_id)
SELECT 'a2', timestamptz '2020-01-02 00:00:00+00' + g * interval '20 seconds', 10 * (g % 3) + 10, g % 100, 'r1'
FROM generate_series(0, 299) AS g;
SELECT rows_are(
    $$ SELECT metric_name, round(min(v)::numeric, 2), max(v), cardinality(at), at[1] FROM health_internal.series_until('a2', NULL, 'infinity'),
        unnest(metric_value) AS v GROUP BY metric_name, at ORDER BY 1 $$,
    $$ VALUES
        ('cpu_usage_percent', 20.00, 20::float8, 100, timestamptz '2020-01-02 00:00:00+00'),
        ('error_count', 0.67, 1, 100, '2020-01-02 00:00:00+00') $$,
    'three beats a minute are one point, of a counter what came since the beat before, and a restart at 0 is 0'
);
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, recorded_at, received_at)
SELECT 'a5', c.name, c.reading, timestamptz '2020-01-02 00:00:00+00' + c.minute * interval '1 minute', '2020-01-02 05:00:00+00'
FROM (VALUES
    ('sent_total', 0, 100), ('sent_total', 5, 200), ('sent_total', 10, 250), ('sent_total', 15, 50), ('sent_total', 15, 50),
    ('sent_total', 25, 150), ('once_total', 0, 7)
) AS c (name, minute, reading);
SELECT rows_are(
    $$ SELECT metric_name, metric_value, date_part('epoch', at[1] - timestamptz '2020-01-02 00:00:00+00') / 60, cardinality(at)
        FROM health_internal.series_until('a5', NULL, 'infinity') $$,
    $$ VALUES ('sent_total', '{20,10,10}'::float8 [], 5::float8, 3) $$,
    'a counter among metrics is its growth per minute; its first reading, a restart and a reading told twice are none'
);

SELECT is_empty($$ SELECT * FROM health_internal.series_until('a5', 'once_total', 'infinity') $$, 'a counter read once has not grown');
SELECT is_empty($$ SELECT * FROM health_internal.series_until('nobody', NULL, 'infinity') $$, 'nobody has no series');

SELECT * FROM finish();
ROLLBACK;
