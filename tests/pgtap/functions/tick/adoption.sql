-- adoption: rows that came from elsewhere.
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
        'health_internal.adopt_rows'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.adopt_rows(pg_snapshot,xid8)', 'f', 'plpgsql', 'v', false, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

-- Behaviour needs another cluster: tests/python/integration/test_exactly_once.py restores dumps and moves files.
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('here', '2031-05-06 07:00:00+00');
SELECT is((health.tick('2031-05-06 07:00:01+00', true)).is_busy, false, 'ticked');
INSERT INTO health.agent_heartbeats (agent_id, received_at, txid) VALUES
('seen', '2031-05-06 07:00:02+00', '900000000000'), ('unseen', '2031-05-06 07:00:02+00', '900000000005');
SELECT is(
    (SELECT health_internal.adopt_rows('900000000001:900000000001:', NULL) >= 2), true,
    'rows whose txid is not their system xmin came from elsewhere'
);
SELECT pg_temp.rows_are(
    $$ SELECT agent_id, txid = '3' AS is_old, txid = pg_current_xact_id() AS is_new FROM health.agent_heartbeats
       WHERE agent_id IN ('seen', 'unseen') ORDER BY 1 $$,
    $$ VALUES ('seen', true, false), ('unseen', false, true) $$,
    'what the stored snapshot had seen is never read again, the rest now'
);
SELECT * FROM finish();
ROLLBACK;
