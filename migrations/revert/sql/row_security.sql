BEGIN;

SET LOCAL ROLE health_owner;

DO $$
DECLARE
    v_policy record;
BEGIN
    FOR v_policy IN
        SELECT pg_policies.policyname, pg_policies.tablename
        FROM pg_policies
        WHERE pg_policies.schemaname = 'health'
    LOOP
        EXECUTE format('DROP POLICY %I ON health.%I', v_policy.policyname, v_policy.tablename);
        EXECUTE format('ALTER TABLE health.%I DISABLE ROW LEVEL SECURITY', v_policy.tablename);
    END LOOP;
END;
$$;

REVOKE ALL ON health.agent_heartbeats, health.ingest_heartbeats, health.performance_metrics,
health.system_events, health.agents, health.agent_sessions, health.agent_logins, health.settings
FROM health_agent, health_gateway, health_bridge, health_admin;
REVOKE ALL ON health.agent_heartbeats, health.ingest_heartbeats, health.performance_metrics,
health.system_events, health.agents, health.agent_sessions FROM health_analyst;

COMMIT;
