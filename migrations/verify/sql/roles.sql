BEGIN;

DO $$
BEGIN
    ASSERT (
        SELECT count(*) = 10
        FROM pg_catalog.pg_roles
        WHERE pg_roles.rolname IN (
            'health_owner', 'health_agent', 'health_gateway', 'health_analyst',
            'health_operator', 'health_bridge', 'health_rules', 'health_admin',
            'health_rules_runner', 'health_helper'
        )
    ), 'a role is missing';
END;
$$;

ROLLBACK;
