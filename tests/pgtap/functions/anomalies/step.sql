-- detect: state, time and value to state, score, range and reason; raises for no finite value.
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

CREATE FUNCTION pg_temp.run(p_values float8 [])
RETURNS TABLE (place bigint, score float8, is_anomaly boolean, expected_low float8, expected_high float8, reason text)
LANGUAGE plpgsql AS $$
DECLARE
    v_step record;
    v_state health_internal.detector_state;
BEGIN
    FOR v_place IN 1 .. cardinality(p_values) LOOP
        SELECT * INTO v_step FROM health_internal.detect(v_state, at(v_place * 60), p_values[v_place]);
        v_state := v_step.state;
        RETURN QUERY SELECT v_place::bigint, v_step.score, v_step.is_anomaly, v_step.expected_low, v_step.expected_high, v_step.reason;
    END LOOP;
END $$;

SELECT ok(bool_and(score >= 0 AND score < 1 AND NOT is_anomaly), 'what is like before is no anomaly')
FROM pg_temp.run(ARRAY(SELECT 10 + n % 3 FROM generate_series(1, 400) AS n));
SELECT is(bool_or(is_anomaly), true, 'what is far above is one')
FROM pg_temp.run(ARRAY(SELECT 10 + n % 3 + CASE WHEN n > 395 THEN 500 ELSE 0 END FROM generate_series(1, 400) AS n));
SELECT lives_ok(
    format('SELECT count(*) FROM pg_temp.run(%L)', ARRAY[0, 1e15, -1e15, 1e-100, -1e-100, 1e300, -1e300, 0]::float8 [] || array_fill(1e-100::float8, ARRAY[200])),
    'no finite value is too much');

SELECT * FROM finish();
ROLLBACK;
