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

-- Zones that go back by half an hour; what is skipped there too.
SELECT rows_are(
    $$ SELECT health_internal.first_instant(l, 'Australia/Lord_Howe') AT TIME ZONE 'UTC' FROM unnest(ARRAY['2031-04-06 01:29', '2031-04-06 01:30', '2031-04-06 01:59', '2031-04-06 02:00', '2031-07-01 12:00']::timestamp []) AS l $$,
    $$ VALUES ('2031-04-05 14:29'::timestamp), ('2031-04-05 14:30'), ('2031-04-05 14:59'), ('2031-04-05 15:30'), ('2031-07-01 01:30') $$, 'half an hour comes twice'
);
-- What covers a time: an announcement from its first to before its last moment; of weekly ones those that begin while it is valid, cut at its end.
CREATE FUNCTION pg_temp.until(p_at timestamp, p_starts timestamp, p_ends timestamp, p_weekdays int [] DEFAULT NULL, p_from time DEFAULT NULL, p_until time DEFAULT NULL, p_zone text DEFAULT 'UTC')
RETURNS timestamp LANGUAGE sql AS $$
    SELECT health_internal.maintenance_until(jsonb_populate_record(NULL::health.maintenance_windows, jsonb_build_object('starts_at', p_starts AT TIME ZONE 'UTC', 'ends_at', p_ends AT TIME ZONE 'UTC',
        'weekdays', p_weekdays, 'from_time', p_from, 'until_time', p_until, 'time_zone', p_zone)), p_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' $$;
SELECT rows_are($$ SELECT pg_temp.until(at, '2031-07-01', '2031-07-02') FROM unnest('{2031-06-30 23:59,2031-07-01,2031-07-01 23:59,2031-07-02}'::timestamp []) AS at $$,
    $$ VALUES (NULL::timestamp), ('2031-07-02'), ('2031-07-02'), (NULL) $$, 'once');
-- 2031-07-01 is a Tuesday.
SELECT rows_are($$ SELECT pg_temp.until(at, '2031-07-01 10:00', '2031-07-03 10:30', '{2,3,4}', '10:00', '11:00')
    FROM unnest('{2031-07-01 09:59,2031-07-01 10:00,2031-07-01 10:59,2031-07-01 11:00,2031-07-03 10:29,2031-07-03 10:30}'::timestamp []) AS at $$,
    $$ VALUES (NULL::timestamp), ('2031-07-01 11:00'), ('2031-07-01 11:00'), (NULL), ('2031-07-03 10:30'), (NULL) $$, 'weekly, while it is valid');
SELECT is(pg_temp.until('2031-07-01 10:30', '2031-07-01 10:01', 'infinity', '{2}', '10:00', '11:00'), NULL, 'one that began before is none');
SELECT is(pg_temp.until('2031-07-01 10:30', '-infinity', 'infinity', '{2}', '10:00', '10:00'), '2031-07-02 10:00', 'a day long');
SELECT is(pg_temp.until('2031-10-26 01:00', '-infinity', 'infinity', '{1,2,3,4,5,6,7}', '02:30', '02:30', 'Europe/Berlin'), '2031-10-27 01:30', 'where two cover a time, the last of them');
-- Who is in it: from the first moment on, until it ended or would have.
INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at, ended_at)
SELECT max(window_id), a, at(1000), at(1100), at(ended) FROM health.maintenance_windows, (VALUES ('p1', NULL), ('p2', 1050)) AS v (a, ended) GROUP BY a, ended;
SELECT rows_are($$ SELECT s, health_internal.in_maintenance('p1', at(s)), health_internal.in_maintenance('p2', at(s)) FROM unnest('{999,1000,1049,1050,1099,1100}'::float8 []) AS s $$,
    $$ VALUES (999::float8, false, false), (1000, true, true), (1049, true, true), (1050, true, false), (1099, true, false), (1100, false, false) $$, 'each in its own');
DELETE FROM health.maintenance_periods; DELETE FROM health.maintenance_windows; DELETE FROM health.agents WHERE agent_id ~ '^[ab][0-9]$'; DELETE FROM health.status_transitions;
-- Transitions of who enters and who leaves; who passes from one to the next, or is in another, does neither.
CREATE FUNCTION pg_temp.went(p_seconds float8) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', agent_id, old_liveness, new_liveness, new_status, new_score), ', ' ORDER BY transition_id) FROM health.status_transitions WHERE occurred_at = at(p_seconds) AND 'in_maintenance' IN (old_liveness, new_liveness) $$;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT a, a, '1 day' FROM unnest('{e1,e2,e3}'::text []) AS a;
SELECT beat(a, 2000) FROM unnest('{e1,e2}'::text []) AS a; SELECT tick(2001); DELETE FROM health.status_transitions;
INSERT INTO health.agents (agent_id, agent_name) VALUES ('e0', 'e'), ('e4', 'e');
CREATE FUNCTION pg_temp.announce(p_agents text, p_from float8, p_until float8) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason) VALUES (jsonb_build_object('agent_ids', p_agents::text []), at(p_from), at(p_until), 'ana', p_agents) RETURNING window_id $$;
SELECT pg_temp.announce('{e0,e1,e2,e3}', 2010, 2020), pg_temp.announce('{e1,e4}', 2020, 2030), pg_temp.announce('{e2}', 2005, 2040);
SELECT health_internal.refresh_maintenance(at(s)) FROM unnest('{2005,2010,2020,2025,2031,2040}'::float8 []) AS s;
SELECT rows_are($$ SELECT s, pg_temp.went(s) FROM unnest('{2005,2010,2020,2025,2031,2040}'::float8 []) AS s $$, $$
    VALUES (2005::float8, 'e2 alive in_maintenance excellent 100'), (2010, 'e0 never_seen in_maintenance, e1 alive in_maintenance excellent 100, e3 never_seen in_maintenance'),
    (2020, 'e0 in_maintenance never_seen, e3 in_maintenance never_seen, e4 never_seen in_maintenance'), (2025, NULL), (2031, 'e1 in_maintenance alive excellent 100, e4 in_maintenance never_seen'), (2040, 'e2 in_maintenance alive excellent 100') $$, 'who enters and who leaves');
SELECT rows_are($$ SELECT agent_id, started_at, ended_at FROM health.maintenance_periods WHERE agent_id IN ('e1', 'e2') ORDER BY 1, 2 $$,
    $$ VALUES ('e1', at(2010), at(2020)), ('e1', at(2020), at(2030)), ('e2', at(2005), at(2040)), ('e2', at(2010), at(2020)) $$, 'each period for itself');
-- One that is cancelled ends now, and no earlier than it began; its agents' incidents are looked at again, no others.
SELECT pg_temp.announce('{e1,e2}', 2100, 2200), pg_temp.announce('{e3}', 2100, 2200);
SELECT health_internal.refresh_maintenance(at(2100));
SELECT is(pg_temp.went(2100), 'e1 alive in_maintenance excellent 100, e2 alive in_maintenance excellent 100, e3 never_seen in_maintenance', 'who was in one before enters again');
UPDATE health.maintenance_windows SET cancelled_by = 'ana' WHERE reason = '{e1,e2}';
UPDATE health.maintenance_periods SET started_at = at(2160) WHERE agent_id = 'e2' AND ended_at IS NULL;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at, is_settled) SELECT a, 'info', at(0), at(0), at(over), over IS NOT NULL FROM (VALUES ('e1', NULL), ('e3', NULL), ('e2', 1)) AS v (a, over);
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT health_internal.refresh_maintenance(at(2150));
SELECT rows_are($$ SELECT agent_id FROM health.incidents WHERE next_check_at = '-infinity' $$, $$ VALUES ('e1') $$, 'and what goes on there is told');
SELECT health_internal.refresh_maintenance(at(2151));
SELECT rows_are($$ SELECT agent_id, ended_at FROM health.maintenance_periods WHERE until_at = at(2200) ORDER BY 1 $$, $$ VALUES ('e1', at(2150)), ('e2', at(2160)), ('e3', NULL) $$, 'one that is cancelled is over');
SELECT is(pg_temp.inside(), 'e3', 'for good');
-- Agents that join: at once where nobody is in it, else looked for once a minute, also when the clock went back.
SELECT pg_temp.announce('{g1,g2,g3}', 2300, 2900), pg_temp.announce('{nobody}', 2300, 2900), pg_temp.announce('{e2}', 2300, 2900);
CREATE FUNCTION pg_temp.joins(p_seconds float8, p_agent_id text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health.agents (agent_id, agent_name) VALUES (p_agent_id, 'g') ON CONFLICT DO NOTHING;
    PERFORM health_internal.refresh_maintenance(at(p_seconds));
    RETURN pg_temp.inside();
END $$;
SELECT health_internal.refresh_maintenance(at(2300));
SELECT is(pg_temp.joins(2310, 'g1'), 'e2 g1', 'the first at once');
SELECT is(pg_temp.joins(2369.9, 'g2'), 'e2 g1', 'others within a minute');
SELECT is(pg_temp.joins(2370, 'g2'), 'e2 g1 g2', 'of the last look');
SELECT is(pg_temp.joins(s, 'g3'), 'e2 g1 g2', 'a minute later') FROM unnest('{2370,2371}'::float8 []) AS s;
SELECT is(pg_temp.joins(2369, 'g3'), 'e2 g1 g2 g3', 'or when the clock went back');
-- What waits to be told of who enters is taken back.
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT incident_id, agent_id, 'failed', 'info', 'x', at(0) FROM health.incidents WHERE agent_id = 'e3';
INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before) SELECT incident_id, 'console', 'opened', 'info', 's', 'b', 'e3', at(2400), at(2400) FROM health.incidents WHERE agent_id = 'e3';
SELECT pg_temp.announce('{e3}', 2400, 2500);
SELECT health_internal.refresh_maintenance(at(2400));
SELECT is((SELECT state FROM health.deliveries WHERE idempotency_key = 'e3'), 'cancelled', 'withdrawn');

SELECT * FROM finish();
ROLLBACK;
