-- dependencies: circles are refused whoever writes.
BEGIN;

SELECT no_plan();

-- results_eq refuses to compare columns of different collations; rows as text compare.
CREATE FUNCTION pg_temp.rows_are(p_have text, p_want text, p_what text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_have text;
    v_want text;
BEGIN
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_have) INTO v_have;
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_want) INTO v_want;
    RETURN is(v_have, v_want, p_what);
END
$$;

SELECT pg_temp.rows_are(
    $$
    SELECT
        p.oid::regprocedure::text,
        p.prokind::text,
        l.lanname::text,
        p.provolatile::text,
        p.prosecdef,
        coalesce(
            (
                SELECT string_agg(
                    CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                    ', ' ORDER BY a.grantee::regrole::text COLLATE "C"
                )
                FROM (SELECT DISTINCT grantee FROM aclexplode(p.proacl)) AS a
                WHERE a.grantee <> p.proowner
            ),
            ''
        )
    FROM pg_proc AS p
    JOIN pg_language AS l ON l.oid = p.prolang
    WHERE p.pronamespace::regnamespace::text || '.' || p.proname IN (
        'health_internal.tg_dependencies__refuse_cycles'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.tg_dependencies__refuse_cycles()', 'f', 'plpgsql', 'v', true, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

SELECT lives_ok($$ INSERT INTO health.dependencies (child_id, parent_id) VALUES ('a', 'b'), ('b', 'c'), ('c', 'd'), ('a', 'd') $$, 'a web is no circle');
SELECT throws_ok($$ INSERT INTO health.dependencies (child_id, parent_id) VALUES ('d', 'a') $$, 'AL005', NULL, 'a circle of any length is refused');
SELECT throws_ok($$ UPDATE health.dependencies SET parent_id = 'a' WHERE child_id = 'c' $$, 'AL005', NULL, 'by an update too');
SELECT throws_ok($$ INSERT INTO health.dependencies (child_id, parent_id) VALUES ('x', 'y'), ('y', 'x') $$, 'AL005', NULL, 'within one statement too');
SELECT lives_ok($$ UPDATE health.dependencies SET minimum_alive_count = 2 WHERE child_id = 'a' AND parent_id = 'b' $$, 'other columns may change');

SELECT * FROM finish();
ROLLBACK;
