-- The roll-ups that keep years cheap, and how far they are.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.agent_hours (
    agent_id text COLLATE "C" NOT NULL,
    hour_at timestamptz NOT NULL,
    excellent_seconds real NOT NULL DEFAULT 0,
    good_seconds real NOT NULL DEFAULT 0,
    fair_seconds real NOT NULL DEFAULT 0,
    poor_seconds real NOT NULL DEFAULT 0,
    critical_seconds real NOT NULL DEFAULT 0,
    late_seconds real NOT NULL DEFAULT 0,
    unresponsive_seconds real NOT NULL DEFAULT 0,
    up_seconds double precision NOT NULL DEFAULT 0,
    degraded_seconds double precision NOT NULL DEFAULT 0,
    down_seconds double precision NOT NULL DEFAULT 0,
    lost_seconds double precision NOT NULL DEFAULT 0,
    unknown_seconds double precision NOT NULL DEFAULT 0,
    maintenance_up_seconds double precision NOT NULL DEFAULT 0,
    maintenance_degraded_seconds double precision NOT NULL DEFAULT 0,
    maintenance_down_seconds double precision NOT NULL DEFAULT 0,
    maintenance_lost_seconds double precision NOT NULL DEFAULT 0,
    maintenance_counted_seconds double precision NOT NULL DEFAULT 0,
    score_seconds double precision NOT NULL DEFAULT 0,
    revenue_lost_usd double precision NOT NULL DEFAULT 0,
    beat_count bigint NOT NULL DEFAULT 0,
    error_beat_count bigint NOT NULL DEFAULT 0,
    error_count bigint NOT NULL DEFAULT 0,
    item_count bigint NOT NULL DEFAULT 0,
    processing_count bigint NOT NULL DEFAULT 0,
    processing_sum_ms double precision NOT NULL DEFAULT 0,
    utilisation_count bigint NOT NULL DEFAULT 0,
    utilisation_sum_percent double precision NOT NULL DEFAULT 0,
    memory_count bigint NOT NULL DEFAULT 0,
    memory_used_sum_mb double precision NOT NULL DEFAULT 0,
    memory_limit_sum_mb double precision NOT NULL DEFAULT 0,
    satisfaction_count bigint NOT NULL DEFAULT 0,
    satisfaction_sum double precision NOT NULL DEFAULT 0,
    last_error_count bigint,
    last_item_count bigint,
    CONSTRAINT agent_hours_pkey PRIMARY KEY (agent_id, hour_at)
) WITH (fillfactor = 80);

COMMENT ON TABLE health.agent_hours IS
'One row per agent and hour in which it was at work or beat; from status_transitions an hour after '
'hour and from heartbeats partition by partition. Made by run_rollups; kept hour_retention.';
COMMENT ON COLUMN health.agent_hours.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.agent_hours.hour_at IS 'Beginning of the hour (UTC).';
COMMENT ON COLUMN health.agent_hours.excellent_seconds IS 'Seconds in status excellent.';
COMMENT ON COLUMN health.agent_hours.good_seconds IS 'Seconds in status good.';
COMMENT ON COLUMN health.agent_hours.fair_seconds IS 'Seconds in status fair.';
COMMENT ON COLUMN health.agent_hours.poor_seconds IS 'Seconds in status poor.';
COMMENT ON COLUMN health.agent_hours.critical_seconds IS 'Seconds in status critical.';
COMMENT ON COLUMN health.agent_hours.late_seconds IS 'Seconds in liveness late.';
COMMENT ON COLUMN health.agent_hours.unresponsive_seconds IS
'Seconds in liveness unresponsive, since its last heartbeat.';
COMMENT ON COLUMN health.agent_hours.up_seconds IS
'Seconds in service; this and the next three count maintenance like any other time.';
COMMENT ON COLUMN health.agent_hours.degraded_seconds IS
'Seconds in service with status poor or critical.';
COMMENT ON COLUMN health.agent_hours.down_seconds IS 'Seconds unresponsive or failed.';
COMMENT ON COLUMN health.agent_hours.lost_seconds IS
'Seconds of service lost: all of down, and of degraded the share that the score lacks of 100.';
COMMENT ON COLUMN health.agent_hours.unknown_seconds IS 'Seconds in which the monitor was blind.';
COMMENT ON COLUMN health.agent_hours.maintenance_up_seconds IS
'Those of up_seconds that were in maintenance (not of windows counted as measured).';
COMMENT ON COLUMN health.agent_hours.maintenance_degraded_seconds IS
'The same of degraded_seconds.';
COMMENT ON COLUMN health.agent_hours.maintenance_down_seconds IS 'The same of down_seconds.';
COMMENT ON COLUMN health.agent_hours.maintenance_lost_seconds IS 'The same of lost_seconds.';
COMMENT ON COLUMN health.agent_hours.maintenance_counted_seconds IS
'Seconds in maintenance of windows that are counted_as_up; the rest is excluded.';
COMMENT ON COLUMN health.agent_hours.score_seconds IS
'Score, as of the latest transition, times seconds; over up + degraded + down it is the mean score.';
COMMENT ON COLUMN health.agent_hours.revenue_lost_usd IS
'lost_seconds outside maintenance times what the agent earned, US dollars.';
COMMENT ON COLUMN health.agent_hours.beat_count IS 'Heartbeats received.';
COMMENT ON COLUMN health.agent_hours.error_beat_count IS 'Those in state error or failed.';
COMMENT ON COLUMN health.agent_hours.error_count IS 'Errors, as differences of the counter told.';
COMMENT ON COLUMN health.agent_hours.item_count IS 'Work items, likewise.';
COMMENT ON COLUMN health.agent_hours.processing_count IS 'Heartbeats that told a processing time.';
COMMENT ON COLUMN health.agent_hours.processing_sum_ms IS 'Sum of those, milliseconds.';
COMMENT ON COLUMN health.agent_hours.utilisation_count IS
'Heartbeats that told CPU, or memory and its limit.';
COMMENT ON COLUMN health.agent_hours.utilisation_sum_percent IS
'Sum of the greater of the two, percent.';
COMMENT ON COLUMN health.agent_hours.memory_count IS 'Heartbeats that told memory and its limit.';
COMMENT ON COLUMN health.agent_hours.memory_used_sum_mb IS 'Sum of memory, megabytes.';
COMMENT ON COLUMN health.agent_hours.memory_limit_sum_mb IS 'Sum of limits, megabytes.';
COMMENT ON COLUMN health.agent_hours.satisfaction_count IS
'Heartbeats that told user_satisfaction.';
COMMENT ON COLUMN health.agent_hours.satisfaction_sum IS 'Sum of it, percent.';
COMMENT ON COLUMN health.agent_hours.last_error_count IS
'Counter of errors as last told; differences go on from here.';
COMMENT ON COLUMN health.agent_hours.last_item_count IS 'Counter of work items as last told.';

CREATE INDEX agent_hours_hour_idx ON health.agent_hours USING brin (hour_at)
WITH (pages_per_range = 16);
COMMENT ON INDEX health.agent_hours_hour_idx IS
'health_internal.roll_up_days reads the hours of a day, health_internal.sweep_rollups those past '
'retention; rows come in the order of time.';

-- The same by the day.
CREATE TABLE health.agent_days (
    LIKE health.agent_hours INCLUDING DEFAULTS INCLUDING COMMENTS,
    CONSTRAINT agent_days_pkey PRIMARY KEY (agent_id, hour_at)
) WITH (fillfactor = 80);

ALTER TABLE health.agent_days RENAME COLUMN hour_at TO day_at;

ALTER TABLE health.agent_days DROP COLUMN last_error_count, DROP COLUMN last_item_count;

COMMENT ON TABLE health.agent_days IS
'One row per agent and day (UTC) in which it was at work or beat: the sums of agent_hours. A day is '
'complete, and used by availability, once run_rollups has passed its end.';
COMMENT ON COLUMN health.agent_days.day_at IS 'Beginning of the day (UTC).';

CREATE INDEX agent_days_day_idx ON health.agent_days USING brin (day_at)
WITH (pages_per_range = 16);
COMMENT ON INDEX health.agent_days_day_idx IS
'health_internal.service_seconds reads the days of a period, health_internal.sweep_rollups those past '
'retention.';

CREATE TABLE health_internal.rollup_state (
    is_only_row boolean NOT NULL DEFAULT true,
    rolled_from timestamptz,
    hours_until timestamptz,
    days_until timestamptz,
    transition_id bigint NOT NULL DEFAULT 0,
    gaps_settled_until timestamptz NOT NULL DEFAULT '-infinity',
    reported_at timestamptz,
    CONSTRAINT rollup_state_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT rollup_state_has_one_row
    CHECK (is_only_row)
);

COMMENT ON TABLE health_internal.rollup_state IS
'One row: how far the roll-ups are. Whoever holds it rolls up; another one finds it locked.';
COMMENT ON COLUMN health_internal.rollup_state.is_only_row IS
'Always true; makes the row unique.';
COMMENT ON COLUMN health_internal.rollup_state.rolled_from IS
'Day with which the roll-ups begin; NULL: there are none.';
COMMENT ON COLUMN health_internal.rollup_state.hours_until IS
'agent_hours are made up to here; NULL: none are.';
COMMENT ON COLUMN health_internal.rollup_state.days_until IS 'agent_days likewise.';
COMMENT ON COLUMN health_internal.rollup_state.transition_id IS
'Transitions up to here are in; a later one may reach back before hours_until.';
COMMENT ON COLUMN health_internal.rollup_state.gaps_settled_until IS
'Monitor gaps that settled by then are in.';
COMMENT ON COLUMN health_internal.rollup_state.reported_at IS
'Scheduled time of the last weekly report that was queued.';

INSERT INTO health_internal.rollup_state DEFAULT VALUES;

CREATE TABLE health_internal.rollup_corrections (
    correction_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C" NOT NULL,
    from_at timestamptz NOT NULL,
    CONSTRAINT rollup_corrections_pkey PRIMARY KEY (correction_id)
);

COMMENT ON TABLE health_internal.rollup_corrections IS
'One row per agent whose past was told anew (a false positive): its roll-ups are made again.';
COMMENT ON COLUMN health_internal.rollup_corrections.correction_id IS 'Number of the correction.';
COMMENT ON COLUMN health_internal.rollup_corrections.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.rollup_corrections.from_at IS 'From when on.';

GRANT SELECT ON health.agent_hours, health.agent_days TO health_analyst, health_bridge;

COMMIT;
