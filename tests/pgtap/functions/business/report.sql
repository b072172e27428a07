-- The report: the keys people know, every figure from a row, nothing made up.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.executive_report,
        health_internal.report_recommendations
    }',
    $$
    VALUES
    ('health.executive_report(timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge'),
    ('health_internal.report_recommendations()', 'f', 'sql', 's', false, '')
    $$
);

-- Nothing is known: nothing is said.
SELECT is_empty($$ SELECT parts.key, lines.key FROM jsonb_each(health.executive_report(at(0), at(36000), at(40000))) AS parts CROSS JOIN LATERAL jsonb_each(parts.value) AS lines
    WHERE parts.key IN ('executive_summary', 'financial_impact', 'strategic_insights', 'operational_metrics') AND lines.value ->> 'text' NOT LIKE 'not measured: %' AND lines.key NOT IN ('monitor_headroom', 'incident_trend') $$, 'without rows all is not measured');
SELECT is(health.executive_report(at(0), at(36000), at(40000)) -> 'days', '[]', 'without days there are none');

SELECT business_history();
CREATE TEMP TABLE told ON COMMIT DROP AS SELECT health.executive_report(at(0), at(99999), at(36000)) AS report;
CREATE FUNCTION pg_temp.text_of(p_path text) RETURNS text LANGUAGE sql RETURN (SELECT report #>> (p_path || ',text}')::text [] FROM told);
-- The report people knew before there was one that measures.
SELECT is_empty($$
    SELECT keys.section, keys.key
    FROM (VALUES ('executive_summary', 'overall_system_health'), ('executive_summary', 'uptime_achievement'), ('executive_summary', 'cost_impact_prevented'), ('executive_summary', 'automated_recovery_success'),
        ('executive_summary', 'business_continuity_status'), ('financial_impact', 'revenue_protection'), ('financial_impact', 'cost_avoidance'), ('financial_impact', 'efficiency_gains'), ('financial_impact', 'roi_monitoring_investment'),
        ('operational_metrics', 'mean_time_to_detection'), ('operational_metrics', 'mean_time_to_recovery'), ('operational_metrics', 'false_positive_rate'), ('operational_metrics', 'escalation_rate'), ('operational_metrics', 'user_satisfaction'),
        ('strategic_insights', 'system_reliability_trend'), ('strategic_insights', 'capacity_utilization'), ('strategic_insights', 'growth_readiness'), ('strategic_insights', 'competitive_advantage')) AS keys (section, key)
    CROSS JOIN told WHERE told.report -> keys.section -> keys.key ->> 'text' IS NULL $$, 'every key of it is here, with words');
SELECT is(pg_temp.text_of('{executive_summary,uptime_achievement'), '98.5 %', 'availability');
SELECT is(pg_temp.text_of('{executive_summary,cost_impact_prevented'), '$6,810.00 ($3,210.00 to $10,410.00)', 'money with its interval');
SELECT is(pg_temp.text_of('{executive_summary,business_continuity_status'), 'interrupted', 'something that earns is down');
SELECT is(pg_temp.text_of('{financial_impact,roi_monitoring_investment'), 'not measured: business_settings.monitoring_usd_per_month is not set', 'no price, no return');
SELECT is((SELECT report -> 'recommendations' FROM told), '[]', 'nothing is recommended yet');
SELECT is((SELECT report #>> '{agents,0,agent_id}' FROM told), 'shop', 'the dearest agent comes first');
SELECT is((SELECT (report #>> '{agents,0,revenue_lost_usd}')::numeric FROM told), 910.00, 'with its loss');
SELECT is((SELECT (report #>> '{period,to}')::timestamptz FROM told), at(36000), 'a period ends with now');
SELECT is_empty($$ SELECT lines.value FROM told CROSS JOIN LATERAL jsonb_each(told.report) AS parts CROSS JOIN LATERAL jsonb_each(parts.value) AS lines
    WHERE parts.key IN ('executive_summary', 'financial_impact', 'strategic_insights', 'operational_metrics') AND NOT EXISTS (SELECT FROM health.business_figures WHERE figure = lines.value ->> 'figure') $$, 'each line names the figure to drill down by');
UPDATE health.incidents SET resolved_at = at(35500) WHERE resolved_at IS NULL;
SELECT is(health.executive_report(at(0), at(36000), at(36000)) #>> '{executive_summary,business_continuity_status,text}', 'restored', 'it was lost, and is back');
SELECT is(health.executive_report(at(30000), at(31000), at(36000)) #>> '{executive_summary,business_continuity_status,text}', 'undisturbed', 'a good hour');
SELECT throws_ok($$ SELECT health.executive_report(at(10), at(0)) $$, 'BI001', NULL, 'reversed');
SELECT throws_ok($$ SELECT health.executive_report(at(10), at(20), at(5)) $$, 'BI001', 'the period has not begun', 'in the future');

SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT health.executive_report(now() - interval '1 day', now()) $$, 'analysts read it');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
