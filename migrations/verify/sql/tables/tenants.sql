BEGIN;

SELECT
    login_name,
    tenant
FROM health.tenant_logins
WHERE false;

SELECT
    agent_id,
    tenant
FROM health.visible_agents
WHERE false;

DO $$
BEGIN
    PERFORM 'health_internal.own_tenants()'::regprocedure;
    PERFORM 'health_internal.own_agent_ids()'::regprocedure;
    PERFORM 'health_internal.check_visible(text)'::regprocedure;
    PERFORM 'health_internal.check_unconfined()'::regprocedure;
END;
$$;

ROLLBACK;
