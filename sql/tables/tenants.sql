-- Tenants: which logins see the agents of some tenants only, and the one view that says which agents those
-- are. sql/tenant_security.sql puts everything that analysts read behind it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.tenant_logins (
    login_name name NOT NULL,
    tenant text NOT NULL,
    CONSTRAINT tenant_logins_pkey PRIMARY KEY (login_name, tenant)
);

COMMENT ON TABLE health.tenant_logins IS
'One row per tenant a login is confined to: it sees the agents of its tenants and nothing about others. A '
'login without a row sees all. For analysts; an operator may act on every agent, so confine none.';
COMMENT ON COLUMN health.tenant_logins.login_name IS
'Role it logs in with (session_user): SET ROLE does not lead out.';
COMMENT ON COLUMN health.tenant_logins.tenant IS 'A value of agents.tenant.';
GRANT ALL ON health.tenant_logins TO health_admin;

CREATE FUNCTION health_internal.own_tenants()
RETURNS text []
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(logins.tenant)
    FROM health.tenant_logins AS logins
    WHERE logins.login_name = session_user;
$$;
COMMENT ON FUNCTION health_internal.own_tenants() IS
'Tenants the session''s login is confined to; NULL: it sees all. By session_user, which is the same inside '
'functions that run as the owner and after SET ROLE.';
GRANT EXECUTE ON FUNCTION health_internal.own_tenants() TO PUBLIC;

CREATE VIEW health.visible_agents WITH (security_barrier) AS
SELECT
    agents.agent_id,
    agents.tenant
FROM health.agents
WHERE (SELECT health_internal.own_tenants()) IS NULL
    OR agents.tenant IN (SELECT unnest(health_internal.own_tenants()));
COMMENT ON VIEW health.visible_agents IS
'One row per agent the session''s login may see: those of its tenants, or all; stable within a major version.';
COMMENT ON COLUMN health.visible_agents.agent_id IS 'Name of the agent.';
COMMENT ON COLUMN health.visible_agents.tenant IS 'Whose agent it is.';
GRANT SELECT ON health.visible_agents TO health_analyst, health_bridge;

CREATE FUNCTION health_internal.own_agent_ids()
RETURNS SETOF text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT visible.agent_id
    FROM health.visible_agents AS visible
    WHERE health_internal.own_tenants() IS NOT NULL;
$$;
COMMENT ON FUNCTION health_internal.own_agent_ids() IS
'The agents a confined login may see; none for one that sees all. Policies and views call it in the name of '
'whoever reads.';
GRANT EXECUTE ON FUNCTION health_internal.own_agent_ids() TO PUBLIC;

CREATE FUNCTION health_internal.check_visible(p_agent_id text)
RETURNS void
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    IF health_internal.own_tenants() IS NOT NULL AND NOT EXISTS (
        SELECT FROM health.visible_agents AS visible WHERE visible.agent_id = p_agent_id
    ) THEN
        RAISE EXCEPTION 'agent "%" is not known', coalesce(p_agent_id, 'NULL')
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.check_visible(text) IS
'To a confined login an agent of another tenant does not exist: raises AG001.';

CREATE FUNCTION health_internal.check_unconfined()
RETURNS void
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    IF health_internal.own_tenants() IS NOT NULL THEN
        RAISE EXCEPTION 'this is about the whole fleet, and "%" sees some tenants only', session_user
            USING ERRCODE = 'TN001',
                HINT = 'Ask with a login that has no row in health.tenant_logins, or about one agent.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.check_unconfined() IS
'Figures of the whole fleet are not for a login confined to some tenants: raises TN001.';

COMMIT;
