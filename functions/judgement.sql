-- From components to a judgement: weighted mean, status, what is confirmed, which alert rules hold.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.known_weight(
    p_weight double precision,
    p_value double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_value IS NULL THEN 0 ELSE p_weight END;
COMMENT ON FUNCTION health_internal.known_weight(double precision, double precision) IS
'The weight of a component that has data, else 0: its weight is shared among the others.';

CREATE OR REPLACE FUNCTION health_internal.weighted_mean(
    p_heartbeat double precision,
    p_heartbeat_weight double precision,
    p_performance double precision,
    p_performance_weight double precision,
    p_errors double precision,
    p_errors_weight double precision,
    p_resources double precision,
    p_resources_weight double precision,
    p_business double precision,
    p_business_weight double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_heartbeat + p_performance + p_errors + p_resources + p_business IS NOT NULL THEN (
        p_heartbeat * p_heartbeat_weight
        + p_performance * p_performance_weight
        + p_errors * p_errors_weight
        + p_resources * p_resources_weight
        + p_business * p_business_weight
    ) / nullif(
        p_heartbeat_weight + p_performance_weight + p_errors_weight + p_resources_weight
        + p_business_weight,
        0
    )
    ELSE (
        coalesce(p_heartbeat * p_heartbeat_weight, 0)
        + coalesce(p_performance * p_performance_weight, 0)
        + coalesce(p_errors * p_errors_weight, 0)
        + coalesce(p_resources * p_resources_weight, 0)
        + coalesce(p_business * p_business_weight, 0)
    ) / nullif(
        health_internal.known_weight(p_heartbeat_weight, p_heartbeat)
        + health_internal.known_weight(p_performance_weight, p_performance)
        + health_internal.known_weight(p_errors_weight, p_errors)
        + health_internal.known_weight(p_resources_weight, p_resources)
        + health_internal.known_weight(p_business_weight, p_business),
        0
    )
END;
COMMENT ON FUNCTION health_internal.weighted_mean(
    double precision, double precision, double precision, double precision, double precision,
    double precision, double precision, double precision, double precision, double precision
) IS
'Mean of the components that have data, by weight; NULL without any. (Where all have, which is usual, '
'the sum of the weights is a constant in a plan.)';

CREATE OR REPLACE FUNCTION health_internal.is_confirmed(
    p_candidate text,
    p_last_candidate text,
    p_last_evaluations integer,
    p_confirm_bad integer
)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_candidate = p_last_candidate THEN p_last_evaluations + 1 ELSE 1 END
    >= p_confirm_bad;
COMMENT ON FUNCTION health_internal.is_confirmed(text, text, integer, integer) IS
'Whether an issue was seen by that many evaluations in a row, this one included.';

CREATE OR REPLACE FUNCTION health_internal.moved_loss_evaluations(
    p_last_evaluations integer,
    p_revenue_impact_usd double precision,
    p_liveness text,
    p_last_conditions text [],
    p_policy health.policies
)
RETURNS integer
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    RETURN CASE
        WHEN p_liveness = 'stopped' THEN 0
        -- Who is silent says nothing new about the loss.
        WHEN p_liveness IN ('late', 'unresponsive') THEN p_last_evaluations
        ELSE (
            (p_last_evaluations << 1)
            | coalesce(
                - p_revenue_impact_usd > p_policy.revenue_loss_limit_usd * CASE
                    WHEN 'business_impact' = ANY (p_last_conditions)
                        THEN 1 - least(100, p_policy.recovered_margin) / 100
                    ELSE 1
                END,
                false
            )::integer
        ) & ((1 << p_policy.confirm_of) - 1)
    END;
END;
$$;
COMMENT ON FUNCTION health_internal.moved_loss_evaluations(
    integer, double precision, text, text [], health.policies
) IS
'The ring of the last confirm_of evaluations of a reported loss after one more, newest in bit 0; set: '
'it loses more per hour than revenue_loss_limit_usd, or, once that is confirmed, recovered_margin '
'percent less. Silence leaves it as it is, a goodbye empties it.';

CREATE OR REPLACE FUNCTION health_internal.holding_conditions(
    p_liveness text,
    p_state text,
    p_ungated_score double precision,
    p_gate double precision,
    p_last_bad_evaluations integer,
    p_issue_candidate text,
    p_last_candidate text,
    p_last_evaluations integer,
    p_last_issue_type text,
    p_last_conditions text [],
    p_loss_evaluations integer,
    p_policy health.policies
)
RETURNS text []
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_bad constant integer := (p_last_bad_evaluations << 1)
        | (least(p_ungated_score, p_gate) < p_policy.critical_below)::integer;
    v_bad_count constant integer := bit_count(
        (v_bad & ((1 << p_policy.confirm_of) - 1))::bit(32)
    );
BEGIN
    RETURN array_remove(ARRAY[
        CASE WHEN p_liveness = 'unresponsive' THEN 'unresponsive' END,
        CASE WHEN p_state = 'failed' THEN 'failed' END,
        CASE WHEN p_state = 'error' THEN 'error' END,
        CASE
            WHEN p_ungated_score < p_policy.emergency_below + CASE
                WHEN 'score_emergency' = ANY (p_last_conditions) THEN p_policy.recovered_margin
                ELSE 0
            END
                -- To be late lowers the score and calls nobody: silence alone begins no alert on it.
                AND (p_liveness <> 'late' OR 'score_emergency' = ANY (p_last_conditions))
                THEN 'score_emergency'
        END,
        CASE
            WHEN (
                p_liveness <> 'late'
                AND p_ungated_score < p_policy.critical_below
                AND (
                    p_ungated_score < p_policy.emergency_below
                    OR v_bad_count >= p_policy.confirm_bad
                )
            )
                OR (
                    'score_critical' = ANY (p_last_conditions)
                    AND p_ungated_score < p_policy.critical_below + p_policy.recovered_margin
                )
                THEN 'score_critical'
        END,
        CASE
            WHEN p_issue_candidate IN (
                'resource_exhaustion', 'performance_degradation', 'high_error_rate'
            )
                AND p_state IS DISTINCT FROM 'error'
                AND (
                    p_last_issue_type = p_issue_candidate
                    OR health_internal.is_confirmed(
                        p_issue_candidate, p_last_candidate, p_last_evaluations,
                        p_policy.confirm_bad
                    )
                )
                THEN p_issue_candidate
        END,
        CASE
            WHEN (
                p_loss_evaluations & 1 = 1
                AND bit_count(p_loss_evaluations::bit(32)) >= p_policy.confirm_bad
            )
                OR (
                    'business_impact' = ANY (p_last_conditions)
                    AND p_loss_evaluations & ((1 << p_policy.confirm_bad) - 1) <> 0
                )
                THEN 'business_impact'
        END
    ], NULL);
END;
$$;
COMMENT ON FUNCTION health_internal.holding_conditions(
    text, text, double precision, double precision, integer, text, text, integer, text, text [],
    integer, health.policies
) IS
'The built-in alert rules that hold for an agent after an evaluation, given the last one''s outcome: '
'facts at once, a score below critical when confirm_bad of the last confirm_of evaluations were bad, an '
'issue when seen confirm_bad times in a row; scores end only recovered_margin above their limit, and '
'begin nothing while the agent is late. A '
'reported loss is business_impact when confirm_bad of the last confirm_of evaluations saw it, until '
'confirm_bad in a row saw none.';

CREATE OR REPLACE FUNCTION health.classify_status(
    p_score double precision,
    p_excellent_from double precision DEFAULT 80,
    p_good_from double precision DEFAULT 70,
    p_fair_from double precision DEFAULT 60,
    p_poor_from double precision DEFAULT 40
)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_score >= p_excellent_from THEN 'excellent'
    WHEN p_score >= p_good_from THEN 'good'
    WHEN p_score >= p_fair_from THEN 'fair'
    WHEN p_score >= p_poor_from THEN 'poor'
    WHEN p_score < p_poor_from THEN 'critical'
END;
COMMENT ON FUNCTION health.classify_status(
    double precision, double precision, double precision, double precision, double precision
) IS
'Status of an overall score 0..100: excellent, good, fair, poor or critical; NULL for NULL.';

GRANT EXECUTE ON FUNCTION health.classify_status(
    double precision, double precision, double precision, double precision, double precision
) TO health_analyst;

COMMIT;
