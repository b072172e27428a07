-- What a schedule says: five-field cron expressions as numbers. Entry point: parse_schedule.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.schedule_field(
    p_field text,
    p_name text,
    p_low integer,
    p_high integer,
    p_words text [] DEFAULT NULL
)
RETURNS integer []
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_term text;
    v_parts text [];
    v_first integer;
    v_last integer;
    v_step integer;
    v_values integer [] := ARRAY[]::integer [];
BEGIN
    FOR v_term IN SELECT terms.term FROM regexp_split_to_table(p_field, ',') AS terms (term)
    LOOP
        v_parts := regexp_match(
            v_term, '^(?:(\*)|(\d{1,2}|[A-Z]{3})(?:-(\d{1,2}|[A-Z]{3}))?)(?:/(\d{1,2}))?$'
        );
        IF v_parts[1] = '*' THEN
            v_first := p_low;
            v_last := p_high;
        ELSE
            v_first := CASE
                WHEN v_parts[2] ~ '^\d' THEN v_parts[2]::integer
                ELSE array_position(p_words, v_parts[2]) + p_low - 1
            END;
            v_last := CASE
                -- 5/10 is 5-59/10.
                WHEN v_parts[3] IS NULL AND v_parts[4] IS NOT NULL THEN p_high
                WHEN v_parts[3] IS NULL THEN v_first
                -- From Friday to Sunday: Sunday is 7 as well as 0.
                WHEN p_high = 7 AND v_parts[3] IN ('SUN', '0') AND v_first > 0 THEN 7
                WHEN v_parts[3] ~ '^\d' THEN v_parts[3]::integer
                ELSE array_position(p_words, v_parts[3]) + p_low - 1
            END;
        END IF;
        v_step := coalesce(v_parts[4]::integer, 1);
        IF v_first IS NULL OR v_last IS NULL OR v_step < 1
            OR v_first < p_low OR v_last > p_high OR v_first > v_last THEN
            RAISE EXCEPTION '% "%" of a schedule is not understood', p_name, v_term
                USING ERRCODE = 'JB001',
                    DETAIL = format('It goes from %s to %s.', p_low, p_high),
                    HINT = 'Write *, a number, a range such as 1-5, a step such as */15, or several '
                        'of them with commas; months and days of the week also by their first three '
                        'letters.';
        END IF;
        v_values := v_values || ARRAY(SELECT generate_series(v_first, v_last, v_step));
    END LOOP;
    RETURN ARRAY(
        SELECT DISTINCT CASE WHEN p_high = 7 THEN found.value % 7 ELSE found.value END AS value
        FROM unnest(v_values) AS found (value)
        ORDER BY value
    );
END;
$$;
COMMENT ON FUNCTION health_internal.schedule_field(text, text, integer, integer, text []) IS
'The numbers one field of a cron expression stands for, ascending. p_words: the names of its values, '
'from p_low on. Raises JB001 for what is not understood.';

CREATE OR REPLACE FUNCTION health_internal.parse_schedule(p_schedule text)
RETURNS health_internal.schedule_plan
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_fields text [];
    v_plan health_internal.schedule_plan;
BEGIN
    v_fields := regexp_split_to_array(
        coalesce(
            CASE lower(btrim(p_schedule, E' \t'))
                WHEN '@hourly' THEN '0 * * * *'
                WHEN '@daily' THEN '0 0 * * *'
                WHEN '@midnight' THEN '0 0 * * *'
                WHEN '@weekly' THEN '0 0 * * 0'
                WHEN '@monthly' THEN '0 0 1 * *'
                WHEN '@yearly' THEN '0 0 1 1 *'
                WHEN '@annually' THEN '0 0 1 1 *'
            END,
            upper(btrim(p_schedule, E' \t'))
        ),
        '[ \t]+'
    );
    IF cardinality(v_fields) IS DISTINCT FROM 5 OR octet_length(p_schedule) > 200 THEN
        RAISE EXCEPTION 'schedule "%" has not five fields', left(p_schedule, 200)
            USING ERRCODE = 'JB001',
                HINT = 'Write minute, hour, day of month, month and day of week, such as '
                    '"30 2 * * MON-FRI", or @hourly, @daily, @weekly, @monthly or @yearly.';
    END IF;
    SELECT array_agg(hour.value * 60 + minute.value ORDER BY hour.value, minute.value)
    INTO v_plan.minutes
    FROM unnest(health_internal.schedule_field(v_fields[1], 'minute', 0, 59)) AS minute (value)
    CROSS JOIN unnest(health_internal.schedule_field(v_fields[2], 'hour', 0, 23)) AS hour (value);
    v_plan.days := health_internal.schedule_field(v_fields[3], 'day of month', 1, 31);
    v_plan.months := health_internal.schedule_field(
        v_fields[4], 'month', 1, 12,
        '{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}'
    );
    v_plan.weekdays := health_internal.schedule_field(
        v_fields[5], 'day of week', 0, 7, '{SUN,MON,TUE,WED,THU,FRI,SAT}'
    );
    -- As in Vixie's cron: two restricted fields of days are alternatives.
    v_plan.is_either_day := v_fields[3] NOT LIKE '*%' AND v_fields[5] NOT LIKE '*%';
    v_plan.is_fixed := v_fields[1] NOT LIKE '*%' AND v_fields[2] NOT LIKE '*%';
    IF NOT v_plan.is_either_day AND NOT EXISTS (
        SELECT FROM unnest(v_plan.months) AS month (value)
        WHERE v_plan.days[1] <= CASE
            WHEN month.value = 2 THEN 29
            WHEN month.value IN (4, 6, 9, 11) THEN 30
            ELSE 31
        END
    ) THEN
        RAISE EXCEPTION 'schedule "%" names no day that exists', p_schedule
            USING ERRCODE = 'JB001',
                DETAIL = 'None of its months has so many days.',
                HINT = 'The last day of each month is best told as the first of the next, early.';
    END IF;
    RETURN v_plan;
END;
$$;
COMMENT ON FUNCTION health_internal.parse_schedule(text) IS
'A cron expression of five fields, or @daily and the like, as numbers. Raises JB001 for what is not understood or never happens.';

COMMIT;
