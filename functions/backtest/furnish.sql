-- What a sandbox begins with: configuration as it stands, history in order; and how it is kept small.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.copying_statement(p_from regclass, p_to regclass)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT format(
        'INSERT INTO %2$s (%3$s) OVERRIDING SYSTEM VALUE SELECT %3$s FROM %1$s',
        p_from, p_to,
        string_agg(quote_ident(pg_attribute.attname), ', ' ORDER BY pg_attribute.attnum)
    )
    FROM pg_attribute
    WHERE pg_attribute.attrelid = p_from
        AND pg_attribute.attnum > 0
        AND NOT pg_attribute.attisdropped
        AND pg_attribute.attgenerated = ''
);
COMMENT ON FUNCTION health_internal.copying_statement(regclass, regclass) IS
'The INSERT that copies all rows of a table into another of its columns, identities included.';

CREATE OR REPLACE FUNCTION health_internal.furnish_sandbox(
    p_sandbox text,
    p_policy jsonb,
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text []
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table text;
    v_beats bigint;
    v_copied bigint;
BEGIN
    -- What people configured, as it stands now. Tables without a row of the past are left empty.
    FOREACH v_table IN ARRAY ARRAY[
        'settings', 'alert_rules', 'recovery_strategies', 'channels', 'escalation_policies',
        'escalation_steps', 'dependencies', 'silences', 'freeze_windows', 'maintenance_windows'
    ]
    LOOP
        EXECUTE health_internal.copying_statement(
            to_regclass(format('health.%I', v_table)),
            to_regclass(format('%I.%I', p_sandbox, v_table))
        );
    END LOOP;
    -- Rules of users ask the present.
    EXECUTE format('UPDATE %I.alert_rules SET is_enabled = false WHERE NOT is_builtin', p_sandbox);
    EXECUTE format(
        'UPDATE %I.channels SET rate_tokens = NULL, rate_tokens_at = NULL, group_until = NULL, '
        'group_messages_left = 0, group_severity = NULL',
        p_sandbox
    );
    EXECUTE format('UPDATE %I.maintenance_windows SET enrolled_at = NULL', p_sandbox);
    EXECUTE format(
        'INSERT INTO %I.policies OVERRIDING SYSTEM VALUE '
        'SELECT changed.* FROM health.current_policies AS live '
        'CROSS JOIN LATERAL health_internal.changed_policy(ROW(live.*)::health.policies, $1) AS changed',
        p_sandbox
    )
    USING p_policy;
    EXECUTE health_internal.copying_statement(
        'health.agents', to_regclass(format('%I.agents', p_sandbox))
    );
    IF p_agent_ids IS NOT NULL THEN
        EXECUTE format('DELETE FROM %I.agents WHERE NOT agent_id = ANY ($1)', p_sandbox)
        USING p_agent_ids;
    END IF;
    EXECUTE format(
        'INSERT INTO %I.engine (folded_until, system_identifier) '
        'SELECT pg_current_snapshot(), control.system_identifier FROM pg_control_system() AS control',
        p_sandbox || '_internal'
    );

    -- History, in order, to be handed out tick by tick.
    FOREACH v_table IN ARRAY ARRAY['agent_heartbeats', 'performance_metrics', 'system_events']
    LOOP
        EXECUTE format(
            'CREATE UNLOGGED TABLE %1$I.%3$I (LIKE %2$I.%4$I)',
            p_sandbox || '_internal', p_sandbox, 'history_of_' || v_table, v_table
        );
        EXECUTE format(
            $sql$
            INSERT INTO %1$I.%2$I
            SELECT rows_kept.*
            FROM health.%3$I AS rows_kept
            WHERE rows_kept.received_at >= $1
                AND rows_kept.received_at <= $2
                AND rows_kept.agent_id <> 'heartbeat_health_agent'
                AND ($3 IS NULL OR rows_kept.agent_id = ANY ($3))
            $sql$,
            p_sandbox || '_internal', 'history_of_' || v_table, v_table
        )
        USING p_from, p_to, p_agent_ids;
        IF v_table = 'agent_heartbeats' THEN
            GET DIAGNOSTICS v_beats = ROW_COUNT;
        END IF;
    END LOOP;
    EXECUTE format(
        $sql$
        INSERT INTO %1$I.history_of_agent_heartbeats
        SELECT rows_kept.*
        FROM health.ingest_heartbeats AS rows_kept
        WHERE rows_kept.received_at >= $1
            AND rows_kept.received_at <= $2
            AND ($3 IS NULL OR rows_kept.agent_id = ANY ($3))
        $sql$,
        p_sandbox || '_internal'
    )
    USING p_from, p_to, p_agent_ids;
    GET DIAGNOSTICS v_copied = ROW_COUNT;
    v_beats := v_beats + v_copied;
    FOREACH v_table IN ARRAY ARRAY['agent_heartbeats', 'performance_metrics', 'system_events']
    LOOP
        EXECUTE format(
            'CREATE INDEX ON %I.%I (received_at)', p_sandbox || '_internal', 'history_of_' || v_table
        );
    END LOOP;

    -- Room to rewrite what each tick updates: see sweep_sandbox.
    FOREACH v_table IN ARRAY health_internal.swept_tables(p_sandbox)
    LOOP
        EXECUTE format(
            'CREATE UNLOGGED TABLE %s (LIKE %s INCLUDING GENERATED)', v_table || '_kept', v_table
        );
    END LOOP;
    RETURN v_beats;
END;
$$;
COMMENT ON FUNCTION health_internal.furnish_sandbox(
    text, jsonb, timestamptz, timestamptz, text []
) IS
'Fills a sandbox: configuration as it stands now, the policy of each class with p_policy''s changes, an '
'engine that has not ticked, and the raw rows received in the period, of p_agent_ids or of all. Rules of '
'users are left out: they ask the present. Returns how many heartbeats there are.';

CREATE OR REPLACE FUNCTION health_internal.swept_tables(p_sandbox text)
RETURNS text []
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT array_agg(tables.name)
    FROM unnest(ARRAY[
        p_sandbox || '.agent_status', p_sandbox || '_internal.engine',
        p_sandbox || '_internal.metric_series', p_sandbox || '.incidents',
        p_sandbox || '.rule_findings', p_sandbox || '.recovery_actions', p_sandbox || '.channels'
    ]) AS tables (name)
    WHERE to_regclass(tables.name) IS NOT NULL
);
COMMENT ON FUNCTION health_internal.swept_tables(text) IS
'Tables of a sandbox whose rows ticks update again and again.';

CREATE OR REPLACE FUNCTION health_internal.sweep_sandbox(p_sandbox text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table text;
BEGIN
    -- One transaction keeps every version of a row it ever wrote, and would look through all of them.
    -- A table made in this subtransaction is truncated in place.
    FOREACH v_table IN ARRAY health_internal.swept_tables(p_sandbox)
    LOOP
        EXECUTE health_internal.copying_statement(
            to_regclass(v_table), to_regclass(v_table || '_kept')
        );
        EXECUTE format('TRUNCATE %s', to_regclass(v_table));
        EXECUTE health_internal.copying_statement(
            to_regclass(v_table || '_kept'), to_regclass(v_table)
        );
        EXECUTE format('TRUNCATE %s', to_regclass(v_table || '_kept'));
    END LOOP;
    -- These have been folded.
    EXECUTE format(
        'TRUNCATE %1$I.agent_heartbeats, %1$I.performance_metrics, %1$I.system_events, '
        '%2$I.agent_changes, %2$I.job_signals',
        p_sandbox, p_sandbox || '_internal'
    );
END;
$$;
COMMENT ON FUNCTION health_internal.sweep_sandbox(text) IS
'Rewrites what ticks update again and again, and empties what they have folded.';

COMMIT;
