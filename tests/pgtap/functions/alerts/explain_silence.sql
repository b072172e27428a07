-- Why was I not paged?
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.explain_silence
    }',
    $$
    VALUES
    ('health.explain_silence(text,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a', '1 day'), ('calm', 'c', '1 day');
SELECT beat(a, 0) FROM unnest('{a1,calm}'::text []) AS a; SELECT tick(1);
SELECT rows_are($$ SELECT was_told, reason_code, explanation FROM health.explain_silence('calm') $$,
    $$ VALUES (false, 'nothing_wrong', 'nothing was wrong enough for an alert; now: liveness alive, score 100.00') $$, 'nothing was wrong');
SELECT health.silence('{"agent_id": "a1"}', at(100), 'ana', 'x', at(5));
SELECT beat('a1', 10, 'failed'); SELECT tick(10); SELECT tick(101);
SELECT rows_are($$ SELECT occurred_at, was_told, reason_code, channel FROM health.explain_silence('a1') $$,
    $$ VALUES (at(10), false, 'silenced', NULL), (at(101), false, 'pending', 'console') $$, 'silenced first, then the bridge had not fetched it');
SELECT count(health.report_delivery(delivery_id, fencing_token, 'delivered', '{}', at(103))) FROM health.claim_deliveries('w', 9, NULL, at(102));
SELECT rows_are($$ SELECT was_told, reason_code FROM health.explain_silence('a1', at(100)) $$, $$ VALUES (true, NULL) $$, 'now it has');
SELECT rows_are($$ SELECT reason_code FROM health.explain_silence('a1', at(0), at(100)) $$, $$ VALUES ('silenced') $$, 'between two times');
SELECT rows_are($$ SELECT event, reason FROM health.alert_history WHERE event IN ('delivered', 'failed') $$, $$ VALUES ('delivered', 'delivered') $$, 'the history knows the delivery');
SELECT throws_ok($$ SELECT health.explain_silence('nobody') $$, 'AG001', 'agent "nobody" is not known', 'agents are known');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.explain_silence('a1') $$, 'analysts ask');
SELECT lives_ok($$ SELECT * FROM health.suppressions, health.open_alerts, health.alert_history LIMIT 1 $$, 'and read');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
