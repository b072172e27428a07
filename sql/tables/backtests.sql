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

CREATE TYPE health.backtest_result AS (
    policy jsonb,
    from_at timestamptz,
    to_at timestamptz,
    agent_count bigint,
    heartbeat_count bigint,
    alert_count bigint,
    alerts_per_day double precision,
    page_count bigint,
    pages_per_day double precision,
    known_incident_count bigint,
    detected_count bigint,
    missed_count bigint,
    detection_seconds_median double precision,
    detection_seconds_p90 double precision,
    false_positive_count bigint,
    restarts_ordered bigint,
    transition_count bigint,
    excellent_seconds double precision,
    good_seconds double precision,
    fair_seconds double precision,
    poor_seconds double precision,
    critical_seconds double precision,
    tick_count bigint,
    step_seconds double precision,
    warmup_seconds double precision,
    elapsed_ms double precision
);
COMMENT ON TYPE health.backtest_result IS
'One row per backtest: what the engine would have done under a policy; stable: columns may be added at the '
'end, never removed or retyped within a major version.';
COMMENT ON COLUMN health.backtest_result.policy IS 'The policy asked for: a name, or the changes.';
COMMENT ON COLUMN health.backtest_result.from_at IS
'Where the figures begin; what was warmed up before is in none of them.';
COMMENT ON COLUMN health.backtest_result.to_at IS 'Where they end.';
COMMENT ON COLUMN health.backtest_result.agent_count IS 'Agents that were judged in the period.';
COMMENT ON COLUMN health.backtest_result.heartbeat_count IS
'Heartbeats replayed, the warm-up included.';
COMMENT ON COLUMN health.backtest_result.alert_count IS 'Alerts that opened.';
COMMENT ON COLUMN health.backtest_result.alerts_per_day IS 'The same by the day.';
COMMENT ON COLUMN health.backtest_result.page_count IS
'Messages to people, reminders and all-clears left out.';
COMMENT ON COLUMN health.backtest_result.pages_per_day IS 'The same by the day.';
COMMENT ON COLUMN health.backtest_result.known_incident_count IS
'Troubles that are known: critical incidents of the live engine, events of type failure.';
COMMENT ON COLUMN health.backtest_result.detected_count IS
'Of these: during how many a critical incident of the agent was open.';
COMMENT ON COLUMN health.backtest_result.missed_count IS 'Of these: during how many none was.';
COMMENT ON COLUMN health.backtest_result.detection_seconds_median IS
'From the onset of a known trouble to the incident, seconds; NULL: none was detected.';
COMMENT ON COLUMN health.backtest_result.detection_seconds_p90 IS
'What nine of ten stay below, seconds.';
COMMENT ON COLUMN health.backtest_result.false_positive_count IS
'Critical incidents of agents that are not known to have been in trouble then.';
COMMENT ON COLUMN health.backtest_result.restarts_ordered IS
'Restarts a bridge would have been given.';
COMMENT ON COLUMN health.backtest_result.transition_count IS 'Changes of status or liveness.';
COMMENT ON COLUMN health.backtest_result.excellent_seconds IS 'Agent-seconds in this status.';
COMMENT ON COLUMN health.backtest_result.good_seconds IS 'Agent-seconds in this status.';
COMMENT ON COLUMN health.backtest_result.fair_seconds IS 'Agent-seconds in this status.';
COMMENT ON COLUMN health.backtest_result.poor_seconds IS 'Agent-seconds in this status.';
COMMENT ON COLUMN health.backtest_result.critical_seconds IS 'Agent-seconds in this status.';
COMMENT ON COLUMN health.backtest_result.tick_count IS
'Ticks it took; steps in which nothing can happen are left out.';
COMMENT ON COLUMN health.backtest_result.step_seconds IS
'Between ticks, seconds: nothing is noticed sooner.';
COMMENT ON COLUMN health.backtest_result.warmup_seconds IS
'Replayed before from_at, seconds: as asked, or as far as rows are kept.';
COMMENT ON COLUMN health.backtest_result.elapsed_ms IS 'What the backtest took, milliseconds.';

COMMIT;
