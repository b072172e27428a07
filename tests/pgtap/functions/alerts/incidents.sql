-- Opening and closing alerts and incidents.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.close_alerts,
        health_internal.open_alerts
    }',
    $$
    VALUES
    ('health_internal.close_alerts(timestamp with time zone,bigint[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.open_alerts(timestamp with time zone,health_internal.alert_change[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT is(health_internal.open_alerts(at(0), ARRAY[
    ROW('a1', 'failed', 'critical', 'one', NULL, NULL), ROW('a1', 'error', 'warning', 'two', '{"x": 1}', NULL),
    ROW(NULL, 'dead_letters', 'critical', 'three', NULL, NULL), ROW(NULL, 'bridge_silent', 'warning', 'four', NULL, NULL)
]::health_internal.alert_change []), 4::bigint, 'alerts open');
SELECT rows_are($$ SELECT agent_id, engine_rule, severity, onset_at FROM health.incidents ORDER BY 1, 2 $$,
    $$ VALUES ('a1', NULL, 'critical', at(0)), (NULL, 'bridge_silent', 'warning', at(0)), (NULL, 'dead_letters', 'critical', at(0)) $$,
    'one incident per agent at the highest severity, one per rule of the engine');
SELECT is(health_internal.open_alerts(at(1), ARRAY[ROW('a1', 'score_emergency', 'emergency', 'five', NULL, NULL), ROW(NULL, 'forgotten_mute', 'info', 'six', NULL, NULL)]::health_internal.alert_change []),
    2::bigint, 'more open');
SELECT rows_are($$ SELECT agent_id, severity FROM health.incidents WHERE agent_id IS NOT NULL $$, $$ VALUES ('a1', 'emergency') $$, 'in the open incident, which rises');
SELECT is((SELECT count(*) FROM health.alert_events WHERE event = 'opened'), 6::bigint, 'all of it is on record');
SELECT throws_ok($$ INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at)
    SELECT incident_id, agent_id, rule, severity, 'again', now() FROM health.open_alerts LIMIT 1 $$, '23505', NULL,
    'one open alert per agent and rule is a key');
SELECT throws_ok($$ INSERT INTO health.incidents (severity, onset_at, detected_at) VALUES ('info', now(), now()) $$, '23514', NULL, 'an incident is of an agent or of a rule');
SELECT is(health_internal.close_alerts(at(2), ARRAY(SELECT alert_id FROM health.alerts WHERE rule IN ('failed', 'error'))), ARRAY['a1'], 'who is no longer failed is named');
SELECT is((SELECT resolved_at FROM health.incidents WHERE agent_id = 'a1'), NULL, 'an incident with an alert left goes on');
SELECT is(health_internal.close_alerts(at(3), ARRAY(SELECT alert_id FROM health.alerts WHERE agent_id = 'a1' AND resolved_at IS NULL)), NULL, 'the last closes');
SELECT is((SELECT resolved_at FROM health.incidents WHERE agent_id = 'a1'), at(3), 'and its incident');
SELECT is((SELECT count(*) FROM health.alert_events WHERE event = 'resolved'), 3::bigint, 'on record');

SELECT * FROM finish();
ROLLBACK;
