-- Group roles. Logins are granted one of them; nobody logs in as the owner.
-- Roles belong to the cluster, so an existing one is kept.
BEGIN;

DO $$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY[
        'health_owner', 'health_agent', 'health_gateway', 'health_analyst',
        'health_operator', 'health_bridge', 'health_rules', 'health_admin'
    ]
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = v_role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
        END IF;
    END LOOP;

    -- The deploying login must be able to act as the owner, also where it is no superuser.
    IF NOT pg_has_role(current_user, 'health_owner', 'MEMBER') THEN
        EXECUTE format('GRANT health_owner TO %I', current_user);
    END IF;

    -- Reading other sessions' start times and ending an agent's stuck sessions needs these two.
    -- A managed server may refuse them: the engine then works without, and hha doctor says so.
    BEGIN
        GRANT pg_read_all_stats, pg_signal_backend TO health_owner;
    EXCEPTION
        WHEN insufficient_privilege THEN
            RAISE WARNING 'health_owner gets neither pg_read_all_stats nor pg_signal_backend'
                USING HINT = 'Ask an administrator to grant both roles to health_owner.';
    END;

    GRANT health_analyst TO health_operator;
    GRANT health_operator TO health_admin;

    EXECUTE format('GRANT CREATE ON DATABASE %I TO health_owner', current_database());
END;
$$;

COMMENT ON ROLE health_owner IS 'Owns every object of the monitor; no login.';
COMMENT ON ROLE health_agent IS 'Inserts heartbeats, metrics and events of its own agents only.';
COMMENT ON ROLE health_gateway IS 'Copies heartbeats of a fixed set of agents in bulk.';
COMMENT ON ROLE health_analyst IS 'Reads the views.';
COMMENT ON ROLE health_operator IS 'Acknowledges alerts and requests recoveries.';
COMMENT ON ROLE health_bridge IS 'Claims and reports recoveries and deliveries, runs the tick.';
COMMENT ON ROLE health_rules IS 'Evaluates alert rules written by users, with no other right.';
COMMENT ON ROLE health_admin IS 'Changes policies, settings and channels.';

COMMIT;
