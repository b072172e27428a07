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

-- What is at stake needs an agent that is down and earns, or one that keeps saying what it loses.
CREATE FUNCTION pg_temp.finds(p_seconds float8, p_rule text, p_agent_id text, p_severity text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at)
    VALUES (p_rule, p_agent_id, p_severity, p_rule || ' is ' || p_severity, at(p_seconds), at(p_seconds)) $$;
CREATE FUNCTION pg_temp.wanted() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', w.agent_id, w.rule, nullif(w.details, '{}')), ', ' ORDER BY w.agent_id, w.rule) FROM health_internal.wanted_alerts() AS w WHERE w.agent_id LIKE 'w%' $$;
INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('disk_slow', 'warning', 'the disk is slow', true);
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour)
SELECT 'w' || n, 'w', '10 s', usd FROM unnest('{0,0,2000,2000,1}'::float8 []) WITH ORDINALITY AS v (usd, n);
INSERT INTO health.agent_heartbeats (agent_id, received_at, state, revenue_impact_usd)
VALUES ('w1', at(6000), 'failed', -5000), ('w2', at(6000), 'running', -5000), ('w3', at(6000), 'running', -5000), ('w4', at(6000), 'running', -1), ('w5', at(6000), 'failed', -1000);
SELECT pg_temp.finds(6000, 'disk_full', 'w2', 'critical'), pg_temp.finds(6000, 'disk_full', 'w3', 'warning');
SELECT pg_temp.finds(6000, 'disk_full', 'w4', 'emergency'), pg_temp.finds(6000, 'disk_slow', 'w4', 'warning');
SELECT tick(6000);
SELECT is(pg_temp.wanted(), 'w1 failed, w2 disk_full, w3 disk_full, w4 business_impact {"revenue_usd_per_hour": 2000, "revenue_loss_usd_per_hour": 1}, w4 disk_full, w4 disk_slow, w5 business_impact {"revenue_usd_per_hour": 1, "revenue_loss_usd_per_hour": 1000}, w5 failed',
    'what it says it loses counts where it is down and earns, not beside a warning');
INSERT INTO health.agent_heartbeats (agent_id, received_at, state, revenue_impact_usd) VALUES ('w1', at(6010), 'failed', -5000), ('w3', at(6010), 'running', -5000);
SELECT tick(6010);
SELECT is(pg_temp.wanted(), 'w1 business_impact {"revenue_usd_per_hour": 0, "revenue_loss_usd_per_hour": 5000}, w1 failed, w2 disk_full, '
    'w3 business_impact {"revenue_usd_per_hour": 0, "revenue_loss_usd_per_hour": 5000}, w3 disk_full, w4 business_impact {"revenue_usd_per_hour": 2000, "revenue_loss_usd_per_hour": 1}, w4 disk_full, w4 disk_slow, w5 business_impact {"revenue_usd_per_hour": 1, "revenue_loss_usd_per_hour": 1000}, w5 failed',
    'until it is said again, whatever else is wrong');
SELECT pg_temp.finds(6010, 'business_impact', 'w2', 'critical'), pg_temp.finds(6010, 'business_impact', NULL, 'critical');
SELECT is(substring(pg_temp.wanted() FROM 'w2 business[^}]*}'), 'w2 business_impact {"revenue_usd_per_hour": 0, "revenue_loss_usd_per_hour": 5000}', 'or a rule says so of an agent');
UPDATE health.alert_rules SET is_enabled = false WHERE rule IN ('business_impact', 'disk_full');
SELECT is(pg_temp.wanted(), 'w1 failed, w4 disk_slow, w5 failed', 'a rule that is disabled wants nothing, whoever found it');
UPDATE health.alert_rules SET is_enabled = true WHERE rule IN ('business_impact', 'disk_full');
-- Nothing is compared where nothing changed.
DELETE FROM health.rule_findings;
SELECT tick(6020);
SELECT pg_temp.finds(6030, 'disk_full', 'w4', 'warning');
SELECT is(health_internal.act_on_alerts(at(6030), false), 0::bigint, 'not compared');
SELECT is(health_internal.act_on_alerts(at(6030)), 1::bigint, 'compared');
-- Several rise at once: an incident is as severe as the most severe, and no less than it was; others stay.
SELECT pg_temp.finds(6030, 'disk_slow', 'w4', 'warning'), pg_temp.finds(6030, 'disk_slow', 'w3', 'warning'), pg_temp.finds(6030, 'disk_full', 'w3', 'emergency'), pg_temp.finds(6030, 'disk_slow', 'w2', 'warning');
SELECT health_internal.act_on_alerts(at(6031));
CREATE FUNCTION pg_temp.incidents() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', agent_id, severity, CASE WHEN next_check_at = '-infinity' THEN 'at once' END), ', ' ORDER BY agent_id)
    FROM health.incidents WHERE resolved_at IS NULL AND agent_id ~ '^w[234]' $$;
UPDATE health.incidents SET next_check_at = 'infinity';
UPDATE health.rule_findings SET severity = CASE rule WHEN 'disk_full' THEN 'emergency' ELSE 'critical' END WHERE agent_id IN ('w3', 'w4');
SELECT is(health_internal.act_on_alerts(at(6032)), 1::bigint, 'what is at stake opens');
SELECT is(pg_temp.incidents(), 'w2 warning, w3 emergency at once, w4 emergency at once', 'what rose is told, of the others nothing');
UPDATE health.rule_findings SET severity = 'info';
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT health_internal.act_on_alerts(at(6033));
SELECT is(pg_temp.incidents(), 'w2 warning, w3 emergency, w4 emergency', 'what fell is not');
-- Whose parent fell or came back is looked at again: of the children, what is not settled.
INSERT INTO health.agents (agent_id, agent_name) SELECT a, a FROM unnest('{wp,wq,wr}'::text []) AS a;
INSERT INTO health.dependencies (child_id, parent_id) VALUES ('w2', 'wp'), ('w3', 'wq'), ('w4', 'wr');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at, is_settled) VALUES ('w2', 'info', at(0), at(0), at(1), true);
UPDATE health.incidents SET next_check_at = 'infinity';
CREATE FUNCTION pg_temp.children() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(agent_id, ' ' ORDER BY agent_id) FROM health.incidents WHERE agent_id ~ '^w[0-9]' AND next_check_at = '-infinity' $$;
SELECT pg_temp.finds(6040, 'failed', 'wp', 'critical'), pg_temp.finds(6040, 'unresponsive', 'wr', 'critical'), pg_temp.finds(6040, 'disk_full', 'wq', 'critical');
UPDATE health.alert_rules SET is_enabled = true WHERE rule = 'failed';
SELECT is(health_internal.act_on_alerts(at(6040)), 3::bigint, 'two parents fell, another is in other trouble');
SELECT is(pg_temp.children(), 'w2 w4', 'the children of those that fell');
UPDATE health.incidents SET next_check_at = 'infinity';
DELETE FROM health.rule_findings WHERE agent_id IN ('wp', 'wq', 'wr');
SELECT health_internal.act_on_alerts(at(6041));
SELECT is(pg_temp.children(), 'w2 w4', 'and again when they are back');
-- What others opened they close; but a recovery that gave up is over with the trouble.
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) SELECT 'disk_slow', 'w1', 'warning', 'x', at(6050), at(6050);
SELECT health_internal.act_on_alerts(at(6050));
SELECT health_internal.open_fleet_incident(at(6050), '{w1,w2,w3}', 'fleet_silent', 'all gone');
SELECT health_internal.open_recovery_failed(at(6050), '{w4}', 'no more attempts');
SELECT beat('w4', 6051); SELECT tick(6052);
SELECT rows_are($$ SELECT rule, agent_id FROM health.open_alerts WHERE rule = 'fleet_silent' OR (rule = 'recovery_failed' AND agent_id = 'w4') $$, $$ VALUES ('fleet_silent', NULL::text) $$, 'the agent is well, the fleet is not');

SELECT * FROM finish();
ROLLBACK;
