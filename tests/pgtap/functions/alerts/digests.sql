-- Digests: many incidents in one message.
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
        'health_internal.compose_digests'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.compose_digests(health_internal.digest_line[])', 'f', 'sql', 's', false, '')
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
INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour) SELECT 'm' || n, 'M' || n, n FROM generate_series(1, 60) AS n;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, revenue_usd_per_hour)
SELECT 'm' || n, 'critical', pg_temp.at(0), pg_temp.at(0), n FROM generate_series(1, 60) AS n;
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at)
SELECT incident_id, agent_id, rule, 'critical', CASE rule WHEN 'failed' THEN 'first' ELSE 'second' END, pg_temp.at(0)
FROM health.incidents CROSS JOIN unnest('{score_critical,failed}'::text []) AS rule;
CREATE TEMP TABLE composed ON COMMIT DROP AS
SELECT * FROM health_internal.compose_digests(ARRAY(
    SELECT ROW(channel, incident_id, CASE WHEN agent_id = 'm60' THEN 'resolved' ELSE 'opened' END, 'critical')::health_internal.digest_line
    FROM health.incidents CROSS JOIN unnest('{console,pager}'::text []) AS channel WHERE channel = 'console' OR agent_id IN ('m1', 'm2')));
SELECT pg_temp.rows_are($$ SELECT channel, severity, subject, cardinality(agent_ids), details -> 'incident_count', details -> 'revenue_usd_per_hour' FROM composed ORDER BY 1 $$,
    $$ VALUES ('console', 'critical', '60 incidents: first; second, 1 resolved', 60, '60'::jsonb, '1770'::jsonb), ('pager', 'critical', '2 incidents: first; second', 2, '2', '3') $$,
    'one per channel, with all agents and the revenue of those still down');
SELECT is((SELECT jsonb_array_length(details -> 'agents') FROM composed WHERE channel = 'console'), 50, 'fifty by name');
SELECT is((SELECT details -> 'agents' -> 0 ->> 'agent_id' FROM composed WHERE channel = 'console'), 'm59', 'the dearest first');
SELECT is_empty($$ SELECT * FROM health_internal.compose_digests('{}') $$, 'nothing is no digest');

SELECT * FROM finish();
ROLLBACK;
