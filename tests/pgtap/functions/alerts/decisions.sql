-- Deciding and telling: reminders, acknowledgements, escalations, severities of channels.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.decide_incidents,
        health_internal.inherit_told
    }',
    $$
    VALUES
    ('health_internal.decide_incidents(timestamp with time zone,bigint[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.inherit_told(timestamp with time zone,bigint[])', 'f', 'sql', 'v', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) VALUES ('a1', 'a', '1 day', 0), ('gold', 'g', '1 day', 5000);
UPDATE health.settings SET group_burst = 100;
CREATE FUNCTION pg_temp.sent(p_from float8) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s:%s%s', channel, event, CASE WHEN step > 0 THEN '/' || step ELSE '' END), ' ' ORDER BY channel, event)
    FROM health.deliveries WHERE created_at >= at(p_from) $$;
SELECT health.set_channel('pager', 'webhook', 'emergency'); SELECT health.set_channel('boss', 'webhook', p_is_default => false);
SELECT health.set_channel('executives', 'webhook', p_is_default => false);
SELECT health.set_escalation_policy('all', '{}', '[{"channel": "boss", "delay": "15 minutes", "repeat_count": 2, "repeat_interval": "10 minutes"}, {"channel": "pager", "delay": "1 hour"}]');
SELECT beat('a1', 0); SELECT tick(0);
SELECT is(health_internal.notify(at(1)), 0::bigint, 'nothing to tell is no message');
SELECT beat('a1', 10, 'failed'); SELECT tick(10);
SELECT is(pg_temp.sent(10), 'console:opened', 'default channels hear of it from their severity on');
SELECT rows_are($$ SELECT reason_code, channel, reason FROM health.suppressions $$, $$ VALUES ('minimum_severity', 'pager', 'critical is below emergency') $$, 'why the other did not is on record');
SELECT tick(900);
SELECT is(pg_temp.sent(11), NULL, 'not yet');
SELECT tick(910);
SELECT is(pg_temp.sent(910), 'boss:escalated/1', 'nobody took it: the first step');
SELECT tick(911); SELECT tick(1510);
SELECT is(pg_temp.sent(911), 'boss:escalated/1', 'repeated');
SELECT health.acknowledge_alert(alert_id, 'ana', 'mine', at(10000), p_now => at(1600)) FROM health.open_alerts;
SELECT is((SELECT count(*) FROM health.deliveries WHERE state = 'pending'), 0::bigint, 'taken: what was pending is cancelled');
SELECT tick(2200); SELECT tick(3700); SELECT tick(9999);
SELECT is(pg_temp.sent(1600), NULL, 'and neither steps nor reminders come');
SELECT beat('a1', 10001, 'failed'); SELECT tick(10001);
SELECT is(pg_temp.sent(1601), 'console:truth', 'it expires: the truth, once');
SELECT tick(10002);
SELECT is(pg_temp.sent(10002), NULL, 'once');
SELECT is((SELECT acknowledged_by FROM health.open_alerts), NULL, 'nobody has it');
SELECT tick(10901);
SELECT is(pg_temp.sent(10002), 'boss:escalated/1', 'the steps count from there');
SELECT health.acknowledge_alert(alert_id, 'ana', p_now => at(10910)) FROM health.open_alerts WHERE agent_id = 'a1';
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT tick(10920);
SELECT is(pg_temp.sent(10911), 'console:escalated pager:escalated', 'a rise ends an acknowledgement that is not sticky');
SELECT is((SELECT reason FROM health.alert_history WHERE event = 'unacknowledged' ORDER BY alert_event_id DESC LIMIT 1), 'the severity rose', 'as is on record');
SELECT rows_are($$ SELECT event FROM health.deliveries WHERE channel = 'pager' $$, $$ VALUES ('escalated') $$, 'now the pager hears of it');
SELECT tick(10920 + 4 * 3600);
SELECT ok(pg_temp.sent(10920 + 4 * 3600) LIKE '%console:reminder%' OR pg_temp.sent(10921) LIKE '%console:reminder%', 'four hours later a reminder');
SELECT deliver(25999);
SELECT health.acknowledge_alert(alert_id, 'ana', p_is_sticky => true, p_now => at(26000)) FROM health.open_alerts WHERE agent_id = 'a1';
SELECT tick(90000);
SELECT is(pg_temp.sent(26001), NULL, 'a sticky one lasts');
SELECT beat('a1', 90010); SELECT beat('a1', 90020); SELECT tick(90020);
SELECT is(pg_temp.sent(26001), 'boss:resolved console:resolved pager:resolved', 'who was told hears of the end');
SELECT beat('gold', 90030, 'failed'); SELECT tick(90031);
SELECT is(pg_temp.sent(90031), 'console:opened executives:opened/1 pager:opened', 'what costs more than $1,000 an hour reaches the executives at once');
SELECT is((SELECT details -> 'revenue_usd_per_hour' FROM health.deliveries WHERE channel = 'executives'), '5000'::jsonb, 'with the sum');
UPDATE health.channels SET is_enabled = false;
SELECT beat('a1', 90040, 'failed'); SELECT tick(90041);
SELECT is(pg_temp.sent(90041), NULL, 'no channel');
SELECT ok(EXISTS (SELECT FROM health.suppressions WHERE reason_code = 'no_channel' AND agent_id = 'a1'), 'is on record too');

-- The facts given, what is done with them: in place of incident_facts, which has tests of its own, a table.
UPDATE health.incidents SET is_settled = true; DELETE FROM health.deliveries; DELETE FROM health_internal.notices; DELETE FROM health.alert_events;
UPDATE health.channels SET is_enabled = true; UPDATE health.channels SET minimum_severity = 'emergency' WHERE channel = 'boss';
SELECT health.set_channel('off', 'webhook', p_is_enabled => false);
CREATE TEMP TABLE facts ON COMMIT DROP AS SELECT * FROM health_internal.incident_facts(at(0), '{}');
CREATE OR REPLACE FUNCTION health_internal.incident_facts(p_now timestamptz, p_incident_ids bigint [])
RETURNS TABLE (
    incident_id bigint, agent_id text, news text, is_over boolean, was_told boolean, withheld text, has_new_alert boolean, severity_rank integer, told_rank integer,
    is_unrecovered boolean, has_acknowledgement_ended boolean, is_confirmed boolean, is_in_maintenance boolean, is_in_fleet_incident boolean, is_unheard boolean, parent text, is_silenced boolean,
    is_flapping boolean, is_acknowledged boolean, step integer, step_channels text [], next_step_at timestamptz, mute_ends_at timestamptz, reasons jsonb
)
LANGUAGE sql STABLE AS $$ SELECT * FROM pg_temp.facts WHERE facts.incident_id = ANY (p_incident_ids) $$;
-- An incident and its facts, as they differ from a new critical one of an agent; decided at 100000. Gives the notices.
CREATE FUNCTION pg_temp.decided(p_name text, p_facts jsonb, p_incident jsonb DEFAULT '{}', p_now float8 DEFAULT 100000)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_row health.incidents := jsonb_populate_record(NULL::health.incidents, jsonb_build_object(
        'agent_id', p_name, 'severity', 'critical', 'onset_at', at(1), 'detected_at', at(1), 'told_channels', '{}'::text [], 'owed_channels', '{}'::text [],
        'is_acknowledged', false, 'is_acknowledgement_sticky', false, 'is_recovery_failure_told', false, 'message_count', 0, 'is_settled', false) || p_incident);
    v_id bigint;
BEGIN
    INSERT INTO health.incidents (agent_id, engine_rule, severity, onset_at, detected_at, resolved_at, told_channels, owed_channels, is_acknowledged, is_recovery_failure_told, message_count, is_settled,
        told_severity, told_at, escalates_from, escalated_until, withheld, withheld_at)
    VALUES (v_row.agent_id, v_row.engine_rule, v_row.severity, v_row.onset_at, v_row.detected_at, v_row.resolved_at, v_row.told_channels, v_row.owed_channels, v_row.is_acknowledged,
        v_row.is_recovery_failure_told, v_row.message_count, v_row.is_settled, v_row.told_severity, v_row.told_at, v_row.escalates_from, v_row.escalated_until, v_row.withheld, v_row.withheld_at)
    RETURNING incident_id INTO v_id;
    INSERT INTO facts SELECT * FROM jsonb_populate_record(NULL::facts, jsonb_build_object(
        'incident_id', v_id, 'agent_id', v_row.agent_id, 'news', 'new', 'is_over', v_row.resolved_at IS NOT NULL, 'was_told', v_row.told_at IS NOT NULL, 'withheld', v_row.withheld,
        'has_new_alert', false, 'severity_rank', 3, 'is_unrecovered', false, 'has_acknowledgement_ended', false, 'is_confirmed', true, 'is_in_maintenance', false, 'is_in_fleet_incident', false, 'is_unheard', false, 'parent', 'up',
        'is_silenced', false, 'is_flapping', false, 'is_acknowledged', false, 'step', 0, 'step_channels', '{}'::text [], 'reasons', '{"silenced": "hush", "maintenance": "mended"}'::jsonb) || p_facts);
    RETURN (SELECT string_agg(format('%s:%s/%s %s #%s%s%s', n.channel, n.event, n.step, n.severity, n.number, CASE WHEN n.is_alone THEN ' alone' END, CASE WHEN n.is_first THEN ' first' END), ', ' ORDER BY n.channel)
        FROM unnest(health_internal.decide_incidents(at(p_now), ARRAY[v_id])) AS n WHERE n.queued_at = at(p_now));
END $$;
-- Whom to tell.
SELECT rows_are(
    $$
    SELECT v.n, pg_temp.decided('w' || v.n, v.facts::jsonb, v.incident::jsonb) FROM (VALUES
        (1, '{}', '{}'),
        (2, '{"severity_rank": 4}', '{"message_count": 2, "told_channels": ["pager"]}'),
        (3, '{"step": 1, "step_channels": ["boss"]}', '{}'),
        (4, '{"news": "step_due", "step": 2, "step_channels": ["boss"]}', '{"told_at": "2031-05-06", "told_channels": ["console"]}'),
        (5, '{"news": "over", "step": 1, "step_channels": ["boss"]}', '{"told_at": "2031-05-06", "resolved_at": "2031-05-06", "told_channels": ["boss", "off", "pager"]}'),
        (6, '{"news": "withdrawn", "severity_rank": 4}', '{"told_at": "2031-05-06", "owed_channels": ["console"]}'),
        (7, '{"news": "withdrawn"}', '{"told_at": "2031-05-06", "owed_channels": ["boss", "pager"]}'),
        (8, '{}', '{"owed_channels": ["executives"]}'),
        (9, '{"news": "over", "severity_rank": null}', '{"severity": "warning", "resolved_at": "2031-05-06", "told_at": "2031-05-06", "told_channels": ["console"], "agent_id": null, "engine_rule": "monitor_gap"}'),
        (10, '{"news": "none"}', '{"told_at": "2031-05-06"}'), (11, '{"is_silenced": true}', '{}'), (12, '{}', '{"is_settled": true}')
    ) AS v (n, facts, incident) ORDER BY 1
    $$,
    $$
    VALUES
    (1, 'console:opened/0 critical #1 first'), (2, 'console:opened/0 emergency #3 first, pager:opened/0 emergency #3'), (3, 'boss:opened/1 critical #1 first, console:opened/0 critical #1 first'),
    (4, 'boss:escalated/2 critical #1 first'), (5, 'boss:resolved/0 critical #1, pager:resolved/0 critical #1'), (6, 'console:truth/0 emergency #1 first'), (7, 'boss:truth/0 critical #1 first'),
    (8, 'console:opened/0 critical #1 first, executives:opened/0 critical #1 first'), (9, 'console:resolved/0 warning #1 alone'), (10, NULL), (11, NULL), (12, NULL)
    $$,
    'default channels from their severity on; those of steps due; of the end who heard of it; of what was withdrawn who is owed it; none that is off'
);
-- That a channel is broken is told through others.
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, state, created_at, not_before, finished_at)
SELECT 'console', 'opened', 'critical', 's', 'b', 'dead' || n, 'dead', at(99990), at(99990), at(99990) FROM generate_series(1, 3) AS n;
SELECT ok(EXISTS (SELECT FROM health_internal.broken_channels(at(100000)) WHERE channel = 'console'), 'a broken channel');
SELECT is(pg_temp.decided('', '{"severity_rank": 4}', '{"agent_id": null, "engine_rule": "dead_letters"}'), 'pager:opened/0 emergency #1 alone first', 'it does not carry the word of it');
SELECT is(pg_temp.decided('', '{"severity_rank": 4}', '{"agent_id": null, "engine_rule": "chronic"}'), 'console:opened/0 emergency #1 alone first, pager:opened/0 emergency #1 alone first', 'but all else');
-- The ledger.
DELETE FROM health.alert_events;
SELECT pg_temp.decided('l' || v.n, v.facts::jsonb, v.incident::jsonb) FROM (VALUES
    (1, '{"is_silenced": true}', '{}'), (2, '{"is_silenced": true}', '{"withheld": "silenced"}'), (3, '{"is_silenced": true, "has_new_alert": true}', '{"withheld": "silenced"}'),
    (4, '{"is_silenced": true}', '{"withheld": "maintenance"}'), (5, '{"news": "none", "has_new_alert": true}', '{"told_at": "2031-05-06"}'), (6, '{"news": "none"}', '{"told_at": "2031-05-06"}'),
    (7, '{"news": "worse", "severity_rank": 4, "has_acknowledgement_ended": true}', '{}'), (8, '{"news": "none", "has_acknowledgement_ended": true}', '{"told_at": "2031-05-06"}'),
    (9, '{"news": "over", "has_acknowledgement_ended": true}', '{"resolved_at": "2031-05-06"}'), (10, '{"step": 1, "step_channels": ["pager"]}', '{}'),
    (11, '{"news": "step_due", "step": 1, "step_channels": ["boss"]}', '{}'), (12, '{"news": "over"}', '{"told_at": "2031-05-06", "resolved_at": "2031-05-06", "told_channels": ["off"]}'),
    (13, '{"news": "reminder_due"}', '{"told_at": "2031-05-06"}'), (14, '{"news": "step_due", "step": 1, "step_channels": ["off"]}', '{}'), (15, '{"severity_rank": 4, "has_new_alert": true}', '{}')
) AS v (n, facts, incident) ORDER BY v.n;
SELECT rows_are(
    $$ SELECT agent_id, event, reason_code, channel, CASE WHEN reason ~ '^incident [0-9]+ was told already$' THEN 'told already' ELSE reason END FROM health.alert_events ORDER BY substr(agent_id, 2)::integer, reason_code $$,
    $$
    VALUES ('l1', 'suppressed', 'silenced', NULL, 'hush'), ('l3', 'suppressed', 'silenced', NULL, 'hush'), ('l4', 'suppressed', 'silenced', NULL, 'hush'), ('l5', 'grouped', 'incident', NULL, 'told already'),
    ('l7', 'unacknowledged', NULL, NULL, 'the severity rose'), ('l8', 'unacknowledged', NULL, NULL, 'the acknowledgement expired'),
    ('l13', 'suppressed', 'minimum_severity', 'pager', 'critical is below emergency'), ('l14', 'suppressed', 'no_channel', NULL, 'no enabled channel takes it')
    $$,
    'each reason once while it lasts, and for each new alert; a channel too severe to be told, unless a step tells it; a message that nobody takes; nothing of an end'
);
SELECT is_empty($$ SELECT * FROM health.alert_events WHERE reason_code = 'minimum_severity' AND reason ~ '^emergency' $$, 'who is not told for another reason is not called too severe');
SELECT pg_temp.decided('l16', '{"news": "withdrawn", "severity_rank": 4}', '{"told_at": "2031-05-06", "owed_channels": ["console"]}');
SELECT is_empty($$ SELECT * FROM health.alert_events WHERE agent_id = 'l16' $$, 'nor who is owed nothing');
-- What the incident remembers.
CREATE FUNCTION pg_temp.remembered(p_pattern text)
RETURNS TABLE (agent_id text, told text, channels text, owed text, escalation text, withheld text, next_check text, settled boolean)
LANGUAGE sql
AS $$
    SELECT i.agent_id, concat_ws(' ', i.told_severity, CASE WHEN i.told_at = at(100000) THEN 'now' ELSE date_part('epoch', i.told_at - at(0))::text END, '#' || i.message_count, CASE WHEN i.is_recovery_failure_told THEN 'gave up' END),
        (SELECT string_agg(c, ' ' ORDER BY c) FROM unnest(i.told_channels) AS c), array_to_string(i.owed_channels, ' '),
        concat_ws(' ', date_part('epoch', i.escalates_from - at(0)), date_part('epoch', i.escalated_until - at(0))), i.withheld || ' ' || date_part('epoch', i.withheld_at - at(0)),
        CASE WHEN i.next_check_at = 'infinity' THEN 'never' ELSE date_part('epoch', i.next_check_at - at(100000))::text END, i.is_settled
    FROM health.incidents AS i WHERE i.agent_id ~ p_pattern AND i.checked_at = at(100000) ORDER BY substr(i.agent_id, 2)::integer
$$;
SELECT pg_temp.decided('s' || v.n, v.facts::jsonb, v.incident::jsonb) FROM (VALUES
    (1, '{}', '{"owed_channels": ["boss"], "withheld": "soft", "withheld_at": "2031-05-06 07:00:05+00"}'),
    (2, '{"news": "worse", "severity_rank": 4, "told_rank": 3, "next_step_at": "2031-05-07 10:46:50+00", "mute_ends_at": "2031-05-07 10:46:45+00"}', '{"told_severity": "critical", "told_at": "2031-05-06 07:00:03+00", "told_channels": ["boss", "console"], "message_count": 4, "escalates_from": "2031-05-06 07:00:02+00", "escalated_until": "2031-05-06 07:00:04+00"}'),
    (3, '{"news": "reminder_due", "severity_rank": 3, "told_rank": 4}', '{"told_severity": "emergency", "told_at": "2031-05-06 07:00:03+00", "told_channels": ["console"]}'),
    (4, '{"news": "none", "is_unrecovered": true, "next_step_at": "2031-05-07 10:46:50+00"}', '{"told_severity": "critical", "told_at": "2031-05-07 10:46:30+00", "told_channels": ["console"], "owed_channels": ["pager"], "escalates_from": "2031-05-06 07:00:02+00"}'),
    (5, '{"is_silenced": true, "is_unrecovered": true, "mute_ends_at": "2031-05-07 10:47:00+00"}', '{"withheld": "silenced", "withheld_at": "2031-05-06 07:00:05+00", "owed_channels": ["boss"]}'),
    (6, '{"is_silenced": true, "mute_ends_at": "2031-06-07 10:47:00+00"}', '{"withheld": "maintenance", "withheld_at": "2031-05-06 07:00:05+00"}'), (7, '{"parent": "suspected", "mute_ends_at": "2031-06-07 10:47:00+00"}', '{}'),
    (8, '{"news": "over", "severity_rank": 3, "told_rank": 3}', '{"told_severity": "critical", "told_at": "2031-05-06 07:00:03+00", "resolved_at": "2031-05-06 07:00:09+00", "told_channels": ["console"], "owed_channels": ["console"]}'),
    (9, '{"news": "over"}', '{"resolved_at": "2031-05-06 07:00:09+00", "owed_channels": ["console"]}'),
    (10, '{"news": "over", "is_silenced": true}', '{"told_at": "2031-05-06 07:00:03+00", "resolved_at": "2031-05-06 07:00:09+00", "told_channels": ["console"]}'),
    (11, '{"news": "unrecovered", "is_unrecovered": true}', '{"told_severity": "critical", "told_at": "2031-05-06 07:00:03+00", "told_channels": ["pager"]}'),
    (12, '{"news": "step_due", "step": 1, "step_channels": ["off"]}', '{"told_severity": "critical", "told_at": "2031-05-06 07:00:03+00", "escalates_from": "2031-05-06 07:00:02+00"}'),
    (13, '{"news": "none"}', '{"told_severity": "critical", "told_at": "2031-05-07 10:46:30+00", "is_recovery_failure_told": true}')
) AS v (n, facts, incident) ORDER BY v.n;
SELECT rows_are(
    $$ SELECT * FROM pg_temp.remembered('^s[0-9]') $$,
    $$
    VALUES
    ('s1', 'critical now #1', 'boss console', '', '100000 100000', NULL, '14400', false),
    ('s2', 'emergency now #5', 'boss console pager', '', '2 100000', NULL, '5', false),
    ('s3', 'emergency now #1', 'console', '', '100000 100000', NULL, '14400', false),
    ('s4', 'critical 99990 #0', 'console', 'pager', '2', NULL, '10', false),
    ('s5', '#0', NULL, 'boss', '', 'silenced 5', '20', false), ('s6', '#0', NULL, '', '', 'silenced 100000', '600', false), ('s7', '#0', NULL, '', '', 'parent_suspected 100000', '0', false),
    ('s8', 'critical now #1', 'console', '', '100000 100000', NULL, 'never', true), ('s9', '#0', NULL, '', '', NULL, 'never', true), ('s10', '3 #0', 'console', '', '', 'silenced 100000', '600', false),
    ('s11', 'critical now #1 gave up', 'console pager', '', '100000 100000', NULL, '14400', false), ('s12', 'critical now #1', NULL, '', '2 100000', NULL, '14400', false),
    ('s13', 'critical 99990 #0 gave up', NULL, '', '', NULL, '14390', false)
    $$,
    'what was told, to whom, from when its steps count, why it is withheld and since when, and when to look again'
);
SELECT is((SELECT count(*) FROM health.incidents WHERE agent_id ~ '^s[0-9]' AND (withheld IS NULL) <> (withheld_at IS NULL)), 0::bigint, 'a time of withholding is of one');
SELECT rows_are($$ SELECT agent_id, is_acknowledged FROM health.incidents WHERE agent_id ~ '^k' ORDER BY 1 $$, $$ VALUES ('k1', false), ('k2', true), ('k3', true) $$, 'an acknowledgement ends when it has ended, but not with the incident')
FROM (SELECT count(pg_temp.decided(v.n, v.facts::jsonb, v.incident::jsonb)) FROM (VALUES ('k1', '{"has_acknowledgement_ended": true}', '{"is_acknowledged": true}'), ('k2', '{"is_acknowledged": true}', '{"is_acknowledged": true}'),
    ('k3', '{"news": "over", "has_acknowledgement_ended": true}', '{"is_acknowledged": true, "resolved_at": "2031-05-06"}')) AS v (n, facts, incident)) AS done;
-- What waits becomes the newer news, but a first page stays one.
CREATE FUNCTION pg_temp.after_waiting(p_name text, p_event text, p_step integer, p_severity text, p_facts jsonb, p_incident jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_given text;
BEGIN
    DELETE FROM health_internal.notices;
    INSERT INTO health_internal.notices (channel, incident_id, event, step, severity, number, is_alone, is_first, queued_at)
    SELECT 'console', max(incident_id) + 1, p_event, p_step, p_severity, 1, false, true, at(99999) FROM health.incidents;
    PERFORM setval(pg_get_serial_sequence('health.incidents', 'incident_id'), (SELECT max(incident_id) FROM health.incidents));
    v_given := pg_temp.decided(p_name, p_facts, p_incident);
    RETURN concat_ws(' ', v_given, (SELECT string_agg(concat_ws(' ', channel, event, step, severity), ', ') FROM health_internal.notices));
END $$;
SELECT rows_are(
    $$
    SELECT v.n, pg_temp.after_waiting('n' || v.n, v.event, v.step, v.severity, v.facts::jsonb, v.incident::jsonb) FROM (VALUES
        (1, 'opened', 0, 'critical', '{"news": "over"}', '{"told_at": "2031-05-06", "resolved_at": "2031-05-06", "told_channels": ["console"]}'), (2, 'opened', 2, 'emergency', '{"news": "reminder_due", "step": 1, "step_channels": ["console"]}', '{}'),
        (3, 'truth', 0, 'warning', '{"news": "reminder_due", "step": 3, "step_channels": ["console"]}', '{}'), (4, 'escalated', 0, 'critical', '{"news": "reminder_due"}', '{}')) AS v (n, event, step, severity, facts, incident) ORDER BY 1
    $$,
    $$ VALUES (1, 'console resolved 0 critical'), (2, 'console opened 2 emergency'), (3, 'console truth 3 critical'), (4, 'console reminder 0 critical') $$,
    'of two messages one goes: the end, else the first page, at the highest severity and step; none is handed back'
);
DELETE FROM health_internal.notices;
-- Whatever mutes takes back what waits.
INSERT INTO health.silences (matchers, starts_at, ends_at, created_by, reason) VALUES ('{"agent_id": "nobody"}', at(0), at(200000), 'ana', 'so that there is one');
CREATE FUNCTION pg_temp.taken_back(p_name text, p_facts jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.decided(p_name, '{}', '{}', 99999);
    INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before)
    SELECT incident_id, 'console', 'opened', 'critical', 's', 'b', p_name, at(99999), at(99999) FROM health.incidents WHERE agent_id = p_name;
    UPDATE facts SET is_in_maintenance = coalesce((p_facts ->> 'is_in_maintenance')::boolean, false), is_silenced = coalesce((p_facts ->> 'is_silenced')::boolean, false),
        is_acknowledged = coalesce((p_facts ->> 'is_acknowledged')::boolean, false), is_flapping = coalesce((p_facts ->> 'is_flapping')::boolean, false) WHERE agent_id = p_name;
    PERFORM health_internal.decide_incidents(at(100000), ARRAY[incident_id]) FROM health.incidents WHERE agent_id = p_name;
    RETURN (SELECT state FROM health.deliveries WHERE idempotency_key = p_name);
END $$;
SELECT rows_are(
    $$ SELECT v.name, pg_temp.taken_back(v.name, jsonb_build_object(v.name, true)) FROM unnest('{is_in_maintenance,is_silenced,is_acknowledged,is_flapping}'::text []) AS v (name) $$,
    $$ VALUES ('is_in_maintenance', 'cancelled'), ('is_silenced', 'cancelled'), ('is_acknowledged', 'cancelled'), ('is_flapping', 'pending') $$,
    'maintenance, silence and acknowledgement do; flapping lets go what was on its way'
);
UPDATE health.deliveries SET state = 'pending', finished_at = NULL WHERE idempotency_key = 'is_silenced';
SELECT pg_temp.decided('another', '{}');
SELECT is((SELECT state FROM health.deliveries WHERE idempotency_key = 'is_silenced'), 'pending', 'of those alone that are decided about');
-- An incident takes the place of those before it whose end nobody heard.
DELETE FROM health.alert_events; UPDATE health.incidents SET is_settled = true;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at, is_settled, told_at, told_channels)
SELECT v.name, 'critical', at(v.n), at(v.n), at(v.resolved), v.is_settled, at(v.told), v.channels::text []
FROM (VALUES (1, 'heir', 5, true, 2, '{boss}'), (1.5, 'heir', 5, false, 2.5, '{boss}'), (2, 'heir', 5, false, 3, '{console}'), (3, 'heir', 5, false, NULL, '{}'), (4, 'other', 5, false, 4, '{pager}'), (5, 'bystander', NULL, false, NULL, '{}'), (6, 'heir', NULL, false, NULL, '{executives}'))
    AS v (n, name, resolved, is_settled, told, channels) ORDER BY v.n;
SELECT health_internal.inherit_told(at(7), ARRAY(SELECT incident_id FROM health.incidents WHERE onset_at = at(6)));
SELECT rows_are(
    $$ SELECT date_part('epoch', onset_at - at(0)), is_settled, date_part('epoch', told_at - at(0)), (SELECT array_agg(c ORDER BY c) FROM unnest(told_channels) AS c) FROM health.incidents WHERE agent_id IN ('heir', 'other', 'bystander') ORDER BY onset_at $$,
    $$ VALUES (1::float8, true, 2::float8, '{boss}'::text []), (1.5, true, 2.5, '{boss}'), (2, true, 3, '{console}'), (3, true, NULL, NULL), (4, false, 4, '{pager}'), (5, false, NULL, NULL), (6, false, 3, '{console,executives}') $$,
    'it is as if its people had been told when they were told of the last one; nobody else''s, and none whose end was heard'
);
SELECT is((SELECT count(*) FROM health.alert_events WHERE event = 'grouped' AND reason_code = 'incident' AND reason = 'went on as incident ' || (SELECT incident_id FROM health.incidents WHERE onset_at = at(6))), 3::bigint, 'which the ledger says of each');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at, told_at) VALUES ('open', 'critical', at(1), at(1), NULL, at(2)), ('shut', 'critical', at(1), at(1), at(3), at(2)), ('shut', 'critical', at(4), at(4), NULL, at(5));
SELECT health_internal.inherit_told(at(7), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id IN ('open', 'shut')));
SELECT rows_are($$ SELECT agent_id, is_settled, told_at FROM health.incidents WHERE agent_id IN ('open', 'shut') ORDER BY incident_id $$, $$ VALUES ('open', false, at(2)), ('shut', true, at(2)), ('shut', false, at(5)) $$, 'what people were told of itself stands, and who is his own heir inherits nothing');

SELECT * FROM finish();
ROLLBACK;
