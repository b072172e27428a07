-- What people are told of the monitor's blindness.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.tell_blindness}',
    $$
    VALUES
    ('health_internal.tell_blindness(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT name, name, '10 s' FROM unnest('{a1,a2,awake}'::text []) AS name;
SELECT beat('a1', 0), beat('a2', 1), beat('awake', 1);
SELECT tick(2);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(10), at(100), at(160));
SELECT health_internal.tell_blindness(at(100));
SELECT rows_are($$ SELECT rule, severity, summary FROM health.rule_findings $$, $$ VALUES ('monitor_gap', 'warning', 'the monitor did not tick for 90 s') $$, 'a gap is told');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('server_restarted', at(110), at(111), at(171));
SELECT health_internal.tell_blindness(at(111));
SELECT rows_are($$ SELECT summary, found_at FROM health.rule_findings $$, $$ VALUES ('the monitor did not tick for 90 s', at(100)) $$, 'as one, however many there are');
INSERT INTO health.rule_findings (rule, severity, summary, found_at, changed_at) VALUES ('dead_letters', 'critical', 'x', at(0), at(0));
SELECT health_internal.tell_blindness(at(171));
SELECT rows_are($$ SELECT rule FROM health.rule_findings $$, $$ VALUES ('dead_letters') $$, 'until it has settled');
SELECT is_empty($$ SELECT FROM health.open_alerts WHERE rule = 'fleet_silent' $$, 'then who is silent is accused by himself');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(172), at(173), at(233)), ('server_restarted', at(171), at(174), at(234));
SELECT health_internal.tell_blindness(at(174));
SELECT is((SELECT summary FROM health.rule_findings WHERE rule = 'monitor_gap'), 'the database server was restarted', 'of two that began together the one that settles later is told');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details) VALUES ('fleet_silent', at(173), at(200), at(260), '{"silent_count": 7}');
SELECT health_internal.tell_blindness(at(233.9));
SELECT is((SELECT summary FROM health.rule_findings WHERE rule = 'monitor_gap'), 'the database server was restarted', 'until that has settled');
SELECT health_internal.tell_blindness(at(234));
SELECT rows_are($$ SELECT severity, summary, found_at FROM health.rule_findings WHERE rule = 'monitor_gap' $$, $$ VALUES ('critical', '7 agents fell silent at once; it may be the monitor or the network', at(234)) $$, 'then the next is');
DELETE FROM health.rule_findings;
DELETE FROM health.monitor_gaps WHERE started_at > at(170);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details) VALUES ('fleet_silent', at(5), at(200), at(260), '{"silent_count": 3}');
SELECT health_internal.tell_blindness(at(200));
SELECT rows_are($$ SELECT severity, summary FROM health.rule_findings $$, $$ VALUES ('critical', '3 agents fell silent at once; it may be the monitor or the network') $$, 'a silence of the fleet is worse');
SELECT beat('awake', 250);
SELECT tick(250);
SELECT is_empty($$ SELECT FROM health.open_alerts WHERE rule = 'fleet_silent' $$, 'nobody is accused before it settles');
SELECT health_internal.tell_blindness(at(261));
SELECT rows_are($$ SELECT details -> 'still_silent_count' FROM health.monitor_gaps WHERE reason = 'fleet_silent' $$, $$ VALUES ('2'::jsonb) $$, 'then those who are still silent are counted');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'fleet_silent' AND summary = '2 agents fell silent together'), 1::bigint, 'and are one incident');

-- Who is still silent in a gap from 5 s to 200 s, besides a1, when it has settled at 300 s; what else is true, and it is undone.
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details) VALUES ('fleet_silent', at(5), at(200), at(280), '{}'), ('fleet_silent', at(5), at(200), at(400), '{}');
CREATE FUNCTION pg_temp.silent(p_change text, p_seconds float8 DEFAULT 300) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE health.agent_status SET liveness = 'alive', learnt_interval_seconds = 10, grace_seconds = 5, last_heartbeat_at = at(CASE WHEN agent_id IN ('a1', 'a2') THEN 0 ELSE 290 END);
    EXECUTE p_change;
    PERFORM health_internal.tell_blindness(at(p_seconds));
    RAISE EXCEPTION SQLSTATE 'ZZ000' USING MESSAGE = concat_ws(': ', (SELECT string_agg(coalesce(details ->> 'still_silent_count', '-'), ' ' ORDER BY settled_at) FROM health.monitor_gaps WHERE reason = 'fleet_silent' AND settled_at <> at(260)), (SELECT string_agg(agent_id, ' ' ORDER BY agent_id) FROM health.incident_members));
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END $$;
CREATE FUNCTION pg_temp.a2(p_set text) RETURNS text LANGUAGE sql RETURN format('UPDATE health.agent_status SET %s WHERE agent_id = %L;', p_set, 'a2');
DELETE FROM health.incident_members;
UPDATE health.incidents SET resolved_at = at(270);
UPDATE health.alerts SET resolved_at = at(270);
SELECT health.schedule_maintenance('{"agent_id": "nobody"}', at(-9), at(999), 'ana', 'x', p_now => at(0)) > 0 AS is_announced;
SELECT is(pg_temp.silent(change), want, what) FROM (VALUES
    ('SELECT', 'two are', '2 -: a1 a2'),
    (pg_temp.a2('last_heartbeat_at = ' || quote_literal(at(200.1))), 'one was heard after it', '1 -'),
    (pg_temp.a2('last_heartbeat_at = ' || quote_literal(at(200))), 'in it', '2 -: a1 a2'),
    (pg_temp.a2('last_heartbeat_at = ' || quote_literal(at(-10))), 'an interval and a half before', '2 -: a1 a2'),
    (pg_temp.a2('last_heartbeat_at = ' || quote_literal(at(-10.1))), 'earlier', '1 -'),
    (pg_temp.a2('learnt_interval_seconds = 236, last_heartbeat_at = ' || quote_literal(at(0))), 'just due', '1 -'),
    (pg_temp.a2('learnt_interval_seconds = 235.9, last_heartbeat_at = ' || quote_literal(at(0))), 'overdue', '2 -: a1 a2'),
    (pg_temp.a2('liveness = ''unresponsive'''), 'accused', '2 -: a1 a2'),
    (pg_temp.a2('liveness = ''stopped'''), 'said goodbye', '1 -'),
    ('INSERT INTO health.maintenance_periods (agent_id, window_id, started_at, until_at) VALUES (''a2'', (SELECT max(window_id) FROM health.maintenance_windows), at(0), at(999)), (''awake'', (SELECT max(window_id) FROM health.maintenance_windows), at(0), at(999))', 'in maintenance', '1 -'),
    ('INSERT INTO health.maintenance_periods (agent_id, window_id, started_at, until_at, ended_at) VALUES (''a2'', (SELECT max(window_id) FROM health.maintenance_windows), at(0), at(999), at(1))', 'was in maintenance', '2 -: a1 a2'),
    ('INSERT INTO health.maintenance_periods (agent_id, window_id, started_at, until_at) VALUES (''awake'', (SELECT max(window_id) FROM health.maintenance_windows), at(0), at(999))', 'another is', '2 -: a1 a2'),
    ('UPDATE health.agent_status SET last_heartbeat_at = at(290)', 'nobody', '0 -')
) AS v (change, what, want);
SELECT is(pg_temp.silent('SELECT', m), want, 'at ' || m) FROM (VALUES (279.9, '- -'), (280, '2 -: a1 a2'), (580, '2 2: a1 a2'), (580.1, '- 2: a1 a2')) AS v (m, want);

SELECT * FROM finish();
ROLLBACK;
