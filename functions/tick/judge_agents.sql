-- The judgement, and the fold of what is usual: one UPDATE that takes one more beat of a run that goes
-- on into an agent's running state and judges the agent; without a beat it judges those that are due.
-- A chain of stages, each fenced by OFFSET 0 so that its expressions are computed once:
-- joined → pairs → decays → folded → measured → timed → lived → scored → written.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.subjects(
    p_beats health_internal.beat [],
    p_is_many boolean,
    p_only_due boolean,
    p_range health_internal.arrival_range,
    p_now timestamptz,
    p_tick_id bigint
)
RETURNS TABLE (
    beat_agent_id text,
    beat_received_at timestamptz,
    beat_sent_at timestamptz,
    beat_state text,
    beat_run_id text,
    beat_work_items_processed bigint,
    beat_error_count bigint,
    beat_average_processing_time_ms double precision,
    beat_cpu_usage_percent double precision,
    beat_memory_usage_mb double precision,
    beat_memory_limit_mb double precision,
    beat_cost_efficiency double precision,
    beat_user_satisfaction double precision,
    beat_operational_efficiency double precision,
    beat_revenue_impact_usd double precision
)
LANGUAGE sql
STABLE
AS $$
    SELECT few.*
    FROM unnest(p_beats) AS few
    UNION ALL
    -- max of one row is that row; agents with more are left.
    SELECT
        arrived.agent_id,
        max(arrived.received_at),
        max(arrived.sent_at),
        max(arrived.state),
        max(arrived.run_id),
        max(arrived.work_items_processed),
        max(arrived.error_count),
        max(arrived.average_processing_time_ms),
        max(arrived.cpu_usage_percent),
        max(arrived.memory_usage_mb),
        max(arrived.memory_limit_mb),
        max(arrived.cost_efficiency),
        max(arrived.user_satisfaction),
        max(arrived.operational_efficiency),
        max(arrived.revenue_impact_usd)
    FROM health_internal.arrived_heartbeats(p_range) AS arrived
    WHERE p_is_many AND NOT p_only_due
    GROUP BY arrived.agent_id
    HAVING count(*) < 2
    UNION ALL
    SELECT
        due.agent_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL
    FROM health.agent_status AS due
    WHERE p_is_many AND p_only_due AND due.next_due_at <= p_now AND due.judged_tick_id <> p_tick_id
$$;
COMMENT ON FUNCTION health_internal.subjects(
    health_internal.beat [], boolean, boolean, health_internal.arrival_range, timestamptz, bigint
) IS
'Whom to judge, each with its one new beat or none. Few: those of p_beats. Many: who is due, or else who '
'has exactly one beat among those that arrived. Inlined.';

CREATE OR REPLACE FUNCTION health_internal.judge_agents(
    p_now timestamptz,
    p_tick_id bigint,
    p_policy health.policies,
    p_beats health_internal.beat [],
    p_is_many boolean,
    p_is_most boolean,
    p_only_due boolean,
    p_range health_internal.arrival_range,
    p_blindness health_internal.blindness
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = auto
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = on
-- What is read lies in memory, and processor time is what counts.
SET seq_page_cost = 0.001
SET random_page_cost = 0.01
SET work_mem = '256MB'
SET jit = off
AS $$
DECLARE
    v_fast double precision;
    v_slow double precision;
    v_base double precision;
    v_recovered_from constant double precision :=
        greatest(p_policy.critical_below, p_policy.emergency_below) + p_policy.recovered_margin;
    v_count bigint;
BEGIN
    SELECT
        settings.heartbeat_memory_seconds,
        settings.metric_memory_seconds,
        settings.baseline_memory_seconds
    INTO STRICT v_fast, v_slow, v_base
    FROM health.settings;
    -- For many it pays to plan with the policy's numbers as constants. A plan that needs no statistics:
    -- each agent by its key, or where most of them beat all agents in the order of their rows, beside
    -- a hash of the beats; then each row by its address.
    PERFORM
        set_config(
            'plan_cache_mode',
            CASE WHEN p_is_many THEN 'force_custom_plan' ELSE 'force_generic_plan' END,
            true
        ),
        set_config('enable_seqscan', p_is_most::text, true),
        set_config('enable_hashjoin', p_is_most::text, true);

    WITH
    joined AS (
        SELECT
            subjects.*,
            status.*,
            status.ctid AS row_address
        FROM health_internal.subjects(
            p_beats, p_is_many, p_only_due, p_range, p_now, p_tick_id
        ) AS subjects
        INNER JOIN health.agent_status AS status ON subjects.beat_agent_id = status.agent_id
        WHERE NOT p_is_most
        UNION ALL
        SELECT
            subjects.*,
            status.*
        FROM (
            SELECT
                known.*,
                known.ctid AS row_address
            FROM health.agent_status AS known
            OFFSET 0
        ) AS status
        INNER JOIN health_internal.subjects(
            p_beats, p_is_many, p_only_due, p_range, p_now, p_tick_id
        ) AS subjects ON status.agent_id = subjects.beat_agent_id
        WHERE p_is_most
    ),

    -- Old state beside the beat, if there is one and it is nothing out of the ordinary.
    pairs AS (
        SELECT
            joined.row_address,
            joined.agent_id,
            date_part('epoch', joined.beat_received_at) - date_part('epoch', joined.last_heartbeat_at)
                AS gap,
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
            joined.policy_class = p_policy.policy_class
            AND joined.judged_tick_id <> p_tick_id
            AND joined.last_heartbeat_at IS NOT NULL
            AND (
                joined.beat_received_at IS NULL
                OR (
                    joined.beat_received_at > joined.last_heartbeat_at
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
                        joined.last_heartbeat_at >= (p_blindness).settled_at
                        OR date_part('epoch', joined.beat_received_at - joined.last_heartbeat_at)
                        <= 2 * joined.learnt_interval_seconds
                    )
                )
            ) AS is_ordinary
        FROM joined
        OFFSET 0
    ),

    -- How much of the old sums and means is kept; without a beat, all.
    decays AS (
        SELECT
            pairs.*,
            CASE WHEN pairs.gap IS NULL THEN 1 ELSE health_internal.decay(pairs.gap, v_fast)
            END AS fast,
            CASE WHEN pairs.gap IS NULL THEN 1 ELSE health_internal.decay(pairs.gap, v_slow)
            END AS slow,
            CASE WHEN pairs.gap IS NULL THEN 1 ELSE health_internal.decay(pairs.gap, v_base)
            END AS base,
            CASE
                WHEN pairs.gap IS NULL THEN 1
                ELSE health_internal.gap_bin(pairs.gap / pairs.learnt_interval_seconds)
            END AS gap_bin
        FROM pairs
        WHERE pairs.is_ordinary
            AND (
                pairs.gap IS NULL
                OR (
                    pairs.gap > 0.1 * pairs.learnt_interval_seconds
                    AND pairs.gap <= 100 * pairs.learnt_interval_seconds
                )
            )
        OFFSET 0
    ),

    -- Running state after this beat.
    folded AS (
        SELECT
            decays.row_address, decays.agent_id, decays.gap, decays.last_at, decays.sent_at,
            decays.state, decays.expected_interval_seconds, decays.grace_seconds,
            decays.latency_slo_ms, decays.throughput_slo_per_minute, decays.run_started_at,
            decays.session_lost_at, decays.gap_histogram, decays.gap_bin, decays.error_count,
            decays.work_items_processed, decays.memory_usage_mb,
            decays.memory_limit_mb, decays.cost_efficiency, decays.user_satisfaction,
            decays.operational_efficiency, decays.revenue_impact_usd, decays.bad_evaluations,
            decays.loss_evaluations,
            decays.issue_evaluations, decays.issue_candidate, decays.issue_type,
            decays.active_conditions,
            CASE WHEN decays.gap IS NULL THEN decays.beat_count ELSE decays.beat_count + 1
            END AS beat_count,
            CASE WHEN decays.gap IS NULL THEN decays.gap_count ELSE decays.gap_count + 1
            END AS gap_count,
            CASE
                WHEN decays.gap IS NULL THEN decays.gap_weight
                ELSE decays.gap_weight * decays.fast + 1
            END AS gap_weight,
            health_internal.decayed_sum(decays.gap_sum, decays.fast)
            + v_fast * (1 - decays.fast) AS gap_sum,
            health_internal.decayed_sum(decays.gap_square_sum, decays.fast)
            + v_fast * (1 - decays.fast) * (v_fast * (1 - decays.fast)) AS gap_square_sum,
            CASE
                WHEN decays.gap IS NULL THEN decays.learnt_interval_seconds
                ELSE health_internal.moved_interval(
                    decays.learnt_interval_seconds, decays.gap, decays.gap_count
                )
            END AS learnt_interval_seconds,
            CASE
                WHEN decays.gap IS NULL THEN decays.mean_gap_seconds
                ELSE health_internal.moved_mean_gap(
                    decays.mean_gap_seconds, decays.gap, decays.gap_count
                )
            END AS mean_gap_seconds,
            CASE
                WHEN decays.gap IS NULL THEN decays.gap_histogram[decays.gap_bin]
                ELSE (
                    decays.gap_histogram[decays.gap_bin]
                    + health_internal.gap_mass(decays.gap_count)
                )::real
            END AS bin_weight,
            CASE
                WHEN decays.gap_count < p_policy.young_beats - (decays.gap IS NOT NULL)::integer
                    THEN p_policy.young_late_intervals
                ELSE decays.late_intervals
            END AS late_intervals,
            CASE
                WHEN decays.gap_count < p_policy.young_beats - (decays.gap IS NOT NULL)::integer
                    THEN p_policy.young_unresponsive_intervals
                ELSE decays.unresponsive_intervals
            END AS unresponsive_intervals,
            -- The deadlines are learnt anew when a gap was long, and else by turns: every 32 gaps, of an
            -- agent well known every 128.
            decays.late_intervals IS NULL
            OR decays.gap > 1.5 * decays.learnt_interval_seconds
            OR decays.gap_count + 1 = p_policy.young_beats
            OR (
                decays.gap IS NOT NULL
                AND (decays.gap_count + (hashtext(decays.agent_id) & 127))
                % CASE WHEN decays.gap_count < 320 THEN 32 ELSE 128 END = 0
            ) AS must_learn_deadlines,
            health_internal.decayed_sum(decays.error_sum, decays.slow)
            + coalesce(decays.errors_in, 0) AS error_sum,
            health_internal.decayed_sum(decays.item_sum, decays.slow)
            + coalesce(decays.items_in, 0) AS item_sum,
            health_internal.decayed_sum(decays.recent_item_sum, decays.fast)
            + coalesce(decays.items_in, 0) AS recent_item_sum,
            health_internal.decayed_sum(decays.baseline_item_sum, decays.base)
            + coalesce(decays.items_in, 0) AS baseline_item_sum,
            decays.baseline_seconds * decays.base + v_base * (1 - decays.base)
                AS baseline_seconds,
            health_internal.moved_mean(
                decays.processing_mean_ms, decays.processing_in,
                health_internal.kept_share(decays.fast, decays.gap_weight * decays.fast + 1)
            ) AS processing_mean_ms,
            health_internal.moved_mean(
                decays.baseline_processing_ms,
                health_internal.clipped(
                    decays.processing_in, decays.baseline_processing_ms, decays.beat_count
                ),
                health_internal.kept_share(decays.base, decays.beat_count::double precision)
            ) AS baseline_processing_ms,
            health_internal.moved_mean(
                decays.cpu_mean_percent, decays.cpu_in,
                health_internal.kept_share(decays.fast, decays.gap_weight * decays.fast + 1)
            ) AS cpu_mean_percent,
            health_internal.moved_mean(decays.memory_mean_mb, decays.memory_in, decays.fast)
                AS memory_mean_mb,
            health_internal.moved_mean(decays.slow_memory_mean_mb, decays.memory_in, decays.slow)
                AS slow_memory_mean_mb
        FROM decays
        OFFSET 0
    ),

    -- The components but the first, and the deadlines where they are learnt anew.
    measured AS (
        SELECT
            folded.*,
            coalesce(folded.expected_interval_seconds, folded.learnt_interval_seconds)
                AS expected_seconds,
            CASE
                WHEN folded.must_learn_deadlines AND folded.gap_count >= p_policy.young_beats
                    THEN health_internal.learn_deadlines(
                        folded.gap_histogram[:folded.gap_bin - 1] || folded.bin_weight
                        || folded.gap_histogram[folded.gap_bin + 1:],
                        folded.gap_count, folded.learnt_interval_seconds, folded.mean_gap_seconds,
                        p_policy.late_false_alarm_cost, p_policy.unresponsive_false_alarm_cost,
                        health_internal.deadline_limit(
                            p_policy.young_late_intervals, p_policy.young_beats,
                            p_policy.hard_limit_intervals, folded.gap_count
                        ),
                        health_internal.deadline_limit(
                            p_policy.young_unresponsive_intervals, p_policy.young_beats,
                            p_policy.hard_limit_intervals, folded.gap_count
                        )
                    )
            END AS deadlines,
            CASE
                WHEN folded.last_at < (p_blindness).settled_at THEN
                    health_internal.recent_blind_seconds(folded.last_at, p_now, p_blindness)
                ELSE 0
            END AS blind,
            folded.processing_mean_ms / nullif(coalesce(
                folded.latency_slo_ms,
                CASE
                    WHEN folded.beat_count >= 10 THEN folded.baseline_processing_ms
                    ELSE folded.processing_mean_ms
                END
            ), 0) AS latency_ratio,
            CASE
                WHEN folded.work_items_processed IS NULL OR folded.gap_sum <= 1 THEN NULL
                WHEN folded.throughput_slo_per_minute IS NOT NULL THEN
                    60 * folded.recent_item_sum / folded.gap_sum
                    / folded.throughput_slo_per_minute
                WHEN folded.state <> 'idle' AND folded.baseline_item_sum > 0
                    AND folded.baseline_seconds >= 600 THEN
                    folded.recent_item_sum / folded.gap_sum
                    / (folded.baseline_item_sum / folded.baseline_seconds)
                    / p_policy.throughput_baseline_tolerance
            END AS throughput_ratio,
            CASE
                WHEN folded.error_count IS NOT NULL OR folded.error_sum > 0 THEN
                    health_internal.score_error_rate(
                        folded.error_sum, folded.item_sum,
                        date_part('epoch', folded.last_at - folded.run_started_at),
                        v_slow, p_policy.error_rate_scale, p_policy.errors_per_minute_scale
                    )
            END AS errors,
            health_internal.score_resource_efficiency(
                folded.cpu_mean_percent,
                CASE
                    WHEN folded.memory_limit_mb > 0
                        THEN folded.memory_usage_mb / folded.memory_limit_mb
                END,
                CASE
                    WHEN folded.memory_mean_mb > folded.slow_memory_mean_mb
                        AND folded.memory_limit_mb > 0
                        THEN health_internal.seconds_to_exhaustion(
                            folded.memory_mean_mb, folded.slow_memory_mean_mb,
                            date_part('epoch', folded.last_at - folded.run_started_at),
                            v_fast, v_slow, folded.memory_usage_mb, folded.memory_limit_mb
                        )
                END / p_policy.exhaustion_horizon_seconds,
                p_policy.cpu_soft_percent, p_policy.cpu_hard_percent, p_policy.cpu_floor,
                p_policy.memory_soft_share, p_policy.memory_hard_share
            ) AS resources,
            health_internal.score_business_impact(
                folded.cost_efficiency, folded.user_satisfaction, folded.operational_efficiency,
                folded.revenue_impact_usd, p_policy.revenue_loss_limit_usd
            ) AS business
        FROM folded
        OFFSET 0
    ),

    -- How long the silence lasts, and its deadlines in seconds.
    timed AS (
        SELECT
            measured.*,
            greatest(0, date_part('epoch', p_now - measured.last_at) - measured.blind) AS silent,
            measured.grace_seconds + CASE
                WHEN measured.state = 'initializing' THEN greatest(
                    p_policy.startup_grace_seconds,
                    measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[1], measured.late_intervals)
                )
                ELSE measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[1], measured.late_intervals)
            END AS late_seconds,
            measured.grace_seconds + CASE
                WHEN measured.state = 'initializing' THEN greatest(
                    p_policy.startup_grace_seconds,
                    measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[2], measured.unresponsive_intervals)
                )
                ELSE measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[2], measured.unresponsive_intervals)
            END AS unresponsive_seconds,
            health_internal.time_mass(measured.expected_seconds, v_fast) AS expected_mass,
            CASE
                WHEN measured.grace_seconds >= 1e9
                    THEN coalesce(health_internal.job_standing(measured.agent_id), 'good')
            END AS job_standing,
            health_internal.score_performance_metrics(
                measured.latency_ratio,
                CASE
                    WHEN measured.latency_slo_ms IS NULL THEN p_policy.latency_baseline_tolerance
                    ELSE 1
                END,
                CASE
                    WHEN measured.latency_slo_ms IS NULL
                        THEN p_policy.latency_baseline_zero_ratio
                    ELSE p_policy.latency_slo_zero_ratio
                END,
                measured.throughput_ratio,
                p_policy.latency_share
            ) AS performance
        FROM measured
        OFFSET 0
    ),

    lived AS (
        SELECT
            timed.*,
            CASE
                WHEN timed.job_standing IS NULL THEN health_internal.score_heartbeat_consistency(
                    timed.gap_weight, timed.gap_sum, timed.gap_square_sum, timed.expected_mass,
                    CASE
                        WHEN timed.silent > timed.expected_seconds THEN
                            health_internal.open_gap_sum(
                                timed.gap_weight, timed.expected_mass, timed.silent, v_fast
                            )
                        ELSE 0
                    END,
                    CASE
                        WHEN timed.session_lost_at IS NOT NULL THEN 0.5
                        WHEN timed.silent <= timed.late_seconds THEN 1
                        ELSE greatest(
                            0,
                            1 - (timed.silent - timed.late_seconds)
                            / greatest(timed.unresponsive_seconds - timed.late_seconds, 1e-3)
                        )
                    END
                )
                ELSE health_internal.score_job(timed.job_standing)
            END AS heartbeat,
            CASE
                WHEN timed.state = 'stopped' THEN 'stopped'
                WHEN timed.silent >= timed.unresponsive_seconds
                    OR p_now >= timed.session_lost_at
                    + make_interval(secs => p_policy.session_grace_seconds)
                    THEN CASE
                        WHEN timed.state = 'stopping' THEN 'stopped'
                        ELSE 'unresponsive'
                    END
                WHEN timed.silent >= timed.late_seconds OR timed.session_lost_at IS NOT NULL
                    OR timed.job_standing IN ('missed', 'overdue')
                    THEN 'late'
                WHEN timed.state = 'initializing' THEN 'starting'
                ELSE 'alive'
            END AS liveness
        FROM timed
        OFFSET 0
    ),

    -- Components to an ungated score, state and liveness to a gate and an issue.
    scored AS (
        SELECT
            lived.*,
            health_internal.weighted_mean(
                lived.heartbeat, p_policy.weight_heartbeat_consistency,
                lived.performance, p_policy.weight_performance_metrics,
                lived.errors, p_policy.weight_error_rate,
                lived.resources, p_policy.weight_resource_efficiency,
                lived.business, p_policy.weight_business_impact
            ) AS ungated_score,
            CASE
                WHEN lived.liveness = 'alive' AND lived.state IN ('running', 'idle', 'active')
                    AND (lived.job_standing = 'good' OR lived.job_standing IS NULL)
                    THEN 100
                ELSE least(
                    CASE WHEN lived.job_standing = 'failed' THEN p_policy.gate_error END,
                    CASE lived.liveness
                        WHEN 'unresponsive' THEN p_policy.gate_unresponsive
                        WHEN 'late' THEN p_policy.gate_late
                        ELSE 100
                    END,
                    CASE lived.state
                        WHEN 'failed' THEN p_policy.gate_failed
                        WHEN 'error' THEN p_policy.gate_error
                        ELSE 100
                    END
                )
            END AS gate,
            CASE
                WHEN lived.liveness = 'stopped' THEN NULL
                WHEN lived.liveness = 'unresponsive' OR lived.state = 'failed'
                    THEN 'agent_unresponsive'
                WHEN lived.state = 'error' THEN 'high_error_rate'
                WHEN lived.resources <= p_policy.resource_issue_below THEN 'resource_exhaustion'
                WHEN lived.errors <= p_policy.error_issue_below THEN 'high_error_rate'
                WHEN lived.performance <= p_policy.performance_issue_below
                    THEN 'performance_degradation'
            END AS new_issue_candidate,
            CASE
                WHEN lived.loss_evaluations = 0
                    AND (lived.revenue_impact_usd < - p_policy.revenue_loss_limit_usd) IS NOT TRUE
                    THEN 0
                ELSE health_internal.moved_loss_evaluations(
                    lived.loss_evaluations, lived.revenue_impact_usd, lived.liveness,
                    lived.active_conditions, p_policy
                )
            END AS new_loss_evaluations
        FROM lived
        OFFSET 0
    ),

    -- What is written: an UPDATE carries its source as a whole row, and naming the columns here lets
    -- the planner drop all others from the stages above.
    written AS (
        SELECT
            scored.row_address, scored.last_at, scored.sent_at, scored.state, scored.liveness,
            scored.ungated_score, scored.gate, scored.heartbeat, scored.performance,
            scored.errors, scored.resources, scored.business, scored.silent, scored.beat_count,
            scored.gap_count, scored.gap_weight, scored.gap_sum, scored.gap_square_sum,
            scored.learnt_interval_seconds, scored.mean_gap_seconds, scored.gap_bin,
            scored.bin_weight, scored.error_count, scored.work_items_processed, scored.error_sum,
            scored.item_sum, scored.recent_item_sum, scored.baseline_item_sum, scored.baseline_seconds,
            scored.processing_mean_ms, scored.baseline_processing_ms, scored.cpu_mean_percent,
            scored.memory_mean_mb, scored.slow_memory_mean_mb, scored.memory_usage_mb,
            scored.memory_limit_mb, scored.cost_efficiency, scored.user_satisfaction,
            scored.operational_efficiency, scored.revenue_impact_usd, scored.new_issue_candidate,
            scored.new_loss_evaluations,
            coalesce(scored.deadlines[1], scored.late_intervals) AS late_intervals,
            coalesce(scored.deadlines[2], scored.unresponsive_intervals)
                AS unresponsive_intervals,
            least(scored.ungated_score, scored.gate) AS score,
            health.classify_status(
                least(scored.ungated_score, scored.gate), p_policy.excellent_from,
                p_policy.good_from, p_policy.fair_from, p_policy.poor_from
            ) AS status,
            (
                (scored.bad_evaluations << 1)
                | CASE
                    WHEN least(scored.ungated_score, scored.gate) < p_policy.critical_below THEN 1
                    ELSE 0
                END
            ) & 2097151 AS bad_evaluations,
            CASE
                WHEN scored.new_issue_candidate IS NULL THEN 0
                WHEN scored.new_issue_candidate = scored.issue_candidate
                    THEN least(1000, scored.issue_evaluations + 1)
                ELSE 1
            END AS issue_evaluations,
            CASE
                WHEN scored.new_issue_candidate IS NULL THEN NULL
                WHEN scored.liveness = 'unresponsive' OR scored.state IN ('error', 'failed')
                    OR scored.issue_type = scored.new_issue_candidate
                    OR health_internal.is_confirmed(
                        scored.new_issue_candidate, scored.issue_candidate,
                        scored.issue_evaluations, p_policy.confirm_bad
                    )
                    THEN scored.new_issue_candidate
            END AS issue_type,
            CASE
                WHEN scored.new_issue_candidate IS NULL
                    AND scored.ungated_score >= v_recovered_from
                    AND scored.new_loss_evaluations = 0
                    OR scored.liveness = 'stopped'
                    THEN '{}'::text []
                ELSE health_internal.holding_conditions(
                    scored.liveness, scored.state, scored.ungated_score, scored.gate,
                    scored.bad_evaluations, scored.new_issue_candidate, scored.issue_candidate,
                    scored.issue_evaluations, scored.issue_type, scored.active_conditions,
                    scored.new_loss_evaluations, p_policy
                )
            END AS active_conditions,
            CASE
                WHEN scored.liveness = 'alive' OR scored.liveness = 'starting'
                    THEN CASE
                        WHEN scored.blind > 0 THEN health_internal.accused_at(
                            scored.last_at, scored.late_seconds, p_blindness
                        )
                        ELSE scored.last_at + make_interval(secs => scored.late_seconds)
                    END
                WHEN scored.liveness <> 'late' OR scored.job_standing IS NOT NULL THEN 'infinity'
                WHEN scored.session_lost_at IS NOT NULL
                    THEN scored.session_lost_at
                        + make_interval(secs => p_policy.session_grace_seconds)
                ELSE least(
                    CASE
                        WHEN scored.blind > 0 THEN health_internal.accused_at(
                            scored.last_at, scored.unresponsive_seconds, p_blindness
                        )
                        ELSE scored.last_at + make_interval(secs => scored.unresponsive_seconds)
                    END,
                    p_now + make_interval(secs => scored.learnt_interval_seconds)
                )
            END AS next_due_at
        FROM scored
        OFFSET 0
    )

    UPDATE health.agent_status AS target
    SET
        next_due_at = written.next_due_at,
        judged_tick_id = p_tick_id,
        judged_at = p_now,
        last_heartbeat_at = written.last_at,
        last_sent_at = written.sent_at,
        liveness = written.liveness,
        status = written.status,
        issue_type = written.issue_type,
        state = written.state,
        score = written.score,
        ungated_score = written.ungated_score,
        gate = written.gate,
        heartbeat_consistency = written.heartbeat,
        performance_metrics = written.performance,
        error_rate = written.errors,
        resource_efficiency = written.resources,
        business_impact = written.business,
        policy_id = p_policy.policy_id,
        silent_seconds = written.silent,
        beat_count = written.beat_count,
        gap_count = written.gap_count,
        gap_weight = written.gap_weight,
        gap_sum = written.gap_sum,
        gap_square_sum = written.gap_square_sum,
        learnt_interval_seconds = written.learnt_interval_seconds,
        mean_gap_seconds = written.mean_gap_seconds,
        late_intervals = written.late_intervals,
        unresponsive_intervals = written.unresponsive_intervals,
        gap_histogram[written.gap_bin] = written.bin_weight,
        error_count = written.error_count,
        work_items_processed = written.work_items_processed,
        error_sum = written.error_sum,
        item_sum = written.item_sum,
        recent_item_sum = written.recent_item_sum,
        baseline_item_sum = written.baseline_item_sum,
        baseline_seconds = written.baseline_seconds,
        processing_mean_ms = written.processing_mean_ms,
        baseline_processing_ms = written.baseline_processing_ms,
        cpu_mean_percent = written.cpu_mean_percent,
        memory_mean_mb = written.memory_mean_mb,
        slow_memory_mean_mb = written.slow_memory_mean_mb,
        memory_usage_mb = written.memory_usage_mb,
        memory_limit_mb = written.memory_limit_mb,
        cost_efficiency = written.cost_efficiency,
        user_satisfaction = written.user_satisfaction,
        operational_efficiency = written.operational_efficiency,
        revenue_impact_usd = written.revenue_impact_usd,
        bad_evaluations = written.bad_evaluations,
        loss_evaluations = written.new_loss_evaluations,
        issue_evaluations = written.issue_evaluations,
        issue_candidate = written.new_issue_candidate,
        active_conditions = written.active_conditions
    FROM written
    WHERE target.ctid = written.row_address;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.judge_agents(
    timestamptz, bigint, health.policies, health_internal.beat [], boolean, boolean, boolean,
    health_internal.arrival_range, health_internal.blindness
) IS
'Judges the agents of one policy class, each at most once per tick, and returns how many: the subjects '
'(see there). p_is_most: they are a good part of all agents. Agents whose beat is out of the ordinary '
'(see fold_beats), or who have several, are left to fold_unusual_beats.';

COMMIT;
