-- Hours for features: what agents told in an hour, kept when raw rows are dropped. An hour made twice is the same.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.beat_values_sql,
        health_internal.roll_up_features,
        health_internal.roll_up_next_features,
        health_internal.roll_up_series,
        health_internal.sweep_features
    }',
    $$
    VALUES
    ('health_internal.beat_values_sql()', 'f', 'sql', 'i', false, ''),
    ('health_internal.roll_up_features(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.roll_up_next_features(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.roll_up_series(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.sweep_features(timestamp with time zone)', 'f', 'sql', 'v', false, '')
    $$
);

INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
VALUES ('a1', 'm', 100, at(0)), ('a1', 'm', 1, at(0.001)), ('a1', 'm', 2, at(1800)), ('a1', 'm', 6, at(3600)), ('a1', 'm', 100, at(3600.001)), ('bridge:x', 'm', 1, at(60)), ('heartbeat_health_agent', 'm', 1, at(60));
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT 'many', 'n' || n, n, at(60) FROM generate_series(1, 1000) AS n;
INSERT INTO health.agent_heartbeats (agent_id, cpu_usage_percent, error_count, state, received_at) VALUES ('a1', 10, 7, 'initializing', at(10)), ('a1', 20, NULL, 'running', at(20));
INSERT INTO health.ingest_heartbeats (agent_id, cpu_usage_percent, error_count, received_at) VALUES ('a1', 60, 9, at(30));
INSERT INTO health.system_events (agent_id, event_type, event_data, occurred_at, received_at)
VALUES ('a1', 'error', '{"code": "E1"}', NULL, at(100)), ('a1', 'error', '{"code": "E1"}', NULL, at(200)), ('a1', 'error', '{"code": "E2"}', NULL, at(3700)), ('a1', 'failure', '{"component": "pump"}', at(40), at(50));
INSERT INTO health.system_events (agent_id, event_type, event_data, received_at) SELECT 'many', 'error', jsonb_build_object('code', n), at(n) FROM generate_series(1, 100) AS n;
SELECT health_internal.roll_up_features(at(3600));
CREATE TEMP VIEW told AS SELECT hours.agent_id, names.name, value_count, value_sum, round(square_sum::numeric) AS square_sum FROM health_internal.series_hours AS hours
    CROSS JOIN unnest(name_ids, value_counts, value_sums, square_sums) AS told (name_id, value_count, value_sum, square_sum) JOIN health_internal.series_names AS names USING (name_id);
SELECT rows_are($$ SELECT * FROM told WHERE agent_id <> 'many' ORDER BY name $$,
    $$ VALUES ('a1', E'\tcpu_usage_percent', 3, 90::float8, 1400::numeric), ('a1', E'\terror_count', 2, 7::float8, 9::numeric), ('a1', 'm', 3, 9::float8, 14::numeric) $$,
    'count, sum and squares of what was received after the beginning of the hour, to its end; least and greatest of counters; nothing of the engine');
SELECT rows_are($$ SELECT count(*) FROM told WHERE agent_id = 'many' $$, $$ VALUES (64::bigint) $$, 'an agent that makes up names keeps 64 of an hour');
SELECT rows_are($$ SELECT agent_id, left_out_count > 0, left_out_count + cardinality(name_ids) = (SELECT count(DISTINCT metric_name) FROM health.performance_metrics AS m WHERE m.agent_id = h.agent_id AND received_at <= at(3600)) FROM health_internal.series_hours AS h WHERE agent_id = 'many' $$, $$ VALUES ('many', true, true) $$, 'and says how many it left out');
SELECT rows_are($$ SELECT left_out_count FROM health_internal.series_hours WHERE agent_id = 'a1' $$, $$ VALUES (0) $$, 'others leave out none');
SELECT rows_are($$ SELECT family, name, event_count, last_at FROM health_internal.event_hours WHERE agent_id = 'a1' ORDER BY 1, 2 $$,
    $$ VALUES ('error', 'E1', 2, at(200)), ('restart', '', 1, at(10)) $$, 'events by kind, with the time of the last');
SELECT rows_are($$ SELECT count(*), sum(event_count), max(event_count) FILTER (WHERE name = 'others') FROM health_internal.event_hours WHERE agent_id = 'many' $$, $$ VALUES (65::bigint, 100::bigint, 36) $$, 'codes beyond 64 are counted together');
SELECT rows_are($$ SELECT agent_id, failed_at, told_at, name FROM health_internal.past_failures $$, $$ VALUES ('a1', at(40), at(50), 'pump') $$, 'failures one by one');
SELECT rows_are($$ SELECT count(*) FROM health_internal.failure_moments $$, $$ VALUES (1::bigint) $$, 'and once, while the event is there');
CREATE TEMP TABLE before AS SELECT * FROM told;
SELECT health_internal.roll_up_features(at(3600));
SELECT rows_are($$ SELECT * FROM told ORDER BY 1, 2 $$, $$ SELECT * FROM before ORDER BY 1, 2 $$, 'made again it is the same');
DELETE FROM health.system_events;
SELECT rows_are($$ SELECT agent_id, failed_at FROM health_internal.failure_moments $$, $$ VALUES ('a1', at(40)) $$, 'failures outlive their events');

-- Hour after hour, from the first raw row that may be dropped on.
UPDATE health_internal.partitions SET is_history = true;
SELECT health_internal.create_partition('agent_heartbeats', at(-3600), at(0), false);
SELECT is(health_internal.roll_up_next_features(at(60)), true, 'the first hour');
SELECT rows_are($$ SELECT rolled_from, rolled_until FROM health_internal.feature_hours_state $$, $$ VALUES (at(-3600), at(0)) $$, 'is that of the first partition');
SELECT is(health_internal.roll_up_next_features(at(3599)), false, 'an hour that is not over waits');
SELECT is(health_internal.roll_up_next_features(at(3 * 3600)), true, 'what was missed is made up for');
SELECT is(health_internal.roll_up_next_features(at(3 * 3600)), true, 'hour by hour');
SELECT rows_are($$ SELECT rolled_from, rolled_until FROM health_internal.feature_hours_state $$, $$ VALUES (at(-3600), at(7200)) $$, 'as far as it says');
SELECT rows_are($$ SELECT name, value_count FROM told WHERE value_sum = 100 AND name = 'm' AND agent_id = 'a1' $$, $$ VALUES ('m', 1), ('m', 1) $$, 'a value after the end of an hour is of the next');

SELECT health_internal.sweep_features(at(3600 + 90 * 86400));
SELECT rows_are($$ SELECT min(until_at) FROM health_internal.series_hours $$, $$ VALUES (at(7200)) $$, 'hours go after 90 days');
SELECT rows_are($$ SELECT count(*) FROM health_internal.past_failures $$, $$ VALUES (1::bigint) $$, 'failures stay');
SELECT rows_are($$ SELECT count(*) > 60 FROM health_internal.series_names $$, $$ VALUES (true) $$, 'names stay while they are few');
INSERT INTO health_internal.series_names (name) SELECT 'made up ' || n FROM generate_series(1, 10000) AS n;
SELECT health_internal.sweep_features(at(3600 + 90 * 86400));
SELECT rows_are($$ SELECT name FROM health_internal.series_names $$, $$ VALUES ('m') $$, 'else those that no hour has go');

SELECT * FROM finish();
ROLLBACK;
