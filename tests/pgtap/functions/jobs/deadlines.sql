-- Jobs: deadlines pass.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.expect_after,
        health_internal.expect_next,
        health_internal.sweep_jobs,
        health_internal.watch_jobs
    }',
    $$
    VALUES
    ('health_internal.expect_after(health.job_expectations)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.expect_next(text[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.sweep_jobs(timestamp with time zone)', 'f', 'sql', 'v', false, ''),
    ('health_internal.watch_jobs(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.register_agent('job') IS NULL AS is_null;
SELECT lives_ok($$ SELECT health.set_schedule('job', '0 * * * *', p_max_run_time => '10 minutes') $$, 'a job');
INSERT INTO health.agent_heartbeats (agent_id, signal, run_id, received_at) VALUES ('job', 'start', 'r1', '2031-05-06 07:00:01+00');
SELECT is((health.tick('2031-05-06 06:59:00+00', true)).is_busy, false, 'ticked');
SELECT is((SELECT expected_at FROM health.job_expectations), '2031-05-06 08:00:00+00'::timestamptz, 'its run has begun, the next is expected');
SELECT is(health_internal.watch_jobs('2031-05-06 07:10:00+00'), 0::bigint, 'in time');
SELECT is(health_internal.watch_jobs('2031-05-06 07:10:01+00'), 1::bigint, 'too long');
SELECT is((SELECT outcome FROM health.job_runs), 'overdue', 'it is overdue');
SELECT is(health_internal.watch_jobs('2031-05-06 08:04:59+00'), 0::bigint, 'within its grace');
SELECT is(health_internal.watch_jobs('2031-05-06 08:05:00+00'), 1::bigint, 'after it');
SELECT rows_are($$ SELECT rule, found_at FROM health.rule_findings ORDER BY rule $$,
    $$ VALUES ('job_missed', '2031-05-06 08:05:00+00'::timestamptz), ('job_overdue', '2031-05-06 07:10:01+00') $$, 'both are found');
SELECT is(health_internal.watch_jobs('2031-05-06 08:05:01+00'), 0::bigint, 'once');
SELECT is((SELECT expected_at FROM health.job_expectations), '2031-05-06 09:00:00+00'::timestamptz, 'the next is expected');
UPDATE health.job_expectations SET last_run_at = '2031-05-06 09:00:00+00';
SELECT lives_ok($$ SELECT health_internal.expect_next('{job}') $$, 'a run has begun');
SELECT is((SELECT expected_at FROM health.job_expectations), '2031-05-06 10:00:00+00'::timestamptz, 'the next but one');
SELECT is(health_internal.watch_jobs('2031-05-20 07:00:00+00') > 0, true, 'a fortnight later');
SELECT is((SELECT outcome FROM health.job_runs WHERE run_id = 'r1'), 'lost', 'it is lost');
SELECT lives_ok($$ SELECT health_internal.sweep_jobs('2031-09-06 07:08:00+00') $$, 'swept');
SELECT rows_are($$ SELECT outcome FROM health.job_runs ORDER BY 1 $$, $$ VALUES ('missed') $$, 'old runs go, but for the one that is missed at present');

-- What is kept, so that a run costs one scheduled time, is what the schedule says.
SELECT health.register_agent('kept' || n) FROM generate_series(1, 4) AS n;
SELECT health.set_schedule('kept' || n, (ARRAY['*/10 * * * *', '30 2 * * *', '0 12 * * MON-FRI', '15 3 29 2 *'])[n], 'Europe/Berlin', '5 minutes') FROM generate_series(1, 4) AS n;
CREATE FUNCTION pg_temp.kept_wrong() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM health.job_expectations AS j WHERE agent_id LIKE 'kept%' AND (
        j.previous_at IS DISTINCT FROM health_internal.previous_run_at(j.schedule, j.time_zone, j.expected_at - interval '1 second')
        OR j.following_at IS DISTINCT FROM health_internal.next_run_at(j.schedule, j.time_zone, j.expected_at)
        OR j.plan IS DISTINCT FROM health_internal.parse_schedule(j.schedule)
        OR j.counts_from IS DISTINCT FROM health_internal.run_counts_from(j.previous_at, j.expected_at)) $$;
CREATE FUNCTION pg_temp.runs(p_at timestamptz) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health.agent_heartbeats (agent_id, signal, received_at) SELECT 'kept' || n, s, p_at FROM generate_series(1, 4) AS n, unnest('{start,success}'::text []) AS s;
    PERFORM health.tick(p_at + interval '1 second', true);
    RETURN p_at;
END $$;
SELECT is(count(pg_temp.runs(m)), 6::bigint, 'runs on time, early, late, and over the days the clock changes')
FROM unnest(ARRAY[tap.at(7200), tap.at(7800), tap.at(8370), tap.at(90000), timestamptz '2031-10-26 00:30+00', '2032-03-28 01:00+00']) AS m;
SELECT is((SELECT count(*) FROM health.job_expectations WHERE agent_id LIKE 'kept%'), 4::bigint, 'four jobs');
SELECT is(pg_temp.kept_wrong(), 0::bigint, 'whose scheduled times agree with their schedules');
SELECT is((SELECT count(*) FROM health.job_runs WHERE agent_id LIKE 'kept%' AND began_at IS NOT NULL AND expected_at IS DISTINCT FROM (
    SELECT e.answered_at FROM health.job_expectations AS j, health_internal.expect_run(j.schedule, j.time_zone, began_at, true) AS e WHERE j.agent_id = job_runs.agent_id
    )), 0::bigint, 'and whose runs answer what the schedule says');

-- Two jobs of each hour at 7:00, with ten minutes' grace: what watch_jobs makes of a change, which is undone. In minutes: the last
-- run, the one expected, the next look; the runs, and which is missed.
SELECT health.register_agent('w' || n) FROM generate_series(1, 2) AS n;
SELECT health.set_schedule('w' || n, '0 * * * *', 'UTC', '10 minutes') FROM generate_series(1, 2) AS n;
SELECT beat('w' || n, -600) FROM generate_series(1, 2) AS n;
UPDATE health_internal.engine SET last_now = at(-1);
DELETE FROM health.job_expectations WHERE agent_id !~ '^w';
DELETE FROM health.job_runs;
SELECT tick(0);
CREATE FUNCTION pg_temp.minute(p_at timestamptz) RETURNS text LANGUAGE sql RETURN coalesce((date_part('epoch', p_at - at(0)) / 60)::numeric(10, 1)::text, '-');
CREATE FUNCTION pg_temp.watched(p_change text, p_minute float8) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE p_change;
    PERFORM health_internal.watch_jobs(at(60 * p_minute));
    RAISE EXCEPTION SQLSTATE 'ZZ000' USING MESSAGE = (
        SELECT string_agg(concat_ws(' ', pg_temp.minute(last_run_at), pg_temp.minute(expected_at), pg_temp.minute(check_at)), ', ' ORDER BY agent_id) FROM health.job_expectations
    ) || coalesce('; ' || (
        SELECT string_agg(concat_ws(' ', r.agent_id, r.run_id, r.outcome, pg_temp.minute(r.expected_at), pg_temp.minute(r.missed_at), CASE WHEN j.agent_id IS NOT NULL THEN 'missed' END), ', ' ORDER BY r.agent_id, r.job_run_id)
        FROM health.job_runs AS r LEFT JOIN health.job_expectations AS j ON j.missed_run_id = r.job_run_id
    ), '');
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END $$;
CREATE FUNCTION pg_temp.gap(p_reason text, p_from float8, p_until float8, p_settled float8) RETURNS text LANGUAGE sql
RETURN format('INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES (%L, %L, %L, %L);', p_reason, at(p_from * 60), at(p_until * 60), at(p_settled * 60));
CREATE FUNCTION pg_temp.heard(p_minute float8) RETURNS text LANGUAGE sql
RETURN format('UPDATE health.agent_status SET last_heartbeat_at = %L WHERE agent_id = %L;', at(p_minute * 60), 'w1');
CREATE FUNCTION pg_temp.run(p_outcome text, p_signal_minute float8, p_overdue_minute float8 DEFAULT NULL) RETURNS text LANGUAGE sql
RETURN format('INSERT INTO health.job_runs (agent_id, run_id, started_at, finished_at, outcome, last_signal_at, overdue_at) VALUES (%L, %L, %L, %L, %L, %L, %L);',
    'w1', 'r', at(p_signal_minute * 60), CASE WHEN p_outcome = 'success' THEN at(p_signal_minute * 60) END, p_outcome, at(p_signal_minute * 60), at(p_overdue_minute * 60));
SELECT is(pg_temp.watched(change, p_minute), want, what) FROM (VALUES
    (64.9, 'SELECT', 'nothing is due before half the grace', '- 60.0 65.0, - 60.0 65.0'),
    (65, 'SELECT', 'then it is looked whether it was heard, and when it will be missed', '- 60.0 70.0, - 60.0 70.0'),
    (64.9, pg_temp.heard(59), 'not before', '- 60.0 65.0, - 60.0 65.0'),
    (65, pg_temp.heard(59), 'a beat from a minute before is a run', '59.0 120.0 125.0, - 60.0 70.0'),
    (65, pg_temp.heard(58.9), 'an earlier one is none', '- 60.0 70.0, - 60.0 70.0'),
    (69.9, 'SELECT', 'within its grace', '- 60.0 70.0, - 60.0 70.0'),
    (70, 'SELECT', 'after it', '- 120.0 125.0, - 120.0 125.0; w1  missed 60.0 70.0 missed, w2  missed 60.0 70.0 missed'),
    (70, 'UPDATE health.job_expectations SET missed_at = at(4260) WHERE agent_id = ''w2''', 'each by its own', '- 120.0 125.0, - 60.0 71.0; w1  missed 60.0 70.0 missed'),
    (70, 'UPDATE health.job_expectations SET uses_signals = true;' || pg_temp.heard(60), 'of a job that signals beats are no runs, and it is looked at once', '- 120.0 130.0, - 120.0 130.0; w1  missed 60.0 70.0 missed, w2  missed 60.0 70.0 missed'),
    (71, 'SELECT health_internal.watch_jobs(at(4200));' || pg_temp.heard(60.1), 'a later beat makes good', '60.1 120.0 125.0, - 120.0 125.0; w1  missed 60.0 70.0, w2  missed 60.0 70.0 missed'),
    (71, 'SELECT health_internal.watch_jobs(at(4200));' || pg_temp.heard(60), 'no earlier one', '- 120.0 125.0, - 120.0 125.0; w1  missed 60.0 70.0 missed, w2  missed 60.0 70.0 missed'),
    (71, 'SELECT health_internal.watch_jobs(at(4200)); UPDATE health.job_expectations SET uses_signals = true;' || pg_temp.heard(60.1), 'nor of a job that signals', '- 120.0 125.0, - 120.0 125.0; w1  missed 60.0 70.0 missed, w2  missed 60.0 70.0 missed'),
    (189.9, 'SELECT', 'what passed altogether is one', '- 180.0 185.0, - 180.0 185.0; w1  missed 60.0 189.9 missed, w2  missed 60.0 189.9 missed'),
    (190.1, 'SELECT', 'and the last of it too', '- 240.0 245.0, - 240.0 245.0; w1  missed 60.0 190.1 missed, w2  missed 60.0 190.1 missed'),
    (70, pg_temp.gap('server_restarted', 50, 59, 60), 'a gap before', '- 120.0 125.0, - 120.0 125.0; w1  missed 60.0 70.0 missed, w2  missed 60.0 70.0 missed'),
    (75, pg_temp.gap('server_restarted', 70, 70.5, 71), 'or after a run explains nothing', '- 120.0 125.0, - 120.0 125.0; w1  missed 60.0 75.0 missed, w2  missed 60.0 75.0 missed'),
    (70, pg_temp.gap('server_restarted', 50, 59.1, 70), 'one in its beginning', '- 120.0 125.0, - 120.0 125.0; w1  unknown 60.0 -, w2  unknown 60.0 -'),
    (75, pg_temp.gap('server_restarted', 69.9, 70.5, 71), 'or end does', '- 120.0 125.0, - 120.0 125.0; w1  unknown 60.0 -, w2  unknown 60.0 -'),
    (70, pg_temp.gap('server_restarted', 50, 59.1, 70.1), 'when it has settled', '- 60.0 65.0, - 60.0 65.0'),
    (70, pg_temp.gap('server_restarted', 50, 59.1, 60) || pg_temp.gap('engine_stopped', 65, 66, 71), 'as every other', '- 60.0 65.0, - 60.0 65.0'),
    (70, pg_temp.gap('server_restarted', 50, 59.1, 60) || pg_temp.gap('engine_stopped', 65, 66, 67), 'of two', '- 120.0 125.0, - 120.0 125.0; w1  unknown 60.0 -, w2  unknown 60.0 -'),
    (70, pg_temp.gap('engine_stopped', 50, 59.1, 60), 'but an engine that stood still loses no signal', '- 120.0 125.0, - 120.0 125.0; w1  missed 60.0 70.0 missed, w2  missed 60.0 70.0 missed'),
    (130, 'SELECT health_internal.watch_jobs(at(4200));' || pg_temp.gap('server_restarted', 120, 121, 122), 'what was missed before is missed still', '- 180.0 185.0, - 180.0 185.0; w1  missed 60.0 70.0 missed, w1  unknown 120.0 -, w2  missed 60.0 70.0 missed, w2  unknown 120.0 -'),
    (61, pg_temp.run('running', 0, 61), 'a run takes too long', '- 60.0 65.0, - 60.0 65.0; w1 r overdue - -'),
    (61, pg_temp.run('running', 0, 61.1), 'or not', '- 60.0 65.0, - 60.0 65.0; w1 r running - -'),
    (61, pg_temp.run('success', 0, 1), 'nor one that has ended', '- 60.0 65.0, - 60.0 65.0; w1 r success - -'),
    (61, pg_temp.run('running', 61 - 7 * 1440), 'nothing was heard of it for a week', '- 60.0 65.0, - 60.0 65.0; w1 r running - -'),
    (61, pg_temp.run('running', 60.9 - 7 * 1440), 'and a moment', '- 60.0 65.0, - 60.0 65.0; w1 r lost - -'),
    (61, pg_temp.run('overdue', 60.9 - 7 * 1440, 0), 'of one that takes too long', '- 60.0 65.0, - 60.0 65.0; w1 r lost - -'),
    (61, pg_temp.run('running', 60.9 - 7 * 1440, 70), 'of one that may take so long', '- 60.0 65.0, - 60.0 65.0; w1 r running - -'),
    (61, pg_temp.run('success', 60.9 - 7 * 1440), 'of one that has ended', '- 60.0 65.0, - 60.0 65.0; w1 r success - -')
) AS v (p_minute, change, what, want);
-- What is expected after a run at a minute; without one nothing changes, nor for others.
CREATE FUNCTION pg_temp.next_after(p_minute float8, p_signals boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE health.job_expectations SET last_run_at = at(60 * p_minute), uses_signals = p_signals;
    PERFORM health_internal.expect_next('{w1}');
    RAISE EXCEPTION SQLSTATE 'ZZ000' USING MESSAGE = (SELECT string_agg(concat_ws(' ', pg_temp.minute(previous_at), pg_temp.minute(counts_from), pg_temp.minute(expected_at), pg_temp.minute(late_at), pg_temp.minute(check_at), pg_temp.minute(missed_at), pg_temp.minute(following_at)), ', ' ORDER BY agent_id) FROM health.job_expectations);
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END $$;
SELECT is(pg_temp.next_after(m), want || ', 0.0 59.0 60.0 65.0 65.0 70.0 120.0', 'after a run at ' || m) FROM (VALUES
    (58.9, '0.0 59.0 60.0 65.0 65.0 70.0 120.0'), (59, '60.0 119.0 120.0 125.0 125.0 130.0 180.0'), (118.9, '60.0 119.0 120.0 125.0 125.0 130.0 180.0'), (119, '120.0 179.0 180.0 185.0 185.0 190.0 240.0'), (300, '300.0 359.0 360.0 365.0 365.0 370.0 420.0')
) AS v (m, want);
SELECT is(pg_temp.next_after(59, true), '60.0 119.0 120.0 125.0 130.0 130.0 180.0, 0.0 59.0 60.0 65.0 65.0 70.0 120.0', 'a job that signals is not looked at before it is missed');
SELECT health_internal.watch_jobs(at(4200));
SELECT rows_are($$ SELECT agent_id, pg_temp.minute(late_at) FROM health.job_expectations ORDER BY 1 $$, $$ VALUES ('w1', '125.0'), ('w2', '125.0') $$, 'after a missed run the next is late after half the grace');
SELECT beat('w1', 4300); SELECT tick(4301);
SELECT rows_are($$ SELECT agent_id, rule FROM health.rule_findings WHERE agent_id ~ '^w' $$, $$ VALUES ('w2', 'job_missed') $$, 'what a beat made good is found no more');
-- What is old goes.
DELETE FROM health.job_runs;
INSERT INTO health.job_runs (agent_id, run_id, started_at, finished_at, outcome, missed_at, expected_at)
SELECT 'w1', v.* FROM (VALUES
    ('ended', at(-1), at(0), 'success', NULL, NULL), ('ended later', at(-1), at(0.1), 'fail', NULL, NULL), ('goes on', at(0), NULL, 'running', NULL, NULL), ('for long', at(0), NULL, 'overdue', NULL, at(0)),
    ('missed', NULL, NULL, 'missed', at(0), at(-600)), ('missed later', NULL, NULL, 'missed', at(0.1), at(-600)), ('unknown', NULL, NULL, 'unknown', NULL, at(0)), ('unknown later', NULL, NULL, 'unknown', NULL, at(0.1)), ('missed now', NULL, NULL, 'missed', at(0), at(-600))
) AS v (run_id, started_at, finished_at, outcome, missed_at, expected_at);
UPDATE health.job_expectations SET missed_run_id = (SELECT job_run_id FROM health.job_runs WHERE run_id = 'missed now') WHERE agent_id = 'w1';
DELETE FROM health_internal.job_signals;
INSERT INTO health.agent_heartbeats (agent_id, signal, run_id, received_at) VALUES ('w1', 'start', 'old', at(90 * 86400 + 0.05 - 3601)), ('w1', 'start', 'new', at(90 * 86400 + 0.05 - 3599));
SELECT health_internal.sweep_jobs(at(90 * 86400 + 0.05));
SELECT rows_are($$ SELECT run_id FROM health_internal.job_signals ORDER BY 1 $$, $$ VALUES ('new'), ('old') $$, 'signals that no tick has read stay');
UPDATE health_internal.engine SET folded_until = pg_current_snapshot();
UPDATE health_internal.job_signals SET txid = '3';
SELECT health_internal.sweep_jobs(at(90 * 86400 + 0.05));
SELECT rows_are($$ SELECT run_id FROM health_internal.job_signals $$, $$ VALUES ('new') $$, 'the others for an hour');
SELECT rows_are($$ SELECT run_id FROM health.job_runs ORDER BY 1 $$, $$ VALUES ('ended later'), ('for long'), ('goes on'), ('missed later'), ('missed now'), ('unknown later') $$, 'runs that ended go after 90 days');

SELECT * FROM finish();
ROLLBACK;
