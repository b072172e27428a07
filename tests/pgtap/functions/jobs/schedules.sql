-- Jobs: schedules, and what they expect.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.set_schedule,
        health_internal.configure_jobs,
        health_internal.expect_run,
        health_internal.run_counts_from
    }',
    $$
    VALUES
    ('health.set_schedule(text,text,text,interval,interval)', 'f', 'plpgsql', 'v', false, 'health_admin, health_agent'),
    ('health_internal.configure_jobs(timestamp with time zone,text[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.expect_run(text,text,timestamp with time zone,boolean)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.run_counts_from(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT throws_ok($$ SELECT health.set_schedule('nobody', '@daily') $$, 'AG001', 'agent "nobody" is not registered', 'agents are known');
SELECT health.register_agent('job', p_expected_interval => '10 seconds') IS NULL AS is_null;
SELECT throws_ok($$ SELECT health.set_schedule('job', '0 0 30 2 *') $$, 'JB001', NULL, 'schedules are checked');
SELECT throws_ok($$ SELECT health.set_schedule('job', '@daily', 'Mars/Olympus') $$, 'JB002', 'there is no time zone "Mars/Olympus"', 'so are time zones');
SELECT throws_ok($$ SELECT health.set_schedule('job', '@daily', p_max_run_time => '0') $$, '23514', NULL, 'and times');
SELECT throws_ok($$ UPDATE health.agents SET schedule = '@daily' $$, '23514', NULL, 'an interval or a schedule');
SELECT lives_ok($$ SELECT health.set_schedule('job', '0 12 * * *', 'Europe/Berlin', '10 minutes', '1 hour') $$, 'a schedule is set');
SELECT is((SELECT expected_interval FROM health.agents WHERE agent_id = 'job'), NULL, 'in place of the interval');
SELECT is((health.tick('2031-05-06 07:00:00+00', true)).is_busy, false, 'ticked');
SELECT rows_are($$ SELECT expected_at AT TIME ZONE 'UTC', counts_from AT TIME ZONE 'UTC', late_at AT TIME ZONE 'UTC', missed_at AT TIME ZONE 'UTC', uses_signals FROM health.job_expectations $$,
    $$ VALUES ('2031-05-06 10:00:00'::timestamp, '2031-05-06 09:59:00'::timestamp, '2031-05-06 10:05:00'::timestamp, '2031-05-06 10:10:00'::timestamp, false) $$, 'the next run is expected');
SELECT rows_are($$ SELECT a, to_char(e.answered_at AT TIME ZONE 'UTC', 'HH24:MI'), to_char(e.expected_at AT TIME ZONE 'UTC', 'HH24:MI'), e.problem
    FROM unnest('{2031-05-06 09:58:59+00,2031-05-06 09:59:00+00,2031-05-06 10:30:00+00}'::timestamptz []) AS a
    CROSS JOIN LATERAL health_internal.expect_run('0 * * * *', 'UTC', a, true) AS e $$,
    $$ VALUES ('2031-05-06 09:58:59+00'::timestamptz, '09:00'::text, '10:00'::text, NULL::text), ('2031-05-06 09:59:00+00', '10:00', '11:00', NULL), ('2031-05-06 10:30:00+00', '10:00', '11:00', NULL) $$,
    'a minute early answers the next');
SELECT is((health_internal.expect_run('* * * * *', 'UTC', '2031-05-06 09:59:29+00', true)).answered_at, '2031-05-06 09:59:00+00'::timestamptz, 'or half the time between two runs');
SELECT ok((health_internal.expect_run('0 * * * *', 'Mars/Olympus', '2031-05-06 09:59:29+00', true)).problem LIKE '%Mars/Olympus%', 'a problem is told, not raised');
SELECT is((health.tick('2031-05-06 10:10:00+00', true)).is_busy, false, 'later');
SELECT rows_are($$ SELECT rule, severity, summary FROM health.rule_findings $$,
    $$ VALUES ('job_missed', 'critical', 'its run expected at 2031-05-06 12:00 Europe/Berlin did not come') $$, 'in the job''s own time zone');
SELECT lives_ok($$ SELECT health.set_schedule('job', NULL) $$, 'a schedule is taken away');
SELECT is((health.tick('2031-05-06 10:11:00+00', true)).is_busy, false, 'ticked');
SELECT is_empty($$ SELECT * FROM health.job_expectations $$, 'and nothing is expected');
SELECT is_empty($$ SELECT * FROM health.rule_findings $$, 'or found');

SELECT * FROM finish();
ROLLBACK;
