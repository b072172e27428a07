-- Triggers of status_transitions: a new issue queues its recovery, whoever caused it.
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
        'health_internal.tg_status_transitions__queue_recoveries'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.tg_status_transitions__queue_recoveries()', 'f', 'plpgsql', 'v', true, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

SELECT triggers_are('health', 'status_transitions', ARRAY['_500_queue_recoveries'], 'one');
INSERT INTO health.agent_status (agent_id) VALUES ('a1'), ('a2') ON CONFLICT DO NOTHING;
INSERT INTO health.status_transitions (agent_id, occurred_at, issue_type) VALUES
('a1', '2031-05-06 07:00+00', 'high_error_rate'), ('a2', '2031-05-06 07:00+00', NULL),
('heartbeat_health_agent', '2031-05-06 07:00+00', 'agent_unresponsive');
SELECT pg_temp.rows_are($$ SELECT agent_id, issue_type, state, attempt FROM health.recovery_actions $$,
    $$ VALUES ('a1', 'high_error_rate', 'pending', 1) $$, 'an issue is queued; the engine cannot restart itself');
INSERT INTO health.status_transitions (agent_id, occurred_at, issue_type, old_issue_type) VALUES
('a1', '2031-05-06 07:01+00', 'resource_exhaustion', 'high_error_rate'), ('a2', '2031-05-06 07:01+00', 'high_error_rate', 'high_error_rate');
SELECT is((SELECT count(*) FROM health.recovery_actions), 1::bigint, 'one at a time, and only new issues');
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.status_transitions (agent_id, occurred_at, issue_type) VALUES ('a2', '2031-05-06 07:02+00', 'high_error_rate');
SELECT is((SELECT count(*) FROM health.recovery_actions), 1::bigint, 'none where the policy forbids');

SELECT * FROM finish();
ROLLBACK;
