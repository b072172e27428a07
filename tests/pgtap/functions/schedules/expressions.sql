-- Schedules: what expressions say, and which are refused.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.parse_schedule,
        health_internal.schedule_field
    }',
    $$
    VALUES
    ('health_internal.parse_schedule(text)', 'f', 'plpgsql', 'i', false, ''),
    ('health_internal.schedule_field(text,text,integer,integer,text[])', 'f', 'plpgsql', 'i', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT e, health_internal.schedule_field(e, 'f', 0, 7, '{SUN,MON,TUE,WED,THU,FRI,SAT}')
    FROM unnest('{*,1,"1,3",1-3,*/3,1-5/2,5/1,MON,MON-WED,FRI-SUN,7,0,0-0,SUN-SUN,0-7}'::text []) AS e $$,
    $$ VALUES ('*'::text, '{0,1,2,3,4,5,6}'::int []), ('1', '{1}'), ('1,3', '{1,3}'), ('1-3', '{1,2,3}'), ('*/3', '{0,3,6}'),
    ('1-5/2', '{1,3,5}'), ('5/1', '{0,5,6}'), ('MON', '{1}'), ('MON-WED', '{1,2,3}'), ('FRI-SUN', '{0,5,6}'), ('7', '{0}'), ('0', '{0}'), ('0-0', '{0}'), ('SUN-SUN', '{0}'), ('0-7', '{0,1,2,3,4,5,6}') $$,
    'stars, numbers, lists, ranges, steps and names; Sunday is 0 and 7');
SELECT rows_are(
    $$ SELECT e, (p).minutes[1:2], (p).days[1:2], (p).months[1:2], (p).weekdays[1:2], (p).is_either_day, (p).is_fixed
    FROM unnest('{@hourly,@daily,@weekly,@monthly,@yearly,"5 4 1 * MON","*/5 4 * feb sun"," 0 0 *  * * "}'::text []) AS e
    CROSS JOIN LATERAL (SELECT health_internal.parse_schedule(e) AS p) AS parsed $$,
    $$ VALUES ('@hourly'::text, '{0,60}'::int [], '{1,2}'::int [], '{1,2}'::int [], '{0,1}'::int [], false, false),
    ('@daily', '{0}', '{1,2}', '{1,2}', '{0,1}', false, true), ('@weekly', '{0}', '{1,2}', '{1,2}', '{0}', false, true),
    ('@monthly', '{0}', '{1}', '{1,2}', '{0,1}', false, true), ('@yearly', '{0}', '{1}', '{1}', '{0,1}', false, true),
    ('5 4 1 * MON', '{245}', '{1}', '{1,2}', '{1}', true, true), ('*/5 4 * feb sun', '{240,245}', '{1,2}', '{2}', '{0}', false, false),
    (' 0 0 *  * * ', '{0}', '{1,2}', '{1,2}', '{0,1}', false, true) $$,
    'aliases, alternatives of days, and what follows the clock');
SELECT throws_ok(format('SELECT health_internal.parse_schedule(%L)', e), 'JB001', NULL, format('"%s" is refused', e))
FROM unnest(ARRAY['', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * 32 * *', '* * * 13 *', '* * * * 8',
    '5-1 * * * *', '5-0 * * * *', 'XXX/5 * * * *', '5-XXX * * * *', '0 0 1,32 * *', '* * * XXX/5 *', '* * * JAN-XXX *', '*/0 * * * *', 'a * * * *', '1, * * * *', '* * * JANUARY *', '* * * * UNM', '@reboot', '1.5 * * * *', '-1 * * * *']) AS e;
SELECT throws_ok($$ SELECT health_internal.parse_schedule('0 0 30 2 *') $$, 'JB001', 'schedule "0 0 30 2 *" names no day that exists', '30 February never comes');
SELECT throws_ok($$ SELECT health_internal.parse_schedule('0 0 31 4,6,9,11 *') $$, 'JB001', NULL, 'nor does the 31st of short months');
SELECT lives_ok($$ SELECT health_internal.parse_schedule('0 0 29 2 *') $$, '29 February does');
SELECT lives_ok($$ SELECT health_internal.parse_schedule('0 0 31 2 MON') $$, 'and so do Mondays in February');
SELECT lives_ok(format('SELECT health_internal.parse_schedule(%L)', '0' || repeat(',0', 95) || '  * * * *'), 'a schedule may be 200 characters long');
SELECT throws_ok(format('SELECT health_internal.parse_schedule(%L)', '0' || repeat(',0', 95) || '   * * * *'), 'JB001', format('schedule "%s" has not five fields', '0' || repeat(',0', 95) || '   * * * '), 'not more');
SELECT throws_ok($$ SELECT health_internal.parse_schedule('61 * * * *') $$, 'JB001', 'minute "61" of a schedule is not understood', 'the message names the field');

SELECT * FROM finish();
ROLLBACK;
