-- Which partitions are missing ahead and which are past their retention, and the minute's round that sees to
-- them and sweeps small tables. Never inside a tick.
BEGIN;

SET LOCAL ROLE health_owner;

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
GRANT EXECUTE ON FUNCTION
health_internal.missing_partitions(timestamptz),
health_internal.expired_partitions(timestamptz),
health_internal.sweep(timestamptz)
TO health_bridge, health_admin;

GRANT EXECUTE ON PROCEDURE health.run_housekeeping() TO health_bridge, health_admin;

COMMIT;
