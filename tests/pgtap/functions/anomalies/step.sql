-- The step of the anomaly detector: what it says, and that nothing finite breaks it.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.detect, health_internal.detect_series}',
    $$
    VALUES
    ('health_internal.detect(health_internal.detector_state,timestamp with time zone,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.detect_series(health_internal.detector_state,timestamp with time zone[],double precision[])', 'f', 'plpgsql', 'i', false, '')
    $$
);

-- A series: values by place, a point every p_seconds.
CREATE FUNCTION pg_temp.run(p_value float8 [], p_seconds float8 DEFAULT 300)
RETURNS TABLE (place bigint, score float8, is_anomaly boolean, low float8, high float8, reason text)
LANGUAGE sql
AS $$
    SELECT d.place, d.score, d.is_anomaly, d.expected_low, d.expected_high, d.reason
    FROM health_internal.detect_series(
        NULL,
        ARRAY(SELECT tap.at(p_seconds * g) FROM generate_series(1, cardinality(p_value)) AS g ORDER BY g),
        p_value
    ) WITH ORDINALITY AS d (state, score, is_anomaly, expected_low, expected_high, reason, surprise, distance, place)
$$;
-- Noise that is the same each time, from -1 to 1.
CREATE FUNCTION pg_temp.noise(p_place integer)
RETURNS float8
LANGUAGE sql
RETURN 2 * mod((p_place::numeric * 7919 + (p_place::numeric * p_place) * 104729), 10007)::float8 / 10007 - 1;
CREATE FUNCTION pg_temp.noisy(p_count integer)
RETURNS float8 []
LANGUAGE sql
RETURN ARRAY(SELECT 100 + 3 * pg_temp.noise(g) FROM generate_series(1, p_count) AS g ORDER BY g);
-- Which places of a series are anomalies, with why.
CREATE FUNCTION pg_temp.said(p_value float8 [], p_seconds float8 DEFAULT 300)
RETURNS TABLE (place bigint, reason text)
LANGUAGE sql
AS $$ SELECT r.place, r.reason FROM pg_temp.run(p_value, p_seconds) AS r WHERE r.is_anomaly $$;

SELECT rows_are(
    $$ SELECT (d).score, (d).is_anomaly, (d).expected_low IS NULL, (d).reason IS NULL, ((d).state).point_count,
        cardinality(((d).state).record), cardinality(((d).state).profile), bit_count(((d).state).seen)
        FROM (SELECT health_internal.detect(NULL, tap.at(0), 5) AS d) AS first $$,
    $$ VALUES (0::float8, false, true, true, 1::float8, 4, 192, 0::bigint) $$,
    'the first point is no anomaly and makes the state'
);
SELECT ok(
    (SELECT pg_column_size((health_internal.detect(NULL, tap.at(0), 5)).state) < 1700), 'a state is 1.6 kB'
);
SELECT is_empty(
    $$ SELECT * FROM pg_temp.run(pg_temp.noisy(150)) WHERE score > 0 OR low IS NOT NULL $$,
    'nothing is said of the first 150 points'
);
SELECT ok(
    (SELECT count(*) <= 3 FROM pg_temp.said(pg_temp.noisy(4000))), 'noise is hardly ever an anomaly'
);
SELECT is_empty(
    $$ SELECT * FROM pg_temp.run(pg_temp.noisy(1000)) WHERE low >= high $$, 'the expected range is one'
);
SELECT rows_are(
    $$ SELECT * FROM pg_temp.said(pg_temp.noisy(1000) || 130::float8 || pg_temp.noisy(60)) WHERE place > 1000 $$,
    $$ VALUES (1001, 'value above the expected range') $$,
    'a spike is said once, at once'
);
SELECT rows_are(
    $$ SELECT min(place), min(reason) FROM pg_temp.said(pg_temp.noisy(1000) || 60::float8) WHERE place > 1000 $$,
    $$ VALUES (1001, 'value a small part of what was expected') $$,
    'so is a drop, named as it is strangest'
);
SELECT isnt_empty(
    $$ SELECT * FROM pg_temp.said(pg_temp.noisy(1500) || ARRAY(
        SELECT 103 + 2 * pg_temp.noise(g) FROM generate_series(1, 30) AS g)) WHERE place > 1500 $$,
    'a shift inside the range of single values is seen'
);
SELECT isnt_empty(
    $$ SELECT * FROM pg_temp.said(pg_temp.noisy(1500) || array_fill(100::float8, ARRAY[120]))
        WHERE reason = 'value is stuck' $$,
    'a noisy series that stays the same is stuck'
);
-- Two levels and a spike between the two: no further out than what comes again and again, but never seen.
CREATE FUNCTION pg_temp.two_levels(p_count integer)
RETURNS float8 []
LANGUAGE sql
RETURN ARRAY(
    SELECT CASE WHEN g % 60 = 0 THEN 200 ELSE 100 END + pg_temp.noise(g) FROM generate_series(1, p_count) AS g ORDER BY g
);
SELECT rows_are(
    $$ SELECT * FROM pg_temp.said(pg_temp.two_levels(1000) || 160::float8 || pg_temp.two_levels(60)) WHERE place > 500 $$,
    $$ VALUES (1001, 'no value like it was seen before') $$,
    'a value between those there were is unlike them'
);
SELECT is_empty(
    $$ SELECT * FROM pg_temp.said(pg_temp.two_levels(1000) || 160::float8 || pg_temp.two_levels(200) || 160::float8) WHERE place > 1001 $$,
    'only once'
);
SELECT rows_are(
    $$ SELECT count(surprise), min(surprise) >= 0, max(surprise) <= 150, round(max(surprise)) FROM health_internal.detect_series(
        NULL,
        ARRAY(SELECT tap.at(300 * g) FROM generate_series(1, 1001) AS g ORDER BY g),
        pg_temp.noisy(1000) || 1000::float8
    ) $$,
    $$ VALUES (851, true, true, 150) $$,
    'from point 151 on a surprise has a size, 150 at most'
);
-- Far from home: what the detector is used to by now is no news, but where the series is not at home.
CREATE FUNCTION pg_temp.far(p_value float8 [])
RETURNS TABLE (place bigint, surprise float8, distance float8)
LANGUAGE sql
AS $$
    SELECT d.place, d.surprise, d.distance
    FROM health_internal.detect_series(
        NULL, ARRAY(SELECT tap.at(300 * g) FROM generate_series(1, cardinality(p_value)) AS g ORDER BY g), p_value
    ) WITH ORDINALITY AS d (state, score, is_anomaly, expected_low, expected_high, reason, surprise, distance, place)
$$;
SELECT rows_are(
    $$ SELECT bool_and(surprise < 5) FILTER (WHERE place > 4150),
            min(distance) FILTER (WHERE place > 4000) > 3, max(distance) FILTER (WHERE place <= 4000)
        FROM pg_temp.far(pg_temp.noisy(4000) || ARRAY(SELECT 140 + 3 * pg_temp.noise(g) FROM generate_series(1, 200) AS g)) $$,
    $$ VALUES (true, true, 0::float8) $$,
    'after a shift a series is expected where it is now, and far from home'
);
SELECT rows_are(
    $$ SELECT count(*), min(distance), max(distance) FROM pg_temp.far(array_fill(5::float8, ARRAY[300]) || 1e300::float8) WHERE distance IS NOT NULL $$,
    $$ VALUES (151::bigint, 0::float8, 10::float8) $$,
    'from point 151 on a distance has a size, 10 at most'
);
SELECT is_empty(
    $$ SELECT * FROM pg_temp.said(array_fill(5::float8, ARRAY[3000])) $$, 'a constant series is fine'
);
SELECT rows_are(
    $$ SELECT min(place) FROM pg_temp.said(array_fill(5::float8, ARRAY[500]) || 6::float8) $$,
    $$ VALUES (501) $$,
    'but any change of it is not'
);
SELECT is_empty(
    $$ SELECT * FROM pg_temp.said(ARRAY(
        SELECT 50 + 40 * sin(g * 2 * pi() / 24) + pg_temp.noise(g) FROM generate_series(1, 1000) AS g ORDER BY g
    ), 3600) WHERE place > 400 $$,
    'what comes each day is expected'
);
SELECT isnt_empty(
    $$ SELECT * FROM pg_temp.said(ARRAY(
        SELECT CASE WHEN g BETWEEN 900 AND 912 THEN 50 ELSE 50 + 40 * sin(g * 2 * pi() / 24) END + pg_temp.noise(g)
        FROM generate_series(1, 1000) AS g ORDER BY g
    ), 3600) WHERE place BETWEEN 900 AND 915 $$,
    'and missed when it does not come'
);
SELECT isnt_empty(
    $$ SELECT * FROM pg_temp.said(ARRAY(
        SELECT 100 + 3 * pg_temp.noise(g) + greatest(0, g - 3000) * 0.01 FROM generate_series(1, 5000) AS g ORDER BY g
    )) WHERE place > 3000 AND reason IN ('level creeps up', 'level has moved up', 'value above the expected range') $$,
    'a leak is seen although no step of it is large'
);

-- Bad input.
SELECT isnt_empty(
    $$ SELECT * FROM pg_temp.said(pg_temp.noisy(1000) || 1e300::float8 || pg_temp.noisy(3000) || 160::float8)
        WHERE place = 4002 $$,
    'one value of 1e300 does not blind a series'
);
SELECT is_empty(
    $$ SELECT * FROM pg_temp.run(pg_temp.noisy(200) || '{1e308,-1e308,1e-308,0,NaN,Infinity,-Infinity,NULL,1e300}'::float8 [])
        WHERE NOT score BETWEEN 0 AND 1 OR score = 1 OR score IS NULL $$,
    'extremes, no numbers and NULL give scores from 0 to below 1'
);
SELECT rows_are(
    $$ WITH before AS (SELECT (health_internal.detect(NULL, tap.at(60), 5)).state AS s),
        twice AS (
            SELECT health_internal.detect(s, tap.at(60), 900) AS same, health_internal.detect(s, tap.at(0), 900) AS older,
                health_internal.detect(s, tap.at(120), 'NaN') AS nan, s FROM before
        )
        SELECT (d).reason, to_jsonb((d).state) - 'ignored_count' = to_jsonb(s) - 'ignored_count', ((d).state).ignored_count
        FROM twice, unnest(ARRAY[same, older, nan]) AS d $$,
    $$ VALUES
        ('ignored: not later than the value before', true, 1::float8),
        ('ignored: not later than the value before', true, 1),
        ('ignored: not a finite number at a finite time', true, 1) $$,
    'points at the same time, older ones and what is no number are counted and change nothing else'
);
SELECT is_empty(
    $$ WITH away AS (
        SELECT (health_internal.detect_series(NULL, array_agg(tap.at(300 * g) ORDER BY g), array_agg(100 + 3 * pg_temp.noise(g) ORDER BY g))).state
        FROM generate_series(1, 1000) AS g
    )
    SELECT d.reason FROM away, health_internal.detect_series(
        away.state,
        ARRAY(SELECT tap.at(300 * g + 864000) FROM generate_series(1001, 1100) AS g ORDER BY g),
        ARRAY(SELECT 100 + 3 * pg_temp.noise(g) FROM generate_series(1001, 1100) AS g ORDER BY g)
    ) AS d WHERE away.state IS NOT NULL AND d.score > 0.7 $$,
    'a gap of days is no anomaly'
);
SELECT is_empty(
    $$ SELECT * FROM health_internal.detect_series(NULL, '{}', '{}') $$, 'no points, nothing to say'
);
SELECT is(
    (SELECT health_internal.detect_series(NULL, NULL, NULL) IS NULL), NULL, 'NULL arrays are no points'
);

SELECT * FROM finish();
ROLLBACK;
