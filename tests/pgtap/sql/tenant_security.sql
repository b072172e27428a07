-- Tenants: everything analysts read that names an agent is confined, and costs who is not confined nothing.
BEGIN;

SELECT no_plan();

SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'agent_id'
    WHERE c.relnamespace = 'health'::regnamespace AND NOT c.relispartition AND has_table_privilege('health_analyst', c.oid, 'SELECT')
        AND c.oid <> 'health.visible_agents'::regclass
        AND CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) NOT LIKE '%own_agent_ids%' OR NOT coalesce(c.reloptions @> '{security_barrier=true}', false)
            ELSE NOT c.relrowsecurity OR NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND pg_get_expr(p.polqual, p.polrelid) LIKE '%own_agent_ids%') END
    $$, 'no table or view that names an agent is forgotten');
SELECT is(health_internal.own_tenants(), NULL, 'a login without a row is not confined');
SELECT is_empty('SELECT health_internal.own_agent_ids()', 'and needs no list of agents');
INSERT INTO health.agents (agent_id, agent_name, tenant) VALUES ('n1', 'n1', 'north'), ('s1', 's1', 'south'), ('w1', 'w1', 'west');
INSERT INTO health.tenant_logins VALUES (session_user, 'north'), (session_user, 'west');
SELECT rows_are('SELECT agent_id, tenant FROM health.visible_agents ORDER BY agent_id', $$ VALUES ('n1', 'north'), ('w1', 'west') $$, 'one with rows sees those tenants');
SELECT rows_are('SELECT agent_id FROM health.fleet ORDER BY agent_id', $$ VALUES ('n1'), ('w1') $$, 'in every view');
SELECT lives_ok($$ SELECT health_internal.check_visible('n1') $$, 'its own are known');
SELECT throws_ok($$ SELECT health_internal.check_visible('s1') $$, 'AG001', 'agent "s1" is not known', 'others are not');
SELECT throws_ok($$ SELECT health_internal.check_visible(NULL) $$, 'AG001', NULL, 'nor is nobody');
SELECT throws_ok('SELECT health_internal.check_unconfined()', 'TN001', NULL, 'the whole fleet is not its business');
SELECT is((health.tick(at(0), true)).is_busy, false, 'whoever ticks, the engine sees all');
SELECT is((SELECT count(*) FROM health.agent_status WHERE agent_id IN ('n1', 's1', 'w1')), 3::bigint, 'agents of every tenant');
SET LOCAL ROLE health_analyst;
SELECT rows_are('SELECT agent_id FROM health.agent_status ORDER BY agent_id', $$ VALUES ('n1'), ('w1') $$, 'as analyst also in tables');
RESET ROLE;
SET LOCAL ROLE health_agent;
SELECT throws_ok('SELECT FROM health.visible_agents', '42501', NULL, 'agents read no list of agents');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
