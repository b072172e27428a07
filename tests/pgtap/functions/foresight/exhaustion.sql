-- Time to exhaustion, live: what is sampled, what is found, and who may say what is a limit.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.set_resource_limit,
        health_internal.find_exhaustion,
        health_internal.foresee_exhaustion,
        health_internal.resource_samples
    }',
    $$
    VALUES
    ('health.set_resource_limit(text,double precision,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health_internal.find_exhaustion(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.foresee_exhaustion(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.resource_samples(timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

-- Live: each minute a sample; a finding within the horizon; it stands until it is clearly no longer so.
SELECT health.register_agent('a1', p_expected_interval => '60 s');
CREATE FUNCTION pg_temp.live(p_minute integer, p_memory float8, p_run text DEFAULT 'r1') RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
    INSERT INTO health.agent_heartbeats (agent_id, received_at, run_id, memory_usage_mb, memory_limit_mb) VALUES ('a1', at(60 * p_minute), p_run, p_memory, 1000);
    INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, unit, received_at)
    VALUES ('a1', 'disk_used', 50 + p_minute / 10.0, 'percent', at(60 * p_minute)), ('a1', 'disk_free', 50 - p_minute / 10.0, 'percent', at(60 * p_minute)),
        ('a1', 'satisfied', 90 + p_minute / 10.0, 'percent', at(60 * p_minute)), ('a1', 'open_files', 10 * p_minute, 'count', at(60 * p_minute));
    PERFORM health.tick(at(60 * p_minute), true);
    PERFORM health_internal.foresee_exhaustion(at(60 * p_minute));
END $f$;
SELECT health.set_resource_limit('open_files', 5000), health.set_resource_limit('open_files', 1000, 'a1');
SELECT pg_temp.live(n, 400 + 2 * n) FROM generate_series(1, 40) AS n;
SELECT rows_are($$ SELECT resource, limit_value, round(slope_per_hour) FROM health.exhaustion ORDER BY 1 $$,
    $$ VALUES ('disk_used', 100, 6), ('memory', 1000, 120), ('open_files', 1000, 600) $$, 'memory, what is used in percent, and what has a limit are foreseen; free disk and satisfaction are not');
SELECT rows_are($$ SELECT agent_id, severity, summary, details ->> 'resource' FROM health.rule_findings WHERE rule = 'exhaustion_ahead' $$,
    $$ VALUES ('a1', 'warning', 'its open_files will be exhausted', 'open_files') $$, 'the nearest is found');
SELECT health.set_resource_limit('open_files', NULL, 'a1'), health.set_resource_limit('open_files', NULL);
DELETE FROM health_internal.resource_trends WHERE resource IN ('open_files', 'disk_used');
SELECT pg_temp.live(n, 400 + 2 * n) FROM generate_series(41, 42) AS n;
SELECT is_empty($$ SELECT * FROM health.rule_findings WHERE rule = 'exhaustion_ahead' $$, 'more than four hours ahead is no alert');
SELECT health.set_policy('standard', '{"exhaustion_alert_seconds": 18000}');
SELECT pg_temp.live(43, 486);
SELECT is((SELECT details ->> 'resource' FROM health.rule_findings WHERE rule = 'exhaustion_ahead'), 'memory', 'unless the policy looks so far');
SELECT health.set_policy('standard', '{"exhaustion_alert_seconds": 12000}');
SELECT pg_temp.live(44, 488);
SELECT is((SELECT count(*) FROM health.rule_findings WHERE rule = 'exhaustion_ahead'), 1::bigint, 'once said it stands while it is nearly so');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'exhaustion_ahead'), 1::bigint, 'and is an alert');
SELECT pg_temp.live(45, 300, 'r2'), pg_temp.live(46, 301, 'r2');
SELECT rows_are($$ SELECT sample_count, peak, mean_value < 302 FROM health_internal.resource_trends WHERE resource = 'memory' $$, $$ VALUES (2::bigint, 301, true) $$, 'a new run begins anew');
SELECT is_empty($$ SELECT * FROM health.rule_findings WHERE rule = 'exhaustion_ahead' $$, 'and with it the finding is gone');
DELETE FROM health.agent_status WHERE agent_id = 'a1';
SELECT health_internal.foresee_exhaustion(at(2900));
SELECT is_empty($$ SELECT * FROM health.exhaustion WHERE agent_id = 'a1' $$, 'an agent that is gone has no trend');

SELECT throws_ok($$ SELECT health.set_resource_limit('', 5) $$, 'AD001', NULL, 'a limit is of something');
SELECT throws_ok($$ SELECT health.set_resource_limit('x', 5, 'nobody') $$, 'AG001', NULL, 'of somebody known');
SELECT throws_ok($$ SELECT health.set_resource_limit('x', 'NaN') $$, '23514', NULL, 'and a number');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.exhaustion $$, 'analysts read');
SELECT throws_ok($$ SELECT health.set_resource_limit('x', 5) $$, '42501', NULL, 'and set no limit');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
