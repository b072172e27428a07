-- Few and many, unknown agents, who is due.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.count_arrived,
        health_internal.few_arrived,
        health_internal.fold_and_judge,
        health_internal.look_for_due
    }',
    $$
    VALUES
    ('health_internal.count_arrived(health_internal.arrival_range)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.few_arrived(health_internal.arrival_range,integer)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.fold_and_judge(timestamp with time zone,bigint,health_internal.arrival_range,boolean)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.look_for_due()', 'f', 'sql', 'v', false, '')
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

SELECT rows_are(
    $$ SELECT beat_count, cardinality(several) FROM health_internal.count_arrived(ROW('-infinity', pg_snapshot_xmin(pg_current_snapshot()), '{}', pg_current_snapshot(), pg_current_xact_id(), 0, 2147483647, NULL, 0)::health_internal.arrival_range) $$,
    $$ SELECT count(*), (SELECT count(*)::integer FROM (SELECT FROM health.agent_heartbeats GROUP BY agent_id HAVING count(*) > 1) AS s) FROM health.agent_heartbeats $$, 'arrivals are counted, and who has several is known'
);

-- Nobody is due before due_from, and nobody is looked for; whatever makes an agent due earlier says so.
CREATE FUNCTION pg_temp.tick(p_seconds float8, p_event text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health.system_events (agent_id, event_type, event_data, severity, received_at)
    SELECT 'q1', p_event, '{}', 'critical', timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_seconds) WHERE p_event IS NOT NULL;
    PERFORM health.tick(timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_seconds), true);
    RETURN (SELECT (due_from > last_now) || ' ' || (due_from <= (SELECT min(next_due_at) FROM health.agent_status)) || ' '
        || (SELECT liveness || ' ' || (judged_tick_id = tick_id) FROM health.agent_status WHERE agent_id = 'q1') FROM health_internal.engine);
END $$;
CREATE FUNCTION pg_temp.look(p_is_known boolean) RETURNS void LANGUAGE sql AS $$
    UPDATE health_internal.engine SET tick_id = tick_id + (8 - tick_id % 8) % 8 + 1 + p_is_known::integer $$;
SELECT pg_temp.look(true);
SELECT is(pg_temp.tick(602), 'true true alive false', 'few beat: it is known who is due next');
UPDATE health.agent_status SET next_due_at = '2031-05-06 07:10:03+00' WHERE agent_id = 'q1';
SELECT is(pg_temp.tick(603), 'true false alive false', 'until then nobody is looked for');
SELECT pg_temp.look(false);
UPDATE health_internal.engine SET tick_id = tick_id - 2;
SELECT is(pg_temp.tick(604), 'true true alive true', 'but in each eighth tick');
SELECT is(pg_temp.tick(604.5), 'true true alive false', 'and not in the next');
SELECT is(pg_temp.tick(605, 'crashed'), 'true true alive true', 'a bad event has its agent judged');
SELECT is(pg_temp.tick(606), 'true true alive false', 'once');
SELECT health_internal.look_for_due();
SELECT is((SELECT due_from FROM health_internal.engine), '-infinity', 'whoever writes next_due_at says so');
SELECT is(pg_temp.tick(607), 'true true alive false', 'and the next tick looks');
SELECT is(pg_temp.tick(659), 'true true alive false', 'who is silent');
SELECT is(pg_temp.tick(661), 'true true late true', 'is late in time');
SELECT is(pg_temp.tick(720), 'true true unresponsive true', 'and unresponsive');
SELECT cmp_ok(pg_temp.beat(1500, 760), '>=', 1500::bigint, 'thousands beat');
SELECT is((SELECT due_from FROM health_internal.engine), '-infinity', 'it is not known then: each tick looks');
SELECT * FROM finish();
ROLLBACK;
