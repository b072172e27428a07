-- Views: what people look at first.
BEGIN;

SELECT no_plan();

SELECT bag_has(
    $$ SELECT viewname::text FROM pg_views WHERE schemaname = 'health' $$,
    $$ SELECT unnest('{fleet,open_alerts,alert_history,suppressions,recovery_backlog,agent_timeline,recent_heartbeats,engine_health,system_health,current_policies}'::text []) $$,
    'the views are there'
);
SELECT bag_has(
    $$ SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'health' AND table_name = 'fleet' $$,
    $$ SELECT unnest('{agent_id,agent_name,state,liveness,status,score,heartbeat_consistency,performance_metrics,error_rate,resource_efficiency,business_impact,performance_trend,error_count,last_heartbeat_at,open_alert_count,recommendations}'::text []) $$,
    'fleet has its columns'
);
INSERT INTO health.agents (agent_id, agent_name) VALUES ('quiet', 'quiet');
INSERT INTO health.agent_heartbeats (agent_id, state) VALUES ('a1', 'failed'), ('a2', 'running');
SELECT is((health.tick(clock_timestamp(), true)).is_busy, false, 'ticked');
SELECT rows_are($$ SELECT agent_id, liveness, status, score, open_alert_count, cardinality(recommendations) FROM health.fleet
    WHERE agent_id IN ('a1', 'a2', 'quiet') ORDER BY 1 $$,
    $$ VALUES ('a1', 'alive', 'critical', 20.00, 1::bigint, 1), ('a2', 'alive', 'excellent', 100.00, 0, 0), ('quiet', 'never_seen', NULL, NULL, 0, 0) $$,
    'fleet tells of each agent');
SELECT rows_are($$ SELECT rule, severity, acknowledged_at IS NULL FROM health.open_alerts $$, $$ VALUES ('failed', 'critical', true) $$, 'open alerts');
SELECT is((SELECT count(*) FROM health.recovery_backlog), 1::bigint, 'the backlog');
SELECT is((SELECT count(*) FROM health.recent_heartbeats WHERE agent_id = 'a1'), 1::bigint, 'recent heartbeats');
SELECT bag_eq($$ SELECT kind FROM health.agent_timeline WHERE agent_id = 'a1' $$, $$ VALUES ('transition'), ('alert'), ('recovery') $$, 'the timeline');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.fleet, health.agent_timeline, health.recent_heartbeats, health.alert_history $$, 'analysts read them');
SET LOCAL ROLE health_rules;
SELECT throws_ok($$ SELECT * FROM health.fleet $$, '42501', NULL, 'rules do not, unless granted');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
