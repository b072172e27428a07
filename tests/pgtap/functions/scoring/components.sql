-- The five components: bounded, monotone.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.falling_score,
        health_internal.open_gap_sum,
        health_internal.rising_score,
        health_internal.score_business_impact,
        health_internal.score_error_rate,
        health_internal.score_heartbeat_consistency,
        health_internal.score_job,
        health_internal.score_performance_metrics,
        health_internal.score_resource_efficiency,
        health_internal.seconds_to_exhaustion
    }',
    $$
    VALUES
    ('health_internal.falling_score(double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.open_gap_sum(double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.rising_score(double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_business_impact(double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_error_rate(double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_heartbeat_consistency(double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_job(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_performance_metrics(double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.score_resource_efficiency(double precision,double precision,double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.seconds_to_exhaustion(double precision,double precision,double precision,double precision,double precision,double precision,double precision)', 'f', 'sql', 'i', false, '')
    $$
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
