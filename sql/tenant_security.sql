-- What a login confined to some tenants sees: of every table and view that analysts read, the rows of its
-- own agents. Taken from the catalog, so that a table or view made before this change is never forgotten.
-- Without FORCE the engine, which runs as the owner, notices nothing of it.
BEGIN;

SET LOCAL ROLE health_owner;

DO $$
DECLARE
    v_all constant text := '(SELECT health_internal.own_tenants()) IS NULL';
    v_own constant text := v_all
        || ' OR agent_id IN (SELECT health_internal.own_agent_ids())';
    v_relation record;
BEGIN
    -- A loop, because each object needs a statement of its own.
    FOR v_relation IN
        SELECT
            classes.oid::regclass AS name,
            classes.relname,
            classes.relrowsecurity,
            bool_or(columns.attname = 'agent_id') AS has_agent
        FROM pg_class AS classes
        INNER JOIN pg_attribute AS columns
            ON classes.oid = columns.attrelid AND columns.attnum > 0 AND NOT columns.attisdropped
        WHERE classes.relnamespace = 'health'::regnamespace
            AND classes.relkind IN ('r', 'p')
            AND NOT classes.relispartition
            AND has_table_privilege('health_analyst', classes.oid, 'SELECT')
        GROUP BY classes.oid, classes.relname, classes.relrowsecurity
    LOOP
        IF v_relation.relname = 'ingest_heartbeats' THEN
            -- COPY does not work under row-level security: analysts have recent_heartbeats instead.
            REVOKE SELECT ON health.ingest_heartbeats FROM health_analyst;
        ELSIF v_relation.relrowsecurity THEN
            EXECUTE format('ALTER POLICY readers_read ON %s USING (%s)', v_relation.name, v_own);
        ELSIF v_relation.has_agent OR v_relation.relname IN (
            'deliveries', 'dependencies', 'freeze_windows', 'maintenance_windows', 'recovery_steps',
            'recovery_storms', 'silences'
        ) THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', v_relation.name);
            EXECUTE format(
                'CREATE POLICY tenants_see_their_own ON %s FOR ALL TO PUBLIC USING (%s) WITH CHECK (true)',
                v_relation.name, CASE WHEN v_relation.has_agent THEN v_own ELSE v_all END
            );
        END IF;
    END LOOP;

    -- Views read as the owner, whom row-level security does not stop.
    FOR v_relation IN
        SELECT
            classes.oid::regclass AS name,
            bool_or(columns.attname = 'agent_id') AS has_agent,
            rtrim(pg_get_viewdef(classes.oid), '; ') AS definition
        FROM pg_class AS classes
        INNER JOIN pg_attribute AS columns
            ON classes.oid = columns.attrelid AND columns.attnum > 0
        WHERE classes.relnamespace = 'health'::regnamespace
            AND classes.relkind = 'v'
            AND has_table_privilege('health_analyst', classes.oid, 'SELECT')
        GROUP BY classes.oid
        HAVING classes.oid <> 'health.visible_agents'::regclass
            AND (
                bool_or(columns.attname = 'agent_id')
                OR classes.relname IN ('kpis', 'policy_comparison')
            )
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE VIEW %s WITH (security_barrier) AS SELECT shown.* FROM (%s) AS shown WHERE %s',
            v_relation.name, v_relation.definition,
            CASE WHEN v_relation.has_agent THEN v_own ELSE v_all END
        );
    END LOOP;
END;
$$;

COMMIT;
