-- Scoring: decision tables of every expression; bounded, monotone, NULL where nothing is known.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.clipped,
        health_internal.decay,
        health_internal.decayed_sum,
        health_internal.falling_score,
        health_internal.kept_of_run,
        health_internal.kept_share,
        health_internal.moved_mean,
        health_internal.moved_processing,
        health_internal.open_gap_sum,
        health_internal.rising_score,
        health_internal.score_business_impact,
        health_internal.score_error_rate,
        health_internal.score_heartbeat_consistency,
        health_internal.score_job,
        health_internal.score_performance_metrics,
        health_internal.score_resource_efficiency,
        health_internal.seconds_between,
        health_internal.seconds_to_exhaustion,
        health_internal.time_mass
    }',
    $$
    VALUES
    ('health_internal.clipped(double precision,double precision,bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.decay(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.decayed_sum(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.falling_score(double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.kept_of_run(timestamp with time zone,timestamp with time zone,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.kept_share(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.moved_mean(double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.moved_processing(double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.open_gap_sum(double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.rising_score(double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_business_impact(double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_error_rate(double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_heartbeat_consistency(double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_job(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_performance_metrics(double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_resource_efficiency(double precision,double precision,double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.seconds_between(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 'i', false, ''),
    ('health_internal.seconds_to_exhaustion(double precision,double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
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
    $$ SELECT health_internal.rising_score(r), health_internal.falling_score(r, 1, 3)
       FROM (VALUES (0::float8), (0.5), (1), (2), (3), (1e15), (NULL)) AS t (r) $$,
    $$ VALUES (0::float8, 100::float8), (50, 100), (100, 100), (100, 50), (100, 0), (100, 0),
              (NULL, NULL) $$,
    'rising and falling scores'
);
SELECT rows_are(
    $$ SELECT round(health_internal.score_heartbeat_consistency(w, s, q, e, o, r)::numeric, 6)
       FROM (VALUES
           (1, 0::float8, 0::float8, 0::float8, 10::float8, 0::float8, 1::float8),
           (2, 10, 100, 1000, 10, 5, 1),
           (3, 10, 200, 4000, 10, 5, 1),
           (4, 10, 100, 1000, 10, 5, 0.5),
           (5, 10, 100, 1000, 10, 600, 0)) AS t (n, w, s, q, e, o, r) ORDER BY n $$,
    $$ VALUES (100.000000), (96.666667), (64.146341), (48.333333), (0.000000) $$,
    'heartbeat_consistency: coverage 0.7, regularity 0.3, times recency'
);
SELECT rows_are(
    $$ SELECT health_internal.score_performance_metrics(l, 1, 3, t, 0.5)
       FROM (VALUES (1, NULL::float8, NULL::float8), (2, 1, NULL), (3, 2, NULL), (4, NULL, 0.4),
                    (5, 2, 0.5), (6, 9, 0)) AS v (n, l, t) ORDER BY n $$,
    $$ VALUES (NULL::float8), (100), (50), (40), (50), (0) $$,
    'performance_metrics: the share of latency and throughput, or the one that is known'
);
SELECT rows_are(
    $$ SELECT round(health_internal.score_error_rate(e, i, m * 60, 1e9, 0.1, 1)::numeric, 4)
       FROM (VALUES (1, NULL::float8, 5::float8, 1::float8), (2, 0, 0, 0), (3, 0, 100, 9),
                    (4, 10, 100, 9), (5, 3, 0, 3), (6, 1e15, 1, 1), (7, 1e15, 0, 0))
            AS v (n, e, i, m) ORDER BY n $$,
    $$ VALUES (NULL::numeric), (100.0000), (100.0000), (36.7879), (36.7879), (0.0045), (0.0000) $$,
    'error_rate: per item, else per minute, at least one minute; unknown errors are unknown'
);
SELECT is(
    health_internal.seconds_to_exhaustion(500, 500, 600, 600, 3600, 500, 1000), NULL,
    'memory that does not rise exhausts nothing'
);
SELECT is(
    health_internal.seconds_to_exhaustion(600, 400, 59, 600, 3600, 700, 1000), NULL,
    'a minute of data is needed to predict'
);
SELECT ok(
    health_internal.seconds_to_exhaustion(600, 400, 1200, 600, 3600, 700, 1000) > 0,
    'memory that rises has a time to exhaustion'
);
SELECT is(
    health_internal.seconds_to_exhaustion(600, 400, 1200, 600, 3600, 1200, 1000), 0::float8,
    'memory over its limit is exhausted now'
);
SELECT rows_are(
    $$ SELECT health_internal.score_resource_efficiency(c, m, x, 80, 100, 25, 0.8, 1)
       FROM (VALUES (1, NULL::float8, NULL::float8, NULL::float8), (2, 10, NULL, 0.1),
                    (3, 90, NULL, NULL), (4, 100, 0.1, NULL), (5, 10, 0.9, NULL), (6, 10, 1.5, NULL),
                    (7, 10, 0.5, 0.25), (8, 10, 0.5, 9)) AS v (n, c, m, x) ORDER BY n $$,
    $$ VALUES (NULL::float8), (100), (50), (25), (50), (0), (25), (100) $$,
    'resource_efficiency: the least of CPU (with a floor), memory and predicted exhaustion'
);
SELECT rows_are(
    $$ SELECT health_internal.score_business_impact(c, u, o, r, 1000)
       FROM (VALUES (1, NULL::float8, NULL::float8, NULL::float8, NULL::float8), (2, 50, NULL, NULL, NULL),
                    (3, 100, 50, 0, NULL), (4, NULL, NULL, NULL, -500), (5, 100, 100, 100, 5000),
                    (6, NULL, NULL, NULL, -1e15)) AS v (n, c, u, o, r) ORDER BY n $$,
    $$ VALUES (NULL::float8), (50), (50), (50), (100), (0) $$,
    'business_impact: the mean of what is reported'
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
SELECT rows_are(
    $$ SELECT health_internal.score_job(s) FROM unnest('{good,failed,overdue,missed}'::text []) AS s $$,
    $$ VALUES (100::float8), (100), (50), (0) $$,
    'a job is scored by its runs'
);
SELECT rows_are(
    $$ SELECT round(health_internal.open_gap_sum(w, e, s, 600)::numeric, 6)
       FROM (VALUES (1, 10::float8, 10::float8, 5::float8), (2, 10, 10, 10.0842612), (3, 10, 0, 600), (4, 1, 0, 600), (5, 10, 0, 1e9)) AS t (n, w, e, s) ORDER BY n $$,
    $$ VALUES (0.000000), (0.000000), (1030.969097), (379.272335), (6000.000000) $$,
    'an open gap adds its excess, heavier as the others fade, but no more than all of them'
);

SELECT * FROM finish();
ROLLBACK;
