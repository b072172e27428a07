-- One row per agent: running state (what the fold keeps) and judgement (what people read) together,
-- so that a tick costs one update per agent. Only the ticker writes it. First stand the columns that a
-- tick looks at without the rest; NOT NULL stands only there, since each one is checked at each update. The
-- fill factor leaves a new, short row room to grow to its full length three times over.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.agent_status (
    next_due_at timestamptz NOT NULL DEFAULT 'infinity',
    judged_tick_id bigint NOT NULL DEFAULT 0,
    score double precision,
    agent_id text COLLATE "C" NOT NULL,
    liveness text NOT NULL DEFAULT 'never_seen',
    active_conditions text[] NOT NULL DEFAULT '{}',
    status text,
    issue_type text,
    revenue_impact_usd double precision,
    policy_class text COLLATE "C" DEFAULT 'standard',
    gap_histogram real[] DEFAULT '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
    last_heartbeat_at timestamptz,
    judged_at timestamptz,
    first_heartbeat_at timestamptz,
    run_started_at timestamptz,
    last_sent_at timestamptz,
    session_lost_at timestamptz,
    state text,
    run_id text,
    expected_interval_seconds double precision,
    grace_seconds double precision DEFAULT 0,
    latency_slo_ms double precision,
    throughput_slo_per_minute double precision,
    ungated_score double precision,
    gate double precision,
    heartbeat_consistency double precision,
    performance_metrics double precision,
    error_rate double precision,
    resource_efficiency double precision,
    business_impact double precision,
    policy_id bigint,
    silent_seconds double precision,
    beat_count bigint DEFAULT 0,
    gap_count bigint DEFAULT 0,
    gap_weight double precision DEFAULT 0,
    gap_sum double precision DEFAULT 0,
    gap_square_sum double precision DEFAULT 0,
    clump_seconds double precision DEFAULT 0,
    learnt_interval_seconds double precision,
    mean_gap_seconds double precision,
    late_intervals double precision,
    unresponsive_intervals double precision,
    error_count bigint,
    work_items_processed bigint,
    error_sum double precision DEFAULT 0,
    item_sum double precision DEFAULT 0,
    recent_item_sum double precision DEFAULT 0,
    baseline_item_sum double precision DEFAULT 0,
    baseline_seconds double precision DEFAULT 0,
    processing_mean_ms double precision,
    baseline_processing_ms double precision,
    cpu_mean_percent double precision,
    memory_mean_mb double precision,
    slow_memory_mean_mb double precision,
    memory_usage_mb double precision,
    memory_limit_mb double precision,
    cost_efficiency double precision,
    user_satisfaction double precision,
    operational_efficiency double precision,
    bad_evaluations integer DEFAULT 0,
    issue_evaluations integer DEFAULT 0,
    issue_candidate text,
    loss_evaluations integer DEFAULT 0,
    CONSTRAINT agent_status_pkey PRIMARY KEY (agent_id)
) WITH (
    fillfactor = 22,
    autovacuum_vacuum_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.5
);

COMMENT ON TABLE health.agent_status IS
'One row per agent: running state and latest judgement. Only the ticker writes it; its freshness is '
'judged_at. Decayed sums and means are as of last_heartbeat_at, with weight exp(-age / memory).';
COMMENT ON COLUMN health.agent_status.next_due_at IS
'When the agent must be judged again without a new heartbeat; first column, the idle tick scans it.';
COMMENT ON COLUMN health.agent_status.judged_tick_id IS
'Tick that judged last; an agent is judged at most once in a tick.';
COMMENT ON COLUMN health.agent_status.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.agent_status.liveness IS
'never_seen, starting, alive, late, unresponsive or stopped: what its heartbeats say, also during maintenance.';
COMMENT ON COLUMN health.agent_status.active_conditions IS
'Built-in alert rules that hold at present.';
COMMENT ON COLUMN health.agent_status.status IS
'excellent, good, fair, poor or critical; NULL before the first heartbeat.';
COMMENT ON COLUMN health.agent_status.issue_type IS 'Confirmed issue that asks for recovery.';
COMMENT ON COLUMN health.agent_status.gap_histogram IS
'25 bins of gap over learnt interval, weights growing by 3000/2999 per gap; see health_internal.gap_bin.';
COMMENT ON COLUMN health.agent_status.last_heartbeat_at IS
'Latest heartbeat, by the database''s clock; sums and means are as of then.';
COMMENT ON COLUMN health.agent_status.judged_at IS 'p_now of that tick.';
COMMENT ON COLUMN health.agent_status.first_heartbeat_at IS
'First heartbeat ever, by the database''s clock.';
COMMENT ON COLUMN health.agent_status.run_started_at IS 'First heartbeat of the present run.';
COMMENT ON COLUMN health.agent_status.last_sent_at IS
'The agent''s clock when it sent the latest heartbeat; NULL: it did not tell.';
COMMENT ON COLUMN health.agent_status.session_lost_at IS
'When its attach session was lost; NULL if it was not or a heartbeat came since.';
COMMENT ON COLUMN health.agent_status.state IS 'State the agent last told.';
COMMENT ON COLUMN health.agent_status.policy_class IS 'Copied from agents.';
COMMENT ON COLUMN health.agent_status.run_id IS 'Run it last told.';
COMMENT ON COLUMN health.agent_status.expected_interval_seconds IS
'Copied from agents, seconds; NULL: the policy''s default, then learnt.';
COMMENT ON COLUMN health.agent_status.grace_seconds IS
'Copied from agents, seconds; 1e9 for one on a schedule, whose runs are expected and not its beats.';
COMMENT ON COLUMN health.agent_status.latency_slo_ms IS 'Copied from agents.';
COMMENT ON COLUMN health.agent_status.throughput_slo_per_minute IS 'Copied from agents.';
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
COMMENT ON COLUMN health.agent_status.beat_count IS 'Heartbeats folded; not decayed.';
COMMENT ON COLUMN health.agent_status.gap_count IS 'Gaps learnt from; not decayed.';
COMMENT ON COLUMN health.agent_status.gap_weight IS 'Decayed number of gaps (10 min).';
COMMENT ON COLUMN health.agent_status.gap_sum IS
'Decayed time covered by gaps (10 min), seconds, less the monitor''s own blindness.';
COMMENT ON COLUMN health.agent_status.gap_square_sum IS
'Decayed sum of squared gaps, each as decayed time, seconds².';
COMMENT ON COLUMN health.agent_status.clump_seconds IS
'Time since the first beat of a clump: beats within a tenth of an interval are one; mostly 0.';
COMMENT ON COLUMN health.agent_status.learnt_interval_seconds IS
'Learnt interval: exponential mean of ln gap, as seconds.';
COMMENT ON COLUMN health.agent_status.mean_gap_seconds IS 'Learnt mean gap, seconds.';
COMMENT ON COLUMN health.agent_status.late_intervals IS
'Learnt intervals after which the agent is late; NULL: to be learnt anew.';
COMMENT ON COLUMN health.agent_status.unresponsive_intervals IS
'Learnt intervals after which it is unresponsive.';
COMMENT ON COLUMN health.agent_status.error_count IS 'Counter of errors as last told.';
COMMENT ON COLUMN health.agent_status.work_items_processed IS 'Counter of work items as last told.';
COMMENT ON COLUMN health.agent_status.error_sum IS
'Decayed errors of the present run (60 min), its own events included (severity error counts 1).';
COMMENT ON COLUMN health.agent_status.item_sum IS 'Decayed work items of the present run (60 min).';
COMMENT ON COLUMN health.agent_status.recent_item_sum IS
'Decayed work items (10 min); over gap_sum it is the throughput.';
COMMENT ON COLUMN health.agent_status.baseline_item_sum IS 'Decayed work items (24 h).';
COMMENT ON COLUMN health.agent_status.baseline_seconds IS
'Decayed time covered by heartbeats (24 h), seconds.';
COMMENT ON COLUMN health.agent_status.processing_mean_ms IS
'Mean processing time (10 min), milliseconds.';
COMMENT ON COLUMN health.agent_status.baseline_processing_ms IS
'Mean processing time (24 h), each value clipped at 3 × the mean, milliseconds.';
COMMENT ON COLUMN health.agent_status.cpu_mean_percent IS 'Mean CPU (10 min), percent.';
COMMENT ON COLUMN health.agent_status.memory_mean_mb IS
'Exponential mean of memory (10 min), begun with the run''s first value, megabytes.';
COMMENT ON COLUMN health.agent_status.slow_memory_mean_mb IS
'The same over 60 min; a rising memory runs ahead of it.';
COMMENT ON COLUMN health.agent_status.memory_usage_mb IS 'Memory as last told, megabytes.';
COMMENT ON COLUMN health.agent_status.memory_limit_mb IS 'Memory limit as last told, megabytes.';
COMMENT ON COLUMN health.agent_status.cost_efficiency IS 'As last told, percent.';
COMMENT ON COLUMN health.agent_status.user_satisfaction IS 'As last told, percent.';
COMMENT ON COLUMN health.agent_status.operational_efficiency IS 'As last told, percent.';
COMMENT ON COLUMN health.agent_status.revenue_impact_usd IS 'As last told, US dollars per hour.';
COMMENT ON COLUMN health.agent_status.bad_evaluations IS
'Ring of the last 21 evaluations, newest in bit 0; set: gated score below critical.';
COMMENT ON COLUMN health.agent_status.issue_evaluations IS
'Evaluations in a row that saw issue_candidate.';
COMMENT ON COLUMN health.agent_status.issue_candidate IS
'Issue seen by the latest evaluation, not yet confirmed.';
COMMENT ON COLUMN health.agent_status.loss_evaluations IS
'Ring of the last evaluations of the loss it reports, newest in bit 0; set: more per hour than the '
'policy allows; see health_internal.moved_loss_evaluations.';


-- Long enough as it is to be read in place, which a short header would forbid; and short, but compared at each beat.
ALTER TABLE health.agent_status ALTER COLUMN gap_histogram SET STORAGE PLAIN;
ALTER TABLE health.agent_status ALTER COLUMN active_conditions SET STORAGE PLAIN;

CREATE INDEX agent_status_active_idx ON health.agent_status (agent_id)
WHERE active_conditions <> '{}' OR issue_type IS NOT NULL;
COMMENT ON INDEX health.agent_status_active_idx IS
'health_internal.act reads the few agents with a condition or an issue. Its predicate changes only '
'with them, so that ordinary updates stay HOT.';

GRANT SELECT ON health.agent_status TO health_analyst, health_bridge;

CREATE TYPE health_internal.beat AS (
    agent_id text,
    received_at timestamptz,
    sent_at timestamptz,
    state text,
    run_id text,
    work_items_processed bigint,
    error_count bigint,
    average_processing_time_ms double precision,
    cpu_usage_percent double precision,
    memory_usage_mb double precision,
    memory_limit_mb double precision,
    cost_efficiency double precision,
    user_satisfaction double precision,
    operational_efficiency double precision,
    revenue_impact_usd double precision
);
COMMENT ON TYPE health_internal.beat IS
'What the fold reads of a heartbeat; with received_at NULL: an agent to be judged without one.';

CREATE TYPE health_internal.turn AS (
    now timestamptz,
    tick_id bigint,
    whom text,
    beats health_internal.beat [],
    is_most boolean,
    arrivals health_internal.arrival_range,
    several bigint [],
    blindness health_internal.blindness,
    fast_seconds double precision,
    slow_seconds double precision,
    base_seconds double precision
);
COMMENT ON TYPE health_internal.turn IS
'Whom to judge and when. whom: listed (those of beats), arrived (who has exactly one beat among the '
'arrivals; several: hashes of the ids of those with more), due (whose next_due_at has come) or '
'everybody, as they stand. is_most: they are a good part of all agents. fast, slow, base: memories of '
'the settings.';

COMMIT;
