-- Schedules: when they run, on ordinary days and on those the clock changes.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.find_run,
        health_internal.next_run_at,
        health_internal.previous_run_at
    }',
    $$
    VALUES
    ('health_internal.find_run(health_internal.schedule_plan,text,timestamp with time zone,integer)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.next_run_at(text,text,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.previous_run_at(text,text,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

SET LOCAL timezone TO 'Asia/Tokyo';
SELECT rows_are(
    $$ SELECT c.e, to_char(health_internal.next_run_at(c.e, c.zone, c.at::timestamptz) AT TIME ZONE c.zone, 'YYYY-MM-DD HH24:MI')
    FROM (VALUES
    ('30 2 * * *', 'UTC', '2031-05-06 02:29:59+00'), ('30 2 * * *', 'UTC', '2031-05-06 02:30:00+00'),
    ('0 0 29 2 *', 'UTC', '2031-05-06 00:00:00+00'), ('0 0 29 2 *', 'UTC', '2096-03-01 00:00:00+00'),
    ('0 12 13 * FRI', 'UTC', '2031-06-07 00:00:00+00'), ('0 12 */7 * MON', 'UTC', '2031-06-03 00:00:00+00'),
    ('15 * * * *', 'Asia/Kathmandu', '2031-05-06 00:00:00+00'), ('@yearly', 'Pacific/Chatham', '2031-05-06 00:00:00+00')
    ) AS c (e, zone, at) $$,
    $$ VALUES ('30 2 * * *'::text, '2031-05-06 02:30'::text), ('30 2 * * *', '2031-05-07 02:30'), ('0 0 29 2 *', '2032-02-29 00:00'),
    ('0 0 29 2 *', '2104-02-29 00:00'), ('0 12 13 * FRI', '2031-06-13 12:00'), ('0 12 */7 * MON', '2031-09-01 12:00'),
    ('15 * * * *', '2031-05-06 06:15'), ('@yearly', '2032-01-01 00:00') $$,
    'the next run, whatever the session''s own time zone');
SELECT rows_are(
    $$ SELECT c.zone, c.e, to_char(r.at AT TIME ZONE 'UTC', 'DD HH24:MI')
    FROM (VALUES
    (1, 'Europe/Berlin', '30 2 * * *', '2031-03-29 23:00+00', 1), (2, 'Europe/Berlin', '30 2 * * *', '2031-10-25 22:00+00', 2),
    (3, 'Europe/Berlin', '*/30 2 * * *', '2031-03-29 23:00+00', 1), (4, 'Europe/Berlin', '*/30 2 * * *', '2031-10-25 22:00+00', 4),
    (5, 'Australia/Lord_Howe', '15 2 * * *', '2031-10-04 13:00+00', 1), (6, 'Australia/Lord_Howe', '45 1 * * *', '2031-04-05 13:00+00', 2)
    ) AS c (place, zone, e, at, count)
    CROSS JOIN LATERAL (
        WITH RECURSIVE runs (number, at) AS (
            SELECT 1, health_internal.next_run_at(c.e, c.zone, c.at::timestamptz)
            UNION ALL SELECT number + 1, health_internal.next_run_at(c.e, c.zone, at) FROM runs WHERE number < c.count
        )
        SELECT * FROM runs
    ) AS r ORDER BY c.place, r.number $$,
    $$ VALUES ('Europe/Berlin'::text, '30 2 * * *'::text, '30 01:00'::text), ('Europe/Berlin', '30 2 * * *', '26 00:30'), ('Europe/Berlin', '30 2 * * *', '27 01:30'),
    ('Europe/Berlin', '*/30 2 * * *', '31 00:00'), ('Europe/Berlin', '*/30 2 * * *', '26 00:00'), ('Europe/Berlin', '*/30 2 * * *', '26 00:30'),
    ('Europe/Berlin', '*/30 2 * * *', '26 01:00'), ('Europe/Berlin', '*/30 2 * * *', '26 01:30'), ('Australia/Lord_Howe', '15 2 * * *', '04 15:30'),
    ('Australia/Lord_Howe', '45 1 * * *', '05 14:45'), ('Australia/Lord_Howe', '45 1 * * *', '06 15:15') $$,
    'skipped: after the gap; twice: the first time; with a star as the clock shows');
SELECT is(health_internal.next_run_at('30 12 30 12 *', 'Pacific/Apia', '2011-12-29 20:00+00'), '2011-12-30 10:00+00'::timestamptz, 'a day that was skipped altogether');
SELECT is(health_internal.previous_run_at('30 2 * * *', 'UTC', '2031-05-06 02:30:00+00'), '2031-05-06 02:30:00+00'::timestamptz, 'a run is its own previous one');
SELECT is(health_internal.previous_run_at('30 2 * * *', 'UTC', '2031-05-06 02:29:59.9+00'), '2031-05-05 02:30:00+00'::timestamptz, 'backwards');
SELECT is(health_internal.previous_run_at('0 0 29 2 *', 'UTC', '2103-05-06 00:00:00+00'), '2096-02-29 00:00:00+00'::timestamptz, 'over a century without a leap day');
SELECT is(health_internal.previous_run_at('*/30 2 * * *', 'Europe/Berlin', '2031-10-26 12:00+00'), '2031-10-26 01:30+00'::timestamptz, 'on a day that has an hour twice too');
SELECT is(health_internal.next_run_at('* * * * *', 'UTC', 'infinity'), NULL, 'no run after the end of time');
SELECT is(health_internal.previous_run_at('* * * * *', 'UTC', '-infinity'), NULL, 'nor before its beginning');
SELECT throws_ok($$ SELECT health_internal.next_run_at('* * * * *', 'Mars/Olympus', now()) $$, '22023', NULL, 'time zones are known');

SELECT * FROM finish();
ROLLBACK;
