-- What backtests hand on: they leave no row behind.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TYPE health_internal.sandbox_object AS (
    kind text,
    object_oid oid,
    schema_name text,
    object_name text,
    definition text
);
COMMENT ON TYPE health_internal.sandbox_object IS
'A table, view, sequence or function that a sandbox copies; definition empty for tables and sequences.';

CREATE TYPE health_internal.backtest_event AS (
    occurred_at timestamptz,
    agent_id text,
    kind text,
    what text,
    severity text,
    began_at timestamptz,
    ended_at timestamptz,
    details jsonb
);
COMMENT ON TYPE health_internal.backtest_event IS
'What happened in a backtest: kind is standing (the status at its beginning), transition, alert, incident, '
'page, restart or cost (one row: what the backtest itself took).';

COMMIT;
