-- Trends: a line, its error, and the times at which it meets the limit.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.foretell_exhaustion,
        health_internal.line_reaches,
        health_internal.moved_trend
    }',
    $$
    VALUES
    ('health_internal.foretell_exhaustion(health_internal.resource_trends)', 'f', 'plpgsql', 'i', false, 'health_analyst, health_bridge'),
    ('health_internal.line_reaches(double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, 'health_analyst, health_bridge'),
    ('health_internal.moved_trend(health_internal.resource_trends,timestamp with time zone,double precision,double precision)', 'f', 'plpgsql', 'i', false, '')
    $$
);

-- One sample a minute, p_minutes of them, of a ramp with noise that has no memory.
CREATE FUNCTION pg_temp.trend(p_minutes integer, p_start float8, p_per_hour float8, p_noise float8, p_limit float8 DEFAULT 1000)
RETURNS health_internal.resource_trends LANGUAGE plpgsql AS $f$
DECLARE
    v_trend health_internal.resource_trends;
BEGIN
    v_trend := (SELECT t FROM (
        SELECT 'a1' AS agent_id, 'memory' AS resource, p_start AS used, p_limit AS limit_value, p_start AS peak, at(0) AS began_at, at(0) AS sampled_at,
            1::bigint AS sample_count, 1.0::float8 AS weight, 1.0::float8 AS weight_square_sum, 0.0::float8 AS mean_hours, p_start AS mean_value,
            0.0::float8 AS hours_square_sum, 0.0::float8 AS product_sum, 0.0::float8 AS value_square_sum, 0.0::float8 AS last_residual,
            0.0::float8 AS residual_square_sum, 0.0::float8 AS residual_product_sum
    ) AS t);
    FOR n IN 1 .. p_minutes - 1 LOOP
        v_trend := health_internal.moved_trend(
            v_trend, at(60 * n), p_start + p_per_hour * n / 60 + p_noise * (('x' || substr(md5(n::text), 1, 7))::bit(28)::integer / 134217728.0 - 1), p_limit
        );
    END LOOP;
    RETURN v_trend;
END $f$;

SELECT rows_are($$ SELECT round(slope_per_hour::numeric, 6), exhausts_at - at(119 * 60) BETWEEN interval '4 h 59 min' AND interval '5 h', exhausts_latest_at - exhausts_earliest_at < interval '1 s'
    FROM health_internal.foretell_exhaustion(pg_temp.trend(120, 302, 100, 0)) $$,
    $$ VALUES (100.000000, true, true) $$, 'an exact ramp meets its limit exactly');
SELECT ok((SELECT abs(slope_per_hour - 100) < 3 AND at(10 * 3600) BETWEEN exhausts_earliest_at AND exhausts_latest_at AND exhausts_earliest_at < exhausts_at
    AND exhausts_at < exhausts_latest_at AND confidence > 0.99 AND basis LIKE 'decayed least squares over 240 samples in 4.0 hours'
    FROM health_internal.foretell_exhaustion(pg_temp.trend(240, 0, 100, 20))), 'with noise the truth lies in the interval');
SELECT rows_are($$ SELECT exhausts_at, exhausts_earliest_at, basis FROM health_internal.foretell_exhaustion(pg_temp.trend(240, 500, 0, 20)) $$,
    $$ VALUES (NULL, NULL, 'not foreseeable: the slope is not significantly positive') $$, 'noise alone foretells nothing');
SELECT is((SELECT exhausts_at FROM health_internal.foretell_exhaustion(pg_temp.trend(240, 900, -50, 5))), NULL, 'nor does a fall');
SELECT is((SELECT basis FROM health_internal.foretell_exhaustion(pg_temp.trend(9, 0, 100, 0))), 'not foreseeable: less than ten samples or a quarter of an hour', 'nor a few minutes');
SELECT is((SELECT basis FROM health_internal.foretell_exhaustion(pg_temp.trend(60, 0, 30, 0))), 'not foreseeable: further away than ten times the 1.0 hours seen', 'nor an hour about the day after');
SELECT is((SELECT basis FROM health_internal.foretell_exhaustion(pg_temp.trend(60, 500, 0, 0))), 'not foreseeable: the slope is not significantly positive', 'a constant is no rise');
SELECT rows_are($$ SELECT exhausts_at = exhausts_earliest_at, confidence, basis FROM health_internal.foretell_exhaustion(pg_temp.trend(60, 950, 120, 0)) $$,
    $$ VALUES (true, 1, 'exhausted') $$, 'what is full is full');
SELECT ok((SELECT b.slope_per_hour BETWEEN 0.9 * a.slope_per_hour AND 1.1 * a.slope_per_hour
    FROM (SELECT pg_temp.trend(120, 0, 100, 5) AS t) AS base,
        health_internal.foretell_exhaustion(base.t) AS a,
        health_internal.foretell_exhaustion(health_internal.moved_trend(health_internal.moved_trend(base.t, at(7200), 1e15, 1000), at(7260), 201, 1000)) AS b
    ), 'one wild value does not tilt the line');
SELECT is(health_internal.moved_trend(t, at(60), 5, 1000), t, 'a sample that is not later changes nothing') FROM pg_temp.trend(10, 0, 1, 0) AS t;
SELECT rows_are($$ SELECT health_internal.line_reaches(100, 10, 0, 0, 2), health_internal.line_reaches(100, 10, 0, 5, 2), health_internal.line_reaches(100, 10, 0, 5, -2), round(health_internal.line_reaches(100, 10, 1, 0, 2)::numeric, 9), round(health_internal.line_reaches(100, 10, 1, 0, -2)::numeric, 9) $$,
    $$ VALUES (10::float8, 11::float8, 9::float8, round(100 / 8.0, 9), round(100 / 12.0, 9)) $$, 'a line reaches its limit earlier or later by the error of its level, and of its slope');
SELECT ok((SELECT exhausts_earliest_at >= at(239 * 60) AND exhausts_at >= exhausts_earliest_at AND basis <> 'exhausted'
    FROM health_internal.foretell_exhaustion(pg_temp.trend(240, 598, 100, 60))), 'where noise may reach the limit at once the earliest is now, and no sooner');
SELECT ok((SELECT b.exhausts_at < a.exhausts_at - interval '1 hour'
    FROM (SELECT pg_temp.trend(120, 0, 100, 1) AS t) AS base,
        health_internal.foretell_exhaustion(base.t) AS a,
        health_internal.foretell_exhaustion(health_internal.moved_trend(base.t, at(7200), 500, 1000)) AS b), 'a step far beyond the noise is level gained');
-- Neighbours that err alike widen the interval: a random walk is not foretold by its last hour.
SELECT ok((SELECT count(*) FILTER (WHERE told.exhausts_at IS NOT NULL) <= 4
    FROM generate_series(1, 20) AS walk (seed)
    CROSS JOIN LATERAL (
        SELECT (array_agg(s.t ORDER BY s.n DESC))[1] AS t
        FROM (
            WITH RECURSIVE steps AS (
                SELECT 0 AS n, 500.0::float8 AS value, pg_temp.trend(1, 500, 0, 0) AS t
                UNION ALL
                SELECT n + 1, m.value, health_internal.moved_trend(t, at(60 * (n + 1)), m.value, 1000)
                FROM steps
                CROSS JOIN LATERAL (SELECT steps.value + 4 * (('x' || substr(md5(walk.seed || '-' || steps.n), 1, 7))::bit(28)::integer / 134217728.0 - 1) AS value) AS m
                WHERE n < 180
            )
            SELECT steps.n, steps.t FROM steps
        ) AS s
    ) AS walked
    CROSS JOIN LATERAL health_internal.foretell_exhaustion(walked.t) AS told), 'random walks are rarely taken for trends');

-- Two hundred leaks are drawn, each foretold once on its way: intervals hold the truth about as often as they say.
CREATE FUNCTION pg_temp.drawn(p_seed integer, p_place integer) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN ('x' || substr(md5(p_seed || ' ' || p_place), 1, 7))::bit(28)::integer / 268435456.0;
-- Of variance one, nearly normal: three uniform ones.
CREATE FUNCTION pg_temp.noise(p_seed integer, p_place integer) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN 2 * (pg_temp.drawn(p_seed, 3 * p_place) + pg_temp.drawn(p_seed, 3 * p_place + 1) + pg_temp.drawn(p_seed, 3 * p_place + 2)) - 3;
CREATE FUNCTION pg_temp.leak(p_seed integer, OUT crossed_at float8, OUT earliest float8, OUT line_at float8, OUT latest float8) LANGUAGE plpgsql AS $f$
DECLARE
    v_minutes constant integer := 60 + 240 * pg_temp.drawn(p_seed, -1);
    v_start constant float8 := 500 * pg_temp.drawn(p_seed, -2);
    v_noise constant float8 := 2 + 30 * pg_temp.drawn(p_seed, -3);
    v_until constant integer := v_minutes * (0.4 + 0.4 * pg_temp.drawn(p_seed, -4));
    v_values constant float8 [] := ARRAY(
        SELECT v_start + (1000 - v_start) * n / v_minutes + v_noise * pg_temp.noise(p_seed, n) FROM generate_series(0, 2 * v_minutes) AS n ORDER BY n
    );
    v_trend health_internal.resource_trends := pg_temp.trend(1, v_values[1], 0, 0);
BEGIN
    FOR n IN 1 .. v_until LOOP
        v_trend := health_internal.moved_trend(v_trend, at(60 * n), v_values[n + 1], 1000);
    END LOOP;
    SELECT min(n) - 1 INTO crossed_at FROM unnest(v_values) WITH ORDINALITY AS v (value, n) WHERE value >= 1000;
    SELECT date_part('epoch', exhausts_earliest_at - at(0)) / 60, date_part('epoch', exhausts_at - at(0)) / 60 - v_minutes, date_part('epoch', exhausts_latest_at - at(0)) / 60
    INTO earliest, line_at, latest FROM health_internal.foretell_exhaustion(v_trend);
END $f$;
CREATE TABLE tap.leaks AS SELECT l.* FROM generate_series(1, 200) AS seed CROSS JOIN LATERAL pg_temp.leak(seed) AS l;
SELECT cmp_ok((SELECT count(latest) FROM tap.leaks), '>=', 190::bigint, 'leaks along a line are foretold');
-- A sample a minute tells it up to a minute late.
SELECT rows_are($$ SELECT share BETWEEN 0.90 AND 0.99, CASE WHEN share NOT BETWEEN 0.90 AND 0.99 THEN share END FROM (SELECT round(avg((crossed_at BETWEEN earliest AND latest + 1)::integer), 3) AS share FROM tap.leaks WHERE latest IS NOT NULL) AS held $$,
    $$ VALUES (true, NULL::numeric) $$, 'about 95 of 100 intervals hold the first sample at the limit');
SELECT ok((SELECT avg((line_at > 0)::integer) BETWEEN 0.4 AND 0.6 FROM tap.leaks WHERE latest IS NOT NULL), 'and the middle is as often too early as too late');

SELECT * FROM finish();
ROLLBACK;
