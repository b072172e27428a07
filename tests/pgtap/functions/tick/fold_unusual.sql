-- Whose beats are out of the ordinary: what fold_usual_beats left.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.fold_unusual_beats}',
    $$
    VALUES
    ('health_internal.fold_unusual_beats(bigint,health_internal.beat[],boolean,health_internal.arrival_range,timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT name, name, '10 s' FROM unnest('{a1,a2,judged}'::text []) AS name;
SELECT beat(name, 0) FROM unnest('{a1,a2,judged}'::text []) AS name;
SELECT tick(0);
UPDATE health.agent_status SET judged_tick_id = -1 WHERE agent_id = 'judged';
SELECT beat('a1', 8), beat('a1', 9), beat('a2', 9), beat('judged', 9), beat('stranger', 9);
-- As a tick of number -1, of which judge_agents has judged one agent.
CREATE FUNCTION pg_temp.fold(p_is_many boolean) RETURNS bigint LANGUAGE sql AS $$
    SELECT health_internal.fold_unusual_beats(
        (t.turn).tick_id,
        ARRAY(SELECT ROW(b.*)::health_internal.beat FROM health_internal.arrived_heartbeats((t.turn).arrivals) AS b WHERE NOT p_is_many),
        p_is_many, (t.turn).arrivals, '-infinity'
    )
    FROM (SELECT turn('arrived', false)) AS t (turn)
$$;
SELECT is(pg_temp.fold(false), 3::bigint, 'the beats of two agents are left: not of one that was judged, nor of a stranger');
SELECT rows_are($$ SELECT agent_id, beat_count, last_heartbeat_at, next_due_at FROM health.agent_status WHERE agent_id <> 'heartbeat_health_agent' ORDER BY 1 $$,
    $$ SELECT agent_id, n, at, due FROM (VALUES ('a1', 3::bigint, at(9), timestamptz '-infinity'), ('a2', 2, at(9), '-infinity')) AS v (agent_id, n, at, due)
       UNION ALL SELECT agent_id, 1, at(0), next_due_at FROM health.agent_status WHERE agent_id = 'judged' $$, 'each is folded, and its agent due at once');
SELECT is(pg_temp.fold(false), 0::bigint, 'once');
UPDATE health.agent_status SET next_due_at = 'infinity', last_heartbeat_at = at(0) WHERE agent_id IN ('a1', 'a2');
SELECT is(pg_temp.fold(true), 3::bigint, 'many are read from where they arrived');

SELECT * FROM finish();
ROLLBACK;
