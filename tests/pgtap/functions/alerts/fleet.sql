-- Incidents of many agents, and recoveries that gave up.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.close_fleet_incidents,
        health_internal.open_fleet_incident,
        health_internal.open_recovery_failed
    }',
    $$
    VALUES
    ('health_internal.close_fleet_incidents(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.open_fleet_incident(timestamp with time zone,text[],text,text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.open_recovery_failed(timestamp with time zone,text[],text,boolean)', 'f', 'plpgsql', 'v', false, '')
    $$
);

UPDATE health.settings SET storm_count = 1000;
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) SELECT 'm' || n, 'm' || n, '1 day', 10 FROM generate_series(1, 20) AS n;
SELECT beat('m' || n, s) FROM generate_series(1, 20) AS n, unnest('{0,5}'::float8 []) AS s;
SELECT tick(6);
SELECT isnt(health_internal.open_fleet_incident(at(300), (SELECT array_agg('m' || n) FROM generate_series(1, 20) AS n), 'fleet_silent', 'the network is gone'), NULL, 'one incident for many');
SELECT is((SELECT revenue_usd_per_hour FROM health.incidents), 200::float8, 'with what they earn together');
SELECT beat('m' || n, 299, 'failed') FROM generate_series(1, 20) AS n;
SELECT tick(300);
SELECT is((SELECT count(*) FROM health.incidents WHERE agent_id IS NOT NULL AND fleet_incident_id IS NOT NULL), 20::bigint, 'each agent has its own incident');
SELECT rows_are($$ SELECT event, severity, details ->> 'summary', details -> 'incident_count' FROM health.deliveries $$,
    $$ VALUES ('opened', 'emergency', 'the network is gone', '20'::jsonb) $$, 'and one page speaks for all');
SELECT is((SELECT count(*) FROM health.suppressions WHERE reason_code = 'fleet_incident'), 20::bigint, 'the ledger says so for each');
SELECT is(health_internal.open_fleet_incident(at(301), '{m1,late}', 'fleet_silent', 'again'),
    (SELECT incident_id FROM health.incidents WHERE agent_id IS NULL), 'more agents join the open one');
SELECT is((SELECT count(*) FROM health.incident_members), 21::bigint, 'once each');
SELECT beat('m' || n, s) FROM generate_series(1, 18) AS n, unnest('{310,315}'::float8 []) AS s;
SELECT tick(316);
SELECT is((SELECT resolved_at FROM health.incidents WHERE agent_id IS NULL), at(316), 'with a tenth left it is over');
SELECT is((SELECT count(*) FROM health.deliveries WHERE created_at = at(316)), 3::bigint, 'the all-clear, and the truth of those two');
SELECT rows_are($$ SELECT event, agent_ids FROM health.deliveries WHERE created_at = at(316) ORDER BY 1, 2 $$,
    $$ VALUES ('resolved', '{}'::text []), ('truth', '{m19}'), ('truth', '{m20}') $$, 'by name');
SELECT tick(317);
SELECT is((SELECT count(*) FROM health.deliveries WHERE created_at > at(316)), 0::bigint, 'once');
SELECT throws_ok($$ SELECT health_internal.open_fleet_incident(now(), '{m1}', 'no_such', 'x') $$, 'AL006', 'rule "no_such" is not known', 'rules are known');
SELECT lives_ok($$ SELECT health_internal.open_recovery_failed(at(320), ARRAY['m1', 'm1'], 'test') $$, 'a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'recovery_failed' AND agent_id = 'm1'), 1::bigint, 'once');
SELECT health_internal.notify(at(320));
SELECT rows_are($$ SELECT event, agent_ids FROM health.deliveries WHERE created_at = at(320) $$, $$ VALUES ('opened', '{m1}'::text []) $$, 'and told');
SELECT health_internal.open_recovery_failed(at(321), ARRAY['m19'], 'test');
SELECT health_internal.notify(at(321));
SELECT rows_are($$ SELECT event, agent_ids FROM health.deliveries WHERE created_at = at(321) $$, $$ VALUES ('recovery_failed', '{m19}'::text []) $$,
    'of an incident that was told that is news');
SELECT beat('m20', 321.5, 'failed'); SELECT tick(321.5);
SELECT health_internal.open_recovery_failed(at(322), ARRAY['m20', 'm3'], 'nobody can', p_is_news => false);
SELECT health_internal.notify(at(322));
SELECT is((SELECT count(*) FROM health.deliveries WHERE created_at = at(322)), 0::bigint, 'what was so from the beginning is none');
SELECT rows_are($$ SELECT agent_id, event, reason FROM health.alert_events WHERE occurred_at = at(322) AND agent_id IN ('m20', 'm3') ORDER BY 2 $$,
    $$ SELECT 'm20', 'grouped', 'incident ' || max(incident_id) || ' was told already' FROM health.incidents WHERE agent_id = 'm20' UNION ALL VALUES ('m20', 'opened', 'nobody can') $$,
    'as the ledger says, and of a healthy agent it is nothing');
SELECT health_internal.close_fleet_incidents(at(322));
SELECT is((SELECT count(*) FROM health.incidents WHERE agent_id IS NULL), 1::bigint, 'what is over stays over');
UPDATE health.alert_rules SET is_enabled = false WHERE rule = 'recovery_failed';
SELECT health_internal.open_recovery_failed(at(323), ARRAY['m2'], 'test');
SELECT is((SELECT count(*) FROM health.incidents WHERE agent_id = 'm2' AND resolved_at IS NULL), 0::bigint, 'a disabled rule opens nothing');

SELECT * FROM finish();
ROLLBACK;
