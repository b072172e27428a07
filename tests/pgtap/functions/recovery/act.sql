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

SELECT two_agents();
SELECT is((health.tick(at(11.5), true)).recoveries_queued, 0::bigint, 'healthy agents need nothing');
SELECT beat('a1', 12, 'failed'); SELECT is((health.tick(at(12), true)).recoveries_queued, 1::bigint, 'a failed one does');
SELECT report(13, 'failed'); SELECT is((health.tick(at(13), true)).recoveries_queued, 0::bigint, 'what failed this very moment'); SELECT is((health.tick(at(14), true)).recoveries_queued, 1::bigint, 'is tried again by the next tick'); SELECT tick(23); SELECT is(report(24, 'failed'), true, 'the second attempt fails');
SELECT tick(25); SELECT tick(45); SELECT is(report(46, 'failed'), true, 'the third too');
SELECT tick(47);
SELECT is((latest()).state, 'escalated', 'the budget of three is used up: a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a1' AND rule = 'recovery_failed'), 1::bigint, 'by an alert');
SELECT is((latest()).told_at, at(47), 'and noted');
SELECT tick(48); SELECT tick(900);
SELECT is((SELECT count(*) FROM health.alerts WHERE rule = 'recovery_failed'), 1::bigint, 'once');
SELECT is((SELECT count(*) FROM health.recovery_actions), 4::bigint, 'and nothing more is tried, however long he takes');
SELECT tick(901);
SELECT is_empty($$ SELECT cause FROM health_internal.act_causes WHERE cause = 'recovery_actions' $$, 'what is a person''s is not compared again in each tick');
SELECT beat('a1', 900 + 5 * s) FROM generate_series(1, 5) AS s; SELECT tick(926);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE settled_at IS NULL), 0::bigint, 'health settles it');
SELECT beat('a1', 930, 'failed'); SELECT tick(930);
SELECT is((latest()).state, 'pending', 'and the next trouble is tried again');
-- Not claimed, refused.
SELECT tick(1060); SELECT is((latest()).state, 'escalated', 'what no bridge claims within two minutes is a person''s');
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
SELECT tick(1063);
SELECT is((latest('a2')).state, 'pending', 'a person''s wish is not cancelled because the agent is well');

-- Recoveries that one call settles, or not: of agents who are well, but 'ill', and 'stuck', whose database session is.
UPDATE health.settings SET storm_count = 1000;
SELECT health.set_policy('standard', '{"recovery_claim_seconds": 100}'); SELECT health.set_policy('other', '{"recovery_claim_seconds": 1000}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT n, n, '1 h' FROM unnest('{stuck,ill}'::text [] || ARRAY(SELECT 'w' || n FROM generate_series(1, 13) AS n)) AS n;
SELECT beat(agent_id, 2000, CASE agent_id WHEN 'ill' THEN 'failed' ELSE 'running' END) FROM health.agents WHERE expected_interval = '1 h';
SELECT tick(2001);
DELETE FROM health.recovery_actions;
INSERT INTO health.stuck_sessions VALUES (1, now(), 'stuck', 'x', 'blocks_others', now(), 2, now());
INSERT INTO health.recovery_actions (agent_id, issue_type, state, requested_by, created_at, not_before, released_at, finished_at, settled_at, claimed_by)
SELECT v.agent_id, 'agent_unresponsive', v.state, v.by, at(0), at(v.due), at(v.released), at(v.finished), at(v.settled), CASE WHEN v.state = 'verifying' THEN 'w' END FROM (VALUES
    ('w1', 'pending', 'engine', 2000, NULL, NULL, NULL), ('w2', 'pending', 'ana', 2000, NULL, NULL, NULL), ('w3', 'verifying', 'engine', 0, 0, NULL, NULL), ('w4', 'pending', 'engine', 2000, NULL, NULL, NULL),
    ('w5', 'failed', 'engine', 0, 0, 1, NULL), ('w6', 'escalated', 'engine', 0, 0, 1, NULL), ('w7', 'failed', 'engine', 0, 0, 1, 2), ('w8', 'succeeded', 'engine', 0, 0, 1, NULL), ('stuck', 'failed', 'engine', 0, 0, 1, NULL), ('ill', 'failed', 'engine', 0, 0, 1, NULL),
    ('w9', 'pending', 'engine', 1909.9, 0, NULL, NULL), ('w10', 'pending', 'engine', 0, 1909.9, NULL, NULL), ('w11', 'pending', 'engine', 1910, 0, NULL, NULL), ('w12', 'pending', 'engine', 0, 1910, NULL, NULL), ('w13', 'pending', 'engine', 0, NULL, NULL, NULL)
) AS v (agent_id, state, by, due, released, finished, settled);
SELECT health_internal.settle_recoveries(at(2010), '{w1,w2,w3}');
SELECT rows_are($$ SELECT agent_id, state, date_part('epoch', finished_at - at(0)), date_part('epoch', settled_at - at(0)), outcome ->> 'reason' FROM health.recovery_actions ORDER BY ltrim(agent_id, 'w')::text, agent_id $$,
    $$ VALUES ('w1', 'cancelled', 2010, 2010, 'the agent recovered by itself'), ('w10', 'escalated', 2010, NULL, 'no bridge claimed it'), ('w11', 'pending', NULL, NULL, NULL), ('w12', 'pending', NULL, NULL, NULL), ('w13', 'pending', NULL, NULL, NULL),
    ('w2', 'pending', NULL, NULL, NULL), ('w3', 'verifying', NULL, NULL, NULL), ('w4', 'pending', NULL, NULL, NULL), ('w5', 'failed', 1, 2010, NULL), ('w6', 'escalated', 1, 2010, NULL), ('w7', 'failed', 1, 2, NULL), ('w8', 'succeeded', 1, NULL, NULL),
    ('w9', 'escalated', 2010, NULL, 'no bridge claimed it'), ('ill', 'failed', 1, NULL, NULL), ('stuck', 'failed', 1, NULL, NULL) $$, 'what is settled');

-- What the act compares only where something has changed.
DELETE FROM health.recovery_actions;
DELETE FROM health_internal.act_causes;
SELECT is(health_internal.act_on_recoveries(at(2011), false), 0::bigint, 'nothing has changed, nothing is queued');
SELECT is_empty($$ SELECT FROM health.recovery_actions $$, 'for nobody');
INSERT INTO health_internal.act_causes (cause) VALUES ('test');
SELECT is(health_internal.act_on_recoveries(at(2012), false), 3::bigint, 'something has: for a1, the ill one, and the stuck session');
SELECT is((SELECT troubled_count FROM health_internal.engine), 3::bigint, 'which is remembered');
DELETE FROM health_internal.act_causes;
UPDATE health.recovery_actions SET state = 'failed', hold = NULL, hold_reason = NULL, finished_at = at(2013), released_at = at(2012) WHERE agent_id = 'ill';
DELETE FROM health_internal.act_causes;
SELECT is(health_internal.act_on_recoveries(at(2013)), 0::bigint, 'what ended this very moment is left');
SELECT rows_are($$ SELECT DISTINCT cause FROM health_internal.act_causes $$, $$ VALUES ('recovery_actions') $$, 'to the next tick');

-- Those queued before their incident opened join it: of themselves, the open one, and they alone.
DELETE FROM health.recovery_actions; DELETE FROM health.stuck_sessions;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at) VALUES ('w1', 'critical', at(1), at(1), at(2)), ('w1', 'critical', at(2014), at(2014), NULL), ('w2', 'critical', at(2014), at(2014), NULL), ('w3', 'critical', at(3), at(3), at(4));
INSERT INTO health.recovery_actions (agent_id, issue_type, state, requested_by, created_at, not_before, finished_at, settled_at, incident_id) VALUES
('w1', 'agent_unresponsive', 'cancelled', 'ana', at(1), at(1), at(2), at(2), NULL), ('w1', 'agent_unresponsive', 'pending', 'ana', at(2014), at(2014), NULL, NULL, NULL), ('w2', 'agent_unresponsive', 'pending', 'ana', at(2014), at(2014), NULL, NULL, 0), ('w3', 'agent_unresponsive', 'pending', 'ana', at(2014), at(2014), NULL, NULL, NULL);
SELECT health_internal.act_on_recoveries(at(2015));
SELECT rows_are($$ SELECT a.agent_id, a.state, a.incident_id = 0, i.detected_at FROM health.recovery_actions AS a LEFT JOIN health.incidents AS i USING (incident_id) WHERE a.agent_id ~ '^w' ORDER BY a.agent_id, a.state $$,
    $$ VALUES ('w1', 'cancelled', NULL, NULL), ('w1', 'pending', false, at(2014)), ('w2', 'pending', true, NULL), ('w3', 'pending', NULL, NULL) $$, 'the open incident of an agent is that of its recovery');

SELECT * FROM finish();
ROLLBACK;
