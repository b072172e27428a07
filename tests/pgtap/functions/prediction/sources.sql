-- What predictions are made from: numbers, the events that may precede a failure, and the failures themselves;
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.agent_history,
        health_internal.beat_sums_sql,
        health_internal.feature_bounds,
        health_internal.heartbeat_measures,
        health_internal.is_watched,
        health_internal.raw_beats,
        health_internal.raw_metrics,
        health_internal.series_key
    }',
    $$
    VALUES
    ('health_internal.agent_history(timestamp with time zone,timestamp with time zone,tstzmultirange)', 'f', 'sql', 's', false, ''),
    ('health_internal.beat_sums_sql(text,boolean,bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.feature_bounds(interval)', 'f', 'sql', 's', false, ''),
    ('health_internal.heartbeat_measures()', 'f', 'sql', 'i', false, ''),
    ('health_internal.is_watched(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.raw_beats(timestamp with time zone,timestamp with time zone,tstzmultirange)', 'f', 'sql', 's', false, ''),
    ('health_internal.raw_metrics(timestamp with time zone,timestamp with time zone,tstzmultirange)', 'f', 'sql', 's', false, ''),
    ('health_internal.series_key(text,text)', 'f', 'sql', 'i', false, '')
    $$
);

INSERT INTO health.system_events (agent_id, event_type, severity, event_data, occurred_at, received_at)
VALUES
('a1', 'error', 'error', '{"code": "E7"}', NULL, at(0)),
('a1', 'disk_trouble', 'CRITICAL', '{}', NULL, at(1)),
('a1', 'maintenance', 'info', '{"component": "pump"}', NULL, at(2)),
('a1', 'note', 'info', '[1, 2]', NULL, at(3)),
('a1', 'failure', 'critical', '{"component": "pump"}', at(3), at(4)),
('heartbeat_health_agent', 'anomaly', 'error', '{"agent_id": "a1"}', NULL, at(5));
INSERT INTO health.agent_heartbeats (agent_id, state, received_at) VALUES ('a1', 'initializing', at(6)), ('a1', 'running', at(7));
SELECT rows_are(
    $$ SELECT family, name, told_at FROM health_internal.agent_history('infinity', 'infinity', NULL) WHERE agent_id = 'a1' ORDER BY told_at $$,
    $$ VALUES ('error', 'E7', at(0)), ('error', 'disk_trouble', at(1)), ('maintenance', 'pump', at(2)), ('event', 'note', at(3)),
        ('failure', 'pump', at(4)), ('restart', '', at(6)) $$,
    'what happened to an agent, by family; the engine''s own words about it are not among it'
);
SELECT rows_are($$ SELECT agent_id, failed_at, told_at FROM health_internal.failure_moments $$, $$ VALUES ('a1', at(3), at(4)) $$,
    'a failure has a time and the time the database learnt of it');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('a2', 'critical', at(10), at(11)), ('a3', 'warning', at(10), at(11));
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, opened_at, summary)
SELECT incident_id, agent_id, CASE agent_id WHEN 'a2' THEN 'unresponsive' ELSE 'high_error_rate' END, severity, at(11), 'x' FROM health.incidents;
SELECT rows_are($$ SELECT agent_id, failed_at, told_at FROM health_internal.failure_moments WHERE name = 'incident' $$, $$ VALUES ('a2', at(10), at(11)) $$,
    'an agent that did not answer has failed, one whose error rate was high has not');
SELECT rows_are($$ SELECT health_internal.is_watched(id) FROM unnest('{a1,heartbeat_health_agent,bridge:x}'::text[]) AS id $$, $$ VALUES (true), (false), (false) $$,
    'the engine and its bridges are not predicted');

-- Between two times hours stand for raw rows, except where history was loaded.
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) SELECT 'a1', 'm', h, at(3600 * h) FROM generate_series(0, 9) AS h;
SELECT rows_are($$ SELECT metric_value FROM health_internal.raw_metrics('infinity', 'infinity', NULL) WHERE name = 'm' ORDER BY 1 $$, $$ SELECT h::float8 FROM generate_series(0, 9) AS h $$, 'all rows, where there are no hours');
SELECT rows_are($$ SELECT metric_value FROM health_internal.raw_metrics(at(3600), at(3600 * 6), NULL) WHERE name = 'm' ORDER BY 1 $$, $$ VALUES (0::float8), (1), (7), (8), (9) $$, 'those before and after them');
SELECT rows_are($$ SELECT metric_value FROM health_internal.raw_metrics(at(3600), at(3600 * 6), tstzmultirange(tstzrange(at(3600 * 3), at(3600 * 5)))) WHERE name = 'm' ORDER BY 1 $$,
    $$ VALUES (0::float8), (1), (3), (4), (7), (8), (9) $$, 'and those that were loaded');
SELECT rows_are($$ SELECT count(*) FROM health_internal.raw_beats(at(-1), at(6), NULL) WHERE agent_id = 'a1' $$, $$ VALUES (1::bigint) $$, 'heartbeats likewise');
SELECT rows_are($$ SELECT family, name FROM health_internal.agent_history(at(-1), at(5), NULL) WHERE agent_id = 'a1' ORDER BY told_at $$, $$ VALUES ('failure', 'pump'), ('restart', '') $$, 'events likewise; failures are kept');
SELECT rows_are($$ SELECT * FROM health_internal.feature_bounds('1 hour') $$, $$ VALUES (timestamptz 'infinity', timestamptz 'infinity', NULL::tstzmultirange) $$, 'at first there are no hours');
UPDATE health_internal.feature_hours_state SET rolled_from = at(0), rolled_until = at(86400);
SELECT health.load_history(at(3600), at(7200));
SELECT rows_are($$ SELECT * FROM health_internal.feature_bounds('1 hour') $$, $$ VALUES (at(0), at(86400), tstzmultirange(tstzrange(at(3600), at(7200)))) $$, 'then from where to where');
SELECT rows_are($$ SELECT rolled_from FROM health_internal.feature_bounds('59 minutes') $$, $$ VALUES (timestamptz 'infinity') $$, 'shorter steps are of raw rows');

SELECT * FROM finish();
ROLLBACK;
