BEGIN;

SET LOCAL ROLE health_owner;

TRUNCATE
health.agents, health.agent_logins, health_internal.agent_changes, health.agent_status, health.deliveries,
health.channels, health_internal.notices, health.recovery_steps, health.recovery_actions, health.alert_events,
health.alerts, health.incident_members, health.incidents, health.rule_findings,
health.escalation_policies, health.escalation_steps, health.silences, health.dependencies,
health.maintenance_windows, health.maintenance_periods, health_internal.flapping_agents,
health.alert_rules, health.policies;

DO $$
DECLARE
    v_name text;
BEGIN
    FOR v_name IN SELECT partitions.partition_name FROM health_internal.partitions
    LOOP
        EXECUTE format('DROP TABLE health.%I', v_name);
    END LOOP;
END;
$$;
TRUNCATE health_internal.partitions;

COMMIT;
