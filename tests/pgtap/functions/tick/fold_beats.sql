-- fold_beats: beats out of the ordinary, one by one.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.fold_beats}',
    $$
    VALUES
    ('health_internal.fold_beats(health.agent_status,health_internal.beat[],double precision,timestamp with time zone,double precision,double precision,double precision)', 'f', 'plpgsql', 's', false, '')
    $$
);

-- An agent's state after beats given as JSON, each with its second.
CREATE FUNCTION pg_temp.folded(p_beats jsonb, p_from health.agent_status DEFAULT NULL, p_blind float8 DEFAULT NULL)
RETURNS health.agent_status
LANGUAGE sql
AS $$
    SELECT health_internal.fold_beats(
        CASE WHEN p_from IS NOT NULL OR p_from.agent_id IS NOT NULL THEN p_from ELSE jsonb_populate_record(NULL::health.agent_status,
            '{"agent_id": "a", "liveness": "never_seen", "active_conditions": [], "beat_count": 0, "gap_count": 0,
              "gap_weight": 0, "gap_sum": 0, "gap_square_sum": 0, "clump_seconds": 0, "error_sum": 0, "item_sum": 0,
              "recent_item_sum": 0, "baseline_item_sum": 0, "baseline_seconds": 0}') END,
        ARRAY(
            SELECT jsonb_populate_record(
                NULL::health_internal.beat,
                '{"agent_id": "a", "state": "running"}'::jsonb || beat
                || jsonb_build_object('received_at', at((beat ->> 's')::float8))
            )
            FROM jsonb_array_elements(p_beats) WITH ORDINALITY AS b (beat, n)
            ORDER BY n
        ),
        10, coalesce(at(p_blind), '-infinity'), 600, 3600, 86400
    )
$$;

SELECT rows_are(
    $$ SELECT f.beat_count, f.gap_count, f.gap_weight, f.learnt_interval_seconds, f.first_heartbeat_at = f.last_heartbeat_at,
        f.run_started_at = at(0), f.state, f.error_count, f.error_sum, f.item_sum, f.recent_item_sum,
        f.processing_mean_ms, f.baseline_processing_ms, f.memory_mean_mb, f.late_intervals
       FROM pg_temp.folded('[{"s": 0, "error_count": 3, "work_items_processed": 7, "average_processing_time_ms": 5, "memory_usage_mb": 9}]') AS f $$,
    $$ VALUES (1::bigint, 0::bigint, 0::float8, 10::float8, true, true, 'running', 3::bigint, 3::float8, 7::float8, 0::float8,
        5::float8, 5::float8, 9::float8, NULL::float8) $$,
    'the first beat counts its counters in full, but throughput only from there'
);
SELECT rows_are(
    $$ SELECT f.beat_count, f.gap_count, round(f.gap_weight::numeric, 9) = round((1 + exp(-10 / 600.0::float8))::numeric, 9),
        round(f.gap_sum::numeric, 9) = round((600 * (1 - exp(-20 / 600.0::float8)))::numeric, 9),
        round(f.error_sum::numeric, 9) = round((2 * exp(-10 / 3600.0::float8) + 1)::numeric, 9), f.error_count
       FROM pg_temp.folded('[{"s": 0, "error_count": 0}, {"s": 10, "error_count": 2}, {"s": 20, "error_count": 3}]') AS f $$,
    $$ VALUES (3::bigint, 2::bigint, true, true, true, 3::bigint) $$,
    'sums decay from beat to beat'
);
-- Of a gap three intervals and the grace count; of a job, which has a schedule, all.
SELECT rows_are(
    $$ SELECT v.n, round(f.gap_sum::numeric, 6) = round((600 * (1 - exp(-v.counted / 600.0::float8)))::numeric, 6), round(f.gap_square_sum::numeric, 3) = round((600 * (1 - exp(-v.counted / 600.0::float8)))::numeric ^ 2, 3), f.gap_weight
       FROM (VALUES (1, 29, 0, 29), (2, 30, 0, 30), (3, 31, 0, 30), (4, 5000, 0, 30), (5, 5000, 7, 37), (6, 5000, 1e9, 5000)) AS v (n, gap, grace, counted)
       CROSS JOIN LATERAL (SELECT pg_temp.folded('[{"s": 0}]') AS before) AS b
       CROSS JOIN LATERAL pg_temp.folded(jsonb_build_array(jsonb_build_object('s', v.gap)), jsonb_populate_record(b.before, jsonb_build_object('grace_seconds', v.grace))) AS f ORDER BY v.n $$,
    $$ VALUES (1, true, true, 1::float8), (2, true, true, 1), (3, true, true, 1), (4, true, true, 1), (5, true, true, 1), (6, true, true, 1) $$,
    'an outage is no inconsistency: three intervals of a gap count, and the grace'
);
SELECT is((SELECT gap_weight FROM pg_temp.folded('[{"s": 5000}]', jsonb_populate_record(pg_temp.folded('[{"s": 0}, {"s": 10}]'), '{"grace_seconds": 0}')) AS f), 1 + exp(-30 / 600.0::float8),
    'nor does what was before it fade for longer');
SELECT is((pg_temp.folded('[{"s": 0}, {"s": 20}, {"s": 40}]')).learnt_interval_seconds > 14, true,
    'an interval that was told wrongly is unlearnt');
SELECT rows_are(
    $$ SELECT f.gap_count, round(f.clump_seconds::numeric, 6) FROM pg_temp.folded('[{"s": 0}, {"s": 10}, {"s": 10.5}]') AS f
       UNION ALL SELECT f.gap_count, f.clump_seconds::numeric FROM pg_temp.folded('[{"s": 0}, {"s": 10}, {"s": 10.5}, {"s": 20}]') AS f $$,
    $$ VALUES (1::bigint, 0.500000), (2, 0) $$,
    'a beat within a tenth of the interval belongs to the clump before it'
);
SELECT rows_are(
    $$ SELECT f.beat_count, f.gap_count, f.last_heartbeat_at = at(20), f.error_count,
        round((f.gap_weight - n.gap_weight)::numeric, 9) = round(exp(-5 / 600.0::float8)::numeric, 9)
       FROM pg_temp.folded('[{"s": 0}, {"s": 20, "error_count": 9}]') AS n,
            pg_temp.folded('[{"s": 15, "error_count": 3}]', n) AS f $$,
    $$ VALUES (3::bigint, 1::bigint, true, 9::bigint, true) $$,
    'a beat that came late is a beat, as heavy as it is old, and nothing else'
);
SELECT rows_are(
    $$ SELECT f.error_count, f.error_sum, f.item_sum, f.run_started_at = at(20), f.run_id, f.gap_count, f.memory_mean_mb
       FROM jsonb_array_elements('[
            [{"s": 0, "run_id": "x", "error_count": 5, "work_items_processed": 5, "memory_usage_mb": 9}, {"s": 20, "run_id": "y", "error_count": 5, "memory_usage_mb": 2}],
            [{"s": 0, "error_count": 5}, {"s": 20, "error_count": 1}],
            [{"s": 0, "work_items_processed": 5, "error_count": 1}, {"s": 20, "work_items_processed": 1}],
            [{"s": 0, "error_count": 1}, {"s": 20, "state": "initializing", "error_count": 1}]
        ]') WITH ORDINALITY AS c (beats, n), pg_temp.folded(c.beats) AS f ORDER BY n $$,
    $$ VALUES (5::bigint, 5::float8, 0::float8, true, 'y', 0::bigint, 2::float8), (1, 1, 0, true, NULL, 0, NULL),
        (NULL, 0, 1, true, NULL, 0, NULL), (1, 1, 0, true, NULL, 0, NULL) $$,
    'a run is new by name, by a counter that fell, by initializing: what it told begins anew, its gap teaches nothing'
);
SELECT rows_are(
    $$ SELECT round(f.processing_mean_ms::numeric, 6), round(f.baseline_processing_ms::numeric, 3) > 100
       FROM jsonb_array_elements('[
            [{"s": 0, "run_id": "x", "average_processing_time_ms": 900}, {"s": 10, "run_id": "y"}],
            [{"s": 0, "run_id": "x", "average_processing_time_ms": 900}, {"s": 10, "run_id": "y"}, {"s": 20, "run_id": "y", "average_processing_time_ms": 50}],
            [{"s": 0, "run_id": "x", "average_processing_time_ms": 900}, {"s": 10, "run_id": "y", "average_processing_time_ms": 90}, {"s": 20, "run_id": "y", "average_processing_time_ms": 30}]
        ]') WITH ORDINALITY AS c (beats, n), pg_temp.folded(c.beats) AS f ORDER BY n $$,
    $$ VALUES (900.000000, true), (475.000000, true), (60.000000, true) $$,
    'a new run is as slow as is usual until it has told; what it begins with weighs no more than what follows'
);
-- Usual is 100 ms, of an objective of 100 ms as well: then it hangs, is slow, is started anew.
CREATE FUNCTION pg_temp.means(p_beats jsonb) RETURNS numeric LANGUAGE sql
RETURN round((pg_temp.folded((
    SELECT jsonb_agg(jsonb_build_object('s', n * 10, 'average_processing_time_ms', 100, 'run_id', 'x')) FROM generate_series(0, 99) AS n
) || p_beats)).processing_mean_ms::numeric);
SELECT rows_are(
    $$ SELECT pg_temp.means(beats) FROM jsonb_array_elements('[
            [{"s": 1000, "run_id": "x", "average_processing_time_ms": 90000}],
            [{"s": 1000, "run_id": "x", "average_processing_time_ms": 90000}, {"s": 1010, "run_id": "x", "average_processing_time_ms": 90000}, {"s": 1020, "run_id": "x", "average_processing_time_ms": 90000}],
            [{"s": 1000, "run_id": "x", "average_processing_time_ms": 90000}, {"s": 1010, "run_id": "x", "average_processing_time_ms": 90000}, {"s": 1020, "run_id": "y", "average_processing_time_ms": 100}]
        ]') WITH ORDINALITY AS c (beats, n) ORDER BY n $$,
    $$ VALUES (200::numeric), (406), (100) $$,
    'one value makes nobody slow, several do, and a restart ends it'
);
SELECT rows_are(
    $$ SELECT f.gap_count FROM jsonb_array_elements('[
            [{"s": 0, "state": "stopped"}, {"s": 30}], [{"s": 0}, {"s": 1001}], [{"s": 0}, {"s": 999}]
        ]') WITH ORDINALITY AS c (beats, n), pg_temp.folded(c.beats) AS f ORDER BY n $$,
    $$ VALUES (0::bigint), (0), (1) $$,
    'a gap after a goodbye or beyond 100 intervals teaches nothing'
);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at)
VALUES ('engine_stopped', at(5), at(90), at(100));
SELECT rows_are(
    $$ SELECT f.gap_count, round(f.gap_sum::numeric, 6) = round((600 * (1 - exp(-10 / 600.0::float8)))::numeric, 6)
       FROM pg_temp.folded('[{"s": 0}, {"s": 98}]', p_blind => 100) AS f $$,
    $$ VALUES (0::bigint, true) $$,
    'the monitor''s own blindness neither teaches nor counts as a gap of the agent'
);
SELECT is(
    (pg_temp.folded((SELECT jsonb_agg(jsonb_build_object('s', n * 10, 'average_processing_time_ms', CASE n WHEN 19 THEN 1e9 ELSE 100 END))
        FROM generate_series(0, 19) AS n))).baseline_processing_ms < 112, true,
    'in a baseline one value counts at most three times the mean'
);
SELECT is((pg_temp.folded('[{"s": 0, "memory_usage_mb": 1e15}, {"s": 9e6, "memory_usage_mb": 0}, {"s": 18e6}]')).memory_mean_mb, 0::float8,
    'what is very old decays to nothing without an error');
SELECT * FROM finish();
ROLLBACK;
