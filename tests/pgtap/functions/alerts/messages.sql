-- Messages about one incident.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.incident_message
    }',
    $$
    VALUES
    ('health_internal.incident_message(timestamp with time zone,bigint,text,integer,text)', 'f', 'sql', 's', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) VALUES ('m1', 'M one', '1 day', 50);
SELECT beat('m1', 0); SELECT tick(1);
SELECT beat('m1', 10, 'failed'); SELECT tick(10);
INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before) VALUES ('m1', 'agent_unresponsive', at(11), at(11));
CREATE TEMP TABLE message ON COMMIT DROP AS
SELECT m.* FROM health.incidents CROSS JOIN LATERAL health_internal.incident_message(at(12), incident_id, 'escalated', 2, 'critical') AS m;
SELECT rows_are($$ SELECT subject, details ->> 'event', details -> 'step', details ->> 'agent_name', details ->> 'status_before', details -> 'score_before',
    details ->> 'status', details -> 'score', details ->> 'liveness', details -> 'revenue_usd_per_hour' FROM message $$,
    $$ VALUES ('M one: says it has failed', 'escalated', '2'::jsonb, 'M one', 'excellent', '100'::jsonb, 'critical', '20'::jsonb, 'alive', '50'::jsonb) $$, 'what, how bad, and how it was before');
SELECT rows_are($$ SELECT why ->> 'component', sign((why ->> 'contribution')::float8) FROM message, jsonb_array_elements(details -> 'why') WITH ORDINALITY AS w (why, n) ORDER BY n LIMIT 1 $$,
    $$ VALUES ('gate', -1::float8) $$, 'why: the most harmful first');
SELECT rows_are($$ SELECT details -> 'actions' -> 0 ->> 'action', details -> 'actions' -> 0 ->> 'state', details -> 'alerts' -> 0 ->> 'rule' FROM message $$,
    $$ VALUES ('restart_agent', 'pending', 'failed') $$, 'what was done, and which alerts');
SELECT ok(NOT details ? 'resolved_at' AND body LIKE 'Agent M one (m1)%Since 2031-05-06 07:00:10 UTC%', 'what has no value is left out') FROM message;
SELECT is((SELECT subject FROM health_internal.incident_message(at(12), max(incident_id), 'resolved', 0, 'critical')), 'M one: resolved', 'an end') FROM health.incidents;
SELECT is((SELECT subject FROM health_internal.incident_message(at(12), max(incident_id), 'reminder', 0, 'critical')), 'M one: still says it has failed', 'a reminder') FROM health.incidents;
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('dead_letters', NULL, 'critical', E'two\nlines', at(13), at(13));
UPDATE health_internal.engine SET self_checked_at = at(13);
SELECT tick(13);
SELECT rows_are($$ SELECT subject, details ->> 'agent_name', details -> 'why' FROM health.deliveries WHERE created_at = at(13) $$,
    $$ VALUES ('HeartbeatHealthAgent: two lines', 'HeartbeatHealthAgent', '[]'::jsonb) $$, 'the engine speaks for itself, in one line');

SELECT is((SELECT body FROM health.deliveries WHERE created_at = at(13)),
    E'Agent HeartbeatHealthAgent (engine)\ntwo\nlines\nSince 2031-05-06 07:00:13 UTC\nScore unknown, status unknown, liveness unknown', 'without a score it says so');
-- Of its own agent, its own time and its own members only; of what is over while something is left, nothing.
INSERT INTO health.agents (agent_id, agent_name) SELECT a, a FROM unnest('{n1,n2}'::text []) AS a;
SELECT beat(a, 100) FROM unnest('{n1,n2}'::text []) AS a; SELECT tick(100);
DELETE FROM health.status_transitions; DELETE FROM health.incidents WHERE agent_id ~ '^n';
UPDATE health.agent_status SET score = 31.235, heartbeat_consistency = 100, error_rate = 20, performance_metrics = 60, business_impact = 99 WHERE agent_id = 'n1';
DELETE FROM health.status_transitions;
INSERT INTO health.status_transitions (agent_id, occurred_at, old_score, old_status) VALUES ('n1', at(99), 1, 'poor'), ('n2', at(101), 2, 'poor'), ('n1', at(102), 3, 'good'), ('n1', at(103), 4, 'fair');
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, started_at, finished_at)
SELECT a, 'agent_unresponsive', 'succeeded', at(c), at(c), at(c + 1), at(c + 2)
FROM (VALUES ('n1', 90), ('n2', 100), ('n2', 101), ('n1', 102), ('n1', 112), ('n1', 122), ('n1', 132), ('n1', 142), ('n1', 152), ('n1', 91), ('n2', 102)) AS v (a, c);
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, started_at, claimed_by) VALUES ('n1', 'agent_unresponsive', 'executing', at(162), at(162), at(163), 'w');
INSERT INTO health.incidents (agent_id, engine_rule, severity, onset_at, detected_at, resolved_at)
SELECT a, r, 'critical', at(100), at(100), at(over) FROM (VALUES ('n1', NULL, NULL), ('n2', NULL, 105), (NULL, 'fleet_silent', NULL), (NULL, 'no_such_rule', NULL)) AS v (a, r, over);
UPDATE health.incidents SET revenue_usd_per_hour = 1 WHERE agent_id = 'n2';
INSERT INTO health.incident_members (incident_id, agent_id) SELECT incident_id, a FROM health.incidents, unnest('{n1,n2}'::text []) AS a WHERE engine_rule = 'fleet_silent';
INSERT INTO health.incident_members (incident_id, agent_id) SELECT incident_id, 'n1' FROM health.incidents WHERE engine_rule = 'no_such_rule';
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at)
SELECT incident_id, agent_id, v.rule, v.severity, v.summary, at(100), at(v.over) FROM health.incidents INNER JOIN (
    VALUES ('n1', 'error', 'warning', 'is wrong', NULL), ('n1', 'failed', 'critical', 'has failed', 104), ('n1', 'no_such_rule', 'emergency', repeat('x', 400), NULL), ('n2', 'error', 'warning', 'was wrong', 104)
) AS v (agent_id, rule, severity, summary, over) USING (agent_id) WHERE onset_at = at(100);
CREATE TEMP TABLE said ON COMMIT DROP AS
SELECT agent_id, engine_rule, m.* FROM health.incidents CROSS JOIN LATERAL health_internal.incident_message(at(170), incident_id, 'opened', 0, 'warning') AS m WHERE onset_at = at(100);
SELECT rows_are($$ SELECT agent_id, engine_rule, left(subject, 20), length(subject), details -> 'incident_count', details -> 'score_before', details -> 'step', details -> 'revenue_usd_per_hour' FROM said ORDER BY 1, 2 $$,
    $$ VALUES ('n1', NULL, 'n1: is wrong; xxxxxx', 300, NULL::jsonb, '3'::jsonb, NULL::jsonb, NULL::jsonb), ('n2', NULL, 'n2: was wrong', 13, NULL, '2', NULL, '1'), (NULL, 'fleet_silent', 'HeartbeatHealthAgent', 29, '2', NULL, NULL, NULL), (NULL, 'no_such_rule', 'HeartbeatHealthAgent', 29, '1', NULL, NULL, NULL) $$,
    'what is still wrong, or was; its severity where nothing tells');
SELECT rows_are($$ SELECT string_agg(a ->> 'rule', ' ' ORDER BY n) FROM said, jsonb_array_elements(details -> 'alerts') WITH ORDINALITY AS v (a, n) WHERE agent_id = 'n1' $$, $$ VALUES ('no_such_rule error') $$, 'the most severe alert first');
SELECT is((SELECT split_part(body, E'\n', 4) FROM said WHERE agent_id = 'n1'), 'Score 31.24, status excellent, liveness alive', 'to two places');
SELECT rows_are($$ SELECT string_agg(w ->> 'component', ' ' ORDER BY n) FROM said, jsonb_array_elements(details -> 'why') WITH ORDINALITY AS v (w, n) WHERE agent_id = 'n1' $$, $$ VALUES ('gate error_rate performance_metrics business_impact') $$, 'why: what does harm, the most harmful first');
SELECT rows_are($$ SELECT string_agg(concat_ws(' ', a ->> 'state', extract(epoch FROM (a ->> 'at')::timestamptz - at(0))::int), ', ' ORDER BY n) FROM said, jsonb_array_elements(details -> 'actions') WITH ORDINALITY AS v (a, n) WHERE agent_id = 'n1' $$,
    $$ VALUES ('succeeded 124, succeeded 134, succeeded 144, succeeded 154, executing 163') $$, 'its last five recoveries');
SELECT is((SELECT details -> 'why' -> 1 FROM said WHERE agent_id = 'n1') - 'contribution', '{"component": "error_rate", "value": 20, "weight": 0.2}', 'each with its part');
SELECT is(said.details - 'why' - 'actions', jsonb_build_object('event', 'opened', 'incident_id', incident_id, 'agent_id', 'n2', 'agent_name', 'n2', 'severity', 'warning', 'summary', 'was wrong', 'onset_at', at(100), 'detected_at', at(100), 'resolved_at', at(105),
    'score', 100, 'score_before', 2, 'status', 'excellent', 'status_before', 'poor', 'liveness', 'alive', 'revenue_usd_per_hour', 1,
    'alerts', jsonb_build_array(jsonb_build_object('alert_id', alert_id, 'rule', 'error', 'severity', 'warning', 'summary', 'was wrong'))), 'all that templates may say') FROM said INNER JOIN health.alerts USING (agent_id) WHERE agent_id = 'n2';
SELECT rows_are($$ SELECT details -> 'why', details -> 'actions' FROM said WHERE agent_id = 'n2' OR engine_rule = 'fleet_silent' ORDER BY agent_id $$,
    $$ SELECT '[]'::jsonb, jsonb_agg(jsonb_build_object('action', 'restart_agent', 'state', 'succeeded', 'at', at(s))) FROM unnest('{102,103,104}'::float8 []) AS s UNION ALL SELECT '[]', '[]' $$, 'empty lists where there is nothing');

SELECT * FROM finish();
ROLLBACK;
