-- Notices and routes: alone, in a digest, or later.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.route_modes,
        health_internal.send_notices
    }',
    $$
    VALUES
    ('health_internal.route_modes(timestamp with time zone,health_internal.notices[])', 'f', 'sql', 's', false, ''),
    ('health_internal.send_notices(timestamp with time zone,health_internal.notices[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT 'm' || n, E'M' || n, '1 day' FROM generate_series(1, 40) AS n;
CREATE FUNCTION pg_temp.fail(p_numbers int [], p_seconds float8, p_state text DEFAULT 'failed') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM beat('m' || n, p_seconds, p_state) FROM unnest(p_numbers) AS n;
    PERFORM tick(p_seconds);
    RETURN (SELECT string_agg(event || cardinality(agent_ids), ' ' ORDER BY delivery_id) FROM health.deliveries
        WHERE created_at = at(p_seconds) AND agent_ids NOT IN ('{}', '{heartbeat_health_agent}'));
END $$;
SELECT beat('m' || n, 0) FROM generate_series(1, 40) AS n; SELECT tick(1);
SELECT is(pg_temp.fail('{1}', 10), 'opened1', 'the first page of a quiet channel goes at once');
SELECT is(pg_temp.fail('{2,3}', 20), 'opened1 opened1', 'a few more too');
SELECT is(pg_temp.fail('{4,5,6,7}', 30), 'digest4', 'more than may still leave share a digest');
SELECT is(pg_temp.fail('{8}', 40), NULL, 'then the channel is busy');
SELECT rows_are($$ SELECT reason_code, channel FROM health.suppressions WHERE agent_id = 'm8' $$, $$ VALUES ('group_interval', 'console') $$, 'what waits is on record');
SELECT is(pg_temp.fail('{9,1}', 50, 'running'), NULL, 'so does an all-clear');
SELECT is(pg_temp.fail('{10,11}', 60), NULL, 'and more');
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{12}', 70), 'digest11', 'what is more severe than any page of the window waits for nobody');
UPDATE health.alert_rules SET severity = 'critical' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{20,21}', 80), NULL, 'busy again');
SELECT is(pg_temp.fail('{20}', 90, 'running'), NULL, 'over before the digest');
SELECT is(pg_temp.fail('{}', 309), NULL, 'until the end of its five minutes');
SELECT is(pg_temp.fail('{}', 310), 'digest2', 'one digest of all that waited');
SELECT rows_are($$ SELECT details -> 'incident_count', details -> 'resolved_count', subject, details -> 'agents' -> 1 ->> 'summary' FROM health.deliveries ORDER BY delivery_id DESC LIMIT 1 $$,
    $$ VALUES ('2'::jsonb, '1'::jsonb, '2 incidents: says it has failed, 1 resolved', 'resolved') $$, 'with its end where that came first');
SELECT is(pg_temp.fail('{22}', 700), 'opened1', 'quiet again, at once again');
SELECT rows_are($$ SELECT subject, details ->> 'event', details ->> 'agent_name', details ->> 'status_before', details -> 'score_before', details -> 'why' -> 0 ->> 'component', jsonb_array_length(details -> 'alerts'), details -> 'actions'
    FROM health.deliveries ORDER BY delivery_id DESC LIMIT 1 $$,
    $$ VALUES ('M22: says it has failed', 'opened', 'M22', 'excellent', '100'::jsonb, 'gate', 1, '[]'::jsonb) $$, 'the facts for templates');
SELECT is(count(DISTINCT idempotency_key), count(*), 'every message has a key of its own') FROM health.deliveries;
SELECT is_empty($$ SELECT * FROM health_internal.notices $$, 'nothing is left behind');
UPDATE health.channels SET group_until = at(900), group_messages_left = 0, group_severity = 'emergency';
SELECT health_internal.open_fleet_incident(at(701), '{m23,m24}', 'fleet_silent', 'all gone');
SELECT health_internal.notify(at(701));
SELECT rows_are($$ SELECT event, details ->> 'summary' FROM health.deliveries WHERE created_at = at(701) $$, $$ VALUES ('opened', 'all gone') $$,
    'what has no agent waits for no digest');
UPDATE health.settings SET group_wait = '30 seconds';
SELECT is(pg_temp.fail('{30}', 2000), NULL, 'with group_wait the first page waits');
SELECT is(pg_temp.fail('{31}', 2010), NULL, 'for company');
SELECT is(pg_temp.fail('{}', 2030), 'opened1 opened1', 'and they leave');
SELECT is(pg_temp.fail('{35}', 2040), 'opened1', 'in their window the next needs no company');
UPDATE health.settings SET group_wait = '0', group_burst = 1;
SELECT is(pg_temp.fail('{32}', 4000), 'opened1', 'with a burst of one the first goes alone');
SELECT is(pg_temp.fail('{33}', 4001), NULL, 'and what follows');
SELECT is(pg_temp.fail('{34}', 4002), NULL, 'waits');
SELECT is(pg_temp.fail('{}', 4300), 'digest2', 'for the digest');
SELECT is(pg_temp.fail('{36}', 4310), NULL, 'one that waits');
SELECT is(pg_temp.fail('{}', 4600), 'opened1', 'is no digest');
-- All-clears take no page's place, open no window and make no page urgent.
UPDATE health.settings SET group_burst = 3;
SELECT pg_temp.fail(array_agg(n::int), 5000, 'running') FROM generate_series(1, 40) AS n;
SELECT pg_temp.fail('{}', 5400);
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{40}', 6000), 'opened1', 'an emergency');
UPDATE health.alert_rules SET severity = 'critical' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{1,2,3,4}', 6400), 'digest4', 'many pages share a digest');
SELECT is(pg_temp.fail('{1,2,3,4}', 7000, 'running'), 'digest4', 'so do many all-clears');
SELECT is(pg_temp.fail('{5,6}', 7010), 'opened1 opened1', 'the pages after them go at once');
SELECT is(pg_temp.fail('{7}', 7020), 'opened1', 'as many as may');
SELECT is(pg_temp.fail('{40}', 7030, 'running'), NULL, 'the end of an emergency waits');
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{}', 7040), 'digest4', 'what becomes one does not, whatever was paged in windows before');
-- A window is as severe as the most severe page in it.
SELECT is(pg_temp.fail('{8}', 8000), 'opened1', 'an emergency');
UPDATE health.alert_rules SET severity = 'critical' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{9,10}', 8010), 'opened1 opened1', 'lesser pages');
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{11}', 8020), NULL, 'further emergencies wait');
SELECT is(pg_temp.fail('{}', 8300), 'digest3', 'to the end of it');
-- Channels are each by themselves: console is busy, pager quiet.
SELECT health.set_channel('pager', 'webhook', p_is_default => false);
INSERT INTO health.agents (agent_id, agent_name) SELECT n, n FROM unnest('{x1,x2,x3}'::text []) AS n;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) SELECT n, 'critical', at(9000), at(9000) FROM unnest('{x1,x2,x3}'::text []) AS n;
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT incident_id, agent_id, 'failed', 'critical', agent_id || ' fails', at(9000) FROM health.incidents WHERE onset_at = at(9000);
UPDATE health.settings SET group_burst = 1;
CREATE FUNCTION pg_temp.quiet() RETURNS void LANGUAGE sql AS $$ UPDATE health.channels SET group_until = NULL, group_messages_left = 0, group_severity = NULL $$;
CREATE FUNCTION pg_temp.note(p_seconds float8, p_channel text, p_agent_id text, p_event text DEFAULT 'opened', p_step int DEFAULT 0, p_severity text DEFAULT 'critical', p_is_alone boolean DEFAULT false)
RETURNS health_internal.notices LANGUAGE sql AS $$
    SELECT jsonb_populate_record(NULL::health_internal.notices, jsonb_build_object('channel', p_channel, 'incident_id', incident_id, 'event', p_event, 'step', p_step, 'severity', p_severity,
        'number', p_seconds::int, 'is_alone', p_is_alone, 'is_first', true, 'queued_at', at(p_seconds))) FROM health.incidents WHERE agent_id = p_agent_id $$;
CREATE FUNCTION pg_temp.sent(p_seconds float8, VARIADIC p_fresh health_internal.notices [] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_count bigint := health_internal.send_notices(at(p_seconds), p_fresh);
BEGIN
    RETURN v_count || coalesce((SELECT string_agg(concat_ws(' ', ': ' || channel, event, step, severity, details ->> 'event', details -> 'step', details ->> 'severity', array_length(lines, 1)), '' ORDER BY channel, delivery_id)
        FROM health.deliveries WHERE created_at = at(p_seconds)), '') || coalesce('; waiting: ' || (SELECT string_agg(concat_ws(' ', channel, event), ', ' ORDER BY channel, incident_id) FROM health_internal.notices), '')
        || coalesce('; ledger: ' || (SELECT string_agg(concat_ws(' ', channel, event, reason_code), ', ' ORDER BY channel, event) FROM health.alert_events WHERE occurred_at = at(p_seconds)), '');
END $$;
SELECT pg_temp.quiet();
UPDATE health.channels SET group_until = at(9250), group_severity = 'emergency' WHERE channel = 'console';
SELECT is_empty($$ SELECT * FROM health_internal.route_modes(at(9000), ARRAY[pg_temp.note(9000, 'console', 'x1', p_is_alone => true)]) $$, 'what goes alone takes no place');
SELECT is(pg_temp.sent(9000, pg_temp.note(9000, 'console', 'x1'), pg_temp.note(9000, 'pager', 'x1', 'escalated', 2, 'emergency')),
    '1: pager escalated 2 emergency escalated 2 emergency; waiting: console opened; ledger: console suppressed group_interval, pager queued', 'one waits, the other speaks');
SELECT rows_are($$ SELECT channel, group_until, group_messages_left, group_severity FROM health.channels WHERE channel IN ('console', 'pager') ORDER BY 1 $$,
    $$ VALUES ('console', at(9250), 0, 'emergency'), ('pager', at(9300), 0, 'emergency') $$, 'each has a window of its own');
SELECT is(pg_temp.sent(9010), '0; waiting: console opened', 'that it waits is told once');
SELECT pg_temp.quiet();
UPDATE health.channels SET group_until = at(9250), group_severity = 'emergency' WHERE channel = 'console';
INSERT INTO health_internal.notices SELECT n.* FROM unnest(ARRAY[pg_temp.note(9020, 'console', 'x2', p_is_alone => true), pg_temp.note(9020, 'pager', 'x2')]) AS n;
SELECT is(pg_temp.sent(9020), '2: console opened 0 critical opened critical: pager opened 0 critical opened critical; waiting: console opened; ledger: console queued, pager queued', 'of what waits the one that goes alone leaves');
SELECT pg_temp.quiet();
SELECT is(pg_temp.sent(9300, pg_temp.note(9300, 'console', 'x3'), pg_temp.note(9300, 'pager', 'x3')),
    '2: console digest 0 critical digest critical 2: pager opened 0 critical opened critical; ledger: pager queued', 'what is in a digest here is alone there');
SELECT pg_temp.quiet();
SELECT is(pg_temp.sent(9310, pg_temp.note(9310, 'console', 'x1', 'truth'), pg_temp.note(9310, 'pager', 'x1', 'reminder')),
    '2: console truth 0 critical truth critical: pager reminder 0 critical reminder critical; ledger: console queued, pager queued', 'each its own event');
SELECT pg_temp.quiet();
SELECT is(pg_temp.sent(9320, pg_temp.note(9320, 'console', 'x1', 'escalated', 1), pg_temp.note(9320, 'pager', 'x1', 'escalated', 2)),
    '2: console escalated 1 critical escalated 1 critical: pager escalated 2 critical escalated 2 critical; ledger: console queued, pager queued', 'its own step');
SELECT pg_temp.quiet();
SELECT is(pg_temp.sent(9330, pg_temp.note(9330, 'console', 'x1', 'escalated', 1), pg_temp.note(9330, 'pager', 'x1', 'escalated', 1, 'emergency')),
    '2: console escalated 1 critical escalated 1 critical: pager escalated 1 emergency escalated 1 emergency; ledger: console queued, pager queued', 'its own severity');
-- A tick may come twice at the same time: what it noted it does not note again, all else it does.
SELECT pg_temp.quiet();
UPDATE health.channels SET group_until = at(9350), group_severity = 'critical';
SELECT is(pg_temp.sent(9340, pg_temp.note(9340, 'console', 'x1')), '0; waiting: console opened; ledger: console suppressed group_interval', 'one waits');
INSERT INTO health_internal.notices SELECT n.* FROM unnest(ARRAY[pg_temp.note(9340, 'console', 'x2'), pg_temp.note(9340, 'pager', 'x1')]) AS n;
INSERT INTO health.alert_events (occurred_at, incident_id, event, reason_code, channel)
SELECT at(s), incident_id, 'suppressed', r, 'pager' FROM health.incidents, (VALUES (9339, 'group_interval'), (9340, 'silenced')) AS v (s, r) WHERE agent_id = 'x1';
SELECT is(pg_temp.sent(9340), '0; waiting: console opened, console opened, pager opened; ledger: console suppressed group_interval, console suppressed group_interval, pager suppressed silenced, pager suppressed group_interval', 'two more');
SELECT is((SELECT count(DISTINCT incident_id) FROM health.alert_events WHERE occurred_at = at(9340) AND channel = 'console'), 2::bigint, 'of each incident');
SELECT is(pg_temp.sent(9345, pg_temp.note(9345, 'console', 'x3', 'opened', 0, 'emergency')), '1: console digest 0 emergency digest emergency 3; waiting: pager opened', 'with what is more severe all leave');
DELETE FROM health_internal.notices;
UPDATE health.settings SET group_burst = 3, group_wait = '30 seconds';
SELECT pg_temp.quiet();
SELECT is(pg_temp.sent(9400, pg_temp.note(9400, 'console', 'x1')), '0; waiting: console opened; ledger: console suppressed group_interval', 'a channel that never spoke waits for company too');
SELECT is(substring(pg_temp.sent(9430, pg_temp.note(9430, 'console', 'x2'), pg_temp.note(9430, 'console', 'x3')) FROM '.*; l'), '3: console opened 0 critical opened critical: console opened 0 critical opened critical: console opened 0 critical opened critical; l',
    'as many as may leave at once do');
SELECT rows_are($$ SELECT occurred_at, reason FROM health.alert_events WHERE occurred_at IN (at(9000), at(9400)) AND reason_code = 'group_interval' ORDER BY 1 $$,
    $$ VALUES (at(9000), 'waits for the digest of ' || at(9250)), (at(9400), 'waits for the digest of ' || at(9430)) $$, 'the ledger says until when');
UPDATE health.settings SET group_wait = '0';
SELECT pg_temp.quiet();
INSERT INTO health_internal.notices SELECT n.* FROM unnest(ARRAY[pg_temp.note(9500, 'console', 'x1', p_is_alone => true)]) AS n;
SELECT is(pg_temp.sent(9500, pg_temp.note(9500, 'pager', 'x1')), '2: console opened 0 critical opened critical: pager opened 0 critical opened critical; ledger: console queued, pager queued', 'one alone leaves a channel that has no other');
SELECT pg_temp.quiet();
SELECT is(pg_temp.sent(9510, pg_temp.note(9510, 'console', 'x2'), pg_temp.note(9510, 'pager', 'x2')), '2: console opened 0 critical opened critical: pager opened 0 critical opened critical; ledger: console queued, pager queued', 'the same words go to both');
SELECT rows_are($$ SELECT created_at, channel, event, is_first, is_noted FROM health.deliveries WHERE created_at IN (at(9300), at(9510)) ORDER BY 1, 2 $$,
    $$ VALUES (at(9300), 'console', 'digest', false, false), (at(9300), 'pager', 'opened', true, true), (at(9510), 'console', 'opened', true, true), (at(9510), 'pager', 'opened', true, true) $$, 'the ledger has yet to tell of digests');
SELECT rows_are($$ SELECT channel, mode FROM health_internal.route_modes(at(5000)) $$, $$ SELECT 'x', 'x' WHERE false $$, 'no notices, no routes');
SELECT is(health_internal.send_notices(at(5000)), 0::bigint, 'nothing to send');
SELECT is((SELECT subject FROM health_internal.incident_message(at(5000), max(incident_id), 'resolved', 0, 'critical')), 'M34: resolved', 'an end') FROM health.incidents WHERE agent_id = 'm34';

SELECT * FROM finish();
ROLLBACK;
