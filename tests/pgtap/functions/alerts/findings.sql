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

SELECT * FROM finish();
ROLLBACK;
