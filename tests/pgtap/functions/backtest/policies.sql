-- Policies that are not in force: changes, and names for them.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.changed_policy,
        health_internal.check_policy_changes,
        health_internal.named_policy
    }',
    $$
    VALUES
    ('health_internal.changed_policy(health.policies,jsonb)', 'f', 'sql', 's', false, ''),
    ('health_internal.check_policy_changes(jsonb)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.named_policy(text)', 'f', 'plpgsql', 's', false, '')
    $$
);

SELECT lives_ok($$ SELECT health_internal.check_policy_changes('{}') $$, 'no change is a change');
SELECT lives_ok($$ SELECT health_internal.check_policy_changes('{"critical_below": 55, "policy_class": "standard"}') $$, 'so is one of a class');
SELECT throws_ok($$ SELECT health_internal.check_policy_changes('[]') $$, 'BT002', 'a policy is given as a JSON object of changes, not as []', 'a list is none');
SELECT throws_ok('SELECT health_internal.check_policy_changes(NULL)', 'BT002', NULL, 'nor is NULL');
SELECT throws_ok($$ SELECT health_internal.check_policy_changes('{"critical": 55, "version": 3}') $$, 'BT002', 'a policy has no setting "critical, version"', 'unknown settings are named');
SELECT throws_ok($$ SELECT health_internal.check_policy_changes('{"policy_class": "none"}') $$, 'BT002', 'there is no policy class "none"', 'so are unknown classes');
SELECT throws_ok($$ SELECT health_internal.check_policy_changes('{"critical_below": 155}') $$, '23514', NULL, 'values must fit');
SELECT throws_ok($$ SELECT health_internal.check_policy_changes('{"critical_below": "much"}') $$, '22P02', NULL, 'and be of their type');
SELECT is((SELECT count(*) FROM health.policies), 1::bigint, 'the trial leaves no policy');
SELECT health.set_policy('batch', '{}');
SELECT rows_are($$ SELECT c.policy_class, c.critical_below FROM health.current_policies AS p CROSS JOIN LATERAL health_internal.changed_policy(ROW(p.*)::health.policies, '{"policy_class": "batch", "critical_below": 50}') AS c ORDER BY 1 $$,
    $$ VALUES ('batch', 50), ('standard', 60) $$, 'changes for a class are for that class');
SELECT rows_are($$ SELECT c.critical_below FROM health.current_policies AS p CROSS JOIN LATERAL health_internal.changed_policy(ROW(p.*)::health.policies, '{"critical_below": 50}') AS c $$,
    $$ VALUES (50), (50) $$, 'else for all');
SELECT is(health_internal.named_policy('live'), '{}', 'live is no change');
SELECT is(health_internal.named_policy(' {"critical_below": 50}'), '{"critical_below": 50}', 'JSON is what it says');
SELECT throws_ok($$ SELECT health_internal.named_policy('strict') $$, 'BT002', 'policy "strict" is not known', 'a name must be known');
SELECT throws_ok($$ SELECT health_internal.named_policy('{"a"') $$, 'BT002', NULL, 'JSON must be JSON');
SELECT health.add_shadow_policy('strict', '{"critical_below": 70}'), health.end_shadow_policy('strict'), health.add_shadow_policy('strict', '{"critical_below": 71}');
SELECT is(health_internal.named_policy('strict'), '{"critical_below": 71}', 'a shadow policy lends its name, the one at work first');
SELECT health.end_shadow_policy('strict');
SELECT is(health_internal.named_policy('strict'), '{"critical_below": 71}', 'and after it has ended');

SELECT * FROM finish();
ROLLBACK;
