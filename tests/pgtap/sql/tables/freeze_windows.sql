-- What a freeze must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.freeze_windows}', $$ VALUES ('health.freeze_windows', 'health_analyst SELECT') $$);

INSERT INTO health.freeze_windows (window_name, starts_at, ends_at, created_by) VALUES ('once', at(0), at(10), 'ana');
INSERT INTO health.freeze_windows (window_name, weekdays, local_time, lasts, time_zone, created_by) VALUES ('weekly', '{1,7}', '22:00', '7 days', 'UTC', 'ana');
SELECT refuses(v.constraint_name, format('UPDATE health.freeze_windows SET %s WHERE window_name = %L', v.change, v.name))
FROM (VALUES
    ('window_name_is_1_to_200_bytes_without_control_characters', 'once', 'window_name = '''''), ('window_name_is_1_to_200_bytes_without_control_characters', 'once', 'window_name = repeat(''é'', 101)'),
    ('window_name_is_1_to_200_bytes_without_control_characters', 'once', 'window_name = E''a\tb'''),
    ('a_window_is_either_once_or_weekly', 'once', 'ends_at = NULL'), ('a_window_is_either_once_or_weekly', 'once', 'lasts = ''1 hour'''), ('a_window_is_either_once_or_weekly', 'weekly', 'time_zone = NULL'),
    ('a_window_is_either_once_or_weekly', 'weekly', 'starts_at = at(0)'), ('a_window_ends_after_its_start', 'once', 'ends_at = at(0)'),
    ('weekdays_are_1_monday_to_7_sunday', 'weekly', 'weekdays = ''{}'''), ('weekdays_are_1_monday_to_7_sunday', 'weekly', 'weekdays = ''{0}'''), ('weekdays_are_1_monday_to_7_sunday', 'weekly', 'weekdays = ''{8}'''),
    ('weekdays_are_1_monday_to_7_sunday', 'weekly', 'weekdays = ''{1,NULL}'''),
    ('a_weekly_window_lasts_up_to_a_week', 'weekly', 'lasts = ''0'''), ('a_weekly_window_lasts_up_to_a_week', 'weekly', 'lasts = ''7 days 1 second'''),
    ('a_window_ended_early_names_who_ended_it', 'once', 'ended_at = at(5)'), ('a_window_ended_early_names_who_ended_it', 'once', 'ended_by = ''ana''')) AS v (constraint_name, name, change);
SELECT lives_ok($$ UPDATE health.freeze_windows SET window_name = repeat('é', 100), ended_at = at(5), ended_by = 'ana' WHERE window_name = 'once' $$, 'the limits themselves are allowed');

SELECT * FROM finish();
ROLLBACK;
