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

SELECT * FROM finish();
ROLLBACK;
