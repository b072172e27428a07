-- What stands against an agent's start by a bridge that starts.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.obstacles_to_start
    }',
    $$
    VALUES
    ('health.obstacles_to_start(text[],double precision,timestamp with time zone)', 'f', 'sql', 's', true, 'health_bridge')
    $$
);

CREATE FUNCTION pg_temp.against(p_seconds float8, p_waited float8 DEFAULT 0, p_agent_ids text [] DEFAULT '{a,b,new}') RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(agent_id || ' ' || obstacle || ': ' || reason, ', ' ORDER BY agent_id), 'nothing')
    FROM health.obstacles_to_start(p_agent_ids, p_waited, at(p_seconds)) $$;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a', 'a', '5 s'), ('b', 'b', '5 s');
SELECT is(pg_temp.against(0), 'nothing', 'whom the database has never heard may start');
SELECT beat(a, s) FROM unnest('{a,b}'::text []) AS a, unnest('{0,5,10}'::float8 []) AS s; SELECT tick(11);
SELECT is(pg_temp.against(12), 'nothing', 'nor is anything against one that was alive a moment ago');
SELECT is(pg_temp.against(12, p_agent_ids => '{}'), 'nothing', 'or nobody');
SELECT is(pg_temp.against(12, p_agent_ids => NULL), 'nothing', 'or NULL');
-- While a bridge waits somebody else may start it.
SELECT is(pg_temp.against(12, 3), 'a running: it is heard: somebody else has started it, b running: it is heard: somebody else has started it',
    'who is heard while a bridge waits needs no start');
SELECT is(pg_temp.against(12, 1), 'nothing', 'what was heard before says nothing');

-- Freeze: for what died, not for what said goodbye.
SELECT health.add_freeze_window('quarter end', at(13), at(40), 'ana');
SELECT beat('b', 13, 'stopped'); SELECT tick(14);
SELECT is(pg_temp.against(15), 'a freeze: freeze "quarter end"', 'in a freeze nothing that died is started, but what was stopped');
SELECT is(pg_temp.against(41), 'nothing', 'until it ends');
SELECT health.add_freeze_window('of others', at(41), at(50), 'ana', 'standard');
SELECT is(pg_temp.against(42), 'a freeze: freeze "of others"', 'its class counts');
UPDATE health.freeze_windows SET policy_class = 'other' WHERE window_name = 'of others';
SELECT is(pg_temp.against(42), 'nothing', 'that of others does not');
-- Maintenance: for all.
SELECT health.schedule_maintenance('{"agent_id": "*"}', at(43), at(60), 'ana', 'disk', p_now => at(43));
SELECT is(pg_temp.against(44), 'a maintenance: the agent is in maintenance, b maintenance: the agent is in maintenance', 'in maintenance nothing is started, stopped or not');
SELECT health.cancel_maintenance(max(window_id), 'ana', at(45)) FROM health.maintenance_windows;
SELECT is(pg_temp.against(46), 'nothing', 'until it ends');

-- A recovery that is about to start it does so; one that is held does not hold the bridge.
SELECT beat('a', 46, 'failed'); SELECT tick(46);
SELECT is(pg_temp.against(47), format('a recovery: recovery %s is to start it', (latest('a')).action_id), 'what the brakes let go starts it');
UPDATE health.recovery_actions SET released_at = NULL, not_before = at(90);
SELECT matches(pg_temp.against(47), '^a recovery', 'or will, after its back-off');
UPDATE health.recovery_actions SET hold = 'freeze';
SELECT matches(pg_temp.against(47), '^a recovery', 'or at the next tick, when a freeze has ended');
UPDATE health.recovery_actions SET released_at = NULL, hold = 'storm';
SELECT is(pg_temp.against(47), 'nothing', 'a storm says nothing against a host that boots');
UPDATE health.recovery_actions SET hold = 'monitor_gap';
SELECT is(pg_temp.against(47), 'nothing', 'nor does a server that boots with it');
UPDATE health.recovery_actions SET released_at = at(46), hold = NULL, not_before = at(46);
SELECT report(48, 'executing');
SELECT matches(pg_temp.against(49), '^a recovery', 'under way it is left alone');
-- Its end: nobody was there to try, or attempts failed.
UPDATE health.recovery_actions SET state = 'escalated', started_at = NULL, finished_at = at(50), outcome = '{"reason": "no bridge claimed it"}';
SELECT is(pg_temp.against(51), 'nothing', 'that no bridge was there is over when one is');
UPDATE health.recovery_actions SET started_at = at(48), outcome = '{"reason": "it did not help"}';
SELECT is(pg_temp.against(51), 'a person: a person was asked: it did not help', 'what was tried and did not help is a person''s');
UPDATE health.recovery_actions SET started_at = NULL, attempt = 4, outcome = '{}';
SELECT is(pg_temp.against(51), 'a person: a person was asked: it could not be recovered', 'as is what had used up its budget');
UPDATE health.recovery_actions SET settled_at = at(52);
SELECT is(pg_temp.against(53), 'nothing', 'until its trouble is over');
SELECT tap.recovery('a', 0, s, s + 1, 'failed') FROM unnest('{100,110,120}'::float8 []) AS s;
SELECT is(pg_temp.against(130), 'a budget: 3 recoveries of it began in the last 600 seconds', 'a budget that is used up is used up for its bridge too');
SELECT is(pg_temp.against(701), 'nothing', 'for as long as for anybody');
SELECT is(pg_temp.against(130, 100), 'a running: it is heard: somebody else has started it', 'unless it runs');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.obstacles_to_start('{a}') $$, '42501', NULL, 'agents do not ask');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
