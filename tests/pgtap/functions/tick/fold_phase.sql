-- fold_phase: few and many, unknown agents, the engines own beat.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.count_arrived,
        health_internal.few_arrived,
        health_internal.fold_and_judge,
        health_internal.fold_phase
    }',
    $$
    VALUES
    ('health_internal.count_arrived(health_internal.arrival_range)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.few_arrived(health_internal.arrival_range,integer)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.fold_and_judge(timestamp with time zone,bigint,health_internal.arrival_range,boolean)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.fold_phase(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT 'a' || n, 'a' || n, '10 s' FROM generate_series(1, 1500) AS n;
SELECT is((health.tick('2031-05-06 07:00:00+00', true)).agents_judged, 1::bigint, 'the engine judges itself');
CREATE FUNCTION pg_temp.beat(p_agents int, p_second int, p_times int DEFAULT 1)
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, work_items_processed)
    SELECT 'a' || n, timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_second + t * 10), p_second + t
    FROM generate_series(1, p_agents) AS n, generate_series(0, p_times - 1) AS t;
    SELECT (health.tick(timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_second + (p_times - 1) * 10), true)).agents_judged;
$$;
SELECT is(pg_temp.beat(3, 10), 3::bigint, 'few are looked up one by one');
SELECT is(pg_temp.beat(1500, 20), 1500::bigint, 'many that are new');
SELECT is(pg_temp.beat(1500, 30), 1501::bigint, 'many that go on, and the engine''s own beat');
SELECT is(pg_temp.beat(1500, 40, 2), 1500::bigint, 'many with two beats each are judged once');
SELECT rows_are(
    $$ SELECT DISTINCT beat_count, gap_count, work_items_processed FROM health.agent_status WHERE agent_id ~ '^a(4|1500)$' $$,
    $$ VALUES (4::bigint, 3::bigint, 41::bigint) $$, 'and every beat is folded'
);
SELECT is((SELECT count(DISTINCT (recent_item_sum, gap_sum, gap_weight)) FROM health.agent_status WHERE agent_id ~ '^a' AND beat_count = 4),
    1::bigint, 'the same for all');
SELECT is((health.tick('2031-05-06 07:09:00+00', true)).agents_judged, 1501::bigint, 'many that fall silent');
SELECT is((SELECT count(*) FROM health.agent_status WHERE liveness = 'unresponsive'), 1500::bigint, 'are all seen');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES
('stranger', '2031-05-06 07:09:01+00'), ('stranger', '2031-05-06 07:09:02+00'), ('a1', '2031-05-06 07:09:02+00');
SELECT is((health.tick('2031-05-06 07:09:03+00', true)).agents_judged, 2::bigint, 'a stranger''s beats are folded at once');
SELECT is((SELECT beat_count FROM health.agent_status WHERE agent_id = 'stranger'), 2::bigint, 'each of them');
SELECT is((SELECT agent_name FROM health.agents WHERE agent_id = 'stranger'), 'stranger', 'and it is registered');
-- Classes of policy are judged each by its own.
SELECT ok(health.set_policy('patient', '{"young_late_intervals": 9, "young_unresponsive_intervals": 9.5}') > 1, 'a class');
INSERT INTO health.agents (agent_id, agent_name, expected_interval, policy_class) VALUES ('p1', 'p1', '10 s', 'patient');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('p1', '2031-05-06 07:10:00+00'), ('q1', '2031-05-06 07:10:00+00');
SELECT is((health.tick('2031-05-06 07:10:01+00', true)).agents_judged, 4::bigint, 'two classes in a tick, beside the engine and one that is late');
SELECT rows_are(
    $$ SELECT agent_id, late_intervals, policy.policy_class FROM health.agent_status AS s
       JOIN health.policies AS policy USING (policy_id) WHERE agent_id IN ('p1', 'q1') ORDER BY 1 $$,
    $$ VALUES ('p1', 9::float8, 'patient'), ('q1', 2, 'standard') $$, 'each by its own policy'
);
SELECT * FROM finish();
ROLLBACK;
