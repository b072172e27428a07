-- Triggers of agent_status: every change of status, liveness or issue is a transition.
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
        'health_internal.tg_agent_status__note_transition'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.tg_agent_status__note_transition()', 'f', 'plpgsql', 'v', false, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

SELECT triggers_are('health', 'agent_status', ARRAY['_500_note_transition'], 'one');
INSERT INTO health.agent_status (agent_id) VALUES ('a1');
UPDATE health.agent_status SET score = 99, judged_at = '2031-05-06 07:00+00', beat_count = 1 WHERE agent_id = 'a1';
SELECT is_empty($$ SELECT * FROM health.status_transitions $$, 'a score alone is no transition');
UPDATE health.agent_status SET status = 'excellent', liveness = 'alive', last_heartbeat_at = '2031-05-06 06:59+00', judged_tick_id = 7 WHERE agent_id = 'a1';
SELECT pg_temp.rows_are($$ SELECT agent_id, occurred_at, old_status, new_status, old_liveness, new_liveness, old_score, new_score, last_heartbeat_at, tick_id FROM health.status_transitions $$,
    $$ VALUES ('a1', timestamptz '2031-05-06 07:00+00', NULL, 'excellent', 'never_seen', 'alive', 99::float8, 99::float8, timestamptz '2031-05-06 06:59+00', 7::bigint) $$,
    'a status is, with what was known then');
UPDATE health.agent_status SET status = 'excellent' WHERE agent_id = 'a1';
SELECT is((SELECT count(*) FROM health.status_transitions), 1::bigint, 'the same again is not');

SELECT * FROM finish();
ROLLBACK;
