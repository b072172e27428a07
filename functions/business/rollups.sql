-- Roll-ups: agent_hours from transitions an hour after the other and from heartbeats partition by
-- partition, agent_days from hours. Each step is a transaction; made late or twice it is the same.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.roll_up_hours(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text [] DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
SET jit = off
AS $$
    -- Replaced, not added to: what is told anew may have become less, or nothing.
    UPDATE health.agent_hours AS hours
    SET
        excellent_seconds = 0, good_seconds = 0, fair_seconds = 0, poor_seconds = 0,
        critical_seconds = 0, late_seconds = 0, unresponsive_seconds = 0, up_seconds = 0,
        degraded_seconds = 0, down_seconds = 0, lost_seconds = 0, unknown_seconds = 0,
        maintenance_up_seconds = 0, maintenance_degraded_seconds = 0,
        maintenance_down_seconds = 0, maintenance_lost_seconds = 0,
        maintenance_counted_seconds = 0, score_seconds = 0, revenue_lost_usd = 0
    FROM health_internal.rollup_state AS state
    WHERE hours.hour_at >= p_from
        AND hours.hour_at < p_to
        -- Of hours that were never made there is nothing to take back.
        AND hours.hour_at < state.hours_until
        AND (p_agent_ids IS NULL OR hours.agent_id = ANY (p_agent_ids));

    INSERT INTO health.agent_hours AS hours (
        agent_id, hour_at, excellent_seconds, good_seconds, fair_seconds, poor_seconds,
        critical_seconds, late_seconds, unresponsive_seconds, up_seconds, degraded_seconds,
        down_seconds, lost_seconds, unknown_seconds, maintenance_up_seconds,
        maintenance_degraded_seconds, maintenance_down_seconds, maintenance_lost_seconds,
        maintenance_counted_seconds, score_seconds, revenue_lost_usd
    )
    SELECT
        pieces.agent_id,
        pieces.hour_at,
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'excellent'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'good'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'fair'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'poor'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'critical'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.liveness = 'late'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.liveness = 'unresponsive'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'up'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'degraded'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'down'), 0),
        sum(pieces.seconds * pieces.lost_share),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'unknown'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'up' AND pieces.is_inside), 0),
        coalesce(sum(pieces.seconds) FILTER (
            WHERE pieces.kind = 'degraded' AND pieces.is_inside
        ), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'down' AND pieces.is_inside), 0),
        coalesce(sum(pieces.seconds * pieces.lost_share) FILTER (WHERE pieces.is_inside), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.maintenance = 'counted_as_up'), 0),
        coalesce(sum(pieces.seconds * pieces.score) FILTER (WHERE pieces.kind <> 'unknown'), 0),
        coalesce(sum(
            pieces.seconds / 3600 * pieces.lost_share * pieces.usd_per_hour
        ) FILTER (WHERE NOT pieces.is_inside), 0)
    FROM (
        SELECT
            spans.agent_id,
            spans.status,
            spans.liveness,
            spans.kind,
            spans.lost_share,
            spans.maintenance,
            spans.score,
            spans.maintenance IS NOT NULL AS is_inside,
            cuts.hour_at,
            date_part(
                'epoch',
                least(spans.to_at, cuts.hour_at + interval '1 hour')
                - greatest(spans.from_at, cuts.hour_at)
            ) AS seconds,
            coalesce(
                CASE
                    WHEN spans.lost_share > 0 THEN (
                        SELECT terms.revenue_usd_per_hour
                        FROM health.business_terms AS terms
                        WHERE terms.agent_id = spans.agent_id
                        ORDER BY
                            terms.valid_from <= greatest(spans.from_at, cuts.hour_at) DESC,
                            CASE
                                WHEN terms.valid_from <= greatest(spans.from_at, cuts.hour_at)
                                    THEN terms.valid_from
                            END DESC,
                            terms.valid_from
                        LIMIT 1
                    )::double precision
                END,
                0
            ) AS usd_per_hour
        FROM health_internal.service_spans(p_from, p_to, p_agent_ids) AS spans
        CROSS JOIN LATERAL generate_series(
            date_trunc('hour', spans.from_at, 'UTC'), spans.to_at - interval '1 microsecond',
            interval '1 hour'
        ) AS cuts (hour_at)
        WHERE spans.kind <> 'off'
    ) AS pieces
    GROUP BY pieces.agent_id, pieces.hour_at
    ON CONFLICT (agent_id, hour_at) DO UPDATE SET
        excellent_seconds = excluded.excellent_seconds,
        good_seconds = excluded.good_seconds,
        fair_seconds = excluded.fair_seconds,
        poor_seconds = excluded.poor_seconds,
        critical_seconds = excluded.critical_seconds,
        late_seconds = excluded.late_seconds,
        unresponsive_seconds = excluded.unresponsive_seconds,
        up_seconds = excluded.up_seconds,
        degraded_seconds = excluded.degraded_seconds,
        down_seconds = excluded.down_seconds,
        lost_seconds = excluded.lost_seconds,
        unknown_seconds = excluded.unknown_seconds,
        maintenance_up_seconds = excluded.maintenance_up_seconds,
        maintenance_degraded_seconds = excluded.maintenance_degraded_seconds,
        maintenance_down_seconds = excluded.maintenance_down_seconds,
        maintenance_lost_seconds = excluded.maintenance_lost_seconds,
        maintenance_counted_seconds = excluded.maintenance_counted_seconds,
        score_seconds = excluded.score_seconds,
        revenue_lost_usd = excluded.revenue_lost_usd;
$$;
COMMENT ON FUNCTION health_internal.roll_up_hours(timestamptz, timestamptz, text []) IS
'Makes the service part of agent_hours anew for whole hours (of p_agent_ids; NULL: all); what heartbeats '
'told is kept.';

CREATE OR REPLACE FUNCTION health_internal.roll_up_days(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text [] DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET jit = off
AS $$
DECLARE
    v_columns constant text [] := ARRAY(
        SELECT columns.attname
        FROM pg_attribute AS columns
        WHERE columns.attrelid = 'health.agent_days'::regclass
            AND columns.attnum > 0
            AND NOT columns.attisdropped
            AND columns.attname NOT IN ('agent_id', 'day_at')
        ORDER BY columns.attnum
    );
BEGIN
    -- Every column but the key is the sum of its hours.
    EXECUTE format(
        $sql$
        INSERT INTO health.agent_days AS days (agent_id, day_at, %1$s)
        SELECT hours.agent_id, date_trunc('day', hours.hour_at, 'UTC'), %2$s
        FROM health.agent_hours AS hours
        WHERE hours.hour_at >= $1 AND hours.hour_at < $2
            AND ($3 IS NULL OR hours.agent_id = ANY ($3))
        GROUP BY hours.agent_id, date_trunc('day', hours.hour_at, 'UTC')
        ON CONFLICT (agent_id, day_at) DO UPDATE SET (%1$s) = ROW(%3$s)
        $sql$,
        array_to_string(v_columns, ', '),
        (SELECT string_agg(format('sum(hours.%I)', columns.name), ', ' ORDER BY columns.place)
            FROM unnest(v_columns) WITH ORDINALITY AS columns (name, place)),
        (SELECT string_agg(format('excluded.%I', columns.name), ', ' ORDER BY columns.place)
            FROM unnest(v_columns) WITH ORDINALITY AS columns (name, place))
    )
    USING p_from, p_to, p_agent_ids;
END;
$$;
COMMENT ON FUNCTION health_internal.roll_up_days(timestamptz, timestamptz, text []) IS
'Makes agent_days anew from agent_hours, for whole days (UTC) whose hours are all kept.';

CREATE OR REPLACE FUNCTION health_internal.roll_up_heartbeats(p_partition text, p_now timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET jit = off
AS $$
BEGIN
    -- Added, once: the mark is of the same transaction.
    UPDATE health_internal.partitions
    SET rolled_up_at = p_now
    WHERE partitions.partition_name = p_partition AND partitions.rolled_up_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format(
        $sql$
        WITH beats AS (
            SELECT
                told.*,
                date_trunc('hour', told.received_at, 'UTC') AS hour_at,
                greatest(
                    told.cpu_usage_percent,
                    100 * told.memory_usage_mb / nullif(told.memory_limit_mb, 0)
                ) AS utilisation,
                told.memory_usage_mb IS NOT NULL AND told.memory_limit_mb > 0 AS has_memory,
                lag(told.error_count) OVER by_time AS error_count_before,
                lag(told.work_items_processed) OVER by_time AS items_before,
                row_number() OVER by_time AS place
            FROM health.%I AS told
            WINDOW by_time AS (PARTITION BY told.agent_id ORDER BY told.received_at, told.txid)
        ),

        -- The counters go on from where an earlier partition left them.
        counted AS (
            SELECT
                beats.*,
                beats.error_count - coalesce(beats.error_count_before, known.last_error_count)
                    AS errors_in,
                beats.work_items_processed - coalesce(beats.items_before, known.last_item_count)
                    AS items_in
            FROM beats
            LEFT JOIN LATERAL (
                SELECT hours.last_error_count, hours.last_item_count
                FROM health.agent_hours AS hours
                WHERE beats.place = 1
                    AND hours.agent_id = beats.agent_id
                    AND hours.hour_at <= beats.hour_at
                    AND hours.hour_at >= beats.hour_at - interval '1 day'
                    AND hours.beat_count > 0
                ORDER BY hours.hour_at DESC
                LIMIT 1
            ) AS known ON true
        )

        INSERT INTO health.agent_hours AS hours (
            agent_id, hour_at, beat_count, error_beat_count, error_count, item_count,
            processing_count, processing_sum_ms, utilisation_count, utilisation_sum_percent,
            memory_count, memory_used_sum_mb, memory_limit_sum_mb, satisfaction_count,
            satisfaction_sum, last_error_count, last_item_count
        )
        SELECT
            counted.agent_id,
            counted.hour_at,
            count(*),
            count(*) FILTER (WHERE counted.state IN ('error', 'failed')),
            -- A counter that went down began anew.
            coalesce(sum(CASE
                WHEN counted.errors_in < 0 THEN counted.error_count ELSE counted.errors_in
            END), 0),
            coalesce(sum(CASE
                WHEN counted.items_in < 0 THEN counted.work_items_processed ELSE counted.items_in
            END), 0),
            count(counted.average_processing_time_ms),
            coalesce(sum(counted.average_processing_time_ms), 0),
            count(counted.utilisation),
            coalesce(sum(counted.utilisation), 0),
            count(*) FILTER (WHERE counted.has_memory),
            coalesce(sum(counted.memory_usage_mb) FILTER (WHERE counted.has_memory), 0),
            coalesce(sum(counted.memory_limit_mb) FILTER (WHERE counted.has_memory), 0),
            count(counted.user_satisfaction),
            coalesce(sum(counted.user_satisfaction), 0),
            (array_agg(counted.error_count ORDER BY counted.place DESC) FILTER (
                WHERE counted.error_count IS NOT NULL
            ))[1],
            (array_agg(counted.work_items_processed ORDER BY counted.place DESC) FILTER (
                WHERE counted.work_items_processed IS NOT NULL
            ))[1]
        FROM counted
        INNER JOIN health.agents ON counted.agent_id = agents.agent_id
        GROUP BY counted.agent_id, counted.hour_at
        ON CONFLICT (agent_id, hour_at) DO UPDATE SET
            beat_count = hours.beat_count + excluded.beat_count,
            error_beat_count = hours.error_beat_count + excluded.error_beat_count,
            error_count = hours.error_count + excluded.error_count,
            item_count = hours.item_count + excluded.item_count,
            processing_count = hours.processing_count + excluded.processing_count,
            processing_sum_ms = hours.processing_sum_ms + excluded.processing_sum_ms,
            utilisation_count = hours.utilisation_count + excluded.utilisation_count,
            utilisation_sum_percent = hours.utilisation_sum_percent
            + excluded.utilisation_sum_percent,
            memory_count = hours.memory_count + excluded.memory_count,
            memory_used_sum_mb = hours.memory_used_sum_mb + excluded.memory_used_sum_mb,
            memory_limit_sum_mb = hours.memory_limit_sum_mb + excluded.memory_limit_sum_mb,
            satisfaction_count = hours.satisfaction_count + excluded.satisfaction_count,
            satisfaction_sum = hours.satisfaction_sum + excluded.satisfaction_sum,
            last_error_count = coalesce(excluded.last_error_count, hours.last_error_count),
            last_item_count = coalesce(excluded.last_item_count, hours.last_item_count)
        $sql$,
        p_partition
    );
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health_internal.roll_up_heartbeats(text, timestamptz) IS
'Counts the heartbeats of a partition that is past into agent_hours, once; false, and nothing done, where '
'that was done before.';

CREATE OR REPLACE FUNCTION health_internal.sweep_rollups(p_now timestamptz)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    DELETE FROM health.agent_hours AS hours
    USING health.business_settings AS settings
    WHERE hours.hour_at < date_trunc('day', p_now - settings.hour_retention, 'UTC');
    DELETE FROM health.agent_days AS days
    USING health.business_settings AS settings
    WHERE days.day_at < date_trunc('day', p_now - settings.day_retention, 'UTC');
$$;
COMMENT ON FUNCTION health_internal.sweep_rollups(timestamptz) IS
'Removes roll-ups past hour_retention and day_retention.';

CREATE OR REPLACE FUNCTION health_internal.correct_rollups(p_until timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_state health_internal.rollup_state;
    v_late record;
    v_gap_from timestamptz;
    v_gaps_until timestamptz;
    v_kept_from timestamptz;
BEGIN
    SELECT state.* INTO STRICT v_state FROM health_internal.rollup_state AS state;
    -- Beyond the hours that are kept nothing is made anew.
    SELECT date_trunc('day', p_until - settings.hour_retention, 'UTC') + interval '1 day'
    INTO STRICT v_kept_from
    FROM health.business_settings AS settings;

    -- Transitions since that tell of a silence begun in an hour made already, and false positives.
    SELECT
        array_agg(DISTINCT late.agent_id) AS agent_ids,
        greatest(min(late.from_at), v_kept_from) AS from_at
    INTO STRICT v_late
    FROM (
        SELECT changes.agent_id, least(changes.occurred_at, changes.last_heartbeat_at) AS from_at
        FROM health.status_transitions AS changes
        WHERE changes.transition_id > v_state.transition_id
            AND (changes.new_liveness = 'unresponsive' OR changes.occurred_at < v_state.hours_until)
        UNION ALL
        SELECT anew.agent_id, anew.from_at
        FROM health_internal.rollup_corrections AS anew
    ) AS late
    WHERE late.from_at < v_state.hours_until;
    DELETE FROM health_internal.rollup_corrections;

    SELECT
        CASE
            WHEN count(*) > 0
                THEN greatest(date_trunc('hour', min(gaps.started_at), 'UTC'), v_kept_from)
        END,
        max(gaps.settled_at)
    INTO STRICT v_gap_from, v_gaps_until
    FROM health.monitor_gaps AS gaps
    WHERE gaps.settled_at > v_state.gaps_settled_until;

    UPDATE health_internal.rollup_state
    SET
        transition_id = coalesce(
            (SELECT max(changes.transition_id) FROM health.status_transitions AS changes),
            rollup_state.transition_id
        ),
        gaps_settled_until = coalesce(v_gaps_until, rollup_state.gaps_settled_until);
    IF v_gap_from < v_state.hours_until THEN
        v_late.agent_ids := NULL;
        v_late.from_at := least(v_gap_from, v_late.from_at);
    ELSIF v_late.agent_ids IS NULL THEN
        RETURN false;
    END IF;
    v_late.from_at := date_trunc('hour', v_late.from_at, 'UTC');
    PERFORM health_internal.roll_up_hours(v_late.from_at, v_state.hours_until, v_late.agent_ids);
    IF v_late.from_at < v_state.days_until THEN
        PERFORM health_internal.roll_up_days(
            greatest(date_trunc('day', v_late.from_at, 'UTC'), v_kept_from), v_state.days_until,
            v_late.agent_ids
        );
    END IF;
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health_internal.correct_rollups(timestamptz) IS
'Makes anew the roll-ups of agents of whom something was learnt since that reaches back: a silence, a '
'false positive, a gap of the monitor. Returns whether there was any.';

CREATE OR REPLACE FUNCTION health_internal.roll_up_step(p_now timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_settle constant interval := interval '5 minutes';
    v_state health_internal.rollup_state;
    v_settings health.business_settings;
    v_until timestamptz := date_trunc('hour', p_now - v_settle, 'UTC');
    v_partition health_internal.partitions;
BEGIN
    SELECT state.*
    INTO v_state
    FROM health_internal.rollup_state AS state
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT settings.* INTO STRICT v_settings FROM health.business_settings AS settings;

    -- The first time: from the first transition on, as far back as hours are kept.
    IF v_state.hours_until IS NULL THEN
        SELECT greatest(
            date_trunc('day', least(min(changes.occurred_at), min(changes.last_heartbeat_at), v_until), 'UTC'),
            date_trunc('day', p_now - v_settings.hour_retention, 'UTC') + interval '1 day'
        )
        INTO STRICT v_state.hours_until
        FROM health.status_transitions AS changes;
        UPDATE health_internal.rollup_state
        SET
            rolled_from = v_state.hours_until,
            hours_until = v_state.hours_until,
            days_until = v_state.hours_until,
            transition_id = coalesce(
                (SELECT max(changes.transition_id) FROM health.status_transitions AS changes), 0
            ),
            gaps_settled_until = coalesce(
                (SELECT max(gaps.settled_at) FROM health.monitor_gaps AS gaps), '-infinity'
            );
        RETURN true;
    END IF;
    IF health_internal.correct_rollups(p_now) THEN
        RETURN true;
    END IF;
    IF v_settings.is_rolling_up_heartbeats THEN
        SELECT partitions.*
        INTO v_partition
        FROM health_internal.partitions
        WHERE partitions.rolled_up_at IS NULL
            AND NOT partitions.is_history
            AND partitions.table_name IN ('agent_heartbeats', 'ingest_heartbeats')
            AND partitions.until_at <= p_now - v_settle
        ORDER BY partitions.until_at, partitions.table_name
        LIMIT 1;
        IF v_partition.partition_name IS NOT NULL THEN
            PERFORM health_internal.roll_up_heartbeats(v_partition.partition_name, p_now);
            IF date_trunc('day', v_partition.from_at, 'UTC') < v_state.days_until THEN
                PERFORM health_internal.roll_up_days(
                    date_trunc('day', v_partition.from_at, 'UTC'),
                    least(
                        v_state.days_until,
                        date_trunc('day', v_partition.until_at, 'UTC') + interval '1 day'
                    )
                );
            END IF;
            RETURN true;
        END IF;
        IF health_internal.roll_up_next_features(v_until) THEN
            RETURN true;
        END IF;
    END IF;
    IF v_state.hours_until < v_until THEN
        -- A day at once where it is behind.
        v_until := least(v_until, v_state.hours_until + interval '1 day');
        PERFORM health_internal.roll_up_hours(v_state.hours_until, v_until);
        UPDATE health_internal.rollup_state SET hours_until = v_until;
        RETURN true;
    END IF;
    IF v_state.days_until + interval '1 day' <= v_state.hours_until THEN
        PERFORM health_internal.roll_up_days(
            v_state.days_until, v_state.days_until + interval '1 day'
        );
        UPDATE health_internal.rollup_state SET days_until = v_state.days_until + interval '1 day';
        PERFORM health_internal.sweep_rollups(p_now);
        PERFORM health_internal.sweep_features(p_now);
        RETURN true;
    END IF;
    RETURN false;
END;
$$;
COMMENT ON FUNCTION health_internal.roll_up_step(timestamptz) IS
'One step of the roll-ups: what reaches back, a partition of heartbeats, an hour of features, an hour (a day '
'where it is behind), a day. Returns whether there was something to do; false where another one is at it.';

CREATE OR REPLACE PROCEDURE health.run_rollups()
LANGUAGE plpgsql
AS $$
BEGIN
    -- A loop, because each step is a transaction of its own.
    WHILE health_internal.roll_up_step(clock_timestamp())
    LOOP
        COMMIT;
    END LOOP;
    COMMIT;
    PERFORM health_internal.queue_report(clock_timestamp());
    COMMIT;
END;
$$;
COMMENT ON PROCEDURE health.run_rollups() IS
'Brings agent_hours and agent_days up to date, each step in a transaction of its own, and queues the '
'weekly report when it is due. Scheduled each minute; call it outside a transaction.';

GRANT EXECUTE ON FUNCTION health_internal.roll_up_step(timestamptz) TO health_bridge, health_admin;
GRANT EXECUTE ON PROCEDURE health.run_rollups() TO health_bridge, health_admin;

COMMIT;
