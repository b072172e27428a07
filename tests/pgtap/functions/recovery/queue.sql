-- The queue: by level, once, with back-off; on a person's word at once.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.request_recovery,
        health_internal.enqueue_recoveries,
        health_internal.queue_recoveries
    }',
    $$
    VALUES
    ('health.request_recovery(text,text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.enqueue_recoveries(timestamp with time zone,text[],text[],bigint[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.queue_recoveries(timestamp with time zone,text[],text[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.beat(p_seconds float8, p_state text DEFAULT 'running', p_agent_id text DEFAULT 'a1')
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    VALUES (p_agent_id, at(p_seconds), p_state)
$$;
CREATE FUNCTION pg_temp.tick(p_seconds float8)
RETURNS bigint
LANGUAGE sql
RETURN (health.tick(at(p_seconds), true)).recoveries_queued;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '5 s'), ('a2', 'a2', '1 h');
SELECT pg_temp.beat(s), pg_temp.beat(s, 'running', 'a2') FROM (VALUES (0), (5), (10)) AS t (s);
SELECT pg_temp.tick(11);
SELECT pg_temp.beat(12, 'failed');
SELECT is(pg_temp.tick(12), 1::bigint, 'a failed agent is queued');
SELECT is(pg_temp.tick(13), 0::bigint, 'once');
SELECT rows_are($$ SELECT agent_id, issue_type, action, state, attempt, requested_by, not_before, transition_id IS NOT NULL, incident_id IS NOT NULL FROM health.recovery_actions $$,
    $$ VALUES ('a1', 'agent_unresponsive', 'restart_agent', 'pending', 1, 'engine', at(12), true, true) $$, 'for a restart at once, with its transition and incident');
SELECT throws_ok($$ SELECT health.request_recovery('a1', 'high_error_rate', 'ana', at(13)) $$, 'RC003', NULL, 'one at a time, whoever asks');
SELECT throws_ok($$ SELECT health.request_recovery('nobody', 'high_error_rate', 'ana') $$, 'AG001', NULL, 'of a known agent');
SELECT throws_ok($$ SELECT health.request_recovery('a2', 'boredom', 'ana') $$, '23514', NULL, 'for a known issue');
SELECT is(health.request_recovery('a2', 'agent_unresponsive', 'engine', at(13)) > 0, true, 'a person may ask for a healthy one');
SELECT isnt((latest('a2')).requested_by, 'engine', 'but not in the engine''s name');
SELECT is((latest('a2')).released_at, at(13), 'no brake holds what a person asks');
-- Back-off: 10 s doubling, and from the start again after ten healthy minutes.
SELECT health.set_policy('standard', '{"recovery_budget_count": 100}');
CREATE FUNCTION pg_temp.attempt_and_wait() RETURNS text LANGUAGE sql
RETURN (SELECT (latest()).attempt || ' after ' || date_part('epoch', (latest()).not_before - (SELECT max(finished_at) FROM health.recovery_actions WHERE agent_id = 'a1')) || ' s');
CREATE FUNCTION pg_temp.fail_at_its_time() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := (latest()).not_before + interval '1 s';
BEGIN
    PERFORM health.tick(v_at, true);
    PERFORM health.report_recovery_action(c.action_id, c.fencing_token, 'failed', '{}', v_at)
    FROM health.claim_recovery_actions('w', 1, ARRAY['a1'], v_at) AS c;
    PERFORM health.tick(v_at + interval '1 s', true);
END $$;
SELECT pg_temp.fail_at_its_time();
SELECT is(pg_temp.attempt_and_wait(), '2 after 10 s', 'the second attempt waits 10 s');
SELECT pg_temp.fail_at_its_time();
SELECT is(pg_temp.attempt_and_wait(), '3 after 20 s', 'the third 20 s');
SELECT pg_temp.fail_at_its_time(); SELECT pg_temp.fail_at_its_time(); SELECT pg_temp.fail_at_its_time(); SELECT pg_temp.fail_at_its_time();
SELECT is(pg_temp.attempt_and_wait(), '7 after 300 s', 'never more than 300 s');
SELECT pg_temp.beat(1200 + 5 * n) FROM generate_series(0, 30) AS n; SELECT pg_temp.tick(1351);
SELECT is((latest()).state, 'cancelled', 'an agent that recovered by itself needs no restart');
SELECT is((latest()).outcome ->> 'reason', 'the agent recovered by itself', 'which is said');
SELECT pg_temp.beat(1355, 'failed'); SELECT pg_temp.tick(1355);
SELECT is((latest()).attempt, 7, 'too short a health starts nothing anew');
SELECT pg_temp.beat(1360 + 5 * n) FROM generate_series(0, 130) AS n; SELECT pg_temp.tick(1360 + 5 * n) FROM generate_series(0, 130) AS n;
SELECT pg_temp.beat(2015, 'failed'); SELECT pg_temp.tick(2015);
SELECT rows_are('SELECT (latest()).attempt, (latest()).not_before', $$ VALUES (1, at(2015)) $$,
    'ten healthy minutes do');

SELECT * FROM finish();
ROLLBACK;
