-- Whom a bridge can restart: what nobody can is told with the trouble, in one message.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.announce_agents,
        health_internal.tell_of_unmanaged,
        health_internal.unmanaged_agents
    }',
    $$
    VALUES
    ('health.announce_agents(text,text[],timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health_internal.tell_of_unmanaged(timestamp with time zone,text[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.unmanaged_agents(text[],timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

UPDATE health.settings SET group_burst = 1000;
-- What bridges say.
SELECT throws_ok($$ SELECT health.announce_agents('x', '{a}') $$, 'AG006', 'worker "x" is no bridge', 'a bridge is called bridge:NAME');
SELECT throws_ok($$ SELECT health.announce_agents(NULL, '{a}') $$, 'AG006', NULL, 'and has a name');
SELECT health.announce_agents('bridge:one', '{b,NULL,a,b}', at(0));
SELECT health.announce_agents('bridge:one', '{a,b}', at(5));
SELECT rows_are('SELECT worker, agent_ids, announced_at FROM health_internal.bridges', $$ VALUES ('bridge:one', '{a,b}'::text [], at(0)) $$, 'what it says again is not written');
SELECT health.announce_agents('bridge:one', '{a}', at(6));
SELECT rows_are('SELECT agent_ids, announced_at FROM health_internal.bridges', $$ VALUES ('{a}'::text [], at(6)) $$, 'what changed is');
SELECT health.announce_agents('bridge:messages', NULL, at(6));
SELECT is((SELECT agent_ids FROM health_internal.bridges WHERE worker = 'bridge:messages'), '{}', 'one may manage nobody');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT health.announce_agents('bridge:one', '{z}') $$, '42501', NULL, 'agents announce nothing');
RESET ROLE;

-- What follows from it.
SELECT is(health_internal.unmanaged_agents('{a,z}', at(10)), '{z}', 'whom no bridge named nobody manages');
SELECT is(health_internal.unmanaged_agents('{}', at(10)), '{}', 'of nobody there is none');
SELECT beat('bridge:old', 1); SELECT tick(11);
SELECT is(health_internal.unmanaged_agents('{a,z}', at(12)), '{}', 'unless a bridge is heard that has not said whom it manages');
SELECT is(health_internal.unmanaged_agents('{a,z}', at(86390)), '{}', 'for a day');
SELECT is(health_internal.unmanaged_agents('{a,z}', at(86404)), '{z}', 'not for ever');
SELECT is(health_internal.unmanaged_agents('{a,z}', at(86407)), '{}', 'and what bridges said that are gone counts as little: nothing is known');
SELECT beat('bridge:one', 86300); SELECT tick(86301);
SELECT is(health_internal.unmanaged_agents('{a,z}', at(86420)), '{z}', 'one that is heard counts for as long as it is');
DELETE FROM health.agents WHERE agent_id LIKE 'bridge:%'; SELECT tick(86302);

-- In the tick: z is nobody's.
SELECT health.announce_agents('bridge:one', '{a,n}', at(86400)), health.announce_agents('bridge:messages', '{}', at(86400));
UPDATE health_internal.bridges SET announced_at = at(86400);
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a', 'a', '1 day'), ('n', 'n', '1 day'), ('z', 'z', '1 day');
SELECT beat(a, s) FROM unnest('{a,n,z}'::text []) AS a, unnest('{86310,86315,86320}'::float8 []) AS s; SELECT tick(86401);
SELECT beat(a, 86410, 'failed') FROM unnest('{a,z}'::text []) AS a; SELECT tick(86411);
CREATE FUNCTION pg_temp.told(p_agent_id text) RETURNS text LANGUAGE sql RETURN (
    SELECT string_agg(event || ': ' || (details ->> 'summary'), ' | ' ORDER BY delivery_id) FROM health.deliveries WHERE agent_ids = ARRAY[p_agent_id]);
SELECT is(pg_temp.told('z'), 'opened: says it has failed; could not be recovered: no bridge manages it', 'the first message says that nobody will restart it');
SELECT is(pg_temp.told('a'), 'opened: says it has failed', 'of one that a bridge manages it does not');
SELECT rows_are($$ SELECT state, told_at FROM health.recovery_actions WHERE agent_id = 'z' $$, $$ VALUES ('pending', at(86411)) $$, 'its recovery waits all the same: somebody may claim it');
SELECT deliver(86412);
-- Neither is claimed for two minutes.
SELECT tick(86411 + 10 * n) FROM generate_series(1, 13) AS n;
SELECT rows_are($$ SELECT agent_id, state, outcome ->> 'reason' FROM health.recovery_actions WHERE agent_id IN ('a', 'z') ORDER BY 1 $$,
    $$ VALUES ('a', 'escalated', 'no bridge claimed it'), ('z', 'escalated', 'no bridge claimed it') $$, 'nobody claimed them');
SELECT is(pg_temp.told('z'), 'opened: says it has failed; could not be recovered: no bridge manages it', 'which is no news of the one');
SELECT is(pg_temp.told('a'), 'opened: says it has failed | recovery_failed: says it has failed; could not be recovered: no bridge claimed it', 'but of the one whose bridge was away');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'recovery_failed'), 2::bigint, 'both are a person''s');
SELECT beat(a, 86550 + s) FROM unnest('{a,z}'::text []) AS a, unnest('{0,5,10}'::float8 []) AS s; SELECT tick(86561);
SELECT rows_are($$ SELECT DISTINCT state FROM health.recovery_actions WHERE agent_id IN ('a', 'z') AND settled_at IS NOT NULL $$, $$ VALUES ('escalated') $$, 'until it is well');
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE agent_id IN ('a', 'z') $$, 'then nothing is left open');
SELECT deliver(86562);

-- Trouble that alerts later, and no more severely than itself.
CREATE FUNCTION pg_temp.ail(p_agent_id text, p_issue text, p_conditions text []) RETURNS void LANGUAGE sql AS $$
    UPDATE health.agent_status SET issue_type = p_issue, active_conditions = p_conditions WHERE agent_id = p_agent_id $$;
SELECT pg_temp.ail('z', 'high_error_rate', '{}'); SELECT health_internal.act_phase(at(86570));
SELECT is((latest('z')).told_at, NULL, 'while nobody is told of the trouble there is nothing to add');
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE agent_id = 'z' $$, 'and nothing opens');
DELETE FROM health.deliveries;
SELECT pg_temp.ail('z', 'high_error_rate', '{high_error_rate}'); SELECT health_internal.act_phase(at(86571));
SELECT is(pg_temp.told('z'), 'opened: could not be recovered: no bridge manages it; its error rate is high', 'it is added when somebody is');
SELECT rows_are($$ SELECT rule, severity FROM health.open_alerts WHERE agent_id = 'z' ORDER BY 1 $$, $$ VALUES ('high_error_rate', 'warning'), ('recovery_failed', 'warning') $$,
    'and makes nothing worse');
SELECT health_internal.act_phase(at(86571 + n)) FROM unnest('{60,119,121,130}'::integer []) AS n;
SELECT is((latest('z')).state, 'escalated', 'nor does it when nobody claimed it');
SELECT is((SELECT count(*) FROM health.deliveries WHERE agent_ids = '{z}'), 1::bigint, 'one message in all');
-- A storm asks a person about all of them.
SELECT pg_temp.ail('z', NULL, '{}'); SELECT health_internal.act_phase(at(86800));
UPDATE health.settings SET storm_share = 0.1, storm_count = 1;
SELECT pg_temp.ail('z', 'agent_unresponsive', '{unresponsive}'); SELECT pg_temp.ail('n', 'agent_unresponsive', '{unresponsive}'); SELECT health_internal.act_phase(at(86810));
SELECT rows_are($$ SELECT hold, told_at FROM health.recovery_actions WHERE state = 'pending' $$, $$ VALUES ('storm', NULL::timestamptz), ('storm', NULL) $$, 'then nothing is added');
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE rule = 'recovery_failed' $$, 'nor opened');
-- He lets them go, and nobody claims them.
SELECT health.approve_recoveries('ana', p_now => at(86811));
SELECT health_internal.act_phase(at(86811 + n)) FROM unnest('{1,119,122,130}'::integer []) AS n;
SELECT rows_are($$ SELECT agent_id, state, outcome ->> 'reason', told_at FROM health.recovery_actions WHERE agent_id IN ('n', 'z') AND settled_at IS NULL ORDER BY 1 $$,
    $$ VALUES ('n', 'escalated', 'no bridge claimed it', at(86933)), ('z', 'escalated', 'no bridge claimed it', at(86933)) $$, 'both become a person''s');
SELECT rows_are($$ SELECT DISTINCT agent_ids[1], event FROM health.deliveries WHERE created_at > at(86811) AND agent_ids && '{n,z}' ORDER BY 1 $$, $$ VALUES ('n', 'recovery_failed') $$,
    'which is news of the one whose bridge was away, not of the one nobody manages');
SELECT rows_are($$ SELECT agent_id, details ->> 'reason' FROM health.open_alerts WHERE rule = 'recovery_failed' AND agent_id IN ('n', 'z') ORDER BY 1 $$,
    $$ VALUES ('n', 'no bridge claimed it'), ('z', 'no bridge manages it') $$, 'the ledger says of it why');

SELECT * FROM finish();
ROLLBACK;
