-- Deliveries are claimed under a lease.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.claim_deliveries,
        health_internal.incidents_of
    }',
    $$
    VALUES
    ('health.claim_deliveries(text,integer,text[],timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health_internal.incidents_of(health.deliveries)', 'f', 'sql', 'i', false, '')
    $$
);

INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT 'console', 'opened', 'critical', 's' || n, 'b', 'k' || n, at(n), at(n)
FROM generate_series(1, 4) AS n;
SELECT health.set_channel('pager', 'webhook');
CREATE TEMP TABLE claimed ON COMMIT DROP AS
SELECT * FROM health.claim_deliveries('w1', 2, ARRAY['console'], at(3));
SELECT rows_are('SELECT subject, attempt, lease_until FROM claimed ORDER BY 1',
    $$ VALUES ('s1', 1, at(33)), ('s2', 1, at(33)) $$, 'the oldest due ones are claimed for 30 s');
SELECT is_empty($$ SELECT * FROM health.claim_deliveries('w2', 9, ARRAY['pager'], at(3)) $$, 'only of its channels');
SELECT rows_are($$ SELECT subject FROM health.claim_deliveries('w2', 9, NULL, at(3)) $$,
    $$ VALUES ('s3') $$, 'no message is claimed twice, none before its time');
SELECT is(health.renew_lease('delivery', delivery_id, fencing_token, at(20)), true, 'a lease is renewed')
FROM claimed WHERE subject = 's1';
SELECT rows_are($$ SELECT subject FROM health.claim_deliveries('w3', 9, NULL, at(35)) $$, $$ VALUES ('s4') $$, 'a lost lease is the tick''s to end');
SELECT health_internal.end_lost_leases(at(36));
SELECT rows_are($$ SELECT subject, idempotency_key, attempt FROM health.claim_deliveries('w3', 9, NULL, at(37)) ORDER BY 1 $$,
    $$ VALUES ('s2', 'k2', 2), ('s3', 'k3', 2) $$, 'then it is claimed again under the same key');
SELECT health_internal.end_lost_leases(at(50));
SELECT is_empty($$ SELECT * FROM health.claim_deliveries('w3', 9, NULL, at(50)) $$, 'not one that was renewed, at its last moment');
SELECT health_internal.end_lost_leases(at(50.1));
SELECT rows_are($$ SELECT subject FROM health.claim_deliveries('w3', 9, NULL, at(52)) $$, $$ VALUES ('s1') $$, 'until it has run out');
SELECT is_empty($$ SELECT * FROM health.claim_deliveries('w3', 0, NULL, at(99)) $$, 'none is none');
SELECT is_empty($$ SELECT * FROM health.claim_deliveries('w3', -1, NULL, at(99)) $$, 'nor is less');
SELECT is((SELECT count(*) FROM health.claim_deliveries('w3', 9, '{}', at(99))), 0::bigint, 'of no channel there is none');
SELECT rows_are(
    $$ SELECT agent_ids, health_internal.incidents_of(messages) FROM (VALUES
        ('{a}'::text [], 7::bigint, NULL::health_internal.digest_line []),
        ('{}', NULL, NULL),
        ('{b}', NULL, ARRAY[('x', 8, 'opened', 'critical', true), ('x', 9, 'opened', 'critical', true)]::health_internal.digest_line [])
        ) AS given (ids, incident, digest) CROSS JOIN LATERAL jsonb_populate_record(NULL::health.deliveries,
            jsonb_build_object('agent_ids', ids, 'incident_id', incident, 'lines', digest)) AS messages $$,
    $$ VALUES ('{a}'::text [], '{7}'::bigint []), ('{}', '{}'), ('{b}', '{8,9}') $$,
    'a message tells of its incident, a digest of those of its lines');
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
-- However many wait, or are held, a claim reads the few it takes.
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT 'pager', 'opened', 'critical', 'm' || n, 'b', 'km' || n, at(400), at(400) FROM generate_series(1, 3000) AS n;
SELECT is((SELECT count(*) FROM health.claim_deliveries('w', 1000, '{pager}', at(400))), 1000::bigint, 'a thousand at once');
CREATE FUNCTION pg_temp.rows_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_all_tables WHERE relid = 'health.deliveries'::regclass $$;
-- A channel with a bucket and nothing to say makes no claim look further.
SELECT health.set_channel('fast', 'webhook', p_rate_per_minute => 60, p_rate_burst => 4);
-- Planned anew, knowing how many there are.
ANALYZE health.deliveries;
CREATE TEMP TABLE before_claim ON COMMIT DROP AS SELECT pg_temp.rows_read() AS rows_read;
SELECT is((SELECT count(*) FROM health.claim_deliveries('w', 5, NULL, at(401))), 5::bigint, 'five of 2,000, beside 1,000 that are held');
SELECT cmp_ok(pg_temp.rows_read() - (SELECT rows_read FROM before_claim), '<', 100::bigint, 'read few rows');
-- One channel's empty bucket is no concern of another; nor does what it holds up take a place.
DELETE FROM health.deliveries;
UPDATE health.channels SET rate_tokens = 0.5, rate_tokens_at = at(500) WHERE channel = 'slow'; UPDATE health.channels SET rate_tokens = 2, rate_tokens_at = at(500) WHERE channel = 'fast';
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT c, 'opened', 'critical', c, 'b', c || n, at(400 + n), at(400 + n) FROM unnest('{slow,fast}'::text []) AS c, generate_series(1, 3) AS n;
SELECT rows_are($$ SELECT idempotency_key FROM health.claim_deliveries('w', 2, NULL, at(500)) ORDER BY 1 $$, $$ VALUES ('fast1'), ('fast2') $$, 'the oldest of a channel that may speak');
SELECT rows_are($$ SELECT channel, rate_tokens, rate_tokens_at FROM health.channels WHERE rate_per_minute IS NOT NULL ORDER BY 1 $$, $$ VALUES ('fast', 0::float8, at(500)), ('slow', 0.5, at(500)) $$, 'draws from its own bucket');
SELECT is((SELECT count(*) FROM health.claim_deliveries('w', 9, NULL, at(504.9))), 1::bigint, 'five seconds are half a message');
SELECT rows_are($$ SELECT idempotency_key FROM health.claim_deliveries('w', 9, NULL, at(505)) $$, $$ VALUES ('slow1') $$, 'a whole one is handed out');
SELECT is((SELECT rate_tokens_at FROM health.channels WHERE channel = 'slow'), at(505), 'of this moment');
SELECT is((SELECT count(*) FROM health.claim_deliveries('w', 9, NULL, at(490))), 0::bigint, 'a clock set back fills no bucket');
-- What was muted while a bridge that died held it is withdrawn by the claim.
INSERT INTO health.agents (agent_id, agent_name) VALUES ('m', 'm');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, told_at, told_severity, told_channels) VALUES ('m', 'critical', at(0), at(0), at(0), 'critical', '{console}');
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT incident_id, agent_id, 'failed', 'critical', 'x', at(0) FROM health.incidents WHERE agent_id = 'm';
INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before, state, attempt, claimed_by, fencing_token, lease_until)
SELECT incident_id, 'console', 'opened', 'critical', 's', 'b', 'muted', at(500), at(500), 'claimed', 1, 'dead', 1, at(530) FROM health.incidents WHERE agent_id = 'm';
INSERT INTO health.silences (matchers, starts_at, ends_at, created_by, reason) VALUES ('{"agent_id": "m"}', at(510), at(2000), 'ana', 'x');
SELECT is(health_internal.end_lost_leases(at(530)), '{}', 'at its last moment it is still held');
SELECT is(array_length(health_internal.end_lost_leases(at(530.1)), 1), 1, 'then it is lost');
SELECT is_empty($$ SELECT * FROM health.claim_deliveries('w', 9, '{console}', at(540)) $$, 'nobody gets it');
SELECT is((SELECT state FROM health.deliveries WHERE idempotency_key = 'muted'), 'cancelled', 'it is withdrawn');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.claim_deliveries('x') $$, '42501', NULL, 'agents claim nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
