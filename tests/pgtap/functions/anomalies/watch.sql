-- The watch over series: a phase of the tick, its cursor, budget and cleaning.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.forget_series, health_internal.note_series_error, health_internal.series_phase, health_internal.sweep_series}',
    $$
    VALUES
    ('health_internal.forget_series(text[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.note_series_error(text)', 'f', 'sql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.series_phase(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.sweep_series(timestamp with time zone)', 'f', 'sql', 'v', false, '')
    $$
);

SELECT rows_are($$ SELECT watched_series_count, waiting_minute_count, series_lag_seconds, last_series_ms, skipped_minutes_total, last_series_error FROM health.engine_health $$,
    $$ VALUES (0::bigint, 0::bigint, NULL::float8, NULL::float8, 0::bigint, NULL::text) $$, 'before the first tick there is nothing');
SELECT lives_ok($$ SELECT live(0, 3, 20) $$, 'some minutes');
SELECT rows_are($$ SELECT watched_series_count, waiting_minute_count, series_lag_seconds, last_series_ms > 0 FROM health.engine_health $$,
    $$ VALUES (1::bigint, 0::bigint, 0::float8, true) $$, 'and there is no lag');
SELECT rows_are($$ SELECT finished_until, stepped_until, stepped_total FROM health_internal.series_cursor $$, $$ VALUES (at(240), at(240), 4::bigint) $$, 'the cursor knows');
SELECT rows_are($$ SELECT * FROM health_internal.series_phase(at(246), true) $$, $$ VALUES (0::bigint, false) $$, 'nothing more to do');
SELECT lives_ok($$ SELECT health_internal.note_series_error('it broke') $$, 'an error is kept');
SELECT is((SELECT last_series_error FROM health.engine_health), 'it broke', 'for people to see');

-- 100 series, a budget that is used up at once: a batch a tick, and the lag is shown.
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) SELECT 'b' || n, at(250), 1 FROM generate_series(1, 100) AS n;
UPDATE health.settings SET series_budget_share = 1e-9;
SELECT is((health.tick(at(246), true)).folded_rows, 100::bigint, 'many series');
SELECT rows_are($$ SELECT stepped_points, is_unfinished FROM health_internal.series_phase(at(306), false) $$, $$ VALUES (20::bigint, true) $$, 'of which a batch is judged');
SELECT rows_are($$ SELECT waiting_minute_count, series_lag_seconds, last_series_error FROM health.engine_health $$, $$ VALUES (80::bigint, 0::float8, NULL::text) $$, 'the rest waits; the error is over');
SELECT rows_are($$ SELECT stepped_points, is_unfinished FROM health_internal.series_phase(at(307), false) $$, $$ VALUES (20::bigint, true) $$, 'another batch');
SELECT rows_are($$ SELECT count(*) FILTER (WHERE lag_seconds = 60), count(*) FILTER (WHERE lag_seconds = 0) FROM health.series WHERE agent_id LIKE 'b%' $$, $$ VALUES (60::bigint, 40::bigint) $$, 'and each series says so');
SELECT is((health.tick(at(366), true)).is_busy, false, 'a minute later, in replay');
SELECT rows_are($$ SELECT waiting_minute_count, series_lag_seconds FROM health.engine_health $$, $$ VALUES (0::bigint, 0::float8) $$, 'all is done');
SELECT rows_are($$ SELECT DISTINCT point_count FROM health.series WHERE agent_id LIKE 'b%' $$, $$ VALUES (1::bigint) $$, 'once');

-- What nobody gets to for an hour is given up.
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) SELECT 'b' || n, at(400), 1 FROM generate_series(1, 100) AS n;
SELECT is((health.tick(at(366), true)).folded_rows, 100::bigint, 'many once more');
SELECT is((SELECT stepped_points FROM health_internal.series_phase(at(426), false)), 20::bigint, 'a batch');
SELECT rows_are($$ SELECT stepped_points, is_unfinished FROM health_internal.series_phase(at(486 + 3600), false) $$, $$ VALUES (0::bigint, false) $$, 'after an hour none');
SELECT rows_are($$ SELECT waiting_minute_count, skipped_minutes_total FROM health.engine_health $$, $$ VALUES (0::bigint, 80::bigint) $$, 'and one can see how many');

-- Forgetting.
SELECT is((SELECT count(*) FROM health_internal.series), 101::bigint, 'many are watched');
SELECT lives_ok($$ SELECT health.watch_series('b7', 'cpu_usage_percent') $$, 'one by request');
SELECT lives_ok($$ SELECT health_internal.sweep_series(at(426) + interval '6 days 23 hours') $$, 'within a week');
SELECT is((SELECT count(*) FROM health_internal.series), 101::bigint, 'nothing is forgotten');
SELECT lives_ok($$ SELECT known_agent('old', 7), known_agent('new', 8) $$, 'agents over their series');
SELECT lives_ok($$ SELECT health_internal.sweep_series(at(426) + interval '7 days') $$, 'after a week of silence');
SELECT rows_are($$ SELECT agent_id FROM health_internal.series $$, $$ VALUES ('b7') $$, 'all but what was asked for');
SELECT rows_are($$ SELECT agent_id FROM health.baselines $$, $$ VALUES ('b7') $$, 'with their baselines');
SELECT rows_are($$ SELECT agent_id FROM health_internal.agent_surprises WHERE agent_id IN ('old', 'new') $$, $$ VALUES ('new') $$, 'and the agents whose series they were');
SELECT lives_ok($$ SELECT detect_above_90(), live(20000, 20003, 95, p_agent_id => 'b7') $$, 'an episode');
SELECT is((SELECT count(*) FROM health.anomalies), 1::bigint, 'there is one');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'anomaly'), 1::bigint, 'with an alert');
DELETE FROM health.agents WHERE agent_id = 'b7';
SELECT lives_ok($$ SELECT health.tick(at(20004 * 60 + 10), true) $$, 'an agent that is removed');
SELECT rows_are($$ SELECT (SELECT count(*) FROM health_internal.series) + (SELECT count(*) FROM health_internal.agent_surprises WHERE agent_id = 'b7') + (SELECT count(*) FROM health.baselines) + (SELECT count(*) FROM health.anomalies) + (SELECT count(*) FROM health.rule_findings) $$,
    $$ VALUES (0::bigint) $$, 'takes all of it along');
SELECT throws_ok($$ UPDATE health.settings SET series_budget_share = 0 $$, '23514', NULL, 'no budget is refused');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health_internal.series_phase(at(0), true) $$, '42501', NULL, 'analysts do not tick');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
