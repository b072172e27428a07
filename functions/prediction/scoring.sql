-- Predictions: all agents by one statement, as of any time. Entry point: health.predict_failures.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.score_agents(
    p_model_id bigint, p_at timestamptz, p_explained integer
)
RETURNS TABLE (agent_id text, probability double precision, reasons jsonb)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '64MB'
SET hash_mem_multiplier = 4
SET enable_sort = off
AS $$
DECLARE
    v_step interval;
    v_bounds record;
BEGIN
    -- Groups are overestimated many times, and hashing them is five times as fast as sorting, hence the settings.
    SELECT models.step INTO v_step FROM health.failure_models AS models WHERE models.model_id = p_model_id;
    SELECT bounds.* INTO v_bounds FROM health_internal.feature_bounds(v_step) AS bounds;
    -- What enters the text are numbers and literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    -- Walking the trees for reasons takes about a millisecond an agent, scoring microseconds.
    RETURN QUERY EXECUTE (
        SELECT format(
            $sql$
            WITH scored AS MATERIALIZED (
                SELECT features.*, %1$s AS log_odds FROM (%2$s) AS features
            ),

            explained AS (
                SELECT highest.agent_id, health_internal.reasons_of($9, ARRAY[%3$s]) AS reasons
                FROM (
                    SELECT scored.* FROM scored ORDER BY scored.log_odds DESC, scored.agent_id LIMIT $8
                ) AS highest
            )

            SELECT
                scored.agent_id,
                1 / (1 + exp(-greatest(-30, least(30, scored.log_odds)))),
                coalesce(explained.reasons, '[]')
            FROM scored
            LEFT JOIN explained USING (agent_id)
            ORDER BY scored.log_odds DESC, scored.agent_id
            $sql$,
            compiled.log_odds_expression,
            compiled.features_statement,
            (
                SELECT string_agg(
                    CASE WHEN features.feature IS NULL THEN 'NULL::real' ELSE 'f' || features.feature END,
                    ', ' ORDER BY numbers.number
                )
                FROM generate_series(1, (
                    SELECT max(highest.feature) FROM health_internal.failure_features AS highest
                    WHERE highest.model_id = p_model_id
                )) AS numbers (number)
                LEFT JOIN health_internal.failure_features AS features
                    ON features.model_id = p_model_id AND features.feature = numbers.number
            )
        )
        FROM health_internal.failure_expressions AS compiled
        WHERE compiled.model_id = p_model_id
    )
    USING p_at, v_step, 0, 0, v_bounds.rolled_from, v_bounds.rolled_until, v_bounds.kept, p_explained, p_model_id;
END;
$$;
COMMENT ON FUNCTION health_internal.score_agents(bigint, timestamptz, integer) IS
'Probability of a failure within the model''s horizon after p_at for every agent of which anything was received '
'in the seven steps before, highest first; reasons for the first p_explained.';

CREATE OR REPLACE FUNCTION health.predict_failures(
    p_at timestamptz DEFAULT clock_timestamp(),
    p_horizon interval DEFAULT NULL,
    p_model_id bigint DEFAULT NULL
)
RETURNS TABLE (agent_id text, probability double precision, model_id bigint, reasons jsonb)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_model_id bigint := p_model_id;
BEGIN
    PERFORM health_internal.check_unconfined();
    IF p_at IS NULL OR NOT isfinite(p_at) THEN
        RAISE EXCEPTION 'a prediction needs a finite time'
            USING ERRCODE = 'MD001', HINT = 'Leave p_at out to predict from now on.';
    END IF;
    IF v_model_id IS NULL THEN
        SELECT models.model_id
        INTO v_model_id
        FROM health.failure_models AS models
        WHERE models.is_active AND models.horizon = coalesce(p_horizon, models.horizon)
        ORDER BY models.horizon
        LIMIT 1;
    ELSIF NOT EXISTS (SELECT FROM health.failure_models AS models WHERE models.model_id = p_model_id) THEN
        RAISE EXCEPTION 'there is no failure model %', p_model_id
            USING ERRCODE = 'MD005', HINT = 'SELECT model_id, horizon FROM health.failure_models lists them.';
    END IF;
    IF v_model_id IS NULL THEN
        RETURN QUERY
        SELECT trends.agent_id, trends.probability, NULL::bigint, trends.reasons
        FROM health_internal.trend_risks(p_at, coalesce(p_horizon, interval '24 hours')) AS trends
        ORDER BY trends.probability DESC, trends.agent_id;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT scored.agent_id, scored.probability, v_model_id, scored.reasons
    FROM health_internal.score_agents(v_model_id, p_at, 200) AS scored;
END;
$$;
COMMENT ON FUNCTION health.predict_failures(timestamptz, interval, bigint) IS
'Every agent''s probability of a failure within the horizon after p_at, highest first, from what was received '
'until p_at. By the active model of p_horizon (NULL: the shortest there is), or by any model named; reasons (see '
'docs/detection/prediction.md) for the 200 highest. Without a model: by trend, model_id NULL. Raises MD001, MD005.';

GRANT EXECUTE ON FUNCTION health.predict_failures(timestamptz, interval, bigint)
TO health_analyst, health_bridge;

COMMIT;
