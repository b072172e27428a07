-- Fold and judge: one UPDATE that folds what arrived into the agents' running state and judges
-- them; the same statement, asked for the due ones only, judges the silent. A chain of stages, each
-- fenced by OFFSET 0 so that its expressions are computed once:
-- arrived → several → subjects → basics → weighed → learnt → folded → ratios → measured → timed
-- → scored → judged → result → written.
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
    p_is_many boolean,
    OUT arrived_rows bigint,
    OUT arrived_agents bigint,
    OUT judged_agents bigint
)
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
SET work_mem = '256MB'
SET enable_nestloop = on
SET enable_hashjoin = on
SET enable_mergejoin = on
AS $$
DECLARE
    v_fast double precision;
    v_slow double precision;
    v_base double precision;
    v_history_before timestamptz;
    v_empty_histogram constant real [] := array_fill(0::real, ARRAY[25]);
BEGIN
    SELECT
        settings.heartbeat_memory_seconds,
        settings.metric_memory_seconds,
        settings.baseline_memory_seconds,
        p_now - settings.history_after
    INTO STRICT v_fast, v_slow, v_base, v_history_before
    FROM health.settings;

    -- The planner cannot know how many agents arrive: few are looked up one by one, many by hash.
    -- (The SET clauses above put this back at the end.)
    PERFORM set_config('enable_nestloop', (NOT p_is_many)::text, true);
    PERFORM set_config('enable_hashjoin', p_is_many::text, true);
    PERFORM set_config('enable_mergejoin', p_is_many::text, true);

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

    -- Agents with several new rows: their rows one by one, those older than the last one folded
    -- counted as beats only.
    flagged AS (
        SELECT
            arrived.*,
            coalesce(arrived.received_at > status.last_heartbeat_at, true) AS is_newer,
            CASE
                WHEN coalesce(arrived.previous_at > status.last_heartbeat_at, true)
                    THEN arrived.previous_at
            END AS newer_previous_at,
            CASE
                WHEN status.baseline_processing_weight >= 10 THEN
                    3 * status.baseline_processing_sum / status.baseline_processing_weight
            END AS processing_limit
        FROM (
            SELECT last_row.agent_id
            FROM arrived AS last_row
            WHERE last_row.is_last AND last_row.batch_number > 1
        ) AS plural
        INNER JOIN arrived ON plural.agent_id = arrived.agent_id
        INNER JOIN health.agent_status AS status ON arrived.agent_id = status.agent_id
    ),

    -- Runs: a new name or a new initializing begins one, and so does a counter that fell within one.
    named AS (
        SELECT
            marked.*,
            sum(marked.is_named_restart::integer) OVER (
                PARTITION BY marked.agent_id ORDER BY marked.received_at
            ) AS name_number
        FROM (
            SELECT
                flagged.*,
                flagged.is_newer AND (
                    flagged.run_id <> lag(flagged.run_id) OVER runs
                    OR (
                        flagged.state = 'initializing'
                        AND lag(flagged.state) OVER newer <> 'initializing'
                    )
                ) IS TRUE AS is_named_restart
            FROM flagged
            WINDOW
                newer AS (
                    PARTITION BY flagged.agent_id, flagged.is_newer ORDER BY flagged.received_at
                ),
                runs AS (
                    PARTITION BY flagged.agent_id, flagged.run_id IS NOT NULL AND flagged.is_newer
                    ORDER BY flagged.received_at
                )
        ) AS marked
    ),

    restarts AS (
        SELECT
            named.*,
            named.is_named_restart OR (
                named.is_newer AND (
                    named.error_count < lag(named.error_count) OVER errors
                    OR named.work_items_processed < lag(named.work_items_processed) OVER items
                )
            ) IS TRUE AS is_restart
        FROM named
        WINDOW
            errors AS (
                PARTITION BY
                    named.agent_id, named.name_number,
                    named.error_count IS NOT NULL AND named.is_newer
                ORDER BY named.received_at
            ),
            items AS (
                PARTITION BY
                    named.agent_id, named.name_number,
                    named.work_items_processed IS NOT NULL AND named.is_newer
                ORDER BY named.received_at
            )
    ),

    numbered AS (
        SELECT
            restarts.*,
            sum(restarts.is_restart::integer) OVER (
                PARTITION BY restarts.agent_id ORDER BY restarts.received_at
            ) AS run_number,
            sum(restarts.is_restart::integer) OVER (PARTITION BY restarts.agent_id) AS last_run,
            date_part('epoch', p_now - restarts.received_at) AS age,
            CASE
                WHEN restarts.is_newer
                    THEN date_part('epoch', restarts.received_at - restarts.newer_previous_at)
            END AS gap
        FROM restarts
    ),

    counted AS (
        SELECT
            numbered.*,
            numbered.is_newer AND numbered.run_number = numbered.last_run AS is_in_last_run,
            health_internal.decay(numbered.age, v_fast) AS fast_weight,
            health_internal.decay(numbered.age, v_slow) AS slow_weight,
            health_internal.decay(numbered.age, v_base) AS base_weight,
            -- A counter told by the first beat of its run counts in full, told later from there.
            numbered.error_count - coalesce(
                lag(numbered.error_count) OVER errors,
                CASE WHEN numbered.is_restart THEN 0 ELSE numbered.error_count END
            ) AS errors_in,
            numbered.work_items_processed - coalesce(
                lag(numbered.work_items_processed) OVER items,
                CASE WHEN numbered.is_restart THEN 0 ELSE numbered.work_items_processed END
            ) AS items_in,
            -- The first told of the run that goes on: its difference is to the stored counter.
            numbered.run_number = 0 AND numbered.is_newer AND numbered.error_count IS NOT NULL
            AND row_number() OVER errors = 1 AS is_first_errors,
            numbered.run_number = 0 AND numbered.is_newer
            AND numbered.work_items_processed IS NOT NULL
            AND row_number() OVER items = 1 AS is_first_items
        FROM numbered
        WINDOW
            errors AS (
                PARTITION BY
                    numbered.agent_id, numbered.run_number,
                    numbered.error_count IS NOT NULL AND numbered.is_newer
                ORDER BY numbered.received_at
            ),
            items AS (
                PARTITION BY
                    numbered.agent_id, numbered.run_number,
                    numbered.work_items_processed IS NOT NULL AND numbered.is_newer
                ORDER BY numbered.received_at
            )
    ),

    several AS MATERIALIZED (
        SELECT
            counted.agent_id,
            min(counted.received_at) FILTER (WHERE counted.is_newer) AS first_at,
            bool_or(counted.is_restart) AS has_new_run,
            (array_agg(counted.run_id ORDER BY counted.received_at)
                FILTER (WHERE counted.run_id IS NOT NULL AND counted.is_newer))[1]
                AS first_run_id,
            (array_agg(counted.run_id ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.run_id IS NOT NULL AND counted.is_in_last_run))[1]
                AS run_id,
            (array_agg(counted.state ORDER BY counted.received_at)
                FILTER (WHERE counted.is_newer))[1] AS first_state,
            min(counted.received_at) FILTER (WHERE counted.is_in_last_run) AS run_started_at,
            count(*) FILTER (
                WHERE counted.state IN ('active', 'running', 'idle')
                    AND (counted.is_in_last_run OR NOT counted.is_newer)
            ) AS good_beats,
            sum(counted.fast_weight) FILTER (WHERE NOT counted.is_newer) AS late_weight,
            -- The beat that begins a run is negative: the gap before it teaches nothing.
            array_agg(
                date_part('epoch', counted.received_at)
                * CASE WHEN counted.is_restart THEN -1 ELSE 1 END
                ORDER BY counted.received_at
            ) FILTER (WHERE counted.is_newer) AS beats,
            sum(counted.fast_weight) FILTER (WHERE counted.gap IS NOT NULL) AS gap_weight,
            sum(counted.fast_weight * health_internal.time_mass(counted.gap, v_fast)) AS gap_sum,
            sum(counted.fast_weight * health_internal.time_mass(counted.gap, v_fast) ^ 2)
                AS gap_square_sum,
            sum(counted.slow_weight * health_internal.time_mass(counted.gap, v_slow))
                FILTER (WHERE counted.is_in_last_run AND NOT counted.is_restart)
                AS observed_seconds,
            sum(counted.base_weight * health_internal.time_mass(counted.gap, v_base))
                AS baseline_seconds,
            min(counted.error_count) FILTER (WHERE counted.is_first_errors) AS first_errors,
            min(counted.slow_weight) FILTER (WHERE counted.is_first_errors) AS first_errors_weight,
            min(counted.received_at) FILTER (WHERE counted.is_first_errors) AS first_errors_at,
            sum(counted.slow_weight * counted.errors_in) FILTER (WHERE counted.is_in_last_run)
                AS further_errors,
            min(counted.work_items_processed) FILTER (WHERE counted.is_first_items) AS first_items,
            min(counted.fast_weight) FILTER (WHERE counted.is_first_items)
                AS first_items_fast_weight,
            min(counted.slow_weight) FILTER (WHERE counted.is_first_items) AS first_items_weight,
            min(counted.base_weight) FILTER (WHERE counted.is_first_items)
                AS first_items_base_weight,
            min(counted.received_at) FILTER (WHERE counted.is_first_items) AS first_items_at,
            sum(counted.slow_weight * counted.items_in) FILTER (WHERE counted.is_in_last_run)
                AS further_items,
            sum(counted.fast_weight * counted.items_in) FILTER (WHERE counted.is_newer)
                AS further_fast_items,
            sum(counted.base_weight * counted.items_in) FILTER (WHERE counted.is_newer)
                AS further_base_items,
            sum(counted.fast_weight) FILTER (WHERE counted.average_processing_time_ms IS NOT NULL)
                AS processing_weight,
            sum(counted.fast_weight * counted.average_processing_time_ms) AS processing_sum,
            sum(counted.base_weight) FILTER (WHERE counted.average_processing_time_ms IS NOT NULL)
                AS base_processing_weight,
            sum(counted.base_weight * CASE
                WHEN counted.average_processing_time_ms > counted.processing_limit
                    THEN counted.processing_limit
                ELSE counted.average_processing_time_ms
            END) AS base_processing_sum,
            sum(counted.fast_weight) FILTER (WHERE counted.cpu_usage_percent IS NOT NULL)
                AS cpu_weight,
            sum(counted.fast_weight * counted.cpu_usage_percent) AS cpu_sum,
            sum(counted.fast_weight) FILTER (
                WHERE counted.memory_usage_mb IS NOT NULL AND counted.is_in_last_run
            ) AS memory_weight,
            sum(counted.fast_weight * counted.memory_usage_mb) FILTER (
                WHERE counted.is_in_last_run
            ) AS memory_sum,
            sum(counted.slow_weight) FILTER (
                WHERE counted.memory_usage_mb IS NOT NULL AND counted.is_in_last_run
            ) AS slow_memory_weight,
            sum(counted.slow_weight * counted.memory_usage_mb) FILTER (
                WHERE counted.is_in_last_run
            ) AS slow_memory_sum,
            (array_agg(counted.error_count ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.error_count IS NOT NULL AND counted.is_in_last_run))[1]
                AS error_count,
            (array_agg(counted.work_items_processed ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.work_items_processed IS NOT NULL AND counted.is_in_last_run))[1]
                AS work_items_processed,
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
    subjects AS (
        SELECT
            latest.agent_id AS subject_id,
            latest.batch_number AS batch_size,
            latest.received_at AS last_at,
            latest.state AS batch_state,
            CASE WHEN several.agent_id IS NULL THEN latest.run_id ELSE several.run_id END
                AS batch_run_id,
            CASE WHEN several.agent_id IS NULL THEN latest.run_id ELSE several.first_run_id END
                AS first_run_id,
            CASE WHEN several.agent_id IS NULL THEN latest.state ELSE several.first_state END
                AS first_state,
            CASE
                WHEN several.agent_id IS NULL THEN latest.received_at
                ELSE several.run_started_at
            END AS batch_run_started_at,
            latest.sent_at,
            latest.average_processing_time_ms AS single_processing,
            latest.cpu_usage_percent AS single_cpu,
            several.agent_id IS NOT NULL AS is_several,
            several.late_weight, several.beats, several.gap_weight AS further_gap_weight,
            several.gap_sum AS further_gap_sum, several.gap_square_sum AS further_gap_square_sum,
            several.observed_seconds AS further_observed_seconds,
            several.baseline_seconds AS further_baseline_seconds,
            several.first_errors_weight, several.first_errors_at, several.further_errors,
            several.first_items_weight, several.first_items_fast_weight,
            several.first_items_base_weight, several.first_items_at, several.further_items,
            several.further_fast_items, several.further_base_items,
            several.processing_weight AS several_processing_weight,
            several.processing_sum AS several_processing_sum,
            several.base_processing_weight AS several_base_processing_weight,
            several.base_processing_sum AS several_base_processing_sum,
            several.cpu_weight AS several_cpu_weight, several.cpu_sum AS several_cpu_sum,
            several.memory_weight AS several_memory_weight,
            several.memory_sum AS several_memory_sum,
            several.slow_memory_weight AS several_slow_memory_weight,
            several.slow_memory_sum AS several_slow_memory_sum,
            several.has_new_run IS TRUE AS has_new_run,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.good_beats
                WHEN latest.state IN ('active', 'running', 'idle') THEN 1
                ELSE 0
            END AS good_beats,
            CASE WHEN several.agent_id IS NULL THEN latest.received_at ELSE several.first_at END
                AS first_at,
            CASE WHEN several.agent_id IS NULL THEN latest.error_count ELSE several.error_count END
                AS batch_errors,
            CASE WHEN several.agent_id IS NULL THEN latest.error_count ELSE several.first_errors END
                AS first_errors,
            CASE
                WHEN several.agent_id IS NULL THEN latest.work_items_processed
                ELSE several.first_items
            END AS first_items,
            CASE
                WHEN several.agent_id IS NULL THEN latest.work_items_processed
                ELSE several.work_items_processed
            END AS batch_items,
            CASE WHEN several.agent_id IS NULL THEN latest.memory_usage_mb ELSE several.memory_usage_mb END
                AS batch_memory_usage_mb,
            CASE WHEN several.agent_id IS NULL THEN latest.memory_limit_mb ELSE several.memory_limit_mb END
                AS batch_memory_limit_mb,
            CASE WHEN several.agent_id IS NULL THEN latest.cost_efficiency ELSE several.cost_efficiency END
                AS batch_cost_efficiency,
            CASE WHEN several.agent_id IS NULL THEN latest.user_satisfaction ELSE several.user_satisfaction END
                AS batch_user_satisfaction,
            CASE WHEN several.agent_id IS NULL THEN latest.operational_efficiency ELSE several.operational_efficiency END
                AS batch_operational_efficiency,
            CASE WHEN several.agent_id IS NULL THEN latest.revenue_impact_usd ELSE several.revenue_impact_usd END
                AS batch_revenue_impact_usd
        FROM arrived AS latest
        LEFT JOIN several ON latest.agent_id = several.agent_id
        WHERE latest.is_last AND NOT p_only_due
    ),

    -- Old state beside the batch, times as seconds.
    basics AS (
        SELECT
            status.*,
            status.ctid AS row_address,
            subjects.*,
            early.default_expected_interval_seconds, early.young_beats,
            early.young_late_intervals, early.young_unresponsive_intervals,
            early.late_false_alarm_cost, early.unresponsive_false_alarm_cost,
            early.hard_limit_intervals, early.startup_grace_seconds,
            coalesce(status.expected_interval_seconds, early.default_expected_interval_seconds)
                AS prior_interval,
            coalesce(
                subjects.last_at > status.last_heartbeat_at, subjects.last_at IS NOT NULL
            ) AS is_newer,
            (
                subjects.last_at > status.last_heartbeat_at
                AND (
                    subjects.first_run_id <> status.run_id
                    OR subjects.first_errors < status.error_count
                    OR subjects.first_items < status.work_items_processed
                    OR (subjects.first_state = 'initializing' AND status.state <> 'initializing')
                )
            ) IS TRUE AS begins_run,
            CASE WHEN subjects.first_at > status.last_heartbeat_at THEN
                date_part('epoch', subjects.first_at - status.last_heartbeat_at)
            END AS first_gap,
            date_part('epoch', p_now - subjects.last_at) AS last_age,
            CASE
                WHEN subjects.is_several THEN date_part('epoch', p_now - subjects.first_at)
                ELSE date_part('epoch', p_now - subjects.last_at)
            END AS first_age,
            date_part('epoch', p_now - status.judged_at) AS idle_seconds
        FROM health.agent_status AS status
        LEFT JOIN subjects ON status.agent_id = subjects.subject_id
        INNER JOIN health.current_policies AS early ON status.policy_class = early.policy_class
        WHERE status.judged_tick_id IS DISTINCT FROM p_tick_id
            AND CASE
                WHEN p_only_due THEN status.next_due_at <= p_now
                ELSE subjects.subject_id IS NOT NULL
            END
        OFFSET 0
    ),

    -- Decay factors, and how the gap is to be learnt: not at all, inline, or one by one.
    weighed AS (
        SELECT
            basics.*,
            basics.begins_run OR basics.has_new_run IS TRUE AS is_new_run,
            health_internal.decay(basics.idle_seconds, v_fast) AS fast_decay,
            health_internal.decay(basics.idle_seconds, v_slow) AS slow_decay,
            health_internal.decay(basics.idle_seconds, v_base) AS base_decay,
            health_internal.decay(basics.last_age, v_fast) AS fast_weight,
            health_internal.decay(basics.last_age, v_slow) AS slow_weight,
            health_internal.decay(basics.last_age, v_base) AS base_weight,
            health_internal.decay(basics.first_gap, v_fast) AS gap_decay,
            CASE
                WHEN basics.gap_reference_at = basics.last_heartbeat_at THEN basics.first_gap
                ELSE date_part('epoch', basics.first_at - basics.gap_reference_at)
            END AS learn_gap,
            CASE
                WHEN NOT basics.is_newer OR basics.first_gap IS NULL THEN 'no gap'
                WHEN basics.begins_run
                    OR basics.liveness = 'stopped'
                    OR basics.first_gap > 100 * basics.learnt_interval
                    OR (
                        basics.last_heartbeat_at < p_blind_until
                        AND basics.first_gap > 2 * basics.learnt_interval
                    )
                    THEN CASE WHEN basics.is_several THEN 'further' ELSE 'no gap' END
                WHEN basics.is_several OR basics.gap_count % 30000 = 29999 THEN 'several'
                ELSE 'single'
            END AS learning
        FROM (
            SELECT
                basics.*,
                exp(basics.log_interval) AS learnt_interval
            FROM basics
            OFFSET 0
        ) AS basics
        OFFSET 0
    ),

    learnt AS (
        SELECT
            weighed.*,
            weighed.learning = 'single' AND weighed.learn_gap > 0.1 * weighed.learnt_interval
                AS is_single_gap,
            CASE
                WHEN weighed.learning = 'single' THEN
                    health_internal.gap_bin(weighed.learn_gap / weighed.learnt_interval)
            END AS gap_bin,
            -- A first batch of several beats has gaps to learn, too.
            CASE
                WHEN weighed.learning IN ('several', 'further')
                    OR (weighed.is_newer AND weighed.is_several AND weighed.learning = 'no gap') THEN
                    health_internal.learn_gaps(
                        ROW(
                            coalesce(weighed.log_interval, ln(weighed.prior_interval)),
                            coalesce(weighed.mean_gap, weighed.prior_interval),
                            weighed.gap_count,
                            weighed.gap_histogram,
                            CASE
                                WHEN weighed.learning = 'several'
                                    THEN date_part('epoch', weighed.gap_reference_at)
                                ELSE date_part('epoch', weighed.first_at)
                            END
                        )::health_internal.gap_memory,
                        coalesce(weighed.beats, ARRAY[date_part('epoch', weighed.last_at)])
                    )
            END AS taught,
            CASE
                WHEN weighed.is_several THEN health_internal.decay(weighed.first_age, v_fast)
                ELSE weighed.fast_weight
            END AS first_fast_weight,
            CASE
                WHEN weighed.is_several THEN health_internal.decay(weighed.first_age, v_slow)
                ELSE weighed.slow_weight
            END AS first_slow_weight,
            CASE
                WHEN weighed.is_several THEN health_internal.decay(weighed.first_age, v_base)
                ELSE weighed.base_weight
            END AS first_base_weight,
            v_fast * (1 - weighed.gap_decay) AS first_fast_mass,
            -- The first told of the batch against the stored counter; an agent's or a run's first beat
            -- counts in full.
            CASE
                WHEN NOT weighed.is_newer OR weighed.has_new_run THEN NULL
                WHEN weighed.begins_run OR weighed.beat_count = 0 THEN
                    CASE
                        WHEN weighed.is_several AND weighed.first_errors_at > weighed.first_at THEN 0
                        ELSE weighed.first_errors
                    END
                ELSE weighed.first_errors - weighed.error_count
            END AS errors_in,
            CASE
                WHEN NOT weighed.is_newer THEN NULL
                WHEN weighed.begins_run OR weighed.beat_count = 0 THEN
                    CASE
                        WHEN weighed.is_several AND weighed.first_items_at > weighed.first_at THEN 0
                        ELSE weighed.first_items
                    END
                ELSE weighed.first_items - weighed.work_items_processed
            END AS items_in
        FROM weighed
        OFFSET 0
    ),

    -- Running state after this batch.
    folded AS (
        SELECT
            learnt.row_address, learnt.subject_id, learnt.batch_size, learnt.beat_count,
            learnt.policy_class, learnt.issue_candidate, learnt.issue_evaluations,
            learnt.issue_type, learnt.active_conditions, learnt.bad_evaluations,
            learnt.expected_interval_seconds, learnt.grace_seconds, learnt.latency_slo_ms,
            learnt.throughput_slo_per_minute, learnt.startup_grace_seconds,
            learnt.young_beats, learnt.young_late_intervals, learnt.young_unresponsive_intervals,
            learnt.late_false_alarm_cost, learnt.unresponsive_false_alarm_cost,
            learnt.hard_limit_intervals, learnt.late_intervals, learnt.unresponsive_intervals,
            CASE WHEN learnt.is_newer THEN learnt.batch_state ELSE learnt.state END AS new_state,
            CASE
                WHEN NOT learnt.is_newer THEN learnt.run_id
                -- A new run that has not told its name yet.
                WHEN learnt.is_new_run THEN learnt.batch_run_id
                ELSE coalesce(learnt.batch_run_id, learnt.run_id)
            END AS new_run_id,
            coalesce(learnt.first_heartbeat_at, learnt.first_at) AS new_first_heartbeat_at,
            greatest(learnt.last_heartbeat_at, learnt.last_at) AS new_last_heartbeat_at,
            CASE
                WHEN learnt.is_newer THEN learnt.last_age
                ELSE date_part('epoch', p_now - learnt.last_heartbeat_at)
            END AS silence,
            CASE
                WHEN learnt.is_new_run OR learnt.run_started_at IS NULL
                    THEN coalesce(learnt.batch_run_started_at, learnt.run_started_at)
                ELSE learnt.run_started_at
            END AS new_run_started_at,
            CASE WHEN learnt.is_new_run THEN 0 ELSE learnt.run_beat_count END
            + coalesce(learnt.good_beats, 0) AS new_run_beat_count,
            CASE WHEN learnt.last_at > learnt.session_lost_at THEN NULL ELSE learnt.session_lost_at
            END AS new_session_lost_at,
            CASE
                WHEN learnt.sent_at IS NULL THEN learnt.clock_offset_seconds
                ELSE date_part('epoch', learnt.last_at - learnt.sent_at)
            END AS new_clock_offset_seconds,
            CASE
                WHEN learnt.taught IS NOT NULL
                    THEN to_timestamp((learnt.taught).reference_seconds)
                WHEN learnt.is_single_gap OR (learnt.is_newer AND learnt.learning = 'no gap')
                    THEN learnt.last_at
                ELSE learnt.gap_reference_at
            END AS new_gap_reference_at,
            CASE
                WHEN learnt.taught IS NOT NULL THEN (learnt.taught).log_interval
                WHEN learnt.is_single_gap THEN
                    learnt.log_interval
                    + greatest(0.05::float8, 1 / (learnt.gap_count + 2)::float8)
                    * (ln(learnt.learn_gap) - learnt.log_interval)
                ELSE coalesce(learnt.log_interval, ln(learnt.prior_interval))
            END AS new_log_interval,
            CASE
                WHEN learnt.taught IS NOT NULL THEN (learnt.taught).mean_gap
                WHEN learnt.is_single_gap THEN
                    learnt.mean_gap
                    + greatest(0.01::float8, 1 / (learnt.gap_count + 2)::float8)
                    * (least(learnt.learn_gap, 10 * learnt.mean_gap) - learnt.mean_gap)
                ELSE coalesce(learnt.mean_gap, learnt.prior_interval)
            END AS new_mean_gap,
            CASE
                WHEN learnt.taught IS NOT NULL THEN (learnt.taught).gap_count
                WHEN learnt.is_single_gap THEN learnt.gap_count + 1
                ELSE learnt.gap_count
            END AS new_gap_count,
            -- The part of the histogram that changes: one bin, or all.
            CASE WHEN learnt.is_single_gap AND learnt.gap_histogram IS NOT NULL
                THEN learnt.gap_bin ELSE 1
            END AS first_bin,
            CASE WHEN learnt.is_single_gap AND learnt.gap_histogram IS NOT NULL
                THEN learnt.gap_bin ELSE 25
            END AS last_bin,
            CASE
                WHEN learnt.taught IS NOT NULL THEN (learnt.taught).gap_histogram
                WHEN learnt.is_single_gap AND learnt.gap_histogram IS NOT NULL THEN ARRAY[
                    (
                        learnt.gap_histogram[learnt.gap_bin]
                        + health_internal.gap_unit(learnt.gap_count)
                    )::real
                ]
                ELSE coalesce(learnt.gap_histogram, v_empty_histogram)
            END AS new_bins,
            learnt.gap_histogram AS old_histogram,
            learnt.is_single_gap
            AND (
                learnt.learn_gap > 1.5 * learnt.learnt_interval
                OR (learnt.gap_count + (hashtext(learnt.agent_id) & 31)) % 32 = 0
                OR learnt.gap_count + 1 = learnt.young_beats
            )
            OR learnt.taught IS NOT NULL
            OR learnt.late_intervals IS NULL AS must_learn_deadline,
            health_internal.decayed_sum(learnt.gap_weight, learnt.fast_decay)
            + CASE WHEN learnt.first_gap IS NULL THEN 0 ELSE learnt.first_fast_weight END
            + CASE
                WHEN learnt.is_several THEN
                    coalesce(learnt.further_gap_weight, 0) + coalesce(learnt.late_weight, 0)
                WHEN learnt.batch_size = 1 AND NOT learnt.is_newer THEN learnt.fast_weight
                ELSE 0
            END AS new_gap_weight,
            health_internal.decayed_sum(learnt.gap_sum, learnt.fast_decay)
            + coalesce(learnt.first_fast_weight * learnt.first_fast_mass, 0)
            + coalesce(learnt.further_gap_sum, 0) AS new_gap_sum,
            health_internal.decayed_sum(learnt.gap_square_sum, learnt.fast_decay)
            + coalesce(
                learnt.first_fast_weight * learnt.first_fast_mass * learnt.first_fast_mass, 0
            )
            + coalesce(learnt.further_gap_square_sum, 0) AS new_gap_square_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.error_sum, learnt.slow_decay)
            END
            + coalesce(
                learnt.errors_in
                * CASE
                    WHEN learnt.is_several THEN learnt.first_errors_weight
                    ELSE learnt.slow_weight
                END,
                0
            )
            + coalesce(learnt.further_errors, 0) AS new_error_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.event_sum, learnt.slow_decay)
            END AS new_event_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.item_sum, learnt.slow_decay)
            END
            + CASE WHEN learnt.has_new_run THEN 0
                ELSE coalesce(
                    learnt.items_in
                    * CASE
                        WHEN learnt.is_several THEN learnt.first_items_weight
                        ELSE learnt.slow_weight
                    END,
                    0
                )
            END
            + coalesce(learnt.further_items, 0) AS new_item_sum,
            -- Throughput counts from the first beat on: the time before it is not known.
            health_internal.decayed_sum(learnt.recent_item_sum, learnt.fast_decay)
            + coalesce(
                CASE WHEN learnt.beat_count > 0 THEN learnt.items_in END
                * CASE
                    WHEN learnt.is_several THEN learnt.first_items_fast_weight
                    ELSE learnt.fast_weight
                END,
                0
            )
            + coalesce(learnt.further_fast_items, 0) AS new_recent_item_sum,
            health_internal.decayed_sum(learnt.baseline_item_sum, learnt.base_decay)
            + coalesce(
                CASE WHEN learnt.beat_count > 0 THEN learnt.items_in END
                * CASE
                    WHEN learnt.is_several THEN learnt.first_items_base_weight
                    ELSE learnt.base_weight
                END,
                0
            )
            + coalesce(learnt.further_base_items, 0) AS new_baseline_item_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.observed_seconds, learnt.slow_decay)
                    + coalesce(
                        learnt.first_slow_weight
                        * health_internal.time_mass(learnt.first_gap, v_slow),
                        0
                    )
            END
            + coalesce(learnt.further_observed_seconds, 0) AS new_observed_seconds,
            health_internal.decayed_sum(learnt.baseline_seconds, learnt.base_decay)
            + coalesce(
                learnt.first_base_weight * health_internal.time_mass(learnt.first_gap, v_base), 0
            )
            + coalesce(learnt.further_baseline_seconds, 0) AS new_baseline_seconds,
            health_internal.decayed_sum(learnt.processing_weight, learnt.fast_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_processing_weight
                    WHEN learnt.single_processing IS NOT NULL THEN learnt.fast_weight
                END,
                0
            ) AS new_processing_weight,
            health_internal.decayed_sum(learnt.processing_sum, learnt.fast_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_processing_sum
                    ELSE learnt.single_processing * learnt.fast_weight
                END,
                0
            ) AS new_processing_sum,
            health_internal.decayed_sum(learnt.baseline_processing_weight, learnt.base_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_base_processing_weight
                    WHEN learnt.single_processing IS NOT NULL THEN learnt.base_weight
                END,
                0
            ) AS new_baseline_processing_weight,
            -- One outlier moves the baseline by at most three times itself.
            health_internal.decayed_sum(learnt.baseline_processing_sum, learnt.base_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_base_processing_sum
                    WHEN learnt.single_processing IS NULL THEN NULL
                    WHEN learnt.baseline_processing_weight >= 10 THEN
                        learnt.base_weight * least(
                            learnt.single_processing,
                            3 * learnt.baseline_processing_sum / learnt.baseline_processing_weight
                        )
                    ELSE learnt.base_weight * learnt.single_processing
                END,
                0
            ) AS new_baseline_processing_sum,
            health_internal.decayed_sum(learnt.cpu_weight, learnt.fast_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_cpu_weight
                    WHEN learnt.single_cpu IS NOT NULL THEN learnt.fast_weight
                END,
                0
            ) AS new_cpu_weight,
            health_internal.decayed_sum(learnt.cpu_sum, learnt.fast_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_cpu_sum
                    ELSE learnt.single_cpu * learnt.fast_weight
                END,
                0
            ) AS new_cpu_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.memory_weight, learnt.fast_decay)
            END
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_memory_weight
                    WHEN learnt.batch_memory_usage_mb IS NOT NULL THEN learnt.fast_weight
                END,
                0
            ) AS new_memory_weight,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.memory_sum, learnt.fast_decay)
            END
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_memory_sum
                    ELSE learnt.batch_memory_usage_mb * learnt.fast_weight
                END,
                0
            ) AS new_memory_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.slow_memory_weight, learnt.slow_decay)
            END
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_slow_memory_weight
                    WHEN learnt.batch_memory_usage_mb IS NOT NULL THEN learnt.slow_weight
                END,
                0
            ) AS new_slow_memory_weight,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.slow_memory_sum, learnt.slow_decay)
            END
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_slow_memory_sum
                    ELSE learnt.batch_memory_usage_mb * learnt.slow_weight
                END,
                0
            ) AS new_slow_memory_sum,
            CASE
                WHEN learnt.is_newer THEN coalesce(
                    learnt.batch_errors, CASE WHEN NOT learnt.is_new_run THEN learnt.error_count END
                )
                ELSE learnt.error_count
            END AS new_error_count,
            CASE
                WHEN learnt.is_newer THEN coalesce(
                    learnt.batch_items,
                    CASE WHEN NOT learnt.is_new_run THEN learnt.work_items_processed END
                )
                ELSE learnt.work_items_processed
            END AS new_items,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_memory_usage_mb, learnt.memory_usage_mb)
                ELSE learnt.memory_usage_mb
            END AS new_memory_usage_mb,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_memory_limit_mb, learnt.memory_limit_mb)
                ELSE learnt.memory_limit_mb
            END AS new_memory_limit_mb,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_cost_efficiency, learnt.cost_efficiency)
                ELSE learnt.cost_efficiency
            END AS new_cost_efficiency,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_user_satisfaction, learnt.user_satisfaction)
                ELSE learnt.user_satisfaction
            END AS new_user_satisfaction,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_operational_efficiency, learnt.operational_efficiency)
                ELSE learnt.operational_efficiency
            END AS new_operational_efficiency,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_revenue_impact_usd, learnt.revenue_impact_usd)
                ELSE learnt.revenue_impact_usd
            END AS new_revenue_impact_usd
        FROM learnt
        OFFSET 0
    ),

    -- Ratios, means and deadlines; the rest of the policy joins here.
    ratios AS (
        SELECT
            folded.*,
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
            policy.session_grace_seconds,
            policy.latency_slo_zero_ratio,
            policy.latency_baseline_tolerance,
            policy.latency_baseline_zero_ratio,
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
            policy.throughput_baseline_tolerance,
            exp(folded.new_log_interval) AS learnt_interval,
            CASE
                WHEN folded.new_gap_count < folded.young_beats THEN folded.young_late_intervals
                WHEN folded.must_learn_deadline THEN health_internal.deadline_intervals(
                    folded.old_histogram[:folded.first_bin - 1] || folded.new_bins
                    || folded.old_histogram[folded.last_bin + 1:],
                    folded.new_gap_count, exp(folded.new_log_interval), folded.new_mean_gap,
                    folded.late_false_alarm_cost, folded.hard_limit_intervals
                )
                ELSE folded.late_intervals
            END AS new_late_intervals,
            CASE
                WHEN folded.new_gap_count < folded.young_beats
                    THEN folded.young_unresponsive_intervals
                WHEN folded.must_learn_deadline THEN health_internal.deadline_intervals(
                    folded.old_histogram[:folded.first_bin - 1] || folded.new_bins
                    || folded.old_histogram[folded.last_bin + 1:],
                    folded.new_gap_count, exp(folded.new_log_interval), folded.new_mean_gap,
                    folded.unresponsive_false_alarm_cost, folded.hard_limit_intervals
                )
                ELSE folded.unresponsive_intervals
            END AS new_unresponsive_intervals,
            CASE
                WHEN folded.new_last_heartbeat_at < p_blind_until
                    THEN health_internal.blind_seconds(folded.new_last_heartbeat_at, p_now)
                ELSE 0
            END AS blind,
            CASE
                WHEN folded.new_processing_weight > 1e-6 THEN
                    folded.new_processing_sum / folded.new_processing_weight
                    / CASE
                        WHEN folded.latency_slo_ms IS NOT NULL THEN folded.latency_slo_ms
                        WHEN folded.new_baseline_processing_weight >= 10
                            AND folded.new_baseline_processing_sum > 0 THEN
                            folded.new_baseline_processing_sum
                            / folded.new_baseline_processing_weight
                        WHEN folded.new_processing_sum > 0 THEN
                            folded.new_processing_sum / folded.new_processing_weight
                    END
            END AS latency_ratio,
            CASE
                WHEN folded.new_items IS NOT NULL AND folded.new_gap_sum > 1 THEN
                    folded.new_recent_item_sum / folded.new_gap_sum * 60
                    / CASE
                        WHEN folded.throughput_slo_per_minute IS NOT NULL
                            THEN folded.throughput_slo_per_minute
                        WHEN folded.new_baseline_seconds >= 600
                            AND folded.new_baseline_item_sum > 0
                            AND folded.new_state <> 'idle' THEN
                            folded.new_baseline_item_sum / folded.new_baseline_seconds * 60
                            * policy.throughput_baseline_tolerance
                    END
            END AS throughput_ratio,
            CASE
                WHEN folded.new_error_count IS NOT NULL OR folded.new_event_sum > 0
                    THEN folded.new_error_sum + folded.new_event_sum
            END AS known_errors,
            CASE
                WHEN folded.new_cpu_weight > 1e-6 THEN folded.new_cpu_sum / folded.new_cpu_weight
            END AS cpu_mean,
            CASE
                WHEN folded.new_memory_limit_mb > 0
                    THEN folded.new_memory_usage_mb / folded.new_memory_limit_mb
            END AS memory_share,
            CASE
                WHEN folded.new_memory_weight > 1e-6 AND folded.new_memory_limit_mb > 0
                    THEN folded.new_memory_sum / folded.new_memory_weight
            END AS fast_memory_mean,
            CASE
                WHEN folded.new_slow_memory_weight > 1e-6
                    THEN folded.new_slow_memory_sum / folded.new_slow_memory_weight
            END AS slow_memory_mean,
            folded.new_session_lost_at IS NOT NULL AS is_session_lost
        FROM folded
        INNER JOIN health.current_policies AS policy ON folded.policy_class = policy.policy_class
        OFFSET 0
    ),

    -- The components but the first; the deadlines in seconds of silence.
    measured AS (
        SELECT
            ratios.*,
            greatest(0, ratios.silence - ratios.blind) AS new_silent_seconds,
            ratios.grace_seconds + CASE
                WHEN ratios.new_state = 'initializing' THEN greatest(
                    ratios.startup_grace_seconds, ratios.learnt_interval * ratios.new_late_intervals
                )
                ELSE ratios.learnt_interval * ratios.new_late_intervals
            END AS late_seconds,
            ratios.grace_seconds + CASE
                WHEN ratios.new_state = 'initializing' THEN greatest(
                    ratios.startup_grace_seconds,
                    ratios.learnt_interval * ratios.new_unresponsive_intervals
                )
                ELSE ratios.learnt_interval * ratios.new_unresponsive_intervals
            END AS unresponsive_seconds,
            health_internal.time_mass(
                coalesce(ratios.expected_interval_seconds, ratios.learnt_interval), v_fast
            ) AS expected_mass,
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
                            ratios.fast_memory_mean, ratios.slow_memory_mean,
                            date_part('epoch', p_now - ratios.new_run_started_at),
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
                    measured.expected_mass,
                    CASE
                        WHEN measured.new_silent_seconds > measured.late_seconds
                            OR measured.new_silent_seconds
                            > coalesce(
                                measured.expected_interval_seconds, measured.learnt_interval
                            )
                            THEN health_internal.time_mass(measured.new_silent_seconds, v_fast)
                        ELSE 0
                    END,
                    CASE
                        WHEN measured.is_session_lost THEN 0.5::float8
                        WHEN measured.new_silent_seconds <= measured.late_seconds THEN 1
                        ELSE greatest(
                            0,
                            1 - (measured.new_silent_seconds - measured.late_seconds)
                            / greatest(
                                measured.unresponsive_seconds - measured.late_seconds, 1e-3
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
                        judged.new_last_heartbeat_at + make_interval(
                            secs => judged.unresponsive_seconds + judged.blind
                        ),
                        p_now + make_interval(secs => judged.learnt_interval)
                    )
                ELSE judged.new_last_heartbeat_at
                    + make_interval(secs => judged.late_seconds + judged.blind)
            END AS new_next_due_at
        FROM judged
        OFFSET 0
    ),

    -- What is written, by name: an UPDATE carries its source as a whole row, and naming the columns
    -- here lets the planner drop all others from the stages above.
    written AS (
        SELECT
            result.batch_size, result.beat_count, result.first_bin, result.judging_policy_id,
            result.last_bin, result.late_seconds, result.new_active_conditions,
            result.new_bad_evaluations, result.new_baseline_item_sum,
            result.new_baseline_processing_sum, result.new_baseline_processing_weight,
            result.new_baseline_seconds, result.new_bins, result.new_business,
            result.new_clock_offset_seconds, result.new_cost_efficiency, result.new_cpu_sum,
            result.new_cpu_weight, result.new_error_count, result.new_error_sum, result.new_errors,
            result.new_event_sum, result.new_first_heartbeat_at, result.new_gap_count,
            result.new_gap_reference_at, result.new_gap_square_sum, result.new_gap_sum,
            result.new_gap_weight, result.new_gate, result.new_heartbeat,
            result.new_issue_candidate, result.new_issue_evaluations, result.new_issue_type,
            result.new_item_sum, result.new_items, result.new_last_heartbeat_at,
            result.new_late_intervals, result.new_liveness, result.new_log_interval,
            result.new_mean_gap, result.new_memory_limit_mb, result.new_memory_sum,
            result.new_memory_usage_mb, result.new_memory_weight, result.new_next_due_at,
            result.new_observed_seconds, result.new_operational_efficiency, result.new_performance,
            result.new_processing_sum, result.new_processing_weight, result.new_recent_item_sum,
            result.new_resources, result.new_revenue_impact_usd, result.new_run_beat_count,
            result.new_run_id, result.new_run_started_at, result.new_score,
            result.new_session_lost_at, result.new_silent_seconds, result.new_slow_memory_sum,
            result.new_slow_memory_weight, result.new_state, result.new_status,
            result.new_ungated_score, result.new_unresponsive_intervals,
            result.new_user_satisfaction, result.row_address, result.unresponsive_seconds
        FROM result
        OFFSET 0
    ),

    updated AS (
        UPDATE health.agent_status AS target
        SET
            next_due_at = written.new_next_due_at,
            judged_tick_id = p_tick_id,
            judged_at = p_now,
            first_heartbeat_at = written.new_first_heartbeat_at,
            last_heartbeat_at = written.new_last_heartbeat_at,
            gap_reference_at = written.new_gap_reference_at,
            run_started_at = written.new_run_started_at,
            late_at = written.new_last_heartbeat_at
            + make_interval(secs => written.late_seconds),
            unresponsive_at = written.new_last_heartbeat_at
            + make_interval(secs => written.unresponsive_seconds),
            session_lost_at = written.new_session_lost_at,
            state = written.new_state,
            run_id = written.new_run_id,
            liveness = written.new_liveness,
            status = written.new_status,
            score = written.new_score,
            ungated_score = written.new_ungated_score,
            gate = written.new_gate,
            heartbeat_consistency = written.new_heartbeat,
            performance_metrics = written.new_performance,
            error_rate = written.new_errors,
            resource_efficiency = written.new_resources,
            business_impact = written.new_business,
            policy_id = written.judging_policy_id,
            silent_seconds = written.new_silent_seconds,
            gap_weight = written.new_gap_weight,
            gap_sum = written.new_gap_sum,
            gap_square_sum = written.new_gap_square_sum,
            gap_count = written.new_gap_count,
            beat_count = written.beat_count + coalesce(written.batch_size, 0),
            run_beat_count = written.new_run_beat_count,
            log_interval = written.new_log_interval,
            mean_gap = written.new_mean_gap,
            gap_histogram[written.first_bin:written.last_bin] = written.new_bins,
            late_intervals = written.new_late_intervals,
            unresponsive_intervals = written.new_unresponsive_intervals,
            clock_offset_seconds = written.new_clock_offset_seconds,
            error_count = written.new_error_count,
            work_items_processed = written.new_items,
            error_sum = written.new_error_sum,
            item_sum = written.new_item_sum,
            observed_seconds = written.new_observed_seconds,
            recent_item_sum = written.new_recent_item_sum,
            baseline_item_sum = written.new_baseline_item_sum,
            baseline_seconds = written.new_baseline_seconds,
            event_sum = written.new_event_sum,
            processing_weight = written.new_processing_weight,
            processing_sum = written.new_processing_sum,
            baseline_processing_weight = written.new_baseline_processing_weight,
            baseline_processing_sum = written.new_baseline_processing_sum,
            cpu_weight = written.new_cpu_weight,
            cpu_sum = written.new_cpu_sum,
            memory_weight = written.new_memory_weight,
            memory_sum = written.new_memory_sum,
            slow_memory_weight = written.new_slow_memory_weight,
            slow_memory_sum = written.new_slow_memory_sum,
            memory_usage_mb = written.new_memory_usage_mb,
            memory_limit_mb = written.new_memory_limit_mb,
            cost_efficiency = written.new_cost_efficiency,
            user_satisfaction = written.new_user_satisfaction,
            operational_efficiency = written.new_operational_efficiency,
            revenue_impact_usd = written.new_revenue_impact_usd,
            bad_evaluations = written.new_bad_evaluations,
            issue_candidate = written.new_issue_candidate,
            issue_evaluations = written.new_issue_evaluations,
            issue_type = written.new_issue_type,
            active_conditions = written.new_active_conditions
        FROM written
        WHERE target.ctid = written.row_address
        RETURNING 1
    )

    SELECT
        arrivals.row_count,
        arrivals.agent_count,
        judgements.judged_count
    INTO arrived_rows, arrived_agents, judged_agents
    FROM (
        SELECT count(*) AS row_count, count(*) FILTER (WHERE arrived.is_last) AS agent_count
        FROM arrived
    ) AS arrivals
    CROSS JOIN (
        SELECT count(*) AS judged_count
        FROM updated
    ) AS judgements;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_and_judge(
    timestamptz, bigint, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint,
    timestamptz, boolean, boolean
) IS
'Folds the heartbeats that arrived between two snapshots and judges their agents and those whose '
'next_due_at has come, each at most once per tick. Returns rows and agents that arrived and agents '
'judged; agents without a row in agent_status are left to the caller. p_only_due: judge without '
'folding. p_is_many: how to join. p_blind_until: end of the latest monitor gap.';

COMMIT;
