BEGIN;

SELECT
    is_only_row,
    monitoring_usd_per_month,
    manual_recovery_minutes,
    manual_recovery_cost_usd,
    manual_recovery_spread,
    comparison_availability_percent,
    capacity_limit_percent,
    report_channel,
    report_weekday,
    report_time,
    report_time_zone,
    is_rolling_up_heartbeats,
    hour_retention,
    day_retention
FROM health.business_settings
WHERE false;

SELECT
    agent_id,
    valid_from,
    revenue_usd_per_hour,
    manual_recovery_minutes,
    manual_recovery_cost_usd
FROM health.business_terms
WHERE false;

SELECT NULL::health_internal.business_row;

ROLLBACK;
