-- Ingest: metrics and events are logged.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.log_performance_metric,
        health.log_system_event
    }',
    $$
    VALUES
    ('health.log_performance_metric(text,text,double precision,text,timestamp with time zone)', 'f', 'sql', 'v', false, 'health_admin, health_agent, health_bridge'),
    ('health.log_system_event(text,text,text,jsonb,timestamp with time zone)', 'f', 'sql', 'v', false, 'health_admin, health_agent, health_bridge')
    $$
);

SELECT lives_ok($$ SELECT health.log_performance_metric('a1', 'depth', 3, 'items') $$, 'a metric is logged');
SELECT throws_ok($$ SELECT health.log_performance_metric('a1', 'depth', 'NaN') $$, '23514', NULL, 'but not NaN');
SELECT throws_ok($$ SELECT health.log_performance_metric('a1', 'depth', NULL) $$, '23502', NULL, 'nor nothing');
SELECT lives_ok($$ SELECT health.log_system_event('a1', 'noted', 'WARNING', NULL) $$, 'an event is logged, in any case');
SELECT throws_ok($$ SELECT health.log_system_event('a1', 'noted', 'loud') $$, '23514', NULL, 'with a known severity');
SELECT rows_are($$ SELECT metric_name::text, metric_value::float8, unit::text, recorded_at::timestamptz FROM health.performance_metrics $$, $$ VALUES ('depth', 3::float8, 'items', NULL::timestamptz) $$, 'as it was told');
SELECT rows_are($$ SELECT event_type::text, severity::text, event_data::jsonb FROM health.system_events $$, $$ VALUES ('noted', 'warning', '{}'::jsonb) $$, 'in lower case');

SELECT * FROM finish();
ROLLBACK;
