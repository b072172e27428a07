-- Recovery's part of the act: escalation, once; needless ones end; budgets respected.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.act_on_recoveries,
        health_internal.settle_recoveries
    }',
    $$
    VALUES
    ('health_internal.act_on_recoveries(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.settle_recoveries(timestamp with time zone,text[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.beat(p_seconds float8, p_state text DEFAULT 'running', p_agent_id text DEFAULT 'a1')
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    VALUES (p_agent_id, at(p_seconds), p_state)
$$;
CREATE FUNCTION pg_temp.tick(p_seconds float8)
RETURNS bigint
LANGUAGE sql
RETURN (health.tick(at(p_seconds), true)).recoveries_queued;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '5 s'), ('a2', 'a2', '1 h');
SELECT pg_temp.beat(s), pg_temp.beat(s, 'running', 'a2') FROM (VALUES (0), (5), (10)) AS t (s);
SELECT pg_temp.tick(11);
SELECT is(pg_temp.tick(11.5), 0::bigint, 'healthy agents need nothing');
SELECT pg_temp.beat(12, 'failed'); SELECT is(pg_temp.tick(12), 1::bigint, 'a failed one does');
SELECT report(13, 'failed'); SELECT pg_temp.tick(14); SELECT pg_temp.tick(23); SELECT is(report(24, 'failed'), true, 'the second attempt fails');
SELECT pg_temp.tick(25); SELECT pg_temp.tick(45); SELECT is(report(46, 'failed'), true, 'the third too');
SELECT pg_temp.tick(47);
SELECT is((latest()).state, 'escalated', 'the budget of three is used up: a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a1' AND rule = 'recovery_failed'), 1::bigint, 'by an alert');
SELECT is((latest()).told_at, at(47), 'and noted');
SELECT pg_temp.tick(48); SELECT pg_temp.tick(900);
SELECT is((SELECT count(*) FROM health.alerts WHERE rule = 'recovery_failed'), 1::bigint, 'once');
SELECT is((SELECT count(*) FROM health.recovery_actions), 4::bigint, 'and nothing more is tried, however long he takes');
SELECT pg_temp.beat(900 + 5 * s) FROM generate_series(1, 5) AS s; SELECT pg_temp.tick(926);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE settled_at IS NULL), 0::bigint, 'health settles it');
SELECT pg_temp.beat(930, 'failed'); SELECT pg_temp.tick(930);
SELECT is((latest()).state, 'pending', 'and the next trouble is tried again');
-- Not claimed, refused.
SELECT pg_temp.tick(1060); SELECT is((latest()).state, 'escalated', 'what no bridge claims within two minutes is a person''s');
SELECT is((latest()).outcome ->> 'reason', 'no bridge claimed it', 'with the reason');
-- While the server was away none could.
SELECT health.request_recovery('a2', 'agent_unresponsive', 'ana', at(1060));
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('server_restarted', at(1061), at(1261), at(1321));
SELECT health_internal.settle_recoveries(at(1320), '{}'); SELECT is((latest('a2')).state, 'pending', 'that the monitor was away is no bridge''s fault');
SELECT health_internal.settle_recoveries(at(1380), '{}'); SELECT is((latest('a2')).state, 'pending', 'it has its two minutes');
SELECT health_internal.settle_recoveries(at(1380.1), '{}'); SELECT is((latest('a2')).state, 'escalated', 'and no more');
DELETE FROM health.monitor_gaps;
SELECT health.request_recovery('a2', 'agent_unresponsive', 'ana', at(1061)); SELECT is(report(1062, 'refused'), true, 'a bridge may refuse');
SELECT is((latest('a2')).state, 'escalated', 'which is a matter for a person');
SELECT is(health.request_recovery('a2', 'agent_unresponsive', 'ana', at(1063)) > 0, true, 'who may ask again');
SELECT pg_temp.tick(1063);
SELECT is((latest('a2')).state, 'pending', 'a person''s wish is not cancelled because the agent is well');

SELECT * FROM finish();
ROLLBACK;
