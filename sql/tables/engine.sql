-- The engine's own state: one row of settings for people, one row of cursor for the ticker.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.settings (
    is_only_row boolean NOT NULL DEFAULT true,
    tick_period interval NOT NULL DEFAULT '1 second',
    unknown_agents text NOT NULL DEFAULT 'register',
    partition_width interval NOT NULL DEFAULT '1 hour',
    partitions_ahead integer NOT NULL DEFAULT 3,
    raw_retention interval NOT NULL DEFAULT '24 hours',
    score_period interval NOT NULL DEFAULT '1 minute',
    score_retention interval NOT NULL DEFAULT '7 days',
    score_rows_per_hour double precision NOT NULL DEFAULT 1000000,
    history_after interval NOT NULL DEFAULT '1 hour',
    heartbeat_memory_seconds double precision NOT NULL DEFAULT 600,
    metric_memory_seconds double precision NOT NULL DEFAULT 3600,
    baseline_memory_seconds double precision NOT NULL DEFAULT 86400,
    series_per_agent integer NOT NULL DEFAULT 200,
    engine_heartbeat_interval interval NOT NULL DEFAULT '30 seconds',
    monitor_settle_time interval NOT NULL DEFAULT '60 seconds',
    monitor_gap_after interval NOT NULL DEFAULT '60 seconds',
    group_wait interval NOT NULL DEFAULT '0 seconds',
    group_interval interval NOT NULL DEFAULT '5 minutes',
    group_burst integer NOT NULL DEFAULT 5,
    repeat_interval interval NOT NULL DEFAULT '4 hours',
    parent_wait interval NOT NULL DEFAULT '60 seconds',
    flapping_above double precision NOT NULL DEFAULT 30,
    flapping_until double precision NOT NULL DEFAULT 25,
    forgotten_after interval NOT NULL DEFAULT '24 hours',
    self_healing_limit integer NOT NULL DEFAULT 5,
    bridge_silent_after interval NOT NULL DEFAULT '60 seconds',
    recovery_concurrency integer NOT NULL DEFAULT 20,
    storm_share double precision NOT NULL DEFAULT 0.25,
    storm_count integer NOT NULL DEFAULT 20,
    series_limit integer NOT NULL DEFAULT 20000,
    series_budget_share double precision NOT NULL DEFAULT 0.1,
    series_forgotten_after interval NOT NULL DEFAULT '7 days',
    CONSTRAINT settings_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT settings_has_one_row
    CHECK (is_only_row),
    CONSTRAINT unknown_agents_is_register_or_refuse
    CHECK (unknown_agents IN ('register', 'refuse')),
    CONSTRAINT tick_period_is_100_ms_to_1_hour
    CHECK (tick_period BETWEEN interval '100 milliseconds' AND interval '1 hour'),
    CONSTRAINT partition_width_is_1_minute_to_31_days
    CHECK (partition_width BETWEEN interval '1 minute' AND interval '31 days'),
    CONSTRAINT partitions_ahead_is_1_to_100
    CHECK (partitions_ahead BETWEEN 1 AND 100),
    CONSTRAINT raw_retention_is_at_least_one_partition
    CHECK (raw_retention >= partition_width),
    CONSTRAINT scores_are_sampled_each_second_to_hour_and_kept_2_days_to_10_years
    CHECK (score_period BETWEEN interval '1 second' AND interval '1 hour'
        AND score_retention BETWEEN interval '2 days' AND interval '3660 days'),
    CONSTRAINT score_rows_per_hour_are_1000_to_1_billion
    CHECK (score_rows_per_hour BETWEEN 1000 AND 1e9),
    CONSTRAINT memories_are_positive_and_ascend
    CHECK (heartbeat_memory_seconds >= 1
        AND metric_memory_seconds > heartbeat_memory_seconds
        AND baseline_memory_seconds > metric_memory_seconds AND baseline_memory_seconds <= 1e9),
    CONSTRAINT series_per_agent_is_0_to_100000
    CHECK (series_per_agent BETWEEN 0 AND 100000),
    CONSTRAINT grouping_times_are_0_to_1_day
    CHECK (least(group_wait, group_interval, parent_wait) >= interval '0'
        AND greatest(group_wait, group_interval, parent_wait) <= interval '1 day'),
    CONSTRAINT group_burst_is_1_to_1000
    CHECK (group_burst BETWEEN 1 AND 1000),
    CONSTRAINT reminders_and_mutes_are_1_minute_to_1_year
    CHECK (least(repeat_interval, forgotten_after) >= interval '1 minute'
        AND greatest(repeat_interval, forgotten_after) <= interval '366 days'),
    CONSTRAINT flapping_is_left_at_or_below_where_it_is_entered
    CHECK (0 <= flapping_until AND flapping_until <= flapping_above AND flapping_above <= 100),
    CONSTRAINT self_healing_limit_is_positive
    CHECK (self_healing_limit >= 1),
    CONSTRAINT bridge_silent_after_is_10_seconds_to_1_day
    CHECK (bridge_silent_after BETWEEN interval '10 seconds' AND interval '1 day'),
    CONSTRAINT at_least_one_recovery_may_run
    CHECK (recovery_concurrency >= 1),
    CONSTRAINT a_storm_is_a_share_of_the_fleet_and_at_least_one_agent
    CHECK (storm_share >= 0 AND storm_share <= 1 AND storm_count >= 1),
    CONSTRAINT series_limit_is_0_to_10_million
    CHECK (series_limit BETWEEN 0 AND 10000000),
    CONSTRAINT series_budget_share_is_above_0_up_to_half
    CHECK (series_budget_share > 0 AND series_budget_share <= 0.5),
    CONSTRAINT series_are_forgotten_after_1_hour_to_10_years
    CHECK (series_forgotten_after BETWEEN interval '1 hour' AND interval '3660 days')
);

COMMENT ON TABLE health.settings IS
'One row: what holds for the whole engine.';
COMMENT ON COLUMN health.settings.is_only_row IS 'Always true; makes the row unique.';
COMMENT ON COLUMN health.settings.tick_period IS 'How often the engine ticks.';
COMMENT ON COLUMN health.settings.unknown_agents IS
'What to do with heartbeats of unknown agents: register or refuse.';
COMMENT ON COLUMN health.settings.partition_width IS 'Width of a partition of the raw tables.';
COMMENT ON COLUMN health.settings.partitions_ahead IS
'Partitions kept ready beyond the present one.';
COMMENT ON COLUMN health.settings.raw_retention IS 'How long raw rows are kept.';
COMMENT ON COLUMN health.settings.score_period IS
'How often scores are sampled into score_history; a scheduler that calls run_foresight each minute can do it no oftener.';
COMMENT ON COLUMN health.settings.score_retention IS 'How long score_history is kept.';
COMMENT ON COLUMN health.settings.score_rows_per_hour IS
'Rows an hour (of about 130 bytes) that score_history may grow by; where more agents change, scores are '
'sampled more seldom.';
COMMENT ON COLUMN health.settings.history_after IS
'Rows received longer ago than this feed baselines only.';
COMMENT ON COLUMN health.settings.heartbeat_memory_seconds IS
'Memory of heartbeat sums: weight exp(-age / memory), seconds.';
COMMENT ON COLUMN health.settings.metric_memory_seconds IS
'Memory of metric and error sums, seconds.';
COMMENT ON COLUMN health.settings.baseline_memory_seconds IS 'Memory of learnt baselines, seconds.';
COMMENT ON COLUMN health.settings.series_per_agent IS
'Series of performance_metrics kept per agent; further names are not folded.';
COMMENT ON COLUMN health.settings.engine_heartbeat_interval IS
'How often the engine beats for itself as agent heartbeat_health_agent.';
COMMENT ON COLUMN health.settings.monitor_settle_time IS
'How long agents may take to come back after a gap.';
COMMENT ON COLUMN health.settings.monitor_gap_after IS
'Time without a tick that counts as the monitor''s own blindness.';
COMMENT ON COLUMN health.settings.group_wait IS
'How long the first page of a quiet channel waits for company.';
COMMENT ON COLUMN health.settings.group_interval IS
'Window a first page opens; what no longer may leave at once in it is one digest at its end.';
COMMENT ON COLUMN health.settings.group_burst IS
'Pages that leave at once in that window; 1: the first alone.';
COMMENT ON COLUMN health.settings.repeat_interval IS
'After which an open incident nobody has taken is told again.';
COMMENT ON COLUMN health.settings.parent_wait IS
'How long a child''s page, and its restart, wait for the verdict on a parent that is late.';
COMMENT ON COLUMN health.settings.flapping_above IS
'Weighted percentage of changes above which an agent flaps (Icinga''s 30).';
COMMENT ON COLUMN health.settings.flapping_until IS
'Percentage at or below which it no longer does (Icinga''s 25).';
COMMENT ON COLUMN health.settings.forgotten_after IS
'Age at which a mute over standing trouble raises an alert of its own.';
COMMENT ON COLUMN health.settings.self_healing_limit IS
'Successful restarts in 24 hours above which an agent only seems to heal.';
COMMENT ON COLUMN health.settings.bridge_silent_after IS
'How long work may wait without any bridge alive.';
COMMENT ON COLUMN health.settings.recovery_concurrency IS
'Recoveries of the engine''s own decision that may run at once in the whole fleet.';
COMMENT ON COLUMN health.settings.storm_share IS
'Share of the agents at work, 0..1: with more in trouble at once a person is asked first …';
COMMENT ON COLUMN health.settings.storm_count IS '… provided they are at least this many.';
COMMENT ON COLUMN health.settings.series_limit IS
'Series watched for anomalies in the whole fleet; further ones wait for room, see series_refusals.';
COMMENT ON COLUMN health.settings.series_budget_share IS
'Share of its period that a tick may spend on judging series.';
COMMENT ON COLUMN health.settings.series_forgotten_after IS
'Silence after which a series that policy enrolled is forgotten, its baseline too, and makes room.';


INSERT INTO health.settings DEFAULT VALUES;

CREATE TABLE health_internal.engine (
    is_only_row boolean NOT NULL DEFAULT true,
    tick_id bigint NOT NULL DEFAULT 0,
    folded_until pg_snapshot NOT NULL,
    own_xid xid8,
    own_from bigint NOT NULL DEFAULT 0,
    system_identifier bigint NOT NULL,
    last_now timestamptz,
    last_tick_at timestamptz,
    last_cron_tick_at timestamptz,
    last_tick_ms double precision,
    last_act_ms double precision,
    last_error text,
    last_error_at timestamptz,
    server_started_at timestamptz,
    last_heartbeat_at timestamptz,
    tick_count_since_heartbeat bigint NOT NULL DEFAULT 0,
    judged_total bigint NOT NULL DEFAULT 0,
    folded_total bigint NOT NULL DEFAULT 0,
    refused_total bigint NOT NULL DEFAULT 0,
    skipped_series_total bigint NOT NULL DEFAULT 0,
    acted_transition_id bigint NOT NULL DEFAULT 0,
    self_checked_at timestamptz,
    due_from timestamptz NOT NULL DEFAULT '-infinity',
    compared_transition_id bigint,
    troubled_count bigint NOT NULL DEFAULT 0,
    CONSTRAINT engine_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT engine_has_one_row
    CHECK (is_only_row)
) WITH (fillfactor = 10);

COMMENT ON TABLE health_internal.engine IS
'One row: the ticker''s cursor and clock. Whoever holds this row ticks; a second ticker finds it locked and returns is_busy.';
COMMENT ON COLUMN health_internal.engine.is_only_row IS 'Always true; makes the row unique.';
COMMENT ON COLUMN health_internal.engine.tick_id IS 'Number of the last tick.';
COMMENT ON COLUMN health_internal.engine.folded_until IS
'Snapshot up to which arrivals are folded.';
COMMENT ON COLUMN health_internal.engine.own_xid IS
'Transaction of the last tick; it counts as in progress in folded_until.';
COMMENT ON COLUMN health_internal.engine.own_from IS
'First command of that transaction whose rows are not folded.';
COMMENT ON COLUMN health_internal.engine.system_identifier IS
'Cluster whose transaction ids the snapshot speaks of.';
COMMENT ON COLUMN health_internal.engine.last_now IS
'The latest p_now of a tick that moved timers.';
COMMENT ON COLUMN health_internal.engine.last_tick_at IS 'When the last tick began, by the clock.';
COMMENT ON COLUMN health_internal.engine.last_cron_tick_at IS
'When pg_cron last called the engine; NULL: never.';
COMMENT ON COLUMN health_internal.engine.last_tick_ms IS
'How long fold and judge of the last tick took, milliseconds.';
COMMENT ON COLUMN health_internal.engine.last_act_ms IS
'How long act and ring of the last tick took, milliseconds.';
COMMENT ON COLUMN health_internal.engine.last_error IS
'What the last failing phase said, NULL after a good one.';
COMMENT ON COLUMN health_internal.engine.last_error_at IS 'When it failed.';
COMMENT ON COLUMN health_internal.engine.server_started_at IS
'Start of the server''s checkpointer: a change means that all sessions were lost together.';
COMMENT ON COLUMN health_internal.engine.last_heartbeat_at IS
'When the engine last beat for itself.';
COMMENT ON COLUMN health_internal.engine.tick_count_since_heartbeat IS 'Ticks since then.';
COMMENT ON COLUMN health_internal.engine.judged_total IS 'Assessments since installation.';
COMMENT ON COLUMN health_internal.engine.folded_total IS 'Rows folded since installation.';
COMMENT ON COLUMN health_internal.engine.refused_total IS
'Rows of unknown agents refused since installation.';
COMMENT ON COLUMN health_internal.engine.skipped_series_total IS
'Metric values left out because their agent had too many series.';
COMMENT ON COLUMN health_internal.engine.acted_transition_id IS
'Latest row of status_transitions that acting has seen.';
COMMENT ON COLUMN health_internal.engine.self_checked_at IS
'When the engine last checked itself, its bridges and its mutes.';
COMMENT ON COLUMN health_internal.engine.due_from IS
'No agent''s next_due_at is earlier, so that no tick before need read agent_status for those who are due; -infinity: not known.';
COMMENT ON COLUMN health_internal.engine.compared_transition_id IS
'Latest row of status_transitions when the act last compared what holds with what is open.';
COMMENT ON COLUMN health_internal.engine.troubled_count IS 'Agents in trouble, as that comparison counted them.';


INSERT INTO health_internal.engine (folded_until, system_identifier)
SELECT
    pg_current_snapshot(),
    control.system_identifier
FROM pg_control_system() AS control;

CREATE TABLE health_internal.act_causes (
    cause text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE health_internal.act_causes IS
'One row per change of what the act compares that status_transitions does not tell: written with the change, '
'removed by the tick that compares. While there are none, what holds agrees with what is open.';
COMMENT ON COLUMN health_internal.act_causes.cause IS 'Table that changed.';
COMMENT ON COLUMN health_internal.act_causes.noted_at IS 'When.';

CREATE TABLE health.monitor_gaps (
    gap_id bigint GENERATED ALWAYS AS IDENTITY,
    reason text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    settled_at timestamptz NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT monitor_gaps_pkey PRIMARY KEY (gap_id),
    CONSTRAINT monitor_gap_ends_after_its_start
    CHECK (ended_at >= started_at AND settled_at >= ended_at),
    CONSTRAINT gap_reason_is_known
    CHECK (reason IN ('engine_stopped', 'server_restarted', 'fleet_silent'))
);

COMMENT ON TABLE health.monitor_gaps IS
'One row per time in which the monitor itself was blind: nobody is accused of silence in it.';
COMMENT ON COLUMN health.monitor_gaps.gap_id IS 'Number of the gap.';
COMMENT ON COLUMN health.monitor_gaps.reason IS 'engine_stopped, server_restarted or fleet_silent.';
COMMENT ON COLUMN health.monitor_gaps.started_at IS 'Since when the monitor was blind.';
COMMENT ON COLUMN health.monitor_gaps.ended_at IS 'Until when.';
COMMENT ON COLUMN health.monitor_gaps.settled_at IS
'Until when agents that fell silent in it may take to come back: nobody is accused before.';
COMMENT ON COLUMN health.monitor_gaps.details IS 'What showed it.';


CREATE INDEX monitor_gaps_ended_at_idx ON health.monitor_gaps (ended_at);
COMMENT ON INDEX health.monitor_gaps_ended_at_idx IS
'health_internal.blind_seconds looks for gaps that reach into a silence.';
CREATE INDEX monitor_gaps_settled_at_idx ON health.monitor_gaps (settled_at);
COMMENT ON INDEX health.monitor_gaps_settled_at_idx IS
'Ticks look for gaps that have not settled, and for the latest.';

GRANT SELECT ON health.settings, health.monitor_gaps TO health_analyst, health_bridge;

CREATE TYPE health_internal.blindness AS (
    from_at timestamptz,
    ended_at timestamptz,
    settled_at timestamptz,
    before_at timestamptz,
    heard_from timestamptz
);
COMMENT ON TYPE health_internal.blindness IS
'The monitor''s latest blindness (-infinity: none), when the one before settled, and from when on who '
'is heard is not silent because of it.';

CREATE TYPE health_internal.arrival_range AS (
    received_from timestamptz,
    from_xmax xid8,
    in_progress xid8 [],
    until pg_snapshot,
    own_xid xid8,
    own_from bigint,
    own_until bigint,
    last_own_xid xid8,
    last_own_from bigint
);
COMMENT ON TYPE health_internal.arrival_range IS
'What one tick reads: rows that became visible between the last tick''s snapshot (from_xmax, '
'in_progress) and this one''s (until), and rows of the ticking transaction itself (own_xid), told apart '
'by command number (own_from to own_until; last_own_xid and last_own_from where the last tick''s '
'transaction wrote on). Heartbeats received before received_from are history.';

COMMIT;
