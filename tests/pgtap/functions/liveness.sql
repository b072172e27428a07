-- Liveness: what gaps teach, and the deadline that follows.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.deadline_limit,
        health_internal.gap_bin,
        health_internal.gap_mass,
        health_internal.gap_unit,
        health_internal.learn_deadlines,
        health_internal.moved_interval,
        health_internal.moved_mean_gap,
        health_internal.rescaled_histogram,
        health_internal.told_share
    }',
    $$
    VALUES
    ('health_internal.deadline_limit(double precision,integer,double precision,bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.gap_bin(double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.gap_mass(bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.gap_unit(bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.learn_deadlines(real[],bigint,double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'plpgsql', 'i', false, ''),
    ('health_internal.moved_interval(double precision,double precision,bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.moved_mean_gap(double precision,double precision,bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.rescaled_histogram(real[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.told_share(double precision,double precision)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT health_internal.gap_bin(r) FROM (VALUES (1, 0.1::float8), (2, 1.02), (3, 1.021), (4, 1.03),
        (5, 2), (6, 39), (7, 40), (8, 1e15)) AS v (n, r) ORDER BY n $$,
    $$ VALUES (1), (1), (2), (3), (13), (24), (25), (25) $$,
    'bins of gap over learnt interval'
);
SELECT is(health_internal.gap_unit(0), 1::float8, 'the first gap has weight 1');
SELECT rows_are(
    $$ SELECT health_internal.gap_mass(n) / health_internal.gap_unit(n) FROM unnest('{0,9,10,29999,30000}'::bigint []) WITH ORDINALITY AS v (n, i) ORDER BY i $$,
    $$ VALUES (0::float8), (0), (1), (1), (1) $$,
    'but adds nothing to the histogram: the first ten only teach the interval'
);
SELECT rows_are(
    $$ SELECT health_internal.deadline_limit(3, y, 15, n) FROM (VALUES (1, 30, 30::bigint), (2, 30, 120), (3, 30, 1000000), (4, 30, 0), (5, 1, 4)) AS v (i, y, n) ORDER BY i $$,
    $$ VALUES (3::float8), (6), (15), (3), (6) $$,
    'a deadline can grow with the root of the gaps shown, up to the hard limit'
);
SELECT ok(
    abs(health_internal.gap_unit(2999 * 3) - exp(3::float8)) < 0.02,
    'weights grow so that 3,000 gaps are remembered'
);
SELECT is(health_internal.gap_unit(30000), 1::float8, 'after 30,000 gaps the weights start anew');
SELECT is(
    (health_internal.rescaled_histogram(array_fill(1000::real, ARRAY[25])))[25], (1000 * exp(-30000 * ln(3000 / 2999.0::float8)))::real,
    'and all that was learnt shrinks by what they had grown'
);
SELECT rows_are(
    $$ SELECT round(health_internal.moved_interval(10, g, n)::numeric, 6), round(health_internal.moved_mean_gap(10, g, n)::numeric, 6)
       FROM (VALUES (1, 20::float8, 0), (2, 20, 98), (3, 20, 1000000), (4, 10, 5), (5, 1e9, 1000)) AS t (i, g, n) ORDER BY i $$,
    $$ VALUES (14.142136, 15.000000), (10.352649, 10.100000), (10.352649, 10.100000), (10.000000, 10.000000), (25.118864, 10.900000) $$,
    'an interval moves half way at first, by a twentieth of the logarithm later; a mean gap by a hundredth, and no gap counts more than ten'
);
CREATE FUNCTION pg_temp.histogram(p_gaps float8 [])
RETURNS real []
LANGUAGE sql
RETURN ARRAY(
    SELECT coalesce(sum(health_internal.gap_mass(g.n - 1)) FILTER (WHERE health_internal.gap_bin(g.gap / 10) = bin), 0)::real
    FROM generate_series(1, 25) AS bin, unnest(p_gaps) WITH ORDINALITY AS g (gap, n) GROUP BY bin ORDER BY bin
);
CREATE FUNCTION pg_temp.deadlines(p_gaps float8 [], p_late float8 DEFAULT 3, p_unresponsive float8 DEFAULT 100, p_limit float8 DEFAULT 10)
RETURNS float8 []
LANGUAGE sql
RETURN health_internal.learn_deadlines(pg_temp.histogram(p_gaps), cardinality(p_gaps), 10, 10, p_late, p_unresponsive, p_limit, p_limit);
SELECT ok((pg_temp.deadlines(array_fill(10::float8, ARRAY[200])))[1] BETWEEN 2 AND 3.5,
    'a regular agent is late soon after one lost beat');
SELECT cmp_ok((pg_temp.deadlines(array_fill(10::float8, ARRAY[200])))[1], '<=', (pg_temp.deadlines(array_fill(10::float8, ARRAY[200])))[2],
    'a dearer false alarm never brings an earlier deadline');
SELECT cmp_ok(
    (pg_temp.deadlines(array_fill(10::float8, ARRAY[200])))[1], '<',
    (pg_temp.deadlines((SELECT array_agg(CASE WHEN n % 10 = 0 THEN 45.0::float8 ELSE 10 END) FROM generate_series(1, 200) AS n)))[1],
    'an agent that pauses now and then is given longer'
);
SELECT is(
    pg_temp.deadlines((SELECT array_agg(n::float8) FROM generate_series(1, 300) AS n), 1e9, 1e9, 4), '{4,4}'::float8 [],
    'the hard limit holds'
);
SELECT is(
    health_internal.learn_deadlines(pg_temp.histogram((SELECT array_agg(n::float8) FROM generate_series(1, 300) AS n)), 300, 10, 10, 1e9, 1e9, 2, 5),
    '{2,5}'::float8 [], 'one for each'
);
SELECT is(
    pg_temp.deadlines('{40,20,16,14,13}'::float8 [] || array_fill(10::float8, ARRAY[200])), pg_temp.deadlines(array_fill(10::float8, ARRAY[205])),
    'gaps measured in an interval told wrong do not stand in the histogram as long silences'
);
-- Agents begin with a few quick beats, of their states; what is learnt of those is no pace.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('young', 'young', '1 s'), ('untold', 'untold', NULL), ('slow', 'slow', '1 s');
SELECT beat('young', s, CASE s WHEN 0 THEN 'initializing' ELSE 'running' END), beat('untold', s) FROM unnest('{0,0.2,0.4,0.6}'::float8 []) AS s;
SELECT beat('slow', s) FROM unnest('{0,4,8,12}'::float8 []) AS s;
SELECT tick(1);
SELECT rows_are($$ SELECT agent_id, learnt_interval_seconds < 1, round(late_after_seconds::numeric, 3), round(unresponsive_after_seconds::numeric, 3) FROM health.expectations WHERE agent_id = 'young' $$,
    $$ VALUES ('young', true, 2.000, 3.000) $$, 'a young agent has two and three of the intervals it told, however quickly it began');
SELECT tick(3.5); SELECT is((SELECT liveness FROM health.agent_status WHERE agent_id = 'young'), 'late', 'late after two');
SELECT is((SELECT string_agg(concat_ws(' ', rule, severity, opened_at - at(0)), ', ') FROM health.open_alerts WHERE agent_id = 'young'), NULL, 'which is no alert');
SELECT is((SELECT string_agg(DISTINCT left(reason, 28), ' ') FROM health.suppressions WHERE agent_id = 'young'), 'late, and not given up yet: ', 'and stands in the ledger');
SELECT tick(3.7); SELECT is((SELECT liveness FROM health.agent_status WHERE agent_id = 'young'), 'unresponsive', 'unresponsive after three');
SELECT tick(13);
SELECT rows_are($$ SELECT agent_id, round((unresponsive_after_seconds / learnt_interval_seconds)::numeric, 3) FROM health.expectations WHERE agent_id IN ('slow', 'untold') ORDER BY 1 $$,
    $$ VALUES ('slow', 3.000), ('untold', 3.000) $$, 'who told none, or beats more slowly than it told, has three of the learnt ones');
SELECT beat('young', 10 + n * 0.2) FROM generate_series(1, 40) AS n; SELECT tick(19);
SELECT ok(gap_count >= 30 AND unresponsive_intervals * learnt_interval_seconds < 1.5, 'after thirty gaps it is known, whatever it told')
FROM health.agent_status WHERE agent_id = 'young';
SELECT * FROM finish();
ROLLBACK;
