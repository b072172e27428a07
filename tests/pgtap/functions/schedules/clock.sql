-- Schedules: days on which the clock changes.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.clock_change,
        health_internal.clock_offset,
        health_internal.runs_of_day
    }',
    $$
    VALUES
    ('health_internal.clock_change(text,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.clock_offset(text,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.runs_of_day(integer[],boolean,text,date)', 'f', 'sql', 's', false, '')
    $$
);

SELECT is(health_internal.clock_change('Europe/Berlin', '2031-03-30 00:00+00', '2031-03-30 02:00+00'), '2031-03-30 01:00+00'::timestamptz, 'the moment the clock changed');
SELECT is(count(*), 49::bigint, 'to the second, from wherever it is looked for')
FROM generate_series(1, 7) AS before CROSS JOIN generate_series(1, 7) AS after
WHERE health_internal.clock_change('Europe/Berlin', '2031-03-30 00:59+00'::timestamptz + make_interval(secs => before), '2031-03-30 01:00+00'::timestamptz + make_interval(secs => after)) = '2031-03-30 01:00+00';
SELECT is(health_internal.clock_change('Europe/Berlin', '2031-03-30 00:59:59+00', '2031-03-30 01:00:00.5+00'), '2031-03-30 01:00:00.5+00'::timestamptz, 'between fractions of one to the second too');
SELECT is(health_internal.clock_offset('Asia/Kathmandu', '2031-03-30 00:00+00'), interval '5 hours 45 minutes', 'how far a clock is ahead');
SELECT is(health_internal.clock_offset('Europe/Berlin', '2031-07-01 00:00+00') - health_internal.clock_offset('Europe/Berlin', '2031-01-01 00:00+00'), interval '1 hour', 'an hour more in summer');
SELECT rows_are(
    $$ SELECT c.day, c.is_fixed, string_agg(to_char(runs.at AT TIME ZONE 'UTC', 'DD HH24:MI'), ', ' ORDER BY runs.at)
    FROM (VALUES (1, '2031-03-29', true), (2, '2031-03-30', true), (3, '2031-03-30', false), (4, '2031-10-26', true), (5, '2031-10-26', false)) AS c (n, day, is_fixed)
    LEFT JOIN LATERAL health_internal.runs_of_day(ARRAY[60, 150], c.is_fixed, 'Europe/Berlin', c.day::date) AS runs (at) ON true
    GROUP BY c.n, c.day, c.is_fixed ORDER BY c.n $$,
    $$ VALUES ('2031-03-29', true, '29 00:00, 29 01:30'), ('2031-03-30', true, '30 00:00, 30 01:00'), ('2031-03-30', false, '30 00:00'),
    ('2031-10-26', true, '25 23:00, 26 00:30'), ('2031-10-26', false, '25 23:00, 26 00:30, 26 01:30') $$,
    '01:00 and 02:30 on an ordinary day, on one that skips 02:30, on one that has it twice; a schedule with a star follows the clock'
);
SELECT is((SELECT array_agg(run_at) FROM health_internal.runs_of_day('{210}', true, 'Europe/Berlin', '2031-10-26') AS run_at), '{2031-10-26 02:30+00}'::timestamptz [], 'what comes once, a little later, comes when the clock shows it');

SELECT * FROM finish();
ROLLBACK;
