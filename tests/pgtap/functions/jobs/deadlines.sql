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

SELECT * FROM finish();
ROLLBACK;
