-- Decayed sums and means.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.clipped,
        health_internal.decay,
        health_internal.decayed_sum,
        health_internal.kept_of_run,
        health_internal.kept_share,
        health_internal.moved_mean,
        health_internal.moved_processing,
        health_internal.seconds_between,
        health_internal.time_mass
    }',
    $$
    VALUES
    ('health_internal.clipped(double precision,double precision,bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.decay(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.decayed_sum(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.kept_of_run(timestamp with time zone,timestamp with time zone,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.kept_share(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.moved_mean(double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.moved_processing(double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.seconds_between(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 'i', false, ''),
    ('health_internal.time_mass(double precision,double precision)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are(
    $$
    SELECT health_internal.decay(age, 10)
    FROM (VALUES (1, 0::float8), (2, 10), (3, 400), (4, 400.001), (5, -1e9)) AS t (n, age) ORDER BY n
    $$,
    $$ VALUES (1::float8), (exp(-1::float8)), (exp(-40::float8)), (0), (exp(40::float8)) $$,
    'decay falls to exactly 0 beyond 40 memories'
);
SELECT lives_ok(
    $$ SELECT health_internal.decay(a, m) * health_internal.decayed_sum(s, health_internal.decay(a, m))
       FROM (VALUES (0::float8), (1e-9), (599), (1e15)) AS a (a),
            (VALUES (1::float8), (600), (1e9)) AS m (m),
            (VALUES (0::float8), (5e-324), (1e-99), (1e30), (-1e30)) AS s (s) $$,
    'decay underflows nowhere'
);
SELECT rows_are(
    $$ SELECT health_internal.seconds_between(timestamptz '2026-01-01 00:00:00.000001+00', a) FROM (VALUES (1, timestamptz '2026-01-01 00:00:00.000002+00'), (2, '2025-12-31 23:59:59+00'), (3, '2026-03-30 00:00:00.5+00'), (4, NULL)) AS t (n, a) ORDER BY n $$,
    $$ VALUES (1e-6::float8), (-1.000001), (7603200.499999), (NULL) $$, 'seconds between two times, to the microsecond'
);
SELECT is(health_internal.decayed_sum(1e-101, 0.5), 0::float8, 'a sum below 1e-100 becomes 0');
SELECT is(health_internal.decayed_sum(4, 0.5), 2::float8, 'a sum decays by its factor');
SELECT ok(
    health_internal.time_mass(604800, 600) BETWEEN 599.999 AND 600,
    'a week of silence weighs as one memory'
);
SELECT rows_are(
    $$ SELECT health_internal.moved_mean(m, v, 0.75) FROM (VALUES (1, 8::float8, 4::float8), (2, NULL, 4), (3, 8, NULL),
        (4, NULL, NULL), (5, 1e-200, 0), (6, -1e15, 1e15)) AS t (n, m, v) ORDER BY n $$,
    $$ VALUES (7::float8), (4), (8), (NULL), (0), (-5e14) $$,
    'a mean moves towards a value; without one it stays; what is almost nothing becomes nothing'
);
SELECT rows_are(
    $$ SELECT health_internal.kept_share(d, n) FROM (VALUES (1, 0.9::float8, 0::float8), (2, 0.9, 1), (3, 0.9, 99)) AS t (i, d, n) ORDER BY i $$,
    $$ VALUES (0::float8), (0.5), (0.9) $$,
    'a mean is a plain one until decay asks for less'
);
SELECT rows_are(
    $$ SELECT health_internal.moved_processing(m, v, k, u) FROM (VALUES (1, 10::float8, 3000::float8, 0.9::float8, 20::float8), (2, 10, 30, 0.9, 20), (3, NULL, 3000, 0.9, 20),
        (4, 10, 3000, 0.9, NULL), (5, 10, NULL, 0.9, 20), (6, 100, 10, 0.9, 20)) AS t (i, m, v, k, u) ORDER BY i $$,
    $$ VALUES (30::float8), (12), (3000), (309), (10), (91) $$,
    'one processing time lifts the mean by at most what is usual; the first is taken as it is'
);
SELECT rows_are(
    $$ SELECT health_internal.kept_of_run(at(0), at(s), g) FROM (VALUES (0, 10::float8), (10, 10), (90, 10), (90, NULL)) AS t (s, g) $$,
    $$ VALUES (0::float8), (0.5), (0.9), (NULL) $$,
    'a mean of a run is a plain one as well, from its first beat on'
);
SELECT rows_are(
    $$ SELECT health_internal.clipped(v, 10, n) FROM (VALUES (1, 99::float8, 9), (2, 99, 10), (3, 29, 10), (4, NULL, 10)) AS t (i, v, n) ORDER BY i $$,
    $$ VALUES (99::float8), (30), (29), (NULL) $$,
    'after ten values one counts at most three times the mean'
);

SELECT * FROM finish();
ROLLBACK;
