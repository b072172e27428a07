-- When silence is called late and unresponsive, before it is.
BEGIN;

SELECT no_plan();

SELECT columns_are(
    'health', 'expectations',
    '{agent_id,liveness,basis,last_heartbeat_at,learnt_interval_seconds,late_after_seconds,unresponsive_after_seconds,late_at,unresponsive_at,judged_at}'::name [],
    'expectations has its columns'
);
INSERT INTO health.agents (agent_id, agent_name, expected_interval, grace)
SELECT v.name, v.name, '10 s', v.grace FROM (VALUES ('young', interval '0'), ('graced', '5 s'), ('starts', '0'), ('gone', '0'), ('mute', '0')) AS v (name, grace);
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) VALUES
('young', at(0), 'running'), ('graced', at(0), 'running'), ('starts', at(0), 'initializing'), ('gone', at(0), 'stopped');
SELECT is((health.tick(at(1), true)).is_busy, false, 'ticked');
CREATE FUNCTION pg_temp.expected(p_pattern text)
RETURNS TABLE (agent_id text, basis text, late_in float8, unresponsive_in float8)
LANGUAGE sql
AS $$
    SELECT e.agent_id, e.basis, date_part('epoch', e.late_at - at(0)), date_part('epoch', e.unresponsive_at - at(0))
    FROM health.expectations AS e WHERE e.agent_id ~ p_pattern ORDER BY 1
$$;
SELECT rows_are(
    $$ SELECT * FROM pg_temp.expected('young|graced|starts|gone|mute') $$,
    $$ VALUES ('graced', 'young', 25::float8, 35::float8), ('starts', 'start-up', 30, 30), ('young', 'young', 20, 30) $$,
    'a row for each that should beat, with its grace; none for who said goodbye or never spoke'
);
-- What it says is what happens.
INSERT INTO health.agent_heartbeats (agent_id, received_at)
SELECT 'known', at(n * 10 + (n % 7) / 5.0 + CASE WHEN n % 50 = 0 THEN 8 ELSE 0 END) FROM generate_series(1, 300) AS n;
SELECT is((health.tick(at(3010), true)).is_busy, false, 'ticked');
SELECT rows_are(
    $$ SELECT basis, liveness, late_at > at(3010), unresponsive_at > late_at, abs(late_after_seconds - date_part('epoch', late_at - last_heartbeat_at)) < 1e-5
        FROM health.expectations WHERE agent_id = 'known' $$,
    $$ VALUES ('learnt', 'alive', true, true, true) $$, 'learnt of one that has shown enough'
);
CREATE FUNCTION pg_temp.liveness_around(p_at timestamptz)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE v_seen text [];
BEGIN
    PERFORM health.tick(p_at - interval '1 ms', true);
    v_seen := ARRAY[(SELECT liveness FROM health.agent_status WHERE agent_id = 'known')];
    PERFORM health.tick(p_at + interval '1 ms', true);
    RETURN concat_ws(' ', v_seen[1], (SELECT liveness FROM health.agent_status WHERE agent_id = 'known'));
END
$$;
SELECT is(pg_temp.liveness_around(late_at), 'alive late', 'late when it says') FROM health.expectations WHERE agent_id = 'known';
SELECT is(pg_temp.liveness_around(unresponsive_at), 'late unresponsive', 'unresponsive when it says') FROM health.expectations WHERE agent_id = 'known';
-- The monitor's own blindness.
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('known', at(4000));
SELECT is((health.tick(at(4001), true)).is_busy, false, 'ticked');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(4005), at(4305), at(4365));
SELECT is(
    unresponsive_at, greatest(at(4365), at(4300) + make_interval(secs => unresponsive_after_seconds)),
    'is credited, and nobody is accused before it has settled'
) FROM health.expectations WHERE agent_id = 'known';
SELECT is(pg_temp.liveness_around(unresponsive_at), 'alive unresponsive', 'which is what happens') FROM health.expectations WHERE agent_id = 'known';
-- A lost session is not waited for.
UPDATE health.agent_status SET session_lost_at = at(9000) WHERE agent_id = 'young';
UPDATE health.agent_status SET last_heartbeat_at = at(8999) WHERE agent_id = 'young';
SELECT rows_are($$ SELECT late_in, unresponsive_in FROM pg_temp.expected('young') $$, $$ VALUES (9000::float8, 9000.9::float8) $$, 'a lost session hastens both');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.expectations $$, 'analysts read it');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
