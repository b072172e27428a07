-- Heartbeats out of the ordinary, folded one by one: an agent's first, several at once, a new run,
-- one that came late, one after a goodbye or the monitor's own blindness. What is usual (one more
-- beat of a run that goes on) is folded by fold_usual_beats in the same way; a test holds both together.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.fold_beats(
    p_status health.agent_status,
    p_beats health_internal.beat [],
    p_prior_interval double precision,
    p_blind_until timestamptz,
    p_fast double precision,
    p_slow double precision,
    p_base double precision
)
RETURNS health.agent_status
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    v_status health.agent_status := p_status;
    v_beat health_internal.beat;
    v_last timestamptz := p_status.last_heartbeat_at;
    v_run_id text := p_status.run_id;
    v_state text := p_status.state;
    v_has_stopped boolean := p_status.liveness = 'stopped';
    v_beat_count bigint := p_status.beat_count;
    v_gap_count bigint := p_status.gap_count;
    v_gap_weight double precision := p_status.gap_weight;
    v_gap_sum double precision := p_status.gap_sum;
    v_gap_square_sum double precision := p_status.gap_square_sum;
    v_clump double precision := p_status.clump_seconds;
    v_interval double precision := coalesce(p_status.learnt_interval_seconds, p_prior_interval);
    v_mean_gap double precision := coalesce(p_status.mean_gap_seconds, p_prior_interval);
    v_histogram real [] := coalesce(p_status.gap_histogram, array_fill(0::real, ARRAY[25]));
    v_error_count bigint := p_status.error_count;
    v_items bigint := p_status.work_items_processed;
    v_error_sum double precision := p_status.error_sum;
    v_item_sum double precision := p_status.item_sum;
    v_recent_item_sum double precision := p_status.recent_item_sum;
    v_baseline_item_sum double precision := p_status.baseline_item_sum;
    v_baseline_seconds double precision := p_status.baseline_seconds;
    v_processing double precision := p_status.processing_mean_ms;
    v_baseline_processing double precision := p_status.baseline_processing_ms;
    v_cpu double precision := p_status.cpu_mean_percent;
    v_memory double precision := p_status.memory_mean_mb;
    v_slow_memory double precision := p_status.slow_memory_mean_mb;
    v_is_new_run boolean;
    v_is_blind boolean;
    v_has_learnt boolean := false;
    v_gap double precision;
    v_counted double precision;
    v_kept_gaps double precision;
    v_mass double precision;
    v_learn_gap double precision;
    v_bin integer;
    v_fast double precision;
    v_slow double precision;
    v_base double precision;
    v_kept double precision;
    v_kept_base double precision;
    v_errors_in double precision;
    v_items_in double precision;
BEGIN
    -- One after the other, because each is judged by what the ones before it taught.
    FOREACH v_beat IN ARRAY p_beats
    LOOP
        v_gap := health_internal.seconds_between(v_last, v_beat.received_at);
        IF v_gap <= 0 THEN
            -- Older than the last one folded: a beat, and nothing else.
            v_beat_count := v_beat_count + 1;
            v_gap_weight := v_gap_weight + health_internal.decay(-v_gap, p_fast);
            CONTINUE;
        END IF;
        v_is_new_run := v_gap IS NULL
            OR coalesce(v_beat.run_id <> v_run_id, false)
            OR coalesce(v_beat.error_count < v_error_count, false)
            OR coalesce(v_beat.work_items_processed < v_items, false)
            OR (v_beat.state = 'initializing' AND v_state <> 'initializing');
        v_fast := coalesce(health_internal.decay(v_gap, p_fast), 0);
        v_slow := coalesce(health_internal.decay(v_gap, p_slow), 0);
        v_base := coalesce(health_internal.decay(v_gap, p_base), 0);

        -- Gaps: their sums, and what they teach.
        IF v_gap IS NOT NULL THEN
            v_is_blind := v_last < p_blind_until AND v_gap > 2 * v_interval;
            -- Beyond three intervals it was an outage: of that liveness tells, and who is back is not
            -- called inconsistent for as long as he was away.
            v_counted := least(v_gap, p_status.grace_seconds + 3 * v_interval);
            v_kept_gaps := health_internal.decay(v_counted, p_fast);
            v_mass := health_internal.time_mass(
                CASE
                    WHEN v_is_blind THEN least(v_counted, greatest(
                        least(v_gap, v_interval),
                        v_gap - health_internal.blind_seconds(v_last, v_beat.received_at)
                    ))
                    ELSE v_counted
                END,
                p_fast
            );
            v_gap_weight := v_gap_weight * v_kept_gaps + 1;
            v_gap_sum := health_internal.decayed_sum(v_gap_sum, v_kept_gaps) + v_mass;
            v_gap_square_sum :=
                health_internal.decayed_sum(v_gap_square_sum, v_kept_gaps) + v_mass * v_mass;
            v_baseline_seconds :=
                v_baseline_seconds * v_base + health_internal.time_mass(v_gap, p_base);
            v_learn_gap := v_gap + v_clump;
            IF v_is_new_run OR v_has_stopped OR v_is_blind OR v_gap > 100 * v_interval THEN
                v_clump := 0;
            ELSIF v_learn_gap <= 0.1 * v_interval THEN
                v_clump := v_learn_gap;
            ELSE
                v_bin := health_internal.gap_bin(v_learn_gap / v_interval);
                v_histogram[v_bin] := v_histogram[v_bin] + health_internal.gap_mass(v_gap_count);
                v_interval := health_internal.moved_interval(v_interval, v_learn_gap, v_gap_count);
                v_mean_gap := health_internal.moved_mean_gap(v_mean_gap, v_learn_gap, v_gap_count);
                v_gap_count := v_gap_count + 1;
                v_clump := 0;
                v_has_learnt := true;
                IF v_gap_count % 30000 = 0 THEN
                    v_histogram := health_internal.rescaled_histogram(v_histogram);
                END IF;
            END IF;
        END IF;

        -- Counters: the first beat of a run counts in full, a counter told later from there.
        v_errors_in := CASE
            WHEN v_is_new_run THEN v_beat.error_count ELSE v_beat.error_count - v_error_count
        END;
        v_items_in := CASE
            WHEN v_is_new_run THEN v_beat.work_items_processed
            ELSE v_beat.work_items_processed - v_items
        END;
        v_error_sum := coalesce(v_errors_in, 0)
            + CASE WHEN v_is_new_run THEN 0
                ELSE health_internal.decayed_sum(v_error_sum, v_slow)
            END;
        v_item_sum := coalesce(v_items_in, 0)
            + CASE WHEN v_is_new_run THEN 0
                ELSE health_internal.decayed_sum(v_item_sum, v_slow)
            END;
        -- Throughput counts from the first beat on: the time before it is not known.
        v_recent_item_sum := health_internal.decayed_sum(v_recent_item_sum, v_fast)
            + CASE WHEN v_gap IS NULL THEN 0 ELSE coalesce(v_items_in, 0) END;
        v_baseline_item_sum := health_internal.decayed_sum(v_baseline_item_sum, v_base)
            + CASE WHEN v_gap IS NULL THEN 0 ELSE coalesce(v_items_in, 0) END;

        -- Means.
        v_kept := health_internal.kept_share(v_fast, v_gap_weight);
        v_kept_base := health_internal.kept_share(v_base, v_beat_count);
        IF v_is_new_run THEN
            v_error_count := v_beat.error_count;
            v_items := v_beat.work_items_processed;
            v_memory := v_beat.memory_usage_mb;
            v_slow_memory := v_beat.memory_usage_mb;
            -- As fast as it should be, until it has told.
            v_processing := CASE
                WHEN v_processing IS NOT NULL
                    THEN least(v_baseline_processing, p_status.latency_slo_ms)
            END;
            v_run_id := v_beat.run_id;
            v_status.run_started_at := v_beat.received_at;
        ELSE
            v_error_count := coalesce(v_beat.error_count, v_error_count);
            v_items := coalesce(v_beat.work_items_processed, v_items);
            v_memory := health_internal.moved_mean(v_memory, v_beat.memory_usage_mb, v_fast);
            v_slow_memory := health_internal.moved_mean(
                v_slow_memory, v_beat.memory_usage_mb, v_slow
            );
            v_run_id := coalesce(v_beat.run_id, v_run_id);
        END IF;
        v_processing := health_internal.moved_processing(
            v_processing,
            v_beat.average_processing_time_ms,
            least(
                v_kept,
                health_internal.kept_of_run(v_status.run_started_at, v_beat.received_at, v_gap)
            ),
            coalesce(p_status.latency_slo_ms, v_baseline_processing)
        );
        v_baseline_processing := health_internal.moved_mean(
            v_baseline_processing,
            health_internal.clipped(
                v_beat.average_processing_time_ms, v_baseline_processing, v_beat_count
            ),
            v_kept_base
        );
        v_cpu := health_internal.moved_mean(v_cpu, v_beat.cpu_usage_percent, v_kept);

        -- What the latest told holds.
        v_status.memory_usage_mb := coalesce(v_beat.memory_usage_mb, v_status.memory_usage_mb);
        v_status.memory_limit_mb := coalesce(v_beat.memory_limit_mb, v_status.memory_limit_mb);
        v_status.cost_efficiency := coalesce(v_beat.cost_efficiency, v_status.cost_efficiency);
        v_status.user_satisfaction :=
            coalesce(v_beat.user_satisfaction, v_status.user_satisfaction);
        v_status.operational_efficiency :=
            coalesce(v_beat.operational_efficiency, v_status.operational_efficiency);
        v_status.revenue_impact_usd :=
            coalesce(v_beat.revenue_impact_usd, v_status.revenue_impact_usd);
        v_status.last_sent_at := v_beat.sent_at;
        v_beat_count := v_beat_count + 1;
        v_last := v_beat.received_at;
        v_state := v_beat.state;
        v_has_stopped := v_state = 'stopped';
    END LOOP;

    v_status.first_heartbeat_at := coalesce(
        v_status.first_heartbeat_at, v_status.run_started_at
    );
    v_status.last_heartbeat_at := v_last;
    v_status.run_id := v_run_id;
    v_status.state := v_state;
    IF v_last > v_status.session_lost_at THEN
        v_status.session_lost_at := NULL;
    END IF;
    v_status.beat_count := v_beat_count;
    v_status.gap_count := v_gap_count;
    v_status.gap_weight := v_gap_weight;
    v_status.gap_sum := v_gap_sum;
    v_status.gap_square_sum := v_gap_square_sum;
    v_status.clump_seconds := v_clump;
    v_status.learnt_interval_seconds := v_interval;
    v_status.mean_gap_seconds := v_mean_gap;
    v_status.gap_histogram := v_histogram;
    IF v_has_learnt THEN
        v_status.late_intervals := NULL;  -- learnt anew by the judgement
    END IF;
    v_status.error_count := v_error_count;
    v_status.work_items_processed := v_items;
    v_status.error_sum := v_error_sum;
    v_status.item_sum := v_item_sum;
    v_status.recent_item_sum := v_recent_item_sum;
    v_status.baseline_item_sum := v_baseline_item_sum;
    v_status.baseline_seconds := v_baseline_seconds;
    v_status.processing_mean_ms := v_processing;
    v_status.baseline_processing_ms := v_baseline_processing;
    v_status.cpu_mean_percent := v_cpu;
    v_status.memory_mean_mb := v_memory;
    v_status.slow_memory_mean_mb := v_slow_memory;
    RETURN v_status;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_beats(
    health.agent_status, health_internal.beat [], double precision, timestamptz,
    double precision, double precision, double precision
) IS
'An agent''s running state after p_beats (in order of received_at), as of the latest. A run is new '
'where run_id changes, a counter falls or the state turns to initializing: errors, items and memory '
'begin anew. A beat older than the last one folded counts as a beat only. A gap teaches nothing if '
'it holds a new run, a goodbye or the monitor''s own blindness, or is beyond 100 intervals, and counts in the sums of '
'gaps as three intervals and the grace at most; a beat '
'within a tenth of an interval belongs to the clump before it. p_prior_interval: seconds, for a new '
'agent; p_fast, p_slow, p_base: memories, seconds.';

COMMIT;
