-- Views: the engine, and the fleet as a whole.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.oldest_snapshot}',
    $$
    VALUES
    ('health_internal.oldest_snapshot()', 'f', 'sql', 's', true, 'health_analyst, health_bridge')
    $$
);

INSERT INTO health.agents (agent_id, agent_name) VALUES ('quiet', 'quiet');
INSERT INTO health.agent_heartbeats (agent_id, state) VALUES ('a1', 'failed'), ('a2', 'running');
SELECT is((health.tick(clock_timestamp(), true)).is_busy, false, 'ticked');
SELECT rows_are($$ SELECT agent_count, alive_count, critical_count, open_alert_count, recovery_backlog_count FROM health.system_health $$,
    $$ VALUES (4::bigint, 3::bigint, 1::bigint, 1::bigint, 1::bigint) $$, 'the whole fleet in numbers');
SELECT rows_are($$ SELECT tick_id, pending_recovery_count, last_error FROM health.engine_health $$,
    $$ VALUES (1::bigint, 1::bigint, NULL) $$, 'the engine');
SELECT is_empty($$ SELECT FROM health_internal.oldest_snapshot() WHERE pid = pg_backend_pid() $$, 'nobody holds his own snapshot against himself');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.system_health, health.engine_health $$, 'analysts read them');
SET LOCAL ROLE health_rules;
SELECT throws_ok($$ SELECT * FROM health.engine_health $$, '42501', NULL, 'rules do not, unless granted');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
