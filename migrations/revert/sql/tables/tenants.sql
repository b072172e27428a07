BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.check_unconfined();
DROP FUNCTION health_internal.check_visible(text);
DROP FUNCTION health_internal.own_agent_ids();
DROP VIEW health.visible_agents;
DROP FUNCTION health_internal.own_tenants();
DROP TABLE health.tenant_logins;

COMMIT;
