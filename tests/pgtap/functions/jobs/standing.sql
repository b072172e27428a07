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

SELECT * FROM finish();
ROLLBACK;
