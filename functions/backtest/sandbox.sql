-- The sandbox of a backtest: the engine's tables, empty, and its functions as they stand in the catalog, in
-- two schemas that are empty else. Whoever makes one rolls it back (run_backtest), so that what is replayed is
-- what runs, and the live engine notices nothing (docs/adr/0022-backtests-run-the-engine-in-a-sandbox.md).
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.sandbox_objects(p_roots text [])
RETURNS TABLE (kind text, object_oid oid, schema_name text, object_name text, definition text)
LANGUAGE sql
STABLE
-- So that the catalog writes every name with its schema.
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE known AS MATERIALIZED (
        SELECT
            'function' AS kind,
            pg_proc.oid AS object_oid,
            pg_proc.pronamespace::regnamespace::text AS schema_name,
            pg_proc.proname::text AS object_name,
            pg_get_functiondef(pg_proc.oid) AS definition
        FROM pg_proc
        WHERE pg_proc.pronamespace IN ('health'::regnamespace, 'health_internal'::regnamespace)
            AND pg_proc.prokind = 'f'
        UNION ALL
        SELECT
            CASE pg_class.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
            pg_class.oid,
            pg_class.relnamespace::regnamespace::text,
            pg_class.relname::text,
            CASE WHEN pg_class.relkind = 'v' THEN pg_get_viewdef(pg_class.oid) ELSE '' END
        FROM pg_class
        WHERE pg_class.relnamespace IN ('health'::regnamespace, 'health_internal'::regnamespace)
            AND pg_class.relkind IN ('r', 'p', 'v', 'S')
            AND NOT pg_class.relispartition
            -- Those of identity columns come with their table.
            AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE pg_depend.classid = 'pg_class'::regclass
                    AND pg_depend.objid = pg_class.oid
                    AND pg_depend.deptype = 'i'
                    AND pg_class.relkind = 'S'
            )
    ),

    -- What an object needs is known from its text: bodies of PL/pgSQL leave no dependencies.
    mentions AS MATERIALIZED (
        SELECT DISTINCT
            known.schema_name || '.' || known.object_name AS name,
            found.parts[1] AS needs
        FROM known
        CROSS JOIN LATERAL regexp_matches(
            known.definition, '\m(health(?:_internal)?\.\w+)', 'g'
        ) AS found (parts)
        UNION
        SELECT
            pg_trigger.tgrelid::regclass::text,
            pg_trigger.tgfoid::regproc::text
        FROM pg_trigger
        INNER JOIN known ON pg_trigger.tgrelid = known.object_oid
        WHERE NOT pg_trigger.tgisinternal
    ),

    reachable AS (
        SELECT roots.name
        FROM unnest(p_roots) AS roots (name)
        UNION
        SELECT mentions.needs
        FROM reachable
        INNER JOIN mentions ON reachable.name = mentions.name
    ),

    -- Arithmetic that touches no table is used as it is.
    touching AS (
        SELECT known.schema_name || '.' || known.object_name AS name
        FROM known
        WHERE known.kind <> 'function'
        UNION
        SELECT mentions.name
        FROM touching
        INNER JOIN mentions ON touching.name = mentions.needs
    )

    SELECT known.kind, known.object_oid, known.schema_name, known.object_name, known.definition
    FROM known
    INNER JOIN reachable ON known.schema_name || '.' || known.object_name = reachable.name
    INNER JOIN touching ON known.schema_name || '.' || known.object_name = touching.name
    ORDER BY known.object_oid;
$$;
COMMENT ON FUNCTION health_internal.sandbox_objects(text []) IS
'The tables, views, sequences and functions of the engine that p_roots (names with schema) need, directly '
'or not, as far as they touch a table: what a sandbox must hold. What only calculates is used as it is.';

CREATE OR REPLACE FUNCTION health_internal.sandboxed(
    p_definition text,
    p_sandbox text,
    p_names text []
)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN regexp_replace(
    p_definition,
    '\mhealth(_internal)?\.(' || array_to_string(p_names, '|') || ')\M',
    p_sandbox || '\1.\2',
    'g'
);
COMMENT ON FUNCTION health_internal.sandboxed(text, text, text []) IS
'A definition in which the objects named live in the schemas p_sandbox and p_sandbox_internal.';

CREATE OR REPLACE FUNCTION health_internal.sandbox_statement(
    p_object health_internal.sandbox_object,
    p_names text []
)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE (p_object).kind
    WHEN 'table' THEN format(
        'CREATE UNLOGGED TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
        'INCLUDING IDENTITY INCLUDING GENERATED INCLUDING INDEXES)',
        health_internal.sandboxed(
            (p_object).object_oid::regclass::text, 'health_backtest', p_names
        ),
        (p_object).object_oid::regclass
    )
    ELSE health_internal.sandboxed(
        CASE (p_object).kind
            WHEN 'sequence' THEN format('CREATE SEQUENCE %s', (p_object).object_oid::regclass)
            WHEN 'view' THEN format(
                'CREATE VIEW %s AS %s', (p_object).object_oid::regclass, (p_object).definition
            )
            ELSE (p_object).definition
        END,
        'health_backtest',
        p_names
    )
END;
COMMENT ON FUNCTION health_internal.sandbox_statement(
    health_internal.sandbox_object, text []
) IS
'The statement that makes an object of the engine, or a trigger, anew in the sandbox.';

CREATE OR REPLACE FUNCTION health_internal.build_sandbox(p_roots text [])
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET check_function_bodies = off
SET client_min_messages = error
AS $$
DECLARE
    v_objects health_internal.sandbox_object [];
    v_left health_internal.sandbox_object [];
    v_names text [];
    v_object health_internal.sandbox_object;
    v_error text;
BEGIN
    SELECT
        array_agg(
            ROW(objects.*)::health_internal.sandbox_object ORDER BY objects.object_oid
        ),
        array_agg(DISTINCT objects.object_name)
    INTO v_objects, v_names
    FROM health_internal.sandbox_objects(p_roots) AS objects;

    -- Statement by statement: each is another definition.
    FOREACH v_object IN ARRAY v_objects
    LOOP
        IF v_object.kind IN ('table', 'sequence') THEN
            EXECUTE health_internal.sandbox_statement(v_object, v_names);
        ELSE
            v_left := v_left || v_object;
        END IF;
    END LOOP;
    -- In the same way, since they hang on tables and call functions.
    v_left := v_left || ARRAY(
        SELECT (
            'trigger', pg_trigger.oid, '', pg_trigger.tgname, pg_get_triggerdef(pg_trigger.oid)
        )::health_internal.sandbox_object
        FROM pg_trigger
        INNER JOIN unnest(v_objects) AS objects ON pg_trigger.tgrelid = objects.object_oid
        WHERE NOT pg_trigger.tgisinternal
    );

    -- Views, triggers and functions whose bodies are parsed need others first; mostly the oldest.
    WHILE cardinality(v_left) > 0
    LOOP
        v_objects := v_left;
        v_left := '{}';
        FOREACH v_object IN ARRAY v_objects
        LOOP
            BEGIN
                EXECUTE health_internal.sandbox_statement(v_object, v_names);
            EXCEPTION
                WHEN undefined_function OR undefined_table OR undefined_object
                    OR invalid_schema_name THEN
                    v_left := v_left || v_object;
                    v_error := SQLERRM;
            END;
        END LOOP;
        IF cardinality(v_left) = cardinality(v_objects) THEN
            RAISE EXCEPTION 'the engine cannot be copied for a backtest: %', v_error
                USING ERRCODE = 'BT001',
                    HINT = 'Some definition names an object in a way the copy does not understand; '
                        'that is a mistake of this project, please report it.';
        END IF;
    END LOOP;
    RETURN cardinality(v_names);
END;
$$;
COMMENT ON FUNCTION health_internal.build_sandbox(text []) IS
'Fills the schemas health_backtest and health_backtest_internal with what p_roots need: tables unlogged, '
'empty, without foreign keys; functions, views and triggers as they are. Returns how many names. Raises BT001.';

COMMIT;
