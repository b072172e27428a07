-- One row per agent: running state (what the fold keeps) and judgement (what people read) together,
-- so that a tick costs one update per agent. Only the ticker writes it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.agent_status (
    next_due_at timestamptz NOT NULL DEFAULT 'infinity',
    judged_tick_id bigint NOT NULL DEFAULT 0,
    judged_at timestamptz,
    first_heartbeat_at timestamptz,
    last_heartbeat_at timestamptz,
    gap_reference_at timestamptz,
    run_started_at timestamptz,
    late_at timestamptz,
    unresponsive_at timestamptz,
    session_lost_at timestamptz,
    agent_id text COLLATE "C" NOT NULL,
    policy_class text COLLATE "C" NOT NULL DEFAULT 'standard',
    expected_interval_seconds double precision,
    grace_seconds double precision NOT NULL DEFAULT 0,
    latency_slo_ms double precision,
    throughput_slo_per_minute double precision,
    state text,
    run_id text,
    liveness text NOT NULL DEFAULT 'never_seen',
    status text,
    score double precision,
    ungated_score double precision,
    gate double precision,
    heartbeat_consistency double precision,
    performance_metrics double precision,
    error_rate double precision,
    resource_efficiency double precision,
    business_impact double precision,
    policy_id bigint,
    silent_seconds double precision,
    gap_weight double precision NOT NULL DEFAULT 0,
    gap_sum double precision NOT NULL DEFAULT 0,
    gap_square_sum double precision NOT NULL DEFAULT 0,
    gap_count bigint NOT NULL DEFAULT 0,
    beat_count bigint NOT NULL DEFAULT 0,
    run_beat_count bigint NOT NULL DEFAULT 0,
    log_interval double precision,
    mean_gap double precision,
    gap_histogram real[],
    late_intervals double precision,
    unresponsive_intervals double precision,
    clock_offset_seconds double precision,
    error_count bigint,
    work_items_processed bigint,
    error_sum double precision NOT NULL DEFAULT 0,
    event_sum double precision NOT NULL DEFAULT 0,
    item_sum double precision NOT NULL DEFAULT 0,
    observed_seconds double precision NOT NULL DEFAULT 0,
    recent_item_sum double precision NOT NULL DEFAULT 0,
    baseline_item_sum double precision NOT NULL DEFAULT 0,
    baseline_seconds double precision NOT NULL DEFAULT 0,
    processing_weight double precision NOT NULL DEFAULT 0,
    processing_sum double precision NOT NULL DEFAULT 0,
    baseline_processing_weight double precision NOT NULL DEFAULT 0,
    baseline_processing_sum double precision NOT NULL DEFAULT 0,
    cpu_weight double precision NOT NULL DEFAULT 0,
    cpu_sum double precision NOT NULL DEFAULT 0,
    memory_weight double precision NOT NULL DEFAULT 0,
    memory_sum double precision NOT NULL DEFAULT 0,
    slow_memory_weight double precision NOT NULL DEFAULT 0,
    slow_memory_sum double precision NOT NULL DEFAULT 0,
    memory_usage_mb double precision,
    memory_limit_mb double precision,
    cost_efficiency double precision,
    user_satisfaction double precision,
    operational_efficiency double precision,
    revenue_impact_usd double precision,
    bad_evaluations integer NOT NULL DEFAULT 0,
    issue_candidate text,
    issue_evaluations integer NOT NULL DEFAULT 0,
    issue_type text,
    active_conditions text[] NOT NULL DEFAULT '{}',
    CONSTRAINT agent_status_pkey PRIMARY KEY (agent_id)
) WITH (
    fillfactor = 45,
    autovacuum_vacuum_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.5
);

COMMENT ON TABLE health.agent_status IS
'One row per agent: running state and latest judgement. Only the ticker writes it; its freshness is judged_at.';
COMMENT ON COLUMN health.agent_status.next_due_at IS
'When the agent must be judged again without a new heartbeat; first column, the idle tick scans it.';
COMMENT ON COLUMN health.agent_status.judged_tick_id IS
'Tick that judged last; an agent is judged at most once in a tick.';
COMMENT ON COLUMN health.agent_status.judged_at IS
'p_now of that tick; the decayed sums refer to it.';
COMMENT ON COLUMN health.agent_status.first_heartbeat_at IS
'First heartbeat ever, by the database''s clock.';
COMMENT ON COLUMN health.agent_status.last_heartbeat_at IS
'Latest heartbeat, by the database''s clock.';
COMMENT ON COLUMN health.agent_status.gap_reference_at IS
'Heartbeat from which the next gap is learnt; the first of a clump.';
COMMENT ON COLUMN health.agent_status.run_started_at IS 'First heartbeat of the present run.';
COMMENT ON COLUMN health.agent_status.late_at IS 'Deadline after which the agent is late.';
COMMENT ON COLUMN health.agent_status.unresponsive_at IS 'Deadline after which it is unresponsive.';
COMMENT ON COLUMN health.agent_status.session_lost_at IS
'When its attach session was lost; NULL if it was not or a heartbeat came since.';
COMMENT ON COLUMN health.agent_status.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.agent_status.policy_class IS 'Copied from agents.';
COMMENT ON COLUMN health.agent_status.expected_interval_seconds IS
'Copied from agents, seconds; NULL: the policy''s default, then learnt.';
COMMENT ON COLUMN health.agent_status.grace_seconds IS 'Copied from agents, seconds.';
COMMENT ON COLUMN health.agent_status.latency_slo_ms IS 'Copied from agents.';
COMMENT ON COLUMN health.agent_status.throughput_slo_per_minute IS 'Copied from agents.';
COMMENT ON COLUMN health.agent_status.state IS 'State the agent last told.';
COMMENT ON COLUMN health.agent_status.run_id IS 'Run it last told.';
COMMENT ON COLUMN health.agent_status.liveness IS
'never_seen, starting, alive, late, unresponsive, stopped or in_maintenance.';
COMMENT ON COLUMN health.agent_status.status IS
'excellent, good, fair, poor or critical; NULL before the first heartbeat.';
COMMENT ON COLUMN health.agent_status.score IS 'Gated overall score, 0..100.';
COMMENT ON COLUMN health.agent_status.ungated_score IS
'Weighted mean of the components, 0..100; alert rules on the score read this.';
COMMENT ON COLUMN health.agent_status.gate IS
'Highest score that the agent''s liveness and state allow, 100: no gate.';
COMMENT ON COLUMN health.agent_status.heartbeat_consistency IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.agent_status.performance_metrics IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.agent_status.error_rate IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.agent_status.resource_efficiency IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.agent_status.business_impact IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.agent_status.policy_id IS 'Version of the policy that judged.';
COMMENT ON COLUMN health.agent_status.silent_seconds IS
'Time since the last heartbeat at judged_at, less the monitor''s own blindness, seconds.';
COMMENT ON COLUMN health.agent_status.gap_weight IS 'Decayed number of gaps (10 min).';
COMMENT ON COLUMN health.agent_status.gap_sum IS 'Decayed sum of gaps, seconds.';
COMMENT ON COLUMN health.agent_status.gap_square_sum IS 'Decayed sum of squared gaps, seconds².';
COMMENT ON COLUMN health.agent_status.gap_count IS 'Gaps learnt from; not decayed.';
COMMENT ON COLUMN health.agent_status.beat_count IS 'Heartbeats folded; not decayed.';
COMMENT ON COLUMN health.agent_status.run_beat_count IS 'Good heartbeats of the present run.';
COMMENT ON COLUMN health.agent_status.log_interval IS
'Learnt logarithm of the interval, ln seconds.';
COMMENT ON COLUMN health.agent_status.mean_gap IS 'Learnt mean gap, seconds.';
COMMENT ON COLUMN health.agent_status.gap_histogram IS
'25 bins of gap over learnt interval, weights growing by 3000/2999 per gap; see health_internal.gap_bin.';
COMMENT ON COLUMN health.agent_status.late_intervals IS
'Learnt intervals after which the agent is late.';
COMMENT ON COLUMN health.agent_status.unresponsive_intervals IS
'Learnt intervals after which it is unresponsive.';
COMMENT ON COLUMN health.agent_status.clock_offset_seconds IS
'received_at - sent_at of the latest heartbeat that told sent_at: delay plus clock error, seconds.';
COMMENT ON COLUMN health.agent_status.error_count IS 'Counter of errors as last told.';
COMMENT ON COLUMN health.agent_status.work_items_processed IS 'Counter of work items as last told.';
COMMENT ON COLUMN health.agent_status.error_sum IS 'Decayed errors of the present run (60 min).';
COMMENT ON COLUMN health.agent_status.event_sum IS
'Decayed errors told as events (60 min), an event of severity error being 1.';
COMMENT ON COLUMN health.agent_status.item_sum IS 'Decayed work items of the present run (60 min).';
COMMENT ON COLUMN health.agent_status.observed_seconds IS
'Decayed time covered by the present run''s heartbeats (60 min), seconds.';
COMMENT ON COLUMN health.agent_status.recent_item_sum IS 'Decayed work items (10 min).';
COMMENT ON COLUMN health.agent_status.baseline_item_sum IS 'Decayed work items (24 h).';
COMMENT ON COLUMN health.agent_status.baseline_seconds IS
'Decayed time covered by heartbeats (24 h), seconds.';
COMMENT ON COLUMN health.agent_status.processing_weight IS
'Decayed number of processing times (10 min).';
COMMENT ON COLUMN health.agent_status.processing_sum IS
'Decayed sum of processing times, milliseconds.';
COMMENT ON COLUMN health.agent_status.baseline_processing_weight IS
'Decayed number of processing times (24 h).';
COMMENT ON COLUMN health.agent_status.baseline_processing_sum IS
'Decayed sum of processing times (24 h), each clipped at 3 × the baseline, milliseconds.';
COMMENT ON COLUMN health.agent_status.cpu_weight IS 'Decayed number of CPU values (10 min).';
COMMENT ON COLUMN health.agent_status.cpu_sum IS 'Decayed sum of CPU values, percent.';
COMMENT ON COLUMN health.agent_status.memory_weight IS 'Decayed number of memory values (10 min).';
COMMENT ON COLUMN health.agent_status.memory_sum IS 'Decayed sum of memory values, megabytes.';
COMMENT ON COLUMN health.agent_status.slow_memory_weight IS
'Decayed number of memory values (60 min).';
COMMENT ON COLUMN health.agent_status.slow_memory_sum IS
'Decayed sum of memory values (60 min), megabytes.';
COMMENT ON COLUMN health.agent_status.memory_usage_mb IS 'Memory as last told, megabytes.';
COMMENT ON COLUMN health.agent_status.memory_limit_mb IS 'Memory limit as last told, megabytes.';
COMMENT ON COLUMN health.agent_status.cost_efficiency IS 'As last told, percent.';
COMMENT ON COLUMN health.agent_status.user_satisfaction IS 'As last told, percent.';
COMMENT ON COLUMN health.agent_status.operational_efficiency IS 'As last told, percent.';
COMMENT ON COLUMN health.agent_status.revenue_impact_usd IS 'As last told, US dollars per hour.';
COMMENT ON COLUMN health.agent_status.bad_evaluations IS
'Ring of the last 20 evaluations, newest in bit 0; set: ungated score below critical.';
COMMENT ON COLUMN health.agent_status.issue_candidate IS
'Issue seen by the latest evaluation, not yet confirmed.';
COMMENT ON COLUMN health.agent_status.issue_evaluations IS 'Evaluations in a row that saw it.';
COMMENT ON COLUMN health.agent_status.issue_type IS 'Confirmed issue that asks for recovery.';
COMMENT ON COLUMN health.agent_status.active_conditions IS
'Built-in alert rules that hold at present.';


CREATE INDEX agent_status_active_idx ON health.agent_status (agent_id)
WHERE active_conditions <> '{}' OR issue_type IS NOT NULL;
COMMENT ON INDEX health.agent_status_active_idx IS
'health_internal.act reads the few agents with a condition or an issue. Its predicate changes only '
'with them, so that ordinary updates stay HOT.';

GRANT SELECT ON health.agent_status TO health_analyst, health_bridge;

CREATE TYPE health_internal.gap_memory AS (
    log_interval double precision,
    mean_gap double precision,
    gap_count bigint,
    gap_histogram real [],
    reference_seconds double precision
);
COMMENT ON TYPE health_internal.gap_memory IS
'What an agent''s gaps have taught: ln of the interval, mean gap (s), number of gaps, histogram, and '
'the time of the beat from which the next gap counts.';

COMMIT;
