-- Ingest: agents register and attach.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.attach,
        health.register_agent
    }',
    $$
    VALUES
    ('health.attach(text)', 'f', 'plpgsql', 'v', false, 'health_admin, health_agent, health_bridge'),
    ('health.register_agent(text,text,text,interval,jsonb,text)', 'f', 'sql', 'v', false, 'health_admin, health_agent, health_bridge')
    $$
);

SELECT lives_ok($$ SELECT health.register_agent('a1', 'One', 'worker', '5 seconds', '["x"]') $$, 'an agent registers');
SELECT lives_ok($$ SELECT health.register_agent('a1', p_agent_type => 'other') $$, 'and registers again');
SELECT rows_are(
    $$ SELECT agent_name, agent_type, expected_interval, capabilities FROM health.agents WHERE agent_id = 'a1' $$,
    $$ VALUES ('One', 'other', interval '5 seconds', '["x"]'::jsonb) $$,
    'what is not given stays'
);
SELECT throws_ok($$ SELECT health.register_agent('a1', p_policy_class => 'no such') $$, 'AG004', NULL,
    'a class without a policy is refused');
SELECT throws_ok($$ SELECT health.register_agent('a1', p_expected_interval => '1 millisecond') $$, '23514', NULL,
    'an interval below 100 ms is refused');
SELECT throws_ok($$ SELECT health.register_agent(NULL) $$, '23502', NULL, 'an agent has a name');
SELECT throws_ok($$ SELECT health.attach('nobody') $$, 'AG001', NULL, 'only the registered attach');
SELECT is(health.attach('a1'), (SELECT agent_number FROM health.agents WHERE agent_id = 'a1'), 'attach gives the number');
SELECT is(health.attach('a1'), (SELECT agent_number FROM health.agents WHERE agent_id = 'a1'), 'twice is the same');
SELECT is((SELECT count(*) FROM health.agent_sessions), 1::bigint, 'and one session');

SELECT * FROM finish();
ROLLBACK;
