-- What became of a claimed message.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.report_delivery
    }',
    $$
    VALUES
    ('health.report_delivery(bigint,bigint,text,jsonb,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge')
    $$
);

INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT 'console', 'opened', 'critical', 's' || n, 'b', 'k' || n, at(n), at(n)
FROM generate_series(1, 4) AS n;
CREATE TEMP TABLE claimed ON COMMIT DROP AS
SELECT * FROM health.claim_deliveries('w1', 2, NULL, at(3));
SELECT is(health.report_delivery(delivery_id, fencing_token - 1, 'delivered', '{}', at(21)), false,
    'an older token is refused') FROM claimed WHERE subject = 's1';
SELECT is(health.report_delivery(delivery_id, fencing_token, 'delivered', '{}', at(21)), true, 'delivered')
FROM claimed WHERE subject = 's1';
SELECT is(health.report_delivery(delivery_id, fencing_token, 'delivered', '{}', at(22)), false, 'once')
FROM claimed WHERE subject = 's1';
SELECT is(health.report_delivery(delivery_id, fencing_token, 'failed', '{"retry_after_seconds": 100}', at(22)),
    true, 'failed') FROM claimed WHERE subject = 's2';
SELECT rows_are($$ SELECT state, not_before FROM health.deliveries WHERE subject = 's2' $$,
    $$ VALUES ('pending', at(122)) $$, 'and tried again when the receiver asked');
UPDATE health.deliveries SET attempt = 10, state = 'claimed', fencing_token = 77 WHERE subject = 's4';
SELECT is(health.report_delivery(delivery_id, 77, 'failed', '{}', at(40)), true, 'the tenth failure')
FROM health.deliveries WHERE subject = 's4';
SELECT is((SELECT state FROM health.deliveries WHERE subject = 's4'), 'dead', 'is the last');
SELECT throws_ok($$ SELECT health.report_delivery(1, 1, 'maybe') $$, 'RC001', NULL, 'outcomes are known ones');
SELECT throws_ok($$ SELECT health.report_delivery(1, 1, NULL) $$, 'RC001', NULL, 'NULL is none');
-- Given back untried.
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
VALUES ('console', 'opened', 'critical', 'r1', 'b', 'kr1', at(200), at(200));
SELECT is((SELECT health.report_delivery(delivery_id, fencing_token, 'released', '{}', at(202))
    FROM health.claim_deliveries('w', 9, NULL, at(201)) WHERE subject = 'r1'), true, 'a bridge that stops gives back');
SELECT rows_are($$ SELECT state, attempt, not_before FROM health.deliveries WHERE subject = 'r1' $$,
    $$ VALUES ('pending', 0, at(200)) $$, 'which is no attempt, and due at once');
SELECT rows_are($$ SELECT subject, attempt, idempotency_key FROM health.claim_deliveries('w', 9, NULL, at(203)) WHERE subject = 'r1' $$,
    $$ VALUES ('r1', 1, 'kr1') $$, 'and claimed again');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT health.report_delivery(1, 1, 'delivered') $$, '42501', NULL, 'agents report nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
