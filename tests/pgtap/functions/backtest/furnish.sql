-- What a sandbox begins with, and how it is kept small.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.copying_statement,
        health_internal.furnish_sandbox,
        health_internal.sweep_sandbox,
        health_internal.swept_tables
    }',
    $$
    VALUES
    ('health_internal.copying_statement(regclass,regclass)', 'f', 'sql', 's', false, ''),
    ('health_internal.furnish_sandbox(text,jsonb,timestamp with time zone,timestamp with time zone,text[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.sweep_sandbox(text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.swept_tables(text)', 'f', 'sql', 's', false, '')
    $$
);

SELECT is(health_internal.copying_statement('health.silences', 'health.freeze_windows') ~ '^INSERT INTO health.freeze_windows \(silence_id, .*\) OVERRIDING SYSTEM VALUE SELECT silence_id, .* FROM health.silences$', true, 'all columns are copied, identities included');

SELECT health.register_agent('a1', p_expected_interval => '10 s'), health.register_agent('a2');
INSERT INTO health.agent_heartbeats (agent_id, received_at) SELECT 'a1', at(10 * n) FROM generate_series(0, 7) AS n;
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('a2', at(5)), ('heartbeat_health_agent', at(5));
INSERT INTO health.ingest_heartbeats (agent_id, received_at) VALUES ('a2', at(6));
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'speed', 5, at(20));
INSERT INTO health.system_events (agent_id, event_type, severity, received_at) VALUES ('a1', 'error', 'critical', at(30));
INSERT INTO health.channels (channel, kind, rate_per_minute, rate_tokens) VALUES ('pager', 'webhook', 5, 1);
SELECT health.tick(at(70));
CREATE FUNCTION pg_temp.furnished(p_agent_ids text []) RETURNS bigint LANGUAGE plpgsql AS $f$
DECLARE v_count bigint;
BEGIN
    PERFORM health_internal.build_sandbox('{health.tick,health.claim_recovery_actions,health.report_recovery_action}');
    v_count := health_internal.furnish_sandbox('health_backtest', '{"critical_below": 50}', at(0), at(60), p_agent_ids);
    RETURN v_count;
END $f$;
SET LOCAL ROLE health_owner;
SELECT is(pg_temp.furnished(NULL), 9::bigint, 'the beats of the period are copied, a gateway''s too, the engine''s own not');
SELECT rows_are($$ SELECT (SELECT count(*) FROM health_backtest.agents), (SELECT critical_below FROM health_backtest.policies), (SELECT rate_tokens FROM health_backtest.channels WHERE channel = 'pager'), (SELECT count(*) FROM health_backtest.agent_status) $$,
    $$ VALUES (3::bigint, 50, NULL, 0::bigint) $$, 'with configuration, the policy, and nothing that was');
SELECT rows_are($$ SELECT (SELECT count(*) FROM health_backtest_internal.history_of_performance_metrics), (SELECT count(*) FROM health_backtest_internal.history_of_system_events), (SELECT count(*) FROM health_backtest.agent_heartbeats) $$,
    $$ VALUES (1::bigint, 1::bigint, 0::bigint) $$, 'metrics and events too; nothing has been handed out yet');
SELECT ok(health_internal.replay_ticks('health_backtest', at(0), at(60), '5 s') > 0, 'it ticks');
SELECT health_internal.sweep_sandbox('health_backtest');
SELECT rows_are($$ SELECT agent_id, beat_count FROM health_backtest.agent_status WHERE agent_id <> 'heartbeat_health_agent' ORDER BY 1 $$, $$ VALUES ('a1', 7::bigint), ('a2', 2) $$, 'a sweep keeps what is');
SELECT is((SELECT count(*) FROM health_backtest.agent_heartbeats), 0::bigint, 'and empties what was folded');
SELECT is_empty($$ SELECT FROM unnest(health_internal.swept_tables('health_backtest')) AS t (name) WHERE to_regclass(name || '_kept') IS NULL $$, 'each swept table has its room');
SELECT is(health_internal.swept_tables('nowhere'), NULL, 'where there is no sandbox there is none');

SELECT * FROM finish();
ROLLBACK;
