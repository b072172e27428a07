-- Deliveries: claimed under a lease, retried, never lost.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.claim_deliveries,
        health.report_delivery,
        health.set_channel,
        health_internal.bundle_deliveries,
        health_internal.channel_tokens,
        health_internal.incidents_of
    }',
    $$
    VALUES
    ('health.claim_deliveries(text,integer,text[],timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health.report_delivery(bigint,bigint,text,jsonb,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health.set_channel(text,text,text,boolean,boolean,double precision,integer)', 'f', 'sql', 'v', true, 'health_admin'),
    ('health_internal.bundle_deliveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.channel_tokens(health.channels,timestamp with time zone)', 'f', 'sql', 'i', false, ''),
    ('health_internal.incidents_of(health.deliveries)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT lives_ok($$ SELECT health.set_channel('pager', 'webhook', 'critical') $$, 'a channel is added');
SELECT lives_ok($$ SELECT health.set_channel('pager', 'webhook', 'warning', false) $$, 'and changed');
SELECT is((SELECT is_enabled FROM health.channels WHERE channel = 'pager'), false, 'as told');
SELECT throws_ok($$ SELECT health.set_channel('https://x.example/secret', 'webhook') $$, '23514', NULL,
    'an address is no name of a channel');
SELECT throws_ok($$ SELECT health.set_channel('pager', 'webhook', 'loud') $$, '23514', NULL, 'severities are known ones');
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT 'console', 'opened', 'critical', 's' || n, 'b', 'k' || n, at(n), at(n)
FROM generate_series(1, 4) AS n;
CREATE TEMP TABLE claimed ON COMMIT DROP AS
SELECT * FROM health.claim_deliveries('w1', 2, ARRAY['console'], at(3));
SELECT rows_are('SELECT subject, attempt, lease_until FROM claimed ORDER BY 1',
    $$ VALUES ('s1', 1, at(33)), ('s2', 1, at(33)) $$, 'the oldest due ones are claimed for 30 s');
SELECT is_empty($$ SELECT * FROM health.claim_deliveries('w2', 9, ARRAY['pager'], at(3)) $$, 'only of its channels');
SELECT rows_are($$ SELECT subject FROM health.claim_deliveries('w2', 9, NULL, at(3)) $$,
    $$ VALUES ('s3') $$, 'no message is claimed twice, none before its time');
SELECT is(health.renew_lease('delivery', delivery_id, fencing_token, at(20)), true, 'a lease is renewed')
FROM claimed WHERE subject = 's1';
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
SELECT rows_are($$ SELECT subject, idempotency_key, attempt FROM health.claim_deliveries('w3', 9, NULL, at(35)) ORDER BY 1 $$,
    $$ VALUES ('s3', 'k3', 2), ('s4', 'k4', 1) $$, 'a lost lease is claimed again under the same key');
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
-- The token bucket.
SELECT health.set_channel('slow', 'webhook', p_rate_per_minute => 6, p_rate_burst => 3);
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT 'slow', 'opened', 'critical', 't' || n, 'b', 'kt' || n, at(300), at(300) FROM generate_series(1, 6) AS n;
CREATE FUNCTION pg_temp.claim(p_seconds float8) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM health.claim_deliveries('w', 100, '{slow}', at(p_seconds)) $$;
SELECT is(pg_temp.claim(300), 3::bigint, 'a full bucket hands out its burst');
SELECT is(pg_temp.claim(301), 0::bigint, 'then none');
SELECT is(pg_temp.claim(310), 1::bigint, 'one per ten seconds');
SELECT is(pg_temp.claim(315), 0::bigint, 'not sooner');
SELECT is(pg_temp.claim(320), 1::bigint, 'ten seconds later');
SELECT is((SELECT count(*) FROM health.deliveries WHERE channel = 'slow' AND state = 'pending'), 1::bigint, 'what is left waits, nothing is lost');
SELECT throws_ok($$ SELECT health.set_channel('slow', 'webhook', p_rate_per_minute => 0) $$, '23514', NULL, 'a rate is positive');
SELECT throws_ok($$ SELECT health.set_channel('slow', 'webhook', p_rate_burst => 0) $$, '23514', NULL, 'and so is a burst');
-- More than the bucket will ever hold becomes one digest.
SELECT is(health_internal.bundle_deliveries(at(321)), 0::bigint, 'few are left alone');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) SELECT 'b' || n, 'critical', at(0), at(0) FROM generate_series(1, 5) AS n;
INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT incident_id, 'slow', 'opened', 'critical', 'x', 'b', 'kb' || incident_id, at(330), at(330) FROM health.incidents;
SELECT is(health_internal.bundle_deliveries(at(331)), 1::bigint, 'five for a bucket of three');
SELECT rows_are($$ SELECT event, state, cardinality(agent_ids), details -> 'incident_count' FROM health.deliveries WHERE created_at = at(331) $$,
    $$ VALUES ('digest', 'pending', 5, '5'::jsonb) $$, 'are one digest');
SELECT is((SELECT count(*) FROM health.deliveries WHERE state = 'cancelled' AND outcome ->> 'reason' LIKE 'throttled%'), 5::bigint, 'in their place');
SELECT is((SELECT count(*) FROM health.suppressions WHERE reason_code = 'throttled' AND delivery_id IS NOT NULL), 5::bigint, 'as the ledger says');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.claim_deliveries('x') $$, '42501', NULL, 'agents claim nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
