-- The step of an agent over its series.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.agent_reason, health_internal.detect_agent}',
    $$
    VALUES
    ('health_internal.agent_reason(boolean,double precision,text[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.detect_agent(double precision[],timestamp with time zone,double precision,bigint)', 'f', 'plpgsql', 'i', false, '')
    $$
);

-- Minute after minute; what is said of each.
CREATE FUNCTION pg_temp.run(p_surprise float8 [], p_series_count bigint DEFAULT 20)
RETURNS TABLE (place integer, score float8, is_anomaly boolean, times float8, state float8 [])
LANGUAGE plpgsql
AS $$
DECLARE
    v_said health_internal.agent_detection;
BEGIN
    FOR v_place IN 1..cardinality(p_surprise) LOOP
        v_said := health_internal.detect_agent(
            v_said.state, tap.at(60 * v_place), p_surprise[v_place], p_series_count
        );
        RETURN QUERY SELECT v_place, v_said.score, v_said.is_anomaly, v_said.times, v_said.state;
    END LOOP;
END
$$;

SELECT rows_are(
    $$ SELECT place, round(score::numeric, 3), is_anomaly FROM pg_temp.run(array_fill(4::float8, ARRAY[200]))
        WHERE place IN (150, 151, 200) $$,
    $$ VALUES (150, 0.000, false), (151, 0.250, false), (200, 0.250, false) $$,
    'from minute 151 on the usual is a third of the bar: .2 / (.2 + 2 * (.2 + .1))'
);
SELECT rows_are(
    $$ SELECT place, is_anomaly, times > 1.5 FROM pg_temp.run(array_fill(4::float8, ARRAY[200]) || 40::float8 || array_fill(4::float8, ARRAY[20]))
        WHERE score >= 0.45 $$,
    $$ VALUES (201, false, true) $$,
    'ten times the usual for one minute does not last'
);
SELECT rows_are(
    $$ SELECT min(place), max(place), max(place) FILTER (WHERE is_anomaly)
        FROM pg_temp.run(array_fill(4::float8, ARRAY[200]) || array_fill(40::float8, ARRAY[20]) || array_fill(4::float8, ARRAY[20]))
        WHERE score >= 0.5 $$,
    $$ VALUES (202, 224, 220) $$,
    'for two it does, and no minute that is as usual is an anomaly'
);
SELECT is_empty(
    $$ SELECT * FROM pg_temp.run(array_fill(0::float8, ARRAY[9000]) || array_fill(0.9::float8, ARRAY[50]), 3) WHERE is_anomaly $$,
    'one of three series, a little strange, is none of the agent'
);
SELECT isnt_empty(
    $$ SELECT * FROM pg_temp.run(array_fill(0::float8, ARRAY[9000]) || 150::float8, 3) WHERE is_anomaly $$,
    'but far out it is, also after days of zeros'
);
SELECT rows_are(
    $$ SELECT (d).score, (d).is_anomaly, (d).state FROM (
        SELECT health_internal.detect_agent('{200,60,5,0.1}', tap.at(0), v, n) AS d
        FROM (VALUES (NULL::float8, 3::bigint), (5, 0), (NULL, NULL)) AS nothing (v, n)) AS said $$,
    $$ VALUES (0::float8, false, '{200,60,5,0.1}'::float8 []), (0, false, '{200,60,5,0.1}'), (0, false, '{200,60,5,0.1}') $$,
    'a minute of no series says nothing and changes nothing'
);
SELECT ok(
    (health_internal.detect_agent(ARRAY[200, date_part('epoch', tap.at(0)), 5, 0.1], tap.at(90000), 0, 5)).state[3] < 1e-9,
    'after a day of silence what was of late is over'
);
SELECT rows_are(
    $$ SELECT health_internal.agent_reason(a, t, n) FROM (VALUES
        (false, 9::float8, '{cpu}'::text []), (true, 4.4, '{cpu,memory}'), (true, 1.2, '{}'), (true, 3, NULL)) AS x (a, t, n) $$,
    $$ VALUES (NULL), ('series are together 4 times as surprising as usual: cpu, memory'),
        ('series are together 2 times as surprising as usual'), ('series are together 3 times as surprising as usual') $$,
    'why, in words'
);

SELECT * FROM finish();
ROLLBACK;
