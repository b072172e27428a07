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

-- A step is for trouble of its severity: not for less; and at once for what grew to it after its delay.
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
UPDATE health.settings SET group_burst = 1000;
INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('odd', 'warning', 'odd', true);
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('till', 'till', '1 day'), ('safe', 'safe', '1 day');
SELECT health.set_escalation_policy('grave', '{"agent_id": "till"}', '[{"channel": "boss", "delay": "1 minute", "minimum_severity": "critical", "repeat_count": 1, "repeat_interval": "2 minutes"}]');
CREATE FUNCTION pg_temp.find(p_seconds float8, p_severity text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM health.rule_findings WHERE rule = 'odd';
    INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at)
    SELECT 'odd', a, p_severity, 'odd', at(p_seconds), at(p_seconds) FROM unnest('{till,safe}'::text []) AS a WHERE p_severity IS NOT NULL;
    PERFORM tick(p_seconds), deliver(p_seconds);
    RETURN (SELECT string_agg(concat_ws(' ', agent_ids[1], channel, event), ', ' ORDER BY agent_ids, channel) FROM health.deliveries WHERE created_at = at(p_seconds));
END $$;
SELECT beat(a, 0) FROM unnest('{till,safe}'::text []) AS a; SELECT tick(1);
SELECT is(pg_temp.find(10, 'warning'), 'safe console opened, till console opened', 'a warning');
SELECT is(pg_temp.find(75, 'warning'), NULL, 'its minute is over: of a warning the boss hears nothing');
UPDATE health.settings SET repeat_interval = '75 s'; UPDATE health.incidents SET next_check_at = '-infinity';
SELECT is(pg_temp.find(90, 'warning'), 'safe console reminder, till console reminder', 'nor when others are reminded of it');
UPDATE health.settings SET repeat_interval = '4 hours';
SELECT is(pg_temp.find(100, 'critical'), 'safe console escalated, till boss escalated, till console escalated', 'of what has become critical at once');
SELECT is(pg_temp.find(180, 'critical'), NULL, 'once');
SELECT is(pg_temp.find(195, 'critical'), 'till boss escalated', 'and again when its repeat is due');
SELECT is(pg_temp.find(900, 'critical'), NULL, 'which is the last');
SELECT is(pg_temp.find(910, NULL), 'safe console resolved, till boss resolved, till console resolved', 'who was told hears of the end');
SELECT is(pg_temp.find(920, 'critical'), 'safe console opened, till console opened', 'trouble that is critical at once');
SELECT is(pg_temp.find(985, 'critical'), 'till boss escalated', 'is the boss''s after its minute');
-- Who took it stickily keeps it when it grows; else it is told again.
SELECT pg_temp.find(995, NULL);
SELECT is(pg_temp.find(2010, 'warning'), 'safe console opened, till console opened', 'a warning again');
SELECT health.acknowledge_alert(alert_id, 'ana', p_is_sticky => agent_id = 'till', p_now => at(2015)) FROM health.open_alerts WHERE rule = 'odd';
SELECT is(pg_temp.find(2030, 'critical'), 'safe console escalated', 'an acknowledgement ends with a rise, a sticky one does not');
SELECT is(pg_temp.find(2200, 'critical'), NULL, 'nor do its steps begin');
SELECT is(pg_temp.find(2210, NULL), 'safe console resolved, till console resolved', 'both hear of the end');

-- A new plan is looked at for what people know of.
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, told_at, is_settled, next_check_at)
SELECT v.name, 'critical', at(1), at(1), at(v.told), v.is_settled, 'infinity' FROM (VALUES ('told', 2, false), ('untold', NULL, false)) AS v (name, told, is_settled);
SELECT health.set_escalation_policy('shop', '{}', '[{"channel": "boss"}]');
SELECT rows_are($$ SELECT agent_id, next_check_at FROM health.incidents WHERE agent_id ~ 'told' ORDER BY 1 $$, $$ VALUES ('told', '-infinity'::timestamptz), ('untold', 'infinity') $$, 'open incidents follow it from the next tick on');
SELECT rows_are($$ SELECT step, channel, delay, minimum_severity, repeat_count, repeat_interval FROM health.escalation_steps WHERE escalation_policy = 'shop' $$,
    $$ VALUES (1, 'boss', interval '0', 'warning', 0, interval '1 hour') $$, 'what a step does not say is at once, from warnings on, never again');

SELECT * FROM finish();
ROLLBACK;
