-- Jobs: signals become runs.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.fold_signals}',
    $$
    VALUES
    ('health_internal.fold_signals(timestamp with time zone,health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, '')
    $$
);

INSERT INTO health.agent_heartbeats (agent_id, signal, run_id, received_at) VALUES
('job', 'success', 'r1', '2031-05-06 07:02:00+00'), ('job', 'start', 'r1', '2031-05-06 07:01:00+00'),
('job', 'start', NULL, '2031-05-06 07:03:00+00'), ('job', 'start', NULL, '2031-05-06 07:04:00+00'), ('job', 'fail', NULL, '2031-05-06 07:05:00+00'),
('job', 'log', 'r1', '2031-05-06 07:01:30+00'), ('job', 'log', 'none', '2031-05-06 07:01:30+00'),
('job', 'beat', 'r9', '2031-05-06 07:01:30+00'), ('job', NULL, 'r9', '2031-05-06 07:01:30+00');
SELECT is((SELECT count(*) FROM health_internal.job_signals), 7::bigint, 'what tells of runs is copied');
SELECT is((health.tick('2031-05-06 07:06:00+00', true)).folded_rows, 11::bigint, 'every heartbeat counts once, with the engine''s own and its metric');
SELECT rows_are($$ SELECT run_id, outcome, duration_seconds, log_count FROM health.job_runs ORDER BY began_at $$,
    $$ VALUES ('r1'::text, 'success'::text, 60::float8, 1::bigint), ('', 'lost', 60, 0), ('', 'fail', 60, 0) $$, 'runs by name and in order of time');
SELECT rows_are($$ SELECT last_outcome, open_run_count, is_overdue, uses_signals FROM health.job_expectations $$, $$ VALUES ('fail'::text, 0, false, true) $$, 'how the job is');
SELECT rows_are($$ SELECT rule FROM health.rule_findings $$, $$ VALUES ('job_failed') $$, 'which is found');
SELECT is((health.tick('2031-05-06 07:07:00+00', true)).is_busy, false, 'ticked again');
SELECT is((SELECT count(*) FROM health.job_runs), 3::bigint, 'signals are folded once');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.job_runs $$, 'analysts read runs');
SELECT throws_ok($$ SELECT * FROM health_internal.job_signals $$, '42501', NULL, 'not what is internal');
SELECT throws_ok($$ SELECT health.set_schedule('job', NULL) $$, '42501', NULL, 'and set nothing');
RESET ROLE;

-- Two jobs of each hour at 7:00, with ten minutes' grace. Minutes: 'agent minute signal run'.
SELECT is(health_internal.fold_signals(at(0), (turn('arrived', false)).arrivals), 0::bigint, 'no signals');
SELECT health.register_agent(name) FROM unnest('{x,y,z}'::text []) AS name;
SELECT health.set_schedule(name, '0 * * * *', 'UTC', '10 minutes', '30 minutes') FROM unnest('{x,y}'::text []) AS name;
DELETE FROM health.job_expectations; DELETE FROM health.job_runs; DELETE FROM health.rule_findings;
CREATE FUNCTION pg_temp.told(p_minute float8, VARIADIC p_signals text []) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health.agent_heartbeats (agent_id, received_at, signal, run_id)
    SELECT split_part(s, ' ', 1), at(60 * split_part(s, ' ', 2)::float8), split_part(s, ' ', 3), nullif(split_part(s, ' ', 4), '') FROM unnest(p_signals) AS s;
    PERFORM tick(60 * p_minute);
    RETURN (SELECT string_agg(concat_ws(' ', agent_id, nullif(run_id, ''), outcome, (date_part('epoch', expected_at - at(0)) / 60)::int, nullif(log_count, 0)), ', ' ORDER BY agent_id, coalesce(began_at, missed_at)) FROM health.job_runs);
END $$;
UPDATE health_internal.engine SET last_now = at(-3600);
SELECT is(pg_temp.told(1, 'z 0.5 start r0', 'y 0.4 success q'), 'y q success 0, z r0 running', 'a job without a schedule');
DELETE FROM health.job_runs WHERE agent_id = 'y';
SELECT health.set_schedule('z', '0 * * * *', 'UTC', '2 hours');
SELECT is(pg_temp.told(70, 'z 61 success r0'), 'x missed 60, y missed 60, z r0 success', 'what began without one answers nothing');
SELECT health.set_schedule('z', NULL);
SELECT is(pg_temp.told(76, 'x 75 start r1', 'x 75.5 log r1', 'x 74.9 log r1', 'y 75.5 log r1'), 'x r1 running 60 1, y missed 60, z r0 success', 'a run that comes late takes the row of the missed one; log lines are counted by the run they belong to');
SELECT rows_are($$ SELECT agent_id, missed_run_id IS NOT NULL, date_part('epoch', last_run_at - at(0)) / 60 FROM health.job_expectations ORDER BY 1 $$, $$ VALUES ('x', false, 75::float8), ('y', true, 0.4), ('z', false, 0.5) $$, 'and makes good, for itself');
SELECT is(pg_temp.told(82, 'y 81 start s2', 'y 80 start s1', 'x 82 log r1', 'x 81 log r1'), 'x r1 running 60 3, y s1 running 60, y s2 running 60, z r0 success', 'of two that come late the first takes it');
SELECT is((SELECT count(*) FROM health.job_runs WHERE missed_at IS NOT NULL), 2::bigint, 'one row each');
SELECT rows_are($$ SELECT date_part('epoch', last_signal_at - at(0)) / 60 FROM health.job_runs WHERE run_id = 'r1' $$, $$ VALUES (82::float8) $$, 'a log line says that it lives');
SELECT rows_are($$ SELECT date_part('epoch', last_run_at - at(0)) / 60 FROM health.job_expectations WHERE agent_id = 'y' $$, $$ VALUES (81::float8) $$, 'the last run is the latest of them');
SELECT is(pg_temp.told(106, VARIADIC '{}'), 'x r1 overdue 60 3, y s1 running 60, y s2 running 60, z r0 success', 'one takes too long');
SELECT is(pg_temp.told(106.5, 'x 106.4 start r1'), 'x r1 overdue 60 3, y s1 running 60, y s2 running 60, z r0 success', 'told again it still does');
SELECT rows_are($$ SELECT date_part('epoch', last_signal_at - at(0)) / 60 FROM health.job_runs WHERE run_id = 'r1' $$, $$ VALUES (106.4::float8) $$, 'and was heard of');
SELECT is((SELECT found_at FROM health.rule_findings WHERE rule = 'job_overdue'), at(106 * 60), 'which is found since then');
DELETE FROM health.job_runs;
SELECT is(pg_temp.told(119.1, 'x 118.9 success a', 'x 119 success b', 'y 118.9 success a'), 'x a success 60, x b success 120, y a success 60', 'a minute early answers the next');
SELECT is(pg_temp.told(178, 'x 118.5 success d', 'x 119.5 success e'), 'x d success 60, x a success 60, x b success 120, x e success 120, y a success 60, y missed 120', 'each its own time, whatever the order they come in');
SELECT is(pg_temp.told(181, 'x 239 success f', 'x 179 success c', 'y 179 success c', 'x 178.9 success g'), 'x d success 60, x a success 60, x b success 120, x e success 120, x g success 120, x c success 180, x f success 240, y a success 60, y missed 120, y c success 180', 'also those that run ahead of the clock');
SELECT rows_are($$ SELECT agent_id, date_part('epoch', last_run_at - at(0)) / 60, date_part('epoch', expected_at - at(0)) / 60 FROM health.job_expectations WHERE agent_id <> 'z' ORDER BY 1 $$, $$ VALUES ('x', 239::float8, 300::float8), ('y', 179, 240) $$, 'and the next is expected');
UPDATE health.job_expectations SET last_run_at = at(179 * 60), previous_at = at(180 * 60), counts_from = at(239 * 60), expected_at = at(240 * 60), following_at = at(300 * 60), missed_at = at(250 * 60), check_at = at(250 * 60) WHERE agent_id = 'x';
DELETE FROM health.job_runs;
SELECT is(pg_temp.told(182, 'x 150 success e'), 'x e success 120', 'one that is told of late is of its time');
SELECT rows_are($$ SELECT date_part('epoch', last_run_at - at(0)) / 60 FROM health.job_expectations WHERE agent_id = 'x' $$, $$ VALUES (179::float8) $$, 'and not the last');
SELECT is(pg_temp.told(256, 'y 240 success d'), 'x e success 120, x missed 240, y d success 240', 'the run of four did not come');
SELECT is(pg_temp.told(257, 'x 232 success f'), 'x e success 120, x f success 180, x missed 240, y d success 240', 'one from before it');
SELECT is((SELECT missed_run_id IS NOT NULL FROM health.job_expectations WHERE agent_id = 'x'), true, 'makes nothing good');
SELECT is(pg_temp.told(298, 'x 299 success g', 'x 238.9 success h'), 'x e success 120, x f success 180, x h success 180, x missed 240, x g success 300, y d success 240', 'the next does');
SELECT is((SELECT missed_run_id FROM health.job_expectations WHERE agent_id = 'x'), NULL, 'and leaves it on record');
-- A name that is used again: log lines are of the run that began last before them, of equals of the one written last.
SELECT is(pg_temp.told(303, 'y 301 start n', 'y 301.1 success n', 'y 301.5 start n', 'y 301.6 success n', 'y 301.4 log n', 'y 301.5 log n', 'y 302 log n', 'y 300.5 log n'), 'x e success 120, x f success 180, x h success 180, x missed 240, x g success 300, y d success 240, y n success 300 1, y n success 300 2', 'lines of one and the other');
INSERT INTO health.job_runs (agent_id, run_id, started_at, outcome) SELECT 'y', 'tie', at(303 * 60), 'running' FROM generate_series(1, 2);
SELECT pg_temp.told(304, 'y 303.5 log tie');
SELECT rows_are($$ SELECT log_count FROM health.job_runs WHERE run_id = 'tie' ORDER BY job_run_id $$, $$ VALUES (0::bigint), (1) $$, 'of runs that began together a line is of the one that was written last');

SELECT * FROM finish();
ROLLBACK;
