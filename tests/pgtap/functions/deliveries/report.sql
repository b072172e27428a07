-- What became of a claimed message.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.report_delivery,
        health_internal.retry_seconds
    }',
    $$
    VALUES
    ('health.report_delivery(bigint,bigint,text,jsonb,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health_internal.retry_seconds(integer)', 'f', 'sql', 'v', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT attempt, coalesce(health_internal.retry_seconds(attempt) BETWEEN 0.75 * 2 ^ attempt AND 2 ^ attempt, false) FROM generate_series(1, 11) AS attempt $$,
    $$ SELECT attempt, attempt < 10 FROM generate_series(1, 11) AS attempt $$,
    'waits double from two seconds on, less a quarter at most; after the tenth attempt there is no other'
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

-- What each outcome makes of it, by the number of the attempt.
CREATE FUNCTION pg_temp.reported(p_name text, p_attempt integer, p_outcome text, p_details jsonb DEFAULT '{}', p_state text DEFAULT 'claimed') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_is_taken boolean;
BEGIN
    INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, state, attempt, claimed_by, fencing_token, lease_until)
    VALUES ('console', 'opened', 'critical', p_name, 'b', p_name, at(900), at(900), p_state, p_attempt, 'w', 99, at(1020));
    v_is_taken := (SELECT health.report_delivery(delivery_id, 99, p_outcome, p_details, at(1000)) FROM health.deliveries WHERE idempotency_key = p_name);
    RETURN (SELECT concat_ws(' ', v_is_taken, state, '#' || attempt, 'due ' || date_part('epoch', not_before - at(1000)), CASE WHEN finished_at = at(1000) THEN 'over' END, CASE WHEN lease_until IS NOT NULL THEN 'held' END, outcome)
        FROM health.deliveries WHERE idempotency_key = p_name);
END $$;
SELECT rows_are(
    $$
    SELECT v.n, pg_temp.reported('o' || v.n, v.attempt, v.outcome, v.details::jsonb, v.state) FROM (VALUES
        (1, 10, 'delivered', '{"id": 7}', 'claimed'), (2, 1, 'refused', '{}', 'claimed'), (3, 10, 'released', NULL, 'claimed'), (4, 10, 'failed', '{}', 'claimed'),
        (5, 1, 'failed', '{"retry_after_seconds": 4000}', 'claimed'), (6, 1, 'failed', '{"retry_after_seconds": 3599.5}', 'claimed'), (7, 10, 'refused', '{}', 'claimed'),
        (8, 1, 'delivered', '{}', 'cancelled'), (9, 1, 'delivered', '{}', 'pending'), (10, 2, 'delivered', '{"retry_after_seconds": 60}', 'claimed'))
        AS v (n, attempt, outcome, details, state) WHERE v.n <> 4 ORDER BY 1
    $$,
    $$
    VALUES
    (1, 't delivered #10 due -100 over {"id": 7, "reported": "delivered"}'), (2, 't dead #1 due -100 over {"reported": "refused"}'), (3, 't pending #9 due -100 {"reported": "released"}'),
    (5, 't pending #1 due 3600 {"reported": "failed", "retry_after_seconds": 4000}'), (6, 't pending #1 due 3599.5 {"reported": "failed", "retry_after_seconds": 3599.5}'), (7, 't dead #10 due -100 over {"reported": "refused"}'),
    (8, 'f cancelled #1 due -100 held {}'), (9, 'f pending #1 due -100 held {}'), (10, 't delivered #2 due -100 over {"reported": "delivered", "retry_after_seconds": 60}')
    $$,
    'delivered and refused are the end, given back is as before, failed waits for what the receiver asks, an hour at most; what was not claimed is not reported'
);
SELECT matches(pg_temp.reported('last', 10, 'failed'), '^t dead #10 due -100 over ', 'the tenth failure is the end');
SELECT matches(pg_temp.reported('last but one', 9, 'failed'), '^t pending #9 due [0-9.]+ \{', 'the ninth is not');
-- Without a wish of the receiver: 2 s doubling, less up to a quarter.
CREATE FUNCTION pg_temp.wait_after(p_attempt integer, p_seed float8, p_details jsonb DEFAULT '{}') RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(p_seed);
    RETURN round(substring(pg_temp.reported(concat('wait', p_attempt, p_seed, p_details), p_attempt, 'failed', p_details) FROM 'due ([0-9.]+)')::numeric, 4);
END $$;
CREATE FUNCTION pg_temp.share(p_seed float8) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(p_seed);
    RETURN 1 - random()::numeric / 4;
END $$;
SELECT rows_are(
    $$ SELECT n, seed, abs(pg_temp.wait_after(n, seed) - 2 ^ n * pg_temp.share(seed)) < 0.001 FROM unnest('{1,2,5,9}'::integer []) AS n, unnest('{0.1,0.7}'::float8 []) AS seed ORDER BY 1, 2 $$,
    $$ VALUES (1, 0.1::float8, true), (1, 0.7, true), (2, 0.1, true), (2, 0.7, true), (5, 0.1, true), (5, 0.7, true), (9, 0.1, true), (9, 0.7, true) $$,
    'two to the number of the attempt, less a random part of a quarter'
);
SELECT rows_are(
    $$ SELECT details, abs(pg_temp.wait_after(5, 0.1, details::jsonb) - 32 * pg_temp.share(0.1)) < 0.001 FROM unnest(ARRAY['{"retry_after_seconds": 3}', '{"retry_after_seconds": "100"}', '{"retry_after_seconds": -5}', '{"retry_after_seconds": null}']) AS details $$,
    $$ VALUES ('{"retry_after_seconds": 3}', true), ('{"retry_after_seconds": "100"}', true), ('{"retry_after_seconds": -5}', true), ('{"retry_after_seconds": null}', true) $$,
    'a receiver may ask for more, not for less; what is no number is no wish'
);
-- A mute that began while a bridge had it.
INSERT INTO health.agents (agent_id, agent_name) VALUES ('m', 'm');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, told_at, told_severity, told_channels) VALUES ('m', 'critical', at(900), at(900), at(900), 'critical', '{console}');
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT incident_id, agent_id, 'failed', 'critical', 'x', at(900) FROM health.incidents WHERE agent_id = 'm';
INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before, state, attempt, claimed_by, fencing_token, lease_until)
SELECT incident_id, 'console', 'opened', 'critical', 's', 'b', key, at(900), at(900), 'claimed', 1, 'w', 98, at(1020) FROM health.incidents, unnest('{mute-failed,mute-held}'::text []) AS key WHERE agent_id = 'm';
INSERT INTO health.silences (matchers, starts_at, ends_at, created_by, reason) VALUES ('{"agent_id": "m"}', at(950), at(2000), 'ana', 'x');
SELECT health.report_delivery(delivery_id, 98, 'failed', '{}', at(1000)) FROM health.deliveries WHERE idempotency_key = 'mute-failed';
SELECT rows_are($$ SELECT idempotency_key, state FROM health.deliveries WHERE idempotency_key ~ '^mute' ORDER BY 1 $$, $$ VALUES ('mute-failed', 'cancelled'), ('mute-held', 'claimed') $$, 'is withdrawn when it fails; what a bridge holds still is its own');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT health.report_delivery(1, 1, 'delivered') $$, '42501', NULL, 'agents report nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
