-- From a tested model to the one that predicts: fitted anew to all cases, without what it does not ask for.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.verdict_of(
    p_auc double precision,
    p_average_precision double precision,
    p_log_loss double precision,
    p_margin double precision,
    p_margin_over_chance double precision,
    p_trivial text,
    p_trivial_auc double precision,
    p_trivial_precision double precision,
    p_base_log_loss double precision,
    p_objection text
)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_auc - p_trivial_auc <= p_margin
        -- Where failures are rare, two AUCs near 1 hide which one finds them among its first warnings.
        AND (
            p_auc < p_trivial_auc
            OR p_average_precision < p_trivial_precision + 0.1
            OR p_auc - 0.5 <= p_margin_over_chance
        ) THEN format(
        'not used: its AUC %s does not beat "%s" (%s) by more than chance allows (%s)',
        round(p_auc::numeric, 3), p_trivial, round(p_trivial_auc::numeric, 3),
        round(p_margin::numeric, 3)
    )
    WHEN p_log_loss >= p_base_log_loss THEN
        'not used: its probabilities are no better than the mean rate of failures'
    WHEN p_objection IS NOT NULL THEN 'not used: ' || p_objection
    ELSE format(
        'used: AUC %s against %s of "%s"', round(p_auc::numeric, 3),
        round(p_trivial_auc::numeric, 3), p_trivial
    )
END;
COMMENT ON FUNCTION health_internal.verdict_of(
    double precision, double precision, double precision, double precision, double precision, text,
    double precision, double precision, double precision, text
) IS
'Whether a model is used, and why, in words that begin with "used" or "not used": it must beat the best trivial '
'predictor and the mean rate of failures, on agents and a time that taught it nothing, and there must be no objection '
'of compare_with_used (NULL).';

CREATE OR REPLACE FUNCTION health_internal.top_families(p_model_id bigint, p_kind text)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'family', families.family, 'share', round(families.share::numeric, 4)
    ) ORDER BY families.share DESC, families.family), '[]')
    FROM (
        SELECT
            health_internal.family_text(features.source, features.family, features.name) AS family,
            sum(importance.gain) / nullif(sum(sum(importance.gain)) OVER (), 0) AS share
        FROM health_internal.failure_features AS features
        CROSS JOIN LATERAL (
            SELECT CASE p_kind WHEN 'trees' THEN features.gain ELSE abs(features.weight) END AS gain
        ) AS importance
        WHERE features.model_id = p_model_id
        GROUP BY 1
        HAVING sum(importance.gain) > 0
        ORDER BY 2 DESC, 1
        LIMIT 20
    ) AS families;
$$;
COMMENT ON FUNCTION health_internal.top_families(bigint, text) IS
'Families of features by their share of the gain or of the weights.';

CREATE OR REPLACE FUNCTION health_internal.publish_model(
    p_model_id bigint,
    p_kind text,
    p_parameters jsonb,
    p_tree_count integer,
    p_row_ratio double precision,
    p_is_refitted boolean,
    OUT base double precision, OUT tree_count integer
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_kind = 'logistic' THEN
        DELETE FROM health_internal.failure_nodes AS nodes WHERE nodes.model_id = p_model_id;
        SELECT fit.base
        INTO base
        FROM health_internal.fit_logistic(
            p_model_id, CASE WHEN NOT p_is_refitted THEN ARRAY['train'] END, 30
        ) AS fit;
        tree_count := 0;
        DELETE FROM health_internal.failure_features AS features
        WHERE features.model_id = p_model_id AND features.weight IS NULL;
        RETURN;
    END IF;
    tree_count := p_tree_count;
    IF p_is_refitted THEN
        -- More rows carry more trees: with the root of how many times more there are.
        PERFORM health_internal.make_bins(
            p_model_id, (p_parameters ->> 'bins')::integer, NULL, 'failure_all_bins'
        );
        SELECT grown.base, grown.tree_count
        INTO base, tree_count
        FROM health_internal.grow_trees(
            p_model_id, 'failure_all_bins', p_parameters,
            least(
                (p_parameters ->> 'trees')::integer,
                ceil(p_tree_count * sqrt(p_row_ratio))::integer
            ),
            NULL
        ) AS grown;
        EXECUTE 'DROP TABLE failure_all_bins';
    END IF;
    UPDATE health_internal.failure_features AS features
    SET gain = coalesce((
        SELECT sum(nodes.gain) FROM health_internal.failure_nodes AS nodes
        WHERE nodes.model_id = p_model_id AND nodes.feature = features.feature
    ), 0), mean = NULL, scale = NULL, weight = NULL
    WHERE features.model_id = p_model_id;
    -- What no tree asks for need not be reckoned.
    DELETE FROM health_internal.failure_features AS features
    WHERE features.model_id = p_model_id AND features.gain = 0
        AND EXISTS (SELECT FROM health_internal.failure_nodes AS nodes
            WHERE nodes.model_id = p_model_id AND nodes.feature IS NOT NULL);
END;
$$;
COMMENT ON FUNCTION health_internal.publish_model(
    bigint, text, jsonb, integer, double precision, boolean
) IS
'Brings failure_nodes and failure_features to what predicts: fitted anew to all cases if p_is_refitted, which are '
'p_row_ratio times as many as those that the given number of trees was found with; returns '
'base and number of trees.';

COMMIT;
