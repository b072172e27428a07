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
SELECT rows_are($$ SELECT expected_at AT TIME ZONE 'UTC' FROM health_internal.expect_run('0 * * * *', 'UTC', '2031-05-06 09:59:30+00', false) $$, $$ VALUES ('2031-05-06 10:00:00'::timestamp) $$, 'to who has not run a minute early is before it');
SELECT rows_are($$ SELECT health_internal.run_counts_from(at(0), at(s)) FROM unnest('{60,120,180}'::int []) AS s $$, $$ VALUES (at(30)), (at(60)), (at(120)) $$, 'a minute, or half');

-- Jobs side by side: x and y on schedules, i with an interval, s that signals; each is taken over when it is asked for.
SELECT health.register_agent(name, p_expected_interval => '10 seconds') FROM unnest('{x,y,i,s}'::text []) AS name;
SELECT health.set_schedule('i', NULL, p_max_run_time => '1 minute');
SELECT is((SELECT expected_interval FROM health.agents WHERE agent_id = 'i'), '10 seconds'::interval, 'without a schedule the interval stays');
SELECT health.set_schedule(name, '0 12 * * *', 'UTC', '10 minutes', '1 hour') FROM unnest('{x,y}'::text []) AS name;
CREATE FUNCTION pg_temp.jobs() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', agent_id, schedule, grace, max_run_time, to_char(expected_at AT TIME ZONE 'UTC', 'DD HH24:MI'), to_char(late_at AT TIME ZONE 'UTC', 'HH24:MI'), to_char(check_at AT TIME ZONE 'UTC', 'HH24:MI'), CASE WHEN missed_run_id IS NOT NULL THEN 'missed' END), ', ' ORDER BY agent_id) FROM health.job_expectations
$$;
SELECT health_internal.configure_jobs(at(0), '{x,i}');
SELECT is(pg_temp.jobs(), 'x 0 12 * * * 00:10:00 01:00:00 06 12:00 12:05 12:05', 'who is on a schedule is expected');
SELECT health_internal.configure_jobs(at(0), '{y,s}');
INSERT INTO health.job_expectations (agent_id, time_zone, grace, uses_signals) VALUES ('s', 'UTC', '0', true);
INSERT INTO health.job_runs (agent_id, run_id, started_at, outcome, overdue_at) SELECT v.agent_id, v.run_id, at(v.s), v.outcome, at(v.o) FROM (VALUES
    ('x', 'short', 9000, 'running', 12600), ('x', 'long', 0, 'overdue', 3600), ('x', 'ended', 0, 'success', 3600), ('y', 'y', 0, 'overdue', 3600), ('s', 's', 0, 'running', NULL)) AS v (agent_id, run_id, s, outcome, o);
INSERT INTO health.job_runs (agent_id, outcome, expected_at, missed_at) SELECT name, 'missed', at(0), at(600) FROM unnest('{x,y}'::text []) AS name;
UPDATE health.job_expectations AS j SET missed_run_id = r.job_run_id FROM health.job_runs AS r WHERE r.agent_id = j.agent_id AND r.outcome = 'missed';
SELECT health.set_schedule(name, '0 12 * * *', 'UTC', '20 minutes', '2 hours') FROM unnest('{x,y}'::text []) AS name;
SELECT health.set_schedule('s', NULL, p_max_run_time => '1 minute');
SELECT health_internal.configure_jobs(at(7200), '{x}');
SELECT is(pg_temp.jobs(), 's 00:00:00, x 0 12 * * * 00:20:00 02:00:00 06 12:00 12:10 12:10 missed, y 0 12 * * * 00:10:00 01:00:00 06 12:00 12:05 12:05 missed', 'another grace or time changes what is expected in nothing else, and of nobody else');
SELECT rows_are($$ SELECT agent_id, run_id, outcome, date_part('epoch', overdue_at - at(0)) FROM health.job_runs WHERE outcome <> 'missed' ORDER BY 1, 2 $$,
    $$ VALUES ('s', 's', 'running', NULL), ('x', 'ended', 'success', 3600), ('x', 'long', 'overdue', 7200), ('x', 'short', 'running', 16200), ('y', 'y', 'overdue', 3600) $$, 'runs under way may take that long');
SELECT health.set_schedule('x', '0 13 * * *', 'UTC', '20 minutes', '2 hours 1 second');
SELECT health_internal.configure_jobs(at(7200), '{x,s}');
SELECT is(pg_temp.jobs(), 's 00:05:00 00:01:00, x 0 13 * * * 00:20:00 02:00:01 06 13:00 13:10 13:10, y 0 12 * * * 00:10:00 01:00:00 06 12:00 12:05 12:05 missed', 'another schedule forgets what was missed');
SELECT is_empty($$ SELECT agent_id FROM health.job_expectations WHERE schedule_problem IS NOT NULL $$, 'to have no schedule is no problem of it');
SELECT rows_are($$ SELECT agent_id, run_id, outcome FROM health.job_runs WHERE run_id IN ('s', 'long') ORDER BY 1 $$, $$ VALUES ('s', 's', 'overdue'), ('x', 'long', 'running') $$, 'what is no longer, or now, too long');
UPDATE health.job_expectations SET check_at = at(1) WHERE agent_id = 'x';
SELECT health_internal.configure_jobs(at(7300), '{x}');
SELECT is((SELECT check_at FROM health.job_expectations WHERE agent_id = 'x'), at(1), 'where nothing has changed nothing is planned anew');
SELECT health.set_schedule('x', '0 9 * * *');
SELECT health_internal.configure_jobs(at(7170), '{x}');
SELECT is((SELECT expected_at FROM health.job_expectations WHERE agent_id = 'x'), at(7200), 'the first run of a new schedule is the next');
SELECT health.set_schedule(name, NULL) FROM unnest('{x,y,s}'::text []) AS name;
SELECT health_internal.configure_jobs(at(7400), '{x,s}');
SELECT is(pg_temp.jobs(), 's 00:05:00, y 0 12 * * * 00:10:00 01:00:00 06 12:00 12:05 12:05 missed', 'a job without a schedule is expected no more, and known while it signals');
DELETE FROM health.agents WHERE agent_id = 's';
SELECT health_internal.configure_jobs(at(7500), '{s}');
SELECT is(pg_temp.jobs(), 'y 0 12 * * * 00:10:00 01:00:00 06 12:00 12:05 12:05 missed', 'nor one that was removed');

SELECT * FROM finish();
ROLLBACK;
