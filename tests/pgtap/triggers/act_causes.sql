-- What the act compares: each change of it leaves a row of act_causes, what it does not read leaves none.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.tg_act_causes__note,
        health_internal.tg_alerts__note_update
    }',
    $$
    VALUES
    ('health_internal.tg_act_causes__note()', 'f', 'plpgsql', 'v', true, ''),
    ('health_internal.tg_alerts__note_update()', 'f', 'plpgsql', 'v', true, '')
    $$
);

-- What was noted since the last call.
CREATE FUNCTION pg_temp.causes() RETURNS text LANGUAGE sql AS $$
    WITH noted AS (DELETE FROM health_internal.act_causes RETURNING cause)
    SELECT string_agg(DISTINCT cause, ' ' ORDER BY cause) FROM noted $$;
SELECT pg_temp.causes();

INSERT INTO health.agents (agent_id, agent_name) VALUES ('a', 'a');
INSERT INTO health.agent_status (agent_id, status, liveness) VALUES ('a', 'good', 'alive');
UPDATE health.agent_status SET score = 70, revenue_impact_usd = -5, policy_class = 'gold' WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), NULL, 'of healthy agents nothing is compared');
UPDATE health.agent_status SET active_conditions = '{failed}' WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), 'agent_status', 'a condition is');
UPDATE health.agent_status SET score = 60, active_conditions = '{failed}' WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), NULL, 'the same again is not');
UPDATE health.agent_status SET revenue_impact_usd = -6 WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), 'agent_status', 'in trouble what it loses counts');
UPDATE health.agent_status SET policy_class = 'standard' WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), 'agent_status', 'and whose limit holds');
UPDATE health.agent_status SET liveness = 'late', active_conditions = '{}' WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), NULL, 'what is a transition is read as that');
INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason) VALUES ('{}', at(0), 'infinity', 'ana', '');
INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at) SELECT max(window_id), 'a', at(0), 'infinity' FROM health.maintenance_windows;
UPDATE health.agent_status SET liveness = 'alive' WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), 'agent_status', 'what maintenance makes none of is noted');
INSERT INTO health.agent_status (agent_id, active_conditions) VALUES ('b', '{failed}');
SELECT is(pg_temp.causes(), 'agent_status', 'one that is ill from the beginning');
DELETE FROM health.agent_status WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), NULL, 'a healthy one that goes leaves nothing');
DELETE FROM health.agent_status WHERE agent_id = 'b';
SELECT is(pg_temp.causes(), 'agent_status', 'one that is ill does');

INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour) VALUES ('c', 'c', 10);
SELECT is(pg_temp.causes(), 'agents', 'what an agent earns');
UPDATE health.agents SET agent_name = 'd' WHERE agent_id = 'c';
SELECT is(pg_temp.causes(), NULL, 'not what it is called');
UPDATE health.agents SET revenue_usd_per_hour = 20 WHERE agent_id = 'c';
SELECT is(pg_temp.causes(), 'agents', 'nor the same');

INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('odd', 'warning', 'odd', true);
SELECT is(pg_temp.causes(), 'alert_rules', 'a rule');
UPDATE health.alert_rules SET is_enabled = false WHERE rule = 'odd';
SELECT is(pg_temp.causes(), 'alert_rules', 'that it is off');
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('odd', 'a', 'warning', 'x', at(0), at(0));
SELECT is(pg_temp.causes(), 'rule_findings', 'what it finds');
UPDATE health.rule_findings SET summary = 'y', changed_at = at(1) WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), NULL, 'not how it words it');
UPDATE health.rule_findings SET severity = 'critical' WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), 'rule_findings', 'but how grave it is');
DELETE FROM health.rule_findings WHERE agent_id = 'nobody';
SELECT is(pg_temp.causes(), NULL, 'a statement that removes nothing');
DELETE FROM health.rule_findings WHERE agent_id = 'a';
SELECT is(pg_temp.causes(), 'rule_findings', 'and one that does');

SELECT health.set_policy('standard', '{"revenue_loss_limit_usd": 5}');
SELECT is(pg_temp.causes(), 'policies', 'a policy');
SELECT health.set_recovery_strategy('standard', 'high_error_rate', '[{"action": "restart_agent"}, {"action": "verify"}]');
SELECT is(pg_temp.causes(), 'recovery_strategies', 'a strategy');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('c', 'critical', at(0), at(0));
SELECT is(pg_temp.causes(), NULL, 'incidents follow alerts');
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT incident_id, 'c', 'odd', 'critical', 'x', at(0) FROM health.incidents;
SELECT is(pg_temp.causes(), 'alerts', 'an alert');
UPDATE health.alerts SET resolved_at = at(1), resolved_by = 'ana';
SELECT is(pg_temp.causes(), 'alerts', 'its end');
UPDATE health.alerts SET resolved_at = at(1) WHERE rule = 'none of that name';
SELECT is(pg_temp.causes(), NULL, 'not what ends none');
DELETE FROM health.alerts WHERE rule = 'odd';
SELECT is(pg_temp.causes(), 'alerts', 'or its removal');
INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before) VALUES ('c', 'high_error_rate', at(0), at(0));
SELECT is(pg_temp.causes(), 'recovery_actions', 'a recovery');
UPDATE health.recovery_actions SET hold = 'storm', hold_reason = 'x';
SELECT is(pg_temp.causes(), NULL, 'not what holds it');
UPDATE health.recovery_actions SET state = 'claimed', claimed_by = 'w', hold = NULL;
UPDATE health.recovery_actions SET state = 'executing', started_at = at(0);
UPDATE health.recovery_actions SET state = 'verifying', executed_at = at(0);
SELECT is(pg_temp.causes(), NULL, 'nor that it is taken, begun and done');
UPDATE health.recovery_actions SET state = 'pending', claimed_by = NULL;
SELECT is(pg_temp.causes(), 'recovery_actions', 'that it comes back to the queue');
UPDATE health.recovery_actions SET incident_id = 1;
SELECT is(pg_temp.causes(), 'recovery_actions', 'whose incident it is');
UPDATE health.recovery_actions SET state = 'failed', finished_at = at(1);
SELECT is(pg_temp.causes(), 'recovery_actions', 'that it is over');
UPDATE health.recovery_actions SET settled_at = at(1);
SELECT is(pg_temp.causes(), 'recovery_actions', 'that its trouble is');
UPDATE health.recovery_actions SET state = 'pending', finished_at = NULL, settled_at = NULL;
DELETE FROM health_internal.act_causes;
UPDATE health.recovery_actions SET state = 'cancelled', finished_at = at(1), settled_at = at(1);
SELECT is(pg_temp.causes(), NULL, 'not that nobody needs it any more');
INSERT INTO health.stuck_sessions (pid, backend_start, agent_id, login_name, problem, stuck_since, found_at) VALUES (1, at(0), 'c', 'x', 'blocks_others', at(0), at(0));
SELECT is(pg_temp.causes(), 'stuck_sessions', 'a stuck session');
UPDATE health.stuck_sessions SET waiting_count = 3;
SELECT is(pg_temp.causes(), NULL, 'not whom it holds up');
DELETE FROM health.stuck_sessions;
SELECT is(pg_temp.causes(), 'stuck_sessions', 'and its end');

SELECT * FROM finish();
ROLLBACK;
