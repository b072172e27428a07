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
