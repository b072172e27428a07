-- The facts of a decision.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.incident_facts
    }',
    $$
    VALUES
    ('health_internal.incident_facts(timestamp with time zone,bigint[])', 'f', 'plpgsql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.due(p_seconds float8) RETURNS bigint [] LANGUAGE sql AS $$
    SELECT array_agg(incident_id) FROM health.incidents WHERE NOT is_settled AND next_check_at <= at(p_seconds) $$;
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('f', 'f', '10 s');
SELECT beat('f', 10 * n) FROM generate_series(-30, 0) AS n;
SELECT tick(0);
SELECT is_empty($$ SELECT * FROM health_internal.incident_facts(at(1), pg_temp.due(1)) $$, 'nothing is due');
SELECT beat('f', 10, 'failed');
SELECT health_internal.fold_phase(at(10), true);
SELECT health_internal.act_on_alerts(at(10));
SELECT rows_are($$ SELECT agent_id, news, is_over, was_told, withheld, severity_rank, is_in_maintenance, is_in_fleet_incident, parent, is_silenced, is_flapping, is_acknowledged
    FROM health_internal.incident_facts(at(10), pg_temp.due(10)) $$,
    $$ VALUES ('f', 'new', false, false, NULL, 3, false, false, 'up', false, false, false) $$, 'trouble is news');
SELECT health_internal.notify(at(10));
SELECT is_empty($$ SELECT * FROM health_internal.incident_facts(at(11), pg_temp.due(11)) $$, 'once told it is not');
SELECT rows_are($$ SELECT news FROM health_internal.incident_facts(at(10 + 4 * 3600), pg_temp.due(10 + 4 * 3600)) $$, $$ VALUES ('reminder_due') $$, 'until four hours later');

-- A silence of one rule leaves the others to speak, as loud as they are.
INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('odd', 'warning', 'odd', true);
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('two', 'two', '1 day'), ('only', 'only', '1 day');
SELECT beat('two', 20000), beat('only', 20000); SELECT tick(20001);
SELECT health.silence('{"rule": "failed", "agent_id": "two"}', at(20100), 'ana', 'x', at(20001)), health.silence('{"rule": "failed", "agent_id": "only"}', at(20100), 'ana', 'x', at(20001));
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('odd', 'two', 'warning', 'odd', at(20002), at(20002));
SELECT beat('two', 20002, 'failed'), beat('only', 20002, 'failed'); SELECT tick(20003);
SELECT rows_are($$ SELECT agent_ids, event, severity FROM health.deliveries WHERE created_at = at(20003) $$, $$ VALUES ('{two}'::text [], 'opened', 'warning') $$, 'of two alerts the one that is not silenced is told');
SELECT beat('two', 20102, 'failed'), beat('only', 20102, 'failed'); SELECT tick(20103);
SELECT rows_are($$ SELECT agent_ids, event, severity FROM health.deliveries WHERE created_at = at(20103) ORDER BY 1 $$,
    $$ VALUES ('{only}'::text [], 'truth', 'critical'), ('{two}', 'escalated', 'critical') $$, 'and the other when its silence is over');
-- The verdict on a late parent is awaited, but not for ever.
UPDATE health.settings SET parent_wait = '5 s';
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('parent', 'parent', '10 s'), ('child', 'child', '1 day');
SELECT health.add_dependency('child', 'parent');
SELECT beat('parent', 30000), beat('child', 30000); SELECT tick(30001);
SELECT tick(30021); SELECT beat('child', 30022, 'failed'); SELECT tick(30022);
SELECT rows_are($$ SELECT liveness, (SELECT count(*) FROM health.deliveries WHERE agent_ids = '{child}') FROM health.agent_status WHERE agent_id = 'parent' $$, $$ VALUES ('late', 0::bigint) $$, 'the parent may be the cause');
SELECT is((SELECT reason_code FROM health.suppressions WHERE agent_id = 'child'), 'parent_suspected', 'which is on record');
SELECT tick(30026.9); SELECT is((SELECT count(*) FROM health.deliveries WHERE agent_ids = '{child}'), 0::bigint, 'its verdict is awaited');
SELECT tick(30027.1);
SELECT rows_are($$ SELECT liveness, (SELECT string_agg(event, ' ') FROM health.deliveries WHERE agent_ids = '{child}') FROM health.agent_status WHERE agent_id = 'parent' $$, $$ VALUES ('late', 'truth') $$, 'for parent_wait and no longer');

SELECT * FROM finish();
ROLLBACK;
