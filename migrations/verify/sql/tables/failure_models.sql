BEGIN;

SELECT
    model_id,
    horizon,
    kind,
    is_active,
    verdict,
    trained_at,
    trained_from,
    trained_until,
    step,
    windows,
    label_definition,
    split_definition,
    agent_count,
    row_count,
    positive_count,
    failure_count,
    feature_count,
    tree_count,
    test_agent_count,
    test_row_count,
    test_positive_count,
    auc,
    auc_margin,
    average_precision,
    threshold_1,
    precision_1,
    recall_1,
    false_positive_rate_1,
    threshold_2,
    precision_2,
    recall_2,
    false_positive_rate_2,
    log_loss,
    validation_log_loss,
    trivial_auc,
    comparison,
    calibration,
    top_features,
    parameters,
    training_seconds,
    base_log_odds
FROM health.failure_models
WHERE false;

SELECT
    model_id,
    feature,
    source,
    family,
    name,
    measure,
    value,
    cuts,
    gain,
    mean,
    scale,
    weight
FROM health_internal.failure_features
WHERE false;

SELECT
    model_id,
    tree,
    node,
    feature,
    cut,
    gain,
    value
FROM health_internal.failure_nodes
WHERE false;

SELECT
    model_id,
    features_statement,
    log_odds_expression
FROM health_internal.failure_expressions
WHERE false;

SELECT
    is_only_row,
    begun_at
FROM health_internal.failure_training
WHERE false;

SELECT
    horizon,
    tried_at,
    error
FROM health_internal.failure_retrainings
WHERE false;

SELECT
    agent_id,
    horizon,
    probability,
    threshold,
    basis,
    model_id,
    reasons,
    predicted_at
FROM health_internal.failure_predictions
WHERE false;

ROLLBACK;
