-- After a restore or an upgrade transaction ids start again: rows that came from elsewhere are adopted.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.adopt_rows(p_stored pg_snapshot, p_stored_own xid8)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_table record;
    v_written_by xid;
    v_count bigint;
    v_total bigint := 0;
BEGIN
    SELECT engine.xmin
    INTO STRICT v_written_by
    FROM health_internal.engine;
    -- One statement per table: the tables differ.
    FOR v_table IN
        SELECT
            pg_namespace.nspname AS schema_name,
            pg_class.relname AS table_name
        FROM pg_class
        INNER JOIN pg_namespace ON pg_class.relnamespace = pg_namespace.oid
        WHERE pg_class.oid = ANY (ARRAY[
            'health.agent_heartbeats', 'health.ingest_heartbeats', 'health.performance_metrics',
            'health.system_events', 'health_internal.agent_changes', 'health_internal.job_signals'
        ]::regclass [])
    LOOP
        EXECUTE format(
            $sql$
            UPDATE %I.%I
            SET txid = CASE
                WHEN pg_visible_in_snapshot(txid, $1) OR txid = $2 THEN '3'::xid8
                ELSE pg_current_xact_id()
            END
            -- A row of this cluster is younger than the engine's, and its txid is its system xmin,
            -- or, if a subtransaction wrote it, a little older. A restored row's xmin may equal its
            -- txid by chance, therefore both are asked.
            WHERE NOT (
                age(xmin) < age($3)
                AND age((txid::text::bigint %% 4294967296)::text::xid) BETWEEN age(xmin) AND age($3)
            )
            $sql$,
            v_table.schema_name, v_table.table_name
        )
        USING p_stored, p_stored_own, v_written_by;
        GET DIAGNOSTICS v_count = ROW_COUNT;
        v_total := v_total + v_count;
    END LOOP;
    RETURN v_total;
END;
$$;
COMMENT ON FUNCTION health_internal.adopt_rows(pg_snapshot, xid8) IS
'After a dump was restored into another cluster, or pg_upgrade: rows older than the engine''s last '
'write, and rows whose system xmin does not belong to their txid, came from elsewhere; those not '
'visible in the stored snapshot are given this transaction''s txid, so that this tick folds them, the '
'others the txid 3, which no later tick reads. Returns how many.';

COMMIT;
