-- Baselines: hours of the week, and centers and spreads that outliers hardly move.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.baseline_center,
        health_internal.baseline_gain,
        health_internal.baseline_spread,
        health_internal.baseline_step,
        health_internal.hour_of_week,
        health_internal.learn_baselines,
        health_internal.least_spread
    }',
    $$
    VALUES
    ('health_internal.baseline_center(double precision,double precision,bigint,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.baseline_gain(bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.baseline_spread(double precision,double precision,bigint,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.baseline_step(double precision,double precision,bigint,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.hour_of_week(timestamp with time zone)', 'f', 'sql', 'i', false, 'health_analyst, health_bridge'),
    ('health_internal.learn_baselines(text[],text[],double precision[],timestamp with time zone)', 'f', 'sql', 'v', false, ''),
    ('health_internal.least_spread(double precision)', 'f', 'sql', 'i', false, 'health_analyst, health_bridge')
    $$
);

SELECT rows_are(
    $$ SELECT health_internal.hour_of_week(t::timestamptz) FROM unnest(ARRAY[
        '2026-11-23 00:00:00+00', '2026-11-23 00:59:59.999+00', '2026-11-22 23:00:00+00', '1969-12-31 23:30:00+00', '2026-11-26 13:00:00+02']) AS t $$,
    $$ VALUES (0), (0), (167), (71), (83) $$,
    'a week begins on Monday, UTC, also before 1970');
SELECT rows_are($$ SELECT health_internal.baseline_gain(n) FROM unnest('{0,1,9,239,5000}'::bigint []) AS n $$,
    $$ VALUES (1::float8), (0.5), (0.1), (1.0 / 240), (1.0 / 240) $$, 'the gain is that of a mean of at most 240');

SELECT lives_ok($$ SELECT health_internal.learn_baselines('{a1,a2}', '{m,m}', '{4,7}', at(0)), health_internal.learn_baselines('{a1}', '{m}', '{6}', at(60)),
    health_internal.learn_baselines('{a1}', '{m}', '{9}', at(3600)) $$, 'minutes are learnt');
SELECT rows_are($$ SELECT agent_id, metric_name, hour_of_week, value_count, center, spread, updated_at, established_at FROM health.baselines ORDER BY 1, 3 $$,
    $$ VALUES
    ('a1', 'm', 31::smallint, 2::bigint, 5::float8, sqrt(2::float8), at(60), NULL::timestamptz), ('a1', 'm', 32, 1, 9, 0, at(3600), NULL),
    ('a2', 'm', 31, 1, 7, 0, at(0), NULL) $$,
    'each value moves its own hour');

-- One hour of one series, value after value.
CREATE FUNCTION pg_temp.learnt(p_values float8 [], OUT center float8, OUT spread float8)
LANGUAGE plpgsql AS $$
DECLARE
    v_center float8;
BEGIN
    center := p_values[1];
    spread := 0;
    FOR v_count IN 1 .. cardinality(p_values) - 1 LOOP
        v_center := health_internal.baseline_center(center, spread, v_count, p_values[v_count + 1]);
        spread := health_internal.baseline_spread(center, spread, v_count, p_values[v_count + 1]);
        center := v_center;
    END LOOP;
END $$;

SELECT ok(abs((l).center - 5.5) < 0.01 AND abs((l).spread - 2.9) < 0.5, 'ten values are averaged')
FROM (SELECT pg_temp.learnt('{1,2,3,4,5,6,7,8,9,10}') AS l) AS t;
-- 2,000 values of a normal distribution by its quantiles, in a fixed scattered order; then every tenth is wild.
CREATE TEMPORARY TABLE bell AS
SELECT n, 100 + 10 * sqrt(-2 * ln((n * 7919 % 2000 + 0.5) / 2000)) * cos(2 * pi() * ((n * 104729 % 2000 + 0.5) / 2000)) AS x
FROM generate_series(1, 2000) AS n;
SELECT ok(abs((l).center - 100) < 2 AND abs((l).spread - 10) < 2, 'of a normal distribution mean and deviation are found')
FROM (SELECT pg_temp.learnt(ARRAY(SELECT x FROM bell ORDER BY n)) AS l) AS t;
SELECT ok(abs((l).center - 100) < 5 AND (l).spread BETWEEN 8 AND 16, 'with a tenth of it wild too')
FROM (SELECT pg_temp.learnt(ARRAY(SELECT CASE WHEN n % 10 = 9 THEN 1e9 ELSE x END FROM bell ORDER BY n)) AS l) AS t;
SELECT ok((l).center = 7 AND (l).spread < 0.01, 'a constant series has a center and no spread to speak of')
FROM (SELECT pg_temp.learnt(array_fill(7::float8, ARRAY[300])) AS l) AS t;
SELECT ok((l).center BETWEEN 7 AND 9.99, 'and goes where its values go, slowly')
FROM (SELECT pg_temp.learnt(array_fill(7::float8, ARRAY[300]) || array_fill(10::float8, ARRAY[100])) AS l) AS t;
SELECT ok(abs((l).center - 10) < 0.1, 'to the end')
FROM (SELECT pg_temp.learnt(array_fill(7::float8, ARRAY[300]) || array_fill(10::float8, ARRAY[3000])) AS l) AS t;
SELECT lives_ok(
    format('SELECT pg_temp.learnt(%L)', ARRAY[0, 1e15, -1e15, 1e-100, -1e-100]::float8 [] || array_fill(1e-100::float8, ARRAY[300]) || array_fill(1e15::float8, ARRAY[20]) || array_fill(0::float8, ARRAY[1000])),
    'no value an agent can send is too much');

SELECT * FROM finish();
ROLLBACK;
