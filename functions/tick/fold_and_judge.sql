-- Fold and judge: one UPDATE that folds what arrived into the agents' running state and judges
-- those agents and the silent ones whose deadline passed. A chain of stages, each fenced by OFFSET 0
-- so that its expressions are computed once:
-- arrived → several → batch → subjects → basics → joined → carried → learnt → folded → deadlines
-- → ratios → measured → timed → scored → judged → result.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.fold_and_judge(
    p_now timestamptz,
    p_tick_id bigint,
    p_from_xmax xid8,
    p_in_progress xid8 [],
    p_until pg_snapshot,
    p_own_xid xid8,
    p_own_from bigint,
    p_own_until bigint,
    p_last_own_xid xid8,
    p_last_own_from bigint,
    p_blind_until timestamptz,
    p_only_due boolean,
    OUT arrived_rows bigint,
    OUT arrived_agents bigint,
    OUT folded_agents bigint,
    OUT judged_agents bigint
)
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
SET work_mem = '256MB'
AS $$
DECLARE
    v_fast double precision;
    v_slow double precision;
    v_base double precision;
    v_history_before timestamptz;
BEGIN
    SELECT
        settings.heartbeat_memory_seconds,
        settings.metric_memory_seconds,
        settings.baseline_memory_seconds,
        p_now - settings.history_after
    INTO STRICT v_fast, v_slow, v_base, v_history_before
    FROM health.settings;

    WITH
    arrived AS MATERIALIZED (
        SELECT
            beats.*,
            row_number() OVER batch AS batch_number,
            lag(beats.received_at) OVER batch AS previous_at,
            lead(beats.received_at) OVER batch IS NULL AS is_last
        FROM health_internal.arrived_heartbeats(
            p_from_xmax, p_in_progress, p_until,
            p_own_xid, p_own_from, p_own_until, p_last_own_xid, p_last_own_from
        ) AS beats
        WHERE NOT p_only_due AND beats.received_at >= v_history_before
        WINDOW batch AS (PARTITION BY beats.agent_id ORDER BY beats.received_at)
    ),

    -- Agents with several new rows: their rows in one line, those older than the last one folded
    -- counted as beats only.
    counted AS (
        SELECT
            rows.*,
            health_internal.decay(date_part('epoch', p_now - rows.received_at), v_fast)
                AS fast_weight,
            health_internal.decay(date_part('epoch', p_now - rows.received_at), v_slow)
                AS slow_weight,
            health_internal.decay(date_part('epoch', p_now - rows.received_at), v_base)
                AS base_weight,
            date_part('epoch', rows.received_at - rows.newer_previous_at) AS gap,
            lag(rows.error_count) OVER errors AS previous_errors,
            lag(rows.run_id) OVER errors AS previous_errors_run,
            row_number() OVER errors = 1 AND rows.error_count IS NOT NULL AND rows.is_newer
                AS is_first_errors,
            lag(rows.work_items_processed) OVER items AS previous_items,
            lag(rows.run_id) OVER items AS previous_items_run,
            row_number() OVER items = 1 AND rows.work_items_processed IS NOT NULL AND rows.is_newer
                AS is_first_items,
            lag(rows.run_id) OVER (PARTITION BY rows.agent_id ORDER BY rows.received_at)
                AS previous_run
        FROM (
            SELECT
                arrived.*,
                coalesce(arrived.received_at > status.last_heartbeat_at, true) AS is_newer,
                CASE
                    WHEN coalesce(arrived.previous_at > status.last_heartbeat_at, true)
                        THEN arrived.previous_at
                END AS newer_previous_at
            FROM (
                SELECT last_row.agent_id
                FROM arrived AS last_row
                WHERE last_row.is_last AND last_row.batch_number > 1
            ) AS several
            INNER JOIN arrived ON several.agent_id = arrived.agent_id
            INNER JOIN health.agent_status AS status ON arrived.agent_id = status.agent_id
        ) AS rows
        WINDOW
            errors AS (
                PARTITION BY rows.agent_id, rows.error_count IS NULL OR NOT rows.is_newer
                ORDER BY rows.received_at
            ),
            items AS (
                PARTITION BY rows.agent_id, rows.work_items_processed IS NULL OR NOT rows.is_newer
                ORDER BY rows.received_at
            )
    ),

    several AS MATERIALIZED (
        SELECT
            counted.agent_id,
            min(counted.received_at) FILTER (WHERE counted.is_newer) AS first_at,
            bool_or(counted.run_id <> counted.previous_run)
                FILTER (WHERE counted.is_newer AND counted.newer_previous_at IS NOT NULL)
                AS has_new_run,
            count(*) FILTER (WHERE counted.state IN ('active', 'running', 'idle')) AS good_beats,
            sum(counted.fast_weight) FILTER (WHERE NOT counted.is_newer) AS late_weight,
            array_agg(date_part('epoch', counted.received_at) ORDER BY counted.received_at)
                FILTER (WHERE counted.is_newer) AS beats,
            sum(counted.fast_weight) FILTER (WHERE counted.gap IS NOT NULL) AS gap_weight,
            sum(counted.fast_weight * health_internal.time_mass(counted.gap, v_fast)) AS gap_sum,
            sum(counted.fast_weight * health_internal.time_mass(counted.gap, v_fast) ^ 2)
                AS gap_square_sum,
            sum(counted.slow_weight * health_internal.time_mass(counted.gap, v_slow))
                AS observed_seconds,
            sum(counted.base_weight * health_internal.time_mass(counted.gap, v_base))
                AS baseline_seconds,
            min(counted.error_count) FILTER (WHERE counted.is_first_errors) AS first_errors,
            min(counted.run_id) FILTER (WHERE counted.is_first_errors) AS first_errors_run,
            min(counted.slow_weight) FILTER (WHERE counted.is_first_errors) AS first_errors_weight,
            sum(counted.slow_weight * CASE
                WHEN counted.error_count >= counted.previous_errors
                    AND counted.run_id IS NOT DISTINCT FROM counted.previous_errors_run
                    THEN counted.error_count - counted.previous_errors
                ELSE counted.error_count
            END) FILTER (WHERE counted.previous_errors IS NOT NULL AND counted.is_newer)
                AS further_errors,
            (array_agg(counted.error_count ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.error_count IS NOT NULL AND counted.is_newer))[1]
                AS error_count,
            min(counted.work_items_processed) FILTER (WHERE counted.is_first_items) AS first_items,
            min(counted.run_id) FILTER (WHERE counted.is_first_items) AS first_items_run,
            min(counted.slow_weight) FILTER (WHERE counted.is_first_items) AS first_items_weight,
            sum(counted.slow_weight * CASE
                WHEN counted.work_items_processed >= counted.previous_items
                    AND counted.run_id IS NOT DISTINCT FROM counted.previous_items_run
                    THEN counted.work_items_processed - counted.previous_items
                ELSE counted.work_items_processed
            END) FILTER (WHERE counted.previous_items IS NOT NULL AND counted.is_newer)
                AS further_items,
            sum(counted.fast_weight * CASE
                WHEN counted.work_items_processed >= counted.previous_items
                    AND counted.run_id IS NOT DISTINCT FROM counted.previous_items_run
                    THEN counted.work_items_processed - counted.previous_items
                ELSE counted.work_items_processed
            END) FILTER (WHERE counted.previous_items IS NOT NULL AND counted.is_newer)
                AS further_fast_items,
            sum(counted.base_weight * CASE
                WHEN counted.work_items_processed >= counted.previous_items
                    AND counted.run_id IS NOT DISTINCT FROM counted.previous_items_run
                    THEN counted.work_items_processed - counted.previous_items
                ELSE counted.work_items_processed
            END) FILTER (WHERE counted.previous_items IS NOT NULL AND counted.is_newer)
                AS further_base_items,
            (array_agg(counted.work_items_processed ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.work_items_processed IS NOT NULL AND counted.is_newer))[1]
                AS work_items_processed,
            sum(counted.fast_weight) FILTER (WHERE counted.average_processing_time_ms IS NOT NULL)
                AS processing_weight,
            sum(counted.fast_weight * counted.average_processing_time_ms) AS processing_sum,
            sum(counted.base_weight) FILTER (WHERE counted.average_processing_time_ms IS NOT NULL)
                AS base_processing_weight,
            sum(counted.base_weight * counted.average_processing_time_ms) AS base_processing_sum,
            sum(counted.fast_weight) FILTER (WHERE counted.cpu_usage_percent IS NOT NULL)
                AS cpu_weight,
            sum(counted.fast_weight * counted.cpu_usage_percent) AS cpu_sum,
            sum(counted.fast_weight) FILTER (WHERE counted.memory_usage_mb IS NOT NULL)
                AS memory_weight,
            sum(counted.fast_weight * counted.memory_usage_mb) AS memory_sum,
            sum(counted.slow_weight) FILTER (WHERE counted.memory_usage_mb IS NOT NULL)
                AS slow_memory_weight,
            sum(counted.slow_weight * counted.memory_usage_mb) AS slow_memory_sum,
            (array_agg(counted.memory_usage_mb ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.memory_usage_mb IS NOT NULL AND counted.is_newer))[1]
                AS memory_usage_mb,
            (array_agg(counted.memory_limit_mb ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.memory_limit_mb IS NOT NULL AND counted.is_newer))[1]
                AS memory_limit_mb,
            (array_agg(counted.cost_efficiency ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.cost_efficiency IS NOT NULL AND counted.is_newer))[1]
                AS cost_efficiency,
            (array_agg(counted.user_satisfaction ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.user_satisfaction IS NOT NULL AND counted.is_newer))[1]
                AS user_satisfaction,
            (array_agg(counted.operational_efficiency ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.operational_efficiency IS NOT NULL AND counted.is_newer))[1]
                AS operational_efficiency,
            (array_agg(counted.revenue_impact_usd ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.revenue_impact_usd IS NOT NULL AND counted.is_newer))[1]
                AS revenue_impact_usd
        FROM counted
        GROUP BY counted.agent_id
    ),

    -- One line per agent: with a single new row its values, with several their sums.
    batch AS (
        SELECT
            latest.agent_id,
            latest.batch_number AS batch_size,
            latest.received_at AS last_at,
            latest.state,
            latest.run_id,
            latest.sent_at,
            several.late_weight,
            several.beats,
            several.gap_weight,
            several.gap_sum,
            several.gap_square_sum,
            several.observed_seconds,
            several.baseline_seconds,
            several.further_errors,
            several.further_items,
            several.further_fast_items,
            several.further_base_items,
            coalesce(several.has_new_run, false) AS has_new_run,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.good_beats
                WHEN latest.state IN ('active', 'running', 'idle') THEN 1
                ELSE 0
            END AS good_beats,
            CASE WHEN several.agent_id IS NULL THEN latest.received_at ELSE several.first_at END
                AS first_at,
            CASE WHEN several.agent_id IS NULL THEN latest.error_count ELSE several.error_count END
                AS error_count,
            CASE WHEN several.agent_id IS NULL THEN latest.error_count ELSE several.first_errors END
                AS first_errors,
            CASE WHEN several.agent_id IS NULL THEN latest.run_id ELSE several.first_errors_run END
                AS first_errors_run,
            CASE
                WHEN several.agent_id IS NULL THEN weights.slow ELSE several.first_errors_weight
            END AS first_errors_weight,
            CASE
                WHEN several.agent_id IS NULL THEN latest.work_items_processed
                ELSE several.work_items_processed
            END AS work_items_processed,
            CASE
                WHEN several.agent_id IS NULL THEN latest.work_items_processed
                ELSE several.first_items
            END AS first_items,
            CASE WHEN several.agent_id IS NULL THEN latest.run_id ELSE several.first_items_run END
                AS first_items_run,
            CASE
                WHEN several.agent_id IS NULL THEN weights.slow ELSE several.first_items_weight
            END AS first_items_weight,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.processing_weight
                WHEN latest.average_processing_time_ms IS NOT NULL THEN weights.fast
            END AS processing_weight,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.processing_sum
                ELSE weights.fast * latest.average_processing_time_ms
            END AS processing_sum,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.base_processing_weight
                WHEN latest.average_processing_time_ms IS NOT NULL THEN weights.base
            END AS base_processing_weight,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.base_processing_sum
                ELSE weights.base * latest.average_processing_time_ms
            END AS base_processing_sum,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.cpu_weight
                WHEN latest.cpu_usage_percent IS NOT NULL THEN weights.fast
            END AS cpu_weight,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.cpu_sum
                ELSE weights.fast * latest.cpu_usage_percent
            END AS cpu_sum,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.memory_weight
                WHEN latest.memory_usage_mb IS NOT NULL THEN weights.fast
            END AS memory_weight,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.memory_sum
                ELSE weights.fast * latest.memory_usage_mb
            END AS memory_sum,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.slow_memory_weight
                WHEN latest.memory_usage_mb IS NOT NULL THEN weights.slow
            END AS slow_memory_weight,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.slow_memory_sum
                ELSE weights.slow * latest.memory_usage_mb
            END AS slow_memory_sum,
            CASE
                WHEN several.agent_id IS NULL THEN latest.memory_usage_mb
                ELSE several.memory_usage_mb
            END AS memory_usage_mb,
            CASE
                WHEN several.agent_id IS NULL THEN latest.memory_limit_mb
                ELSE several.memory_limit_mb
            END AS memory_limit_mb,
            CASE
                WHEN several.agent_id IS NULL THEN latest.cost_efficiency
                ELSE several.cost_efficiency
            END AS cost_efficiency,
            CASE
                WHEN several.agent_id IS NULL THEN latest.user_satisfaction
                ELSE several.user_satisfaction
            END AS user_satisfaction,
            CASE
                WHEN several.agent_id IS NULL THEN latest.operational_efficiency
                ELSE several.operational_efficiency
            END AS operational_efficiency,
            CASE
                WHEN several.agent_id IS NULL THEN latest.revenue_impact_usd
                ELSE several.revenue_impact_usd
            END AS revenue_impact_usd,
            weights.fast AS fast_weight,
            weights.slow AS slow_weight,
            weights.base AS base_weight
        FROM arrived AS latest
        LEFT JOIN several ON latest.agent_id = several.agent_id
        CROSS JOIN LATERAL (
            SELECT
                health_internal.decay(ages.seconds, v_fast) AS fast,
                health_internal.decay(ages.seconds, v_slow) AS slow,
                health_internal.decay(ages.seconds, v_base) AS base
            FROM (
                SELECT date_part('epoch', p_now - latest.received_at) AS seconds
                OFFSET 0
            ) AS ages
            OFFSET 0
        ) AS weights
        WHERE latest.is_last
    ),

    subjects AS (
        SELECT
            coalesce(batch.agent_id, due.agent_id) AS subject_id,
            batch.*
        FROM batch
        FULL JOIN (
            SELECT status.agent_id
            FROM health.agent_status AS status
            WHERE status.next_due_at <= p_now
        ) AS due ON batch.agent_id = due.agent_id
    ),

    basics AS (
        SELECT
            status.*,
            status.ctid AS row_address,
            policy.policy_id AS judging_policy_id,
            policy.weight_heartbeat_consistency,
            policy.weight_performance_metrics,
            policy.weight_error_rate,
            policy.weight_resource_efficiency,
            policy.weight_business_impact,
            policy.excellent_from,
            policy.good_from,
            policy.fair_from,
            policy.poor_from,
            policy.critical_below,
            policy.emergency_below,
            policy.recovered_margin,
            policy.confirm_bad,
            policy.confirm_of,
            policy.gate_late,
            policy.gate_error,
            policy.gate_failed,
            policy.gate_unresponsive,
            policy.young_beats,
            policy.young_late_intervals,
            policy.young_unresponsive_intervals,
            policy.late_false_alarm_cost,
            policy.unresponsive_false_alarm_cost,
            policy.hard_limit_intervals,
            policy.session_grace_seconds,
            policy.startup_grace_seconds,
            policy.latency_slo_zero_ratio,
            policy.latency_baseline_tolerance,
            policy.latency_baseline_zero_ratio,
            policy.throughput_baseline_tolerance,
            policy.latency_share,
            policy.error_rate_scale,
            policy.errors_per_minute_scale,
            policy.cpu_soft_percent,
            policy.cpu_hard_percent,
            policy.cpu_floor,
            policy.memory_soft_share,
            policy.memory_hard_share,
            policy.exhaustion_horizon_seconds,
            policy.revenue_loss_limit_usd,
            policy.resource_issue_below,
            policy.performance_issue_below,
            policy.error_issue_below,
            subject.agent_id AS b_agent_id,
            subject.batch_size,
            subject.late_weight AS b_late_weight,
            subject.beats AS b_beats,
            subject.first_at AS b_first_at,
            subject.gap_weight AS b_gap_weight,
            subject.gap_sum AS b_gap_sum,
            subject.gap_square_sum AS b_gap_square_sum,
            subject.observed_seconds
                AS b_observed_seconds,
            subject.baseline_seconds
                AS b_baseline_seconds,
            subject.first_errors AS b_first_errors,
            subject.first_errors_weight
                AS b_first_errors_weight,
            subject.further_errors AS b_further_errors,
            subject.error_count AS b_error_count,
            subject.first_items AS b_first_items,
            subject.first_items_weight
                AS b_first_items_weight,
            subject.further_items AS b_further_items,
            subject.further_fast_items
                AS b_further_fast_items,
            subject.further_base_items
                AS b_further_base_items,
            subject.work_items_processed
                AS b_work_items_processed,
            subject.processing_weight
                AS b_processing_weight,
            subject.processing_sum AS b_processing_sum,
            subject.base_processing_weight
                AS b_base_processing_weight,
            subject.base_processing_sum
                AS b_base_processing_sum,
            subject.cpu_weight AS b_cpu_weight,
            subject.cpu_sum AS b_cpu_sum,
            subject.memory_weight AS b_memory_weight,
            subject.memory_sum AS b_memory_sum,
            subject.slow_memory_weight
                AS b_slow_memory_weight,
            subject.slow_memory_sum
                AS b_slow_memory_sum,
            subject.memory_usage_mb
                AS b_memory_usage_mb,
            subject.memory_limit_mb
                AS b_memory_limit_mb,
            subject.cost_efficiency
                AS b_cost_efficiency,
            subject.user_satisfaction
                AS b_user_satisfaction,
            subject.operational_efficiency
                AS b_operational_efficiency,
            subject.revenue_impact_usd
                AS b_revenue_impact_usd,
            subject.fast_weight AS b_fast_weight,
            subject.base_weight AS b_base_weight,
            derived.*,
            CASE WHEN derived.is_newer THEN subject.state
                ELSE status.state
            END AS new_state,
            CASE WHEN derived.is_newer THEN coalesce(subject.run_id, status.run_id)
                ELSE status.run_id
            END AS new_run_id,
            coalesce(
                status.first_heartbeat_at,
                subject.first_at
            ) AS new_first_heartbeat_at,
            greatest(
                status.last_heartbeat_at,
                subject.last_at
            ) AS new_last_heartbeat_at,
            CASE
                WHEN derived.is_new_run
                    OR status.run_started_at IS NULL
                    THEN coalesce(
                        subject.first_at,
                        status.run_started_at
                    )
                ELSE status.run_started_at
            END AS new_run_started_at,
            CASE WHEN derived.is_new_run THEN 0
                ELSE status.run_beat_count
            END + coalesce(subject.good_beats, 0)
                AS new_run_beat_count,
            CASE
                WHEN subject.last_at
                    > status.session_lost_at THEN NULL
                ELSE status.session_lost_at
            END AS new_session_lost_at,
            coalesce(
                date_part('epoch', subject.last_at
                    - subject.sent_at),
                status.clock_offset_seconds
            ) AS new_clock_offset_seconds
        FROM subjects AS subject
        INNER JOIN health.agent_status AS status
            ON subject.subject_id = status.agent_id
        INNER JOIN health.current_policies AS policy
            ON status.policy_class = policy.policy_class
        CROSS JOIN LATERAL (
            SELECT
                coalesce(
                    subject.last_at
                    > status.last_heartbeat_at,
                    subject.last_at IS NOT NULL
                ) AS is_newer,
                coalesce(
                    status.expected_interval_seconds,
                    policy.default_expected_interval_seconds
                ) AS prior_interval,
                status.last_heartbeat_at IS NOT NULL
                AND (
                    subject.has_new_run
                    OR (
                        subject.last_at
                        > status.last_heartbeat_at
                        AND (
                            subject.run_id
                            <> status.run_id
                            OR subject.first_errors
                            < status.error_count
                            OR subject.first_items
                            < status.work_items_processed
                        )
                    )
                ) IS TRUE AS is_new_run,
                date_part('epoch', subject.first_at
                    - CASE
                        WHEN subject.first_at
                            > status.last_heartbeat_at
                            THEN status.last_heartbeat_at
                    END) AS first_gap,
                date_part('epoch', p_now - subject.first_at) AS first_age,
                date_part('epoch', subject.first_at
                    - status.gap_reference_at) AS learn_gap,
                date_part('epoch', subject.last_at)
                    AS last_seconds,
                health_internal.decay(
                    date_part('epoch', p_now
                        - status.decayed_at),
                    v_fast
                ) AS fast_decay,
                health_internal.decay(
                    date_part('epoch', p_now
                        - status.decayed_at),
                    v_slow
                ) AS slow_decay,
                health_internal.decay(
                    date_part('epoch', p_now
                        - status.decayed_at),
                    v_base
                ) AS base_decay,
                abs(hashtext(status.agent_id)) % 32
                    AS stagger
            OFFSET 0
        ) AS derived
        WHERE status.judged_tick_id
            IS DISTINCT FROM p_tick_id
        OFFSET 0
    ),

    joined AS (
        SELECT
            basics.*,
            basics.gap_reference_at IS NOT NULL
            AND NOT basics.is_new_run
            AND basics.liveness <> 'stopped'
            AND basics.first_gap
            <= 100 * exp(basics.log_interval)
            AND NOT (
                basics.last_heartbeat_at < p_blind_until
                AND basics.first_gap
                > 2 * exp(basics.log_interval)
            ) AS is_regular_gap,
            CASE WHEN basics.is_newer THEN
                health_internal.gap_bin(
                    basics.learn_gap
                    / exp(basics.log_interval)
                )
            END AS learn_bin
        FROM basics
        OFFSET 0
    ),

    -- The old state, decayed to now, with the batch.
    carried AS (
        SELECT
            joined.*,
            joined.first_gap IS NOT NULL
            AND joined.is_regular_gap AS has_first_gap,
            CASE WHEN joined.first_gap > 0 THEN
                health_internal.decay(joined.first_age, v_fast)
            END AS gap_weight_first,
            CASE
                WHEN joined.b_agent_id IS NULL
                    OR NOT joined.is_newer THEN
                    ROW(
                        coalesce(
                            joined.log_interval,
                            ln(joined.prior_interval)
                        ),
                        coalesce(
                            joined.mean_gap,
                            joined.prior_interval
                        ),
                        joined.gap_count,
                        joined.gap_histogram,
                        NULL
                    )::health_internal.gap_memory
                WHEN joined.batch_size = 1
                    AND joined.gap_count % 30000 < 29999
                    AND joined.gap_histogram IS NOT NULL
                    AND joined.is_regular_gap THEN
                    CASE
                        WHEN joined.learn_gap <= 0.1
                            * exp(joined.log_interval) THEN
                            ROW(
                                joined.log_interval,
                                joined.mean_gap,
                                joined.gap_count,
                                joined.gap_histogram,
                                NULL
                            )::health_internal.gap_memory
                        ELSE ROW(
                            joined.log_interval
                            + greatest(
                                0.05::float8,
                                1 / (joined.gap_count + 2.0::float8)
                            ) * (
                                ln(joined.learn_gap)
                                - joined.log_interval
                            ),
                            joined.mean_gap
                            + greatest(
                                0.01::float8,
                                1 / (joined.gap_count + 2.0::float8)
                            ) * (
                                least(
                                    joined.learn_gap,
                                    10 * joined.mean_gap
                                ) - joined.mean_gap
                            ),
                            joined.gap_count + 1,
                            joined.gap_histogram[
                                :joined.learn_bin - 1
                            ]
                            || (
                                joined.gap_histogram[
                                    joined.learn_bin
                                ] + health_internal.gap_unit(
                                    joined.gap_count
                                )
                            )::real
                            || joined.gap_histogram[
                                joined.learn_bin + 1:
                            ],
                            joined.last_seconds
                        )::health_internal.gap_memory
                    END
                ELSE health_internal.learn_gaps(
                    ROW(
                        coalesce(
                            joined.log_interval,
                            ln(joined.prior_interval)
                        ),
                        coalesce(
                            joined.mean_gap,
                            joined.prior_interval
                        ),
                        joined.gap_count,
                        joined.gap_histogram,
                        CASE
                            WHEN joined.is_regular_gap THEN date_part('epoch', joined.gap_reference_at)
                            ELSE date_part('epoch', joined.b_first_at)
                        END
                    )::health_internal.gap_memory,
                    coalesce(
                        joined.b_beats,
                        ARRAY[joined.last_seconds]
                    )
                )
            END AS learning
        FROM joined
        OFFSET 0
    ),

    -- Gaps, runs and counters of this batch.
    learnt AS (
        SELECT
            carried.*,
            (carried.learning).log_interval AS new_log_interval,
            (carried.learning).mean_gap AS new_mean_gap,
            (carried.learning).gap_count AS new_gap_count,
            (carried.learning).gap_histogram AS new_gap_histogram,
            coalesce(
                to_timestamp((carried.learning).reference_seconds),
                carried.gap_reference_at
            ) AS new_gap_reference_at,
            (carried.learning).gap_count >= carried.young_beats
            AND (carried.learning).gap_count > carried.gap_count
            AND (
                carried.gap_count < carried.young_beats
                OR carried.late_intervals IS NULL
                OR carried.first_gap > 1.5 * exp(carried.log_interval)
                OR carried.batch_size > 4
                OR (
                    (carried.gap_count + carried.stagger) / 32
                    <> ((carried.learning).gap_count
                        + carried.stagger) / 32
                )
            ) AS must_learn_deadline,
            coalesce(carried.gap_weight_first, 0)
            + coalesce(carried.b_gap_weight, 0)
            + coalesce(carried.b_late_weight, 0)
            + CASE
                WHEN carried.batch_size = 1 AND NOT carried.is_newer
                    THEN carried.b_fast_weight
                ELSE 0
            END AS gap_weight_in,
            coalesce(
                carried.gap_weight_first
                * health_internal.time_mass(
                    carried.first_gap, v_fast
                ),
                0
            ) + coalesce(carried.b_gap_sum, 0) AS gap_sum_in,
            coalesce(
                carried.gap_weight_first
                * health_internal.time_mass(
                    carried.first_gap, v_fast
                ) ^ 2,
                0
            ) + coalesce(carried.b_gap_square_sum, 0)
                AS gap_square_sum_in,
            CASE WHEN carried.first_gap > 0 THEN
                health_internal.time_mass(carried.first_gap, v_slow)
                * health_internal.decay(carried.first_age, v_slow)
            END AS observed_in,
            CASE WHEN carried.first_gap > 0 THEN
                health_internal.time_mass(carried.first_gap, v_base)
                * health_internal.decay(carried.first_age, v_base)
            END AS baseline_in,
            carried.b_first_errors_weight * CASE
                WHEN NOT carried.is_newer THEN NULL
                WHEN carried.b_first_errors >= carried.error_count
                    AND NOT carried.is_new_run
                    THEN carried.b_first_errors
                        - carried.error_count
                WHEN carried.error_count IS NULL
                    AND carried.beat_count > 0
                    AND NOT carried.is_new_run
                    THEN 0
                ELSE carried.b_first_errors
            END AS errors_in,
            CASE
                WHEN NOT carried.is_newer THEN NULL
                WHEN carried.b_first_items
                    >= carried.work_items_processed
                    AND NOT carried.is_new_run
                    THEN carried.b_first_items
                        - carried.work_items_processed
                WHEN carried.beat_count = 0
                    OR (
                        carried.work_items_processed IS NULL
                        AND NOT carried.is_new_run
                    )
                    THEN 0
                ELSE carried.b_first_items
            END AS items_in
        FROM carried
        OFFSET 0
    ),

    -- Running state after this batch.
    folded AS (
        SELECT
            learnt.*,
            CASE
                WHEN learnt.new_gap_count < learnt.young_beats
                    THEN learnt.young_late_intervals
                WHEN learnt.must_learn_deadline THEN
                    health_internal.deadline_intervals(
                        learnt.new_gap_histogram,
                        learnt.new_gap_count,
                        exp(learnt.new_log_interval),
                        learnt.new_mean_gap,
                        learnt.late_false_alarm_cost,
                        learnt.hard_limit_intervals
                    )
                ELSE learnt.late_intervals
            END AS new_late_intervals,
            CASE
                WHEN learnt.new_gap_count < learnt.young_beats
                    THEN learnt.young_unresponsive_intervals
                WHEN learnt.must_learn_deadline THEN
                    health_internal.deadline_intervals(
                        learnt.new_gap_histogram,
                        learnt.new_gap_count,
                        exp(learnt.new_log_interval),
                        learnt.new_mean_gap,
                        learnt.unresponsive_false_alarm_cost,
                        learnt.hard_limit_intervals
                    )
                ELSE learnt.unresponsive_intervals
            END AS new_unresponsive_intervals,
            health_internal.decayed_sum(
                learnt.gap_weight, learnt.fast_decay
            )
            + coalesce(learnt.gap_weight_in, 0) AS new_gap_weight,
            health_internal.decayed_sum(
                learnt.gap_sum, learnt.fast_decay
            )
            + coalesce(learnt.gap_sum_in, 0) AS new_gap_sum,
            health_internal.decayed_sum(
                learnt.gap_square_sum, learnt.fast_decay
            )
            + coalesce(learnt.gap_square_sum_in, 0)
                AS new_gap_square_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(
                    learnt.error_sum, learnt.slow_decay
                )
            END
            + coalesce(learnt.errors_in, 0)
            + coalesce(learnt.b_further_errors, 0) AS new_error_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(
                    learnt.event_sum, learnt.slow_decay
                )
            END AS new_event_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(
                    learnt.item_sum, learnt.slow_decay
                )
            END
            + coalesce(learnt.items_in * learnt.b_first_items_weight, 0)
            + coalesce(learnt.b_further_items, 0) AS new_item_sum,
            health_internal.decayed_sum(
                learnt.recent_item_sum, learnt.fast_decay
            )
            + coalesce(learnt.items_in * learnt.b_fast_weight, 0)
            + coalesce(learnt.b_further_fast_items, 0)
                AS new_recent_item_sum,
            health_internal.decayed_sum(
                learnt.baseline_item_sum, learnt.base_decay
            )
            + coalesce(learnt.items_in * learnt.b_base_weight, 0)
            + coalesce(learnt.b_further_base_items, 0)
                AS new_baseline_item_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(
                    learnt.observed_seconds, learnt.slow_decay
                ) + coalesce(learnt.observed_in, 0)
            END
            + coalesce(learnt.b_observed_seconds, 0)
                AS new_observed_seconds,
            health_internal.decayed_sum(
                learnt.baseline_seconds, learnt.base_decay
            )
            + coalesce(learnt.baseline_in, 0)
            + coalesce(learnt.b_baseline_seconds, 0)
                AS new_baseline_seconds,
            health_internal.decayed_sum(
                learnt.processing_weight, learnt.fast_decay
            )
            + coalesce(learnt.b_processing_weight, 0)
                AS new_processing_weight,
            health_internal.decayed_sum(
                learnt.processing_sum, learnt.fast_decay
            )
            + coalesce(learnt.b_processing_sum, 0)
                AS new_processing_sum,
            health_internal.decayed_sum(
                learnt.baseline_processing_weight, learnt.base_decay
            )
            + coalesce(learnt.b_base_processing_weight, 0)
                AS new_baseline_processing_weight,
            health_internal.decayed_sum(
                learnt.baseline_processing_sum, learnt.base_decay
            )
            + coalesce(
                CASE
                    WHEN learnt.baseline_processing_weight >= 10 THEN
                        least(
                            learnt.b_base_processing_sum,
                            learnt.b_base_processing_weight * 3
                            * learnt.baseline_processing_sum
                            / learnt.baseline_processing_weight
                        )
                    ELSE learnt.b_base_processing_sum
                END,
                0
            ) AS new_baseline_processing_sum,
            health_internal.decayed_sum(
                learnt.cpu_weight, learnt.fast_decay
            )
            + coalesce(learnt.b_cpu_weight, 0) AS new_cpu_weight,
            health_internal.decayed_sum(
                learnt.cpu_sum, learnt.fast_decay
            )
            + coalesce(learnt.b_cpu_sum, 0) AS new_cpu_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(
                    learnt.memory_weight, learnt.fast_decay
                )
            END
            + coalesce(learnt.b_memory_weight, 0) AS new_memory_weight,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(
                    learnt.memory_sum, learnt.fast_decay
                )
            END
            + coalesce(learnt.b_memory_sum, 0) AS new_memory_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(
                    learnt.slow_memory_weight, learnt.slow_decay
                )
            END
            + coalesce(learnt.b_slow_memory_weight, 0)
                AS new_slow_memory_weight,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(
                    learnt.slow_memory_sum, learnt.slow_decay
                )
            END
            + coalesce(learnt.b_slow_memory_sum, 0)
                AS new_slow_memory_sum,
            coalesce(learnt.b_error_count, CASE
                WHEN NOT learnt.is_new_run THEN learnt.error_count
            END) AS new_error_count,
            coalesce(learnt.b_work_items_processed, CASE
                WHEN NOT learnt.is_new_run
                    THEN learnt.work_items_processed
            END) AS new_items,
            coalesce(learnt.b_memory_usage_mb, learnt.memory_usage_mb)
                AS new_memory_usage_mb,
            coalesce(learnt.b_memory_limit_mb, learnt.memory_limit_mb)
                AS new_memory_limit_mb,
            coalesce(learnt.b_cost_efficiency, learnt.cost_efficiency)
                AS new_cost_efficiency,
            coalesce(
                learnt.b_user_satisfaction, learnt.user_satisfaction
            ) AS new_user_satisfaction,
            coalesce(
                learnt.b_operational_efficiency,
                learnt.operational_efficiency
            ) AS new_operational_efficiency,
            coalesce(
                learnt.b_revenue_impact_usd, learnt.revenue_impact_usd
            ) AS new_revenue_impact_usd
        FROM learnt
        OFFSET 0
    ),

    -- From what was learnt to the two deadlines.
    deadlines AS (
        SELECT
            folded.*,
            exp(folded.new_log_interval) AS learnt_interval,
            CASE
                WHEN folded.new_last_heartbeat_at < p_blind_until THEN
                    health_internal.blind_seconds(
                        folded.new_last_heartbeat_at, p_now
                    )
                ELSE 0
            END AS blind,
            folded.new_last_heartbeat_at + make_interval(
                secs => folded.grace_seconds + CASE
                    WHEN folded.new_state = 'initializing' THEN greatest(
                        folded.startup_grace_seconds,
                        exp(folded.new_log_interval)
                        * folded.new_late_intervals
                    )
                    ELSE exp(folded.new_log_interval)
                        * folded.new_late_intervals
                END
            ) AS new_late_at,
            folded.new_last_heartbeat_at + make_interval(
                secs => folded.grace_seconds + CASE
                    WHEN folded.new_state = 'initializing' THEN greatest(
                        folded.startup_grace_seconds,
                        exp(folded.new_log_interval)
                        * folded.new_unresponsive_intervals
                    )
                    ELSE exp(folded.new_log_interval)
                        * folded.new_unresponsive_intervals
                END
            ) AS new_unresponsive_at
        FROM folded
        OFFSET 0
    ),

    -- What the components look at, as ratios and rates.
    ratios AS (
        SELECT
            deadlines.*,
            CASE
                WHEN deadlines.new_processing_weight > 1e-6 THEN
                    deadlines.new_processing_sum / deadlines.new_processing_weight
                    / CASE
                        WHEN deadlines.latency_slo_ms IS NOT NULL THEN deadlines.latency_slo_ms
                        WHEN deadlines.new_baseline_processing_weight >= 10
                            AND deadlines.new_baseline_processing_sum > 0 THEN
                            deadlines.new_baseline_processing_sum
                            / deadlines.new_baseline_processing_weight
                        WHEN deadlines.new_processing_sum > 0 THEN
                            deadlines.new_processing_sum / deadlines.new_processing_weight
                    END
            END AS latency_ratio,
            CASE
                WHEN deadlines.new_items IS NOT NULL AND deadlines.new_gap_sum > 1 THEN
                    deadlines.new_recent_item_sum / deadlines.new_gap_sum * 60
                    / CASE
                        WHEN deadlines.throughput_slo_per_minute IS NOT NULL
                            THEN deadlines.throughput_slo_per_minute
                        WHEN deadlines.new_baseline_seconds >= 600
                            AND deadlines.new_baseline_item_sum > 0
                            AND deadlines.new_state <> 'idle' THEN
                            deadlines.new_baseline_item_sum / deadlines.new_baseline_seconds * 60
                            * deadlines.throughput_baseline_tolerance
                    END
            END AS throughput_ratio,
            CASE
                WHEN deadlines.new_error_count IS NOT NULL OR deadlines.new_event_sum > 0
                    THEN deadlines.new_error_sum + deadlines.new_event_sum
            END AS known_errors,
            CASE
                WHEN deadlines.new_cpu_weight > 1e-6
                    THEN deadlines.new_cpu_sum / deadlines.new_cpu_weight
            END AS cpu_mean,
            CASE
                WHEN deadlines.new_memory_limit_mb > 0
                    THEN deadlines.new_memory_usage_mb / deadlines.new_memory_limit_mb
            END AS memory_share,
            CASE
                WHEN deadlines.new_memory_weight > 1e-6 AND deadlines.new_memory_limit_mb > 0
                    THEN deadlines.new_memory_sum / deadlines.new_memory_weight
            END AS fast_memory_mean,
            CASE
                WHEN deadlines.new_slow_memory_weight > 1e-6
                    THEN deadlines.new_slow_memory_sum / deadlines.new_slow_memory_weight
            END AS slow_memory_mean,
            date_part('epoch', p_now - deadlines.new_run_started_at) AS run_seconds,
            deadlines.new_session_lost_at IS NOT NULL AS is_session_lost,
            coalesce(deadlines.expected_interval_seconds, deadlines.learnt_interval)
                AS interval_expected,
            greatest(
                0,
                date_part('epoch', p_now - deadlines.new_last_heartbeat_at) - deadlines.blind
            ) AS new_silent_seconds,
            date_part('epoch', deadlines.new_late_at - deadlines.new_last_heartbeat_at)
                AS late_seconds,
            date_part('epoch', deadlines.new_unresponsive_at - deadlines.new_last_heartbeat_at)
                AS unresponsive_seconds
        FROM deadlines
        OFFSET 0
    ),

    -- The components but the first.
    measured AS (
        SELECT
            ratios.*,
            health_internal.score_performance_metrics(
                ratios.latency_ratio,
                CASE
                    WHEN ratios.latency_slo_ms IS NULL THEN ratios.latency_baseline_tolerance
                    ELSE 1
                END,
                CASE
                    WHEN ratios.latency_slo_ms IS NULL THEN ratios.latency_baseline_zero_ratio
                    ELSE ratios.latency_slo_zero_ratio
                END,
                ratios.throughput_ratio,
                ratios.latency_share
            ) AS new_performance,
            health_internal.score_error_rate(
                ratios.known_errors, ratios.new_item_sum, ratios.new_observed_seconds / 60,
                ratios.error_rate_scale, ratios.errors_per_minute_scale
            ) AS new_errors,
            health_internal.score_resource_efficiency(
                ratios.cpu_mean,
                ratios.memory_share,
                CASE
                    WHEN ratios.fast_memory_mean > ratios.slow_memory_mean THEN
                        health_internal.seconds_to_exhaustion(
                            ratios.fast_memory_mean, ratios.slow_memory_mean, ratios.run_seconds,
                            v_fast, v_slow,
                            ratios.new_memory_usage_mb, ratios.new_memory_limit_mb
                        )
                END / ratios.exhaustion_horizon_seconds,
                ratios.cpu_soft_percent, ratios.cpu_hard_percent, ratios.cpu_floor,
                ratios.memory_soft_share, ratios.memory_hard_share
            ) AS new_resources,
            health_internal.score_business_impact(
                ratios.new_cost_efficiency, ratios.new_user_satisfaction,
                ratios.new_operational_efficiency, ratios.new_revenue_impact_usd,
                ratios.revenue_loss_limit_usd
            ) AS new_business
        FROM ratios
        OFFSET 0
    ),

    -- How long the silence lasts against its deadlines.
    timed AS (
        SELECT
            measured.*,
            CASE
                WHEN measured.new_last_heartbeat_at IS NULL THEN NULL
                ELSE health_internal.score_heartbeat_consistency(
                    measured.new_gap_weight,
                    measured.new_gap_sum,
                    measured.new_gap_square_sum,
                    health_internal.time_mass(measured.interval_expected, v_fast),
                    health_internal.time_mass(measured.new_silent_seconds, v_fast),
                    CASE
                        WHEN measured.is_session_lost THEN 0.5::float8
                        WHEN measured.new_silent_seconds <= measured.late_seconds
                            THEN 1
                        ELSE greatest(
                            0,
                            1 - (
                                measured.new_silent_seconds - measured.late_seconds
                            ) / greatest(
                                measured.unresponsive_seconds
                                - measured.late_seconds,
                                1e-3
                            )
                        )
                    END
                )
            END AS new_heartbeat,
            CASE
                WHEN measured.new_last_heartbeat_at IS NULL THEN 'never_seen'
                WHEN measured.new_state = 'stopped' THEN 'stopped'
                WHEN measured.new_silent_seconds >= measured.unresponsive_seconds
                    OR (
                        measured.is_session_lost
                        AND p_now >= measured.new_session_lost_at
                        + make_interval(secs => measured.session_grace_seconds)
                    )
                    THEN CASE
                        WHEN measured.new_state = 'stopping' THEN 'stopped'
                        ELSE 'unresponsive'
                    END
                WHEN measured.is_session_lost
                    OR measured.new_silent_seconds >= measured.late_seconds
                    THEN 'late'
                WHEN measured.new_state = 'initializing' THEN 'starting'
                ELSE 'alive'
            END AS new_liveness
        FROM measured
        OFFSET 0
    ),

    -- Components to an ungated score, state and liveness to a gate and issue.
    scored AS (
        SELECT
            timed.*,
            (
                coalesce(timed.new_heartbeat * timed.weight_heartbeat_consistency, 0)
                + coalesce(timed.new_performance * timed.weight_performance_metrics, 0)
                + coalesce(timed.new_errors * timed.weight_error_rate, 0)
                + coalesce(timed.new_resources * timed.weight_resource_efficiency, 0)
                + coalesce(timed.new_business * timed.weight_business_impact, 0)
            ) / nullif(
                health_internal.known_weight(
                    timed.weight_heartbeat_consistency, timed.new_heartbeat
                )
                + health_internal.known_weight(
                    timed.weight_performance_metrics, timed.new_performance
                )
                + health_internal.known_weight(timed.weight_error_rate, timed.new_errors)
                + health_internal.known_weight(
                    timed.weight_resource_efficiency, timed.new_resources
                )
                + health_internal.known_weight(
                    timed.weight_business_impact, timed.new_business
                ),
                0
            ) AS new_ungated_score,
            least(
                CASE timed.new_liveness
                    WHEN 'unresponsive' THEN timed.gate_unresponsive
                    WHEN 'late' THEN timed.gate_late
                    ELSE 100
                END,
                CASE timed.new_state
                    WHEN 'failed' THEN timed.gate_failed
                    WHEN 'error' THEN timed.gate_error
                    ELSE 100
                END
            ) AS new_gate,
            timed.new_liveness = 'unresponsive'
                OR (
                    timed.new_liveness <> 'stopped'
                    AND timed.new_state IN ('error', 'failed')
                ) AS is_certain,
            CASE
                WHEN timed.new_liveness IN ('never_seen', 'stopped') THEN NULL
                WHEN timed.new_liveness = 'unresponsive' THEN 'agent_unresponsive'
                WHEN timed.new_state = 'failed' THEN 'agent_unresponsive'
                WHEN timed.new_state = 'error' THEN 'high_error_rate'
                WHEN timed.new_resources <= timed.resource_issue_below
                    THEN 'resource_exhaustion'
                WHEN timed.new_errors <= timed.error_issue_below THEN 'high_error_rate'
                WHEN timed.new_performance <= timed.performance_issue_below
                    THEN 'performance_degradation'
            END AS new_issue_candidate
        FROM timed
        OFFSET 0
    ),

    -- Weighted mean, gate, rings.
    judged AS (
        SELECT
            scored.*,
            least(scored.new_ungated_score, scored.new_gate) AS new_score,
            (
                (scored.bad_evaluations << 1)
                | CASE WHEN scored.new_ungated_score < scored.critical_below THEN 1 ELSE 0 END
            ) & 1048575 AS new_bad_evaluations,
            CASE
                WHEN scored.new_issue_candidate IS NULL THEN 0
                WHEN scored.new_issue_candidate = scored.issue_candidate
                    THEN least(1000, scored.issue_evaluations + 1)
                ELSE 1
            END AS new_issue_evaluations
        FROM scored
        OFFSET 0
    ),

    -- From evaluations to conditions, issue and the next evaluation.
    result AS (
        SELECT
            judged.*,
            health.classify_status(
                judged.new_score, judged.excellent_from, judged.good_from, judged.fair_from,
                judged.poor_from
            ) AS new_status,
            CASE
                WHEN judged.new_issue_candidate IS NULL THEN NULL
                WHEN judged.is_certain OR judged.new_issue_evaluations >= judged.confirm_bad
                    THEN judged.new_issue_candidate
                WHEN judged.issue_type = judged.new_issue_candidate THEN judged.issue_type
            END AS new_issue_type,
            CASE
                WHEN judged.new_liveness IN ('never_seen', 'stopped') THEN '{}'::text []
                WHEN judged.new_liveness IN ('alive', 'starting')
                    AND judged.new_state NOT IN ('error', 'failed')
                    AND judged.new_issue_candidate IS NULL
                    AND judged.new_ungated_score
                    >= greatest(judged.critical_below, judged.emergency_below)
                    + judged.recovered_margin
                    THEN '{}'::text []
                ELSE array_remove(ARRAY[
                    CASE WHEN judged.new_liveness = 'unresponsive' THEN 'unresponsive' END,
                    CASE WHEN judged.new_state = 'failed' THEN 'failed' END,
                    CASE WHEN judged.new_state = 'error' THEN 'error' END,
                    CASE
                        WHEN judged.new_ungated_score < judged.emergency_below
                            OR (
                                'score_emergency' = ANY (judged.active_conditions)
                                AND judged.new_ungated_score
                                < judged.emergency_below + judged.recovered_margin
                            )
                            THEN 'score_emergency'
                    END,
                    CASE
                        WHEN judged.new_ungated_score < judged.emergency_below
                            OR (
                                judged.new_ungated_score < judged.critical_below
                                AND bit_count(
                                    (judged.new_bad_evaluations & ((1 << judged.confirm_of) - 1))
                                    ::bit(32)
                                ) >= judged.confirm_bad
                            )
                            OR (
                                'score_critical' = ANY (judged.active_conditions)
                                AND judged.new_ungated_score
                                < judged.critical_below + judged.recovered_margin
                            )
                            THEN 'score_critical'
                    END,
                    CASE
                        WHEN judged.new_issue_candidate IN (
                            'resource_exhaustion', 'performance_degradation', 'high_error_rate'
                        )
                            AND judged.new_state IS DISTINCT FROM 'error'
                            AND (
                                judged.new_issue_evaluations >= judged.confirm_bad
                                OR judged.issue_type = judged.new_issue_candidate
                            )
                            THEN judged.new_issue_candidate
                    END
                ], NULL)
            END AS new_active_conditions,
            CASE
                WHEN judged.new_liveness IN ('never_seen', 'stopped', 'unresponsive')
                    THEN 'infinity'::timestamptz
                WHEN judged.is_session_lost
                    THEN judged.new_session_lost_at
                        + make_interval(secs => judged.session_grace_seconds)
                WHEN judged.new_liveness = 'late'
                    THEN least(
                        judged.new_unresponsive_at + make_interval(secs => judged.blind),
                        p_now + make_interval(secs => judged.learnt_interval)
                    )
                ELSE judged.new_late_at + make_interval(secs => judged.blind)
            END AS new_next_due_at
        FROM judged
        OFFSET 0
    ),

    updated AS (
        UPDATE health.agent_status AS target
        SET
            next_due_at = result.new_next_due_at,
            judged_tick_id = p_tick_id,
            judged_at = p_now,
            first_heartbeat_at = result.new_first_heartbeat_at,
            last_heartbeat_at = result.new_last_heartbeat_at,
            gap_reference_at = result.new_gap_reference_at,
            run_started_at = result.new_run_started_at,
            late_at = result.new_late_at,
            unresponsive_at = result.new_unresponsive_at,
            session_lost_at = result.new_session_lost_at,
            decayed_at = p_now,
            state = result.new_state,
            run_id = result.new_run_id,
            liveness = result.new_liveness,
            status = result.new_status,
            score = result.new_score,
            ungated_score = result.new_ungated_score,
            gate = result.new_gate,
            heartbeat_consistency = result.new_heartbeat,
            performance_metrics = result.new_performance,
            error_rate = result.new_errors,
            resource_efficiency = result.new_resources,
            business_impact = result.new_business,
            policy_id = result.judging_policy_id,
            silent_seconds = result.new_silent_seconds,
            gap_weight = result.new_gap_weight,
            gap_sum = result.new_gap_sum,
            gap_square_sum = result.new_gap_square_sum,
            gap_count = result.new_gap_count,
            beat_count = result.beat_count + coalesce(result.batch_size, 0),
            run_beat_count = result.new_run_beat_count,
            log_interval = result.new_log_interval,
            mean_gap = result.new_mean_gap,
            gap_histogram = result.new_gap_histogram,
            late_intervals = result.new_late_intervals,
            unresponsive_intervals = result.new_unresponsive_intervals,
            clock_offset_seconds = result.new_clock_offset_seconds,
            error_count = result.new_error_count,
            work_items_processed = result.new_items,
            error_sum = result.new_error_sum,
            item_sum = result.new_item_sum,
            observed_seconds = result.new_observed_seconds,
            recent_item_sum = result.new_recent_item_sum,
            baseline_item_sum = result.new_baseline_item_sum,
            baseline_seconds = result.new_baseline_seconds,
            event_sum = result.new_event_sum,
            processing_weight = result.new_processing_weight,
            processing_sum = result.new_processing_sum,
            baseline_processing_weight = result.new_baseline_processing_weight,
            baseline_processing_sum = result.new_baseline_processing_sum,
            cpu_weight = result.new_cpu_weight,
            cpu_sum = result.new_cpu_sum,
            memory_weight = result.new_memory_weight,
            memory_sum = result.new_memory_sum,
            slow_memory_weight = result.new_slow_memory_weight,
            slow_memory_sum = result.new_slow_memory_sum,
            memory_usage_mb = result.new_memory_usage_mb,
            memory_limit_mb = result.new_memory_limit_mb,
            cost_efficiency = result.new_cost_efficiency,
            user_satisfaction = result.new_user_satisfaction,
            operational_efficiency = result.new_operational_efficiency,
            revenue_impact_usd = result.new_revenue_impact_usd,
            bad_evaluations = result.new_bad_evaluations,
            issue_candidate = result.new_issue_candidate,
            issue_evaluations = result.new_issue_evaluations,
            issue_type = result.new_issue_type,
            active_conditions = result.new_active_conditions
        FROM result
        WHERE target.ctid = result.row_address
        RETURNING result.b_agent_id
    )

    SELECT
        arrivals.row_count,
        arrivals.agent_count,
        judgements.folded_count,
        judgements.judged_count
    INTO arrived_rows, arrived_agents, folded_agents, judged_agents
    FROM (
        SELECT count(*) AS row_count, count(*) FILTER (WHERE arrived.is_last) AS agent_count
        FROM arrived
    ) AS arrivals
    CROSS JOIN (
        SELECT count(*) AS judged_count, count(updated.b_agent_id) AS folded_count
        FROM updated
    ) AS judgements;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_and_judge(
    timestamptz, bigint, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint,
    timestamptz, boolean
) IS
'Folds the heartbeats that arrived between two snapshots and judges their agents and those whose '
'next_due_at has come, each at most once per tick. Returns rows and agents that arrived, agents folded '
'and agents judged; agents without a row in agent_status are left to the caller. p_only_due: judge without '
'folding. p_blind_until: end of the latest monitor gap.';

COMMIT;
