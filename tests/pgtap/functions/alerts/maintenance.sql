-- Maintenance: windows, periods, local times.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.first_instant,
        health_internal.in_maintenance,
        health_internal.maintenance_until,
        health_internal.note_maintenance,
        health_internal.refresh_maintenance
    }',
    $$
    VALUES
    ('health_internal.first_instant(timestamp without time zone,text)', 'f', 'sql', 's', false, ''),
    ('health_internal.in_maintenance(text,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.maintenance_until(health.maintenance_windows,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.note_maintenance(timestamp with time zone,text[],text[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.refresh_maintenance(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT l, health_internal.first_instant(l, 'Europe/Berlin') AT TIME ZONE 'UTC' FROM unnest(ARRAY[
        '2031-07-01 12:00', '2031-10-26 02:30', '2031-10-26 03:00', '2031-03-30 02:30']::timestamp []) AS l $$,
    $$ VALUES ('2031-07-01 12:00'::timestamp, '2031-07-01 10:00'::timestamp), ('2031-10-26 02:30', '2031-10-26 00:30'),
        ('2031-10-26 03:00', '2031-10-26 02:00'), ('2031-03-30 02:30', '2031-03-30 01:30') $$,
    'of a time that comes twice the first; one that is skipped is moved on');
INSERT INTO health.agents (agent_id, agent_name, labels) VALUES ('a1', 'a', '{"group": "g"}'), ('a2', 'a', '{"group": "g"}'), ('b1', 'b', '{}');
CREATE FUNCTION pg_temp.inside() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(agent_id, ' ' ORDER BY agent_id) FROM health.maintenance_periods WHERE ended_at IS NULL $$;
SELECT isnt(health.schedule_maintenance('{"labels": {"group": "g"}}', at(100), at(200), 'ana', 'disk', p_now => at(0)), NULL, 'announced');
SELECT is(pg_temp.inside(), NULL, 'it has not begun');
SELECT tick(99);
SELECT is(pg_temp.inside(), NULL, 'nor a second before');
SELECT tick(100);
SELECT is(pg_temp.inside(), 'a1 a2', 'it begins with its agents');
INSERT INTO health.agents (agent_id, agent_name, labels) VALUES ('a3', 'late', '{"group": "g"}');
SELECT tick(120);
SELECT is(pg_temp.inside(), 'a1 a2', 'who is registered during it');
SELECT tick(161);
SELECT is(pg_temp.inside(), 'a1 a2 a3', 'joins within a minute');
SELECT rows_are($$ SELECT health_internal.in_maintenance('a1', at(s)) FROM unnest('{50,100,150,199.9,200}'::float8 []) AS s $$,
    $$ VALUES (false), (true), (true), (true), (false) $$, 'in_maintenance knows while it lasts');
SELECT tick(230);
SELECT is(pg_temp.inside(), NULL, 'it ends by itself');
SELECT rows_are($$ SELECT agent_id, started_at, ended_at FROM health.maintenance_periods ORDER BY 1 $$,
    $$ VALUES ('a1', at(100), at(200)), ('a2', at(100), at(200)), ('a3', at(161), at(200)) $$,
    'at the time announced, and availability can read when it was');
SELECT is(health_internal.in_maintenance('a1', at(150)), true, 'in_maintenance knows afterwards');
-- Sundays 01:30 to 03:30 in Berlin: 2 h, but 3 h when clocks go back and 1 h when they go forward.
SELECT is(health.schedule_weekly_maintenance('{"agent_id": "a1"}', '{7}', '01:30', '03:30', 'Europe/Berlin', 'ana', 'weekly') > 0, true, 'weekly');
CREATE FUNCTION pg_temp.minutes(p_day date) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM health.maintenance_windows AS w
    CROSS JOIN generate_series(p_day::timestamp AT TIME ZONE 'UTC' - interval '3 hours', p_day::timestamp AT TIME ZONE 'UTC' + interval '26 hours', interval '1 minute') AS m
    WHERE w.weekdays IS NOT NULL AND w.reason = 'weekly' AND health_internal.maintenance_until(w, m) IS NOT NULL $$;
SELECT rows_are($$ SELECT d, pg_temp.minutes(d) FROM unnest('{2031-07-06,2031-07-07,2031-10-26,2031-03-30,2031-12-07}'::date []) AS d $$,
    $$ VALUES ('2031-07-06'::date, 120::bigint), ('2031-07-07', 0), ('2031-10-26', 180), ('2031-03-30', 60), ('2031-12-07', 120) $$,
    'right on the days the clock changes');
SELECT is(health.schedule_weekly_maintenance('{"agent_id": "a2"}', '{5}', '23:00', '01:00', 'UTC', 'ana', 'night') > 0, true, 'over midnight');
SELECT rows_are($$ SELECT health_internal.maintenance_until(w, m AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM health.maintenance_windows AS w,
    unnest('{2031-07-04 22:59,2031-07-04 23:00,2031-07-05 00:59,2031-07-05 01:00,2031-07-05 23:30}'::timestamp []) AS m WHERE w.reason = 'night' $$,
    $$ VALUES (NULL::timestamp), ('2031-07-05 01:00'), ('2031-07-05 01:00'), (NULL), (NULL) $$, 'it belongs to the day it begins');
SELECT is(health.schedule_maintenance('{}', at(600), at(700), 'ana', 'all', p_now => at(600)) > 0, true, 'of everybody');
SELECT is(health_internal.in_maintenance('heartbeat_health_agent', at(601)), false, 'but never of the monitor itself');

SELECT * FROM finish();
ROLLBACK;
