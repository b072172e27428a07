-- The detector over stored history.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.replay_agent_anomalies,
        health.replay_anomalies,
        health_internal.check_replay_range
    }',
    $$
    VALUES
    ('health.replay_agent_anomalies(text,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst'),
    ('health.replay_anomalies(text,text,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst'),
    ('health_internal.check_replay_range(timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 'i', false, '')
    $$
);

CREATE FUNCTION pg_temp.noise(p_place integer)
RETURNS float8
LANGUAGE sql
RETURN 2 * mod((p_place::numeric * 7919 + (p_place::numeric * p_place) * 104729), 10007)::float8 / 10007 - 1;

SELECT health.load_history('2020-01-01', '2020-02-01');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, recorded_at, received_at)
SELECT 'a1', name, 100 + 3 * pg_temp.noise(g + k) + CASE WHEN g = 700 AND k < 3 THEN 60 ELSE 0 END, at, at
FROM generate_series(1, 800) AS g
CROSS JOIN (VALUES ('m1', 1), ('m2', 2), ('m3', 3)) AS m (name, k)
CROSS JOIN LATERAL (SELECT timestamptz '2020-01-02 00:00:00+00' + g * interval '5 minutes' AS at) AS moment;
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, recorded_at, received_at)
SELECT 'other', 'm1', 1e15, at, at
FROM generate_series(timestamptz '2020-01-02 00:00:00+00', '2020-01-03 00:00:00+00', '1 hour') AS at;

SELECT rows_are(
    $$ SELECT recorded_at, round(metric_value / 10), anomaly_score > 0.5, is_anomaly, expected_low < 110, expected_high > 90, reason
        FROM health.replay_anomalies('a1', 'm1', '2020-01-04 10:20:00+00', '2020-01-04 10:25:00+00') $$,
    $$ VALUES
        (timestamptz '2020-01-04 10:20:00+00', 16, true, true, true, true, 'value above the expected range'),
        (timestamptz '2020-01-04 10:25:00+00', 10, false, false, true, true, NULL) $$,
    'rows between two times, both included, warmed up by those before'
);
SELECT results_eq(
    $$ SELECT count(*), count(DISTINCT recorded_at), min(recorded_at) FROM health.replay_anomalies('a1', 'm1', NULL, NULL) $$,
    $$ VALUES (800::bigint, 800::bigint, timestamptz '2020-01-02 00:05:00+00') $$,
    'NULL is from the first to the last row, and nothing is resampled'
);
SELECT is_empty($$ SELECT * FROM health.replay_anomalies('nobody', 'm1') $$, 'an unknown agent has no row');
SELECT is_empty($$ SELECT * FROM health.replay_anomalies('a1', NULL) $$, 'nor has no series');
SELECT throws_ok(
    $$ SELECT * FROM health.replay_anomalies('a1', 'm1', '2020-01-03', '2020-01-02') $$,
    'AN001', 'a replay must go from one time to a later one', 'a range that ends before it begins is refused'
);
SELECT throws_ok(
    $$ SELECT * FROM health.replay_agent_anomalies('a1', '2020-01-03', '2020-01-02') $$,
    'AN001', 'a replay must go from one time to a later one', 'also for an agent'
);
SELECT results_eq(
    $$ SELECT anomaly_score FROM health.replay_anomalies('a1', 'm2', '2020-01-03', '2020-01-05') $$,
    $$ SELECT anomaly_score FROM health.replay_anomalies('a1', 'm2') WHERE recorded_at BETWEEN '2020-01-03' AND '2020-01-05' $$,
    'a part says what the whole says of it'
);

-- Columns of heartbeats, more than a point a minute as means.
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent)
SELECT 'a2', timestamptz '2020-01-02 00:00:00+00' + g * interval '20 seconds', 10 * (g % 3) + 10
FROM generate_series(0, 299) AS g;
SELECT rows_are(
    $$ SELECT count(*), min(metric_value), max(metric_value), max(recorded_at) FROM health.replay_anomalies('a2', 'cpu_usage_percent') $$,
    $$ VALUES (100, 20::float8, 20::float8, timestamptz '2020-01-02 01:39:00+00') $$,
    'three beats a minute are one point, their mean'
);
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, recorded_at, received_at)
SELECT 'a3', 'twice', g, timestamptz '2020-01-02 00:00:00+00' + (g / 2) * interval '5 minutes', '2020-01-02 05:00:00+00'
FROM generate_series(0, 9) AS g;
SELECT rows_are(
    $$ SELECT count(*), count(*) FILTER (WHERE reason LIKE 'ignored%') FROM health.replay_anomalies('a3', 'twice') $$,
    $$ VALUES (10, 5) $$,
    'points of the same time are given, and all but the first ignored'
);

-- The agent over all its series.
SELECT rows_are(
    $$ SELECT recorded_at, is_anomaly, metric_names[1:2] <@ '{m1,m2}', reason IS NOT NULL, anomaly_score BETWEEN 0.5 AND 1
        FROM health.replay_agent_anomalies('a1', '2020-01-04 10:20:00+00', '2020-01-04 10:20:00+00') $$,
    $$ VALUES (timestamptz '2020-01-04 10:20:00+00', true, true, true, true) $$,
    'an agent with two series far out is unusual, and says which'
);
SELECT is(
    (SELECT count(*) FROM health.replay_agent_anomalies('a1')), 800::bigint, 'one row per minute with values'
);
SELECT ok(
    (SELECT count(*) < 5 FROM health.replay_agent_anomalies('a1') WHERE is_anomaly), 'noise alone is not'
);
SELECT is_empty($$ SELECT * FROM health.replay_agent_anomalies('nobody') $$, 'an unknown agent has no row');

-- What is stored out of order, stands still or stops for days.
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, recorded_at, received_at)
SELECT 'a4', name, 100 + k * 3 * pg_temp.noise(g), at, at
FROM generate_series(1, 800) AS g
CROSS JOIN (VALUES ('still', 0), ('noise', 1)) AS m (name, k)
CROSS JOIN LATERAL (
    SELECT timestamptz '2020-01-02 00:00:00+00' + g * interval '5 minutes' + CASE WHEN g > 600 THEN interval '10 days' ELSE '0' END AS at
) AS moment
ORDER BY md5(g::text);
SELECT rows_are(
    $$ SELECT replayed.anomaly_score = stepped.score, count(*) FROM (
            SELECT r.anomaly_score, row_number() OVER (ORDER BY r.recorded_at) AS place FROM health.replay_anomalies('a4', 'noise') AS r
        ) AS replayed
        JOIN (
            SELECT d.score, d.place FROM (
                SELECT array_agg(recorded_at ORDER BY recorded_at) AS at, array_agg(metric_value::float8 ORDER BY recorded_at) AS v
                FROM health.performance_metrics WHERE agent_id = 'a4' AND metric_name = 'noise'
            ) AS p, health_internal.detect_series(NULL, p.at, p.v) WITH ORDINALITY
                AS d (state, score, is_anomaly, low, high, reason, surprise, distance, place)
        ) AS stepped USING (place)
        GROUP BY 1 $$,
    $$ VALUES (true, 800::bigint) $$,
    'points stored in any order are replayed by time'
);
SELECT is_empty(
    $$ SELECT * FROM health.replay_anomalies('a4', 'noise', '2020-01-14') WHERE anomaly_score > 0.7 $$,
    'ten days without a point are no anomaly'
);
SELECT rows_are(
    $$ SELECT count(*), max(anomaly_score), min(expected_low) < 100, max(expected_high) > 100 FROM health.replay_anomalies('a4', 'still') $$,
    $$ VALUES (800, 0::float8, true, true) $$,
    'a series that stands still is never strange'
);
SELECT is_empty(
    $$ SELECT * FROM health.replay_agent_anomalies('a4') WHERE is_anomaly $$, 'nor is an agent of these'
);

SELECT * FROM finish();
ROLLBACK;
