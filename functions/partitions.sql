-- Partition care: ahead by CREATE TABLE LIKE + ATTACH, away by age, each step in a transaction of its
-- own with a short lock time-out, never inside a tick.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.create_partition(
    p_table text,
    p_from timestamptz,
    p_until timestamptz,
    p_is_history boolean
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    v_name constant text := p_table || '_p'
        || to_char(p_from AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS');
    v_moved bigint;
BEGIN
    -- Asked again once no other session can be making it: pg_cron and bridges may all take care. The
    -- lock also keeps strays out until the partition is attached, which one more would make fail.
    FOR v_try IN 1 .. 2
    LOOP
        IF EXISTS (
            SELECT FROM health_internal.partitions
            WHERE partitions.table_name = p_table
                AND partitions.from_at < p_until
                AND partitions.until_at > p_from
        ) THEN
            RETURN true;
        END IF;
        EXECUTE format('LOCK TABLE health.%I IN ACCESS EXCLUSIVE MODE', p_table || '_default');
    END LOOP;
    -- CREATE … PARTITION OF would wait behind every open inserter and hold up the next ones.
    EXECUTE format(
        'CREATE TABLE health.%I (LIKE health.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
        v_name, p_table
    );
    EXECUTE format('COMMENT ON TABLE health.%I IS %L', v_name, format(
        'Partition of %s from %s to %s.', p_table, p_from, p_until
    ));
    -- Strays that belong here move out of the default partition first.
    EXECUTE format(
        $sql$
        WITH moved AS (
            DELETE FROM health.%1$I WHERE %3$I >= $1 AND %3$I < $2 RETURNING *
        )
        INSERT INTO health.%2$I SELECT * FROM moved
        $sql$,
        p_table || '_default', v_name,
        CASE WHEN p_table = ANY (health_internal.raw_tables()) THEN 'received_at' ELSE 'sampled_at' END
    )
    USING p_from, p_until;
    GET DIAGNOSTICS v_moved = ROW_COUNT;
    IF v_moved > 0 AND NOT p_is_history THEN
        RAISE WARNING '% rows of % had come before their partition', v_moved, p_table
            USING HINT = 'Partition care runs too seldom, or rows carry a time far ahead.';
    END IF;
    EXECUTE format(
        'ALTER TABLE health.%I ATTACH PARTITION health.%I FOR VALUES FROM (%L) TO (%L)',
        p_table, v_name, p_from, p_until
    );
    INSERT INTO health_internal.partitions (
        table_name, partition_name, from_at, until_at, is_history
    )
    VALUES (p_table, v_name, p_from, p_until, p_is_history);
    RETURN true;
EXCEPTION
    WHEN lock_not_available THEN
        RETURN false;
END;
$$;
COMMENT ON FUNCTION health_internal.create_partition(text, timestamptz, timestamptz, boolean) IS
'Makes one partition of a raw table or of score_history, with what the default partition holds of it; true '
'if it exists now, false if a lock was not to be had within 100 ms (call again).';

CREATE OR REPLACE FUNCTION health_internal.drop_partition(p_name text)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    v_table text;
    v_has_unread boolean;
BEGIN
    SELECT partitions.table_name
    INTO v_table
    FROM health_internal.partitions
    WHERE partitions.partition_name = p_name
    FOR UPDATE;
    IF v_table IS NULL THEN
        RETURN false;
    END IF;
    -- What no tick has read is not dropped.
    IF v_table = ANY (health_internal.raw_tables()) THEN
        EXECUTE format(
            $sql$
            SELECT EXISTS (
                SELECT FROM health.%I AS kept
                CROSS JOIN health_internal.engine
                WHERE kept.txid >= pg_snapshot_xmin(engine.folded_until)
                    AND NOT pg_visible_in_snapshot(kept.txid, engine.folded_until)
                    AND kept.txid IS DISTINCT FROM engine.own_xid
            )
            $sql$,
            p_name
        )
        INTO v_has_unread;
    END IF;
    IF v_has_unread THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE health.%I DETACH PARTITION health.%I', v_table, p_name);
    EXECUTE format('DROP TABLE health.%I', p_name);
    DELETE FROM health_internal.partitions WHERE partitions.partition_name = p_name;
    RETURN true;
EXCEPTION
    WHEN lock_not_available THEN
        RETURN false;
END;
$$;
COMMENT ON FUNCTION health_internal.drop_partition(text) IS
'Drops one partition; false, and nothing done, if a lock was not to be had within 100 ms or it holds '
'rows that no tick has read.';

CREATE OR REPLACE FUNCTION health_internal.raw_tables()
RETURNS text []
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN ARRAY['agent_heartbeats', 'ingest_heartbeats', 'performance_metrics', 'system_events'];
COMMENT ON FUNCTION health_internal.raw_tables() IS
'The tables that agents and gateways fill, partitioned by received_at.';

CREATE OR REPLACE FUNCTION health_internal.missing_partitions(p_now timestamptz)
RETURNS TABLE (table_name text, from_at timestamptz, until_at timestamptz)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        raw.table_name,
        slots.from_at,
        slots.from_at + raw.width
    FROM (
        SELECT unnest(health_internal.raw_tables()) AS table_name, settings.partition_width AS width
        FROM health.settings
        UNION ALL
        SELECT 'score_history', interval '1 day'
    ) AS raw
    CROSS JOIN health.settings
    CROSS JOIN LATERAL (
        SELECT
            date_bin(raw.width, p_now, '2000-01-01 00:00:00+00') + raw.width * ahead.number AS from_at
        FROM generate_series(
            0, CASE raw.table_name WHEN 'score_history' THEN 1 ELSE settings.partitions_ahead END
        ) AS ahead (number)
    ) AS slots
    WHERE NOT EXISTS (
        SELECT FROM health_internal.partitions
        WHERE partitions.table_name = raw.table_name
            AND partitions.from_at < slots.from_at + raw.width
            AND partitions.until_at > slots.from_at
    )
    ORDER BY slots.from_at, raw.table_name;
$$;
COMMENT ON FUNCTION health_internal.missing_partitions(timestamptz) IS
'Partitions that should exist now and are missing: the present one and settings.partitions_ahead more, of '
'score_history today''s and tomorrow''s.';

CREATE OR REPLACE FUNCTION health_internal.expired_partitions(p_now timestamptz)
RETURNS SETOF text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT partitions.partition_name
    FROM health_internal.partitions
    CROSS JOIN health.settings
    CROSS JOIN health.business_settings
    CROSS JOIN health_internal.feature_hours_state
    WHERE NOT partitions.is_history
        AND partitions.until_at < p_now - CASE partitions.table_name
            WHEN 'score_history' THEN settings.score_retention
            ELSE settings.raw_retention
        END
        -- Rows are rolled up first; who never rolls up keeps them as long again.
        AND (
            (
                partitions.until_at <= feature_hours_state.rolled_until
                AND feature_hours_state.rolled_until < 'infinity'
                AND (
                    partitions.rolled_up_at IS NOT NULL
                    OR partitions.table_name NOT IN ('agent_heartbeats', 'ingest_heartbeats')
                )
            )
            OR partitions.table_name = 'score_history'
            OR NOT business_settings.is_rolling_up_heartbeats
            OR partitions.until_at < p_now - 2 * settings.raw_retention
        )
    ORDER BY partitions.until_at;
$$;
COMMENT ON FUNCTION health_internal.expired_partitions(timestamptz) IS
'Partitions older than settings.raw_retention (those of score_history than score_retention), history '
'excepted, oldest first; raw rows that are not rolled up yet only after twice that time.';

CREATE OR REPLACE FUNCTION health_internal.sweep(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM health_internal.agent_changes
    USING health_internal.engine
    WHERE agent_changes.changed_at < p_now - interval '1 hour'
        AND pg_visible_in_snapshot(agent_changes.txid, engine.folded_until);
    DELETE FROM health.agent_sessions
    WHERE agent_sessions.lost_at < p_now - interval '7 days';
    PERFORM health_internal.sweep_jobs(p_now);
    PERFORM health_internal.sweep_series(p_now);
    PERFORM health.end_overrunning_rules(p_now);
    PERFORM health_internal.add_missing_agents();
END;
$$;
COMMENT ON FUNCTION health_internal.sweep(timestamptz) IS
'Removes configuration changes, sessions and runs that nobody needs any more, and registers whom a lock '
'kept out.';

CREATE OR REPLACE PROCEDURE health.run_housekeeping()
LANGUAGE plpgsql
AS $$
DECLARE
    v_missing record;
    v_expired text;
BEGIN
    -- A loop, because each step is a transaction of its own: a lock waited for in one must not hold
    -- the locks of the others.
    FOR v_missing IN
        SELECT missing.* FROM health_internal.missing_partitions(clock_timestamp()) AS missing
    LOOP
        FOR v_try IN 1 .. 20
        LOOP
            EXIT WHEN health_internal.create_partition(
                v_missing.table_name, v_missing.from_at, v_missing.until_at, false
            );
            COMMIT;
        END LOOP;
        COMMIT;
    END LOOP;
    FOR v_expired IN
        SELECT expired.* FROM health_internal.expired_partitions(clock_timestamp()) AS expired
    LOOP
        PERFORM health_internal.drop_partition(v_expired);
        COMMIT;
    END LOOP;
    PERFORM health_internal.sweep(clock_timestamp());
    COMMIT;
END;
$$;
COMMENT ON PROCEDURE health.run_housekeeping() IS
'Makes partitions ahead, drops those past their retention and sweeps small tables, each step in '
'a transaction of its own. Scheduled each minute; call it outside a transaction.';

CREATE OR REPLACE FUNCTION health.load_history(p_from timestamptz, p_to timestamptz)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table text;
    v_width interval;
    v_piece record;
    v_count integer := 0;
BEGIN
    IF p_from IS NULL OR p_to IS NULL OR p_from >= p_to
        OR p_from < '0001-01-01' OR p_to > '9999-12-31' THEN
        RAISE EXCEPTION 'history must go from one time to a later one'
            USING ERRCODE = 'EN002',
                DETAIL = format('Asked for %s to %s.', p_from, p_to),
                HINT = 'For example health.load_history(''2015-01-01'', ''2016-01-01'').';
    END IF;
    v_width := greatest(interval '1 day', make_interval(
        secs => ceil(date_part('epoch', p_to - p_from) / 50 / 86400) * 86400
    ));
    FOREACH v_table IN ARRAY health_internal.raw_tables()
    LOOP
        -- The free stretches between partitions that exist, cut to the width.
        FOR v_piece IN
            WITH borders AS (
                SELECT p_from AS at, 0 AS depth
                UNION ALL
                SELECT greatest(partitions.from_at, p_from), 1
                FROM health_internal.partitions
                WHERE partitions.table_name = v_table
                    AND partitions.until_at > p_from AND partitions.from_at < p_to
                UNION ALL
                SELECT least(partitions.until_at, p_to), -1
                FROM health_internal.partitions
                WHERE partitions.table_name = v_table
                    AND partitions.until_at > p_from AND partitions.from_at < p_to
            ),

            stretches AS (
                SELECT
                    borders.at AS from_at,
                    coalesce(lead(borders.at) OVER by_time, p_to) AS until_at,
                    sum(borders.depth) OVER by_time AS depth
                FROM borders
                WINDOW by_time AS (ORDER BY borders.at, borders.depth)
            )

            SELECT
                cuts.from_at,
                least(cuts.from_at + v_width, stretches.until_at) AS until_at
            FROM stretches
            CROSS JOIN LATERAL generate_series(
                stretches.from_at, stretches.until_at, v_width
            ) AS cuts (from_at)
            WHERE stretches.depth = 0
                AND stretches.from_at < stretches.until_at
                AND cuts.from_at < stretches.until_at
            ORDER BY cuts.from_at
        LOOP
            IF NOT health_internal.create_partition(
                v_table, v_piece.from_at, v_piece.until_at, true
            ) THEN
                RAISE EXCEPTION 'table "%" is busy', v_table
                    USING ERRCODE = 'EN003',
                        HINT = 'Call it again; what was made is kept only if the call succeeds.';
            END IF;
            v_count := v_count + 1;
        END LOOP;
    END LOOP;
    UPDATE health_internal.partitions
    SET is_history = true
    WHERE partitions.table_name = ANY (health_internal.raw_tables())
        AND partitions.from_at < p_to AND partitions.until_at > p_from
        AND partitions.until_at < clock_timestamp();
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health.load_history(timestamptz, timestamptz) IS
'Makes room for history between two times: partitions exempt from retention; returns how many. Insert '
'the rows with received_at set (and the agents'' clocks within a day of it). Rows received more than '
'settings.history_after before a tick''s p_now never change liveness, alerts or recovery, and register '
'nobody. Raises EN002 for times that make no range, EN003 where a table is locked.';

GRANT EXECUTE ON FUNCTION
health_internal.create_partition(text, timestamptz, timestamptz, boolean),
health_internal.drop_partition(text),
health_internal.missing_partitions(timestamptz),
health_internal.expired_partitions(timestamptz),
health_internal.sweep(timestamptz) TO health_bridge, health_admin;
GRANT EXECUTE ON PROCEDURE health.run_housekeeping() TO health_bridge, health_admin;
GRANT EXECUTE ON FUNCTION health.load_history(timestamptz, timestamptz) TO health_admin;

COMMIT;
