-- Matchers: one way to say which agents and alerts.
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
        'health_internal.agent_matcher_keys',
        'health_internal.check_matchers',
        'health_internal.matches_agent',
        'health_internal.matches_alert'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.agent_matcher_keys()', 'f', 'sql', 'i', false, ''),
    ('health_internal.check_matchers(jsonb,text[])', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.matches_agent(jsonb,health.agents)', 'f', 'sql', 'i', false, ''),
    ('health_internal.matches_alert(jsonb,text,text)', 'f', 'sql', 'i', false, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

INSERT INTO health.agents (agent_id, agent_name, agent_type, tenant, labels, criticality, revenue_usd_per_hour)
VALUES ('web-1', 'w', 'web', 'acme', '{"group": "shop", "zone": "a"}', 'vital', 1000),
    ('web_1', 'w', NULL, 'default', '{}', 'normal', 1001), ('db%1', 'd', 'db', 'acme', '{"group": "shop"}', 'high', 0);
CREATE FUNCTION pg_temp.matching(p_matchers jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(agents.agent_id, ' ' ORDER BY agents.agent_id) FROM health.agents
    WHERE health_internal.matches_agent(p_matchers, agents) AND agents.agent_id <> 'heartbeat_health_agent' $$;
SELECT pg_temp.rows_are($$ SELECT m::text, pg_temp.matching(m::jsonb) FROM unnest(ARRAY[
    '{}', '{"agent_id": "web-1"}', '{"agent_id": "web_*"}', '{"agent_id": "*1"}', '{"agent_id": "db%1"}', '{"agent_id": "w%"}',
    '{"agent_ids": ["web-1", "db%1", "x"]}', '{"agent_type": "web"}', '{"tenant": "acme"}', '{"labels": {"group": "shop"}}',
    '{"labels": {"group": "shop"}, "tenant": "default"}', '{"criticality": "high"}', '{"minimum_revenue_usd_per_hour": 1000}',
    '{"policy_class": "standard", "agent_id": "db*"}']) AS m $$,
    $$ VALUES ('{}', 'db%1 web-1 web_1'), ('{"agent_id": "web-1"}', 'web-1'), ('{"agent_id": "web_*"}', 'web_1'),
    ('{"agent_id": "*1"}', 'db%1 web-1 web_1'), ('{"agent_id": "db%1"}', 'db%1'), ('{"agent_id": "w%"}', NULL),
    ('{"agent_ids": ["web-1", "db%1", "x"]}', 'db%1 web-1'), ('{"agent_type": "web"}', 'web-1'), ('{"tenant": "acme"}', 'db%1 web-1'),
    ('{"labels": {"group": "shop"}}', 'db%1 web-1'), ('{"labels": {"group": "shop"}, "tenant": "default"}', NULL),
    ('{"criticality": "high"}', 'db%1'), ('{"minimum_revenue_usd_per_hour": 1000}', 'web_1'),
    ('{"policy_class": "standard", "agent_id": "db*"}', 'db%1') $$, 'every key must fit; only * stands for other text');
SELECT is(health_internal.matches_agent('{}', NULL), true, 'the engine is matched by no key');
SELECT is(health_internal.matches_agent('{"agent_id": "*"}', NULL), false, 'and by none that names agents');
SELECT pg_temp.rows_are($$ SELECT health_internal.matches_alert(m::jsonb, 'failed', 'critical') FROM unnest(ARRAY[
    '{}', '{"rule": "failed"}', '{"rule": "error"}', '{"minimum_severity": "critical"}', '{"minimum_severity": "emergency"}',
    '{"maximum_severity": "critical"}', '{"maximum_severity": "warning"}']) AS m $$,
    $$ VALUES (true), (true), (false), (true), (false), (true), (false) $$, 'rule and severities of an alert');
SELECT lives_ok($$ SELECT health_internal.check_matchers('{"agent_id": "x", "rule": "failed"}', ARRAY['agent_id', 'rule']) $$, 'good ones pass');
SELECT throws_ok(format('SELECT health_internal.check_matchers(%L, health_internal.agent_matcher_keys() || ''{rule,minimum_severity}'')', m),
    'AL002', NULL, 'refused: ' || coalesce(m, 'NULL'))
FROM unnest(ARRAY[NULL, '[]', '"x"', '{"agnet_id": "x"}', '{"agent_id": 5}', '{"labels": "x"}', '{"agent_ids": "x"}',
    '{"minimum_revenue_usd_per_hour": "1000"}', '{"minimum_severity": "loud"}', '{"rule": "no_such_rule"}', '{"maximum_severity": "info"}']) AS m;

SELECT * FROM finish();
ROLLBACK;
