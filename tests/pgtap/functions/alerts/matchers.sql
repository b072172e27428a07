-- Matchers: one way to say which agents and alerts.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.agent_matcher_keys,
        health_internal.check_matchers,
        health_internal.matches_agent,
        health_internal.matches_alert
    }',
    $$
    VALUES
    ('health_internal.agent_matcher_keys()', 'f', 'sql', 'i', false, ''),
    ('health_internal.check_matchers(jsonb,text[])', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.matches_agent(jsonb,health.agents)', 'f', 'sql', 'i', false, ''),
    ('health_internal.matches_alert(jsonb,text,text)', 'f', 'sql', 'i', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, agent_type, tenant, labels, criticality, revenue_usd_per_hour)
VALUES ('web-1', 'w', 'web', 'acme', '{"group": "shop", "zone": "a"}', 'vital', 1000),
    ('web_1', 'w', NULL, 'default', '{}', 'normal', 1001), ('db%1', 'd', 'db', 'acme', '{"group": "shop"}', 'high', 0);
INSERT INTO health.agents (agent_id, agent_name) VALUES ('back\slash', 'b');
SELECT health.set_policy('strict', '{"critical_below": 61}');
INSERT INTO health.agents (agent_id, agent_name, policy_class) VALUES ('strictly', 's', 'strict');
CREATE FUNCTION pg_temp.matching(p_matchers jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(agents.agent_id, ' ' ORDER BY agents.agent_id) FROM health.agents
    WHERE health_internal.matches_agent(p_matchers, agents) AND agents.agent_id <> 'heartbeat_health_agent' AND agents.agent_id ~ '1$' $$;
CREATE FUNCTION pg_temp.special(p_matchers jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(agents.agent_id, ' ' ORDER BY agents.agent_id) FROM health.agents WHERE health_internal.matches_agent(p_matchers, agents) AND agents.agent_id !~ '1$|^heartbeat' $$;
SELECT rows_are($$ SELECT m::text, pg_temp.matching(m::jsonb) FROM unnest(ARRAY[
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
SELECT rows_are($$ SELECT pg_temp.special(m::jsonb) FROM unnest(ARRAY['{"agent_id": "back\\*"}', '{"agent_id": "back\\slash"}', '{"agent_id": "backslash"}', '{"policy_class": "strict"}']) AS m $$,
    $$ VALUES ('back\slash'), ('back\slash'), (NULL), ('strictly') $$, 'a backslash is one');
SELECT is_empty($$ SELECT m FROM unnest(ARRAY['{"agent_ids": ["x"]}', '{"agent_type": "x"}', '{"tenant": "x"}', '{"policy_class": "x"}', '{"criticality": "x"}', '{"labels": {}}', '{"minimum_revenue_usd_per_hour": -1}']) AS m
    WHERE health_internal.matches_agent(m::jsonb, NULL) IS DISTINCT FROM false $$, 'any key is about agents');
SELECT is(health_internal.matches_agent('{}', NULL), true, 'the engine is matched by no key');
SELECT is(health_internal.matches_agent('{"agent_id": "*"}', NULL), false, 'and by none that names agents');
SELECT rows_are($$ SELECT health_internal.matches_alert(m::jsonb, 'failed', 'critical') FROM unnest(ARRAY[
    '{}', '{"rule": "failed"}', '{"rule": "error"}', '{"minimum_severity": "critical"}', '{"minimum_severity": "emergency"}',
    '{"maximum_severity": "critical"}', '{"maximum_severity": "warning"}']) AS m $$,
    $$ VALUES (true), (true), (false), (true), (false), (true), (false) $$, 'rule and severities of an alert');
SELECT is(health_internal.check_matchers(m, health_internal.agent_matcher_keys() || '{rule,minimum_severity,maximum_severity}'), m, 'good ones pass')
FROM (VALUES ('{"agent_id": "x", "agent_ids": ["x"], "agent_type": "x", "criticality": "high", "labels": {"x": 1}, "minimum_revenue_usd_per_hour": 1, "policy_class": "x", "tenant": "x", "rule": "failed",
    "minimum_severity": "info", "maximum_severity": "emergency"}'::jsonb), ('{}')) AS v (m);
SELECT throws_ok($$ SELECT health_internal.check_matchers('{"rule": "x", "agent_id": "x", "labels": 5, "agent_type": 7}', '{agent_id,agent_type,labels,rule}') $$, 'AL002', 'matcher "agent_type": 7 is not understood', 'the first that is wrong is named');
SELECT throws_ok('SELECT health_internal.check_matchers(NULL, NULL)', 'AL002', 'matchers must be a JSON object, not NULL', 'something is needed');
SELECT throws_ok(format('SELECT health_internal.check_matchers(%L, health_internal.agent_matcher_keys() || ''{rule,minimum_severity,maximum_severity}'')', m),
    'AL002', NULL, 'refused: ' || coalesce(m, 'NULL'))
FROM unnest(ARRAY[NULL, '[]', '"x"', '{"agnet_id": "x"}', '{"agent_id": 5}', '{"labels": "x"}', '{"agent_ids": "x"}',
    '{"minimum_revenue_usd_per_hour": "1000"}', '{"minimum_severity": "loud"}', '{"rule": "no_such_rule"}', '{"maximum_severity": "loud"}', '{"agent_ids": [5]}',
    '{"rule": null}']) AS m;
SELECT throws_ok($$ SELECT health_internal.check_matchers('{"maximum_severity": "info"}', '{minimum_severity}') $$, 'AL002', NULL, 'only the keys that are asked for');

SELECT * FROM finish();
ROLLBACK;
