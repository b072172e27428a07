-- What a mute finds waiting is taken back, and the truth is told when it ends.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.withdraw_at_once,
        health_internal.withdraw_messages
    }',
    $$
    VALUES
    ('health_internal.withdraw_at_once(timestamp with time zone,bigint)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.withdraw_messages(timestamp with time zone,bigint[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.tick(p_seconds float8, p_failed text DEFAULT '{}', p_well text DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    SELECT a, at(p_seconds), 'failed' FROM unnest(p_failed::text []) AS a
    UNION ALL SELECT a, at(p_seconds), 'running' FROM unnest(p_well::text []) AS a;
    RETURN (health.tick(at(p_seconds), true)).alerts_opened;
END $$;
-- Everything written about an agent from a time on: alone, or as a line of a digest.
CREATE FUNCTION pg_temp.told(p_agent_id text, p_from float8 DEFAULT 0) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s:%s:%s', m.channel, coalesce(l.event, m.event), m.state), ' ' ORDER BY m.created_at, m.channel)
    FROM health.deliveries AS m LEFT JOIN LATERAL unnest(m.lines) AS l ON true
    WHERE EXISTS (SELECT FROM health.incidents AS i WHERE i.agent_id = p_agent_id AND i.incident_id = coalesce(l.incident_id, m.incident_id))
        AND m.created_at >= at(p_from) $$;
CREATE FUNCTION pg_temp.ledger(p_agent_id text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(':', reason_code, channel), ' ' ORDER BY occurred_at, channel) FROM health.suppressions WHERE agent_id = p_agent_id AND reason LIKE '%withdrawn%' $$;
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
SELECT health.set_channel('backup', 'webhook');
UPDATE health.settings SET group_burst = 100;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT a, a, '1 day' FROM unnest('{a,b,c,d,e,f,g}'::text []) AS a;
SELECT pg_temp.tick(0, p_well => '{a,b,c,d,e,f,g}');
SELECT is(health_internal.withdraw_messages(at(0)), 0::bigint, 'without a mute there is nothing to take back');

-- In a retry: one channel has heard, the other has not.
SELECT pg_temp.tick(10, '{a}');
SELECT is(deliver(10, '{backup}') + deliver(10, '{console}', 'failed'), 2::bigint, 'one channel is told, the other has trouble');
SELECT health.silence('{"agent_id": "a"}', at(100), 'ana', 'x', at(11));
SELECT is(pg_temp.told('a'), 'backup:opened:delivered console:opened:cancelled', 'a silence withdraws what waits for its next attempt');
SELECT rows_are($$ SELECT reason_code, channel, reason LIKE 'silence % until %: withdrawn, it waited to say "opened"' FROM health.suppressions WHERE agent_id = 'a' $$,
    $$ VALUES ('silenced', 'console', true) $$, 'as the ledger says');
SELECT rows_are($$ SELECT was_told, channel, reason_code FROM health.explain_silence('a') ORDER BY 2 $$, $$ VALUES (true, 'backup', NULL), (false, 'console', 'cancelled'), (false, 'console', 'cancelled') $$, 'and who asks');
SELECT pg_temp.tick(50);
SELECT is(pg_temp.told('a', 11), NULL, 'while it lasts nobody hears');
SELECT pg_temp.tick(101);
SELECT is(pg_temp.told('a', 11), 'console:truth:pending', 'when it is over the truth, to whom it was withdrawn from');
SELECT pg_temp.tick(102);
SELECT is(pg_temp.told('a', 102), NULL, 'once');

-- All well by then: who never heard hears nothing, who heard hears of the end.
SELECT pg_temp.tick(110, '{b}');
SELECT deliver(110, '{backup}');
SELECT health.silence('{"agent_id": "b"}', at(200), 'ana', 'x', at(111));
SELECT pg_temp.tick(150, p_well => '{b}'); SELECT pg_temp.tick(201);
SELECT is(pg_temp.told('b', 111), 'backup:resolved:pending', 'an end is told to those who heard of the beginning');
SELECT health.silence('{"agent_id": "b"}', at(300), 'ana', 'x', at(202));
SELECT is(pg_temp.told('b', 111), 'backup:resolved:cancelled', 'and is withdrawn like the rest');
SELECT pg_temp.tick(301); SELECT pg_temp.tick(302);
SELECT is(pg_temp.told('b', 202), 'backup:resolved:pending', 'until it may be told, once');

-- Nobody heard.
SELECT pg_temp.tick(310, '{c}');
SELECT is(health.schedule_maintenance('{"agent_id": "c"}', at(311), at(400), 'ana', 'x', p_now => at(311)) > 0, true, 'maintenance that begins at once');
SELECT is(pg_temp.told('c'), 'backup:opened:cancelled console:opened:cancelled', 'withdraws in its own transaction');
SELECT pg_temp.tick(350, p_well => '{c}'); SELECT pg_temp.tick(401);
SELECT is(pg_temp.told('c', 311), NULL, 'what nobody heard of has no end to tell');
SELECT is((SELECT is_settled FROM health.incidents WHERE agent_id = 'c'), true, 'and is settled');
-- Maintenance that a tick begins.
SELECT health.schedule_maintenance('{"agent_id": "d"}', at(420), at(500), 'ana', 'x', p_now => at(402));
SELECT pg_temp.tick(410, '{d}');
SELECT is(pg_temp.told('d'), 'backup:opened:pending console:opened:pending', 'it is to come');
SELECT pg_temp.tick(420);
SELECT is(pg_temp.told('d'), 'backup:opened:cancelled console:opened:cancelled', 'it has begun');
SELECT pg_temp.tick(500); SELECT pg_temp.tick(501);
SELECT is(pg_temp.told('d', 420), 'backup:truth:pending console:truth:pending', 'it is over: the truth, once');

-- A message in a bridge's hands is not called back; what comes back is.
SELECT pg_temp.tick(510, '{e}');
CREATE TEMP TABLE held ON COMMIT DROP AS SELECT * FROM health.claim_deliveries('w1', 10, NULL, at(511)) WHERE agent_ids = '{e}';
SELECT health.silence('{"agent_id": "e"}', at(600), 'ana', 'x', at(512));
SELECT is(pg_temp.told('e'), 'backup:opened:claimed console:opened:claimed', 'a bridge has it');
SELECT is(health.report_delivery(delivery_id, fencing_token, 'failed', '{}', at(513)), true, 'it fails') FROM held WHERE channel = 'console';
SELECT is(pg_temp.told('e'), 'backup:opened:claimed console:opened:cancelled', 'and is not tried again');
SELECT is((SELECT count(*) FROM health.claim_deliveries('w2', 10, NULL, at(560)) WHERE agent_ids = '{e}'), 0::bigint, 'nor claimed again where the bridge died');
SELECT pg_temp.tick(561);
SELECT is(pg_temp.told('e'), 'backup:opened:cancelled console:opened:cancelled', 'the tick withdraws it');
SELECT is(pg_temp.ledger('e'), 'silenced:console silenced:backup', 'as is on record');
SELECT pg_temp.tick(601);
SELECT is(pg_temp.told('e', 561), 'backup:truth:pending console:truth:pending', 'the truth comes after');
SELECT deliver(602);

-- Notices that wait for the group interval, and a digest that has not left.
UPDATE health.settings SET group_burst = 1, group_interval = '1 minute';
UPDATE health.channels SET group_until = NULL;
SELECT pg_temp.tick(700, '{b}'); SELECT deliver(700);
SELECT pg_temp.tick(710, '{c,f,g}');
SELECT is((SELECT count(*) FROM health_internal.notices), 6::bigint, 'they wait for the end of the window');
SELECT health.silence('{"agent_id": "f"}', at(900), 'ana', 'x', at(711));
SELECT is((SELECT count(*) FROM health_internal.notices), 4::bigint, 'a silence takes its notices away');
SELECT pg_temp.tick(761);
SELECT rows_are($$ SELECT channel, agent_ids, details -> 'incident_count' FROM health.deliveries WHERE event = 'digest' AND state = 'pending' ORDER BY 1 $$,
    $$ VALUES ('backup', '{c,g}'::text [], '2'::jsonb), ('console', '{c,g}', '2') $$, 'the digest tells of the others');
SELECT health.silence('{"agent_id": "g"}', at(900), 'ana', 'x', at(762));
SELECT rows_are($$ SELECT channel, agent_ids, details -> 'incident_count', subject, body LIKE '%g:%' FROM health.deliveries WHERE event = 'digest' AND state = 'pending' ORDER BY 1 $$,
    $$ VALUES ('backup', '{c}'::text [], '1'::jsonb, '1 incident: says it has failed', false), ('console', '{c}', '1', '1 incident: says it has failed', false) $$, 'a digest that waits loses just its line');
SELECT is(pg_temp.ledger('g'), 'silenced:backup silenced:console', 'as the ledger says');
SELECT deliver(763);
SELECT is((SELECT bool_or(was_told) FROM health.explain_silence('g', at(700))), false, 'that the digest was delivered is said of the others');
SELECT is((SELECT bool_or(was_told) FROM health.explain_silence('c', at(700))), true, 'of whom it told');
SELECT pg_temp.tick(901);
SELECT is(pg_temp.told('g', 763) || ' ' || pg_temp.told('f', 763), 'backup:truth:pending console:truth:pending backup:truth:pending console:truth:pending', 'after it each is told once');
SELECT is(pg_temp.told('c', 763), NULL, 'and nobody else again');
-- Nothing is left of it.
SELECT pg_temp.tick(950, p_well => '{b,c,f,g}'); SELECT pg_temp.tick(970); SELECT deliver(971);
SELECT is((SELECT count(*) FROM health_internal.notices), 0::bigint, 'all is told');
UPDATE health.channels SET group_until = NULL;
SELECT pg_temp.tick(1000, '{b,c}');
-- As a storm's digest stands between its two transactions: the ledger does not tell of its lines yet.
DELETE FROM health.alert_events WHERE occurred_at = at(1000) AND reason_code = 'digest';
UPDATE health.deliveries SET is_noted = false WHERE created_at = at(1000);
SELECT health.acknowledge_alert(alert_id, 'ana', p_now => at(1001)) FROM health.open_alerts WHERE agent_id IN ('b', 'c') ORDER BY alert_id;
SELECT rows_are($$ SELECT state, outcome ->> 'reason' FROM health.deliveries WHERE created_at = at(1000) $$,
    $$ VALUES ('cancelled', 'all of it is muted'), ('cancelled', 'all of it is muted') $$, 'a digest without a line is cancelled, also by acknowledgements');
SELECT is(pg_temp.ledger('c'), 'maintenance:backup maintenance:console acknowledged:backup acknowledged:console', 'for their reason');
SELECT rows_are($$ SELECT agent_id, channel, delivery_id FROM health.alert_events WHERE occurred_at = at(1000) AND reason_code = 'digest' ORDER BY 1, 2 $$,
    $$ VALUES ('b', 'backup', NULL::bigint), ('b', 'console', NULL), ('c', 'backup', NULL), ('c', 'console', NULL) $$,
    'what the ledger had yet to tell of it is told first, and of no message any more');

-- An acknowledgement takes back what tells of the trouble, not what tells of its end: alone, in a digest, and as a notice.
DELETE FROM health_internal.notices; DELETE FROM health.deliveries; DELETE FROM health.silences; DELETE FROM health.maintenance_periods; UPDATE health.incidents SET is_settled = true, is_acknowledged = false;
INSERT INTO health.agents (agent_id, agent_name) SELECT n, n FROM unnest('{wa,wb}'::text []) AS v (n);
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, told_at, told_severity, told_channels, is_acknowledged, acknowledged_severity, acknowledged_by)
SELECT n, 'critical', at(5000), at(5000), at(5000), 'critical', '{console,backup}', n = 'wa', 'critical', 'ana' FROM unnest('{wa,wb}'::text []) AS v (n);
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT incident_id, agent_id, 'failed', 'critical', 'x', at(5000) FROM health.incidents WHERE onset_at = at(5000);
CREATE FUNCTION pg_temp.of(p_agent_id text) RETURNS bigint LANGUAGE sql RETURN (SELECT incident_id FROM health.incidents WHERE agent_id = p_agent_id AND onset_at = at(5000));
CREATE FUNCTION pg_temp.lines(VARIADIC p_what text []) RETURNS health_internal.digest_line [] LANGUAGE sql
RETURN ARRAY(SELECT ROW('console', pg_temp.of(split_part(w, ' ', 1)), split_part(w, ' ', 2), 'critical', true)::health_internal.digest_line FROM unnest(p_what) AS w);
INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before, lines) VALUES
(pg_temp.of('wa'), 'console', 'opened', 'critical', 's', 'b', 'alone opened', at(5001), at(5001), NULL), (pg_temp.of('wa'), 'backup', 'resolved', 'critical', 's', 'b', 'alone resolved', at(5001), at(5001), NULL),
(NULL, 'console', 'digest', 'critical', 'old words', 'b', 'of both', at(5001), at(5001), pg_temp.lines('wa opened', 'wb opened')), (NULL, 'console', 'digest', 'critical', 'old words', 'b', 'of the other', at(5001), at(5001), pg_temp.lines('wb opened')),
(NULL, 'console', 'digest', 'critical', 'old words', 'b', 'of an end', at(5001), at(5001), pg_temp.lines('wa resolved')), (NULL, 'console', 'digest', 'critical', 'old words', 'b', 'of it alone', at(5001), at(5001), pg_temp.lines('wa reminder'));
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, state, lease_until, created_at, not_before, lines)
VALUES ('console', 'digest', 'critical', 'old words', 'b', 'in hand', 'claimed', at(5003), at(5001), at(5001), pg_temp.lines('wa opened'));
INSERT INTO health.alert_events (occurred_at, incident_id, event, delivery_id, reason) SELECT at(5001), pg_temp.of(a), 'grouped', delivery_id, concat_ws(' ', a, idempotency_key) FROM health.deliveries, unnest('{wa,wb}'::text []) AS a WHERE lines IS NOT NULL;
INSERT INTO health_internal.notices (channel, incident_id, event, severity, number, is_alone, is_first, queued_at) VALUES ('console', pg_temp.of('wa'), 'resolved', 'critical', 1, false, false, at(5001)), ('backup', pg_temp.of('wa'), 'reminder', 'critical', 1, false, false, at(5001));
SELECT is(health_internal.withdraw_messages(at(5002)), 4::bigint, 'four are taken back');
SELECT rows_are(
    $$ SELECT idempotency_key, state, finished_at, subject = 'old words', array_length(lines, 1), outcome ->> 'reason' FROM health.deliveries ORDER BY 1 $$,
    $$
    VALUES ('alone opened', 'cancelled', at(5002), false, NULL::integer, 'acknowledged'), ('alone resolved', 'pending', NULL, false, NULL, NULL), ('in hand', 'claimed', NULL, true, 1, NULL), ('of an end', 'pending', NULL, true, 1, NULL),
    ('of both', 'pending', NULL, false, 1, NULL), ('of it alone', 'cancelled', at(5002), true, NULL, 'all of it is muted'), ('of the other', 'pending', NULL, true, 1, NULL)
    $$, 'a digest that has other lines goes on without them, worded anew; the others are not touched'
);
SELECT rows_are('SELECT channel, event FROM health_internal.notices', $$ VALUES ('console', 'resolved') $$, 'a notice likewise');
SELECT rows_are($$ SELECT reason FROM health.alert_events WHERE occurred_at = at(5001) AND event = 'grouped' AND delivery_id IS NULL ORDER BY 1 $$, $$ VALUES ('wa of both'), ('wa of it alone') $$,
    'the ledger speaks no more of the digests it was taken from, of the others it does');
-- A silence takes back both.
SELECT health.silence('{"agent_id": "wa"}', at(5100), 'ana', 'x', at(5004));
SELECT rows_are($$ SELECT idempotency_key, state FROM health.deliveries WHERE state <> 'pending' OR finished_at IS NOT NULL ORDER BY 1 $$,
    $$ VALUES ('alone opened', 'cancelled'), ('alone resolved', 'cancelled'), ('in hand', 'cancelled'), ('of an end', 'cancelled'), ('of it alone', 'cancelled') $$, 'a silence takes back ends too');
SELECT is_empty('SELECT FROM health_internal.notices', 'also those that wait as notices');
SELECT is(health_internal.withdraw_messages(at(5005)), 0::bigint, 'what waits is of others');
DELETE FROM health.deliveries;
INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, state, lease_until, created_at, not_before) VALUES (pg_temp.of('wa'), 'console', 'opened', 'critical', 's', 'b', 'lost', 'claimed', at(5004), at(5001), at(5001));
SELECT is(health_internal.withdraw_messages(at(5005)), 1::bigint, 'what a bridge lost waits');
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, state, lease_until, created_at, not_before, lines) VALUES ('console', 'digest', 'critical', 's', 'b', 'lost digest', 'claimed', at(5004), at(5001), at(5001), pg_temp.lines('wa opened'));
SELECT is(health_internal.withdraw_messages(at(5005)), 1::bigint, 'a digest too');
DELETE FROM health.deliveries;
SELECT is(health_internal.withdraw_messages(at(5005)), 0::bigint, 'or nothing does');
-- What is known of an incident afterwards. Each is silenced, and has one message, of which it says whether its channel is the first time told.
DELETE FROM health.silences; DELETE FROM health.deliveries; UPDATE health.incidents SET is_settled = true;
CREATE FUNCTION pg_temp.muted(
    p_agent_id text, p_event text, p_is_first boolean, p_told text, p_resolved float8 DEFAULT NULL, p_is_settled boolean DEFAULT false, p_told_severity text DEFAULT 'critical'
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO health.agents (agent_id, agent_name) VALUES (p_agent_id, p_agent_id) ON CONFLICT DO NOTHING;
    INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at, told_at, told_severity, told_channels, is_settled)
    VALUES (p_agent_id, 'critical', at(5500), at(5500), at(p_resolved), at(5500), p_told_severity, p_told::text [], p_is_settled);
    INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at) SELECT max(incident_id), p_agent_id, 'failed', 'critical', 'x', at(5500), at(p_resolved) FROM health.incidents;
    INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before, is_first)
    SELECT max(incident_id), 'console', p_event, 'critical', 's', 'b', 'muted ' || max(incident_id), at(5501), at(5501), p_is_first FROM health.incidents HAVING p_event IS NOT NULL $$;
SELECT pg_temp.muted('k1', 'opened', true, '{console}'), pg_temp.muted('k2', 'opened', true, '{console,backup}'), pg_temp.muted('k3', 'escalated', false, '{backup}'), pg_temp.muted('k4', 'opened', true, '{console,backup}', p_told_severity => NULL);
SELECT pg_temp.muted('k5', 'opened', true, '{console}', 5501, true), pg_temp.muted('k6', 'resolved', false, '{console,backup}', 5501, true), pg_temp.muted('k7', 'opened', true, '{console,backup}', 5501, true);
-- Whose end was withdrawn and whose trouble is back; or came and went in the meantime.
SELECT pg_temp.muted('k8', 'resolved', false, '{console}', 5501, true), pg_temp.muted('k9', 'resolved', false, '{console}', 5501, true);
SELECT pg_temp.muted('k8', NULL, false, '{}'), pg_temp.muted('k9', NULL, false, '{}', 5502, true);
UPDATE health.incidents SET told_at = NULL, told_severity = NULL WHERE told_channels = '{}' AND onset_at = at(5500);
UPDATE health.incidents SET owed_channels = '{console,backup}', withheld_at = at(5505) WHERE agent_id = 'k3';
SELECT is(health.silence('{"agent_id": "k*"}', at(7000), 'ana', 'x', at(5510)) > 0, true, 'all are silenced');
SELECT rows_are($$ SELECT agent_id, told_at IS NOT NULL, told_severity, told_channels, ARRAY(SELECT unnest(owed_channels) ORDER BY 1), is_settled, withheld FROM health.incidents WHERE onset_at = at(5500) ORDER BY incident_id $$, $$
    VALUES ('k1', false, NULL, '{}'::text [], '{}'::text [], false, 'silenced'), ('k2', true, 'critical', '{backup}', '{console}', false, 'silenced'), ('k3', true, 'critical', '{backup}', '{backup,console}', false, 'silenced'),
    ('k4', true, NULL, '{backup}', '{}', false, 'silenced'), ('k5', true, 'critical', '{console}', '{}', true, NULL), ('k6', true, 'critical', '{console}', '{console}', false, 'silenced'),
    ('k7', true, 'critical', '{console,backup}', '{}', true, NULL), ('k8', true, 'critical', '{console}', '{console}', true, 'silenced'), ('k9', true, 'critical', '{console}', '{console}', false, 'silenced'),
    ('k8', true, NULL, '{console}', '{}', false, NULL), ('k9', false, NULL, '{}', '{}', true, NULL) $$,
    'who was still to hear of it knows nothing; where nobody does all are told anew; an end is owed to those it was taken from, or goes on as the trouble that is back');
SELECT rows_are($$ SELECT DISTINCT withheld_at, next_check_at FROM health.incidents WHERE withheld IS NOT NULL AND onset_at = at(5500) ORDER BY 1 $$, $$ VALUES (at(5505), at(6110)), (at(5510), at(6110)) $$, 'each is looked at again in ten minutes, if it is not over before');
UPDATE health.incidents SET is_settled = onset_at <> at(5000);
-- What an operator's mute has looked at again: the incidents of its window, or all that are open.
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, told_at) SELECT n, 'critical', at(6000), at(6000), at(6000) FROM unnest('{wd,we,wf}'::text []) AS v (n);
INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason) SELECT '{}', at(6000), at(7000), 'ana', n::text FROM generate_series(1, 2) AS n;
INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at, ended_at)
SELECT w.window_id, v.name, at(6000), at(7000), at(v.ended) FROM (VALUES ('1', 'wd', NULL), ('1', 'we', 6500), ('2', 'wf', NULL)) AS v (which, name, ended) JOIN health.maintenance_windows AS w ON w.reason = v.which AND w.starts_at = at(6000);
UPDATE health.incidents SET next_check_at = 'infinity';
CREATE FUNCTION pg_temp.looked_at() RETURNS text LANGUAGE sql RETURN (SELECT string_agg(agent_id, ' ' ORDER BY agent_id) FROM health.incidents WHERE next_check_at = '-infinity');
SELECT health_internal.withdraw_at_once(at(6600), window_id) FROM health.maintenance_windows WHERE reason = '1' AND starts_at = at(6000);
SELECT is(pg_temp.looked_at(), 'wd', 'of the window those that are in it');
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT health_internal.withdraw_at_once(at(6600));
SELECT is(pg_temp.looked_at(), 'wa wb wd we wf', 'of a silence all that are open, none that is settled');

SELECT * FROM finish();
ROLLBACK;
