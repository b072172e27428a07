-- What an incident, an alert and a row of the ledger must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.alert_events,health.alerts,health.incident_members,health.incidents}', $$ SELECT t, 'health_analyst SELECT, health_bridge SELECT' FROM unnest('{health.alert_events,health.alerts,health.incident_members,health.incidents}'::text []) AS t $$);

INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('a', 'critical', at(0), at(0));
INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at) VALUES ('monitor_gap', 'critical', at(0), at(0));
SELECT refuses('incident_severity_is_known', $$ UPDATE health.incidents SET severity = 'grave' $$);
SELECT refuses('incident_is_of_an_agent_or_of_a_rule_of_the_engine', $$ UPDATE health.incidents SET engine_rule = 'monitor_gap' WHERE agent_id = 'a' $$);
SELECT refuses('incident_is_of_an_agent_or_of_a_rule_of_the_engine', $$ UPDATE health.incidents SET agent_id = NULL WHERE agent_id = 'a' $$);
SELECT refuses('incidents_open_key', $$ INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('a', 'info', at(1), at(1)) $$);
SELECT refuses('incidents_open_key', $$ INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at) VALUES ('monitor_gap', 'info', at(1), at(1)) $$);
SELECT lives_ok($$ UPDATE health.incidents SET resolved_at = at(2); INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('a', 'info', at(3), at(3)) $$, 'when one is over there may be another');

INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT max(incident_id), 'a', 'failed', 'critical', 's', at(3) FROM health.incidents;
INSERT INTO health.alerts (incident_id, rule, severity, summary, opened_at) SELECT max(incident_id), 'monitor_gap', 'critical', 's', at(3) FROM health.incidents;
SELECT refuses('alert_severity_is_known', $$ UPDATE health.alerts SET severity = 'grave' $$);
SELECT refuses('alerts_open_key', $$ INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) VALUES (1, 'a', 'failed', 'info', 's', at(4)) $$);
SELECT refuses('alerts_open_key', $$ INSERT INTO health.alerts (incident_id, rule, severity, summary, opened_at) VALUES (1, 'monitor_gap', 'info', 's', at(4)) $$);
SELECT lives_ok($$ INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at) VALUES (1, 'a', 'failed', 'info', 's', at(4), at(5)) $$, 'of those that are closed there may be many');
SELECT refuses('alert_event_is_known', $$ INSERT INTO health.alert_events (occurred_at, event) VALUES (at(0), 'forgotten') $$);

INSERT INTO health.incident_members (incident_id, agent_id) SELECT min(incident_id), 'a' FROM health.incidents;
SELECT refuses('incident_members_pkey', $$ INSERT INTO health.incident_members (incident_id, agent_id) SELECT min(incident_id), 'a' FROM health.incidents $$);
SELECT refuses('incident_members_incident_fkey', $$ INSERT INTO health.incident_members (incident_id, agent_id) VALUES (-1, 'a') $$);
SELECT refuses('incident_members_incident_fkey', $$ DELETE FROM health.incidents WHERE incident_id IN (SELECT incident_id FROM health.incident_members) $$);

SELECT * FROM finish();
ROLLBACK;
