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
SELECT health_internal.open_recovery_failed(at(323), ARRAY['m19', 'm20'], 'again');
SELECT is((SELECT count(*) FROM health.alert_events WHERE occurred_at = at(323)), 0::bigint, 'for those who are in trouble neither');

-- Incidents side by side, of other rules: who is in them, since when, and what is lost by it.
SELECT throws_ok($$ SELECT health_internal.open_fleet_incident(now(), '{m1}', NULL, 'x') $$, 'AL006', 'rule "NULL" is not known', 'NULL is none');
UPDATE health.incidents SET next_check_at = 'infinity';
CREATE FUNCTION pg_temp.opened(p_seconds float8, p_members text [], p_rule text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_id constant bigint := health_internal.open_fleet_incident(at(p_seconds), p_members, p_rule, p_rule);
BEGIN
    RETURN (SELECT concat_ws(' ', revenue_usd_per_hour, date_part('epoch', onset_at - at(0)), date_part('epoch', detected_at - at(0))) FROM health.incidents WHERE incident_id = v_id);
END $$;
SELECT is(pg_temp.opened(330, '{m1,m19,late}', 'fleet_silent'), '20 299 330', 'since the first of them was heard last; a stranger has no part in it');
SELECT is(pg_temp.opened(310, '{m2}', 'dead_letters'), '10 310 310', 'never later than it is found');
SELECT is(pg_temp.opened(331, '{nobody}', 'bridge_silent'), '0 331 331', 'of strangers alone since then');
SELECT is(pg_temp.opened(332, '{m3}', 'fleet_silent'), '20 299 330', 'the open one is joined');
CREATE FUNCTION pg_temp.checks() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', coalesce(i.agent_id, i.engine_rule), f.engine_rule, i.severity, CASE WHEN i.resolved_at IS NULL THEN 'open' END), ', ' ORDER BY i.agent_id, i.engine_rule)
    FROM health.incidents AS i LEFT JOIN health.incidents AS f ON i.fleet_incident_id = f.incident_id
    WHERE i.next_check_at = '-infinity';
$$;
SELECT is(pg_temp.checks(), 'm19 fleet_silent critical open, bridge_silent critical open, dead_letters critical open, fleet_silent emergency open', 'who is in trouble is looked at again; what is over is not');
SELECT pg_temp.opened(333, '{m20,m4,m5,m6,m7,m8,m9,m10,m11,m12}', 'job_overdue');
INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at) VALUES ('anomaly', 'warning', at(333), at(333));
SELECT pg_temp.opened(340, '{m13}', 'job_missed');
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at, resolved_by) SELECT incident_id, 'm4', 'error', 'critical', 'x', at(333), at(334), 'ana' FROM health.incidents WHERE engine_rule = 'job_overdue';
UPDATE health.incidents SET fleet_incident_id = (SELECT incident_id FROM health.incidents WHERE engine_rule = 'job_overdue') WHERE agent_id = 'm4';
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT health_internal.close_fleet_incidents(at(340));
SELECT is(pg_temp.checks(), 'm20 job_overdue critical open, bridge_silent critical, dead_letters critical, job_overdue warning', 'with a tenth in trouble it is over, who is in trouble is looked at; not with a fourth, nor before their own can have opened, nor what is of the engine alone');
SELECT rows_are($$ SELECT rule, resolved_at, resolved_by FROM health.alerts WHERE incident_id IN (SELECT incident_id FROM health.incidents WHERE engine_rule = 'job_overdue') ORDER BY 1 $$, $$ VALUES ('error', at(334), 'ana'), ('job_overdue', at(340), 'engine') $$, 'with its alert; what was resolved before stays so');

-- Recoveries that failed make nothing worse of what was so from the beginning, and nothing better.
UPDATE health.alert_rules SET is_enabled = true WHERE rule = 'recovery_failed';
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('m14', 'warning', at(340), at(340)), ('m15', 'warning', at(340), at(340)), ('m16', 'emergency', at(340), at(340)), ('m17', 'warning', at(340), at(340));
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT health_internal.open_recovery_failed(at(350), '{m14,m16}', 'news');
SELECT health_internal.open_recovery_failed(at(351), '{m15}', 'no news', false);
SELECT is(pg_temp.checks(), 'm14 critical open, m15 warning open, m16 emergency open', 'an incident is as severe as the worst of it');
SELECT rows_are($$ SELECT agent_id, severity, is_managed, opened_at FROM health.alerts WHERE rule = 'recovery_failed' AND opened_at >= at(350) ORDER BY 1 $$, $$ VALUES ('m14', 'critical', true, at(350)), ('m15', 'warning', true, at(351)), ('m16', 'critical', true, at(350)) $$, 'alerts say so');
SELECT rows_are($$ SELECT agent_id, is_recovery_failure_told FROM health.incidents WHERE agent_id IN ('m14', 'm15', 'm16') AND resolved_at IS NULL ORDER BY 1 $$, $$ VALUES ('m14', false), ('m15', true), ('m16', false) $$, 'and what is news is to be told');
UPDATE health.alert_rules SET is_enabled = false WHERE rule = 'recovery_failed';
SELECT health_internal.open_recovery_failed(at(352), '{m17}', 'news');
SELECT is((SELECT count(*) FROM health.alerts WHERE agent_id = 'm17' AND resolved_at IS NULL), 0::bigint, 'but by a disabled rule');

SELECT * FROM finish();
ROLLBACK;
