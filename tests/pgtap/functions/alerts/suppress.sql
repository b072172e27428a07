-- The facts of a decision.
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
        'health_internal.incident_facts'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.incident_facts(timestamp with time zone,bigint[])', 'f', 'sql', 's', false, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

CREATE FUNCTION pg_temp.at(p_seconds float8)
RETURNS timestamptz
LANGUAGE sql
RETURN timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_seconds);
CREATE FUNCTION pg_temp.beat(p_agent_id text, p_seconds float8, p_state text DEFAULT 'running')
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    VALUES (p_agent_id, pg_temp.at(p_seconds), p_state)
$$;
CREATE FUNCTION pg_temp.tick(p_seconds float8)
RETURNS bigint
LANGUAGE sql
RETURN (health.tick(pg_temp.at(p_seconds), true)).alerts_opened;
CREATE FUNCTION pg_temp.due(p_seconds float8) RETURNS bigint [] LANGUAGE sql AS $$
    SELECT array_agg(incident_id) FROM health.incidents WHERE NOT is_settled AND next_check_at <= pg_temp.at(p_seconds) $$;
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('f', 'f', '10 s');
SELECT pg_temp.beat('f', 10 * n) FROM generate_series(-30, 0) AS n;
SELECT pg_temp.tick(0);
SELECT is_empty($$ SELECT * FROM health_internal.incident_facts(pg_temp.at(1), pg_temp.due(1)) $$, 'nothing is due');
SELECT pg_temp.beat('f', 10, 'failed');
SELECT health_internal.fold_phase(pg_temp.at(10), true);
SELECT health_internal.act_on_alerts(pg_temp.at(10));
SELECT pg_temp.rows_are($$ SELECT agent_id, news, is_over, was_told, withheld, severity_rank, is_in_maintenance, is_in_fleet_incident, parent, is_silenced, is_flapping, is_acknowledged
    FROM health_internal.incident_facts(pg_temp.at(10), pg_temp.due(10)) $$,
    $$ VALUES ('f', 'new', false, false, NULL, 3, false, false, 'up', false, false, false) $$, 'trouble is news');
SELECT health_internal.notify(pg_temp.at(10));
SELECT is_empty($$ SELECT * FROM health_internal.incident_facts(pg_temp.at(11), pg_temp.due(11)) $$, 'once told it is not');
SELECT pg_temp.rows_are($$ SELECT news FROM health_internal.incident_facts(pg_temp.at(10 + 4 * 3600), pg_temp.due(10 + 4 * 3600)) $$, $$ VALUES ('reminder_due') $$, 'until four hours later');

SELECT * FROM finish();
ROLLBACK;
