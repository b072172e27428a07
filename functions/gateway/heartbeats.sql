-- Heartbeats by HTTP: many as one JSON document, all of them or none. SECURITY INVOKER: the trigger of
-- ingest_heartbeats holds each gateway to its agents. Entry point: health.record_heartbeats.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.insert_heartbeats(p_items json)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET jit = off
AS $$
DECLARE
    v_fields constant text [] := ARRAY[
        'agent_id', 'state', 'sent_at', 'work_items_processed', 'average_processing_time_ms',
        'cpu_usage_percent', 'memory_usage_mb', 'memory_limit_mb', 'error_count', 'cost_efficiency',
        'user_satisfaction', 'operational_efficiency', 'revenue_impact_usd', 'signal', 'run_id',
        'attributes'
    ];
    v_unknown text;
BEGIN
    SELECT keys.key
    INTO v_unknown
    FROM json_array_elements(p_items) AS items (item)
    CROSS JOIN LATERAL json_object_keys(items.item) AS keys (key)
    WHERE keys.key <> ALL (v_fields)
    LIMIT 1;
    IF v_unknown IS NOT NULL THEN
        RAISE EXCEPTION 'a heartbeat has no field "%"', left(v_unknown, 200)
            USING ERRCODE = 'GW001',
                DETAIL = 'Its fields are ' || array_to_string(v_fields, ', ') || '.',
                HINT = 'Leave it out, or put it into attributes. The time of receipt is set here.';
    END IF;
    IF EXISTS (
        SELECT FROM json_array_elements(p_items) AS items (item)
        WHERE items.item ->> 'agent_id' IS NULL
    ) THEN
        RAISE EXCEPTION 'the heartbeat names no agent'
            USING ERRCODE = 'GW002',
                DETAIL = 'Each item is an object with at least agent_id.',
                HINT = 'Send for example {"agent_id": "invoice-sender", "error_count": 0}.';
    END IF;
    INSERT INTO health.ingest_heartbeats (
        agent_id, state, sent_at, work_items_processed, average_processing_time_ms,
        cpu_usage_percent, memory_usage_mb, memory_limit_mb, error_count, cost_efficiency,
        user_satisfaction, operational_efficiency, revenue_impact_usd, signal, run_id, attributes
    )
    SELECT
        sent.agent_id, coalesce(sent.state, 'running'), sent.sent_at, sent.work_items_processed,
        sent.average_processing_time_ms, sent.cpu_usage_percent, sent.memory_usage_mb,
        sent.memory_limit_mb, sent.error_count, sent.cost_efficiency, sent.user_satisfaction,
        sent.operational_efficiency, sent.revenue_impact_usd, sent.signal, sent.run_id,
        sent.attributes
    FROM json_populate_recordset(NULL::health.ingest_heartbeats, p_items) AS sent;
END;
$$;
COMMENT ON FUNCTION health_internal.insert_heartbeats(json) IS
'Inserts an array of heartbeats into ingest_heartbeats. Raises GW001 for a field it does not know, GW002 '
'for an item without agent_id, the rules of the columns, and AG005 for an agent that is not the login''s.';

CREATE OR REPLACE FUNCTION health.record_heartbeats(p_items json)
RETURNS TABLE (
    item_index integer, field text, code text, problem text, detail text, hint text
)
LANGUAGE plpgsql
VOLATILE
SET lock_timeout = '4s'
AS $$
DECLARE
    v_code text;
    v_is_explained boolean := false;
    v_item record;
    v_member record;
    v_problem text;
BEGIN
    BEGIN
        PERFORM health_internal.insert_heartbeats(p_items);
        RETURN;
    EXCEPTION
        -- What the sender can mend; never the server's own trouble.
        WHEN data_exception OR integrity_constraint_violation
            OR SQLSTATE 'AG005' OR SQLSTATE 'GW001' OR SQLSTATE 'GW002' THEN
            v_code := SQLSTATE;
            v_problem := SQLERRM;
    END;
    -- Nothing was written. One by one, because each may fail for a reason of its own: by field first, since
    -- what cannot be read does not say under which name it stood.
    item_index := -1;
    FOR v_item IN SELECT items.item FROM json_array_elements(p_items) AS items (item)
    LOOP
        item_index := item_index + 1;
        field := NULL;
        BEGIN
            IF json_typeof(v_item.item) = 'object' THEN
                FOR v_member IN SELECT json_each.key, json_each.value FROM json_each(v_item.item)
                LOOP
                    field := v_member.key;
                    PERFORM json_populate_record(
                        NULL::health.ingest_heartbeats,
                        json_build_object(v_member.key, v_member.value)
                    );
                END LOOP;
                field := NULL;
            ELSE
                RAISE EXCEPTION 'the item is no object but: %', left(v_item.item::text, 100)
                    USING ERRCODE = 'GW002',
                        HINT = 'Send for example {"agent_id": "invoice-sender", "error_count": 0}.';
            END IF;
            PERFORM health_internal.insert_heartbeats(json_build_array(v_item.item));
            RAISE EXCEPTION 'this item alone would be accepted' USING ERRCODE = 'GW009';
        EXCEPTION
            WHEN SQLSTATE 'GW009' THEN
                NULL;
            WHEN data_exception OR integrity_constraint_violation
                OR SQLSTATE 'AG005' OR SQLSTATE 'GW001' OR SQLSTATE 'GW002' THEN
                GET STACKED DIAGNOSTICS
                    code = RETURNED_SQLSTATE,
                    problem = MESSAGE_TEXT,
                    detail = PG_EXCEPTION_DETAIL,
                    hint = PG_EXCEPTION_HINT;
                detail := nullif(detail, '');
                hint := coalesce(
                    nullif(hint, ''),
                    'Send a value as the rule says, or leave the field out: see docs/ping.md.'
                );
                v_is_explained := true;
                RETURN NEXT;
        END;
        -- Whoever sends thousands of bad ones learns from the first hundred items.
        EXIT WHEN item_index >= 99 AND v_is_explained;
    END LOOP;
    IF NOT v_is_explained THEN
        RAISE EXCEPTION '%', v_problem
            USING ERRCODE = v_code,
                HINT = 'Each item alone would be accepted: send them again.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health.record_heartbeats(json) IS
'Records an array of heartbeats, objects with the fields of agent_heartbeats that agents may write, all of '
'them or none. Returns nothing when all are written; else what is wrong with them, one row per bad item: '
'item_index from 0, field where it is one, code (a domain''s or constraint''s, GW001 for an unknown field, '
'GW002 for an item that is no object or names no agent, AG005 for an agent that is not the login''s), '
'problem, detail, hint. Of more than a hundred items not all bad ones may be told. GW009 takes back what '
'was tried; never seen.';

GRANT EXECUTE ON FUNCTION
health_internal.insert_heartbeats(json),
health.record_heartbeats(json)
TO health_gateway;

COMMIT;
