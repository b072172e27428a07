-- Figures in words, so that page, terminal, letter and print say the same.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.amount_text(p_value numeric, p_unit text)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_value IS NULL THEN NULL
    WHEN p_unit IN ('usd', 'usd per hour') THEN
        CASE WHEN round(p_value, 2) < 0 THEN '-' ELSE '' END
        || '$' || to_char(abs(p_value), 'FM999,999,999,999,990.00')
        || CASE p_unit WHEN 'usd per hour' THEN ' per hour' ELSE '' END
    WHEN p_unit = 'count' THEN round(p_value)::text
    WHEN p_unit = 'percent' THEN
        -- Of the last percent every thousandth tells.
        CASE
            WHEN p_value > 99 AND p_value < 100 THEN to_char(trunc(p_value, 3), 'FM90.000')
            ELSE to_char(p_value, 'FM999,999,999,990.0')
        END || ' %'
    WHEN p_unit = 'points' THEN to_char(p_value, 'FM999,990.00')
    WHEN p_unit = 'seconds' AND p_value >= 7200
        THEN to_char(p_value / 3600, 'FM999,999,990.0') || ' h'
    WHEN p_unit = 'seconds' AND p_value >= 120 THEN to_char(p_value / 60, 'FM990.0') || ' min'
    WHEN p_unit = 'seconds' THEN to_char(p_value, 'FM990.0') || ' s'
    WHEN p_unit = 'hours' THEN to_char(p_value, 'FM999,999,990.0') || ' h'
    ELSE to_char(p_value, 'FM999,990.000') || ' ' || p_unit
END;
COMMENT ON FUNCTION health_internal.amount_text(numeric, text) IS
'A value of a figure for people, such as $1,234.50, 99.953 % or 1.5 min.';

CREATE OR REPLACE FUNCTION health_internal.trend_text(
    p_low numeric,
    p_high numeric,
    p_is_more_better boolean
)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_low IS NULL OR p_high IS NULL THEN NULL
    WHEN p_low <= 0 AND p_high >= 0 THEN 'steady'
    WHEN (p_low > 0) = p_is_more_better THEN 'improving'
    ELSE 'worsening'
END;
COMMENT ON FUNCTION health_internal.trend_text(numeric, numeric, boolean) IS
'A trend in a word, by the interval of its slope: one that holds 0 is steady.';

COMMIT;
