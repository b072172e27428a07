-- Opening and closing alerts and incidents.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.close_alerts,
        health_internal.open_alerts,
        health_internal.trouble_began_at
    }',
    $$
    VALUES
    ('health_internal.close_alerts(timestamp with time zone,bigint[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.open_alerts(timestamp with time zone,health_internal.alert_change[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.trouble_began_at(text,timestamp with time zone)', 'f', 'sql', 's', false, '')
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

-- Since when: the last beat of who is silent or says so, of a bad status its beginning, else now.
CREATE FUNCTION pg_temp.change(p_seconds float8, p_old text, p_new text, p_agent_id text DEFAULT 'poor') RETURNS void LANGUAGE sql AS $$
    INSERT INTO health.status_transitions (agent_id, occurred_at, old_status, new_status) VALUES (p_agent_id, at(p_seconds), p_old, p_new) $$;
INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour) SELECT a, a, 60 FROM unnest('{silent,says,poor,bad,new,again,well,loses,ahead}'::text []) AS a;
SELECT beat(a, 100) FROM unnest('{silent,says,poor,bad,new,again,well,loses,ahead}'::text []) AS a;
SELECT tick(100);
DELETE FROM health.status_transitions;
UPDATE health.agent_status SET liveness = 'unresponsive' WHERE agent_id IN ('silent', 'ahead');
UPDATE health.agent_status SET state = 'error', session_lost_at = at(150) WHERE agent_id = 'says';
UPDATE health.agent_status SET state = 'failed' WHERE agent_id = 'loses';
UPDATE health.agent_status SET status = CASE agent_id WHEN 'bad' THEN 'critical' ELSE 'poor' END WHERE agent_id IN ('poor', 'bad', 'new', 'again');
UPDATE health.agent_status SET last_heartbeat_at = at(201) WHERE agent_id = 'ahead';
UPDATE health.agent_status SET revenue_impact_usd = CASE agent_id WHEN 'loses' THEN -7 ELSE 5 END WHERE agent_id IN ('loses', 'well');
UPDATE health.agent_status SET score = 20.126, ungated_score = 80.126, silent_seconds = 1.23456, last_heartbeat_at = NULL WHERE agent_id = 'well';
DELETE FROM health.status_transitions;
SELECT pg_temp.change(110, 'good', 'critical'), pg_temp.change(120, 'poor', 'good'), pg_temp.change(130, 'fair', 'poor'), pg_temp.change(140, 'poor', 'critical'), pg_temp.change(145, 'good', 'fair'), pg_temp.change(147, 'critical', 'poor');
SELECT pg_temp.change(250, 'good', 'poor'), pg_temp.change(150, 'good', 'poor', 'well'), pg_temp.change(120, 'poor', 'good', 'again'), pg_temp.change(135, 'good', 'critical', 'bad'), pg_temp.change(200, 'good', 'poor', 'again');
SELECT is(health_internal.open_alerts(at(200), ARRAY(SELECT ROW(a, r, 'critical', 'x', '{"x": 1}', NULL)::health_internal.alert_change FROM (
    VALUES ('silent', 'unresponsive'), ('says', 'error'), ('poor', 'score_critical'), ('new', 'score_critical'), ('again', 'score_critical'), ('bad', 'score_critical'), ('well', 'failed'), ('well', 'business_impact'), ('loses', 'business_impact'), ('ahead', 'unresponsive')) AS v (a, r))),
    10::bigint, 'more open');
SELECT rows_are($$ SELECT agent_id, onset_at, revenue_usd_per_hour FROM health.incidents WHERE detected_at = at(200) ORDER BY 1 $$,
    $$ VALUES ('again', at(200), 60::float8), ('ahead', at(200), 60), ('bad', at(135), 60), ('loses', at(100), 7), ('new', at(200), 60), ('poor', at(130), 60), ('says', at(100), 60), ('silent', at(100), 60), ('well', at(200), 60) $$,
    'each since its beginning, at the price of its revenue, or of its loss where that is all');
SELECT is((SELECT details FROM health.alerts WHERE agent_id = 'well' AND rule = 'failed'),
    '{"x": 1, "score": 20.13, "state": "running", "status": "excellent", "liveness": "alive", "ungated_score": 80.13, "silent_seconds": 1.235}', 'with the facts of the time');
SELECT is((SELECT details - 'score' - 'ungated_score' - 'silent_seconds' FROM health.alerts WHERE agent_id = 'says'),
    jsonb_build_object('x', 1, 'status', 'excellent', 'liveness', 'alive', 'state', 'error', 'last_heartbeat_at', at(100), 'session_lost_at', at(150)), 'all of them');
SELECT is((SELECT details FROM health.alerts WHERE agent_id = 'a1' AND rule = 'error'), '{"x": 1}', 'as far as they are known');
-- Who is new has an incident of its own, in the newest open one of many; who has one, that.
INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at, resolved_at)
SELECT r, 'critical', at(0), at(0), CASE r WHEN 'old' THEN at(1) END FROM unnest('{many,more,none,old}'::text []) WITH ORDINALITY AS v (r, n) ORDER BY n;
INSERT INTO health.incident_members (incident_id, agent_id)
SELECT incident_id, a FROM health.incidents JOIN (VALUES ('many', 'f1'), ('more', 'f1'), ('old', 'f2'), ('none', 'x')) AS v (r, a) ON engine_rule = r;
UPDATE health.incidents SET severity = 'info', next_check_at = 'infinity';
SELECT is(health_internal.open_alerts(at(300), ARRAY[ROW('f1', 'failed', 'warning', 'x', NULL, NULL), ROW('f2', 'failed', 'warning', 'x', NULL, NULL), ROW('says', 'failed', 'emergency', 'x', NULL, NULL)]::health_internal.alert_change []), 3::bigint, 'more');
SELECT rows_are($$ SELECT agent_id, severity, revenue_usd_per_hour, (SELECT engine_rule FROM health.incidents AS f WHERE f.incident_id = i.fleet_incident_id) FROM health.incidents AS i WHERE next_check_at = '-infinity' ORDER BY 1 $$,
    $$ VALUES ('f1', 'warning', 0::float8, 'more'), ('f2', 'warning', 0, NULL), ('says', 'emergency', 60, NULL) $$, 'these are to be told, no others');
UPDATE health.incidents SET next_check_at = 'infinity';
-- An open incident of a rule of the engine takes its alert, also if it has none; one that is over does not.
SELECT is(health_internal.open_alerts(at(310), ARRAY(SELECT ROW(NULL, r, CASE r WHEN 'more' THEN 'warning' ELSE 'critical' END, r, NULL, NULL)::health_internal.alert_change FROM unnest('{many,more,old}'::text []) AS r)), 3::bigint, 'more');
SELECT rows_are($$ SELECT engine_rule, severity, (SELECT string_agg(a.rule, ' ') FROM health.alerts AS a WHERE a.incident_id = i.incident_id), resolved_at IS NULL
    FROM health.incidents AS i WHERE engine_rule IN ('many', 'more', 'none', 'old') ORDER BY incident_id $$,
    $$ VALUES ('many', 'critical', 'many', true), ('more', 'warning', 'more', true), ('none', 'info', NULL, true), ('old', 'info', NULL, false), ('old', 'critical', 'old', true) $$, 'each its own');
-- What closes: unless the agent left while it is being restarted, or a person was asked and there is still trouble.
UPDATE health.agent_status SET liveness = 'alive', state = 'running', status = 'excellent';
UPDATE health.agent_status SET liveness = 'stopped' WHERE agent_id IN ('silent', 'poor', 'new', 'says');
UPDATE health.agent_status SET liveness = 'starting' WHERE agent_id = 'ahead';
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, started_at, claimed_by)
SELECT a, 'agent_unresponsive', s, at(1), at(1), at(1), CASE WHEN s <> 'pending' THEN 'w' END FROM (VALUES ('silent', 'executing'), ('ahead', 'verifying'), ('poor', 'pending'), ('says', 'claimed')) AS v (a, s);
CREATE FUNCTION pg_temp.close(p_seconds float8, p_rules text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM health_internal.close_alerts(at(p_seconds), ARRAY(SELECT alert_id FROM health.alerts WHERE resolved_at IS NULL AND opened_at >= at(200) AND agent_id IS NOT NULL AND rule ~ p_rules));
    RETURN (SELECT string_agg(agent_id || ' ' || rule || CASE WHEN i.resolved_at IS NULL THEN '' ELSE '.' END, ', ' ORDER BY agent_id, rule)
        FROM health.alerts AS a JOIN health.incidents AS i USING (incident_id, agent_id) WHERE a.resolved_at = at(p_seconds));
END $$;
SELECT is(pg_temp.close(320, 'score|unresponsive|error'), 'again score_critical., bad score_critical., new score_critical., poor score_critical.', 'who is being restarted is not well yet');
SELECT rows_are($$ SELECT agent_id, next_check_at FROM health.incidents WHERE resolved_at = at(320) ORDER BY 1 $$, $$ VALUES ('again', '-infinity'::timestamptz), ('bad', '-infinity'), ('new', '-infinity'), ('poor', '-infinity') $$, 'what is over is told, nothing else is over');
SELECT is(health_internal.open_alerts(at(320), ARRAY[ROW('poor', 'error', 'warning', 'x', NULL, NULL)]::health_internal.alert_change []), 1::bigint, 'who is in trouble again');
SELECT is((SELECT count(*) FROM health.incidents WHERE agent_id = 'poor' AND resolved_at IS NULL AND detected_at = at(320)), 1::bigint, 'has a new incident');
UPDATE health.agent_status SET liveness = 'alive' WHERE agent_id = 'says';
UPDATE health.recovery_actions SET state = 'succeeded', finished_at = at(320) WHERE agent_id = 'ahead';
SELECT is(health_internal.close_alerts(at(320.5), ARRAY(SELECT alert_id FROM health.alerts WHERE agent_id = 'ahead')), ARRAY['ahead'], 'who answers again is named too');
SELECT is(pg_temp.close(321, 'failed'), 'f1 failed., f2 failed., says failed, well failed', 'another alert keeps an incident open');
SELECT is((SELECT string_agg(DISTINCT resolved_by, ' ') FROM health.alerts WHERE resolved_at = at(321)), 'engine', 'the engine closed them');
INSERT INTO health.agents (agent_id, agent_name) SELECT a, a FROM unnest('{r1,r2,r3,r4}'::text []) AS a;
SELECT beat(a, 330) FROM unnest('{r1,r2,r3,r4}'::text []) AS a;
SELECT tick(330);
SELECT is(health_internal.open_alerts(at(331), ARRAY(SELECT ROW(a, 'recovery_failed', 'critical', 'x', NULL, NULL)::health_internal.alert_change FROM unnest('{r1,r2,r3,r4}'::text []) AS a)), 4::bigint, 'a person is asked');
UPDATE health.agent_status SET active_conditions = '{business_impact,failed}' WHERE agent_id = 'r1';
UPDATE health.agent_status SET issue_type = 'high_error_rate' WHERE agent_id = 'r2';
UPDATE health.agent_status SET active_conditions = '{business_impact}', liveness = 'stopped' WHERE agent_id = 'r3';
SELECT is(pg_temp.close(332, 'recovery_failed'), 'r3 recovery_failed., r4 recovery_failed.', 'until nothing else is wrong');
SELECT rows_are($$ SELECT DISTINCT event, reason FROM health.alert_events WHERE occurred_at = at(332) $$, $$ VALUES ('resolved', 'nothing else is wrong with the agent') $$, 'as the ledger says');
-- Nobody can do anything for an agent that was removed.
SELECT health_internal.open_recovery_failed(at(340), '{r4}', 'no more attempts');
DELETE FROM health.agents WHERE agent_id = 'r4';
SELECT tick(341);
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE agent_id = 'r4' $$, 'with an agent that is removed ends what a person was asked');

SELECT * FROM finish();
ROLLBACK;
