-- What predictions are made from: the events that may precede a failure, and the failures themselves.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.heartbeat_measures,
        health_internal.is_watched
    }',
    $$
    VALUES
    ('health_internal.heartbeat_measures()', 'f', 'sql', 'i', false, ''),
    ('health_internal.is_watched(text)', 'f', 'sql', 'i', false, '')
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
    $$ SELECT family, name, told_at FROM health_internal.agent_history WHERE agent_id = 'a1' ORDER BY told_at $$,
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

SELECT * FROM finish();
ROLLBACK;
