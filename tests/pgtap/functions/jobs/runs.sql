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

SELECT * FROM finish();
ROLLBACK;
