-- The step of an agent over its series.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.agent_reason, health_internal.detect_agent}',
    $$
    VALUES
    ('health_internal.agent_reason(boolean,double precision,text[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.detect_agent(double precision[],timestamp with time zone,double precision,double precision,bigint)', 'f', 'plpgsql', 'i', false, '')
    $$
);

-- Minute after minute; what is said of each.
CREATE FUNCTION pg_temp.run(p_surprise float8 [], p_series_count bigint DEFAULT 20, p_distance float8 [] DEFAULT '{}')
RETURNS TABLE (place integer, score float8, is_anomaly boolean, times float8, state float8 [])
LANGUAGE plpgsql
AS $$
DECLARE
    v_said health_internal.agent_detection;
BEGIN
    FOR v_place IN 1..cardinality(p_surprise) LOOP
        v_said := health_internal.detect_agent(
            v_said.state, tap.at(60 * v_place), p_surprise[v_place], p_distance[v_place], p_series_count
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
-- Far from home from minute 1001 on: ten mean distances beyond three, each of its twenty series.
SELECT rows_are(
    $$ SELECT bool_and(score < 0.4) FILTER (WHERE place <= 1000), bool_and(score > 0.8) FILTER (WHERE place > 1010), bool_or(is_anomaly)
        FROM pg_temp.run(array_fill(4::float8, ARRAY[1200]), 20, array_fill(2::float8, ARRAY[1000]) || array_fill(200::float8, ARRAY[200])) $$,
    $$ VALUES (true, true, false) $$,
    'an agent far from home is strange for as long as it is, and no news'
);
SELECT rows_are(
    $$ SELECT round(far.score::numeric, 6), far.is_anomaly
        FROM pg_temp.run(array_fill(4::float8, ARRAY[200]), 20, array_fill(2::float8, ARRAY[200])) AS far WHERE far.place = 200 $$,
    $$ VALUES (round(0.3 / (0.3 + 2 * (0.2 + 0.1) + 2 * 0.1), 6), false) $$,
    'what is usually far is no stranger than what is usual'
);
SELECT rows_are(
    $$ SELECT (d).score, (d).is_anomaly, (d).state FROM (
        SELECT health_internal.detect_agent('{200,60,5,0.1,1,0.2}', tap.at(0), v, 0, n) AS d
        FROM (VALUES (NULL::float8, 3::bigint), (5, 0), (NULL, NULL)) AS nothing (v, n)) AS said $$,
    $$ VALUES (0::float8, false, '{200,60,5,0.1,1,0.2}'::float8 []), (0, false, '{200,60,5,0.1,1,0.2}'), (0, false, '{200,60,5,0.1,1,0.2}') $$,
    'a minute of no series says nothing and changes nothing'
);
SELECT ok(
    (health_internal.detect_agent(ARRAY[200, date_part('epoch', tap.at(0)), 5, 0.1, 5, 0.1], tap.at(90000), 0, 0, 5)).state[3] < 1e-9
    AND (health_internal.detect_agent(ARRAY[200, date_part('epoch', tap.at(0)), 5, 0.1, 5, 0.1], tap.at(90000), 0, 0, 5)).state[5] < 1e-9,
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
