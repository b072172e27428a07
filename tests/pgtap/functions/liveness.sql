-- Liveness: what gaps teach, and the deadline that follows.
BEGIN;

SELECT no_plan();

-- results_eq refuses to compare columns of different collations; rows as text compare.
CREATE FUNCTION pg_temp.rows_are(p_have text, p_want text, p_what text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_have text;
    v_want text;
BEGIN
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_have) INTO v_have;
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_want) INTO v_want;
    RETURN is(v_have, v_want, p_what);
END
$$;

SELECT pg_temp.rows_are(
    $$
    SELECT
        p.oid::regprocedure::text,
        p.prokind::text,
        l.lanname::text,
        p.provolatile::text,
        p.prosecdef,
        coalesce(
            (
                SELECT string_agg(
                    CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                    ', ' ORDER BY a.grantee::regrole::text COLLATE "C"
                )
                FROM (SELECT DISTINCT grantee FROM aclexplode(p.proacl)) AS a
                WHERE a.grantee <> p.proowner
            ),
            ''
        )
    FROM pg_proc AS p
    JOIN pg_language AS l ON l.oid = p.prolang
    WHERE p.pronamespace::regnamespace::text || '.' || p.proname IN (
        'health_internal.blind_seconds',
        'health_internal.deadline_intervals',
        'health_internal.gap_bin',
        'health_internal.gap_unit',
        'health_internal.learn_gaps'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.blind_seconds(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.deadline_intervals(real[],bigint,double precision,double precision,double precision,double precision)', 'f', 'plpgsql', 'i', false, ''),
    ('health_internal.gap_bin(double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.gap_unit(bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.learn_gaps(health_internal.gap_memory,double precision[])', 'f', 'plpgsql', 'i', false, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

SELECT pg_temp.rows_are(
    $$ SELECT health_internal.gap_bin(r) FROM (VALUES (1, 0.1::float8), (2, 1.02), (3, 1.021), (4, 1.03),
        (5, 2), (6, 39), (7, 40), (8, 1e15)) AS v (n, r) ORDER BY n $$,
    $$ VALUES (1), (1), (2), (3), (13), (24), (25), (25) $$,
    'bins of gap over learnt interval'
);
SELECT is(health_internal.gap_unit(0), 1::float8, 'the first gap has weight 1');
SELECT ok(
    abs(health_internal.gap_unit(2999 * 3) - exp(3::float8)) < 0.02,
    'weights grow so that 3,000 gaps are remembered'
);
SELECT is(health_internal.gap_unit(30000), 1::float8, 'after 30,000 gaps the weights start anew');
CREATE FUNCTION pg_temp.learn(p_gaps float8 [])
RETURNS health_internal.gap_memory
LANGUAGE sql
AS $$
    SELECT health_internal.learn_gaps(
        ROW(ln(10::float8), 10, 0, NULL, 1000)::health_internal.gap_memory,
        ARRAY(SELECT 1000 + sum(gap) OVER (ORDER BY n) FROM unnest(p_gaps) WITH ORDINALITY AS g (gap, n))
    )
$$;
SELECT is((pg_temp.learn('{10,10,10}')).gap_count, 3::bigint, 'each gap is counted');
SELECT is(round(exp((pg_temp.learn('{20,20,20,20,20,20,20,20,20,20}')).log_interval)::numeric, 1) > 17, true,
    'an interval that was told wrongly is unlearnt');
SELECT is((pg_temp.learn('{10,0.5,9.5,10}')).gap_count, 3::bigint,
    'a beat within a tenth of the interval belongs to the clump before it');
SELECT is((pg_temp.learn('{10,-5,15}')).gap_count, 2::bigint, 'a beat out of order is no gap');
SELECT ok((pg_temp.learn('{10,1e9,10}')).mean_gap < 100, 'one huge gap does not rule the mean');
SELECT is(
    (SELECT sum(w) FROM unnest((pg_temp.learn('{}')).gap_histogram) AS w), 0::real,
    'without gaps the histogram is empty'
);
SELECT ok(
    health_internal.deadline_intervals(
        (pg_temp.learn(array_fill(10::float8, ARRAY[200]))).gap_histogram, 200, 10, 10, 3, 10
    ) BETWEEN 2 AND 3.5,
    'a regular agent is late soon after one lost beat'
);
SELECT cmp_ok(
    health_internal.deadline_intervals(
        (pg_temp.learn(array_fill(10::float8, ARRAY[200]))).gap_histogram, 200, 10, 10, 3, 10
    ), '<=',
    health_internal.deadline_intervals(
        (pg_temp.learn(array_fill(10::float8, ARRAY[200]))).gap_histogram, 200, 10, 10, 100, 10
    ),
    'a dearer false alarm never brings an earlier deadline'
);
SELECT cmp_ok(
    health_internal.deadline_intervals(
        (pg_temp.learn(array_fill(10::float8, ARRAY[200]))).gap_histogram, 200, 10, 10, 3, 10
    ), '<',
    health_internal.deadline_intervals(
        (pg_temp.learn((SELECT array_agg(CASE WHEN n % 10 = 0 THEN 45.0::float8 ELSE 10 END)
            FROM generate_series(1, 200) AS n))).gap_histogram, 200, 12, 13.5, 3, 10
    ),
    'an agent that pauses now and then is given longer'
);
SELECT is(
    health_internal.deadline_intervals(array_fill(5::real, ARRAY[25]), 200, 1, 1, 1e9, 4), 4::float8,
    'the hard limit holds'
);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES
('engine_stopped', '2031-01-01 00:01:00+00', '2031-01-01 00:03:00+00', '2031-01-01 00:04:00+00');
SELECT pg_temp.rows_are(
    $$ SELECT health_internal.blind_seconds(f::timestamptz, u::timestamptz) FROM (VALUES
        (1, '2031-01-01 00:00:00+00', '2031-01-01 00:10:00+00'),
        (2, '2031-01-01 00:02:00+00', '2031-01-01 00:10:00+00'),
        (3, '2031-01-01 00:00:00+00', '2031-01-01 00:03:30+00'),
        (4, '2031-01-01 00:03:00+00', '2031-01-01 00:10:00+00'),
        (5, '2031-01-01 00:00:00+00', '2031-01-01 00:01:00+00')) AS v (n, f, u) ORDER BY n $$,
    $$ VALUES (180::float8), (120), (150), (0), (0) $$,
    'a silence is credited with the gaps it reaches into, until they settled'
);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES
('engine_stopped', '2031-01-01 00:03:30+00', '2031-01-01 00:05:00+00', '2031-01-01 00:06:00+00');
SELECT is(
    health_internal.blind_seconds('2031-01-01 00:00:00+00', '2031-01-01 00:10:00+00'), 300::float8,
    'gaps that overlap until they settle count each second once'
);

SELECT * FROM finish();
ROLLBACK;
