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
SELECT is(pg_temp.told(3601, 'a 1 start r2'), 'a r2 1 -', 'an hour is not old');
SELECT is(pg_temp.told(100, 'a 5 success', 'a 5 start'), 'a 5 5 success', 'of one moment a start comes first');
SELECT is(pg_temp.told(100, 'a 1 success', 'a 30 success'), 'a - 1 success, a - 30 success', 'without a name each end is a run');
SELECT is(pg_temp.told(100, 'a 1 success r2', 'a 61 success r2'), 'a r2 - 1 success', 'an end told again within a minute');
SELECT is(pg_temp.told(100, 'a 1 success r2', 'a 61.1 success r2'), 'a r2 - 1 success, a r2 - 61.1 success', 'and later');

-- With what is known: which run it is, when it began and was heard of last, and what its end said.
DELETE FROM health.job_runs;
INSERT INTO health.job_runs (agent_id, run_id, started_at, finished_at, outcome, expected_at, missed_at, last_signal_at, attributes) SELECT v.agent_id, v.run_id, at(v.s), at(v.f), v.outcome, at(0), CASE v.outcome WHEN 'missed' THEN at(0) END, at(v.s), '{"from": "known"}' FROM (VALUES
    ('a', 'r1', 1, 2, 'success'), ('a', 'r1', 10, NULL, 'running'), ('a', '', NULL, NULL, 'missed'), ('a', '', 20, 29, 'success'), ('b', 'r1', 11, NULL, 'running'), ('b', 'r2', 12, NULL, 'running'), ('b', 'ended', NULL, 13, 'fail'), ('b', 'twice', 14, 15, 'success'), ('b', 'twice', 14, 16, 'fail')
) AS v (agent_id, run_id, s, f, outcome);
CREATE FUNCTION pg_temp.known(VARIADIC p_signals text []) RETURNS text LANGUAGE sql AS $$
    DELETE FROM health_internal.job_signals;
    INSERT INTO health.agent_heartbeats (agent_id, received_at, signal, run_id, attributes)
    SELECT split_part(s, ' ', 1), at(split_part(s, ' ', 2)::float8), split_part(s, ' ', 3), nullif(split_part(s, ' ', 4), ''), jsonb_build_object('from', split_part(s, ' ', 3)) FROM unnest(p_signals) AS s;
    SELECT string_agg(concat_ws(' ', r.agent_id, coalesce('known ' || date_part('epoch', coalesce(j.started_at, j.finished_at) - at(0)), 'new'), date_part('epoch', r.began_at - at(0)), coalesce(date_part('epoch', r.finished_at - at(0))::text, '-'), date_part('epoch', r.last_signal_at - at(0)), r.outcome, r.attributes ->> 'from'), ', ' ORDER BY r.agent_id, r.began_at)
    FROM (SELECT (turn('arrived', false)).arrivals) AS t (range)
    CROSS JOIN LATERAL health_internal.told_runs(at(100), t.range) AS r
    LEFT JOIN health.job_runs AS j ON j.job_run_id = r.job_run_id
$$;
SELECT is(pg_temp.known('a 30 success r1'), 'a known 10 10 30 30 success success', 'the latest of that name of that agent goes on');
SELECT is(pg_temp.known('b 30 fail r2'), 'b known 12 12 30 30 fail fail', 'not of another name');
SELECT is(pg_temp.known('a 25 start'), 'a known 20 20 25 20 lost, a new 25 29 29 success known', 'a start that comes late cuts a run in two');
SELECT is(pg_temp.known('b 40 fail ended'), 'b known 13 13 13 40 fail known', 'an end told twice is of the run that is known');
SELECT is(pg_temp.known('b 12.5 start ended'), 'b known 13 12.5 13 13 fail known', 'to which its start may come');
SELECT is(pg_temp.known('b 17 fail twice'), 'b known 14 14 16 17 fail known', 'of two that began at once it is the one written last');
SELECT is(pg_temp.known('a 50 start r9', 'a 50.5 success r9', 'a 60 success r9'), 'a new 50 50.5 60 success success', 'the end that came first says how it was');
UPDATE health.settings SET unknown_agents = 'refuse';
SELECT is(pg_temp.told(100, 'a 1 start r1'), NULL, 'strangers who are refused have no runs');
SELECT health.register_agent('a');
SELECT is(pg_temp.told(100, 'a 1 start r4'), 'a r4 1 -', 'those who are known do');

SELECT * FROM finish();
ROLLBACK;
