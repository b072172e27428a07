-- Jobs: deadlines pass.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.expect_next,
        health_internal.sweep_jobs,
        health_internal.watch_jobs
    }',
    $$
    VALUES
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

SELECT * FROM finish();
ROLLBACK;
