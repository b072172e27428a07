-- Training: from the record to a model that is tested on agents and a time it has not seen, compared with
-- predictors that need no model, and only then used. Entry point: health.train_failure_model. All of it is one
-- transaction: a training that is killed leaves nothing.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.train_failure_model(
    p_horizon interval,
    p_until timestamptz DEFAULT clock_timestamp(),
    p_step interval DEFAULT NULL,
    p_max_rows integer DEFAULT 30000,
    p_max_features integer DEFAULT 64,
    p_parameters jsonb DEFAULT '{}'
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET client_min_messages = 'warning'
SET jit = off
SET work_mem = '64MB'
AS $$
DECLARE
    v_began constant timestamptz := clock_timestamp();
    v_parameters constant jsonb := jsonb_build_object(
        'bins', 128, 'depth', 4, 'learning_rate', 0.15, 'row_share', 0.2, 'column_share', 0.5,
        'least_hessian', 1, 'trees', 100, 'patience', 15, 'seed', 1
    ) || coalesce(p_parameters, '{}');
    v_model_id bigint;
    v_grid record;
    v_cut timestamptz;
    v_counts record;
    v_grown record;
    v_trivial record;
    v_labels integer [];
    v_choose_labels integer [];
    v_trees double precision [];
    v_logistic double precision [];
    v_choose double precision [];
    v_choose_logistic double precision [];
    v_others double precision [];
    v_best_others double precision [];
    v_best_precision double precision := 0.0::double precision;
    v_best_trivial text := 'never fails';
    v_comparison jsonb := '[]'::jsonb;
    v_quality record;
    v_used record;
    v_rows_per_failure double precision;
    v_at_1 record;
    v_at_2 record;
    v_published record;
    v_model health.failure_models;
    v_logistic_base double precision;
    v_entry jsonb;
BEGIN
    -- What enters the text are numbers and literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    PERFORM health_internal.check_training(
        p_horizon, p_until, p_step, p_max_rows, p_max_features, coalesce(p_parameters, '{}')
    );
    PERFORM FROM health_internal.failure_training AS training FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another training is under way'
            USING ERRCODE = 'MD004', HINT = 'Wait for it: it takes seconds to minutes.';
    END IF;
    v_model.model_id := nextval(pg_get_serial_sequence('health.failure_models', 'model_id'));
    v_model_id := v_model.model_id;

    SELECT grid.* INTO v_grid
    FROM health_internal.training_grid(p_horizon, p_until, p_step, p_max_rows) AS grid;
    IF v_grid.first_k IS NULL OR health_internal.add_candidates(
        v_model_id, v_grid.anchor + v_grid.step * (v_grid.first_k - 1), v_grid.last_at, v_grid.step, 240
    ) = 0 THEN
        RAISE EXCEPTION 'there is no history to train from'
            USING ERRCODE = 'MD002',
                DETAIL = format('Nothing was recorded of any agent until %s.', p_until),
                HINT = 'Load history with health.load_history and plain INSERTs.';
    END IF;
    PERFORM health_internal.make_cases(
        v_model_id, make_interval(secs => date_part('epoch', p_horizon)), v_grid.anchor, v_grid.step,
        v_grid.first_k, 0, v_grid.last_at, p_max_rows
    );
    v_cut := health_internal.split_cases(make_interval(secs => date_part('epoch', p_horizon)));
    PERFORM health_internal.check_cases(p_horizon);
    PERFORM health_internal.warn_of_left_out(
        v_grid.anchor + v_grid.step * v_grid.first_k, v_grid.last_at, v_grid.step
    );

    -- Trivial predictors first, while every candidate is there.
    EXECUTE 'SELECT array_agg(y::integer ORDER BY place) FROM failure_cases WHERE part = ''test''' INTO v_labels;
    EXECUTE 'SELECT array_agg(y::integer ORDER BY place) FROM failure_cases WHERE part = ''choose'''
    INTO v_choose_labels;
    v_model.trivial_auc := 0;
    FOR v_trivial IN
        SELECT predictors.* FROM health_internal.trivial_predictors(v_model_id) AS predictors
    LOOP
        v_others := health_internal.scores_of(v_trivial.expression, 'test');
        v_entry := health_internal.method_quality(v_trivial.name, v_others, v_labels, false);
        v_comparison := v_comparison || v_entry;
        v_best_precision := greatest(v_best_precision, (v_entry ->> 'average_precision')::double precision);
        IF (v_entry ->> 'auc')::double precision > v_model.trivial_auc THEN
            v_model.trivial_auc := (v_entry ->> 'auc')::double precision;
            v_best_trivial := v_trivial.name;
            v_best_others := v_others;
        END IF;
    END LOOP;

    PERFORM health_internal.make_cuts(v_model_id, (v_parameters ->> 'bins')::integer);
    PERFORM health_internal.make_bins(
        v_model_id, (v_parameters ->> 'bins')::integer, ARRAY['train', 'choose', 'test'], 'failure_bins'
    );
    PERFORM health_internal.rank_features(v_model_id, 'failure_bins', (v_parameters ->> 'bins')::integer);
    DELETE FROM health_internal.failure_features AS features
    WHERE features.model_id = v_model_id
        AND features.feature NOT IN (
            SELECT best.feature
            FROM health_internal.failure_features AS best
            WHERE best.model_id = v_model_id
            ORDER BY best.gain DESC, best.feature
            LIMIT p_max_features
        );
    SELECT fit.base
    INTO v_logistic_base
    FROM health_internal.fit_logistic(v_model_id, ARRAY['train'], 30) AS fit;
    SELECT grown.* INTO v_grown FROM health_internal.grow_trees(
        v_model_id, 'failure_bins', v_parameters, (v_parameters ->> 'trees')::integer,
        (v_parameters ->> 'patience')::integer
    ) AS grown;
    EXECUTE $sql$
        SELECT
            array_agg(($1)[rn] ORDER BY rn) FILTER (WHERE part = 'test'),
            array_agg(($1)[rn] ORDER BY rn) FILTER (WHERE part = 'choose')
        FROM failure_bins
    $sql$
    INTO v_trees, v_choose
    USING v_grown.scores;
    v_trees := health_internal.probabilities(v_trees);
    v_choose := health_internal.probabilities(v_choose);
    EXECUTE (
        SELECT format(
            'SELECT health_internal.scores_of(%1$L, ''test''), health_internal.scores_of(%1$L, ''choose'')',
            format('%L::float8', v_logistic_base) || coalesce(string_agg(format(
                ' + %L::float8 * %s', features.weight,
                health_internal.standardised(features.feature, features.mean, features.scale)
            ), '' ORDER BY features.feature), '')
        )
        FROM health_internal.failure_features AS features
        WHERE features.model_id = v_model_id AND features.weight IS NOT NULL
    )
    INTO v_logistic, v_choose_logistic;
    v_logistic := health_internal.probabilities(v_logistic);
    v_choose_logistic := health_internal.probabilities(v_choose_logistic);
    v_comparison := jsonb_build_array(
        health_internal.method_quality('trees', v_trees, v_labels, true),
        health_internal.method_quality('logistic', v_logistic, v_labels, true)
    ) || v_comparison;
    v_model.validation_log_loss := health_internal.log_loss(v_choose, v_choose_labels);
    v_model.kind := 'trees';
    IF health_internal.log_loss(v_choose_logistic, v_choose_labels) < v_model.validation_log_loss
        OR v_grown.tree_count = 0 THEN
        v_model.kind := 'logistic';
        v_model.validation_log_loss := health_internal.log_loss(v_choose_logistic, v_choose_labels);
        v_trees := v_logistic;
        v_choose := v_choose_logistic;
    END IF;

    -- Thresholds come from the agents that chose, what they are worth from those that test.
    SELECT quality.* INTO v_quality FROM health_internal.rank_quality(v_trees, v_labels) AS quality;
    v_model.threshold_1 := health_internal.threshold_at(v_choose, v_choose_labels, 0.01);
    v_model.threshold_2 := health_internal.threshold_at(v_choose, v_choose_labels, 0.02);
    SELECT at.* INTO v_at_1 FROM health_internal.at_threshold(v_trees, v_labels, v_model.threshold_1) AS at;
    SELECT at.* INTO v_at_2 FROM health_internal.at_threshold(v_trees, v_labels, v_model.threshold_2) AS at;
    EXECUTE $sql$
        SELECT
            count(*) AS row_count,
            sum(y) AS positive_count,
            count(DISTINCT agent_id) AS agent_count,
            min(at) AS first_at,
            count(*) FILTER (WHERE part = 'train') AS train_row_count,
            count(*) FILTER (WHERE part = 'test') AS test_row_count,
            sum(y) FILTER (WHERE part = 'test') AS test_positive_count,
            count(DISTINCT agent_id) FILTER (WHERE part = 'test') AS test_agent_count,
            count(*) FILTER (WHERE part = 'test' AND y = 1 AND before IS DISTINCT FROM 1) AS test_failure_count,
            avg(y) FILTER (WHERE part = 'train') AS base_rate
        FROM (
            SELECT failure_cases.*, lag(y) OVER (PARTITION BY agent_id ORDER BY k) AS before FROM failure_cases
        ) AS cases
    $sql$
    INTO v_counts;
    v_rows_per_failure := v_counts.test_positive_count::double precision / greatest(v_counts.test_failure_count, 1);
    v_model.auc_margin := health_internal.lead_margin(v_trees, v_best_others, v_labels, v_rows_per_failure);
    v_model.log_loss := health_internal.log_loss(v_trees, v_labels);
    SELECT compared.* INTO v_used
    FROM health_internal.compare_with_used(
        p_horizon, v_grid.anchor, v_trees, v_labels, v_rows_per_failure
    ) AS compared;
    v_comparison := v_comparison || coalesce(v_used.entry, '[]');
    v_model.verdict := health_internal.verdict_of(
        v_quality.auc, v_quality.average_precision, v_model.log_loss, v_model.auc_margin,
        health_internal.lead_margin(
            v_trees, array_fill(0::double precision, ARRAY[cardinality(v_labels)]), v_labels, v_rows_per_failure
        ),
        v_best_trivial, v_model.trivial_auc, v_best_precision,
        health_internal.log_loss(
            array_fill(v_counts.base_rate::double precision, ARRAY[cardinality(v_labels)]), v_labels
        ),
        v_used.objection
    );
    v_model.is_active := starts_with(v_model.verdict, 'used');
    SELECT published.*
    INTO v_published
    FROM health_internal.publish_model(
        v_model_id, v_model.kind, v_parameters, v_grown.tree_count,
        v_counts.row_count::double precision / v_counts.train_row_count, v_model.is_active
    ) AS published;

    v_model.horizon := p_horizon;
    v_model.trained_at := v_began;
    v_model.trained_from := v_counts.first_at;
    v_model.trained_until := v_grid.last_at;
    v_model.step := v_grid.step;
    v_model.windows := ARRAY[v_grid.step, v_grid.step * 3, v_grid.step * 7];
    v_model.label_definition := format(
        'a failure after t and at most %s later: an event of type failure, or an incident of an agent that did '
        'not answer, failed or was in error; features are of what was received up to t', p_horizon
    );
    v_model.split_definition := format(
        'tested on %s agents after %s; trained on others, chosen and thresholds set on a third group, both with '
        'horizons that end by then; %s', v_counts.test_agent_count, v_cut,
        CASE WHEN v_model.is_active THEN 'then fitted anew to all rows' ELSE 'not fitted anew' END
    );
    v_model.agent_count := v_counts.agent_count;
    v_model.row_count := v_counts.row_count;
    v_model.positive_count := v_counts.positive_count;
    v_model.failure_count := (
        SELECT count(*)
        FROM health_internal.failure_moments AS failures
        WHERE failures.failed_at > v_counts.first_at AND failures.failed_at <= v_grid.last_at
            AND health_internal.is_watched(failures.agent_id)
    );
    v_model.tree_count := v_published.tree_count;
    v_model.feature_count := (
        SELECT count(*) FROM health_internal.failure_features AS features WHERE features.model_id = v_model_id
    );
    v_model.test_agent_count := v_counts.test_agent_count;
    v_model.test_row_count := v_counts.test_row_count;
    v_model.test_positive_count := v_counts.test_positive_count;
    v_model.auc := v_quality.auc;
    v_model.average_precision := v_quality.average_precision;
    v_model.precision_1 := v_at_1.precision_;
    v_model.recall_1 := v_at_1.recall;
    v_model.false_positive_rate_1 := v_at_1.false_positive_rate;
    v_model.precision_2 := v_at_2.precision_;
    v_model.recall_2 := v_at_2.recall;
    v_model.false_positive_rate_2 := v_at_2.false_positive_rate;
    v_model.comparison := v_comparison;
    v_model.calibration := health_internal.calibration_of(v_trees, v_labels);
    v_model.top_features := health_internal.top_families(v_model_id, v_model.kind);
    v_model.parameters := v_parameters || jsonb_build_object(
        'max_rows', p_max_rows, 'max_features', p_max_features, 'validation_losses', (
            SELECT jsonb_agg(round(losses.loss::numeric, 5) ORDER BY losses.place)
            FROM unnest(v_grown.losses) WITH ORDINALITY AS losses (loss, place)
        )
    );
    v_model.base_log_odds := coalesce(
        v_published.base, CASE v_model.kind WHEN 'trees' THEN v_grown.base ELSE v_logistic_base END
    );
    v_model.training_seconds := date_part('epoch', clock_timestamp() - v_began);
    IF v_model.is_active THEN
        UPDATE health.failure_models AS models
        SET is_active = false
        WHERE models.horizon = p_horizon AND models.is_active;
    END IF;
    INSERT INTO health.failure_models OVERRIDING SYSTEM VALUE VALUES (v_model.*);
    PERFORM health_internal.compile_model(v_model_id);
    UPDATE health_internal.failure_training SET begun_at = v_began;
    EXECUTE 'DROP TABLE failure_rows, failure_cases, failure_bins';
    RETURN v_model_id;
END;
$$;
COMMENT ON FUNCTION health.train_failure_model(interval, timestamptz, interval, integer, integer, jsonb) IS
'Trains a model of failures within p_horizon from what was recorded until p_until, tests it, activates it if it '
'beats the trivial predictors and is not worse than the model in use, and returns its model_id: see '
'health.failure_models. p_step: time between rows (NULL: chosen); p_parameters: bins, depth, learning_rate, '
'row_share, column_share, least_hessian, trees, patience, seed. Raises MD001 for parameters that make no sense, '
'MD002 without history, MD003 with too few failures (in check_cases), MD004 while another training is under way.';

GRANT EXECUTE ON FUNCTION health.train_failure_model(
    interval, timestamptz, interval, integer, integer, jsonb
) TO health_admin;

COMMIT;
