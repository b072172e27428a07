-- When nothing may be restarted on the engine's own decision: once, or each week in a time zone.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.freeze_windows (
    window_id bigint GENERATED ALWAYS AS IDENTITY,
    window_name text NOT NULL,
    policy_class text COLLATE "C",
    starts_at timestamptz,
    ends_at timestamptz,
    weekdays smallint [],
    local_time time,
    lasts interval,
    time_zone text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text NOT NULL DEFAULT session_user,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT freeze_windows_pkey PRIMARY KEY (window_id),
    CONSTRAINT window_name_is_1_to_200_bytes_without_control_characters
    CHECK (octet_length(window_name) BETWEEN 1 AND 200 AND window_name !~ '[[:cntrl:]]'),
    CONSTRAINT a_window_is_either_once_or_weekly
    CHECK (
        (
            num_nonnulls(starts_at, ends_at) = 2
            AND num_nonnulls(weekdays, local_time, lasts, time_zone) = 0
        )
        OR (
            num_nonnulls(starts_at, ends_at) = 0
            AND num_nonnulls(weekdays, local_time, lasts, time_zone) = 4
        )
    ),
    CONSTRAINT a_window_ends_after_its_start
    CHECK (ends_at > starts_at),
    CONSTRAINT weekdays_are_1_monday_to_7_sunday
    CHECK (cardinality(weekdays) BETWEEN 1 AND 7
        AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint []),
    CONSTRAINT a_weekly_window_lasts_up_to_a_week
    CHECK (lasts > interval '0' AND lasts <= interval '7 days'),
    CONSTRAINT a_window_ended_early_names_who_ended_it
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);

COMMENT ON TABLE health.freeze_windows IS
'One row per freeze, once (starts_at, ends_at) or weekly (weekdays, local_time, lasts, time_zone): recoveries wait until it ends or a person approves them.';
COMMENT ON COLUMN health.freeze_windows.window_id IS 'Number of the window.';
COMMENT ON COLUMN health.freeze_windows.window_name IS 'What it is for.';
COMMENT ON COLUMN health.freeze_windows.policy_class IS 'Class of agents it holds for; NULL: all.';
COMMENT ON COLUMN health.freeze_windows.starts_at IS 'Start of a window that happens once.';
COMMENT ON COLUMN health.freeze_windows.ends_at IS 'Its end.';
COMMENT ON COLUMN health.freeze_windows.weekdays IS
'Days on which a weekly window begins, 1 Monday to 7 Sunday, in its time zone.';
COMMENT ON COLUMN health.freeze_windows.local_time IS 'Time of day at which it begins there.';
COMMENT ON COLUMN health.freeze_windows.lasts IS
'How long, by the clocks of that time zone: a night on which they change ends at the usual hour.';
COMMENT ON COLUMN health.freeze_windows.time_zone IS 'Time zone, such as Europe/Berlin.';
COMMENT ON COLUMN health.freeze_windows.created_at IS 'When it was entered.';
COMMENT ON COLUMN health.freeze_windows.created_by IS 'Who entered it.';
COMMENT ON COLUMN health.freeze_windows.ended_at IS 'When a person ended it for good; NULL: not.';
COMMENT ON COLUMN health.freeze_windows.ended_by IS 'Who ended it.';

GRANT SELECT ON health.freeze_windows TO health_analyst;

COMMIT;
