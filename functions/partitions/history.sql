-- Room for rows of the past: partitions that no retention drops.
BEGIN;

SET LOCAL ROLE health_owner;

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
GRANT EXECUTE ON FUNCTION health.load_history(timestamptz, timestamptz) TO health_admin;

COMMIT;
