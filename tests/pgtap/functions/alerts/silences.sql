-- Silences.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.end_silence,
        health.silence
    }',
    $$
    VALUES
    ('health.end_silence(bigint,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.silence(jsonb,timestamp with time zone,text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('c', 'c', '1 day');
SELECT is(health.silence('{"agent_id": "c", "maximum_severity": "critical"}', at(100), 'ana', 'known', at(0)) > 0, true, 'silenced');
SELECT beat('c', 1, 'failed');
SELECT tick(2);
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'c'), 1::bigint, 'the alert opens');
SELECT is((SELECT count(*) FROM health.deliveries), 0::bigint, 'and is not told');
SELECT rows_are($$ SELECT reason_code, reason LIKE 'silence % until %' FROM health.suppressions $$, $$ VALUES ('silenced', true) $$, 'the ledger says why');
SELECT tick(3);
SELECT is((SELECT count(*) FROM health.suppressions), 1::bigint, 'once');
SELECT beat('c', 99, 'failed');
SELECT tick(101);
SELECT rows_are($$ SELECT event, agent_ids FROM health.deliveries $$, $$ VALUES ('truth', ARRAY['c']) $$, 'when it is over the truth is told');
SELECT beat('c', 102, 'failed');
SELECT tick(103);
SELECT is((SELECT count(*) FROM health.deliveries), 1::bigint, 'once');
SELECT deliver(103);
SELECT is(health.silence('{"agent_id": "c"}', at(9000), 'ana', 'x', at(104)) > 0, true, 'silenced again');
SELECT beat('c', 105); SELECT beat('c', 110);
SELECT tick(111);
SELECT is((SELECT count(*) FROM health.open_alerts), 0::bigint, 'it recovers');
SELECT is((SELECT count(*) FROM health.deliveries), 1::bigint, 'the all-clear is withheld');
SELECT lives_ok($$ SELECT health.end_silence(max(silence_id), 'ana', at(112)) FROM health.silences $$, 'the silence is ended');
SELECT tick(113);
SELECT rows_are($$ SELECT event FROM health.deliveries ORDER BY delivery_id $$, $$ VALUES ('truth'), ('resolved') $$, 'and told then, once');
SELECT throws_ok($$ SELECT health.end_silence(max(silence_id), 'ana', at(114)) FROM health.silences $$, 'AL004', NULL, 'a silence ends once');
SELECT throws_ok($$ SELECT health.silence('{}', at(0), 'ana', 'x', at(1)) $$, 'AL003', NULL, 'it ends in time to come');
SELECT throws_ok($$ SELECT health.silence('{}', 'infinity', 'ana', 'x') $$, 'AL003', NULL, 'and does end');
SELECT throws_ok($$ SELECT health.silence('{"agent": "c"}', at(9), 'ana', 'x', at(1)) $$, 'AL002', NULL, 'matchers are understood');
SELECT throws_ok($$ SELECT health.silence('{}', NULL, 'ana', 'x', at(1)) $$, 'AL003', 'a silence until NULL has no end to come', 'an end that is not given is none');
SELECT throws_ok($$ SELECT health.silence('{}', at(1), 'ana', 'x', at(1)) $$, 'AL003', NULL, 'nor is now');
SELECT throws_ok($$ SELECT health.end_silence(NULL, 'ana') $$, 'AL004', 'silence NULL does not hold', 'nor is no silence one');
SELECT lives_ok($$ SELECT health.silence('{"rule": "failed", "minimum_severity": "info", "maximum_severity": "critical", "tenant": "x"}', at(9360), 'ana', 'x', at(9350)) $$, 'of agents, rules and severities');
-- It needs neither name nor reason; it ends by itself, and no earlier than it began.
SELECT health.silence('{"agent_id": "one"}', at(9500), NULL, NULL, at(9400)), health.silence('{"agent_id": "two"}', at(9500), 'ana', 'y', at(9400));
SELECT throws_ok(format('SELECT health.end_silence(%s, NULL, at(9500))', silence_id), 'AL004', NULL, 'it is over') FROM health.silences WHERE matchers ->> 'agent_id' = 'one';
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, is_settled) SELECT v.name, 'info', at(0), at(0), v.name = 'past' FROM unnest('{present,past}'::text []) AS v (name);
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT health.end_silence(silence_id, NULL, at(9399)) FROM health.silences WHERE matchers ->> 'agent_id' = 'one';
SELECT rows_are($$ SELECT matchers ->> 'agent_id', starts_at, ends_at, created_by = session_user, reason, ended_by = session_user FROM health.silences WHERE matchers ->> 'agent_id' IN ('one', 'two') ORDER BY 1 $$,
    $$ VALUES ('one', at(9400), at(9400), true, '', true), ('two', at(9400), at(9500), false, 'y', NULL) $$, 'one is ended, by whom who says nothing');
SELECT rows_are($$ SELECT agent_id FROM health.incidents WHERE next_check_at = '-infinity' $$, $$ VALUES ('present') $$, 'what is not settled is looked at again');

SELECT * FROM finish();
ROLLBACK;
