-- Act: what is open agrees with what holds.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.act_on_alerts,
        health_internal.wanted_alerts
    }',
    $$
    VALUES
    ('health_internal.act_on_alerts(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.wanted_alerts()', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', E'Agent one', '5 s');
SELECT beat('a1', 0); SELECT beat('a1', 5);
SELECT is(tick(6), 0::bigint, 'all is well');
SELECT beat('a1', 7, 'failed');
SELECT is(tick(7), 1::bigint, 'a state failed opens its alert');
SELECT is(tick(8), 0::bigint, 'once');
SELECT beat('a1', 9, 'failed');
SELECT is(tick(9), 0::bigint, 'also with further evidence');
SELECT rows_are($$ SELECT rule, severity FROM health.open_alerts $$, $$ VALUES ('failed', 'critical') $$, 'with its severity');
SELECT rows_are($$ SELECT channel, event, severity, state, agent_ids FROM health.deliveries $$,
    $$ VALUES ('console', 'opened', 'critical', 'pending', ARRAY['a1']) $$, 'one message');
SELECT beat('a1', 10); SELECT beat('a1', 15);
SELECT tick(16);
SELECT is_empty($$ SELECT * FROM health.open_alerts $$, 'a recovered agent has no open alert');
SELECT is((SELECT count(*) FROM health.incidents WHERE resolved_at = at(16)), 1::bigint, 'its incident is over');
SELECT rows_are($$ SELECT event, reason FROM health.alert_history ORDER BY alert_event_id $$,
    $$ VALUES ('opened', NULL), ('queued', 'opened'), ('resolved', 'the condition no longer holds'), ('queued', 'resolved') $$, 'all of it is on record');
SELECT tick(1000);
SELECT ok(EXISTS (SELECT FROM health.open_alerts WHERE rule = 'unresponsive'), 'silence opens unresponsive');
SELECT is((SELECT onset_at FROM health.incidents WHERE resolved_at IS NULL), at(15), 'whose onset is the last heartbeat');
SELECT is((SELECT count(*) FROM health.incidents), 2::bigint, 'in an incident of its own');
SELECT lives_ok($$ UPDATE health.alert_rules SET is_enabled = false WHERE rule = 'failed' $$, 'a rule may be disabled');
SELECT beat('quiet', 3001, 'failed');
SELECT tick(3002);
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE agent_id = 'quiet' AND rule = 'failed' $$, 'and then opens nothing');
SELECT lives_ok($$ UPDATE health.alert_rules SET is_enabled = true WHERE rule = 'failed' $$, 'enabled');
SELECT is(tick(3003) >= 1, true, 'what holds opens at the next tick');
UPDATE health.alert_rules SET is_enabled = false WHERE rule = 'failed';
SELECT tick(3004);
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE rule = 'failed' $$, 'and disabling closes it');
-- Findings of rules, about an agent and about the engine.
INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('disk_full', 'warning', 'the disk is full', true);
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, details, found_at, changed_at)
VALUES ('disk_full', 'disk', 'warning', 'the disk is full', '{"free_mb": 1}', at(3005), at(3005)), ('disk_full', NULL, 'critical', 'ours is', '{}', at(3005), at(3005));
SELECT is(tick(3006), 2::bigint, 'a finding opens an alert');
SELECT rows_are($$ SELECT agent_id, severity, summary, details FROM health.open_alerts WHERE rule = 'disk_full' ORDER BY 1 $$,
    $$ VALUES ('disk', 'warning', 'the disk is full', '{"free_mb": 1}'::jsonb), (NULL, 'critical', 'ours is', '{}') $$, 'as it says');
UPDATE health.rule_findings SET severity = 'emergency', summary = 'worse' WHERE agent_id = 'disk';
SELECT tick(3007);
SELECT rows_are($$ SELECT severity, summary FROM health.open_alerts WHERE agent_id = 'disk' $$, $$ VALUES ('emergency', 'worse') $$, 'a finding may rise');
SELECT rows_are($$ SELECT event, severity FROM health.deliveries WHERE created_at = at(3007) $$, $$ VALUES ('escalated', 'emergency') $$, 'which is told');
DELETE FROM health.rule_findings;
SELECT tick(3008);
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE rule = 'disk_full' $$, 'when the finding is gone the alert is closed');
-- Revenue at risk.
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) VALUES ('shop', 'shop', '5 s', 1000), ('bank', 'bank', '5 s', 1001);
UPDATE health.alert_rules SET is_enabled = true WHERE rule = 'failed';
SELECT beat(a, 4000, 'failed') FROM unnest('{shop,bank}'::text []) AS a;
SELECT tick(4001);
SELECT rows_are($$ SELECT agent_id, summary FROM health.open_alerts WHERE rule = 'business_impact' $$, $$ VALUES ('bank', 'revenue is at risk: $1001 per hour') $$,
    'more than $1,000 an hour is a matter of its own');
SELECT beat('bank', s) FROM unnest('{4002,4007}'::float8 []) AS s;
SELECT tick(4008);
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE agent_id = 'bank' $$, 'until the agent is back');
-- A healthy agent that says what it loses.
CREATE FUNCTION pg_temp.loses(p_seconds float8, p_usd float8) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health.agent_heartbeats (agent_id, received_at, revenue_impact_usd) VALUES ('till', at(p_seconds), p_usd);
    PERFORM health.tick(at(p_seconds), true);
    RETURN (SELECT string_agg(rule || ': ' || summary, ', ') FROM health.open_alerts WHERE agent_id = 'till');
END $$;
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) VALUES ('till', 'till', '10 s', 300);
SELECT health.set_channel('executives', 'webhook', 'critical', p_is_default => false);
SELECT is(pg_temp.loses(5000, -900), NULL, 'a loss below the threshold');
SELECT is(pg_temp.loses(5010, -5000), NULL, 'one spike is nobody''s concern');
SELECT is(pg_temp.loses(5020, 0), NULL, 'when it is over');
SELECT is(pg_temp.loses(5030, -2500), 'business_impact: revenue is at risk: it loses $2500 per hour', 'two of the last three are');
SELECT rows_are($$ SELECT liveness, status, issue_type FROM health.agent_status WHERE agent_id = 'till' $$, $$ VALUES ('alive', 'good', NULL) $$, 'of an agent that is well, and is not restarted');
SELECT is(pg_temp.loses(5040, 0), 'business_impact: revenue is at risk: it loses $2500 per hour', 'one good beat ends nothing');
SELECT is(pg_temp.loses(5050, -960), 'business_impact: revenue is at risk: it loses $2500 per hour', 'nor does a little less');
SELECT is(pg_temp.loses(5060, -940), 'business_impact: revenue is at risk: it loses $2500 per hour', 'nor once');
SELECT is(pg_temp.loses(5070, -940), NULL, 'twice does');
SELECT rows_are($$ SELECT channel, event, severity, details -> 'revenue_usd_per_hour' FROM health.deliveries WHERE agent_ids = '{till}' ORDER BY created_at, channel $$,
    $$ VALUES ('console', 'opened', 'critical', '2500'::jsonb), ('executives', 'opened', 'critical', '2500'), ('console', 'resolved', 'critical', '2500'), ('executives', 'resolved', 'critical', '2500') $$, 'executives hear of it with the first page, and of its end');
-- In an incident that was told already the loss reaches them when it begins.
SELECT is(pg_temp.loses(5080, 0), NULL, 'well again');
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('disk_full', 'till', 'critical', 'the disk is full', at(5090), at(5090));
SELECT is(pg_temp.loses(5090, 0), 'disk_full: the disk is full', 'critical trouble of an agent that earns little');
SELECT pg_temp.loses(5100, -800);
SELECT is((SELECT summary FROM health.open_alerts WHERE agent_id = 'till' AND rule = 'business_impact'), 'revenue is at risk: $1100 per hour', 'that also loses is a risk of both');
SELECT rows_are($$ SELECT channel, event, step FROM health.deliveries WHERE agent_ids = '{till}' AND created_at >= at(5090) ORDER BY delivery_id $$,
    $$ VALUES ('console', 'opened', 0), ('executives', 'escalated', 1) $$, 'of which executives hear');
DELETE FROM health.rule_findings;
SELECT is(pg_temp.loses(5110, 0), NULL, 'the end');

SELECT * FROM finish();
ROLLBACK;
