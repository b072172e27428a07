-- Alert rules of users: who may evaluate. The rest needs commits: tests/python/integration/test_rules.py.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.end_overrunning_rules,
        health.evaluate_rules,
        health.seconds_until_rules_are_due
    }',
    $$
    VALUES
    ('health.end_overrunning_rules(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health.evaluate_rules(timestamp with time zone)', 'p', 'plpgsql', 'v', false, 'health_rules'),
    ('health.seconds_until_rules_are_due()', 'f', 'sql', 's', true, 'health_admin, health_bridge')
    $$
);

SELECT is(health.seconds_until_rules_are_due(), NULL, 'without rules nothing is due');
CREATE SCHEMA ops;
CREATE VIEW ops.good AS SELECT 'a1'::text AS agent_id, 'x'::text AS summary;
GRANT USAGE ON SCHEMA ops TO health_rules;
GRANT SELECT ON ops.good TO health_rules;
SELECT lives_ok($$ SELECT health.add_alert_rule('r', 'ops.good', p_now => clock_timestamp() + interval '1 hour') $$, 'a rule');
SELECT ok(health.seconds_until_rules_are_due() BETWEEN 3000 AND 3600, 'it is due in an hour');
SELECT health.add_alert_rule('later', 'ops.good', p_now => clock_timestamp() + interval '2 hours');
SELECT ok(health.seconds_until_rules_are_due() BETWEEN 3000 AND 3600, 'the first of two');
SELECT health.remove_alert_rule('later');
-- This session is no evaluation that overruns: it lives to tell.
CREATE FUNCTION pg_temp.ended(p_pid integer, p_since timestamptz, p_after interval) RETURNS integer LANGUAGE sql AS $$
    UPDATE health.alert_rules SET evaluating_pid = p_pid, evaluating_since = p_since WHERE rule = 'r';
    SELECT health.end_overrunning_rules(p_since + p_after)
$$;
SELECT is(pg_temp.ended(pg_backend_pid(), clock_timestamp(), '10 seconds'), 0, 'what is evaluated for ten seconds only goes on');
SELECT is(pg_temp.ended(0, clock_timestamp(), '11 seconds'), 0, 'another session than the one that evaluates too');
SELECT is(pg_temp.ended(pg_backend_pid(), backend_start - interval '1 second', '11 seconds'), 0, 'one that has the number of one that is gone too') FROM pg_stat_activity WHERE pid = pg_backend_pid();
SELECT lives_ok($$ SELECT health.disable_alert_rule('r') $$, 'disabled');
SELECT is(health.seconds_until_rules_are_due(), NULL, 'it is not due');
SELECT is(health.end_overrunning_rules(), 0, 'no session hangs');
SELECT throws_ok($$ CALL health.evaluate_rules() $$, 'RU003', NULL, 'a superuser''s session evaluates nothing');
SET LOCAL ROLE health_bridge;
SELECT throws_ok($$ CALL health.evaluate_rules() $$, '42501', NULL, 'nor does a bridge''s own');
SELECT lives_ok($$ SELECT health.seconds_until_rules_are_due() $$, 'but it knows when somebody should');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
