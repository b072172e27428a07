-- When a schedule runs, read in a time zone, right on the days on which its clock changes. Entry points:
-- next_run_at and previous_run_at.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.schedule_day(
    p_plan health_internal.schedule_plan,
    p_from date,
    p_step integer
)
RETURNS date
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_day date := p_from;
    v_year integer;
    v_month integer;
    v_in_month integer;
BEGIN
    -- A loop, because each step depends on the last; it goes from one possible day or month to the
    -- next. 29 February on a given weekday comes every 40 years at the latest.
    FOR v_attempt IN 1 .. 400
    LOOP
        v_year := date_part('year', v_day);
        v_month := date_part('month', v_day);
        v_in_month := NULL;
        IF v_month = ANY (p_plan.months) THEN
            IF p_plan.is_either_day THEN
                v_in_month := date_part('day', v_day);
            ELSE
                SELECT days.value
                INTO v_in_month
                FROM unnest(p_plan.days) AS days (value)
                WHERE days.value * p_step >= date_part('day', v_day) * p_step
                    AND days.value <= date_part(
                        'day', make_date(v_year, v_month, 1) + interval '1 month - 1 day'
                    )
                ORDER BY days.value * p_step
                LIMIT 1;
            END IF;
        END IF;
        IF v_in_month IS NULL THEN
            SELECT later.year, later.month
            INTO v_year, v_month
            FROM (
                SELECT years.year, months.month
                FROM unnest(p_plan.months) AS months (month)
                CROSS JOIN (VALUES (v_year), (v_year + p_step)) AS years (year)
            ) AS later
            WHERE (later.year * 12 + later.month) * p_step > (v_year * 12 + v_month) * p_step
            ORDER BY (later.year * 12 + later.month) * p_step
            LIMIT 1;
            v_day := make_date(v_year, v_month, 1);
            IF p_step < 0 THEN
                v_day := v_day + interval '1 month - 1 day';
            END IF;
            CONTINUE;
        END IF;
        v_day := make_date(v_year, v_month, v_in_month);
        IF date_part('dow', v_day) = ANY (p_plan.weekdays)
            OR (p_plan.is_either_day AND v_in_month = ANY (p_plan.days)) THEN
            RETURN v_day;
        END IF;
        v_day := v_day + p_step;
    END LOOP;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.schedule_day(health_internal.schedule_plan, date, integer) IS
'The first day of a parsed schedule from p_from on, forwards (p_step 1) or backwards (-1).';

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
    WHERE moments.comes_twice AND moments.skipped = interval '0' AND NOT p_is_fixed
$$;
COMMENT ON FUNCTION health_internal.runs_of_day(integer [], boolean, text, date) IS
'When a schedule''s minutes of one day of its time zone come. A time of day that the clock skips comes '
'at the first moment after the gap, one that comes twice at its first occurrence; a schedule whose '
'minute or hour begins with * (not p_is_fixed) runs whenever the clock shows the time: not in the gap, '
'and both times.';

CREATE OR REPLACE FUNCTION health_internal.find_run(
    p_plan health_internal.schedule_plan,
    p_time_zone text,
    p_at timestamptz,
    p_step integer
)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    v_day date;
    v_next_day date;
    v_offset interval;
    v_is_ordinary boolean;
    v_second double precision;
    v_minute integer;
    v_found timestamptz;
BEGIN
    IF p_at IN ('infinity', '-infinity') THEN
        RETURN NULL;
    END IF;
    -- From a day on the other side: a gap can move a run to another day.
    v_day := health_internal.schedule_day(
        p_plan, (p_at AT TIME ZONE p_time_zone)::date - p_step, p_step
    );
    WHILE v_day IS NOT NULL
    LOOP
        SELECT
            min(around.value),
            count(DISTINCT around.value) = 1
        INTO v_offset, v_is_ordinary
        FROM generate_series(-1, 2) AS days (number)
        CROSS JOIN LATERAL health_internal.clock_offset(
            p_time_zone, (v_day + days.number)::timestamp AT TIME ZONE 'UTC'
        ) AS around (value);
        IF v_is_ordinary THEN
            -- An ordinary day: arithmetic.
            v_second := date_part('epoch', (p_at AT TIME ZONE 'UTC') + v_offset - v_day);
            IF p_step > 0 THEN
                SELECT min(of_day.minute)
                INTO v_minute
                FROM unnest(p_plan.minutes) AS of_day (minute)
                WHERE of_day.minute * 60 > v_second;
            ELSE
                SELECT max(of_day.minute)
                INTO v_minute
                FROM unnest(p_plan.minutes) AS of_day (minute)
                WHERE of_day.minute * 60 <= v_second;
            END IF;
            v_found := (v_day + make_interval(mins => v_minute) - v_offset) AT TIME ZONE 'UTC';
        ELSE
            v_next_day := health_internal.schedule_day(p_plan, v_day + p_step, p_step);
            -- Two days, because a clock put back over midnight mingles them; of each, the times of
            -- day that a change can concern (3 hours), as many after the first beyond them, because
            -- all of these may be skipped, and then one more.
            SELECT CASE WHEN p_step > 0 THEN min(runs.run_at) ELSE max(runs.run_at) END
            INTO v_found
            FROM unnest(ARRAY[v_day, v_next_day]) AS days (day)
            CROSS JOIN LATERAL (
                SELECT array_agg(near.minute) AS minutes
                FROM (
                    SELECT
                        first.*,
                        min(first.seconds) FILTER (WHERE first.seconds > first.beyond + 10800)
                            OVER () AS further
                    FROM (
                        SELECT
                            of_day.minute,
                            ahead.seconds,
                            min(ahead.seconds) FILTER (WHERE ahead.seconds > 10800)
                                OVER () AS beyond
                        FROM unnest(p_plan.minutes) AS of_day (minute)
                        CROSS JOIN LATERAL (
                            SELECT p_step * date_part(
                                'epoch',
                                days.day + make_interval(mins => of_day.minute)
                                - (p_at AT TIME ZONE p_time_zone)
                            ) AS seconds
                        ) AS ahead
                        WHERE ahead.seconds >= -10800
                    ) AS first
                ) AS near
                WHERE near.seconds <= coalesce(near.beyond, 0) + 10800
                    OR near.seconds = near.further
            ) AS chosen
            CROSS JOIN LATERAL health_internal.runs_of_day(
                chosen.minutes, p_plan.is_fixed, p_time_zone, days.day
            ) AS runs (run_at)
            WHERE days.day IS NOT NULL
                AND CASE WHEN p_step > 0 THEN runs.run_at > p_at ELSE runs.run_at <= p_at END;
        END IF;
        IF v_found IS NOT NULL THEN
            RETURN v_found;
        END IF;
        v_day := health_internal.schedule_day(p_plan, v_day + p_step, p_step);
    END LOOP;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.find_run(
    health_internal.schedule_plan, text, timestamptz, integer
) IS
'The first run after p_at (p_step 1) or the last one not after it (-1).';

CREATE OR REPLACE FUNCTION health_internal.next_run_at(
    p_schedule text,
    p_time_zone text,
    p_after timestamptz
)
RETURNS timestamptz
LANGUAGE sql
STABLE
RETURN health_internal.find_run(
    health_internal.parse_schedule(p_schedule), p_time_zone, p_after, 1
);
COMMENT ON FUNCTION health_internal.next_run_at(text, text, timestamptz) IS
'When a schedule, a cron expression read in a time zone, next runs after p_after. On the day the clock '
'goes forward a run in the skipped hour comes at the first moment after it; on the day it goes back a '
'run in the hour that comes twice comes the first time only; schedules whose minute or hour begins with '
'* follow the clock instead, as Vixie''s cron has it. Raises JB001 for a schedule that is not understood '
'and 22023 for an unknown time zone.';

CREATE OR REPLACE FUNCTION health_internal.previous_run_at(
    p_schedule text,
    p_time_zone text,
    p_at timestamptz
)
RETURNS timestamptz
LANGUAGE sql
STABLE
RETURN health_internal.find_run(
    health_internal.parse_schedule(p_schedule), p_time_zone, p_at, -1
);
COMMENT ON FUNCTION health_internal.previous_run_at(text, text, timestamptz) IS
'When a schedule last ran, at p_at at the latest: previous_run_at <= p_at < next_run_at. Raises JB001 '
'and 22023 as next_run_at does.';

COMMIT;
