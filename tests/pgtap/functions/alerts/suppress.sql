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

SELECT * FROM finish();
ROLLBACK;
