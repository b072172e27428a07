-- Features and reasons in words.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.span_text(p_seconds double precision)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_seconds < 90 THEN round(p_seconds) || ' s'
    WHEN p_seconds < 5400 THEN round(p_seconds / 60) || ' min'
    WHEN p_seconds < 172800 THEN round(p_seconds / 3600) || ' h'
    ELSE round(p_seconds / 86400) || ' days'
END;
COMMENT ON FUNCTION health_internal.span_text(double precision) IS 'A length of time in seconds, in words.';

CREATE OR REPLACE FUNCTION health_internal.number_text(p_number double precision)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_number = 0 THEN '0'
    WHEN abs(p_number) >= 1e7 OR abs(p_number) < 1e-3 THEN btrim(to_char(p_number, '9.99EEEE'))
    ELSE trim_scale(round(
        p_number::numeric, greatest(0, 3 - floor(log(abs(p_number)))::integer)
    ))::text
END;
COMMENT ON FUNCTION health_internal.number_text(double precision) IS 'A number to four digits.';

CREATE OR REPLACE FUNCTION health_internal.family_text(p_source text, p_family text, p_name text)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_source <> 'event' THEN p_source || ' ' || p_name
    WHEN p_name = '' THEN 'any ' || p_family
    ELSE p_family || ' ' || p_name
END;
COMMENT ON FUNCTION health_internal.family_text(text, text, text) IS
'Name of a family of features: those of one series, kind of event or label.';

CREATE OR REPLACE FUNCTION health_internal.feature_text(
    p_source text,
    p_family text,
    p_name text,
    p_measure text,
    p_value text,
    p_x real,
    p_step_seconds double precision
)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_source = 'label' AND p_measure = 'is' THEN
        p_name || CASE WHEN p_x > 0 THEN ' is ' ELSE ' is not ' END || p_value
    WHEN p_measure = 'since' AND coalesce(p_x, -7) < -6.9 THEN
        'no ' || health_internal.family_text(p_source, p_family, p_name) || ' known'
    WHEN p_measure = 'since' THEN
        health_internal.family_text(p_source, p_family, p_name) || ' '
        || health_internal.span_text((exp(-p_x) - 1) * p_step_seconds) || ' ago'
    WHEN p_measure = 'total' THEN
        health_internal.family_text(p_source, p_family, p_name) || ' '
        || health_internal.number_text(p_x) || ' times so far'
    WHEN p_source = 'event' THEN
        health_internal.family_text(p_source, p_family, p_name) || ' '
        || health_internal.number_text(p_x)
        || ' times in ' || health_internal.span_text(substr(p_measure, 7)::integer * p_step_seconds)
    WHEN p_x IS NULL THEN p_name || ' is not known'
    WHEN p_measure IN ('level', 'number') THEN p_name || ' is ' || health_internal.number_text(p_x)
    WHEN p_measure = 'spread' THEN
        p_name || ' varies by ' || health_internal.number_text(p_x) || ' within '
        || health_internal.span_text(p_step_seconds)
    WHEN p_measure IN ('mean_3', 'mean_7') THEN
        p_name || ' averaged ' || health_internal.number_text(p_x) || ' over '
        || health_internal.span_text(substr(p_measure, 6)::integer * p_step_seconds)
    WHEN p_measure = 'change_1' THEN
        p_name || CASE WHEN p_x < 0 THEN ' fell by ' ELSE ' rose by ' END
        || health_internal.number_text(abs(p_x)) || ' within '
        || health_internal.span_text(p_step_seconds)
    WHEN p_measure = 'change_7' THEN
        p_name || ' is ' || health_internal.number_text(abs(p_x))
        || CASE WHEN p_x < 0 THEN ' below' ELSE ' above' END || ' its mean of the '
        || health_internal.span_text(6 * p_step_seconds) || ' before'
    WHEN p_measure = 'deviation' THEN
        p_name || ' is ' || health_internal.number_text(abs(p_x)) || ' standard deviations'
        || CASE WHEN p_x < 0 THEN ' below' ELSE ' above' END || ' its own mean'
    ELSE
        p_name || ' is ' || health_internal.number_text(abs(p_x)) || ' standard deviations'
        || CASE WHEN p_x < 0 THEN ' below' ELSE ' above' END || ' the fleet''s mean'
END;
COMMENT ON FUNCTION health_internal.feature_text(
    text, text, text, text, text, real, double precision
) IS
'What a feature of that value says, in words, such as "error E12 3 h ago".';

CREATE OR REPLACE FUNCTION health_internal.reasons_of(p_model_id bigint, p_x real [])
RETURNS jsonb
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Near-duplicates share what one of them would have: they are told together.
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'reason', families.reason,
        'family', families.family,
        'contribution', round(families.contribution::numeric, 3)
    ) ORDER BY abs(families.contribution) DESC, families.family), '[]')
    FROM (
        SELECT
            named.family,
            sum(named.contribution) AS contribution,
            (array_agg(named.reason ORDER BY abs(named.contribution) DESC, named.feature))[1] AS reason
        FROM (
            SELECT
                parts.feature,
                parts.contribution,
                health_internal.family_text(features.source, features.family, features.name) AS family,
                health_internal.feature_text(
                    features.source, features.family, features.name, features.measure, features.value,
                    p_x[features.feature], date_part('epoch', models.step)
                ) AS reason
            FROM health_internal.contributions(p_model_id, p_x) AS parts
            INNER JOIN health_internal.failure_features AS features
                ON features.model_id = p_model_id AND features.feature = parts.feature
            INNER JOIN health.failure_models AS models ON features.model_id = models.model_id
        ) AS named
        GROUP BY named.family
        ORDER BY abs(sum(named.contribution)) DESC, named.family
        LIMIT 5
    ) AS families
    WHERE abs(families.contribution) >= 0.005;
$$;
COMMENT ON FUNCTION health_internal.reasons_of(bigint, real []) IS
'The five families of features that contribute most to the log-odds of a row, largest first: reason in words '
'(of the strongest feature), family, contribution. They describe the model, not a cause.';

COMMIT;
