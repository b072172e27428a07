-- When a schedule runs, read in a time zone. Entry points: next_run_at and previous_run_at.
BEGIN;

SET LOCAL ROLE health_owner;

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
            WHERE CASE WHEN p_step > 0 THEN runs.run_at > p_at ELSE runs.run_at <= p_at END;
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
