-- The facts of a decision.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.incident_facts
    }',
    $$
    VALUES
    ('health_internal.incident_facts(timestamp with time zone,bigint[])', 'f', 'plpgsql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.due(p_seconds float8) RETURNS bigint [] LANGUAGE sql AS $$
    SELECT array_agg(incident_id) FROM health.incidents WHERE NOT is_settled AND next_check_at <= at(p_seconds) $$;
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('f', 'f', '10 s');
SELECT beat('f', 10 * n) FROM generate_series(-30, 0) AS n;
SELECT tick(0);
SELECT is_empty($$ SELECT * FROM health_internal.incident_facts(at(1), pg_temp.due(1)) $$, 'nothing is due');
SELECT beat('f', 10, 'failed');
SELECT health_internal.fold_phase(at(10), true);
SELECT health_internal.act_on_alerts(at(10));
SELECT rows_are($$ SELECT agent_id, news, is_over, was_told, withheld, severity_rank, is_in_maintenance, is_in_fleet_incident, parent, is_silenced, is_flapping, is_acknowledged
    FROM health_internal.incident_facts(at(10), pg_temp.due(10)) $$,
    $$ VALUES ('f', 'new', false, false, NULL, 3, false, false, 'up', false, false, false) $$, 'trouble is news');
SELECT health_internal.notify(at(10));
SELECT is_empty($$ SELECT * FROM health_internal.incident_facts(at(11), pg_temp.due(11)) $$, 'once told it is not');
SELECT rows_are($$ SELECT news FROM health_internal.incident_facts(at(10 + 4 * 3600), pg_temp.due(10 + 4 * 3600)) $$, $$ VALUES ('reminder_due') $$, 'until four hours later');

-- A silence of one rule leaves the others to speak, as loud as they are.
INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('odd', 'warning', 'odd', true);
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('two', 'two', '1 day'), ('only', 'only', '1 day');
SELECT beat('two', 20000), beat('only', 20000); SELECT tick(20001);
SELECT health.silence('{"rule": "failed", "agent_id": "two"}', at(20100), 'ana', 'x', at(20001)), health.silence('{"rule": "failed", "agent_id": "only"}', at(20100), 'ana', 'x', at(20001));
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('odd', 'two', 'warning', 'odd', at(20002), at(20002));
SELECT beat('two', 20002, 'failed'), beat('only', 20002, 'failed'); SELECT tick(20003);
SELECT rows_are($$ SELECT agent_ids, event, severity FROM health.deliveries WHERE created_at = at(20003) $$, $$ VALUES ('{two}'::text [], 'opened', 'warning') $$, 'of two alerts the one that is not silenced is told');
SELECT beat('two', 20102, 'failed'), beat('only', 20102, 'failed'); SELECT tick(20103);
SELECT rows_are($$ SELECT agent_ids, event, severity FROM health.deliveries WHERE created_at = at(20103) ORDER BY 1 $$,
    $$ VALUES ('{only}'::text [], 'truth', 'critical'), ('{two}', 'escalated', 'critical') $$, 'and the other when its silence is over');
-- The verdict on a late parent is awaited, but not for ever.
UPDATE health.settings SET parent_wait = '5 s';
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('parent', 'parent', '10 s'), ('child', 'child', '1 day');
SELECT health.add_dependency('child', 'parent');
SELECT beat('parent', 30000), beat('child', 30000); SELECT tick(30001);
SELECT tick(30021); SELECT beat('child', 30022, 'failed'); SELECT tick(30022);
SELECT rows_are($$ SELECT liveness, (SELECT count(*) FROM health.deliveries WHERE agent_ids = '{child}') FROM health.agent_status WHERE agent_id = 'parent' $$, $$ VALUES ('late', 0::bigint) $$, 'the parent may be the cause');
SELECT is((SELECT reason_code FROM health.suppressions WHERE agent_id = 'child'), 'parent_suspected', 'which is on record');
SELECT tick(30026.9); SELECT is((SELECT count(*) FROM health.deliveries WHERE agent_ids = '{child}'), 0::bigint, 'its verdict is awaited');
SELECT tick(30027.1);
SELECT rows_are($$ SELECT liveness, (SELECT string_agg(event, ' ') FROM health.deliveries WHERE agent_ids = '{child}') FROM health.agent_status WHERE agent_id = 'parent' $$, $$ VALUES ('late', 'truth') $$, 'for parent_wait and no longer');

UPDATE health.settings SET group_burst = 100;
-- Mutes that end after a restart of the server: what was known before it may be over.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT n, n, '10 s' FROM unnest('{back,dead,ill}'::text []) AS n;
SELECT beat(n, 40000 + s) FROM unnest('{back,dead}'::text []) AS n, generate_series(0, 40, 10) AS s; SELECT beat('ill', 40000); SELECT tick(40041);
SELECT health.schedule_maintenance('{"agent_ids": ["back", "dead", "ill"]}', at(40042), at(40105), 'ana', 'x', p_now => at(40042));
SELECT beat('ill', 40043, 'failed'); SELECT tick(40090);
SELECT rows_are($$ SELECT agent_id, withheld FROM health.incidents WHERE agent_id IN ('back', 'dead', 'ill') ORDER BY 1 $$, $$ VALUES ('back', 'maintenance'), ('dead', 'maintenance'), ('ill', 'maintenance') $$, 'three fell in maintenance');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details) VALUES ('server_restarted', at(40091), at(40100), at(40160), jsonb_build_object('server_started_at', at(40099)));
SELECT tick(40106);
SELECT rows_are($$ SELECT agent_id, reason_code, reason = 'not heard since the monitor was blind (server_restarted); awaited until ' || at(40160) FROM health.suppressions WHERE agent_id IN ('back', 'dead', 'ill') AND occurred_at = at(40106) ORDER BY 1 $$,
    $$ VALUES ('back', 'monitor_gap', true), ('dead', 'monitor_gap', true), ('ill', 'monitor_gap', true) $$, 'when it ends just after a restart they are awaited');
SELECT beat('back', 40107), beat('ill', 40107, 'failed'); SELECT tick(40108);
SELECT rows_are($$ SELECT agent_ids, event FROM health.deliveries WHERE created_at > at(40090) AND agent_ids <> '{}' $$, $$ VALUES ('{ill}'::text [], 'truth') $$, 'who is heard and fails is told of at once');
SELECT is((SELECT string_agg(withheld, ' ') FROM health.incidents WHERE agent_id = 'back' AND NOT is_settled), NULL, 'who is heard and well never');
SELECT beat('back', 40110 + 10 * s) FROM generate_series(0, 4) AS s;
SELECT tick(40159.9); SELECT tick(40160);
SELECT rows_are($$ SELECT agent_ids, event, created_at FROM health.deliveries WHERE created_at > at(40108) AND agent_ids <> '{}' AND NOT agent_ids && '{heartbeat_health_agent}' $$, $$ VALUES ('{dead}'::text [], 'truth', at(40160)) $$, 'and who is not heard when the gap has settled');
DELETE FROM health.monitor_gaps;

-- Each fact by itself: an incident of an agent that opened at 80000 with one critical alert, looked at at 90000.
DELETE FROM health.silences; DELETE FROM health.escalation_policies;
CREATE FUNCTION pg_temp.trouble(p_name text, p_incident jsonb DEFAULT '{}', p_alerts jsonb DEFAULT '[{"rule": "failed", "severity": "critical"}]') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_row health.incidents := jsonb_populate_record(NULL::health.incidents, '{"is_acknowledged": false, "is_acknowledgement_sticky": false, "is_recovery_failure_told": false, "owed_channels": []}'::jsonb || p_incident);
    v_id bigint;
BEGIN
    INSERT INTO health.agents (agent_id, agent_name) VALUES (p_name, p_name) ON CONFLICT DO NOTHING;
    INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at, told_at, told_severity, checked_at, is_acknowledged, is_acknowledgement_sticky, acknowledged_until, acknowledged_severity, acknowledged_by, is_recovery_failure_told,
        owed_channels, withheld, fleet_incident_id, escalates_from, escalated_until)
    VALUES (p_name, 'critical', at(80000), coalesce(v_row.detected_at, at(80000)), v_row.resolved_at, v_row.told_at, v_row.told_severity, v_row.checked_at, v_row.is_acknowledged, v_row.is_acknowledgement_sticky, v_row.acknowledged_until, v_row.acknowledged_severity,
        CASE WHEN v_row.is_acknowledged THEN 'ana' END, v_row.is_recovery_failure_told, v_row.owed_channels, v_row.withheld, v_row.fleet_incident_id, v_row.escalates_from, v_row.escalated_until)
    RETURNING incident_id INTO v_id;
    INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at)
    SELECT v_id, p_name, a ->> 'rule', a ->> 'severity', 'x', at(coalesce((a ->> 'opened')::float8, 80000)), at((a ->> 'resolved')::float8) FROM jsonb_array_elements(p_alerts) AS a;
    RETURN v_id;
END $$;
CREATE FUNCTION pg_temp.facts(p_pattern text, p_seconds float8 DEFAULT 90000) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT f.* FROM health_internal.incident_facts(at(p_seconds), ARRAY(SELECT incident_id FROM health.incidents WHERE onset_at = at(80000) AND agent_id ~ p_pattern)) AS f $$;
-- What there is to tell. 10800 s before is four hours less one.
SELECT pg_temp.trouble('n' || to_char(v.n, 'FM00'), v.incident::jsonb, coalesce(v.alerts::jsonb, '[{"rule": "failed", "severity": "critical"}]')) FROM (VALUES
    (1, '{}', NULL), (2, '{"told_severity": "warning", "told_at": "2031-05-07 07:59:00+00"}', NULL), (3, '{"told_severity": "emergency", "told_at": "2031-05-07 07:59:00+00"}', NULL),
    (4, '{"told_severity": "critical", "told_at": "2031-05-07 07:59:00+00"}', '[{"rule": "recovery_failed", "severity": "critical"}]'),
    (5, '{"told_severity": "critical", "told_at": "2031-05-07 07:59:00+00", "is_recovery_failure_told": true}', '[{"rule": "recovery_failed", "severity": "critical"}]'),
    (6, '{"told_severity": "critical", "told_at": "2031-05-07 04:00:00+00"}', NULL), (7, '{"told_severity": "critical", "told_at": "2031-05-07 04:00:00.1+00"}', NULL),
    (8, '{"told_severity": "critical", "told_at": "2031-05-07 07:59:00+00", "owed_channels": ["console"]}', NULL), (9, '{"told_severity": "critical", "told_at": "2031-05-07 04:00:00+00", "owed_channels": ["console"]}', NULL),
    (10, '{"resolved_at": "2031-05-07 07:59:00+00", "told_at": "2031-05-07 07:58:00+00"}', '[{"rule": "failed", "severity": "critical", "resolved": 89940}]'),
    (11, '{"told_severity": "critical", "told_at": "2031-05-07 07:59:00+00", "withheld": "silenced", "checked_at": "2031-05-07 05:13:20+00"}', '[{"rule": "failed", "severity": "critical", "opened": 80000}]'),
    (12, '{"told_severity": "critical", "told_at": "2031-05-07 07:59:00+00", "checked_at": "2031-05-07 05:13:20+00"}', '[{"rule": "failed", "severity": "critical"}, {"rule": "error", "severity": "warning", "opened": 80000.1}]'),
    (13, '{"told_severity": "critical", "told_at": "2031-05-07 07:59:00+00", "checked_at": "2031-05-07 05:13:21+00"}', '[{"rule": "failed", "severity": "warning"}, {"rule": "error", "severity": "emergency", "resolved": 80001}]')
) AS v (n, incident, alerts);
UPDATE health.incidents SET told_at = at(90000 - 4 * 3600) WHERE agent_id IN ('n06', 'n09'); UPDATE health.incidents SET told_at = at(90000.1 - 4 * 3600) WHERE agent_id = 'n07';
SELECT rows_are(
    $$ SELECT agent_id, news, is_over, was_told, withheld, has_new_alert, severity_rank, told_rank, is_unrecovered FROM health_internal.incident_facts(at(90000), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id ~ '^n[0-9]')) ORDER BY 1 $$,
    $$
    VALUES ('n01', 'new', false, false, NULL, true, 3, NULL::integer, false), ('n02', 'worse', false, true, NULL, true, 3, 2, false), ('n03', 'none', false, true, NULL, true, 3, 4, false), ('n04', 'unrecovered', false, true, NULL, true, 3, 3, true),
    ('n05', 'none', false, true, NULL, true, 3, 3, true), ('n06', 'reminder_due', false, true, NULL, true, 3, 3, false), ('n07', 'none', false, true, NULL, true, 3, 3, false), ('n08', 'withdrawn', false, true, NULL, true, 3, 3, false),
    ('n09', 'reminder_due', false, true, NULL, true, 3, 3, false), ('n10', 'over', true, true, NULL, true, 3, NULL, false), ('n11', 'none', false, true, 'silenced', false, 3, 3, false), ('n12', 'none', false, true, NULL, true, 3, 3, false),
    ('n13', 'none', false, true, NULL, false, 2, 3, false)
    $$,
    'the news; of an open incident its open alerts, of a closed one all'
);
-- Acknowledgements: until when, and how bad.
SELECT pg_temp.trouble('k' || to_char(v.n, 'FM00'), '{"is_acknowledged": true, "told_at": "2031-05-07 07:59:00+00", "told_severity": "critical", "acknowledged_severity": "critical"}'::jsonb || v.incident::jsonb) FROM (VALUES
    (1, '{}'), (2, '{"acknowledged_until": "2031-05-07 08:00:00+00"}'), (3, '{"acknowledged_until": "2031-05-07 08:00:01+00"}'), (4, '{"acknowledged_severity": "warning"}'), (5, '{"acknowledged_severity": "warning", "is_acknowledgement_sticky": true}'),
    (6, '{"acknowledged_severity": "emergency"}'), (7, '{"acknowledged_until": "2031-05-07 07:00:00+00", "resolved_at": "2031-05-07 07:30:00+00"}'), (8, '{"is_acknowledged": false, "acknowledged_severity": "warning"}'),
    (9, '{"acknowledged_until": "2031-05-07 08:00:00+00", "is_acknowledgement_sticky": true}'), (10, '{"acknowledged_severity": "warning", "told_severity": "emergency"}')
) AS v (n, incident);
SELECT rows_are(
    $$ SELECT agent_id, news, is_acknowledged, has_acknowledgement_ended, mute_ends_at, reasons ->> 'acknowledged' FROM health_internal.incident_facts(at(90000), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id ~ '^k[0-9]')) ORDER BY 1 $$,
    $$
    VALUES ('k01', 'none', true, false, NULL::timestamptz, 'acknowledged by ana'), ('k02', 'none', false, true, NULL, NULL), ('k03', 'none', true, false, at(90001), 'acknowledged by ana until ' || at(90001)), ('k04', 'worse', false, true, NULL, NULL),
    ('k05', 'none', true, false, NULL, 'acknowledged by ana'), ('k06', 'none', true, false, NULL, 'acknowledged by ana'), ('k07', 'over', true, false, at(86400), 'acknowledged by ana until ' || at(86400)), ('k08', 'none', false, false, NULL, NULL),
    ('k09', 'none', false, true, NULL, NULL), ('k10', 'worse', false, true, NULL, NULL)
    $$,
    'it holds until its time, not for worse unless it is sticky, and at an end in any case'
);
-- Silences: of all that speaks, or of a part; from their start to their end.
INSERT INTO health.silences (silence_id, matchers, starts_at, ends_at, created_by, reason) OVERRIDING SYSTEM VALUE VALUES
(901, '{"agent_id": "s1"}', at(90000), at(90100), 'ana', ''), (902, '{"agent_id": "s2"}', at(90000.1), at(90100), 'ana', ''), (903, '{"agent_id": "s3"}', at(89000), at(90000), 'ana', ''), (904, '{"agent_id": "s4", "rule": "failed"}', at(89000), at(90050), 'ana', ''),
(905, '{"agent_id": "s5", "rule": "failed"}', at(89000), at(90050), 'ana', ''), (906, '{"agent_id": "s5", "rule": "error"}', at(89000), at(90040), 'ana', ''), (907, '{"agent_id": "s5"}', at(89000), at(90030), 'ana', ''), (908, '{"agent_id": "s6", "rule": "recovery_failed"}', at(89000), at(90030), 'ana', '');
SELECT pg_temp.trouble('s' || n, '{"told_severity": "critical", "told_at": "2031-05-07 07:59:00+00"}', '[{"rule": "failed", "severity": "critical"}, {"rule": "error", "severity": "warning"}]') FROM generate_series(1, 5) AS n;
SELECT pg_temp.trouble('s6', '{"told_severity": "warning", "told_at": "2031-05-07 07:59:00+00"}', '[{"rule": "recovery_failed", "severity": "critical"}, {"rule": "error", "severity": "warning"}]');
SELECT rows_are(
    $$ SELECT agent_id, news, severity_rank, is_silenced, mute_ends_at, reasons ->> 'silenced', is_unrecovered FROM health_internal.incident_facts(at(90000), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id ~ '^s[0-9]')) ORDER BY 1 $$,
    $$
    VALUES ('s1', 'none', 3, true, at(90100), 'silence 901 until ' || at(90100), false), ('s2', 'none', 3, false, NULL::timestamptz, NULL, false), ('s3', 'none', 3, false, NULL, NULL, false), ('s4', 'none', 2, false, at(90050), 'silence 904 until ' || at(90050), false),
    ('s5', 'none', 3, true, at(90040), 'silence 905 until ' || at(90040), false), ('s6', 'none', 2, false, at(90030), 'silence 908 until ' || at(90030), false)
    $$,
    'what is not silenced speaks, as loud as it is; a silence ends when the first of its alerts may speak'
);
-- Maintenance, fleet incidents, flapping, parents.
UPDATE health.settings SET parent_wait = '60 s'; DELETE FROM health.dependencies;
INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at, resolved_at) VALUES ('fleet_silent', 'critical', at(79000), at(79000), NULL), ('fleet_silent', 'critical', at(78000), at(78000), at(78001));
SELECT pg_temp.trouble('m' || v.n, v.incident) FROM (VALUES (1, '{}'::jsonb), (2, '{}'), (3, (SELECT jsonb_build_object('fleet_incident_id', incident_id) FROM health.incidents WHERE detected_at = at(79000))), (4, (SELECT jsonb_build_object('fleet_incident_id', incident_id) FROM health.incidents WHERE detected_at = at(78000))),
    (5, '{}'), (6, jsonb_build_object('detected_at', at(89940.1))), (7, jsonb_build_object('detected_at', at(89940))), (8, '{}')) AS v (n, incident);
INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason) VALUES ('{}', at(89000), at(91000), 'ana', '');
INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at, ended_at) SELECT max(window_id), a, at(89000), at(91000), at(e) FROM health.maintenance_windows, (VALUES ('m1', NULL), ('m2', 89500)) AS v (a, e) GROUP BY a, e;
INSERT INTO health_internal.flapping_agents (agent_id, since) VALUES ('m5', at(88000));
INSERT INTO health.agents (agent_id, agent_name) VALUES ('slow', 'slow'), ('gone', 'gone');
INSERT INTO health.agent_status (agent_id, liveness, active_conditions) VALUES ('slow', 'late', '{}'), ('gone', 'unresponsive', '{unresponsive}');
INSERT INTO health.dependencies (child_id, parent_id) VALUES ('m6', 'slow'), ('m7', 'slow'), ('m8', 'gone');
SELECT rows_are(
    $$ SELECT agent_id, is_in_maintenance, is_in_fleet_incident, is_flapping, parent, mute_ends_at, regexp_replace((SELECT string_agg(r.value, '; ' ORDER BY r.key) FROM jsonb_each_text(reasons) AS r WHERE r.value IS NOT NULL), 'maintenance [0-9]+|incident [0-9]+', 'N', 'g')
        FROM health_internal.incident_facts(at(90000), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id ~ '^m[0-9]')) ORDER BY 1 $$,
    $$
    VALUES ('m1', true, false, false, 'up', at(91000), 'in N until ' || at(91000)), ('m2', false, false, false, 'up', NULL::timestamptz, NULL), ('m3', false, true, false, 'up', NULL, 'part of N of many agents'), ('m4', false, false, false, 'up', NULL, NULL),
    ('m5', false, false, true, 'up', NULL, 'the agent flaps since ' || at(88000)), ('m6', false, false, false, 'suspected', NULL, 'parent down: slow; parent late, its verdict is awaited: slow'), ('m7', false, false, false, 'up', NULL, 'parent down: slow; parent late, its verdict is awaited: slow'),
    ('m8', false, false, false, 'down', NULL, 'parent down: gone; parent late, its verdict is awaited: gone')
    $$,
    'while each goes on; a late parent for parent_wait'
);
-- What only the margin of its score keeps open is no news, where nobody was told.
CREATE FUNCTION pg_temp.confirmed(p_name text, p_rules text, p_evaluations integer, p_incident jsonb DEFAULT '{}') RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE v_id bigint := pg_temp.trouble(p_name, p_incident, (SELECT jsonb_agg(jsonb_build_object('rule', r, 'severity', 'critical')) FROM unnest(string_to_array(p_rules, ' ')) AS r));
BEGIN
    IF p_evaluations IS NOT NULL THEN INSERT INTO health.agent_status (agent_id, bad_evaluations) VALUES (p_name, p_evaluations) ON CONFLICT (agent_id) DO UPDATE SET bad_evaluations = excluded.bad_evaluations; END IF;
    RETURN (SELECT is_confirmed AND reasons ->> 'soft' IS NULL AND mute_ends_at IS NULL FROM health_internal.incident_facts(at(90000), ARRAY[v_id]));
END $$;
SELECT rows_are(
    $$ SELECT n, pg_temp.confirmed('score' || n, rules, evaluations, incident) FROM (VALUES (1, 'score_critical', 6, '{}'::jsonb), (2, 'score_critical', 7, '{}'), (3, 'score_emergency score_critical', 6, '{}'),
        (4, 'score_critical failed', 6, '{}'), (5, 'score_critical', 6, '{"told_severity": "critical"}'), (6, 'score_critical', NULL, '{}')) AS v (n, rules, evaluations, incident) ORDER BY n $$,
    $$ VALUES (1, false), (2, true), (3, false), (4, true), (5, true), (6, true) $$, 'a score that is good again, and nothing else, and not what was told'
);
SELECT pg_temp.trouble('b1');
INSERT INTO health.agents (agent_id, agent_name) VALUES ('came', 'came');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at) VALUES ('came', 'critical', at(89000), at(89000), at(89990));
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at) SELECT incident_id, agent_id, 'failed', 'critical', 'x', at(89000), at(89990) FROM health.incidents WHERE agent_id = 'came';
INSERT INTO health.agent_status (agent_id, liveness, last_heartbeat_at, grace_seconds, learnt_interval_seconds, unresponsive_intervals) VALUES ('b1', 'alive', at(89900), 0, 10, 3);
INSERT INTO health.dependencies (child_id, parent_id) VALUES ('b1', 'came');
SELECT rows_are($$ SELECT parent, mute_ends_at FROM health_internal.incident_facts(at(90000), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id = 'b1')) $$, $$ VALUES ('down', at(90000)) $$, 'a parent that came back is looked at again each tick');
-- Steps: of plans that apply, by severity, delay and repeats; those passed by are not taken twice.
SELECT health.set_channel('boss', 'webhook', p_is_default => false), health.set_channel('chief', 'webhook', p_is_default => false);
SELECT health.set_escalation_policy('plan', '{"agent_id": "p*"}', '[{"channel": "boss", "delay": "100 s", "repeat_count": 2, "repeat_interval": "1 minute"}, {"channel": "chief", "delay": "150 s", "minimum_severity": "emergency"}]');
SELECT health.set_escalation_policy('ruled', '{"agent_id": "q*", "rule": "failed"}', '[{"channel": "chief", "delay": "100 s"}]');
SELECT health.set_escalation_policy('of another rule', '{"agent_id": "z*", "rule": "error"}', '[{"channel": "chief", "delay": "100 s"}]');
INSERT INTO health.silences (matchers, starts_at, ends_at, created_by, reason) VALUES ('{"agent_id": "q5", "rule": "failed"}', at(89000), at(99000), 'ana', '');
SELECT health.set_escalation_policy('off', '{}', '[{"channel": "chief"}]', false);
SELECT pg_temp.trouble(v.name, jsonb_build_object('told_at', at(89800), 'told_severity', v.told, 'escalates_from', at(v.since), 'escalated_until', at(v.until)) || v.incident::jsonb, v.alerts::jsonb) FROM (VALUES
    ('p1', 'critical', 89900.1, 89900.1, '{}', '[{"rule": "failed", "severity": "critical"}]'), ('p2', 'critical', 89900, 89900, '{}', '[{"rule": "failed", "severity": "critical"}]'), ('p3', 'critical', 89840, 89999, '{}', '[{"rule": "failed", "severity": "critical"}]'),
    ('p4', 'critical', 89840, 90000, '{}', '[{"rule": "failed", "severity": "critical"}]'), ('p5', 'emergency', 89850, 89990, '{}', '[{"rule": "failed", "severity": "emergency"}]'), ('p6', 'critical', 89000, 89990, '{}', '[{"rule": "failed", "severity": "emergency"}]'),
    ('p7', 'critical', 89900, 89900, '{"resolved_at": "2031-05-07 07:59:00+00"}', '[{"rule": "failed", "severity": "critical"}]'), ('p8', NULL, 89000, NULL, '{}', '[{"rule": "failed", "severity": "critical"}]'), ('p9', 'critical', 89000, NULL, '{}', '[{"rule": "failed", "severity": "critical"}]'),
    ('q1', 'critical', 89000, 89950, '{}', '[{"rule": "failed", "severity": "critical", "opened": 89900}]'), ('q2', 'critical', 89000, 89950, '{}', '[{"rule": "error", "severity": "critical", "opened": 89900}]'),
    ('q3', 'critical', 89000, 89950, '{}', '[{"rule": "failed", "severity": "critical", "opened": 89900, "resolved": 89990}, {"rule": "error", "severity": "critical"}]'), ('q4', 'critical', 89950, 89950, '{}', '[{"rule": "failed", "severity": "critical", "opened": 89900}]'),
    ('q5', 'critical', 89000, 89950, '{}', '[{"rule": "failed", "severity": "critical", "opened": 89900}, {"rule": "error", "severity": "critical"}]'), ('p0', 'warning', 89000, 89990, '{}', '[{"rule": "failed", "severity": "warning"}]'),
    ('x1', 'critical', 89000, 89950, '{}', '[{"rule": "failed", "severity": "critical"}]')) AS v (name, told, since, until, incident, alerts);
SELECT rows_are(
    $$ SELECT agent_id, news, step, (SELECT string_agg(c, ' ' ORDER BY c) FROM unnest(step_channels) AS c), date_part('epoch', next_step_at - at(90000)) FROM health_internal.incident_facts(at(90000), ARRAY(SELECT incident_id FROM health.incidents WHERE onset_at = at(80000) AND agent_id ~ '^[pqx][0-9]')) ORDER BY 1 $$,
    $$
    VALUES ('p0', 'none', 0, NULL, NULL::float8), ('p1', 'none', 0, NULL, 0.1), ('p2', 'step_due', 1, 'boss', 60), ('p3', 'step_due', 1, 'boss', 60), ('p4', 'none', 0, NULL, 60), ('p5', 'step_due', 2, 'chief', 10), ('p6', 'worse', 2, 'chief', NULL), ('p7', 'over', 0, NULL, NULL),
    ('p8', 'new', 0, NULL, 100), ('p9', 'step_due', 1, 'boss', NULL), ('q1', 'step_due', 1, 'chief', NULL), ('q2', 'none', 0, NULL, NULL), ('q3', 'none', 0, NULL, NULL), ('q4', 'none', 0, NULL, 50), ('q5', 'none', 0, NULL, NULL), ('x1', 'none', 0, NULL, NULL)
    $$,
    'those due since they were last taken, and the next; one passed by when the trouble was smaller; of a rule from its alert on, while that may speak'
);

SELECT * FROM finish();
ROLLBACK;
