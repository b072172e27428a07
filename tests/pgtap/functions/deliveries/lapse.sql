-- Messages whose bridge went silent: tried again with waits, given up at the tenth time.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.end_lost_leases
    }',
    $$
    VALUES
    ('health_internal.end_lost_leases(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT is(health_internal.end_lost_leases(at(0)), '{}', 'nothing is held');
SELECT health.set_channel('pager', 'webhook');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('a', 'critical', at(0), at(0));
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, incident_id)
SELECT 'pager', 'opened', 'critical', 'poison', 'b', 'k', at(0), at(0), incident_id FROM health.incidents;
SELECT count(*) FROM health.claim_deliveries('bridge:one', 9, NULL, at(0));
SELECT is(health_internal.end_lost_leases(at(30)), '{}', 'the lease still holds');
SELECT is(health_internal.end_lost_leases(at(31)), (SELECT array_agg(incident_id) FROM health.incidents), 'it ran out: its incident is told, in case it is muted by now');
SELECT rows_are($$ SELECT state, attempt, lease_until, not_before BETWEEN at(31.5) AND at(32), outcome ->> 'reason' FROM health.deliveries $$,
    $$ VALUES ('pending', 1, NULL::timestamptz, true, 'lost: its lease ran out, last with bridge:one') $$, 'it waits 2 s, less up to a quarter, as after a failure');
SELECT is_empty($$ SELECT * FROM health.claim_deliveries('bridge:one', 9, NULL, at(31.4)) $$, 'so long nobody has it');
-- Each bridge that takes it dies; the ticks that follow are what a bridge that starts again makes.
CREATE TEMP TABLE lives (second float8, attempt integer, wait_seconds float8) ON COMMIT DROP;
CREATE FUNCTION pg_temp.die_of_it(p_times integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_second float8;
BEGIN
    FOR v_time IN 1 .. p_times LOOP
        v_second := (SELECT date_part('epoch', not_before - at(0)) FROM health.deliveries WHERE subject = 'poison');
        INSERT INTO lives SELECT v_second, attempt FROM health.claim_deliveries('bridge:one', 9, '{pager}', at(v_second));
        PERFORM health.tick(at(v_second + 30.5), true);
        UPDATE lives SET wait_seconds = (SELECT date_part('epoch', not_before - at(v_second + 30)) FROM health.deliveries WHERE subject = 'poison')
        WHERE second = v_second;
    END LOOP;
END
$$;
SELECT pg_temp.die_of_it(8);
SELECT rows_are('SELECT attempt FROM lives ORDER BY second', 'SELECT generate_series(2, 9)', 'it is claimed again, bridge after bridge');
SELECT is_empty('SELECT * FROM lives WHERE wait_seconds NOT BETWEEN 2 ^ attempt * 0.7499 AND 2 ^ attempt + 0.0001', 'after waits that grow');
SELECT is((SELECT state FROM health.deliveries WHERE subject = 'poison'), 'pending', 'nine times');
SELECT pg_temp.die_of_it(1);
SELECT rows_are($$ SELECT state, attempt, outcome, finished_at IS NOT NULL FROM health.deliveries WHERE subject = 'poison' $$,
    $$ VALUES ('dead', 10, '{"reported": "lost", "lost_count": 10, "reason": "lost: its lease ran out 10 times in a row, last with bridge:one"}'::jsonb, true) $$,
    'the tenth time is the last, and the outcome says why');
SELECT is_empty($$ SELECT * FROM health.claim_deliveries('bridge:one', 9, '{pager}', at(99999)) $$, 'nobody is handed it an eleventh time');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'dead_letters'), 0::bigint, 'the engine looks at itself every ten seconds');
SELECT tick(s) FROM (SELECT date_part('epoch', finished_at - at(0)) + 11 FROM health.deliveries WHERE subject = 'poison') AS t (s);
SELECT rows_are($$ SELECT summary FROM health.open_alerts WHERE rule = 'dead_letters' $$,
    $$ VALUES ('messages could not be delivered through pager') $$, 'and an alert tells of it');
SELECT rows_are($$ SELECT channel FROM health.deliveries WHERE state = 'pending' AND subject LIKE '%could not be delivered%' $$, $$ VALUES ('console') $$, 'through another channel');

-- A failure between is told by itself, and counts towards the same ten.
DELETE FROM health.deliveries;
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before)
VALUES ('pager', 'opened', 'critical', 'poison', 'b', 'k2', at(90000), at(90000));
SELECT pg_temp.die_of_it(2);
SELECT is((SELECT outcome -> 'lost_count' FROM health.deliveries WHERE idempotency_key = 'k2'), '2', 'twice in a row');
SELECT deliver(95000, '{pager}', 'failed'); SELECT pg_temp.die_of_it(1);
SELECT rows_are($$ SELECT outcome -> 'lost_count', attempt FROM health.deliveries WHERE idempotency_key = 'k2' $$, $$ VALUES ('1'::jsonb, 4) $$, 'a report ends the row, not the count of attempts');
-- Lost together with others, they part.
UPDATE health.deliveries SET state = 'cancelled', finished_at = at(96000);
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, attempt)
SELECT 'pager', 'opened', 'critical', 'm' || n, 'b', 'm' || n, at(97000), at(97000), 6 FROM generate_series(1, 20) AS n;
SELECT count(*) FROM health.claim_deliveries('bridge:one', 20, '{pager}', at(97000));
SELECT health_internal.end_lost_leases(at(97031));
SELECT is((SELECT count(DISTINCT not_before) FROM health.deliveries WHERE state = 'pending' AND subject LIKE 'm%'), 20::bigint, 'those that were lost together come back one by one');
SELECT is((SELECT max(not_before) <= at(97158) FROM health.deliveries WHERE subject LIKE 'm%'), true, 'none of them forgotten');

SELECT * FROM finish();
ROLLBACK;
