-- Storms: a large part of the fleet at once is a person's decision.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.approve_recoveries,
        health_internal.close_storm_alert,
        health_internal.open_storm_alert,
        health_internal.watch_storm
    }',
    $$
    VALUES
    ('health.approve_recoveries(text,text[],timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.close_storm_alert(timestamp with time zone,text,text)', 'f', 'sql', 'v', false, ''),
    ('health_internal.open_storm_alert(timestamp with time zone,text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.watch_storm(timestamp with time zone,bigint)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT two_agents();
UPDATE health.settings SET storm_count = 3, storm_share = 0.5, recovery_concurrency = 2;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT 'b' || n, 'b' || n, '5 s' FROM generate_series(1, 6) AS n;
SELECT beat('b' || n, s) FROM (VALUES (11), (16)) AS t (s), generate_series(1, 6) AS n; SELECT beat('a1', 16); SELECT tick(17);
SELECT beat('b' || n, 18, 'failed') FROM generate_series(1, 2) AS n; SELECT tick(18);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE released_at IS NOT NULL), 2::bigint, 'two of nine are no storm');
SELECT beat('b' || n, 19, 'failed') FROM generate_series(3, 6) AS n; SELECT tick(19);
SELECT rows_are($$ SELECT agent_id, state, hold, released_at IS NULL FROM health.recovery_actions WHERE hold IS NOT NULL ORDER BY agent_id COLLATE "C" $$,
    $$ VALUES ('b3', 'pending', 'storm', true), ('b4', 'pending', 'storm', true), ('b5', 'pending', 'storm', true), ('b6', 'pending', 'storm', true) $$, 'six of nine are: the new ones wait');
SELECT matches((SELECT waits_for FROM health.recovery_backlog WHERE agent_id = 'b3'), '^storm: 6 of 9 agents are in trouble at once; health.approve_recoveries', 'and say for what');
SELECT rows_are('SELECT troubled_count, agent_count, ended_at, approved_by FROM health.recovery_storms', $$ VALUES (6::bigint, 9::bigint, NULL::timestamptz, NULL::text) $$, 'the storm is a row');
SELECT rows_are($$ SELECT agent_id, severity FROM health.open_alerts WHERE rule = 'recovery_storm' $$, $$ VALUES (NULL::text, 'critical') $$, 'a person is asked');
SELECT is((SELECT count(*) FROM health.deliveries AS d JOIN health.alerts AS a USING (incident_id) WHERE a.rule = 'recovery_storm' AND d.event = 'opened'), 1::bigint, 'by a message');
SELECT tick(20); SELECT beat('a1', 1499); SELECT tick(1500);
SELECT is((SELECT count(*) FROM health.alerts WHERE rule = 'recovery_storm'), 1::bigint, 'once');
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE hold = 'storm'), 4::bigint, 'and waited for');
SELECT is((SELECT count(*) FROM health.claim_recovery_actions('w', 100, ARRAY['b3', 'b4', 'b5', 'b6'], at(1500))), 0::bigint, 'no bridge gets them');
SELECT is(health.approve_recoveries('ana', NULL, at(1501)), 4::bigint, 'a person lets them go');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'recovery_storm'), 0::bigint, 'which answers the alert');
SELECT throws_ok($$ SELECT health.approve_recoveries('ana') $$, 'RC008', NULL, 'once');
SELECT tick(1502);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE state = 'pending' AND released_at IS NOT NULL), 2::bigint, 'as many as may run at once');
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE hold = 'concurrency'), 2::bigint, 'the others in turn');
SELECT beat('a1', 1503 + 5 * s) FROM generate_series(0, 28) AS s;
SELECT beat('b' || n, 1503 + 5 * s) FROM generate_series(0, 20) AS s, generate_series(1, 6) AS n; SELECT tick(1604);
SELECT rows_are('SELECT ended_at, approved_by FROM health.recovery_storms', $$ VALUES (at(1604), 'ana') $$, 'it ends when the fleet is better');
SELECT beat('b' || n, 1610, 'failed') FROM generate_series(1, 6) AS n; SELECT tick(1610);
SELECT is((SELECT count(*) FROM health.recovery_storms WHERE ended_at IS NULL AND approved_at IS NULL), 1::bigint, 'the next storm asks again');
SELECT is(health.approve_recoveries('ben', ARRAY['b1'], at(1611)), 1::bigint, 'a person may let single ones go');
SELECT tick(1640);
SELECT rows_are($$ SELECT agent_id, approved_by FROM health.recovery_actions WHERE state = 'pending' AND released_at IS NOT NULL $$, $$ VALUES ('b1', 'ben') $$, 'and only those go');
SELECT throws_ok($$ SELECT health.approve_recoveries('ben', ARRAY['b2', 'a1', 'a2']) $$, 'RC008', 'no recovery waits for approval: a1, a2', 'who does not wait is named');
SELECT throws_ok($$ SELECT health.approve_recoveries('ben', ARRAY[]::text[]) $$, 'RC008', NULL, 'nobody is nobody');
-- The fleet is counted every ten seconds.
SELECT matches(health_internal.watch_storm(at(1651), 6), '^storm: 6 of 9 agents', 'six of nine are in trouble');
INSERT INTO health.agent_status (agent_id, liveness) SELECT 'new-' || n, 'alive' FROM generate_series(1, 20) AS n;
SELECT matches(health_internal.watch_storm(at(1660), 6), '^storm: 6 of 9 agents', 'the fleet is not counted anew at once');
SELECT is(health_internal.watch_storm(at(1661), 6), NULL, 'but ten seconds later: six of 29 are no storm');
SELECT rows_are('SELECT agent_count, counted_at FROM health.recovery_storms WHERE ended_at = at(1661)', $$ VALUES (12::bigint, at(1661)) $$, 'of which as many are counted as it takes to know');
SET LOCAL ROLE health_bridge;
SELECT throws_ok($$ SELECT health.approve_recoveries('me') $$, '42501', NULL, 'bridges approve nothing');
RESET ROLE;
-- The least number is a storm, one less is none, whatever its share.
DELETE FROM health.agent_status WHERE agent_id ~ '^new-';
UPDATE health.settings SET storm_count = 4, storm_share = 0.2;
SELECT beat('a1', 5000), beat('a2', 5000), beat('b' || n, 5000, CASE WHEN n <= 4 THEN 'failed' ELSE 'running' END) FROM generate_series(1, 6) AS n; SELECT tick(5000);
SELECT is((SELECT count(*) FROM health.recovery_storms WHERE ended_at IS NULL), 1::bigint, 'four of four are');
SELECT beat('b4', 5001); SELECT tick(5001);
SELECT is((SELECT count(*) FROM health.recovery_storms WHERE ended_at IS NULL), 0::bigint, 'three are not');

-- The edges, asked of the function itself: a fleet of eight, of whom two never spoke or said goodbye.
SELECT throws_ok($$ SELECT health.approve_recoveries('ana', NULL, at(5002)) $$, 'RC008', 'there is no storm that waits for approval', 'one that is over is not approved');
DELETE FROM health.agent_status;
INSERT INTO health.agent_status (agent_id, liveness) SELECT 'f' || n, CASE n WHEN 9 THEN 'never_seen' WHEN 10 THEN 'stopped' ELSE 'alive' END FROM generate_series(1, 10) AS n;
UPDATE health.settings SET storm_count = 2, storm_share = 0.5;
SELECT is(health_internal.watch_storm(at(6000), 4), NULL, 'half of them are not more than half');
SELECT matches(health_internal.watch_storm(at(6000), 5), '^storm: 5 of 8 agents', 'one more is; who never spoke or said goodbye is not counted');
SELECT health_internal.close_storm_alert(at(6001), 'ana', 'a test'); UPDATE health.recovery_storms SET ended_at = at(6001) WHERE ended_at IS NULL;
UPDATE health.settings SET storm_share = 0.4;
SELECT is(health_internal.watch_storm(at(6002), 3), NULL, 'three of eight are less than two fifths, though the count stops there');
SELECT matches(health_internal.watch_storm(at(6002), 4), '^storm: 4 of 8 agents', 'four are more');
UPDATE health.settings SET storm_share = 0;
SELECT matches(health_internal.watch_storm(at(6003), 5), '^storm: 5 of 8 agents', 'where no share is allowed the least number alone counts, and everybody is counted');
SELECT health_internal.watch_storm(at(6004), 2);
SELECT rows_are('SELECT troubled_count, agent_count, counted_at FROM health.recovery_storms WHERE ended_at IS NULL', $$ VALUES (5::bigint, 8::bigint, at(6002)) $$, 'the storm remembers its worst');
DELETE FROM health.agent_status WHERE agent_id = 'f8';
SELECT matches(health_internal.watch_storm(at(5999), 5), '^storm: 5 of 7 agents', 'a count of the future is none: by a clock set back the fleet is counted anew');
SELECT is((SELECT count(*) FROM health.recovery_storms WHERE agent_count = 7 OR counted_at = at(5999)), 1::bigint, 'for this storm alone');
UPDATE health.recovery_storms SET counted_at = at(6010) WHERE ended_at IS NULL;
DELETE FROM health.agent_status WHERE agent_id = 'f7';
SELECT matches(health_internal.watch_storm(at(6010), 5), '^storm: 5 of 7 agents', 'counted this moment is counted');
SELECT health_internal.watch_storm(at(6011), 6);
SELECT rows_are('SELECT max(troubled_count), count(*) FILTER (WHERE troubled_count = 6 AND began_at > at(5999)) FROM health.recovery_storms', $$ VALUES (6::bigint, 1::bigint) $$, 'a worse moment is noted in this storm, not in those before');
-- Its alert: one of the engine's own, in an incident of its own, which ends with it; nobody else's.
SELECT rows_are(
    $$ SELECT a.severity, a.is_managed, a.agent_id, i.engine_rule, i.resolved_at FROM health.alerts AS a JOIN health.incidents AS i USING (incident_id) WHERE a.rule = 'recovery_storm' AND a.resolved_at IS NULL $$,
    $$ VALUES ('critical', true, NULL::text, 'recovery_storm', NULL::timestamptz) $$, 'the alert belongs to the open incident, and is managed: no finding keeps it open'
);
INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at) VALUES ('monitor_gap', 'warning', at(6000), at(6000));
INSERT INTO health.alerts (incident_id, rule, severity, summary, opened_at)
SELECT incident_id, 'monitor_gap', 'warning', 'a test', at(6000) FROM health.incidents WHERE engine_rule = 'monitor_gap' AND resolved_at IS NULL;
CREATE TEMP TABLE before ON COMMIT DROP AS SELECT alert_id, resolved_at, resolved_by FROM health.alerts WHERE rule <> 'recovery_storm' OR resolved_at IS NOT NULL;
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT health_internal.close_storm_alert(at(6020), 'ana', 'a test');
SELECT is_empty($$ SELECT alert_id, resolved_at, resolved_by FROM before EXCEPT SELECT alert_id, resolved_at, resolved_by FROM health.alerts $$, 'closing it closes no other alert, and no earlier one anew');
SELECT rows_are(
    $$ SELECT DISTINCT engine_rule, resolved_at, next_check_at = '-infinity' FROM health.incidents WHERE resolved_at = at(6020) OR engine_rule = 'monitor_gap' AND resolved_at IS NULL ORDER BY 1 $$,
    $$ VALUES ('monitor_gap', NULL::timestamptz, false), ('recovery_storm', at(6020), true) $$, 'its incident alone ends, and the all-clear is decided on next'
);
UPDATE health.alerts SET resolved_at = at(6021) WHERE rule = 'monitor_gap' AND resolved_at IS NULL;
SELECT health_internal.open_storm_alert(at(6030), 'a test');
SELECT rows_are($$ SELECT rule FROM health.alerts WHERE opened_at = at(6030) $$, $$ VALUES ('recovery_storm') $$, 'opening it opens no alert in the incident of another rule');
SELECT is((SELECT count(*) FROM health.incidents WHERE detected_at = at(6030)), 1::bigint, 'nor an incident of another rule');
SELECT health_internal.close_storm_alert(at(6031), 'ana', 'a test');
UPDATE health.alert_rules SET is_enabled = false WHERE rule = 'recovery_storm';
SELECT health_internal.open_storm_alert(at(6032), 'a test');
SELECT is((SELECT count(*) FROM health.incidents WHERE detected_at = at(6032)), 0::bigint, 'who has switched the rule off is not asked');
INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at) VALUES ('recovery_storm', 'critical', at(6033), at(6033));
SELECT health_internal.open_storm_alert(at(6034), 'a test');
SELECT is((SELECT count(*) FROM health.alerts WHERE opened_at = at(6034)), 0::bigint, 'not in an incident that is open still either');
-- Only what waits for a person is let go by one.
DELETE FROM health.recovery_actions;
INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before, hold) SELECT 'h-' || v.hold, 'agent_unresponsive', at(6040), at(6040), v.hold
FROM unnest('{freeze,maintenance,parent,storm,concurrency}'::text []) AS v (hold);
SELECT throws_ok($$ SELECT health.approve_recoveries('ben', ARRAY['h-storm', 'h-concurrency'], at(6041)) $$, 'RC008', 'no recovery waits for approval: h-concurrency', 'what only waits its turn needs no approval');
SELECT is(health.approve_recoveries('ben', ARRAY['h-freeze', 'h-maintenance', 'h-parent', 'h-storm'], at(6041)), 4::bigint, 'the other holds do');
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE approved_at = at(6041) AND approved_by = 'ben'), 4::bigint, 'which is noted, with who did it');
INSERT INTO health.recovery_storms (began_at, counted_at, troubled_count, agent_count) SELECT at(6042), at(6042), 5, 6 WHERE NOT EXISTS (SELECT FROM health.recovery_storms WHERE ended_at IS NULL);
SELECT is(health.approve_recoveries(NULL, NULL, at(6043)), 1::bigint, 'of a storm as many as it holds are counted');
SELECT is((SELECT approved_by FROM health.recovery_storms WHERE ended_at IS NULL), session_user::text, 'without a name the login''s stands there');

SELECT * FROM finish();
ROLLBACK;
