-- Telling: about whom to decide, and what a bridge that died held.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.notify
    }',
    $$
    VALUES
    ('health_internal.notify(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a', 'A', '1 day');
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) VALUES ('a', at(1), 'failed');
SELECT is(health_internal.notify(at(0)), 0::bigint, 'nothing to tell is no message');
SELECT is((health.tick(at(2), true)).alerts_opened, 1::bigint, 'an agent fails');
SELECT is((SELECT count(*) FROM health.deliveries), 1::bigint, 'and that is told');
SELECT is(health_internal.notify(at(3)), 0::bigint, 'once');
UPDATE health.incidents SET next_check_at = '-infinity', told_severity = NULL;
SELECT is(health_internal.notify(at(4)), 1::bigint, 'who was touched is decided about');
SELECT is(health_internal.notify(at(5)), 0::bigint, 'once');
SELECT is((SELECT count(*) FROM health.claim_deliveries('w', p_now => at(6))), 2::bigint, 'a bridge takes what there is');
SELECT health.silence('{"agent_id": "a"}', at(900), 'ana', 'x', at(7));
SELECT is((SELECT string_agg(DISTINCT state, ' ') FROM health.deliveries), 'claimed', 'a silence calls nothing back from it');
SELECT is(health_internal.notify(at(37)), 0::bigint, 'it dies');
SELECT is((SELECT string_agg(DISTINCT state, ' ') FROM health.deliveries), 'cancelled', 'what it held is withdrawn');

-- Who is due is decided about, nobody else; and who has ceased to flap, though nothing else is due.
DELETE FROM health_internal.notices; UPDATE health.incidents SET next_check_at = 'infinity'; DELETE FROM health_internal.flapping_agents;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, told_at, told_severity, next_check_at, withheld, is_settled)
SELECT v.name, 'critical', at(50000), at(50000), at(50000), 'critical', at(v.due), v.withheld, v.is_settled
FROM (VALUES ('due', 60000, NULL, false), ('later', 60000.1, NULL, false), ('calm', 70000, 'flapping', false), ('settled', 60000, NULL, true)) AS v (name, due, withheld, is_settled);
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT incident_id, agent_id, 'failed', 'critical', 'x', at(50000) FROM health.incidents WHERE detected_at = at(50000);
INSERT INTO health.agent_status (agent_id, liveness, bad_evaluations, last_heartbeat_at, learnt_interval_seconds) VALUES ('calm', 'alive', 0, at(59999), 10);
CREATE FUNCTION pg_temp.checked() RETURNS text LANGUAGE sql RETURN (SELECT string_agg(agent_id, ' ' ORDER BY agent_id) FROM health.incidents WHERE detected_at = at(50000) AND checked_at IS NOT NULL);
SELECT health_internal.notify(at(60000));
SELECT is(pg_temp.checked(), 'due', 'at its moment, none before');
INSERT INTO health_internal.flapping_agents (agent_id, since) VALUES ('calm', at(1));
SELECT health_internal.notify(at(60000.05));
SELECT is_empty('SELECT * FROM health_internal.flapping_agents', 'who is calm again is found, though nothing is due');
SELECT is(pg_temp.checked(), 'calm due', 'and what was withheld of it is decided about at once');

SELECT * FROM finish();
ROLLBACK;
