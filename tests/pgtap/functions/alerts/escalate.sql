-- Escalation policies: what may be written. Their course is in notify.sql.
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
        'health.set_escalation_policy'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health.set_escalation_policy(text,jsonb,jsonb,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

SELECT health.set_channel('boss', 'webhook', p_is_default => false);
SELECT lives_ok($$ SELECT health.set_escalation_policy('shop', '{"labels": {"group": "shop"}}', '[{"channel": "boss"}, {"channel": "console", "delay": "1 hour", "minimum_severity": "critical", "repeat_count": 3, "repeat_interval": "30 minutes"}]') $$, 'a plan');
SELECT pg_temp.rows_are($$ SELECT step, channel, delay, minimum_severity, repeat_count, repeat_interval FROM health.escalation_steps WHERE escalation_policy = 'shop' ORDER BY 1 $$,
    $$ VALUES (1, 'boss', interval '0', 'warning', 0, interval '1 hour'), (2, 'console', interval '1 hour', 'critical', 3, interval '30 minutes') $$, 'as told');
SELECT lives_ok($$ SELECT health.set_escalation_policy('shop', '{}', '[{"channel": "boss"}]', false) $$, 'it is replaced');
SELECT is((SELECT count(*) FROM health.escalation_steps WHERE escalation_policy = 'shop'), 1::bigint, 'whole');
SELECT throws_ok(format('SELECT health.set_escalation_policy(''x'', ''{}'', %L)', s), 'AL007', NULL, 'refused: ' || coalesce(s, 'NULL'))
FROM unnest(ARRAY[NULL, '[]', '{}', '[1]', '[{"channel": "nobody"}]', '[{"delay": "1 hour"}]', '[{"channel": "boss", "when": "now"}]']) AS s;
SELECT throws_ok($$ SELECT health.set_escalation_policy('x', '{"agents": 1}', '[{"channel": "boss"}]') $$, 'AL002', NULL, 'matchers are understood');
SELECT throws_ok($$ SELECT health.set_escalation_policy('x', '{}', '[{"channel": "boss", "delay": "soon"}]') $$, '22007', NULL, 'a delay is an interval');
SELECT throws_ok($$ SELECT health.set_escalation_policy('x', '{}', '[{"channel": "boss", "repeat_count": 1000}]') $$, '23514', NULL, 'nobody is told for ever');
SELECT is((SELECT count(*) FROM health.escalation_policies WHERE escalation_policy = 'executives'), 1::bigint, 'executives have a plan from the beginning');
SET LOCAL ROLE health_operator;
SELECT throws_ok($$ SELECT health.set_escalation_policy('x', '{}', '[{"channel": "boss"}]') $$, '42501', NULL, 'operators make no plans');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
