-- The morning of 6 May 2031 that docs/analysts.md asks about: a shop that earns a dollar a second, a depot
-- that earns a fifth of one, and a service that earns nothing.
SET client_min_messages = warning;
CREATE TEMP VIEW clock AS SELECT timestamptz '2031-05-06 07:00:00+00' AS zero;
UPDATE health.business_settings SET monitoring_usd_per_month = 26298;
INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour, manual_recovery_minutes, manual_recovery_cost_usd)
VALUES ('shop', 'Shop', 3600, 60, 50), ('depot', 'Depot', 720, NULL, NULL), ('plain', 'Plain', 0, NULL, NULL);
INSERT INTO health.status_transitions (
    agent_id, occurred_at, old_liveness, new_liveness, old_status, new_status, new_score, issue_type,
    last_heartbeat_at
)
SELECT
    agent_id, zero + make_interval(secs => at), was, became, lag(health.classify_status(score, 80, 70, 60, 40))
    OVER (PARTITION BY agent_id ORDER BY at), health.classify_status(score, 80, 70, 60, 40), score,
    CASE became WHEN 'unresponsive' THEN 'agent_unresponsive' END, zero + make_interval(secs => beat)
FROM clock
CROSS JOIN (
    VALUES
    ('shop', -100, 'never_seen', 'alive', 100, -100),
    ('shop', 1060, 'alive', 'unresponsive', 0, 1000),
    ('shop', 1210, 'unresponsive', 'alive', 100, 1210),
    ('shop', 5000, 'alive', 'alive', 50, 5000),
    ('shop', 5600, 'alive', 'alive', 100, 5600),
    ('shop', 10500, 'alive', 'unresponsive', 0, 10400),
    ('shop', 11100, 'unresponsive', 'alive', 100, 11100),
    ('shop', 20650, 'alive', 'unresponsive', 0, 19900),
    ('shop', 20800, 'unresponsive', 'alive', 100, 20800),
    ('depot', -50, 'never_seen', 'alive', 100, -50),
    ('depot', 1100, 'alive', 'unresponsive', 0, 1000),
    ('depot', 1500, 'unresponsive', 'alive', 100, 1500),
    ('plain', 3600, 'never_seen', 'alive', 100, 3600),
    ('plain', 7200, 'alive', 'stopped', 100, 7200)
) AS changes (agent_id, at, was, became, score, beat)
ORDER BY at;
INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason)
SELECT '{"agent_id": "shop"}', zero + interval '10000 s', zero + interval '11000 s', 'ana', 'new disks' FROM clock;
INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at, ended_at)
SELECT window_id, 'shop', starts_at, ends_at, ends_at FROM health.maintenance_windows;
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at)
SELECT 'engine_stopped', zero + interval '20000 s', zero + interval '20600 s', zero + interval '20660 s' FROM clock;
INSERT INTO health.incidents (
    agent_id, severity, onset_at, detected_at, resolved_at, acknowledged_at, acknowledged_by
)
SELECT
    agent_id, severity, zero + make_interval(secs => onset), zero + make_interval(secs => seen),
    zero + make_interval(secs => over), zero + make_interval(secs => taken), CASE WHEN taken > 0 THEN 'ana' END
FROM clock
CROSS JOIN (
    VALUES
    ('shop', 'critical', 1000, 1060, 1210, NULL), ('depot', 'critical', 1000, 1100, 1500, 1200),
    ('shop', 'warning', 5000, 5060, 5600, NULL), ('plain', 'critical', 6000, 6000, 6100, NULL),
    ('shop', 'critical', 19900, 20650, 20800, NULL), ('depot', 'critical', 35000, 35010, NULL, NULL)
) AS troubles (agent_id, severity, onset, seen, over, taken)
ORDER BY seen;
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at)
SELECT incident_id, agent_id, 'unresponsive', severity, 'does not answer', detected_at, resolved_at
FROM health.incidents;
SELECT health.mark_false_positive(alert_id, 'ana', 'a broken sensor') FROM health.alerts WHERE agent_id = 'plain';
INSERT INTO health.recovery_actions (
    agent_id, issue_type, state, incident_id, created_at, not_before, started_at, finished_at
)
SELECT
    tries.agent_id, 'agent_unresponsive', state, incident_id, zero + make_interval(secs => begun),
    zero + make_interval(secs => begun), zero + make_interval(secs => begun), zero + make_interval(secs => ended)
FROM clock
CROSS JOIN (
    VALUES
    ('shop', 1060, 1060, 1240, 'succeeded'), ('depot', 1100, 1100, 1300, 'failed'),
    ('depot', 1100, 1310, 1400, 'escalated'), ('shop', 20650, 20650, 20860, 'succeeded')
) AS tries (agent_id, seen, begun, ended, state)
INNER JOIN health.incidents
    ON incidents.agent_id = tries.agent_id AND incidents.detected_at = zero + make_interval(secs => seen)
ORDER BY begun;
DO $$ BEGIN WHILE health_internal.roll_up_step('2031-05-07 07:00+00') LOOP END LOOP; END $$;
