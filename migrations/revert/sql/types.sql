BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.schedule_plan;
DROP DOMAIN health.event_data;
DROP DOMAIN health.heartbeat_attributes;
DROP DOMAIN health.metric_value;
DROP DOMAIN health.revenue_impact_usd;
DROP DOMAIN health.memory_limit_mb;
DROP DOMAIN health.memory_usage_mb;
DROP DOMAIN health.average_processing_time_ms;
DROP DOMAIN health.operational_efficiency;
DROP DOMAIN health.user_satisfaction;
DROP DOMAIN health.cost_efficiency;
DROP DOMAIN health.cpu_usage_percent;
DROP DOMAIN health.error_count;
DROP DOMAIN health.work_items_processed;
DROP DOMAIN health.event_severity;
DROP DOMAIN health.heartbeat_signal;
DROP DOMAIN health.agent_state;
DROP DOMAIN health.metric_unit;
DROP DOMAIN health.run_id;
DROP DOMAIN health.event_type;
DROP DOMAIN health.metric_name;
DROP DOMAIN health.agent_id;

COMMIT;
