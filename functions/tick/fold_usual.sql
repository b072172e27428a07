-- The fold of what is usual: one more beat of a run that goes on, for any number of agents in one
-- statement; without a beat an agent's running state as it stands. Entry point: fold_usual_beats. Stages,
-- each fenced by OFFSET 0 so that its expressions are computed once: joined → pairs → the result.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.fold_usual_beats(
    p_turn health_internal.turn,
    p_policy health.policies
)
RETURNS TABLE (
    row_address tid, agent_id text, last_at timestamptz, sent_at timestamptz, state text,
    expected_interval_seconds double precision, grace_seconds double precision,
    latency_slo_ms double precision, throughput_slo_per_minute double precision,
    run_started_at timestamptz, session_lost_at timestamptz, gap_histogram real [],
    gap_bin integer, error_count bigint, work_items_processed bigint,
    memory_usage_mb double precision, memory_limit_mb double precision,
    cost_efficiency double precision, user_satisfaction double precision,
    operational_efficiency double precision, revenue_impact_usd double precision,
    bad_evaluations integer, loss_evaluations integer, issue_evaluations integer,
    issue_candidate text, issue_type text, active_conditions text [], beat_count bigint,
    gap_count bigint, gap_weight double precision, gap_sum double precision,
    gap_square_sum double precision, learnt_interval_seconds double precision,
    mean_gap_seconds double precision, bin_weight real, late_intervals double precision,
    unresponsive_intervals double precision, must_learn_deadlines boolean,
    error_sum double precision, item_sum double precision, recent_item_sum double precision,
    baseline_item_sum double precision, baseline_seconds double precision,
    processing_mean_ms double precision, baseline_processing_ms double precision,
    cpu_mean_percent double precision, memory_mean_mb double precision,
    slow_memory_mean_mb double precision
)
LANGUAGE sql
STABLE
AS $$
    WITH
    -- Each agent by its key, or where most of them beat all agents in the order of their rows, beside
    -- a hash of the beats.
    joined AS (
        SELECT
            subjects.*,
            status.*,
            status.ctid AS row_address,
            health_internal.seconds_between(
                status.last_heartbeat_at, subjects.beat_received_at
            ) AS gap
        FROM health_internal.subjects(p_turn) AS subjects
        INNER JOIN health.agent_status AS status ON subjects.beat_agent_id = status.agent_id
        WHERE NOT (p_turn).is_most
        UNION ALL
        SELECT
            subjects.*,
            status.*,
            health_internal.seconds_between(status.last_heartbeat_at, subjects.beat_received_at)
        FROM (
            SELECT
                known.*,
                known.ctid AS row_address
            FROM health.agent_status AS known
            OFFSET 0
        ) AS status
        INNER JOIN health_internal.subjects(p_turn) AS subjects
            ON status.agent_id = subjects.beat_agent_id
        WHERE (p_turn).is_most
    ),

    -- Old state beside the beat, if there is one, and whether it is nothing out of the ordinary.
    pairs AS (
        SELECT
            joined.row_address,
            joined.agent_id,
            joined.gap,
            coalesce(joined.beat_received_at, joined.last_heartbeat_at) AS last_at,
            CASE WHEN joined.beat_received_at IS NULL THEN joined.last_sent_at ELSE joined.beat_sent_at
            END AS sent_at,
            coalesce(joined.beat_state, joined.state) AS state,
            joined.expected_interval_seconds,
            joined.grace_seconds,
            joined.latency_slo_ms,
            joined.throughput_slo_per_minute,
            joined.run_started_at,
            joined.session_lost_at,
            joined.beat_count,
            joined.gap_count,
            joined.gap_weight,
            joined.gap_sum,
            joined.gap_square_sum,
            joined.learnt_interval_seconds,
            joined.mean_gap_seconds,
            joined.gap_histogram,
            joined.late_intervals,
            joined.unresponsive_intervals,
            coalesce(joined.beat_error_count, joined.error_count) AS error_count,
            coalesce(joined.beat_work_items_processed, joined.work_items_processed)
                AS work_items_processed,
            joined.beat_error_count - joined.error_count AS errors_in,
            joined.beat_work_items_processed - joined.work_items_processed AS items_in,
            joined.error_sum,
            joined.item_sum,
            joined.recent_item_sum,
            joined.baseline_item_sum,
            joined.baseline_seconds,
            joined.beat_average_processing_time_ms AS processing_in,
            joined.beat_cpu_usage_percent AS cpu_in,
            joined.beat_memory_usage_mb AS memory_in,
            joined.processing_mean_ms,
            joined.baseline_processing_ms,
            joined.cpu_mean_percent,
            joined.memory_mean_mb,
            joined.slow_memory_mean_mb,
            coalesce(joined.beat_memory_usage_mb, joined.memory_usage_mb) AS memory_usage_mb,
            coalesce(joined.beat_memory_limit_mb, joined.memory_limit_mb) AS memory_limit_mb,
            coalesce(joined.beat_cost_efficiency, joined.cost_efficiency) AS cost_efficiency,
            coalesce(joined.beat_user_satisfaction, joined.user_satisfaction) AS user_satisfaction,
            coalesce(joined.beat_operational_efficiency, joined.operational_efficiency)
                AS operational_efficiency,
            coalesce(joined.beat_revenue_impact_usd, joined.revenue_impact_usd)
                AS revenue_impact_usd,
            joined.bad_evaluations,
            joined.loss_evaluations,
            joined.issue_evaluations,
            joined.issue_candidate,
            joined.issue_type,
            joined.active_conditions,
            joined.policy_class = (p_policy).policy_class
            AND joined.judged_tick_id <> (p_turn).tick_id
            AND joined.last_heartbeat_at IS NOT NULL
            AND (
                joined.beat_received_at IS NULL
                OR (
                    joined.gap > 0.1 * joined.learnt_interval_seconds
                    -- Of more fold_beats counts a part.
                    AND joined.gap <= 3 * joined.learnt_interval_seconds
                    AND joined.clump_seconds = 0
                    AND joined.session_lost_at IS NULL
                    AND joined.liveness <> 'stopped'
                    AND coalesce(joined.beat_run_id = joined.run_id, joined.beat_run_id IS NULL)
                    AND coalesce(joined.beat_error_count >= joined.error_count, true)
                    AND coalesce(
                        joined.beat_work_items_processed >= joined.work_items_processed, true
                    )
                    AND (joined.beat_state <> 'initializing' OR joined.state = 'initializing')
                    AND (joined.gap_count + 1) % 30000 <> 0
                    AND (
                        joined.last_heartbeat_at >= ((p_turn).blindness).settled_at
                        OR joined.gap <= 2 * joined.learnt_interval_seconds
                    )
                )
            ) AS is_ordinary,
            -- How much of the old sums and means is kept; without a beat, all.
            CASE
                WHEN joined.gap IS NULL THEN 1
                ELSE health_internal.decay(joined.gap, (p_turn).fast_seconds)
            END AS fast,
            CASE
                WHEN joined.gap IS NULL THEN 1
                ELSE health_internal.decay(joined.gap, (p_turn).slow_seconds)
            END AS slow,
            CASE
                WHEN joined.gap IS NULL THEN 1
                ELSE health_internal.decay(joined.gap, (p_turn).base_seconds)
            END AS base,
            CASE
                WHEN joined.gap IS NULL THEN 1
                ELSE health_internal.gap_bin(joined.gap / joined.learnt_interval_seconds)
            END AS gap_bin
        FROM joined
        OFFSET 0
    )

    -- Running state after this beat.
    SELECT
        pairs.row_address, pairs.agent_id, pairs.last_at, pairs.sent_at,
        pairs.state, pairs.expected_interval_seconds, pairs.grace_seconds,
        pairs.latency_slo_ms, pairs.throughput_slo_per_minute, pairs.run_started_at,
        pairs.session_lost_at, pairs.gap_histogram, pairs.gap_bin, pairs.error_count,
        pairs.work_items_processed, pairs.memory_usage_mb,
        pairs.memory_limit_mb, pairs.cost_efficiency, pairs.user_satisfaction,
        pairs.operational_efficiency, pairs.revenue_impact_usd, pairs.bad_evaluations,
        pairs.loss_evaluations,
        pairs.issue_evaluations, pairs.issue_candidate, pairs.issue_type,
        pairs.active_conditions,
        CASE WHEN pairs.gap IS NULL THEN pairs.beat_count ELSE pairs.beat_count + 1
        END AS beat_count,
        CASE WHEN pairs.gap IS NULL THEN pairs.gap_count ELSE pairs.gap_count + 1
        END AS gap_count,
        CASE
            WHEN pairs.gap IS NULL THEN pairs.gap_weight
            ELSE pairs.gap_weight * pairs.fast + 1
        END AS gap_weight,
        health_internal.decayed_sum(pairs.gap_sum, pairs.fast)
        + (p_turn).fast_seconds * (1 - pairs.fast) AS gap_sum,
        health_internal.decayed_sum(pairs.gap_square_sum, pairs.fast)
        + (p_turn).fast_seconds * (1 - pairs.fast) * ((p_turn).fast_seconds * (1 - pairs.fast))
            AS gap_square_sum,
        CASE
            WHEN pairs.gap IS NULL THEN pairs.learnt_interval_seconds
            ELSE health_internal.moved_interval(
                pairs.learnt_interval_seconds, pairs.gap, pairs.gap_count
            )
        END AS learnt_interval_seconds,
        CASE
            WHEN pairs.gap IS NULL THEN pairs.mean_gap_seconds
            ELSE health_internal.moved_mean_gap(
                pairs.mean_gap_seconds, pairs.gap, pairs.gap_count
            )
        END AS mean_gap_seconds,
        CASE
            WHEN pairs.gap IS NULL THEN pairs.gap_histogram[pairs.gap_bin]
            ELSE (
                pairs.gap_histogram[pairs.gap_bin]
                + health_internal.gap_mass(pairs.gap_count)
            )::real
        END AS bin_weight,
        CASE
            WHEN pairs.gap_count < (p_policy).young_beats - (pairs.gap IS NOT NULL)::integer
                THEN (p_policy).young_late_intervals * health_internal.told_share(
                    pairs.expected_interval_seconds, pairs.learnt_interval_seconds
                )
            ELSE pairs.late_intervals
        END AS late_intervals,
        CASE
            WHEN pairs.gap_count < (p_policy).young_beats - (pairs.gap IS NOT NULL)::integer
                THEN (p_policy).young_unresponsive_intervals * health_internal.told_share(
                    pairs.expected_interval_seconds, pairs.learnt_interval_seconds
                )
            ELSE pairs.unresponsive_intervals
        END AS unresponsive_intervals,
        -- The deadlines are learnt anew when a gap was long, and else by turns: every 32 gaps, of an
        -- agent well known every 128.
        (p_turn).whom = 'everybody'
        OR pairs.late_intervals IS NULL
        OR pairs.gap > 1.5 * pairs.learnt_interval_seconds
        OR pairs.gap_count + 1 = (p_policy).young_beats
        OR (
            pairs.gap IS NOT NULL
            AND (pairs.gap_count + (hashtext(pairs.agent_id) & 127))
            % CASE WHEN pairs.gap_count < 320 THEN 32 ELSE 128 END = 0
        ) AS must_learn_deadlines,
        health_internal.decayed_sum(pairs.error_sum, pairs.slow)
        + coalesce(pairs.errors_in, 0) AS error_sum,
        health_internal.decayed_sum(pairs.item_sum, pairs.slow)
        + coalesce(pairs.items_in, 0) AS item_sum,
        health_internal.decayed_sum(pairs.recent_item_sum, pairs.fast)
        + coalesce(pairs.items_in, 0) AS recent_item_sum,
        health_internal.decayed_sum(pairs.baseline_item_sum, pairs.base)
        + coalesce(pairs.items_in, 0) AS baseline_item_sum,
        pairs.baseline_seconds * pairs.base + (p_turn).base_seconds * (1 - pairs.base)
            AS baseline_seconds,
        health_internal.moved_processing(
            pairs.processing_mean_ms, pairs.processing_in,
            least(
                health_internal.kept_share(pairs.fast, pairs.gap_weight * pairs.fast + 1),
                health_internal.kept_of_run(pairs.run_started_at, pairs.last_at, pairs.gap)
            ),
            coalesce(pairs.latency_slo_ms, pairs.baseline_processing_ms)
        ) AS processing_mean_ms,
        health_internal.moved_mean(
            pairs.baseline_processing_ms,
            health_internal.clipped(
                pairs.processing_in, pairs.baseline_processing_ms, pairs.beat_count
            ),
            health_internal.kept_share(pairs.base, pairs.beat_count::double precision)
        ) AS baseline_processing_ms,
        health_internal.moved_mean(
            pairs.cpu_mean_percent, pairs.cpu_in,
            health_internal.kept_share(pairs.fast, pairs.gap_weight * pairs.fast + 1)
        ) AS cpu_mean_percent,
        health_internal.moved_mean(pairs.memory_mean_mb, pairs.memory_in, pairs.fast)
            AS memory_mean_mb,
        health_internal.moved_mean(pairs.slow_memory_mean_mb, pairs.memory_in, pairs.slow)
            AS slow_memory_mean_mb
    FROM pairs
    WHERE pairs.is_ordinary
    OFFSET 0
$$;
COMMENT ON FUNCTION health_internal.fold_usual_beats(health_internal.turn, health.policies) IS
'The running state of the subjects (see there) of the policy''s class, their beat taken in. Agents '
'whose beat is out of the ordinary (see fold_beats) are left out. Inlined.';

COMMIT;
