-- The public boundary: health is for agents, people and the bridge; health_internal is for the engine.
BEGIN;

CREATE SCHEMA health AUTHORIZATION health_owner;
COMMENT ON SCHEMA health IS
'Public surface of the health monitor: tables agents write, views people read, functions both call.';

CREATE SCHEMA health_internal AUTHORIZATION health_owner;
COMMENT ON SCHEMA health_internal IS
'Private parts of the health monitor; they may change in any release.';

-- Where a backtest copies the engine; a database that is restored or cloned may have no right to make schemas.
CREATE SCHEMA health_backtest AUTHORIZATION health_owner;
COMMENT ON SCHEMA health_backtest IS
'Sandbox of backtests, for schema health: empty, since whoever fills it rolls back.';

CREATE SCHEMA health_backtest_internal AUTHORIZATION health_owner;
COMMENT ON SCHEMA health_backtest_internal IS
'Sandbox of backtests, for schema health_internal: empty.';

GRANT USAGE ON SCHEMA health TO
    health_agent, health_gateway, health_analyst, health_operator,
    health_bridge, health_rules, health_admin;
GRANT USAGE ON SCHEMA health_internal TO
    health_agent, health_gateway, health_analyst, health_operator,
    health_bridge, health_rules, health_admin;

-- Nothing may be called by everybody unless its file says so.
ALTER DEFAULT PRIVILEGES FOR ROLE health_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

COMMIT;
