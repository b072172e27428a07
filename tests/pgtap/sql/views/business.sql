-- Views of business figures: their columns are contracts, their rows those of the functions.
BEGIN;

SELECT no_plan();

SELECT columns_are('health', 'availability', '{period_days,agent_id,availability_percent,up_seconds,degraded_seconds,down_seconds,lost_seconds,maintenance_seconds,unknown_seconds,off_seconds,not_measured}', 'availability');
SELECT columns_are('health', 'kpis', '{figure,title,value,unit,low,high,row_count,objective,is_met,not_measured,meaning}', 'kpis');
SELECT columns_are('health', 'business_impact', '{agent_id,agent_name,tenant,criticality,revenue_usd_per_hour,availability_percent,lost_seconds,incident_count,revenue_lost_usd,revenue_at_risk_usd_per_hour,revenue_protected_usd,cost_avoided_usd}', 'business_impact');

INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour) VALUES ('a1', 'A1', 360);
INSERT INTO health.status_transitions (agent_id, occurred_at, new_liveness, new_status, new_score, last_heartbeat_at, issue_type)
VALUES ('a1', now() - interval '40 days', 'alive', 'excellent', 100, now() - interval '40 days', NULL),
    ('a1', now() - interval '3 days', 'unresponsive', 'critical', 0, now() - interval '3 days', 'agent_unresponsive'),
    ('a1', now() - interval '71 hours', 'alive', 'excellent', 100, now() - interval '71 hours', NULL);
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at)
VALUES ('a1', 'critical', now() - interval '3 days', now() - interval '3 days', now() - interval '71 hours');
SELECT rows_are($$ SELECT period_days, down_seconds, round(availability_percent::numeric, 4) FROM health.availability WHERE agent_id = 'a1' ORDER BY 1 $$,
    $$ VALUES (1, 0::float8, 100.0000), (7, 3600, 99.4048), (30, 3600, 99.8611) $$, 'the last day, week and month');
SELECT rows_are($$ SELECT value, is_met FROM health.kpis WHERE figure = 'revenue_lost' $$, $$ VALUES (360.00, false) $$, 'the last month in figures');
SELECT rows_are($$ SELECT agent_id, incident_count, revenue_lost_usd, revenue_protected_usd FROM health.business_impact $$, $$ VALUES ('a1', 1::numeric, 360.00, 0::numeric) $$, 'and agent by agent');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.kpis $$, '42501', NULL, 'not for agents');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
