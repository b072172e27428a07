-- On which days a schedule runs.
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

COMMIT;
