-- Jobs: what is found about them.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.job_standing,
        health_internal.refresh_jobs
    }',
    $$
    VALUES
    ('health_internal.job_standing(text)', 'f', 'sql', 's', false, ''),
    ('health_internal.refresh_jobs(timestamp with time zone,text[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.register_agent('job');
SELECT health.set_schedule('job', '0 8 * * *', 'UTC', '10 minutes', '1 hour');
SELECT tick(0);
SELECT is(health_internal.job_standing('job'), NULL, 'nothing is wrong with a job before its first run');
SELECT is(health_internal.job_standing('nobody'), NULL, 'nor with what is no job');
SELECT tick(4200);
SELECT is(health_internal.job_standing('job'), 'missed', 'a run that did not come');
SELECT rows_are($$ SELECT rule, severity, summary, details ->> 'schedule' FROM health.rule_findings $$,
    $$ VALUES ('job_missed', 'critical', 'its run expected at 2031-05-06 08:00 UTC did not come', '0 8 * * *') $$, 'is found');
-- Runs as they might stand: what is found follows them.
CREATE FUNCTION pg_temp.after(p_outcome text, p_seconds float8, p_is_overdue boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
    UPDATE health.job_expectations SET missed_run_id = NULL;
    DELETE FROM health.job_runs;
    INSERT INTO health.job_runs (agent_id, run_id, started_at, finished_at, outcome, overdue_at, last_signal_at)
    SELECT 'job', 'r', at(p_seconds), CASE WHEN p_outcome IN ('success', 'fail') THEN at(p_seconds + 60) END, p_outcome, at(p_seconds + 3600), at(p_seconds);
    SELECT health_internal.refresh_jobs(at(p_seconds + 60), '{job}');
    SELECT concat_ws(': ', health_internal.job_standing('job'), string_agg(f.rule || ' ' || f.summary, ', ')) FROM health.rule_findings AS f
$$;
SELECT is(pg_temp.after('fail', 5000), 'failed: job_failed its last run failed', 'a run that failed');
SELECT is(pg_temp.after('overdue', 5000), 'overdue: job_overdue its run of 2031-05-06 08:23 UTC takes longer than 01:00:00', 'one that takes too long');
SELECT is(pg_temp.after('success', 5000), '', 'one that succeeded makes all good');
SELECT is((SELECT last_success_at FROM health.job_expectations), at(5060), 'and is remembered');
UPDATE health.job_expectations SET schedule_problem = 'no such zone';
SELECT is(pg_temp.after('success', 6000), 'schedule_unreadable its schedule cannot be read: no such zone', 'a schedule that cannot be read is found');

-- Jobs side by side: of each the last that ended, of equals the one that was written last, and the oldest that takes too long.
UPDATE health.job_expectations SET schedule_problem = NULL;
SELECT health.register_agent(name) FROM unnest('{silent,two,unplanned}'::text []) AS name;
SELECT health.set_schedule(name, '0 8 * * *', 'UTC', '10 minutes', '1 hour') FROM unnest('{silent,two}'::text []) AS name;
SELECT beat(name, 6900) FROM unnest('{job,two,unplanned}'::text []) AS name;
SELECT tick(7000);
DELETE FROM health.job_runs;
DELETE FROM health.rule_findings;
UPDATE health.job_expectations SET missed_run_id = NULL;
INSERT INTO health.job_expectations (agent_id, time_zone, grace, uses_signals) VALUES ('unplanned', 'UTC', '0', true);
INSERT INTO health.job_runs (agent_id, run_id, started_at, finished_at, outcome, overdue_at) SELECT v.agent_id, v.run_id, at(v.s), at(v.f), v.outcome, at(v.o) FROM (VALUES
    ('job', 'f3', 1, 300, 'fail', NULL), ('job', 's1', 1, 100, 'success', NULL), ('job', 's0', 1, 90, 'success', NULL), ('job', 'f1', 1, 200, 'fail', NULL), ('job', 'f2', 1, 300, 'fail', NULL), ('job', 'lost', 1, 900, 'lost', NULL),
    ('job', 'o2', 410, NULL, 'overdue', 500), ('job', 'o1', 400, NULL, 'overdue', 460), ('job', 'r1', 390, NULL, 'running', 600),
    ('two', 'f', 1, 400, 'fail', NULL), ('two', 's', 1, 500, 'success', NULL), ('two', 'r', 501, NULL, 'running', NULL), ('unplanned', 'o', 350, NULL, 'overdue', 360)
) AS v (agent_id, run_id, s, f, outcome, o);
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) SELECT rule, 'two', 'warning', 'before', at(0), at(0) FROM unnest('{job_failed,forgotten_mute}'::text []) AS rule;
CREATE FUNCTION pg_temp.looked_for() RETURNS boolean LANGUAGE sql AS $$
    UPDATE health_internal.engine AS e SET due_from = at(0) FROM health_internal.engine AS was RETURNING was.due_from = '-infinity'
$$;
SELECT pg_temp.looked_for() IS NULL AS is_null;
SELECT health_internal.refresh_jobs(at(7100), '{unplanned}');
SELECT rows_are($$ SELECT agent_id, rule, summary FROM health.rule_findings ORDER BY 1, 2 $$,
    $$ VALUES ('two', 'forgotten_mute', 'before'), ('two', 'job_failed', 'before'), ('unplanned', 'job_overdue', 'its run of 2031-05-06 07:05 UTC takes longer than 00:00:10') $$, 'nothing is found about others than those asked for');
SELECT rows_are($$ SELECT agent_id, open_run_count FROM health.job_expectations ORDER BY 1 $$, $$ VALUES ('job', 0), ('silent', 0), ('two', 0), ('unplanned', 1) $$, 'nor is anything said of them');
SELECT is(pg_temp.looked_for(), false, 'whom no schedule expects is not judged for it');
SELECT health_internal.refresh_jobs(at(7101), '{job,two,silent}');
SELECT rows_are($$ SELECT agent_id, last_outcome, last_outcome_at, last_success_at, open_run_count, is_overdue FROM health.job_expectations WHERE agent_id <> 'unplanned' ORDER BY 1 $$,
    $$ VALUES ('job', 'fail', at(300), at(100), 3, true), ('silent', NULL, NULL, NULL, 0, false), ('two', 'success', at(500), at(500), 1, false) $$, 'what runs came to');
SELECT rows_are($$ SELECT agent_id, rule, details ->> 'run_id', details ->> 'max_run_time_seconds', changed_at FROM health.rule_findings WHERE agent_id <> 'unplanned' ORDER BY 1, 2 $$,
    $$ VALUES ('job', 'job_failed', 'f2', NULL, at(7101)), ('job', 'job_overdue', 'o1', '60', at(7101)), ('two', 'forgotten_mute', NULL, NULL, at(0)) $$, 'what is found of each; what others found stays');
SELECT is(health_internal.job_standing(name), want, name) FROM (VALUES ('job', 'overdue'), ('two', NULL), ('unplanned', 'overdue')) AS v (name, want);
SELECT rows_are($$ SELECT agent_id, next_due_at = at(7101) FROM health.agent_status WHERE agent_id IN ('job', 'silent', 'two', 'unplanned') ORDER BY 1 $$,
    $$ VALUES ('job', true), ('silent', false), ('two', true), ('unplanned', false) $$, 'those on a schedule who were heard are judged anew');
SELECT is(pg_temp.looked_for(), true, 'by the next tick');
SELECT health_internal.refresh_jobs(at(7102), '{job}');
SELECT is((SELECT max(changed_at) FROM health.rule_findings), at(7101), 'what is found again has not changed');
UPDATE health.job_runs SET outcome = 'success', finished_at = at(7103) WHERE run_id = 'o1';
SELECT health_internal.refresh_jobs(at(7103), '{job}');
SELECT rows_are($$ SELECT agent_id, rule, details ->> 'run_id', found_at, changed_at FROM health.rule_findings WHERE rule ~ '^job' ORDER BY 1, 2 $$,
    $$ VALUES ('job', 'job_overdue', 'o2', at(7101), at(7103)), ('unplanned', 'job_overdue', 'o', at(7100), at(7100)) $$, 'what differs has, and what is over is gone');

-- What is known of others is not found by the way; of runs that ended together the last one written counts; long texts are cut.
SELECT health.register_agent('tie'); SELECT health.set_schedule('tie', '0 8 * * *');
SELECT tick(7110);
INSERT INTO health.job_runs (agent_id, run_id, started_at, finished_at, outcome) SELECT 'tie', 't' || n, at(n), at(10), CASE n WHEN 2 THEN 'fail' ELSE 'success' END FROM generate_series(1, 2) AS n;
UPDATE health.job_expectations SET missed_run_id = (SELECT max(job_run_id) FROM health.job_runs) WHERE agent_id = 'silent';
UPDATE health.job_expectations SET schedule_problem = repeat('z', 501), missed_run_id = NULL WHERE agent_id = 'tie';
DELETE FROM health.rule_findings WHERE agent_id IN ('silent', 'tie');
SELECT health_internal.refresh_jobs(at(7111), '{tie}');
SELECT rows_are($$ SELECT agent_id, rule, length(summary) FROM health.rule_findings WHERE agent_id IN ('silent', 'tie') ORDER BY 2 $$, $$ VALUES ('tie', 'job_failed', 19), ('tie', 'schedule_unreadable', 500) $$, 'of this one');

SELECT * FROM finish();
ROLLBACK;
