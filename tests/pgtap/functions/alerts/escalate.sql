-- Escalation policies: what may be written. Their course is in notify.sql.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.set_escalation_policy
    }',
    $$
    VALUES
    ('health.set_escalation_policy(text,jsonb,jsonb,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin')
    $$
);

SELECT health.set_channel('boss', 'webhook', p_is_default => false);
SELECT lives_ok($$ SELECT health.set_escalation_policy('shop', '{"labels": {"group": "shop"}}', '[{"channel": "boss"}, {"channel": "console", "delay": "1 hour", "minimum_severity": "critical", "repeat_count": 3, "repeat_interval": "30 minutes"}]') $$, 'a plan');
SELECT rows_are($$ SELECT step, channel, delay, minimum_severity, repeat_count, repeat_interval FROM health.escalation_steps WHERE escalation_policy = 'shop' ORDER BY 1 $$,
    $$ VALUES (1, 'boss', interval '0', 'warning', 0, interval '1 hour'), (2, 'console', interval '1 hour', 'critical', 3, interval '30 minutes') $$, 'as told');
SELECT lives_ok($$ SELECT health.set_escalation_policy('shop', '{}', '[{"channel": "boss"}]', false) $$, 'it is replaced');
SELECT is((SELECT count(*) FROM health.escalation_steps WHERE escalation_policy = 'shop'), 1::bigint, 'whole');
SELECT throws_ok(format('SELECT health.set_escalation_policy(''x'', ''{}'', %L)', s), 'AL007', NULL, 'refused: ' || coalesce(s, 'NULL'))
FROM unnest(ARRAY[NULL, '[]', '{}', '[1]', '[{"channel": "nobody"}]', '[{"delay": "1 hour"}]', '[{"channel": "boss", "when": "now"}]']) AS s;
SELECT throws_ok($$ SELECT health.set_escalation_policy('x', '{"agents": 1}', '[{"channel": "boss"}]') $$, 'AL002', NULL, 'matchers are understood');
SELECT throws_ok($$ SELECT health.set_escalation_policy('x', '{}', '[{"channel": "boss", "delay": "soon"}]') $$, '22007', NULL, 'a delay is an interval');
SELECT throws_ok($$ SELECT health.set_escalation_policy('x', '{}', '[{"channel": "boss", "repeat_count": 1000}]') $$, '23514', NULL, 'nobody is told for ever');
SELECT is((SELECT count(*) FROM health.escalation_policies WHERE escalation_policy = 'executives'), 1::bigint, 'executives have a plan from the beginning');
SET LOCAL ROLE health_operator;
SELECT throws_ok($$ SELECT health.set_escalation_policy('x', '{}', '[{"channel": "boss"}]') $$, '42501', NULL, 'operators make no plans');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
