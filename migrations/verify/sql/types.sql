BEGIN;

DO $$
BEGIN
    PERFORM 'health.agent_id'::regtype;
    PERFORM 'health.metric_name'::regtype;
    PERFORM 'health.event_type'::regtype;
    PERFORM 'health.run_id'::regtype;
    PERFORM 'health.metric_unit'::regtype;
    PERFORM 'health.agent_state'::regtype;
    PERFORM 'health.heartbeat_signal'::regtype;
    PERFORM 'health.event_severity'::regtype;
    PERFORM 'health.work_items_processed'::regtype;
    PERFORM 'health.error_count'::regtype;
    PERFORM 'health.cpu_usage_percent'::regtype;
    PERFORM 'health.cost_efficiency'::regtype;
    PERFORM 'health.user_satisfaction'::regtype;
    PERFORM 'health.operational_efficiency'::regtype;
    PERFORM 'health.average_processing_time_ms'::regtype;
    PERFORM 'health.memory_usage_mb'::regtype;
    PERFORM 'health.memory_limit_mb'::regtype;
    PERFORM 'health.revenue_impact_usd'::regtype;
    PERFORM 'health.metric_value'::regtype;
    PERFORM 'health.heartbeat_attributes'::regtype;
    PERFORM 'health.event_data'::regtype;
    PERFORM 'health_internal.schedule_plan'::regtype;
END;
$$;

ROLLBACK;
