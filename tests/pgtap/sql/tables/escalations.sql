-- What a plan of escalation must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.escalation_policies,health.escalation_steps}', $$ SELECT t, 'health_analyst SELECT, health_bridge SELECT' FROM unnest('{health.escalation_policies,health.escalation_steps}'::text []) AS t $$);

INSERT INTO health.escalation_policies (escalation_policy) VALUES ('shop');
INSERT INTO health.escalation_steps (escalation_policy, step, channel, delay) VALUES ('shop', 1, 'nobody yet', '0'), ('shop', 2, 'console', '31 days');
SELECT refuses('escalation_policies_pkey', $$ INSERT INTO health.escalation_policies (escalation_policy) VALUES ('shop') $$);
SELECT refuses('escalation_steps_pkey', $$ INSERT INTO health.escalation_steps (escalation_policy, step, channel, delay) VALUES ('shop', 1, 'console', '0') $$);
SELECT refuses('escalation_steps_policy_fkey', $$ INSERT INTO health.escalation_steps (escalation_policy, step, channel, delay) VALUES ('none', 1, 'console', '0') $$);
SELECT refuses(v.name, 'UPDATE health.escalation_steps SET ' || v.change || ' WHERE escalation_policy = ''shop''')
FROM (VALUES ('step_severity_is_known', 'minimum_severity = ''grave'''), ('step_delay_is_0_to_31_days', 'delay = ''-1 second'''), ('step_delay_is_0_to_31_days', 'delay = ''31 days 1 second'''),
    ('step_repeats_0_to_100_times_at_least_1_minute_apart', 'repeat_count = -1'), ('step_repeats_0_to_100_times_at_least_1_minute_apart', 'repeat_count = 101'),
    ('step_repeats_0_to_100_times_at_least_1_minute_apart', 'repeat_interval = ''59 seconds'''), ('step_repeats_0_to_100_times_at_least_1_minute_apart', 'repeat_interval = ''32 days''')) AS v (name, change);
SELECT lives_ok($$ UPDATE health.escalation_steps SET repeat_count = 100, repeat_interval = '1 minute' $$, 'the limits themselves are allowed');
DELETE FROM health.escalation_policies WHERE escalation_policy = 'shop';
SELECT is_empty($$ SELECT FROM health.escalation_steps WHERE escalation_policy = 'shop' $$, 'a plan takes its steps along');

SELECT * FROM finish();
ROLLBACK;
