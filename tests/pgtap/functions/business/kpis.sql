-- Figures: each to the cent on a history computed by hand, and the sum of its rows.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.kpis_between, health.business_impact_detail}',
    $$
    VALUES
    ('health.business_impact_detail(timestamp with time zone,timestamp with time zone,text,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge'),
    ('health.kpis_between(timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge')
    $$
);

CREATE FUNCTION pg_temp.kpi(p_figure text) RETURNS text LANGUAGE sql
RETURN (SELECT concat_ws(' | ', round(value, 4), round(low, 4), round(high, 4), row_count, not_measured) FROM health.kpis_between(at(0), at(36000), at(40000)) WHERE figure = p_figure);

SELECT is_empty($$ SELECT figure, value FROM health.kpis_between(at(0), at(36000), at(40000)) WHERE value IS NOT NULL AND figure NOT IN ('open_critical_incidents', 'incident_trend', 'monitor_headroom') $$,
    'with nothing to measure nothing is measured');
SELECT is_empty($$ SELECT figure FROM health.kpis_between(at(0), at(36000), at(40000)) WHERE value IS NULL AND not_measured IS NULL $$, 'and each says why');
SELECT business_history();
INSERT INTO health.agent_status (agent_id, last_heartbeat_at, user_satisfaction, cpu_mean_percent, memory_usage_mb, memory_limit_mb)
VALUES ('shop', at(35999), 90, 40, 500, 1000), ('depot', at(35999), 80, 10, 100, 1000);
SELECT health.mark_false_positive(alert_id, 'ana', 'a sensor') FROM health.alerts WHERE agent_id = 'plain';

SELECT is(pg_temp.kpi('incident_count'), '6.0000 | 6', 'incidents');
SELECT is(pg_temp.kpi('mean_time_to_detection'), '57.5000 | 21.3815 | 93.6185 | 4 | 1 of 5 rows: the monitor was blind when it began', 'detection, but of what began while the monitor was blind');
SELECT is(pg_temp.kpi('mean_time_to_recovery'), '552.5000 | 273.5441 | 831.4559 | 4 | 1 of 5 rows: it was not over at the end', 'recovery, of what was over');
SELECT is(pg_temp.kpi('mean_time_to_acknowledge'), '100.0000 | 1 | 4 of 5 rows: nobody took it', 'acknowledgement');
SELECT is(pg_temp.kpi('automated_recovery_success'), '50.0000 | 15.0036 | 84.9964 | 4', 'two of four attempts succeeded; one was cancelled');
SELECT is(pg_temp.kpi('escalation_rate'), '25.0000 | 4.5586 | 69.9364 | 4', 'one asked a person');
SELECT is(pg_temp.kpi('false_positive_rate'), '16.6667 | 3.0053 | 56.3509 | 6', 'one of six was marked');
SELECT is(pg_temp.kpi('self_resolved_rate'), '25.0000 | 4.5586 | 69.9364 | 4 | 1 of 5 rows: it was not over at the end', 'one went away by itself');
SELECT is(pg_temp.kpi('manual_intervention_reduction'), '66.6667 | 20.7655 | 93.8510 | 3 | 2 of 5 rows: nobody did anything about it', 'two of three needed nobody');
SELECT is(pg_temp.kpi('open_critical_incidents'), '1.0000 | 1', 'one is open');
SELECT is(pg_temp.kpi('revenue_at_risk'), '720.0000 | 1', 'with its revenue');
SELECT is(pg_temp.kpi('revenue_lost'), '1010.0000 | 7', 'shop 210 + 300 + 100 + 300, depot 100 dollars');
SELECT is(pg_temp.kpi('revenue_protected'), '6810.0000 | 3210.0000 | 10410.0000 | 2', 'an hour by hand less 180 s and 210 s, at a dollar a second; half an hour to an hour and a half');
SELECT is(pg_temp.kpi('cost_avoidance'), '100.0000 | 2', 'twice 50 dollars');
SELECT is(pg_temp.kpi('manual_hours_avoided'), '2.0000 | 1.0000 | 3.0000 | 2', 'two hours');
SELECT is(pg_temp.kpi('roi'), '0 | business_settings.monitoring_usd_per_month is not set', 'no return without a price');
-- A month of 30.4375 days has 2,629,800 s.
UPDATE health.business_settings SET monitoring_usd_per_month = 26298;
SELECT is(pg_temp.kpi('monitoring_cost'), '360.0000 | 0', 'a cent a second');
SELECT is(pg_temp.kpi('net_benefit'), '6550.0000 | 2950.0000 | 10150.0000 | 4', 'what is left');
SELECT is(pg_temp.kpi('roi'), '1819.4444 | 819.4444 | 2819.4444 | 4', 'in percent of the price');
SELECT is(pg_temp.kpi('availability'), round(100 * (1 - (610 + 500) / (34400 + 35400 + 3600)::numeric), 4) || ' | 3', 'weighted by time at work');
SELECT is(pg_temp.kpi('availability_against_comparison'), round(97 * -1 + 100 * (1 - (610 + 500) / (34400 + 35400 + 3600)::numeric), 4) || ' | 2', 'against 97');
SELECT is(pg_temp.kpi('user_satisfaction'), '85.0000 | 75.2000 | 94.8000 | 2', 'as reported');
SELECT is(pg_temp.kpi('capacity_utilization'), '30.0000 | 0.0000 | 69.2000 | 2', 'half of the memory, a tenth of the CPU');
SELECT is(pg_temp.kpi('growth_readiness'), '166.6667 | 2', 'from 30 to 80 percent');
SELECT is(pg_temp.kpi('resource_waste'), '70.0000 | 2', '1,400 of 2,000 MB unused');
SELECT is(pg_temp.kpi('resource_waste_reduction'), '0 | no agent reported memory and its limit in both periods', 'not measured');

-- The drill-down.
SELECT is_empty($$
    SELECT kpis.figure, kpis.value, rows.total, rows.mean
    FROM health.kpis_between(at(0), at(36000), at(40000)) AS kpis
    JOIN health.business_figures AS figures USING (figure)
    CROSS JOIN LATERAL (SELECT sum(amount) AS total, sum(amount * weight::numeric) / nullif(sum(weight::numeric) FILTER (WHERE amount IS NOT NULL), 0) AS mean, count(*) AS n
        FROM health.business_impact_detail(at(0), at(36000), kpis.figure, at(40000))) AS rows
    WHERE figures.made_by <> 'slope' AND kpis.value IS DISTINCT FROM CASE figures.made_by WHEN 'sum' THEN rows.total ELSE rows.mean END
    $$, 'every figure is what its rows make');
SELECT rows_are($$ SELECT agent_id, extract(epoch FROM from_at - at(0))::integer, extract(epoch FROM to_at - at(0))::integer, amount, note FROM health.business_impact_detail(at(0), at(36000), 'revenue_lost', at(40000)) WHERE weight > 0 ORDER BY from_at, agent_id $$,
    $$ VALUES ('depot', 1000, 1500, 100.00, 'down'), ('shop', 1000, 1200, 200.00, 'down'), ('shop', 1200, 1210, 10.00, 'down'), ('shop', 5000, 5600, 300.00, 'degraded: 50.0 % of service lost'),
    ('shop', 11000, 11100, 100.00, 'down'), ('shop', 19900, 20000, 100.00, 'down'), ('shop', 20600, 20800, 200.00, 'down') $$, 'row by row');
SELECT ok((SELECT count(DISTINCT incident_id) = 4 FROM health.business_impact_detail(at(0), at(36000), 'revenue_lost', at(40000))), 'with the incident of each');
-- A price that changes counts from then on.
INSERT INTO health.business_terms (agent_id, valid_from, revenue_usd_per_hour) VALUES ('shop', at(5300), 7200);
SELECT is(pg_temp.kpi('revenue_lost'), '1560.0000 | 8', '150 more for the second half of the bad ten minutes, and twice of what followed');
UPDATE health.agents SET revenue_usd_per_hour = 1 WHERE agent_id = 'plain';
SELECT is((SELECT count(*) FROM health.business_terms WHERE agent_id = 'plain'), 1::bigint, 'a change of an agent is kept');
UPDATE health.agents SET agent_name = 'Plainer' WHERE agent_id = 'plain';
SELECT is((SELECT count(*) FROM health.business_terms WHERE agent_id = 'plain'), 1::bigint, 'once');
SELECT throws_ok($$ SELECT * FROM health.business_impact_detail(at(0), at(10), 'luck', at(20)) $$, 'BI003', 'there is no figure "luck"', 'figures are known');
SELECT throws_ok($$ SELECT * FROM health.business_impact_detail(at(10), at(0), 'roi', at(20)) $$, 'BI001', NULL, 'periods are checked');
SELECT throws_ok($$ SELECT * FROM health.kpis_between(at(10), at(0), at(20)) $$, 'BI001', NULL, 'everywhere');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.kpis, health.business_impact $$, 'analysts read them');
SELECT throws_ok($$ UPDATE health.business_settings SET monitoring_usd_per_month = 1 $$, '42501', NULL, 'and set nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
