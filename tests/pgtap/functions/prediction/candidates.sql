-- What a model could be made of: the features that what was recorded allows, by limits rather than by names.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.add_candidates
    }',
    $$
    VALUES
    ('health_internal.add_candidates(bigint,timestamp with time zone,timestamp with time zone,interval,integer)', 'f', 'plpgsql', 'v', false, '')
    $$
);

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

SELECT * FROM finish();
ROLLBACK;
