-- What a training is refused or warned for, and what a model must beat: predictors that need none.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.check_training(
    p_horizon interval,
    p_until timestamptz,
    p_step interval,
    p_max_rows integer,
    p_max_features integer,
    p_parameters jsonb
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_wrong text;
BEGIN
    IF p_horizon IS NULL OR p_until IS NULL
        OR NOT p_horizon BETWEEN interval '1 minute' AND interval '366 days'
        OR NOT coalesce(p_step, interval '1 minute') BETWEEN interval '1 second' AND interval '31 days'
        OR NOT coalesce(p_max_rows, 0) BETWEEN 100 AND 500000
        OR NOT coalesce(p_max_features, 0) BETWEEN 1 AND 200
        OR NOT isfinite(p_until) THEN
        RAISE EXCEPTION 'a failure model cannot be trained like that'
            USING ERRCODE = 'MD001',
                DETAIL = format(
                    'Horizon %s, until %s, step %s, at most %s rows and %s features.', p_horizon, p_until,
                    p_step, p_max_rows, p_max_features
                ),
                HINT = 'Give a horizon of 1 minute to 366 days, a time that is finite, a step of 1 second to '
                    '31 days, 100 to 500,000 rows and 1 to 200 features, or leave all but the horizon out.';
    END IF;
    SELECT string_agg(format(
        '%s: %s%s', coalesce(given.key, 'parameters'), given.value,
        ' (' || known.least || ' to ' || known.most || ')'
    ), ', ' ORDER BY given.key)
    INTO v_wrong
    FROM jsonb_each(
        CASE jsonb_typeof(p_parameters) WHEN 'object' THEN p_parameters ELSE jsonb_build_object('', p_parameters) END
    ) AS given (key, value)
    LEFT JOIN (
        VALUES
        ('bins', 2, 128), ('depth', 1, 8), ('learning_rate', 0.001, 1), ('row_share', 0.01, 1),
        ('column_share', 0.01, 1), ('least_hessian', 0, 1e9), ('trees', 1, 1000), ('patience', 1, 1000),
        ('seed', 0, 1e9)
    ) AS known (key, least, most) ON given.key = known.key
    WHERE CASE jsonb_typeof(given.value)
            WHEN 'number' THEN (given.value::numeric BETWEEN known.least AND known.most) IS NOT TRUE
            ELSE true
        END;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'a failure model has no such parameters'
            USING ERRCODE = 'MD001',
                DETAIL = v_wrong,
                HINT = 'Known are the numbers bins, depth, learning_rate, row_share, column_share, least_hessian, '
                    'trees, patience and seed; what is left out has a default.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.check_training(
    interval, timestamptz, interval, integer, integer, jsonb
) IS
'Raises MD001 for what no model can be trained with.';

CREATE OR REPLACE FUNCTION health_internal.warn_of_left_out(
    p_from timestamptz, p_until timestamptz, p_step interval
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_left_out record;
BEGIN
    IF p_step < interval '1 hour' THEN
        RETURN;
    END IF;
    SELECT count(DISTINCT hours.agent_id) AS agent_count, max(hours.left_out_count) AS series_count
    INTO v_left_out
    FROM health_internal.series_hours AS hours
    WHERE hours.until_at > p_from AND hours.until_at <= p_until AND hours.left_out_count > 0;
    IF v_left_out.agent_count > 0 THEN
        RAISE WARNING 'hours of % agents lack up to % of their series each',
            v_left_out.agent_count, v_left_out.series_count
            USING DETAIL = 'An hour keeps the 64 series of an agent with most values; the model knows no others '
                'from when raw rows are gone.',
                HINT = 'Let such an agent log fewer names of metrics, or as several agents.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.warn_of_left_out(timestamptz, timestamptz, interval) IS
'Warns of agents that told more series within an hour than are kept of it.';

CREATE OR REPLACE FUNCTION health_internal.check_cases(p_horizon interval)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_cases record;
    v_thin text;
BEGIN
    EXECUTE $sql$
        SELECT count(*) AS row_count, coalesce(sum(y), 0) AS positive_count,
            count(DISTINCT agent_id) AS agent_count,
            count(DISTINCT agent_id) FILTER (WHERE y = 1) AS failing_count
        FROM failure_cases
    $sql$
    INTO v_cases;
    IF v_cases.row_count = 0 THEN
        RAISE EXCEPTION 'there is no history to train from'
            USING ERRCODE = 'MD002',
                DETAIL = format(
                    'No agent has a row whose horizon of %s ends within the record.', p_horizon
                ),
                HINT = 'Load history with health.load_history, or take a shorter horizon.';
    END IF;
    IF v_cases.positive_count IN (0, v_cases.row_count) THEN
        RAISE EXCEPTION 'training needs rows with and without a failure ahead'
            USING ERRCODE = 'MD003',
                DETAIL = format(
                    'Of %s rows of %s agents %s have a failure within %s.',
                    v_cases.row_count, v_cases.agent_count, v_cases.positive_count, p_horizon
                ),
                HINT = 'Failures are rows of system_events of type failure, and incidents of agents that '
                    'did not answer or failed; until there are some, trends are all there is.';
    END IF;
    EXECUTE $sql$
        SELECT string_agg(format('%s: %s rows before failures of %s agents', parts.part,
            parts.positive_count, parts.failing_count), '; ' ORDER BY parts.part)
        FROM (
            SELECT wanted.part, coalesce(sum(y), 0) AS positive_count,
                count(DISTINCT agent_id) FILTER (WHERE y = 1) AS failing_count,
                count(*) FILTER (WHERE y = 0) AS negative_count
            FROM unnest(ARRAY['train', 'choose', 'test']) AS wanted (part)
            LEFT JOIN failure_cases USING (part)
            GROUP BY wanted.part
        ) AS parts
        WHERE parts.positive_count < CASE parts.part WHEN 'train' THEN 10 ELSE 3 END
            OR parts.failing_count < CASE parts.part WHEN 'train' THEN 3 ELSE 2 END
            OR parts.negative_count < 10
    $sql$
    INTO v_thin;
    IF v_thin IS NOT NULL THEN
        RAISE EXCEPTION 'there are too few failures to train and to test with'
            USING ERRCODE = 'MD003',
                DETAIL = format(
                    'Of %s rows of %s agents %s have a failure within %s. Too few in %s.',
                    v_cases.row_count, v_cases.agent_count, v_cases.positive_count, p_horizon, v_thin
                ),
                HINT = 'A model is tested on other agents and a later time than it learns from. Load more '
                    'history, or take a longer horizon; until then trends are all there is.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.check_cases(interval) IS
'Raises MD002 where there are no cases, MD003 where one label is missing or too few failures are in a part.';

CREATE OR REPLACE FUNCTION health_internal.scores_of(p_expression text, p_part text)
RETURNS double precision []
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_scores double precision [];
BEGIN
    -- What enters the text are numbers and literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    EXECUTE format(
        $sql$
        SELECT array_agg(scored.score ORDER BY scored.place)
        FROM (
            SELECT failure_cases.place, failure_cases.part, (%s)::float8 AS score
            FROM failure_cases
            INNER JOIN failure_rows USING (agent_id, k)
        ) AS scored
        WHERE scored.part = $1
        $sql$,
        p_expression
    )
    INTO v_scores
    USING p_part;
    RETURN v_scores;
END;
$$;
COMMENT ON FUNCTION health_internal.scores_of(text, text) IS
'An expression over the columns of failure_rows (f1, f2, …), for the cases of a part in the order of place.';

CREATE OR REPLACE FUNCTION health_internal.trivial_predictors(p_model_id bigint)
RETURNS TABLE (name text, expression text)
LANGUAGE sql
STABLE
AS $$
    SELECT 'never fails', '0'
    UNION ALL
    SELECT
        CASE features.family WHEN 'failure' THEN 'a failure just now' ELSE 'an error just now' END,
        'f' || features.feature
    FROM health_internal.failure_features AS features
    WHERE features.model_id = p_model_id AND features.source = 'event' AND features.name = ''
        AND features.measure = 'since' AND features.family IN ('failure', 'error')
    UNION ALL
    SELECT 'long without a failure', '-f' || features.feature
    FROM health_internal.failure_features AS features
    WHERE features.model_id = p_model_id AND features.family = 'failure' AND features.name = ''
        AND features.measure = 'since'
    UNION ALL
    SELECT 'errors lately', 'f' || features.feature
    FROM health_internal.failure_features AS features
    WHERE features.model_id = p_model_id AND features.family = 'error' AND features.name = ''
        AND features.measure = 'count_7'
    UNION ALL
    SELECT 'failed often before', format(
        'f%s / (k - min(k) OVER (PARTITION BY agent_id) + 10.0)', features.feature
    )
    FROM health_internal.failure_features AS features
    WHERE features.model_id = p_model_id AND features.family = 'failure' AND features.measure = 'total';
$$;
COMMENT ON FUNCTION health_internal.trivial_predictors(bigint) IS
'Predictors that need no model, as expressions over failure_rows: what a model must beat.';

CREATE OR REPLACE FUNCTION health_internal.method_quality(
    p_name text, p_scores double precision [], p_labels integer [], p_is_probability boolean
)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE
AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'method', p_name,
        'auc', round(quality.auc::numeric, 4),
        'average_precision', round(quality.average_precision::numeric, 4),
        'recall_1', round(quality.recall_1::numeric, 4),
        'recall_2', round(quality.recall_2::numeric, 4),
        'log_loss', CASE WHEN p_is_probability
            THEN round(health_internal.log_loss(p_scores, p_labels)::numeric, 5) END
    ))
    FROM health_internal.rank_quality(p_scores, p_labels) AS quality;
$$;
COMMENT ON FUNCTION health_internal.method_quality(text, double precision [], integer [], boolean) IS
'One entry of failure_models.comparison.';

CREATE OR REPLACE FUNCTION health_internal.probabilities(p_scores double precision [])
RETURNS double precision []
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT array_agg(1 / (1 + exp(-greatest(-30, least(30, scores.score)))) ORDER BY scores.place)
    FROM unnest(p_scores) WITH ORDINALITY AS scores (score, place)
);
COMMENT ON FUNCTION health_internal.probabilities(double precision []) IS 'Log-odds as probabilities.';

COMMIT;
