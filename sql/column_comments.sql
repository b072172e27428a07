-- A column that a view hands on means what it means in its table, and is described once.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE PROCEDURE health_internal.hand_on_comments(p_view regclass, VARIADIC p_sources regclass [])
LANGUAGE plpgsql
AS $$
DECLARE
    v_column record;
BEGIN
    -- A loop, because a comment is given by a statement of its own.
    FOR v_column IN
        SELECT DISTINCT ON (of_view.attnum)
            of_view.attname AS name,
            col_description(of_source.attrelid, of_source.attnum) AS description
        FROM unnest(p_sources) WITH ORDINALITY AS sources (relation, place)
        INNER JOIN pg_attribute AS of_view ON of_view.attrelid = p_view AND of_view.attnum > 0
        INNER JOIN pg_attribute AS of_source
            ON of_source.attrelid = sources.relation AND of_source.attname = of_view.attname
        WHERE col_description(of_view.attrelid, of_view.attnum) IS NULL
        ORDER BY of_view.attnum, sources.place
    LOOP
        EXECUTE format(
            'COMMENT ON COLUMN %s.%I IS %L', p_view, v_column.name, v_column.description
        );
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE health_internal.hand_on_comments(regclass, regclass []) IS
'Describes each column of a view that has no comment as the column of that name of the first source that has '
'one.';

COMMIT;
