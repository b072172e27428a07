-- Why was I not paged?
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.explain_silence
    }',
    $$
    VALUES
    ('health.explain_silence(text,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a', '1 day'), ('calm', 'c', '1 day');
SELECT beat(a, 0) FROM unnest('{a1,calm}'::text []) AS a; SELECT tick(1);
SELECT rows_are($$ SELECT was_told, reason_code, explanation FROM health.explain_silence('calm') $$,
    $$ VALUES (false, 'nothing_wrong', 'nothing was wrong enough for an alert; now: liveness alive, score 100.00') $$, 'nothing was wrong');
SELECT health.silence('{"agent_id": "a1"}', at(100), 'ana', 'x', at(5));
SELECT beat('a1', 10, 'failed'); SELECT tick(10); SELECT tick(101);
SELECT rows_are($$ SELECT occurred_at, was_told, reason_code, channel FROM health.explain_silence('a1') $$,
    $$ VALUES (at(10), false, 'silenced', NULL), (at(101), false, 'pending', 'console') $$, 'silenced first, then the bridge had not fetched it');
SELECT count(health.report_delivery(delivery_id, fencing_token, 'delivered', '{}', at(103))) FROM health.claim_deliveries('w', 9, NULL, at(102));
SELECT rows_are($$ SELECT was_told, reason_code FROM health.explain_silence('a1', at(100)) $$, $$ VALUES (true, NULL) $$, 'now it has');
SELECT alike((SELECT explanation FROM health.explain_silence('a1', at(100))), 'message % (%) was delivered at ' || at(103), 'as it says');
SELECT rows_are($$ SELECT reason_code FROM health.explain_silence('a1', at(0), at(100)) $$, $$ VALUES ('silenced') $$, 'between two times');
SELECT rows_are($$ SELECT event, reason FROM health.alert_history WHERE event IN ('delivered', 'failed') $$, $$ VALUES ('delivered', 'delivered') $$, 'the history knows the delivery');
SELECT throws_ok($$ SELECT health.explain_silence('nobody') $$, 'AG001', 'agent "nobody" is not known', 'agents are known');
SELECT throws_ok($$ SELECT health.explain_silence(NULL) $$, 'AG001', 'agent "NULL" is not known', 'NULL is none');
SELECT rows_are($$ SELECT occurred_at FROM health.explain_silence('a1', at(10), at(101)) $$, $$ VALUES (at(10)) $$, 'the first included, the last not');
INSERT INTO health.agents (agent_id, agent_name) VALUES ('new', 'n');
SELECT is((SELECT explanation FROM health.explain_silence('new')), 'nothing was wrong enough for an alert; now: liveness never_seen, score unknown', 'nor of one that was never seen');
-- What is said of two others in one incident, and of a third by himself.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT name, name, '1 day' FROM unnest('{m1,m2,other}'::text []) AS name;
SELECT beat(name, 200) FROM unnest('{m1,m2,other}'::text []) AS name; SELECT tick(201);
SELECT health_internal.open_fleet_incident(at(202), '{m1,m2}', 'fleet_silent', 'two') > 0 AS is_open;
SELECT beat(name, 203, 'failed') FROM unnest('{m1,m2,other}'::text []) AS name; SELECT tick(203);
SELECT health.acknowledge_alert(alert_id, 'ana', 'seen', p_now => at(204)) FROM health.open_alerts WHERE rule = 'fleet_silent';
SELECT rows_are($$ SELECT date_part('epoch', e.occurred_at - at(0)), i.agent_id, e.was_told, e.reason_code, right(e.explanation, 40), e.channel FROM health.explain_silence('m1') AS e INNER JOIN health.incidents AS i USING (incident_id) ORDER BY 1, 2, 4 $$,
    $$ SELECT 203, 'm1', false, 'fleet_incident', 'part of incident ' || incident_id || ' of many agents', NULL FROM health.incidents WHERE engine_rule = 'fleet_silent' UNION ALL VALUES
    (203, NULL, false, 'cancelled', 'is cancelled: {"reason": "acknowledged"}', 'console'), (204, NULL, false, 'cancelled', 'is cancelled: {"reason": "acknowledged"}', 'console'), (204, NULL, false, NULL, 'ana: seen', NULL) $$, 'what was said of many was said of each of them, also that a person has seen it');
INSERT INTO health.alert_events (occurred_at, agent_id, event, reason_code, reason) VALUES (at(205), 'm1', 'suppressed', 'test', 'of itself'), (at(205), NULL, 'suppressed', 'test', 'of the engine');
SELECT rows_are($$ SELECT a, e.explanation FROM unnest('{m1,m2}'::text []) AS a CROSS JOIN LATERAL health.explain_silence(a, at(205)) AS e $$, $$ VALUES ('m1', 'of itself'), ('m2', 'nothing was wrong enough for an alert; now: liveness alive, score 20.00') $$, 'what belongs to no incident is said of whom it names');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.explain_silence('a1') $$, 'analysts ask');
SELECT lives_ok($$ SELECT * FROM health.suppressions, health.open_alerts, health.alert_history LIMIT 1 $$, 'and read');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
