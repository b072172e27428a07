-- Whom agents are: registering, and attaching to a session. SECURITY INVOKER, so that row-level security
-- holds each login to its agents.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.register_agent(
    p_agent_id text,
    p_agent_name text DEFAULT NULL,
    p_agent_type text DEFAULT NULL,
    p_expected_interval interval DEFAULT NULL,
    p_capabilities jsonb DEFAULT NULL,
    p_policy_class text DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    INSERT INTO health.agents AS agents (
        agent_id, agent_name, agent_type, expected_interval, capabilities, policy_class
    )
    VALUES (
        p_agent_id,
        coalesce(p_agent_name, p_agent_id),
        p_agent_type,
        p_expected_interval,
        coalesce(p_capabilities, '{}'),
        coalesce(p_policy_class, 'standard')
    )
    ON CONFLICT (agent_id) DO UPDATE SET
        agent_name = coalesce(p_agent_name, agents.agent_name),
        agent_type = coalesce(p_agent_type, agents.agent_type),
        expected_interval = coalesce(p_expected_interval, agents.expected_interval),
        capabilities = coalesce(p_capabilities, agents.capabilities),
        policy_class = coalesce(p_policy_class, agents.policy_class),
        updated_at = clock_timestamp();
$$;
COMMENT ON FUNCTION health.register_agent(text, text, text, interval, jsonb, text) IS
'Registers an agent, or changes what is given of one already registered; what is NULL stays. The '
'next tick watches it. p_expected_interval: between heartbeats, 100 ms to 366 days; without it 30 s '
'are assumed and the real one is learnt. p_policy_class must exist in health.policies (AG004).';

CREATE OR REPLACE FUNCTION health.attach(p_agent_id text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_agent_number bigint;
    v_session health.agent_sessions;
BEGIN
    SELECT agents.agent_number
    INTO v_agent_number
    FROM health.agents
    WHERE agents.agent_id = p_agent_id;
    IF v_agent_number IS NULL THEN
        RAISE EXCEPTION 'agent "%" is not registered', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'Call health.register_agent first.';
    END IF;
    SELECT sessions.*
    INTO v_session
    FROM health.agent_sessions AS sessions
    WHERE sessions.agent_id = p_agent_id AND sessions.lost_at IS NULL
    ORDER BY sessions.session_id DESC
    LIMIT 1;
    IF v_session.pid = pg_backend_pid() AND EXISTS (
        SELECT FROM pg_locks AS locks
        WHERE locks.pid = pg_backend_pid()
            AND locks.locktype = 'advisory'
            AND locks.objsubid = 1
            AND (locks.classid::bigint << 32) | locks.objid::bigint = v_agent_number
            AND locks.granted
    ) THEN
        RETURN v_agent_number;
    END IF;
    IF NOT pg_try_advisory_lock(v_agent_number) THEN
        RAISE EXCEPTION 'agent "%" is attached by another session', p_agent_id
            USING ERRCODE = 'AG003',
                DETAIL = format('This session is pid %s.', pg_backend_pid()),
                HINT = 'Either a second copy of the agent runs, or the connection goes through a '
                    'pooler: attach needs a direct connection of its own. After a network cut the '
                    'old session ends within seconds; try again then.';
    END IF;
    -- A dead or cut-off client is noticed within seconds, also while a query runs.
    PERFORM set_config('client_connection_check_interval', '500ms', false);
    PERFORM set_config('tcp_keepalives_idle', '1', false);
    PERFORM set_config('tcp_keepalives_interval', '1', false);
    PERFORM set_config('tcp_keepalives_count', '2', false);
    INSERT INTO health.agent_sessions (agent_id, agent_number)
    VALUES (p_agent_id, v_agent_number);
    RETURN v_agent_number;
END;
$$;
COMMENT ON FUNCTION health.attach(text) IS
'Ties the agent to this session by an advisory lock on its number: when the session ends, however, '
'the next tick knows, without waiting for a missed heartbeat. Holding it never extends a deadline. '
'Call it twice: behind a pooler the second call fails. Returns the agent''s number. Raises AG001 for '
'an unregistered agent, AG003 while another session holds it.';
GRANT EXECUTE ON FUNCTION
health.register_agent(text, text, text, interval, jsonb, text),
health.attach(text)
TO health_agent, health_bridge, health_admin;

COMMIT;
