-- A model as SQL: its trees, or weights, become one expression over the feature columns. The rows of
-- failure_nodes and failure_features are the truth; walking them gives the same number, and the reasons.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tree_expression(p_model_id bigint, p_tree integer)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
AS $$
DECLARE
    v_text text := '<1>';
    v_node record;
BEGIN
    -- A loop, because a node stands inside its parent's text.
    FOR v_node IN
        SELECT nodes.* FROM health_internal.failure_nodes AS nodes
        WHERE nodes.model_id = p_model_id AND nodes.tree = p_tree
        ORDER BY nodes.node
    LOOP
        -- Columns and cuts are real: a bare number would be compared as double precision.
        v_text := replace(v_text, format('<%s>', v_node.node), CASE
            WHEN v_node.feature IS NULL THEN format('%L::float8', v_node.value)
            ELSE format(
                'CASE WHEN f%s >= %L::real THEN <%s> ELSE <%s> END',
                v_node.feature, v_node.cut, 2 * v_node.node + 1, 2 * v_node.node
            )
        END);
    END LOOP;
    RETURN v_text;
END;
$$;
COMMENT ON FUNCTION health_internal.tree_expression(bigint, integer) IS
'One tree as a CASE expression over f1, f2, ….';

CREATE OR REPLACE FUNCTION health_internal.log_odds_expression(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
AS $$
    SELECT format('%L::float8', models.base_log_odds) || CASE models.kind
        WHEN 'trees' THEN coalesce((
            SELECT string_agg(
                E'\n+ ' || health_internal.tree_expression(p_model_id, trees.tree), '' ORDER BY trees.tree
            )
            FROM generate_series(1, models.tree_count) AS trees (tree)
        ), '')
        ELSE coalesce((
            SELECT string_agg(
                format(
                    E'\n+ %L::float8 * %s',
                    features.weight,
                    health_internal.standardised(features.feature, features.mean, features.scale)
                ),
                '' ORDER BY features.feature
            )
            FROM health_internal.failure_features AS features
            WHERE features.model_id = p_model_id AND features.weight IS NOT NULL
        ), '')
    END
    FROM health.failure_models AS models
    WHERE models.model_id = p_model_id;
$$;
COMMENT ON FUNCTION health_internal.log_odds_expression(bigint) IS
'The whole model as one expression over f1, f2, …: log-odds of a failure within the horizon.';

CREATE OR REPLACE FUNCTION health_internal.compile_model(p_model_id bigint)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO health_internal.failure_expressions (model_id, features_statement, log_odds_expression)
    VALUES (
        p_model_id,
        health_internal.features_now_sql(p_model_id),
        health_internal.log_odds_expression(p_model_id)
    )
    ON CONFLICT (model_id) DO UPDATE SET
        features_statement = excluded.features_statement,
        log_odds_expression = excluded.log_odds_expression;
$$;
COMMENT ON FUNCTION health_internal.compile_model(bigint) IS
'Writes a model''s row of failure_expressions.';

CREATE OR REPLACE FUNCTION health_internal.contributions(p_model_id bigint, p_x real [])
RETURNS TABLE (feature integer, contribution double precision)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Along a row's path each step from a node to its child changes the value; the change belongs to the
    -- feature that was asked. Feature 0: the base and the roots, which every row has.
    WITH RECURSIVE walk AS (
        SELECT nodes.tree, nodes.node, nodes.feature, nodes.cut, nodes.value, 0 AS asked, nodes.value AS change
        FROM health_internal.failure_nodes AS nodes
        WHERE nodes.model_id = p_model_id AND nodes.node = 1
        UNION ALL
        SELECT nodes.tree, nodes.node, nodes.feature, nodes.cut, nodes.value, walk.feature,
            nodes.value - walk.value
        FROM walk
        INNER JOIN health_internal.failure_nodes AS nodes
            ON nodes.model_id = p_model_id
            AND nodes.tree = walk.tree
            AND nodes.node = 2 * walk.node + coalesce((p_x[walk.feature] >= walk.cut)::integer, 0)
        WHERE walk.feature IS NOT NULL
    )

    SELECT parts.feature, sum(parts.contribution)
    FROM (
        SELECT walk.asked AS feature, walk.change AS contribution FROM walk
        UNION ALL
        SELECT 0, models.base_log_odds FROM health.failure_models AS models WHERE models.model_id = p_model_id
        UNION ALL
        SELECT features.feature, features.weight * greatest(-8, least(8, coalesce(
            (p_x[features.feature] - features.mean) / features.scale, 0
        )))
        FROM health_internal.failure_features AS features
        INNER JOIN health.failure_models AS models ON features.model_id = models.model_id
        WHERE features.model_id = p_model_id AND models.kind = 'logistic' AND features.weight IS NOT NULL
    ) AS parts
    GROUP BY parts.feature;
$$;
COMMENT ON FUNCTION health_internal.contributions(bigint, real []) IS
'What each feature adds to the log-odds of one row (its features by number, up to the highest): they sum to what '
'log_odds_expression gives. Feature 0 is what every row has.';

COMMIT;
