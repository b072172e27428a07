-- One partition: made by CREATE TABLE LIKE + ATTACH, dropped when every row of it was read; each with a short
-- lock time-out, in a transaction of its own.
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
GRANT EXECUTE ON FUNCTION
health_internal.create_partition(text, timestamptz, timestamptz, boolean),
health_internal.drop_partition(text)
TO health_bridge, health_admin;

COMMIT;
