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
SELECT * FROM finish();
ROLLBACK;
