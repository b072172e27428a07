-- The first phase of a tick.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.beat_as_engine, health_internal.fold_phase}',
    $$
    VALUES
    ('health_internal.beat_as_engine(timestamp with time zone,health_internal.engine)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.fold_phase(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge')
    $$
);

CREATE FUNCTION pg_temp.fold(p_seconds float8, p_is_replay boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', f.tick_id, f.folded_rows, f.agents_judged, f.is_busy, date_part('epoch', f.judged_until - at(0)))
    FROM health_internal.fold_phase(at(p_seconds), p_is_replay) AS f
$$;
SELECT throws_ok(format('SELECT health_internal.fold_phase(%L, true)', bad), 'EN001', 'p_now must be a finite time', 'a time is finite')
FROM unnest('{infinity,-infinity,NULL}'::timestamptz []) AS bad;
SELECT beat('a1', 0);
SELECT is(pg_temp.fold(0), '1 3 2 f 0', 'a beat, the engine''s own and its metric; the agent and the engine are judged');
SELECT rows_are($$ SELECT received_at FROM health.agent_heartbeats WHERE agent_id = 'heartbeat_health_agent' $$, $$ VALUES (at(0)) $$, 'the engine beats at the time it is told');
SELECT rows_are($$ SELECT metric_name::text, metric_value::float8 FROM health.performance_metrics WHERE agent_id = 'heartbeat_health_agent' $$, $$ VALUES ('health_checks_performed', 0::float8) $$, 'and logs what it did, and a mean score once there is one');
SELECT is(pg_temp.fold(-5), '2 0 0 f 0', 'time moves forwards only');
SELECT is(pg_temp.fold(1), '3 0 0 f 1', 'what was folded is folded once');
SELECT is((SELECT count(*) FROM health.monitor_gaps), 0::bigint, 'no gap');
SELECT alike(pg_temp.fold(100, true), '4 % 100', 'a replay may step by minutes');
SELECT is((SELECT count(*) FROM health.monitor_gaps), 0::bigint, 'without a gap');
SELECT alike(pg_temp.fold(200), '5 % 200', 'whoever ticks late');
SELECT rows_are($$ SELECT reason, started_at, ended_at, settled_at FROM health.monitor_gaps $$,
    $$ VALUES ('engine_stopped', at(100), at(200), at(260)) $$, 'was blind since the last tick');
UPDATE health_internal.engine SET server_started_at = at(0);
SELECT alike(pg_temp.fold(201), '6 % 201', 'after a restart');
SELECT rows_are($$ SELECT reason, started_at, ended_at FROM health.monitor_gaps ORDER BY gap_id DESC LIMIT 1 $$,
    $$ VALUES ('server_restarted', at(200), at(201)) $$, 'it was, however short');

SELECT * FROM finish();
ROLLBACK;
