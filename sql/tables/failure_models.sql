-- Failure prediction: models as rows (what they are, how well they did on agents and times they had not seen,
-- their features, every node of every tree), and the latest prediction for each agent.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.failure_models (
    model_id bigint GENERATED ALWAYS AS IDENTITY,
    horizon interval NOT NULL,
    kind text NOT NULL,
    is_active boolean NOT NULL DEFAULT false,
    verdict text NOT NULL,
    trained_at timestamptz NOT NULL,
    trained_from timestamptz NOT NULL,
    trained_until timestamptz NOT NULL,
    step interval NOT NULL,
    windows interval [] NOT NULL,
    label_definition text NOT NULL,
    split_definition text NOT NULL,
    agent_count integer NOT NULL,
    row_count integer NOT NULL,
    positive_count integer NOT NULL,
    failure_count integer NOT NULL,
    feature_count integer NOT NULL,
    tree_count integer NOT NULL,
    test_agent_count integer NOT NULL,
    test_row_count integer NOT NULL,
    test_positive_count integer NOT NULL,
    auc double precision NOT NULL,
    auc_margin double precision NOT NULL,
    average_precision double precision NOT NULL,
    threshold_1 double precision NOT NULL,
    precision_1 double precision,
    recall_1 double precision NOT NULL,
    false_positive_rate_1 double precision NOT NULL,
    threshold_2 double precision NOT NULL,
    precision_2 double precision,
    recall_2 double precision NOT NULL,
    false_positive_rate_2 double precision NOT NULL,
    log_loss double precision NOT NULL,
    validation_log_loss double precision NOT NULL,
    trivial_auc double precision NOT NULL,
    comparison jsonb NOT NULL,
    calibration jsonb NOT NULL,
    top_features jsonb NOT NULL,
    parameters jsonb NOT NULL,
    training_seconds double precision NOT NULL,
    base_log_odds double precision NOT NULL,
    CONSTRAINT failure_models_pkey PRIMARY KEY (model_id),
    CONSTRAINT model_kind_is_trees_or_logistic
    CHECK (kind IN ('trees', 'logistic'))
);

COMMENT ON TABLE health.failure_models IS
'One row per trained model of failures, those that were not good enough too. Figures are of agents and a later '
'time that the tested model had not seen; the published one was then fitted to everything.';
COMMENT ON COLUMN health.failure_models.model_id IS 'Number of the model.';
COMMENT ON COLUMN health.failure_models.horizon IS 'How far ahead it looks.';
COMMENT ON COLUMN health.failure_models.kind IS
'trees (boosted) or logistic (regression), whichever had the lower validation loss.';
COMMENT ON COLUMN health.failure_models.is_active IS 'Whether it predicts; one per horizon at most.';
COMMENT ON COLUMN health.failure_models.verdict IS 'Why it was activated, or why not, in words.';
COMMENT ON COLUMN health.failure_models.trained_at IS 'When it was trained.';
COMMENT ON COLUMN health.failure_models.trained_from IS 'Time of the first row it was trained on.';
COMMENT ON COLUMN health.failure_models.trained_until IS
'End of the record it was trained on: no later row or failure entered.';
COMMENT ON COLUMN health.failure_models.step IS 'Time between two rows of an agent, the unit of windows.';
COMMENT ON COLUMN health.failure_models.windows IS 'Windows over which features are taken.';
COMMENT ON COLUMN health.failure_models.label_definition IS 'What counts as a failure ahead.';
COMMENT ON COLUMN health.failure_models.split_definition IS 'How training, validation and test were told apart.';
COMMENT ON COLUMN health.failure_models.agent_count IS 'Agents in the record.';
COMMENT ON COLUMN health.failure_models.row_count IS 'Rows with a known label: one per agent and step.';
COMMENT ON COLUMN health.failure_models.positive_count IS 'Those of them with a failure ahead.';
COMMENT ON COLUMN health.failure_models.failure_count IS 'Failures in the record.';
COMMENT ON COLUMN health.failure_models.feature_count IS 'Features it was given, after choosing.';
COMMENT ON COLUMN health.failure_models.tree_count IS 'Trees of the published model; 0: logistic.';
COMMENT ON COLUMN health.failure_models.test_agent_count IS 'Agents the test was made on.';
COMMENT ON COLUMN health.failure_models.test_row_count IS 'Rows of the test.';
COMMENT ON COLUMN health.failure_models.test_positive_count IS 'Those of them with a failure ahead.';
COMMENT ON COLUMN health.failure_models.auc IS
'Area under the ROC curve on the test: how often a row before a failure ranks above another one, 0..1.';
COMMENT ON COLUMN health.failure_models.auc_margin IS
'Half width of the 95 % interval of its lead in AUC over the best trivial predictor (DeLong), 0..1.';
COMMENT ON COLUMN health.failure_models.average_precision IS 'Area under precision over recall on the test, 0..1.';
COMMENT ON COLUMN health.failure_models.threshold_1 IS
'Probability that 1 % of the rows without a failure reached on the validation agents, 0..1.';
COMMENT ON COLUMN health.failure_models.precision_1 IS
'Share of warnings at threshold_1 that came true on the test, 0..1; NULL: there was none.';
COMMENT ON COLUMN health.failure_models.recall_1 IS
'Share of rows before a failure that threshold_1 found on the test, 0..1.';
COMMENT ON COLUMN health.failure_models.false_positive_rate_1 IS
'Share of the other rows that threshold_1 flagged on the test, 0..1.';
COMMENT ON COLUMN health.failure_models.threshold_2 IS 'As threshold_1, of 2 %.';
COMMENT ON COLUMN health.failure_models.precision_2 IS 'As precision_1, at threshold_2.';
COMMENT ON COLUMN health.failure_models.recall_2 IS 'As recall_1, at threshold_2.';
COMMENT ON COLUMN health.failure_models.false_positive_rate_2 IS
'As false_positive_rate_1, at threshold_2.';
COMMENT ON COLUMN health.failure_models.log_loss IS 'Mean negative log-likelihood on the test, nats.';
COMMENT ON COLUMN health.failure_models.validation_log_loss IS
'The same on the validation agents, which chose kind and number of trees.';
COMMENT ON COLUMN health.failure_models.trivial_auc IS 'AUC of the best trivial predictor on the test, 0..1.';
COMMENT ON COLUMN health.failure_models.comparison IS
'AUC, recall at 1 % and 2 % and log loss of each method and trivial predictor on the same test rows, by name; '
'recall here is read off the test''s own curve. Of the model in use also on how many of these rows, and whether some '
'taught it.';
COMMENT ON COLUMN health.failure_models.calibration IS
'Bands of predicted probability on the test: from, rows, mean predicted, observed share of failures.';
COMMENT ON COLUMN health.failure_models.top_features IS
'Families of features by their share of the gain (trees) or of the weights (logistic), largest first.';
COMMENT ON COLUMN health.failure_models.parameters IS 'What the training was asked for and chose.';
COMMENT ON COLUMN health.failure_models.training_seconds IS 'How long it took, seconds.';
COMMENT ON COLUMN health.failure_models.base_log_odds IS 'Log-odds that the contributions are added to.';

CREATE UNIQUE INDEX failure_models_active_key ON health.failure_models (horizon) WHERE is_active;
COMMENT ON INDEX health.failure_models_active_key IS
'health.predict_failures looks for the model of a horizon; there is one.';

CREATE TABLE health_internal.failure_features (
    model_id bigint NOT NULL,
    feature integer NOT NULL,
    source text NOT NULL,
    family text COLLATE "C" NOT NULL DEFAULT '',
    name text COLLATE "C" NOT NULL DEFAULT '',
    measure text NOT NULL,
    value text COLLATE "C",
    cuts real [] NOT NULL DEFAULT '{}',
    gain double precision NOT NULL DEFAULT 0,
    mean double precision,
    scale double precision,
    weight double precision,
    CONSTRAINT failure_features_pkey PRIMARY KEY (model_id, feature),
    CONSTRAINT failure_features_model_fkey
    FOREIGN KEY (model_id) REFERENCES health.failure_models ON DELETE CASCADE
    DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT feature_source_is_metric_heartbeat_event_or_label
    CHECK (source IN ('metric', 'heartbeat', 'event', 'label'))
);

COMMENT ON TABLE health_internal.failure_features IS
'One row per feature of a model: what it measures, and the logistic regression''s weight.';
COMMENT ON COLUMN health_internal.failure_features.model_id IS 'Which model.';
COMMENT ON COLUMN health_internal.failure_features.feature IS 'Number of the feature: column f1, f2, ….';
COMMENT ON COLUMN health_internal.failure_features.source IS
'metric (of performance_metrics), heartbeat (a typed column), event or label (of agents).';
COMMENT ON COLUMN health_internal.failure_features.family IS
'Of events: error, maintenance, failure, restart, recovery or event; else empty.';
COMMENT ON COLUMN health_internal.failure_features.name IS
'Name of the metric, column, code or label; of events empty: any of the family.';
COMMENT ON COLUMN health_internal.failure_features.measure IS
'How it is measured: level, spread, mean_3, mean_7, change_1, change_7, deviation, fleet; count_1, count_3, '
'count_7, since, total; number, is. Numbers are steps.';
COMMENT ON COLUMN health_internal.failure_features.value IS 'Of measure is: the label''s value.';
COMMENT ON COLUMN health_internal.failure_features.cuts IS
'Values at which trees may split; bin n of the training is what lies from the n-th cut on.';
COMMENT ON COLUMN health_internal.failure_features.gain IS
'Sum of the gains of its splits; before the trees are grown, of the first split alone.';
COMMENT ON COLUMN health_internal.failure_features.mean IS 'Logistic regression: mean of the feature.';
COMMENT ON COLUMN health_internal.failure_features.scale IS 'Logistic regression: its standard deviation.';
COMMENT ON COLUMN health_internal.failure_features.weight IS
'Logistic regression: log-odds per standard deviation; NULL: not used.';

CREATE TABLE health_internal.failure_nodes (
    model_id bigint NOT NULL,
    tree integer NOT NULL,
    node integer NOT NULL,
    feature integer,
    cut real,
    gain double precision,
    value double precision NOT NULL,
    CONSTRAINT failure_nodes_pkey PRIMARY KEY (model_id, tree, node),
    CONSTRAINT failure_nodes_model_fkey
    FOREIGN KEY (model_id) REFERENCES health.failure_models ON DELETE CASCADE
    DEFERRABLE INITIALLY DEFERRED
);

COMMENT ON TABLE health_internal.failure_nodes IS
'One row per node of a model''s trees. Node 1 is the root, 2n and 2n + 1 are the children of n.';
COMMENT ON COLUMN health_internal.failure_nodes.model_id IS 'Which model.';
COMMENT ON COLUMN health_internal.failure_nodes.tree IS 'Number of the tree, from 1.';
COMMENT ON COLUMN health_internal.failure_nodes.node IS 'Number of the node in its tree.';
COMMENT ON COLUMN health_internal.failure_nodes.feature IS 'Feature it splits by; NULL: a leaf.';
COMMENT ON COLUMN health_internal.failure_nodes.cut IS
'To the right (2n + 1) where the feature is at least this, else, or where it is NULL, to the left.';
COMMENT ON COLUMN health_internal.failure_nodes.gain IS 'What the split gained; NULL: a leaf.';
COMMENT ON COLUMN health_internal.failure_nodes.value IS 'Log-odds the tree would add if it ended here.';

CREATE TABLE health_internal.failure_expressions (
    model_id bigint NOT NULL,
    features_statement text NOT NULL,
    log_odds_expression text NOT NULL,
    CONSTRAINT failure_expressions_pkey PRIMARY KEY (model_id),
    CONSTRAINT failure_expressions_model_fkey
    FOREIGN KEY (model_id) REFERENCES health.failure_models ON DELETE CASCADE
    DEFERRABLE INITIALLY DEFERRED
);

COMMENT ON TABLE health_internal.failure_expressions IS
'One row per model: its features and trees, compiled to SQL. Made from the rows of failure_features and '
'failure_nodes, which are the truth.';
COMMENT ON COLUMN health_internal.failure_expressions.model_id IS 'Which model.';
COMMENT ON COLUMN health_internal.failure_expressions.features_statement IS
'Query of the features of all agents at $1, given the step $2: health_internal.features_now_sql.';
COMMENT ON COLUMN health_internal.failure_expressions.log_odds_expression IS
'Expression over its columns f1, f2, ….';

CREATE TABLE health_internal.failure_training (
    is_only_row boolean NOT NULL DEFAULT true,
    begun_at timestamptz,
    CONSTRAINT failure_training_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT failure_training_has_one_row
    CHECK (is_only_row)
);

COMMENT ON TABLE health_internal.failure_training IS
'One row, locked by whoever trains: one training at a time.';
COMMENT ON COLUMN health_internal.failure_training.is_only_row IS 'Always true; makes the row unique.';
COMMENT ON COLUMN health_internal.failure_training.begun_at IS 'When the last training that ended began.';

INSERT INTO health_internal.failure_training DEFAULT VALUES;

CREATE TABLE health_internal.failure_retrainings (
    horizon interval NOT NULL,
    tried_at timestamptz NOT NULL,
    error text,
    CONSTRAINT failure_retrainings_pkey PRIMARY KEY (horizon)
);

COMMENT ON TABLE health_internal.failure_retrainings IS
'One row per horizon that was trained anew: the latest time, and how it went.';
COMMENT ON COLUMN health_internal.failure_retrainings.horizon IS 'Which horizon.';
COMMENT ON COLUMN health_internal.failure_retrainings.tried_at IS 'When; it is not tried again for 20 hours.';
COMMENT ON COLUMN health_internal.failure_retrainings.error IS 'What it said when it failed; NULL: it did not.';

CREATE TABLE health_internal.failure_predictions (
    agent_id text COLLATE "C" NOT NULL,
    horizon interval NOT NULL,
    probability double precision NOT NULL,
    threshold double precision NOT NULL,
    basis text NOT NULL,
    model_id bigint,
    reasons jsonb NOT NULL,
    predicted_at timestamptz NOT NULL,
    CONSTRAINT failure_predictions_pkey PRIMARY KEY (agent_id, horizon),
    CONSTRAINT failure_predictions_model_fkey
    FOREIGN KEY (model_id) REFERENCES health.failure_models ON DELETE CASCADE,
    CONSTRAINT probability_is_0_to_1
    CHECK (probability BETWEEN 0 AND 1),
    CONSTRAINT a_model_has_a_number_and_a_trend_has_none
    CHECK (basis IN ('model', 'trend') AND (basis = 'model') = (model_id IS NOT NULL))
);

COMMENT ON TABLE health_internal.failure_predictions IS
'One row per agent and horizon: the latest prediction. Analysts read health.failure_risk.';
COMMENT ON COLUMN health_internal.failure_predictions.agent_id IS 'About which agent.';
COMMENT ON COLUMN health_internal.failure_predictions.horizon IS 'How far ahead.';
COMMENT ON COLUMN health_internal.failure_predictions.probability IS
'Of a failure within the horizon by the model, or that a trend reaches its limit within it; 0..1.';
COMMENT ON COLUMN health_internal.failure_predictions.threshold IS
'From which probability the agent counts as at risk, 0..1.';
COMMENT ON COLUMN health_internal.failure_predictions.basis IS
'model, or trend where no model is active: then nothing was learnt from failures.';
COMMENT ON COLUMN health_internal.failure_predictions.model_id IS 'Which model; NULL: a trend.';
COMMENT ON COLUMN health_internal.failure_predictions.reasons IS
'What contributed most, largest first: reason in words, contribution in log-odds.';
COMMENT ON COLUMN health_internal.failure_predictions.predicted_at IS 'As of when.';

CREATE INDEX failure_predictions_model_idx ON health_internal.failure_predictions (model_id)
WHERE model_id IS NOT NULL;
COMMENT ON INDEX health_internal.failure_predictions_model_idx IS 'Deleting a model deletes its predictions.';

GRANT SELECT ON health.failure_models TO health_analyst, health_bridge;

COMMIT;
