-- What a model could be made of: the record it may see, the step of its rows, and the features that what was
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.add_candidates,
        health_internal.choose_anchor,
        health_internal.choose_step,
        health_internal.hourly_series,
        health_internal.record_of
    }',
    $$
    VALUES
    ('health_internal.add_candidates(bigint,timestamp with time zone,timestamp with time zone,interval,integer)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.choose_anchor(timestamp with time zone,interval,double precision,timestamp with time zone[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.choose_step(interval,double precision,double precision,integer,integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.hourly_series(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone,tstzmultirange)', 'f', 'sql', 's', false, ''),
    ('health_internal.record_of(timestamp with time zone,timestamp with time zone,timestamp with time zone,tstzmultirange)', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT health_internal.choose_step(h::interval, c, a * 86400.0 * 365, a, 30000) FROM (VALUES ('24 hours', 86400.0, 70), ('24 hours', 3600.0, 70), ('30 hours', 3600.0, 10), ('1 hour', 10.0, 2), ('24 hours', NULL, 50)) AS v (h, c, a) $$,
    $$ VALUES (interval '24:00:00'), (interval '24:00:00'), (interval '03:00:00'), (interval '01:00:00'), (interval '24:00:00') $$,
    'the finest step that data, horizon and the number of rows allow'
);
SELECT is(health_internal.choose_anchor(at(100), '24 hours', 86400, ARRAY[at(0), at(0), at(-7)]), at(0), 'where values come daily, rows stand at the time of most');
SELECT is(health_internal.choose_anchor(at(100), '24 hours', 60, ARRAY[at(0)]), at(100), 'else they end with the record');
SELECT is(health_internal.choose_anchor(at(100), '24 hours', NULL, '{}'), at(100), 'without any series too');
SET CONSTRAINTS ALL DEFERRED;
SELECT health.load_history(at(-86400), at(0));
SELECT health.register_agent(id) FROM unnest('{a1,a2}'::text[]) AS id;
UPDATE health.agents SET labels = jsonb_build_object('age', length(agent_id || agent_number), 'model', agent_id, 'site', 'x') WHERE agent_id LIKE 'a%';
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT a, 'm' || lpad(m::text, 2, '0'), 1, at(-60) FROM unnest('{a1,a2}'::text[]) AS a, generate_series(1, 40) AS m;
INSERT INTO health.system_events (agent_id, event_type, event_data, received_at)
VALUES ('a1', 'error', '{"code": "E1"}', at(-50)), ('a2', 'error', '{"code": "E1"}', at(-50)), ('a2', 'error', '{"code": "rare"}', at(-50)), ('a1', 'failure', '{}', at(-50));
SELECT ok(health_internal.add_candidates(1, at(-86400), at(0), '1 hour', 240) <= 240, 'at most so many features');
SELECT rows_are($$ SELECT count(DISTINCT name) FROM health_internal.failure_features WHERE source = 'metric' $$, $$ VALUES (30::bigint) $$, 'of thirty metrics');
SELECT rows_are($$ SELECT DISTINCT family, name FROM health_internal.failure_features WHERE source = 'event' ORDER BY 1, 2 $$,
    $$ VALUES ('error', ''), ('error', 'E1'), ('failure', '') $$, 'a code that one agent alone has is left out');
SELECT is(health_internal.add_candidates(2, at(-86400), at(0), '1 hour', 20), 20, 'or fewer, where asked');
SELECT rows_are($$ SELECT first_at, last_at, agent_count FROM health_internal.record_of(at(-1), 'infinity', 'infinity', NULL) $$, $$ VALUES (at(-60), at(-50), 2) $$, 'the record runs from the first value to the last');
SELECT rows_are($$ SELECT first_at, last_at FROM health_internal.record_of(at(-86400), 'infinity', 'infinity', NULL) $$, $$ VALUES (NULL::timestamptz, NULL::timestamptz) $$, 'none, where nothing was recorded');

-- What is left by the hour counts like raw rows.
INSERT INTO health.agent_heartbeats (agent_id, cpu_usage_percent, received_at) VALUES ('a1', 5, at(-60));
CREATE TEMP TABLE before AS SELECT source, family, name, measure, value FROM health_internal.failure_features WHERE model_id = 3 LIMIT 0;
SELECT health_internal.add_candidates(3, at(-86400), at(0), '1 hour', 240);
INSERT INTO before SELECT source, family, name, measure, value FROM health_internal.failure_features WHERE model_id = 3;
SELECT ok(EXISTS (SELECT FROM before WHERE source = 'heartbeat' AND name = 'cpu_usage_percent'), 'heartbeats are candidates');
SELECT health_internal.roll_up_features(at(0));
DELETE FROM health.performance_metrics;
DELETE FROM health.agent_heartbeats;
DELETE FROM health.system_events;
UPDATE health_internal.feature_hours_state SET rolled_from = at(-86400), rolled_until = at(0);
UPDATE health_internal.partitions SET is_history = false;
SELECT health_internal.add_candidates(4, at(-86400), at(0), '1 hour', 240);
SELECT set_eq($$ SELECT source, family, name, measure, value FROM health_internal.failure_features WHERE model_id = 4 $$, $$ SELECT * FROM before $$, 'hours have the same candidates');
SELECT rows_are($$ SELECT first_at, last_at, agent_count, has_hours FROM health_internal.record_of(at(60), at(-86400), at(0), NULL) $$, $$ VALUES (at(0), at(0), 2, true) $$, 'and a record, to the hour');
SELECT rows_are($$ SELECT has_hours FROM health_internal.record_of(at(60), 'infinity', 'infinity', NULL) $$, $$ VALUES (false) $$, 'unless a step is shorter');

SELECT * FROM finish();
ROLLBACK;
