-- Messages about one incident.
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
        'health_internal.incident_message'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.incident_message(timestamp with time zone,bigint,text,integer,text)', 'f', 'sql', 's', false, '')
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
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) VALUES ('m1', 'M one', '1 day', 50);
SELECT pg_temp.beat('m1', 0); SELECT pg_temp.tick(1);
SELECT pg_temp.beat('m1', 10, 'failed'); SELECT pg_temp.tick(10);
INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before) VALUES ('m1', 'agent_unresponsive', pg_temp.at(11), pg_temp.at(11));
CREATE TEMP TABLE message ON COMMIT DROP AS
SELECT m.* FROM health.incidents CROSS JOIN LATERAL health_internal.incident_message(pg_temp.at(12), incident_id, 'escalated', 2, 'critical') AS m;
SELECT pg_temp.rows_are($$ SELECT subject, details ->> 'event', details -> 'step', details ->> 'agent_name', details ->> 'status_before', details -> 'score_before',
    details ->> 'status', details -> 'score', details ->> 'liveness', details -> 'revenue_usd_per_hour' FROM message $$,
    $$ VALUES ('M one: says it has failed', 'escalated', '2'::jsonb, 'M one', 'excellent', '100'::jsonb, 'critical', '20'::jsonb, 'alive', '50'::jsonb) $$, 'what, how bad, and how it was before');
SELECT pg_temp.rows_are($$ SELECT why ->> 'component', sign((why ->> 'contribution')::float8) FROM message, jsonb_array_elements(details -> 'why') WITH ORDINALITY AS w (why, n) ORDER BY n LIMIT 1 $$,
    $$ VALUES ('gate', -1::float8) $$, 'why: the most harmful first');
SELECT pg_temp.rows_are($$ SELECT details -> 'actions' -> 0 ->> 'action', details -> 'actions' -> 0 ->> 'state', details -> 'alerts' -> 0 ->> 'rule' FROM message $$,
    $$ VALUES ('restart_agent', 'pending', 'failed') $$, 'what was done, and which alerts');
SELECT ok(NOT details ? 'resolved_at' AND body LIKE 'Agent M one (m1)%Since 2031-05-06 07:00:10 UTC%', 'what has no value is left out') FROM message;
SELECT is((SELECT subject FROM health_internal.incident_message(pg_temp.at(12), max(incident_id), 'resolved', 0, 'critical')), 'M one: resolved', 'an end') FROM health.incidents;
SELECT is((SELECT subject FROM health_internal.incident_message(pg_temp.at(12), max(incident_id), 'reminder', 0, 'critical')), 'M one: still says it has failed', 'a reminder') FROM health.incidents;
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('dead_letters', NULL, 'critical', E'two\nlines', pg_temp.at(13), pg_temp.at(13));
UPDATE health_internal.engine SET self_checked_at = pg_temp.at(13);
SELECT pg_temp.tick(13);
SELECT pg_temp.rows_are($$ SELECT subject, details ->> 'agent_name', details -> 'why' FROM health.deliveries WHERE created_at = pg_temp.at(13) $$,
    $$ VALUES ('HeartbeatHealthAgent: two lines', 'HeartbeatHealthAgent', '[]'::jsonb) $$, 'the engine speaks for itself, in one line');

SELECT * FROM finish();
ROLLBACK;
