-- Roll-ups made anew where what is learnt later reaches back.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.correct_rollups}',
    $$
    VALUES
    ('health_internal.correct_rollups(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT business_history();
UPDATE health_internal.partitions SET is_history = true;
SELECT cmp_ok(roll_up(at(2 * 86400)), '>', 0, 'what is known is rolled up');
-- What is learnt later reaches back.
SELECT change('depot', 2 * 86400 - 60, 'unresponsive', 0, 40000);
SELECT cmp_ok(roll_up(at(2 * 86400)), '>', 0, 'a silence that is judged late');
SELECT is_empty($$ SELECT roll_up_differences() $$, 'is in the day it began');
SELECT cmp_ok((SELECT down_seconds FROM health.agent_days WHERE agent_id = 'depot' AND day_at = at(-25200)), '=', (500 + 21200)::float8, 'with all of it');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('server_restarted', at(30000), at(30100), at(30200 + 2 * 86400));
SELECT is_empty($$ SELECT roll_up_differences() WHERE roll_up(at(2 * 86400)) = 0 $$, 'so is a gap of the monitor');
SELECT cmp_ok((SELECT unknown_seconds FROM health.agent_days WHERE agent_id = 'shop' AND day_at = at(-25200)), '=', 700::float8, 'counted for everybody');
SELECT health.mark_false_positive(alert_id, 'ana') FROM health.alerts JOIN health.incidents USING (incident_id) WHERE onset_at = at(5000);
SELECT is(roll_up(at(2 * 86400)), 1, 'and a false positive');
SELECT is((SELECT degraded_seconds FROM health.agent_days WHERE agent_id = 'shop' AND day_at = at(-25200)), 0::float8, 'which was no loss');
SELECT is_empty($$ SELECT roll_up_differences() $$, 'all in all the same');

SELECT * FROM finish();
ROLLBACK;
