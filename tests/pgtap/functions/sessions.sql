-- Attached sessions between two ticks, and when somebody should tick.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.seconds_until_tick,
        health_internal.has_cron_ticked,
        health_internal.held_sessions,
        health_internal.next_suspicion_at
    }',
    $$
    VALUES
    ('health.seconds_until_tick(timestamp with time zone)', 'f', 'sql', 's', true, 'health_admin, health_analyst, health_bridge'),
    ('health_internal.has_cron_ticked(timestamp with time zone)', 'f', 'sql', 's', true, 'health_admin, health_analyst, health_bridge'),
    ('health_internal.held_sessions()', 'f', 'sql', 's', false, ''),
    ('health_internal.next_suspicion_at(timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

-- The last tick began at second p_at and took so long; it was called by pg_cron or not.
CREATE FUNCTION pg_temp.ticked(p_at float8, p_fold_ms float8, p_act_ms float8, p_is_cron boolean DEFAULT false)
RETURNS void
LANGUAGE sql
AS $$
    UPDATE health_internal.engine
    SET last_tick_at = at(p_at), last_tick_ms = p_fold_ms, last_act_ms = p_act_ms,
        last_cron_tick_at = CASE WHEN p_is_cron THEN at(p_at) END
$$;
CREATE FUNCTION pg_temp.seconds(p_at float8) RETURNS numeric
LANGUAGE sql
RETURN round(health.seconds_until_tick(at(p_at))::numeric, 3);

SELECT is(pg_temp.seconds(0), 0.000, 'who never ticked should tick');
SELECT pg_temp.ticked(0, 100, 100);
SELECT rows_are($$ SELECT pg_temp.seconds(s) FROM unnest(ARRAY[0.2, 0.9, 1, 4]) AS s $$,
    $$ VALUES (0.800), (0.100), (0.000), (-3.000) $$, 'a period counts from the beginning of a tick');
SELECT is(pg_temp.seconds(-3600), 1.000, 'a clock that was set back stops nobody for longer than a period');
SELECT pg_temp.ticked(0, 1000, 900);
SELECT is(pg_temp.seconds(1.9), 0.250, 'after a long tick a quarter of the period is left idle');
UPDATE health_internal.engine SET last_error_at = at(7);
SELECT is(pg_temp.seconds(7), 0.250, 'after one that failed as well');
UPDATE health_internal.engine SET last_error_at = NULL;
SELECT pg_temp.ticked(0, 100, 100, true);
SELECT ok(health_internal.has_cron_ticked(at(10)), 'pg_cron was at work 10 s ago');
SELECT ok(NOT health_internal.has_cron_ticked(at(10.1)), 'and is not longer than that');
SELECT is(pg_temp.seconds(1), 2.000, 'where pg_cron ticks a bridge gives it three periods');
UPDATE health.settings SET tick_period = '10 s';
SELECT is(pg_temp.seconds(1), 29.000, 'whatever the period');
UPDATE health.settings SET tick_period = '1 s';

-- An attached agent.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '30 s');
SELECT ok(health.attach('a1') > 0, 'attached');
SELECT is((SELECT count(*) FROM health_internal.held_sessions() WHERE pid = pg_backend_pid()), 1::bigint, 'the session holds a lock');
SELECT ok(pg_try_advisory_lock_shared(4711), 'a shared lock');
SELECT is((SELECT count(*) FROM health_internal.held_sessions() WHERE pid = pg_backend_pid()), 1::bigint, 'is none');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('a1', at(10));
SELECT is((health.tick(at(10))).is_busy, false, 'it is alive');
SELECT pg_temp.ticked(10, 100, 100);
SELECT is(health_internal.next_suspicion_at(at(10.3)), NULL, 'nobody is suspected');
SELECT is(pg_temp.seconds(10.3), 0.250, 'but while somebody is attached one looks four times in a period');
SELECT is(pg_temp.seconds(10.9), 0.100, 'or at the end of it');

-- Its session ends; the tick sees it.
SELECT ok(pg_advisory_unlock((SELECT agent_number FROM health.agents WHERE agent_id = 'a1')), 'the lock is gone');
SELECT is(health_internal.next_suspicion_at(at(10.3)), at(10.3), 'which is something to look at now');
SELECT is(pg_temp.seconds(10.22), 0.030, 'when the machine has had a rest of a quarter of the tick');
SELECT is(pg_temp.seconds(10.5), 0.000, 'and before the period is over');
SELECT pg_temp.ticked(10, 0, 1);
SELECT is(pg_temp.seconds(10.021), 0.030, 'after the shortest tick it rests a twentieth of a second');
UPDATE health.agent_status SET state = 'stopping' WHERE agent_id = 'a1';
SELECT is(health_internal.next_suspicion_at(at(10.3)), NULL, 'who says goodbye is in no hurry');
UPDATE health.agent_status SET state = 'running' WHERE agent_id = 'a1';
SELECT is((health.tick(at(10.5))).is_busy, false, 'a tick');
SELECT is((SELECT liveness FROM health.agent_status WHERE agent_id = 'a1'), 'late', 'suspects it');
SELECT pg_temp.ticked(10.5, 5, 5);
SELECT is(health_internal.next_suspicion_at(at(10.6)), at(11.4), 'until its grace of 0.9 s ends');
SELECT is(pg_temp.seconds(11), 0.400, 'which is before the period does');
SELECT ok((health.tick(at(11.4))).alerts_opened > 0, 'the tick of that time believes it');
SELECT is(health_internal.next_suspicion_at(at(11.5)), NULL, 'and nothing more is to be seen');

-- A suspicion that a tick could not end when it was due is left to the ordinary ticks.
UPDATE health.agent_status SET liveness = 'late', next_due_at = at(11.4) WHERE agent_id = 'a1';
SELECT is(health_internal.next_suspicion_at(at(11.5)), NULL, 'what has been looked at is not asked about again');

SET LOCAL ROLE health_agent;
SELECT throws_ok('SELECT health.seconds_until_tick()', '42501', NULL, 'agents do not ask');
RESET ROLE;
SET LOCAL ROLE health_analyst;
SELECT is((SELECT is_tick_due FROM health.engine_health), (SELECT health.seconds_until_tick() <= 0), 'engine_health says the same');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
