-- The guard of the sandbox and what backtests hand on: they leave no row behind.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health_internal.sandbox (
    is_only_row boolean NOT NULL DEFAULT true,
    CONSTRAINT sandbox_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT sandbox_has_one_row
    CHECK (is_only_row)
);

COMMENT ON TABLE health_internal.sandbox IS
'One row: whoever holds it uses the sandbox; a second backtest finds it locked and says so.';
COMMENT ON COLUMN health_internal.sandbox.is_only_row IS 'Always true; makes the row unique.';

INSERT INTO health_internal.sandbox DEFAULT VALUES;

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
