-- Row security: an agent's login writes for its agents only, and reads no other's.
BEGIN;

SELECT no_plan();

SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'health'::regnamespace AND relrowsecurity
    AND relname IN ('agent_heartbeats', 'performance_metrics', 'system_events', 'agents', 'agent_sessions', 'agent_logins')),
    6::bigint, 'six tables are under row-level security');
SELECT is_empty($$ SELECT oid::regclass FROM pg_class WHERE relnamespace::regnamespace::text IN ('health', 'health_internal') AND relforcerowsecurity $$,
    'none of it is forced: the engine, which owns the tables, notices nothing');
CREATE ROLE test_login_pgtap IN ROLE health_agent;
INSERT INTO health.agent_logins VALUES ('test_login_pgtap', 'mine'), ('someone', 'other');
INSERT INTO health.agents (agent_id, agent_name) VALUES ('other', 'other');
SET LOCAL ROLE test_login_pgtap;
SELECT lives_ok($$ INSERT INTO health.agent_heartbeats (agent_id) VALUES ('mine') $$, 'its own');
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id) VALUES ('other') $$, '42501', NULL, 'no other''s');
SELECT lives_ok($$ INSERT INTO health.agent_heartbeats (agent_id, signal) VALUES ('mine', 'start') $$, 'with a signal');
SELECT throws_ok($$ INSERT INTO health_internal.job_signals (agent_id, run_id, signal) VALUES ('other', 'r', 'fail') $$, '42501', NULL, 'no other''s signal');
SELECT throws_ok($$ INSERT INTO health_internal.job_signals (agent_id, run_id, signal, received_at) VALUES ('mine', 'r', 'fail', now()) $$, '42501', NULL, 'at no time but now');
SELECT throws_ok($$ SELECT * FROM health_internal.job_signals $$, '42501', NULL, 'and reads none');
SELECT throws_ok($$ INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value) VALUES ('other', 'm', 1) $$, '42501', NULL, 'no metric');
SELECT throws_ok($$ INSERT INTO health.system_events (agent_id, event_type) VALUES ('other', 'e') $$, '42501', NULL, 'no event');
SELECT throws_ok($$ INSERT INTO health.agents (agent_id, agent_name) VALUES ('third', 'x') $$, '42501', NULL, 'no registration');
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('mine', now()) $$, '42501', NULL, 'not received_at');
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id, txid) VALUES ('mine', '3') $$, '42501', NULL, 'not txid');
SELECT throws_ok($$ INSERT INTO health.ingest_heartbeats (agent_id) VALUES ('mine') $$, '42501', NULL, 'not the gateway''s table');
SELECT throws_ok($$ INSERT INTO health.agent_logins VALUES ('test_login_pgtap', 'other') $$, '42501', NULL, 'no new agents for itself');
SELECT is_empty($$ SELECT * FROM health.agents $$, 'it sees no other agent');
SELECT rows_are($$ SELECT agent_id FROM health.agent_logins $$, $$ VALUES ('mine') $$, 'and its own logins');
SELECT throws_ok($$ UPDATE health.agents SET tenant = 'x' $$, '42501', NULL, 'and changes no tenant');
RESET ROLE;
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id) VALUES ('mine') $$, '42501', NULL, 'analysts write nothing');
SELECT lives_ok($$ SELECT count(*) FROM health.agent_heartbeats $$, 'and read');
RESET ROLE;
SELECT is((SELECT count(*) FROM health_internal.job_signals WHERE agent_id = 'mine'), 1::bigint, 'the signal was copied');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT * FROM health_internal.metric_series $$, '42501', NULL, 'not what is internal');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
