-- The model in use beside the one that would replace it, on the rows that test the new one.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.compare_with_used(
    p_horizon interval,
    p_anchor timestamptz,
    p_scores double precision [],
    p_labels integer [],
    p_inflation double precision,
    OUT entry jsonb,
    OUT objection text
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '64MB'
AS $$
DECLARE
    v_used record;
    v_bounds record;
    v_first_at timestamptz;
    v_others double precision [];
    v_unseen boolean [];
    v_same record;
    v_quality record;
    v_own record;
    v_used_auc double precision;
    v_margin double precision;
BEGIN
    -- What enters the text are numbers and literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    SELECT models.model_id, models.auc, models.step, models.trained_until, compiled.log_odds_expression
    INTO v_used
    FROM health.failure_models AS models
    INNER JOIN health_internal.failure_expressions AS compiled USING (model_id)
    WHERE models.horizon = p_horizon AND models.is_active;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT bounds.* INTO v_bounds FROM health_internal.feature_bounds(v_used.step) AS bounds;
    EXECUTE 'SELECT min(at) FROM failure_cases WHERE part = ''test''' INTO v_first_at;
    -- Its own features, in its own steps; rows at other times than these are not compared.
    EXECUTE format(
        $sql$
        WITH scored AS MATERIALIZED (
            SELECT features.agent_id, $1 + $2 * features.k AS at, %s AS log_odds FROM (%s) AS features
        )

        SELECT
            array_agg(scored.log_odds ORDER BY cases.place), array_agg(cases.at > $8 ORDER BY cases.place)
        FROM failure_cases AS cases
        LEFT JOIN scored USING (agent_id, at)
        WHERE cases.part = 'test'
        $sql$,
        v_used.log_odds_expression, health_internal.features_of_steps_sql(v_used.model_id)
    )
    INTO v_others, v_unseen
    USING p_anchor, v_used.step,
        floor(date_part('epoch', v_first_at - p_anchor) / date_part('epoch', v_used.step))::integer, 0,
        v_bounds.rolled_from, v_bounds.rolled_until, v_bounds.kept,
        -- It was fitted to all rows whose horizon ended by then.
        v_used.trained_until - p_horizon;
    SELECT
        counted.has_unseen,
        array_agg(rows.score) AS scores, array_agg(rows.other) AS others, array_agg(rows.label) AS labels
    INTO v_same
    FROM unnest(p_scores, v_others, p_labels, v_unseen) AS rows (score, other, label, is_unseen)
    CROSS JOIN (
        SELECT
            count(*) FILTER (WHERE all_rows.label = 1) >= 10
            AND count(*) FILTER (WHERE all_rows.label = 0) >= 10 AS has_unseen
        FROM unnest(v_others, p_labels, v_unseen) AS all_rows (other, label, is_unseen)
        WHERE all_rows.is_unseen AND all_rows.other IS NOT NULL
    ) AS counted
    WHERE rows.other IS NOT NULL AND (rows.is_unseen OR NOT counted.has_unseen)
    GROUP BY counted.has_unseen;
    SELECT quality.* INTO v_own FROM health_internal.rank_quality(v_same.scores, v_same.labels) AS quality;
    SELECT quality.* INTO v_quality FROM health_internal.rank_quality(v_same.others, v_same.labels) AS quality;
    IF v_quality.auc IS NULL THEN
        RETURN;
    END IF;
    entry := health_internal.method_quality(
        format('model %s, in use', v_used.model_id), v_same.others, v_same.labels, false
    ) || jsonb_build_object('rows', cardinality(v_same.labels), 'taught_by_some', NOT v_same.has_unseen);
    v_used_auc := v_quality.auc;
    IF NOT v_same.has_unseen THEN
        -- Rows that taught it flatter it: it counts for no more than on those that had not.
        v_used_auc := least(v_used_auc, v_used.auc);
    END IF;
    v_margin := health_internal.lead_margin(v_same.scores, v_same.others, v_same.labels, p_inflation);
    IF v_own.auc < v_used_auc - v_margin THEN
        objection := format(
            'model %s, which it would replace, is better on the same rows%s (AUC %s against %s)', v_used.model_id,
            CASE WHEN v_same.has_unseen THEN ', which taught neither' ELSE ', of which some taught it' END,
            round(v_used_auc::numeric, 3), round(v_own.auc::numeric, 3)
        );
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.compare_with_used(
    interval, timestamptz, double precision [], integer [], double precision
) IS
'Scores the model in use on the rows of part test: an entry of failure_models.comparison, and why it should stay '
'(NULL: no reason): its AUC leads the given scores'' by more than the 95 % interval of DeLong. By rows it had not seen, where '
'there are ten of each label, else by all, of which some taught it: then by no more than the AUC of its own test.';

COMMIT;
