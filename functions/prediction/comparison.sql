-- Training: from the record to a model that is tested on agents and a time it has not seen, compared with
-- predictors that need no model, and only then used. Entry point: health.train_failure_model.
BEGIN;

SET LOCAL ROLE health_owner;

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
