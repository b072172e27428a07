-- The run of the roll-ups, step by step, each step a transaction. Entry point: health.run_rollups.
BEGIN;

SET LOCAL ROLE health_owner;

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
