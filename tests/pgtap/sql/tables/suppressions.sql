-- What a silence and a maintenance must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.maintenance_periods,health.maintenance_windows,health.silences,health_internal.flapping_agents}', $$ VALUES ('health.maintenance_periods', 'health_analyst SELECT, health_bridge SELECT'), ('health.maintenance_windows', 'health_analyst SELECT, health_bridge SELECT'), ('health.silences', 'health_analyst SELECT, health_bridge SELECT'), ('health_internal.flapping_agents', NULL) $$);

INSERT INTO health.silences (matchers, starts_at, ends_at, created_by, reason) VALUES ('{}', at(0), at(10), 'ana', 'r');
SELECT refuses('silence_ends_after_its_start', $$ UPDATE health.silences SET ends_at = at(-0.001) $$);
SELECT lives_ok($$ UPDATE health.silences SET ends_at = at(0) $$, 'one may be ended as it begins');

INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason) VALUES ('{}', at(0), at(10), 'ana', 'r');
INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, weekdays, from_time, until_time, time_zone, created_by, reason) VALUES ('{"tenant": "t"}', at(0), 'infinity', '{7}', '01:00', '02:00', 'UTC', 'ana', 'r');
SELECT refuses('maintenance_ends_after_its_start', $$ UPDATE health.maintenance_windows SET ends_at = starts_at $$);
SELECT refuses('maintenance_weekdays_are_1_to_7', format('UPDATE health.maintenance_windows SET weekdays = %L WHERE weekdays IS NOT NULL', v.days)) FROM unnest(ARRAY['{}', '{0}', '{8}', '{1,NULL}', '{1,2,3,4,5,6,7,7}']) AS v (days);
SELECT refuses('weekly_maintenance_has_days_times_and_a_zone', format('UPDATE health.maintenance_windows SET %I = NULL WHERE weekdays IS NOT NULL', v.name)) FROM unnest('{weekdays,from_time,until_time,time_zone}'::text []) AS v (name);
SELECT refuses('weekly_maintenance_has_days_times_and_a_zone', $$ UPDATE health.maintenance_windows SET time_zone = 'UTC' WHERE weekdays IS NULL $$);
SELECT refuses('uptime_method_is_excluded_counted_as_up_or_measured', $$ UPDATE health.maintenance_windows SET uptime_method = 'guessed' $$);

INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at) SELECT min(window_id), 'a', at(0), at(10) FROM health.maintenance_windows;
SELECT refuses('maintenance_periods_open_key', $$ INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at) SELECT min(window_id), 'a', at(1), at(10) FROM health.maintenance_windows $$);
SELECT lives_ok($$ INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at) SELECT max(window_id), 'a', at(1), at(10) FROM health.maintenance_windows $$, 'an agent may be in two windows');
SELECT refuses('maintenance_periods_window_fkey', $$ UPDATE health.maintenance_periods SET window_id = -1 WHERE window_id = (SELECT min(window_id) FROM health.maintenance_windows) $$);
SELECT refuses('maintenance_periods_window_fkey', $$ DELETE FROM health.maintenance_windows $$);

SELECT * FROM finish();
ROLLBACK;
