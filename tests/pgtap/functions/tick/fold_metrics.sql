-- Series of metrics keep decayed sums, to a limit of series per agent.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.fold_metrics}',
    $$
    VALUES
    ('health_internal.fold_metrics(timestamp with time zone,health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT beat('a1', 0);
SELECT tick(0);
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, unit, received_at)
SELECT 'a1', 'm' || n % 2, n, 'ms', at(2) FROM generate_series(1, 4) AS n;
SELECT is((health.tick(at(2), true)).folded_rows, 4::bigint, 'four values are folded');
SELECT rows_are($$ SELECT metric_name, value_count, weight, value_sum, square_sum FROM health_internal.metric_series WHERE agent_id = 'a1' ORDER BY 1 $$,
    $$ VALUES ('m0', 2::bigint, 2::float8, 6::float8, 20::float8), ('m1', 2, 2, 4, 10) $$, 'a series keeps sums');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'm0', 1, at(3602));
SELECT is((health.tick(at(3602), true)).is_busy, false, 'an hour later');
SELECT is((SELECT round(value_sum::numeric, 6) FROM health_internal.metric_series WHERE agent_id = 'a1' AND metric_name = 'm0'),
    round((1 + 6 * exp(-1::float8))::numeric, 6), 'what is old has decayed');
SELECT is((SELECT unit FROM health_internal.metric_series WHERE agent_id = 'a1' AND metric_name = 'm0'), 'ms', 'a unit stays');
UPDATE health.settings SET series_per_agent = 3;
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT 'a1', 'n' || n, 1, at(3603) FROM generate_series(1, 3) AS n;
SELECT is((health.tick(at(3603), true)).is_busy, false, 'many series');
SELECT is((SELECT count(*) FROM health_internal.metric_series WHERE agent_id = 'a1'), 3::bigint, 'are kept to the limit');
SELECT is((SELECT skipped_series_total FROM health.engine_health), 2::bigint, 'and the rest is counted');

SELECT * FROM finish();
ROLLBACK;
