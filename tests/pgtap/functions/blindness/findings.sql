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
SELECT is((SELECT count(*) FROM health.rule_findings), 1::bigint, 'as one, however many there are');
SELECT health_internal.tell_blindness(at(171));
SELECT is_empty($$ SELECT FROM health.rule_findings $$, 'until it has settled');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details) VALUES ('fleet_silent', at(5), at(200), at(260), '{"silent_count": 3}');
SELECT health_internal.tell_blindness(at(200));
SELECT rows_are($$ SELECT severity, summary FROM health.rule_findings $$, $$ VALUES ('critical', '3 agents fell silent at once; it may be the monitor or the network') $$, 'a silence of the fleet is worse');
SELECT beat('awake', 250);
SELECT tick(250);
SELECT is_empty($$ SELECT FROM health.open_alerts WHERE rule = 'fleet_silent' $$, 'nobody is accused before it settles');
SELECT health_internal.tell_blindness(at(261));
SELECT rows_are($$ SELECT details -> 'still_silent_count' FROM health.monitor_gaps WHERE reason = 'fleet_silent' $$, $$ VALUES ('2'::jsonb) $$, 'then those who are still silent are counted');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'fleet_silent' AND summary = '2 agents fell silent together'), 1::bigint, 'and are one incident');

SELECT * FROM finish();
ROLLBACK;
