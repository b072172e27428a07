-- Findings: the engine looks at itself, its bridges, its channels and its mutes.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.broken_channels,
        health_internal.check_engine,
        health_internal.engine_findings,
        health_internal.note_unconfirmed
    }',
    $$
    VALUES
    ('health_internal.broken_channels(timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.check_engine(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.engine_findings(timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.note_unconfirmed(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a', '1 day');
SELECT beat('a1', 0); SELECT tick(1);
SELECT is_empty($$ SELECT * FROM health_internal.engine_findings(at(2)) $$, 'all is well');
SELECT health.set_channel('pager', 'webhook');
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, state, finished_at)
VALUES ('pager', 'opened', 'critical', 's', 'b', 'k1', at(2), at(2), 'dead', at(3));
SELECT rows_are($$ SELECT * FROM health_internal.broken_channels(at(4)) $$, $$ VALUES ('pager', at(3)) $$, 'a channel that gave up is broken');
SELECT tick(12);
SELECT rows_are($$ SELECT rule, agent_id, summary FROM health.open_alerts $$, $$ VALUES ('dead_letters', NULL, 'messages could not be delivered through pager') $$, 'which is an alert of its own');
SELECT rows_are($$ SELECT channel, event FROM health.deliveries WHERE created_at = at(12) $$, $$ VALUES ('console', 'opened') $$, 'told through another channel');
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, state, finished_at)
VALUES ('pager', 'opened', 'critical', 's', 'b', 'k2', at(13), at(13), 'delivered', at(14));
SELECT is_empty($$ SELECT * FROM health_internal.broken_channels(at(15)) $$, 'until it delivers again');
SELECT tick(23);
SELECT is((SELECT count(*) FROM health.open_alerts), 1::bigint, 'which brings no message back: somebody misses one still');
SELECT health.resend_messages('pager', 'ana', at(23)); SELECT deliver(23, '{pager}');
SELECT tick(24);
SELECT is((SELECT count(*) FROM health.open_alerts), 1::bigint, 'when it is sent again the engine, which looks every ten seconds,');
SELECT tick(33);
SELECT is((SELECT count(*) FROM health.open_alerts), 0::bigint, 'closes it');
SELECT beat('bridge:one', 34); SELECT tick(35);
SELECT beat('a1', 36, 'failed'); SELECT tick(37);
SELECT beat('a1', 97, 'failed'); SELECT tick(98);
SELECT is((SELECT summary FROM health.open_alerts WHERE rule = 'bridge_silent'), 'no bridge is alive, and work waits for one', 'messages wait, and the bridge is silent');
SELECT beat('bridge:one', 99); SELECT tick(108);
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE rule = 'bridge_silent' $$, 'until it beats');
-- A name that no bridge knows.
UPDATE health.deliveries SET state = 'delivered', finished_at = at(108) WHERE state = 'pending';
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
VALUES ('pager', 'opened', 'critical', 's', 'b', 'k3', at(110), at(110));
CREATE FUNCTION pg_temp.broken(p_seconds float8) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', channel, given_up_at - at(0)), ', ') FROM health_internal.broken_channels(at(p_seconds)) $$;
SELECT beat('bridge:one', 160); SELECT tick(165);
SELECT is(pg_temp.broken(165), NULL, 'a message may wait a while');
SELECT is(pg_temp.broken(170), 'pager 00:01:50', 'but a channel that no bridge takes messages of is broken');
SELECT is(pg_temp.broken(220), NULL, 'unless there is no bridge, which is told otherwise');
SELECT is((SELECT count(*) FROM health.claim_deliveries('w', 1, '{pager}', at(168))), 1::bigint, 'when one takes them');
SELECT is(pg_temp.broken(170), NULL, 'it is not');
UPDATE health.deliveries SET state = 'pending', lease_until = NULL WHERE state = 'claimed';
UPDATE health.channels SET rate_per_minute = 1, rate_tokens = 0, rate_tokens_at = at(170) WHERE channel = 'pager';
SELECT is(pg_temp.broken(170), NULL, 'nor one that is throttled');
UPDATE health.channels SET rate_per_minute = NULL WHERE channel = 'pager';
UPDATE health.agent_status SET run_started_at = at(150) WHERE agent_id = 'bridge:one';
SELECT is(pg_temp.broken(170), NULL, 'nor one whose bridge has only begun');
UPDATE health.agent_status SET run_started_at = at(34) WHERE agent_id = 'bridge:one';
SELECT tick(175);
SELECT rows_are($$ SELECT summary FROM health.open_alerts WHERE rule = 'dead_letters' $$, $$ VALUES ('messages could not be delivered through pager') $$, 'which is an alert');
SELECT rows_are($$ SELECT channel, event FROM health.deliveries WHERE created_at = at(175) $$, $$ VALUES ('console', 'opened') $$, 'told through another');
UPDATE health.deliveries SET state = 'delivered', finished_at = at(176) WHERE state = 'pending';
SELECT tick(186);
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE rule = 'dead_letters' $$, 'until they are taken');
SELECT health.acknowledge_alert(alert_id, 'ana', p_now => at(103)) FROM health.open_alerts WHERE rule = 'failed';
SELECT beat('a1', 103 + 86400, 'failed'); SELECT tick(104 + 86400);
SELECT is((SELECT summary FROM health.open_alerts WHERE rule = 'forgotten_mute'), '1 incidents have been muted for long: a1 (acknowledged)', 'a mute over standing trouble is not forgotten');
SELECT ok(EXISTS (SELECT FROM health.deliveries WHERE created_at = at(104 + 86400) AND details ->> 'summary' LIKE '%muted for long%'), 'and told');
-- The same of a silence and of maintenance; what speaks for others, or was over in time, is no mute.
SELECT health.register_agent(name, p_expected_interval => '5 days') FROM unnest('{a2,a3,a4}'::text []) AS name;
SELECT beat(name, 86600) FROM unnest('{a2,a3,a4}'::text []) AS name; SELECT tick(86601);
SELECT health.silence('{"agent_id": "a2"}', at(86600 + 5 * 86400), 'ana', 'x', at(86602));
SELECT health.schedule_maintenance('{"agent_id": "a3"}', at(86602), at(86600 + 5 * 86400), 'ana', 'x', p_now => at(86602));
SELECT health.schedule_maintenance('{"agent_id": "a4"}', at(86602), at(86600 + 80000), 'ana', 'x', p_now => at(86602));
SELECT tick(86603);
SELECT beat(name, 86604, 'failed') FROM unnest('{a2,a3,a4}'::text []) AS name; SELECT tick(86605);
CREATE FUNCTION pg_temp.forgotten(p_seconds float8) RETURNS text LANGUAGE sql
RETURN (SELECT f.summary FROM health_internal.engine_findings(at(p_seconds)) AS f WHERE f.rule = 'forgotten_mute');
SELECT tick(86605 + 86390);
SELECT is(pg_temp.forgotten(86604 + 86400), '1 incidents have been muted for long: a1 (acknowledged)', 'not before a day is over');
SELECT is(pg_temp.forgotten(86605 + 86400), '3 incidents have been muted for long: a1 (acknowledged), a2 (silenced), a3 (maintenance)', 'forgotten are all three kinds of mute, but none that ended');
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at)
SELECT 'a4', 'agent_unresponsive', unnest('{failed,escalated,cancelled}'::text []), at(90000 + n), at(90000 + n), at(90000 + n) FROM generate_series(1, 5) AS n;
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at)
SELECT 'a1', 'agent_unresponsive', 'succeeded', at(90000 + n), at(90000 + n), at(90000 + n) FROM generate_series(1, 5) AS n;
SELECT is_empty($$ SELECT * FROM health_internal.engine_findings(at(91000)) AS f WHERE f.rule = 'chronic_self_healing' $$, 'five restarts a day are borne');
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at)
VALUES ('a1', 'agent_unresponsive', 'succeeded', at(90010), at(90010), at(90010));
SELECT rows_are($$ SELECT rule, agent_id, summary FROM health_internal.engine_findings(at(91000)) AS f WHERE f.rule = 'chronic_self_healing' $$,
    $$ VALUES ('chronic_self_healing', 'a1', 'was restarted 6 times in 24 hours: it does not heal') $$, 'six only seem to heal; what did not help is not counted');
SELECT health_internal.check_engine(at(91000));
SELECT is((SELECT count(*) FROM health.rule_findings WHERE rule = 'chronic_self_healing'), 1::bigint, 'which is a finding');
SELECT health_internal.check_engine(at(91000 + 86400));
SELECT is((SELECT count(*) FROM health.rule_findings WHERE rule = 'chronic_self_healing'), 0::bigint, 'until the day is over');
-- Channels and bridges at 1000 s, a minute after which they are missed: messages to "pager" and "other", a bridge that beats.
UPDATE health.settings SET bridge_silent_after = '60 s';
SELECT health.set_channel('other', 'webhook');
DELETE FROM health.recovery_actions;
CREATE FUNCTION pg_temp.seen(p_change text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM health.deliveries;
    DELETE FROM health.monitor_gaps;
    UPDATE health.agent_status SET run_started_at = at(0), last_heartbeat_at = at(1000);
    EXECUTE p_change;
    RAISE EXCEPTION SQLSTATE 'ZZ000' USING MESSAGE = concat_ws('; ', (SELECT string_agg(channel || ' ' || date_part('epoch', given_up_at - at(0)), ', ' ORDER BY channel, given_up_at) FROM health_internal.broken_channels(at(1000))),
        (SELECT 'silent since ' || date_part('epoch', (f.details ->> 'last_heartbeat_at')::timestamptz - at(0)) FROM health_internal.engine_findings(at(1000)) AS f WHERE f.rule = 'bridge_silent'));
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END $$;
-- 'channel state not_before finished'
CREATE FUNCTION pg_temp.sent(VARIADIC p_messages text []) RETURNS text LANGUAGE sql RETURN (
    SELECT string_agg(format('INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, state, not_before, finished_at) VALUES (%L, ''opened'', ''critical'', ''s'', ''b'', gen_random_uuid()::text, at(0), %L, %L, %L);',
        split_part(m, ' ', 1), split_part(m, ' ', 2), at(split_part(m, ' ', 3)::float8), at(nullif(split_part(m, ' ', 4), '')::float8)), '')
    FROM unnest(p_messages) AS m
);
CREATE FUNCTION pg_temp.bridge(p_set text) RETURNS text LANGUAGE sql RETURN format('; UPDATE health.agent_status SET %s WHERE agent_id = %L', p_set, 'bridge:one');
CREATE FUNCTION pg_temp.recovery(p_state text, p_not_before float8) RETURNS text LANGUAGE sql RETURN format('; INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at, claimed_by) VALUES (''a1'', ''agent_unresponsive'', %L, at(0), %L, %L, %L)', p_state, at(p_not_before), CASE p_state WHEN 'failed' THEN at(940) END, CASE WHEN p_state = 'verifying' THEN 'w' END);
SELECT is(pg_temp.seen(change), want, what) FROM (VALUES
    (pg_temp.sent('pager dead 0 100', 'pager dead 0 200', 'other delivered 0 300', 'pager cancelled 0 300', 'pager delivered 0 150'), 'a channel gave up, and has delivered nothing since', 'pager 200'),
    (pg_temp.sent('pager dead 0 100', 'pager dead 0 200', 'pager delivered 0 200.1'), 'it has', ''),
    (pg_temp.sent('pager dead 0 -85399.9', 'other dead 0 -85400'), 'within a day', 'pager -85399.9'),
    (pg_temp.sent('pager pending 940', 'pager pending 990', 'other pending 940.1'), 'no bridge takes its messages for a minute', 'pager 940'),
    (pg_temp.sent('pager pending 940', 'pager delivered 0 940', 'other delivered 0 990', 'pager cancelled 0 990'), 'nor any other', 'pager 940'),
    (pg_temp.sent('pager pending 940', 'pager delivered 0 940.1', 'pager delivered 0 100'), 'but one', ''),
    (pg_temp.sent('pager pending 940', 'pager dead 0 940', 'pager dead 0 939', 'other dead 0 990'), 'that was given up', 'other 990, pager 940'),
    (pg_temp.sent('pager pending 930', 'pager dead 0 940.1', 'pager dead 0 500'), 'is one that was taken', 'pager 940.1'),
    (pg_temp.sent('pager dead 0 200', 'pager delivered 0 200'), 'not since, but at once', 'pager 200'),
    (pg_temp.sent('pager pending 930', 'pager delivered 0 100', 'pager dead 0 990'), 'the last that was taken counts', 'pager 990'),
    (pg_temp.sent('pager pending 940', 'other dead 0 990'), 'another channel gave up', 'other 990, pager 940'),
    (pg_temp.sent('pager pending 940', 'other claimed 990'), 'another channel''s are', 'pager 940'),
    (pg_temp.sent('pager pending 940', 'pager claimed 990'), 'its own are', ''),
    (pg_temp.sent('pager pending 940') || $x$; UPDATE health.channels SET rate_per_minute = 1, rate_tokens = 1, rate_tokens_at = at(1000) WHERE channel = 'pager' $x$, 'it may send one more', 'pager 940'),
    (pg_temp.sent('pager pending 940') || pg_temp.bridge('run_started_at = at(940)'), 'a bridge that has been there for a minute', 'pager 940'),
    (pg_temp.sent('pager pending 940') || pg_temp.bridge('run_started_at = at(940.1)'), 'that has only begun', ''),
    (pg_temp.sent('pager pending 940') || pg_temp.bridge('last_heartbeat_at = at(940.1)'), 'that beats', 'pager 940'),
    (pg_temp.sent('pager pending 940') || pg_temp.bridge('last_heartbeat_at = at(940)'), 'that is silent', 'silent since 940'),
    (pg_temp.sent('pager pending 940') || pg_temp.bridge('last_heartbeat_at = at(940)') || $x$; INSERT INTO health.agent_status (agent_id, policy_class, run_started_at, last_heartbeat_at) VALUES ('bridge:two', 'standard', at(0), at(930)) $x$, 'as another is', 'silent since 940'),
    (pg_temp.sent('pager claimed 940', 'pager pending 990') || pg_temp.bridge('last_heartbeat_at = at(930)'), 'though it has taken one', 'silent since 930'),
    (pg_temp.sent('pager pending 940.1') || pg_temp.bridge('last_heartbeat_at = at(940)'), 'no work waits for it', ''),
    (pg_temp.sent('pager cancelled 900 900') || pg_temp.bridge('last_heartbeat_at = at(940)'), 'nor what was called off', ''),
    ('SELECT' || pg_temp.bridge('last_heartbeat_at = at(940)') || pg_temp.recovery('pending', 940), 'a recovery does', 'silent since 940'),
    ('SELECT' || pg_temp.bridge('last_heartbeat_at = at(940)') || pg_temp.recovery('pending', 940.1), 'or not yet', ''),
    ('SELECT' || pg_temp.bridge('last_heartbeat_at = at(940)') || pg_temp.recovery('verifying', 900) || pg_temp.recovery('failed', 900), 'nor one under way', ''),
    (pg_temp.sent('pager pending 940') || pg_temp.bridge('last_heartbeat_at = at(940)') || $x$; INSERT INTO health.agent_status (agent_id, policy_class, run_started_at, last_heartbeat_at) VALUES ('bridge:two', 'standard', at(0), at(950)) $x$, 'another bridge beats', 'pager 940'),
    (pg_temp.sent('pager pending 940') || $x$; UPDATE health.agent_status SET agent_id = 'bridge;' WHERE agent_id = 'bridge:one' $x$, 'what is no bridge is none', ''),
    (pg_temp.sent('pager pending 940') || $x$; UPDATE health.agent_status SET agent_id = 'bridge:' WHERE agent_id = 'bridge:one' $x$, 'whatever its name', 'pager 940'),
    (pg_temp.sent('pager pending 940') || $x$; INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(0), at(940), at(1000)) $x$, 'a gap before', 'pager 940'),
    (pg_temp.sent('pager pending 940') || $x$; INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(0), at(940.1), at(1000)) $x$, 'in a gap of the monitor nobody could', '')
) AS v (change, what, want);
-- The engine's own findings, every ten seconds, and whatever time is told.
DELETE FROM health.deliveries;
DELETE FROM health.rule_findings;
CREATE FUNCTION pg_temp.checked(p_seconds float8) RETURNS text LANGUAGE sql AS $$
    SELECT health_internal.check_engine(at(p_seconds));
    SELECT string_agg(concat_ws(' ', rule, agent_id, right(summary, 13), date_part('epoch', found_at - at(0)), date_part('epoch', changed_at - at(0))), ', ' ORDER BY rule, agent_id) FROM health.rule_findings;
$$;
UPDATE health.incidents SET withheld = NULL;
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('job_failed', 'a1', 'critical', 'of a job', at(0), at(0)), ('chronic_self_healing', 'a2', 'warning', 'over', at(0), at(0));
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at) SELECT 'a1', 'agent_unresponsive', 'succeeded', at(0), at(0), at(-85390 + 10 * (n - 1)) FROM generate_series(0, 8) AS n;
UPDATE health_internal.engine SET self_checked_at = at(990);
SELECT is(pg_temp.checked(1000), 'chronic_self_healing a1 does not heal 1000 1000, job_failed a1 of a job 0 0', 'after ten seconds; what others found stays');
SELECT is((SELECT details ->> 'restart_count' FROM health.rule_findings WHERE rule = 'chronic_self_healing'), '8', 'what is a day old is not counted');
SELECT is(pg_temp.checked(1009.9), 'chronic_self_healing a1 does not heal 1000 1000, job_failed a1 of a job 0 0', 'not before');
SELECT is(pg_temp.checked(1010), 'chronic_self_healing a1 does not heal 1000 1010, job_failed a1 of a job 0 0', 'what differs has changed');
UPDATE health.rule_findings SET details = '{}';
SELECT is(pg_temp.checked(1000), 'chronic_self_healing a1 does not heal 1000 1000, job_failed a1 of a job 0 0', 'also when time goes back');
UPDATE health_internal.engine SET self_checked_at = at(1000);
UPDATE health.rule_findings SET changed_at = at(1), summary = 'x';
SELECT is(pg_temp.checked(1000), 'chronic_self_healing a1 x 1000 1, job_failed a1 x 0 1', 'not twice at once');
UPDATE health_internal.engine SET self_checked_at = at(0);
SELECT health_internal.check_engine(at(1000));
UPDATE health.rule_findings SET changed_at = at(1);
UPDATE health_internal.engine SET self_checked_at = at(0);
SELECT is(pg_temp.checked(1000), 'chronic_self_healing a1 does not heal 1000 1, job_failed a1 x 0 1', 'what is found again has not changed');
SELECT health.set_channel('x' || n, 'webhook') FROM generate_series(1, 30) AS n;
SELECT health.set_channel(repeat('y', 28) || n, 'webhook') FROM generate_series(1, 20) AS n;
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, state, finished_at) SELECT channel, 'opened', 'critical', 's', 'b', channel, at(0), at(0), 'dead', at(900) FROM health.channels;
SELECT health_internal.check_engine(at(1011));
SELECT is((SELECT length(summary) FROM health.rule_findings WHERE rule = 'dead_letters'), 500, 'long lists are cut');
-- Incidents that are over are not muted; of many twenty are named.
UPDATE health.incidents SET withheld = NULL, resolved_at = at(1011);
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, withheld, withheld_at, resolved_at) SELECT 'q' || n, 'warning', at(0), at(0), 'silenced', at(n), CASE n WHEN 1 THEN at(2) END FROM generate_series(1, 22) AS n;
INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at, withheld, withheld_at) VALUES ('dead_letters', 'warning', at(0), at(0), 'acknowledged', at(0)), ('forgotten_mute', 'warning', at(0), at(0), 'acknowledged', at(0));
SELECT is((SELECT f.summary FROM health_internal.engine_findings(at(99999)) AS f WHERE f.rule = 'forgotten_mute'), '22 incidents have been muted for long: dead_letters (acknowledged), ' || (SELECT string_agg('q' || n || ' (silenced)', ', ' ORDER BY n) FROM generate_series(2, 20) AS n), 'twenty are named');

-- Below the threshold once is not confirmed: no incident, and the ledger says so.
SELECT health.register_agent('soft', p_expected_interval => '5 s');
INSERT INTO health.agent_heartbeats (agent_id, received_at, work_items_processed, error_count, average_processing_time_ms, memory_usage_mb, memory_limit_mb, user_satisfaction)
VALUES ('soft', at(200000), 0, 0, 10, 10, 100, 90), ('soft', at(200005), 10, 0, 10, 10, 100, 90);
SELECT tick(200006);
INSERT INTO health.agent_heartbeats (agent_id, received_at, work_items_processed, error_count, average_processing_time_ms, memory_usage_mb, memory_limit_mb, user_satisfaction)
VALUES ('soft', at(200010), 20, 900, 10000, 99, 100, 0);
SELECT tick(200011);
SELECT ok((SELECT s.ungated_score < 60 AND s.bad_evaluations & 1 = 1 AND s.active_conditions = '{}' FROM health.agent_status AS s WHERE agent_id = 'soft'), 'one bad evaluation');
SELECT rows_are($$ SELECT reason_code, reason LIKE 'not confirmed: score % is below 60 in 1 of the last 3 evaluations, 2 are needed', incident_id FROM health.suppressions WHERE agent_id = 'soft' $$,
    $$ VALUES ('soft', true, NULL::bigint) $$, 'is soft, and on record');
-- Who is in trouble otherwise, or well, or whose score has not moved, is not.
INSERT INTO health.agents (agent_id, agent_name) SELECT 's' || n, n::text FROM generate_series(1, 9) AS n;
SELECT beat('s' || n, 200100) FROM generate_series(1, 9) AS n; SELECT tick(200101);
UPDATE health.alert_rules SET is_enabled = false WHERE rule = 'score_critical';
UPDATE health.agent_status SET liveness = 'alive', bad_evaluations = 1, ungated_score = 59.94, active_conditions = '{}' WHERE agent_id ~ '^s[1-9]';
UPDATE health.agent_status SET liveness = 'late' WHERE agent_id = 's2';
UPDATE health.agent_status SET bad_evaluations = 2 WHERE agent_id = 's3';
UPDATE health.agent_status SET ungated_score = 60 WHERE agent_id = 's4';
UPDATE health.agent_status SET active_conditions = '{score_critical}' WHERE agent_id = 's5';
UPDATE health.agent_status SET bad_evaluations = 13 WHERE agent_id = 's9';
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at) VALUES ('s6', 'warning', at(200100), at(200100), NULL), ('s7', 'warning', at(200100), at(200100), at(200101));
DELETE FROM health.status_transitions;
UPDATE health_internal.engine SET acted_transition_id = 1000;
CREATE FUNCTION pg_temp.unconfirmed(p_seconds float8, p_transition_id bigint, p_count int DEFAULT 9) RETURNS text LANGUAGE sql AS $$
    INSERT INTO health.status_transitions (transition_id, agent_id, occurred_at, old_status, new_status, old_liveness, new_liveness, tick_id)
    OVERRIDING SYSTEM VALUE SELECT p_transition_id + n, 's' || n, at(p_seconds), CASE n WHEN 8 THEN 'poor' ELSE 'good' END, 'poor', 'alive', 'alive', 1 FROM generate_series(1, p_count) AS n;
    SELECT health_internal.note_unconfirmed(at(p_seconds));
    SELECT string_agg(agent_id || ' ' || reason_code || ' ' || reason, ', ' ORDER BY agent_id) FROM health.alert_events WHERE occurred_at = at(p_seconds);
$$;
SELECT is(pg_temp.unconfirmed(200110, 1000), format('s1 soft %1$s in 1 %2$s, s2 soft late, and not given up yet: no heartbeat since 2031-05-08 14:35:00+00, s7 soft %1$s in 1 %2$s, s9 soft %1$s in 2 %2$s', 'not confirmed: score 59.9 is below 60', 'of the last 3 evaluations, 2 are needed'),
    'what is not confirmed, and why');
SELECT is(pg_temp.unconfirmed(200111, 900), NULL, 'once');
SELECT is(left(pg_temp.unconfirmed(200112, 2000, 1), 21), 's1 soft not confirmed', 'and again when something new is');
SELECT is((SELECT count(*) FROM health.alert_events WHERE occurred_at = at(200112)), 1::bigint, 'of that one');

SELECT * FROM finish();
ROLLBACK;
