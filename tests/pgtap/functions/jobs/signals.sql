-- Jobs: which runs signals tell of.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.arrived_signals, health_internal.recent_signals, health_internal.told_runs}',
    $$
    VALUES
    ('health_internal.arrived_signals(health_internal.arrival_range)', 'f', 'sql', 's', false, ''),
    ('health_internal.recent_signals(timestamp with time zone,health_internal.arrival_range)', 'f', 'sql', 's', false, ''),
    ('health_internal.told_runs(timestamp with time zone,health_internal.arrival_range)', 'f', 'sql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.told(p_seconds float8, VARIADIC p_signals text []) RETURNS text LANGUAGE sql AS $$
    DELETE FROM health_internal.job_signals;
    INSERT INTO health.agent_heartbeats (agent_id, received_at, signal, run_id)
    SELECT split_part(s, ' ', 1), at(split_part(s, ' ', 2)::float8), split_part(s, ' ', 3), nullif(split_part(s, ' ', 4), '') FROM unnest(p_signals) AS s;
    SELECT string_agg(concat_ws(' ', r.agent_id, nullif(r.run_id, ''), coalesce(date_part('epoch', r.started_at - at(0))::text, '-'),
        coalesce(date_part('epoch', r.finished_at - at(0))::text, '-'), r.outcome), ', ' ORDER BY r.agent_id, r.began_at)
    FROM (SELECT (turn('arrived', false)).arrivals) AS t (range)
    CROSS JOIN LATERAL health_internal.told_runs(at(p_seconds), t.range) AS r
$$;
SELECT is(pg_temp.told(100, 'a 2 success r1', 'a 1 start r1', 'a 1.5 log r1'), 'a r1 1 2 success', 'signals are paired by run_id in order of time');
SELECT is(pg_temp.told(100, 'a 1 start', 'a 2 start', 'a 3 fail', 'b 1 start'), 'a 1 2 lost, a 2 3 fail, b 1 -', 'without a name the next start ends what had not ended');
SELECT is(pg_temp.told(100, 'a 1 start r1', 'a 2 start r1', 'a 3 success r1', 'a 50 success r1'), 'a r1 1 3 success', 'what is told twice is one run');
SELECT is(pg_temp.told(100, 'a 1 success r1', 'a 90 success r1', 'a 95 fail r1'), 'a r1 - 1 success, a r1 - 90 success, a r1 - 95 fail', 'an end without a start is a run of its own');
SELECT is(pg_temp.told(3700, 'a 1 start r1'), NULL, 'what is older than an hour tells nothing of now');
INSERT INTO health.job_runs (agent_id, run_id, started_at, outcome, last_signal_at) VALUES ('a', 'r1', at(1), 'running', at(1));
SELECT is(pg_temp.told(100, 'a 9 success r1'), 'a r1 1 9 success', 'a run that is known goes on');
UPDATE health.settings SET unknown_agents = 'refuse';
SELECT is(pg_temp.told(100, 'a 1 start r1'), NULL, 'strangers who are refused have no runs');

SELECT * FROM finish();
ROLLBACK;
