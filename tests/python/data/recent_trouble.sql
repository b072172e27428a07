-- What business_history.sql lacks for those who look at "now": heartbeats of the last minutes, an agent that
-- has failed, a bridge, messages, an anomaly, a risk and an advice. Column "at" is seconds before now.
INSERT INTO health.agent_heartbeats (
    agent_id, state, received_at, cpu_usage_percent, memory_usage_mb, memory_limit_mb, average_processing_time_ms,
    work_items_processed, error_count
)
SELECT
    agent_id, 'running', now() - make_interval(secs => at), 20 + at / 20, 300 + (600 - at) / 4, 1024, 40 + at / 60,
    600 - at, (600 - at) / 200
FROM generate_series(600, 10, -10) AS at
CROSS JOIN unnest('{shop,depot,plain}'::text[]) AS agent_id;
INSERT INTO health.agent_heartbeats (agent_id, state) VALUES ('broken', 'failed');
SELECT health.bridge_heartbeat('bridge:main', '{"work_items_processed": 7}');
SELECT health.tick();
INSERT INTO health.deliveries (
    channel, event, severity, subject, body, idempotency_key, state, attempt, created_at, not_before, finished_at
)
SELECT
    'console', 'opened', 'critical', 'shop does not answer', 'since noon', 'recent-' || n, state, 1,
    now() - n * interval '10 minutes', now() - n * interval '10 minutes',
    now() - n * interval '10 minutes' + n * interval '2 seconds'
FROM unnest('{delivered,delivered,dead}'::text[]) WITH ORDINALITY AS states (state, n);
INSERT INTO health.alert_events (occurred_at, incident_id, agent_id, event, reason_code, reason)
SELECT detected_at, incident_id, agent_id, 'suppressed', 'maintenance', 'new disks'
FROM health.incidents WHERE agent_id = 'shop';
INSERT INTO health.anomalies (
    agent_id, metric_name, started_at, last_seen_at, ended_at, peak_score, peak_value, expected_low, expected_high, reason
)
SELECT 'shop', 'cpu_usage_percent', at, at, at, 0.99, 97, 20, 50, '97 where 20 to 50 was expected'
FROM date_trunc('minute', now() - interval '20 minutes') AS at;
INSERT INTO health_internal.failure_predictions (
    agent_id, horizon, probability, threshold, basis, reasons, predicted_at
)
VALUES ('shop', '1 day', 0.97, 0.9, 'trend', '[{"reason": "memory rises", "family": "trend", "contribution": 0.97}]', now());
INSERT INTO health.recommendations (agent_id, kind, subject, source, priority, summary, reason, created_at, changed_at)
VALUES ('shop', 'exhaustion_ahead', 'memory', 'advise', 1, 'give it more memory', 'it rises', now(), now());
