-- How good scores are: over the rows that were kept from the training.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.rank_quality(
    p_scores double precision [],
    p_labels integer [],
    OUT auc double precision,
    OUT average_precision double precision,
    OUT recall_1 double precision,
    OUT recall_2 double precision
)
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    -- Equal scores are one point of the curve.
    WITH points AS (
        SELECT cases.score, sum(cases.label)::float8 AS hits, sum(1 - cases.label)::float8 AS misses
        FROM unnest(p_scores, p_labels) AS cases (score, label)
        GROUP BY cases.score
    ),

    curve AS (
        SELECT
            points.hits, points.misses,
            sum(points.hits) OVER from_top AS true_positives,
            sum(points.misses) OVER from_top AS false_positives,
            sum(points.hits) OVER () AS positives,
            sum(points.misses) OVER () AS negatives
        FROM points
        WINDOW from_top AS (ORDER BY points.score DESC)
    )

    SELECT
        sum(curve.misses * (curve.true_positives - curve.hits / 2)) / nullif(max(curve.positives * curve.negatives), 0),
        sum(curve.hits * curve.true_positives / (curve.true_positives + curve.false_positives))
        / nullif(max(curve.positives), 0),
        coalesce(max(curve.true_positives / nullif(curve.positives, 0))
            FILTER (WHERE curve.false_positives <= 0.01 * curve.negatives), 0),
        coalesce(max(curve.true_positives / nullif(curve.positives, 0))
            FILTER (WHERE curve.false_positives <= 0.02 * curve.negatives), 0)
    FROM curve;
$$;
COMMENT ON FUNCTION health_internal.rank_quality(double precision [], integer []) IS
'AUC, average precision and recall at a false positive rate of at most 1 % and 2 % of scores with labels 0 or 1; '
'NULL where one label is missing.';

CREATE OR REPLACE FUNCTION health_internal.log_loss(
    p_probabilities double precision [], p_labels integer []
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT -avg(ln(greatest(1e-15, CASE cases.label WHEN 1 THEN cases.p ELSE 1 - cases.p END)))
    FROM unnest(p_probabilities, p_labels) AS cases (p, label)
);
COMMENT ON FUNCTION health_internal.log_loss(double precision [], integer []) IS
'Mean negative log-likelihood of labels 0 or 1, nats.';

CREATE OR REPLACE FUNCTION health_internal.threshold_at(
    p_scores double precision [], p_labels integer [], p_share double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    -- The least score whose own false positives, ties included, are within the share.
    SELECT coalesce(
        min(curve.score) FILTER (WHERE curve.false_positives <= p_share * curve.negatives),
        max(curve.score)
    )
    FROM (
        SELECT
            points.score,
            sum(points.misses) OVER (ORDER BY points.score DESC) AS false_positives,
            sum(points.misses) OVER () AS negatives
        FROM (
            SELECT cases.score, sum(1 - cases.label) AS misses
            FROM unnest(p_scores, p_labels) AS cases (score, label)
            GROUP BY cases.score
        ) AS points
    ) AS curve;
$$;
COMMENT ON FUNCTION health_internal.threshold_at(double precision [], integer [], double precision) IS
'The least score that at most this share (0..1) of the rows labelled 0 reaches; where none is, the highest.';

CREATE OR REPLACE FUNCTION health_internal.lead_margin(
    p_scores double precision [],
    p_others double precision [],
    p_labels integer [],
    p_inflation double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    -- DeLong, DeLong and Clarke-Pearson 1988: the variance of a difference of AUCs from each row's placement
    -- among the rows of the other label. Mid-ranks serve for ties.
    WITH ranked AS (
        SELECT
            cases.label,
            rank() OVER by_score + (count(*) OVER same_score - 1) / 2.0
            - rank() OVER within_score - (count(*) OVER same_within_score - 1) / 2.0 AS placed,
            rank() OVER by_other + (count(*) OVER same_other - 1) / 2.0
            - rank() OVER within_other - (count(*) OVER same_within_other - 1) / 2.0 AS placed_by_other
        FROM unnest(p_scores, p_others, p_labels) AS cases (score, other, label)
        WINDOW
            by_score AS (ORDER BY cases.score),
            same_score AS (PARTITION BY cases.score),
            within_score AS (PARTITION BY cases.label ORDER BY cases.score),
            same_within_score AS (PARTITION BY cases.label, cases.score),
            by_other AS (ORDER BY cases.other),
            same_other AS (PARTITION BY cases.other),
            within_other AS (PARTITION BY cases.label ORDER BY cases.other),
            same_within_other AS (PARTITION BY cases.label, cases.other)
    ),

    sizes AS (
        SELECT sum(ranked.label)::float8 AS positives, sum(1 - ranked.label)::float8 AS negatives FROM ranked
    )

    SELECT 1.96 * sqrt(p_inflation * (
        coalesce(var_samp((ranked.placed - ranked.placed_by_other) / sizes.negatives)
            FILTER (WHERE ranked.label = 1) / nullif(max(sizes.positives), 0), 0)
        + coalesce(var_samp((ranked.placed - ranked.placed_by_other) / sizes.positives)
            FILTER (WHERE ranked.label = 0) / nullif(max(sizes.negatives), 0), 0)
    ))
    FROM ranked
    CROSS JOIN sizes
    WHERE sizes.positives > 0 AND sizes.negatives > 0;
$$;
COMMENT ON FUNCTION health_internal.lead_margin(
    double precision [], double precision [], integer [], double precision
) IS
'Half width of the 95 % interval of the difference of two AUCs on the same rows. p_inflation: rows per '
'independent case, since the rows before one failure are not independent.';

CREATE OR REPLACE FUNCTION health_internal.at_threshold(
    p_scores double precision [],
    p_labels integer [],
    p_threshold double precision,
    OUT precision_ double precision,
    OUT recall double precision,
    OUT false_positive_rate double precision
)
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    SELECT
        avg(cases.label) FILTER (WHERE cases.score >= p_threshold),
        avg((cases.score >= p_threshold)::integer) FILTER (WHERE cases.label = 1),
        avg((cases.score >= p_threshold)::integer) FILTER (WHERE cases.label = 0)
    FROM unnest(p_scores, p_labels) AS cases (score, label);
$$;
COMMENT ON FUNCTION health_internal.at_threshold(double precision [], integer [], double precision) IS
'Precision (NULL: nothing reaches it), recall and false positive rate of warning from a score on.';

CREATE OR REPLACE FUNCTION health_internal.calibration_of(
    p_probabilities double precision [], p_labels integer []
)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'from', bands.lower, 'rows', bands.case_count, 'predicted', round(bands.predicted::numeric, 4),
        'observed', round(bands.observed::numeric, 4)
    ) ORDER BY bands.lower), '[]')
    FROM (
        SELECT
            (ARRAY[0, 0.01, 0.05, 0.2, 0.5, 0.8])[
                width_bucket(cases.p, ARRAY[0, 0.01, 0.05, 0.2, 0.5, 0.8]::float8 [])
            ] AS lower,
            count(*) AS case_count,
            avg(cases.p) AS predicted,
            avg(cases.label) AS observed
        FROM unnest(p_probabilities, p_labels) AS cases (p, label)
        GROUP BY 1
    ) AS bands;
$$;
COMMENT ON FUNCTION health_internal.calibration_of(double precision [], integer []) IS
'Bands of predicted probability: from, rows, mean predicted and observed share of label 1.';

COMMIT;
