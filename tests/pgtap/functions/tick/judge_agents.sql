-- Fold and judge: liveness, gates, status, conditions, hysteresis, by given times.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.judge_agents
    }',
    $$
    VALUES
    ('health_internal.judge_agents(health_internal.turn,health.policies)', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.judged(p_agent_id text)
RETURNS text
LANGUAGE sql
RETURN (
    SELECT concat_ws(' ', liveness, status, round(score::numeric)) FROM health.agent_status WHERE agent_id = p_agent_id
);
CREATE FUNCTION pg_temp.judged(p_agent_id text, p_seconds float8)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM health.tick(at(p_seconds), true);
    RETURN pg_temp.judged(p_agent_id);
END
$$;
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT name, name, '10 s' FROM unnest('{a1,a2,a3,a4,a5,a6}'::text []) AS name;
SELECT is(pg_temp.judged('a1', 0), 'never_seen', 'registered, never seen');
SELECT beat('a1', 1);
SELECT is(pg_temp.judged('a1', 1), 'alive excellent 100', 'the first heartbeat is enough');
SELECT beat('a1', 11); SELECT beat('a1', 21);
SELECT matches(pg_temp.judged('a1', 40), '^alive', 'a young agent is not late within two intervals');
SELECT is(pg_temp.judged('a1', 41.5), 'late fair 65', 'then it is');
SELECT is((SELECT issue_type FROM health.agent_status WHERE agent_id = 'a1'), NULL, 'which nobody is called for');
SELECT is(pg_temp.judged('a1', 51.5), 'unresponsive critical 0', 'after three it does not answer');
SELECT is((SELECT issue_type FROM health.agent_status WHERE agent_id = 'a1'), 'agent_unresponsive', 'which is an issue');
SELECT beat('a1', 60);
SELECT matches(pg_temp.judged('a1', 60), '^alive', 'one heartbeat brings it back');
SELECT beat('a2', 60, 'error'); SELECT beat('a3', 60, 'failed'); SELECT beat('a4', 60, 'initializing');
SELECT is(pg_temp.judged('a2', 61), 'alive critical 39', 'state error has at most 39');
SELECT is(pg_temp.judged('a3'), 'alive critical 20', 'state failed has at most 20');
SELECT is(pg_temp.judged('a4'), 'starting excellent 100', 'an agent that starts');
SELECT is(pg_temp.judged('a4', 89), 'starting excellent 100', 'has its grace');
SELECT is(pg_temp.judged('a4', 91), 'unresponsive critical 0', 'and no more');
SELECT beat('a5', 100); SELECT beat('a5', 105, 'stopped');
SELECT matches(pg_temp.judged('a5', 106), '^stopped', 'goodbye');
SELECT matches(pg_temp.judged('a5', 9000), '^stopped', 'stays goodbye');
SELECT is((SELECT active_conditions FROM health.agent_status WHERE agent_id = 'a5'), '{}', 'and is no alert');
SELECT beat('a6', 10000, 'stopping');
SELECT matches(pg_temp.judged('a6', 11000), '^stopped', 'who was stopping and is silent has stopped');
-- A bad score is soft until confirmed, and good again only with a margin.
INSERT INTO health.agents (agent_id, agent_name, expected_interval, latency_slo_ms) VALUES ('slow', 'slow', '10 s', 100);
CREATE FUNCTION pg_temp.slow(p_seconds float8, p_ms float8)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO health.agent_heartbeats (agent_id, received_at, average_processing_time_ms, cost_efficiency, error_count, work_items_processed)
    VALUES ('slow', at(p_seconds), p_ms, 0, p_seconds, p_seconds);
    PERFORM health.tick(at(p_seconds), true);
    RETURN (SELECT active_conditions::text FROM health.agent_status WHERE agent_id = 'slow');
END
$$;
SELECT is(pg_temp.slow(12000, 1e6), '{}', 'the first bad evaluation is soft');
SELECT matches(pg_temp.slow(12010, 1e6), 'score_critical', 'the second confirms');
SELECT is((SELECT performance_metrics FROM health.agent_status WHERE agent_id = 'slow'), 0::float8, 'far over its objective');
SELECT is((SELECT policy_id FROM health.agent_status WHERE agent_id = 'slow'),
    (SELECT policy_id FROM health.current_policies WHERE policy_class = 'standard'), 'the policy is remembered');
-- One judgement per new batch or deadline, never per tick.
SELECT beat('a1', 20000);
SELECT ok((health.tick(at(20001), true)).agents_judged >= 1, 'what beats is judged');
SELECT is((health.tick(at(20002), true)).agents_judged, 0::bigint, 'what does not is left alone');
-- Slowness is an issue, though everything is still done: throughput remembers ten minutes.
INSERT INTO health.agents (agent_id, agent_name, expected_interval, latency_slo_ms) VALUES ('tardy', 'tardy', '10 s', 20);
INSERT INTO health.agent_heartbeats (agent_id, received_at, run_id, work_items_processed, average_processing_time_ms)
SELECT 'tardy', at(50000 + 10 * n), 'r', 10 * n, CASE WHEN n < 100 THEN 5 ELSE 1000 END FROM generate_series(0, 99) AS n;
SELECT health.tick(at(50991), true);
SELECT is((SELECT issue_type FROM health.agent_status WHERE agent_id = 'tardy'), NULL, 'quick enough');
CREATE FUNCTION pg_temp.tardy_after(p_beats integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    FOR v_n IN 100 .. 99 + p_beats LOOP
        INSERT INTO health.agent_heartbeats (agent_id, received_at, run_id, work_items_processed, average_processing_time_ms) VALUES ('tardy', at(50000 + 10 * v_n), 'r', 10 * v_n, 1000);
        PERFORM health.tick(at(50000 + 10 * v_n), true);
        IF EXISTS (SELECT FROM health.agent_status WHERE agent_id = 'tardy' AND issue_type = 'performance_degradation') THEN
            RETURN v_n - 99;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
SELECT ok(pg_temp.tardy_after(12) BETWEEN 3 AND 9, 'fifty times its objective is an issue after a few beats, and not after one or two');

SELECT * FROM finish();
ROLLBACK;
