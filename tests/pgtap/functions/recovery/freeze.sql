-- Freeze windows: once and weekly, in their own time zone, on the days the clocks change too.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.add_freeze_window,
        health.add_weekly_freeze_window,
        health.end_freeze_window,
        health_internal.check_policy_class,
        health_internal.open_freeze_windows
    }',
    $$
    VALUES
    ('health.add_freeze_window(text,timestamp with time zone,timestamp with time zone,text,text)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.add_weekly_freeze_window(text,integer[],time without time zone,interval,text,text,text)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.end_freeze_window(bigint,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.check_policy_class(text)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.open_freeze_windows(timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.frozen(p_at text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(window_name || ' until ' || (until_at AT TIME ZONE 'UTC'), ', ' ORDER BY window_name)
    FROM health_internal.open_freeze_windows(p_at::timestamptz));
SELECT ok(health.add_freeze_window('audit', '2031-05-06 07:00+00', '2031-05-06 09:00+00', 'ops') > 0, 'a window once');
SELECT is(pg_temp.frozen('2031-05-06 06:59:59+00'), NULL, 'not before');
SELECT is(pg_temp.frozen('2031-05-06 07:00+00'), 'audit until 2031-05-06 09:00:00', 'from its start');
SELECT is(pg_temp.frozen('2031-05-06 09:00+00'), NULL, 'to its end, which is free');
-- Friday 18:00 for 60 hours in Berlin: 16:00 UTC in summer, 17:00 in winter.
SELECT ok(health.add_weekly_freeze_window('weekend', ARRAY[5], '18:00', '60 hours', 'Europe/Berlin') > 0, 'a window each week');
SELECT is(pg_temp.frozen('2031-07-04 15:59+00'), NULL, 'not before its hour');
SELECT is(pg_temp.frozen('2031-07-04 16:00+00'), 'weekend until 2031-07-07 04:00:00', 'it begins by the clock of its zone');
SELECT is(pg_temp.frozen('2031-07-06 23:00+00'), 'weekend until 2031-07-07 04:00:00', 'lasts over days');
SELECT is(pg_temp.frozen('2031-01-10 16:30+00'), NULL, 'in winter an hour later in UTC');
-- The clocks go forward on Sunday 2031-03-30: it still ends at 06:00 there, which is 04:00 UTC.
SELECT is(pg_temp.frozen('2031-03-30 12:00+00'), 'weekend until 2031-03-31 04:00:00', 'the night of the change ends at the usual hour');
SELECT is(pg_temp.frozen('2031-03-28 17:00+00'), 'weekend until 2031-03-31 04:00:00', 'and began by the old one');
SELECT ok(health.add_weekly_freeze_window('nights', ARRAY[7, 1, 1], '23:30', '2 hours', 'UTC') > 0, 'over midnight');
SELECT is(pg_temp.frozen('2031-05-06 00:30+00'), 'nights until 2031-05-06 01:30:00', 'Monday''s reaches into Tuesday');
SELECT is(pg_temp.frozen('2031-05-07 00:30+00'), NULL, 'Tuesday has none');
SELECT lives_ok($$ SELECT health.end_freeze_window(window_id, 'ops', '2031-05-06 00:31+00') FROM health.freeze_windows WHERE window_name = 'nights' $$, 'a person ends one');
SELECT is(pg_temp.frozen('2031-05-06 00:32+00'), NULL, 'for good');
SELECT is(pg_temp.frozen('2031-05-06 00:30+00'), 'nights until 2031-05-06 01:30:00', 'not before he did');
SELECT is((SELECT count(*) FROM health.freeze_windows WHERE ended_at IS NOT NULL), 1::bigint, 'and no other');
SELECT throws_ok($$ SELECT health.end_freeze_window(window_id, 'ops') FROM health.freeze_windows WHERE window_name = 'nights' $$, 'RC007', NULL, 'once');
SELECT throws_ok($$ SELECT health.add_freeze_window('x', '2031-05-06 09:00+00', '2031-05-06 07:00+00') $$, '23514', NULL, 'it ends after its start');
SELECT throws_ok($$ SELECT health.add_freeze_window('x', '2031-05-06 07:00+00', NULL) $$, '23514', NULL, 'and has an end');
SELECT throws_ok($$ SELECT health.add_freeze_window('x', '2031-05-06 07:00+00', '2031-05-06 09:00+00', 'ops', 'nobody') $$, 'AG004', NULL, 'for a known class');
SELECT throws_ok($$ SELECT health.add_weekly_freeze_window('x', ARRAY[8], '18:00', '1 hour', 'UTC') $$, '23514', NULL, 'days are 1 to 7');
SELECT throws_ok($$ SELECT health.add_weekly_freeze_window('x', ARRAY[]::integer[], '18:00', '1 hour', 'UTC') $$, '23514', NULL, 'at least one');
SELECT throws_ok($$ SELECT health.add_weekly_freeze_window('x', ARRAY[1], '18:00', '8 days', 'UTC') $$, '23514', NULL, 'a week at most');
SELECT throws_ok($$ SELECT health.add_weekly_freeze_window('x', ARRAY[1], '18:00', '1 hour', 'Mars/Olympus') $$, 'RC006', NULL, 'in a known time zone');

SELECT * FROM finish();
ROLLBACK;
