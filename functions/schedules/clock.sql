-- When a schedule's times of day come in a time zone, right on the days on which its clock changes.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.clock_offset(p_time_zone text, p_at timestamptz)
RETURNS interval
LANGUAGE sql
STABLE PARALLEL SAFE
RETURN (p_at AT TIME ZONE p_time_zone) - (p_at AT TIME ZONE 'UTC');
COMMENT ON FUNCTION health_internal.clock_offset(text, timestamptz) IS
'How far a time zone''s clock is ahead of UTC at a moment.';

CREATE OR REPLACE FUNCTION health_internal.clock_change(
    p_time_zone text,
    p_before timestamptz,
    p_after timestamptz
)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE PARALLEL SAFE
AS $$
DECLARE
    v_before timestamptz := p_before;
    v_after timestamptz := p_after;
    v_middle timestamptz;
BEGIN
    -- Halving, down to the second.
    WHILE v_after - v_before > interval '1 second'
    LOOP
        v_middle := date_trunc('second', v_before + (v_after - v_before) / 2);
        EXIT WHEN v_middle <= v_before;
        IF health_internal.clock_offset(p_time_zone, v_middle)
            = health_internal.clock_offset(p_time_zone, p_after) THEN
            v_after := v_middle;
        ELSE
            v_before := v_middle;
        END IF;
    END LOOP;
    RETURN v_after;
END;
$$;
COMMENT ON FUNCTION health_internal.clock_change(text, timestamptz, timestamptz) IS
'When, between two moments, a time zone''s clock changed to what it is at the later one.';

CREATE OR REPLACE FUNCTION health_internal.runs_of_day(
    p_minutes integer [],
    p_is_fixed boolean,
    p_time_zone text,
    p_day date
)
RETURNS SETOF timestamptz
LANGUAGE sql
STABLE
AS $$
    -- PostgreSQL reads a time of day that comes twice as the later one, and one that is skipped with
    -- the offset before the change, that is, as far after it as it was meant to be after its start.
    WITH walls AS MATERIALIZED (
        SELECT
            walls.wall,
            walls.wall AT TIME ZONE p_time_zone AS later
        FROM unnest(p_minutes) AS of_day (minute)
        CROSS JOIN LATERAL (
            SELECT p_day + make_interval(mins => of_day.minute) AS wall
        ) AS walls
    ),

    moments AS MATERIALIZED (
        SELECT
            walls.later,
            (walls.later AT TIME ZONE p_time_zone) - walls.wall AS skipped,
            earlier.earlier,
            (earlier.earlier AT TIME ZONE p_time_zone) = walls.wall
            AND earlier.earlier < walls.later AS comes_twice
        FROM walls
        CROSS JOIN LATERAL (
            SELECT walls.later
                + health_internal.clock_offset(p_time_zone, walls.later)
                - health_internal.clock_offset(p_time_zone, walls.later - interval '3 hours')
                AS earlier
        ) AS earlier
    )

    SELECT CASE
        WHEN moments.skipped <> interval '0' THEN health_internal.clock_change(
            p_time_zone, moments.later - moments.skipped, moments.later
        )
        WHEN moments.comes_twice AND p_is_fixed THEN moments.earlier
        ELSE moments.later
    END
    FROM moments
    WHERE moments.skipped = interval '0' OR p_is_fixed
    UNION ALL
    SELECT moments.earlier
    FROM moments
    WHERE moments.comes_twice AND NOT p_is_fixed
$$;
COMMENT ON FUNCTION health_internal.runs_of_day(integer [], boolean, text, date) IS
'When a schedule''s minutes of one day of its time zone come. A time of day that the clock skips comes '
'at the first moment after the gap, one that comes twice at its first occurrence; a schedule whose '
'minute or hour begins with * (not p_is_fixed) runs whenever the clock shows the time: not in the gap, '
'and both times.';

COMMIT;
