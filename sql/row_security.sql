-- Who may write what: an agent's login only for the agents of agent_logins, a bridge for itself,
-- received_at and txid for nobody but the owner and superusers.
BEGIN;

SET LOCAL ROLE health_owner;

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY[
        'agent_heartbeats', 'performance_metrics', 'system_events', 'agents', 'agent_sessions'
    ]
    LOOP
        EXECUTE format('ALTER TABLE health.%I ENABLE ROW LEVEL SECURITY', v_table);
        -- EXISTS, one probe of the key; IN reads all agents of the login at each INSERT.
        EXECUTE format(
            $sql$
            CREATE POLICY agents_insert_their_own ON health.%I
            FOR INSERT TO health_agent
            WITH CHECK (EXISTS (
                SELECT FROM health.agent_logins AS logins
                WHERE logins.login_name = current_user AND logins.agent_id = %I.agent_id
            ))
            $sql$,
            v_table, v_table
        );
        EXECUTE format(
            $sql$
            CREATE POLICY bridges_insert ON health.%I
            FOR INSERT TO health_bridge
            WITH CHECK (starts_with(agent_id, 'bridge:'))
            $sql$,
            v_table
        );
        EXECUTE format(
            $sql$
            CREATE POLICY readers_read ON health.%I
            FOR SELECT TO health_analyst, health_bridge
            USING (true)
            $sql$,
            v_table
        );
    END LOOP;
    FOREACH v_table IN ARRAY ARRAY['agents', 'agent_sessions']
    LOOP
        EXECUTE format(
            $sql$
            CREATE POLICY agents_read_their_own ON health.%I
            FOR SELECT TO health_agent
            USING (agent_id IN (
                SELECT logins.agent_id FROM health.agent_logins AS logins
                WHERE logins.login_name = current_user
            ))
            $sql$,
            v_table
        );
    END LOOP;
END;
$$;

-- The copies of job signals, which the triggers of heartbeats write with the rights of who inserts.
ALTER TABLE health_internal.job_signals ENABLE ROW LEVEL SECURITY;
CREATE POLICY agents_and_gateways_insert_their_own ON health_internal.job_signals
FOR INSERT TO health_agent, health_gateway
WITH CHECK (EXISTS (
    SELECT FROM health.agent_logins AS logins
    WHERE logins.login_name = current_user AND logins.agent_id = job_signals.agent_id
));
CREATE POLICY bridges_insert ON health_internal.job_signals
FOR INSERT TO health_bridge
WITH CHECK (starts_with(agent_id, 'bridge:'));
GRANT INSERT (agent_id, run_id, signal, attributes) ON health_internal.job_signals
TO health_agent, health_gateway, health_bridge;

CREATE POLICY agents_update_their_own ON health.agents
FOR UPDATE TO health_agent
USING (agent_id IN (
    SELECT logins.agent_id FROM health.agent_logins AS logins
    WHERE logins.login_name = current_user
));
CREATE POLICY bridges_update ON health.agents
FOR UPDATE TO health_bridge
USING (starts_with(agent_id, 'bridge:'));

ALTER TABLE health.agent_logins ENABLE ROW LEVEL SECURITY;
CREATE POLICY logins_read_their_own ON health.agent_logins
FOR SELECT TO PUBLIC
USING (login_name = current_user);

GRANT SELECT ON health.agent_logins TO health_agent, health_gateway;

GRANT INSERT (
    agent_id, state, sent_at, work_items_processed, average_processing_time_ms, cpu_usage_percent,
    memory_usage_mb, memory_limit_mb, error_count, cost_efficiency, user_satisfaction,
    operational_efficiency, revenue_impact_usd, signal, run_id, attributes
) ON health.agent_heartbeats TO health_agent, health_bridge;
GRANT INSERT (
    agent_id, state, sent_at, work_items_processed, average_processing_time_ms, cpu_usage_percent,
    memory_usage_mb, memory_limit_mb, error_count, cost_efficiency, user_satisfaction,
    operational_efficiency, revenue_impact_usd, signal, run_id, attributes
) ON health.ingest_heartbeats TO health_gateway;
GRANT INSERT (agent_id, metric_name, metric_value, unit, recorded_at)
ON health.performance_metrics TO health_agent, health_bridge;
GRANT INSERT (agent_id, event_type, severity, event_data, occurred_at)
ON health.system_events TO health_agent, health_bridge;
GRANT INSERT (
    agent_id, agent_name, agent_type, expected_interval, capabilities, policy_class
) ON health.agents TO health_agent, health_bridge;
GRANT UPDATE (
    agent_name, agent_type, expected_interval, capabilities, policy_class, updated_at
) ON health.agents TO health_agent, health_bridge;
GRANT UPDATE (schedule, time_zone, grace, max_run_time) ON health.agents TO health_agent;
GRANT SELECT ON health.agents TO health_agent, health_bridge, health_analyst;
GRANT INSERT (agent_id, agent_number) ON health.agent_sessions TO health_agent, health_bridge;
GRANT SELECT ON health.agent_sessions TO health_agent, health_bridge, health_analyst;

GRANT SELECT ON health.agent_heartbeats, health.performance_metrics, health.system_events
TO health_analyst;
GRANT SELECT ON health.ingest_heartbeats TO health_analyst;
GRANT ALL ON health.agents, health.agent_logins TO health_admin;
-- Its one row stays.
GRANT UPDATE ON health.settings TO health_admin;
CREATE POLICY admins_do_all ON health.agents FOR ALL TO health_admin USING (true);
CREATE POLICY admins_do_all ON health.agent_logins FOR ALL TO health_admin USING (true);

COMMIT;
