-- Deciding: the function alone; its whole truth table is compared in tests/python/integration/test_truth_table.py.
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
        'health_internal.decide_notification',
        'health_internal.flapping_percent',
        'health_internal.severity_of_rank',
        'health_internal.severity_rank'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.decide_notification(text,boolean,boolean,boolean,boolean,boolean,text,boolean,boolean,boolean)', 'f', 'sql', 'i', false, ''),
    ('health_internal.flapping_percent(integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.severity_of_rank(integer)', 'f', 'sql', 'i', false, ''),
    ('health_internal.severity_rank(text)', 'f', 'sql', 'i', false, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

SELECT pg_temp.rows_are($$ SELECT health_internal.severity_rank(s) FROM unnest('{info,warning,critical,emergency,loud}'::text []) AS s $$,
    $$ VALUES (1), (2), (3), (4), (NULL) $$, 'severities ascend');
SELECT pg_temp.rows_are($$ SELECT health_internal.severity_of_rank(n) FROM generate_series(0, 5) AS n $$,
    $$ VALUES (NULL), ('info'), ('warning'), ('critical'), ('emergency'), (NULL) $$, 'and ranks name them');
-- By hand: newest 1.18 / 20 = 5.9 %, oldest 0.80 / 20 = 4.0 %, all 19.8 / 20 = 99 %.
SELECT pg_temp.rows_are(
    $$ SELECT ring, health_internal.flapping_percent(ring) FROM unnest(ARRAY[
        0, 1, 2, 3, 1 << 10, 1 << 19, 1048575, 31, 63, 349525, 699050, (1 << 20) + 1, 1015808
    ]) AS ring $$,
    $$ VALUES
        (0, 0::float8), (1, 5.9), (2, 5.8), (3, 11.7), (1024, 4.9), (524288, 4.0), (1048575, 99),
        (31, 28.5), (63, 33.9), (349525, 50), (699050, 49), (1048577, 5.9), (1015808, 21.0) $$,
    'the weighted share of changes is Icinga''s, to the last digit; older bits are not seen'
);
SELECT ok(abs(health_internal.flapping_percent(ring) - (
    SELECT sum(100 * (0.8 + 0.02 * (19 - b)) / 20) FROM generate_series(0, 19) AS b WHERE ring & (1 << b) <> 0
)) < 1e-9, 'as summed bit by bit: ' || ring) FROM unnest(ARRAY[5, 77777, 123456, 987654, 1000001]) AS ring;
SELECT pg_temp.rows_are($$
    SELECT health_internal.decide_notification('new', false, false, true, false, false, 'up', false, false, false),
        health_internal.decide_notification('new', false, false, true, true, true, 'down', true, true, true),
        health_internal.decide_notification('over', true, false, true, false, false, 'down', false, false, true) $$,
    $$ VALUES ('{send,opened}'::text [], '{withhold,maintenance}'::text [], '{send,resolved}'::text []) $$,
    'news are sent, mutes have an order, an end is told even to those who took it');

SELECT * FROM finish();
ROLLBACK;
