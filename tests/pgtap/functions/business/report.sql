-- The report: the keys people know, every figure from a row, nothing made up; and its weekly sending.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.executive_report, health_internal.amount_text, health_internal.queue_report, health_internal.report_recommendations, health_internal.report_text, health_internal.trend_text}',
    $$
    VALUES
    ('health.executive_report(timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge'),
    ('health_internal.amount_text(numeric,text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.queue_report(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.report_recommendations()', 'f', 'sql', 's', false, ''),
    ('health_internal.report_text(jsonb)', 'f', 'sql', 's', false, ''),
    ('health_internal.trend_text(numeric,numeric,boolean)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.amount_text(v, u) FROM (VALUES (1, 1234.5, 'usd'), (2, -0.004, 'usd'), (3, -2, 'usd per hour'), (4, 99.953, 'percent'), (5, 98.2, 'percent'), (6, 100, 'percent'), (7, 57.5, 'seconds'), (8, 552.5, 'seconds'), (9, 9000, 'seconds'), (10, 6, 'count'), (11, 2, 'hours'), (12, 0.25, 'per day')) AS x (n, v, u) ORDER BY n $$,
    $$ VALUES ('$1,234.50'), ('$0.00'), ('-$2.00 per hour'), ('99.953 %'), ('98.2 %'), ('100.0 %'), ('57.5 s'), ('9.2 min'), ('2.5 h'), ('6'), ('2.0 h'), ('0.250 per day') $$, 'numbers are worded');
SELECT rows_are($$ SELECT health_internal.trend_text(l, h, m) FROM (VALUES (1, -1, 1, true), (2, 1, 2, true), (3, 1, 2, false), (4, -2, -1, true), (5, NULL, NULL, true)) AS x (n, l, h, m) ORDER BY n $$,
    $$ VALUES ('steady'), ('improving'), ('worsening'), ('worsening'), (NULL) $$, 'so are trends');

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

-- Each Tuesday at 09:00 in Paris, which is 07:00 UTC: tap.at(0) is a Tuesday.
SELECT is(health_internal.queue_report(at(10)), NULL, 'without a channel nothing is sent');
UPDATE health.business_settings SET report_channel = 'console', report_weekday = 2, report_time = '09:00', report_time_zone = 'Europe/Paris';
SELECT is(health_internal.queue_report(at(-10)), NULL, 'not before its time');
SELECT isnt(health_internal.queue_report(at(10)), NULL, 'at its time it is queued');
SELECT is(health_internal.queue_report(at(20)), NULL, 'once');
SELECT rows_are($$ SELECT event, severity, idempotency_key, details #>> '{report,period,from}' IS NOT NULL, subject LIKE 'Weekly report: availability 100.0 \%, revenue lost $0.00' FROM health.deliveries $$,
    $$ VALUES ('report', 'info', 'report-203105060700-console', true, true) $$, 'as a message of its own kind');
SELECT ok((SELECT body LIKE '%Revenue lost: $0.00%' FROM health.deliveries), 'with the figures as text');
SELECT isnt(health_internal.queue_report(at(7 * 86400)), NULL, 'and a week later');
SELECT is(health_internal.queue_report(at(16 * 86400)), NULL, 'one that was missed for two days is left');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT health.executive_report(now() - interval '1 day', now()) $$, 'analysts read it');
SELECT throws_ok($$ SELECT health_internal.queue_report(now()) $$, '42501', NULL, 'and send none');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
