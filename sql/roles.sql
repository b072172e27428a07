-- Group roles. Logins are granted one of them; nobody logs in as the owner. Two logins of our own run
-- the alert rules of users and answer questions.
-- Roles belong to the cluster, so an existing one is kept.
BEGIN;

DO $$
DECLARE
    v_role record;
    v_system_role text;
BEGIN
    FOR v_role IN
        SELECT roles.name, roles.description
        FROM (
            VALUES
            ('health_owner', 'Owns every object of the monitor; no login.'),
            ('health_agent', 'Inserts heartbeats, metrics and events of its own agents only.'),
            ('health_gateway', 'Copies heartbeats of a fixed set of agents in bulk.'),
            ('health_analyst', 'Reads the views.'),
            ('health_operator', 'Acknowledges alerts and requests recoveries.'),
            ('health_bridge', 'Claims and reports recoveries and deliveries, runs the tick.'),
            ('health_rules', 'Evaluates alert rules written by users, with no other right.'),
            ('health_admin', 'Changes policies, settings and channels.')
        ) AS roles (name, description)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE pg_roles.rolname = roles.name)
    LOOP
        EXECUTE format('CREATE ROLE %I NOLOGIN', v_role.name);
        EXECUTE format('COMMENT ON ROLE %I IS %L', v_role.name, v_role.description);
    END LOOP;

    -- The session user of rules: a rule's function may RESET ROLE, so what it falls back to must have
    -- no other right. Without a password it serves pg_cron alone.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE pg_roles.rolname = 'health_rules_runner') THEN
        CREATE ROLE health_rules_runner LOGIN IN ROLE health_rules;
        COMMENT ON ROLE health_rules_runner IS
        'Login that evaluates alert rules written by users; may become nobody else.';
        ALTER ROLE health_rules_runner SET statement_timeout = '500ms';
        ALTER ROLE health_rules_runner SET lock_timeout = '100ms';
        ALTER ROLE health_rules_runner SET idle_in_transaction_session_timeout = '10s';
    END IF;

    -- What a help agent logs in as: whatever SQL a language model writes, it reads views and no more.
    -- Without a password it serves those whom pg_hba.conf lets in.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE pg_roles.rolname = 'health_helper') THEN
        CREATE ROLE health_helper LOGIN IN ROLE health_analyst, health_agent;
        COMMENT ON ROLE health_helper IS 'Login that answers questions: reads, beats as ai_help, answers.';
        ALTER ROLE health_helper SET statement_timeout = '10s';
        ALTER ROLE health_helper SET idle_in_transaction_session_timeout = '10s';
    END IF;

    -- The deploying login must be able to act as the owner. Where it is no superuser, PostgreSQL 16
    -- and later make it a member that may administer the role but neither use nor become it.
    IF NOT pg_has_role(current_user, 'health_owner', 'USAGE')
        OR NOT pg_has_role(
            current_user,
            'health_owner',
            CASE
                WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET'
                ELSE 'MEMBER'
            END
        ) THEN
        GRANT health_owner TO CURRENT_USER;
    END IF;

    -- Reading other sessions' start times and ending an agent's stuck sessions needs these two.
    -- A managed server may refuse them: the engine then works without, and hha doctor says so.
    FOREACH v_system_role IN ARRAY ARRAY['pg_read_all_stats', 'pg_signal_backend']
    LOOP
        CONTINUE WHEN pg_has_role('health_owner', v_system_role, 'USAGE');
        BEGIN
            EXECUTE format('GRANT %I TO health_owner', v_system_role);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE WARNING 'health_owner does not get %', v_system_role
                    USING HINT = format(
                        'Ask an administrator to GRANT %I TO health_owner.', v_system_role
                    );
        END;
    END LOOP;

    IF NOT pg_has_role('health_operator', 'health_analyst', 'USAGE') THEN
        GRANT health_analyst TO health_operator;
    END IF;
    IF NOT pg_has_role('health_admin', 'health_operator', 'USAGE') THEN
        GRANT health_operator TO health_admin;
    END IF;

    IF NOT has_database_privilege('health_owner', current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO health_owner', current_database());
    END IF;
END;
$$;

COMMIT;
