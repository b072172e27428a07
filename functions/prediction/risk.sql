-- The standing forecast: the latest prediction for each agent, the warnings it raises, and what of it is told
-- beside the score and among the recommendations. Never part of a tick.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.predict_all(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_model record;
    v_count bigint := 0;
BEGIN
    DELETE FROM health_internal.failure_predictions;
    -- A loop, because each model is a statement of its own.
    FOR v_model IN
        SELECT models.model_id, models.horizon, models.threshold_1
        FROM health.failure_models AS models
        WHERE models.is_active
        ORDER BY models.horizon
    LOOP
        INSERT INTO health_internal.failure_predictions (
            agent_id, horizon, probability, threshold, basis, model_id, reasons, predicted_at
        )
        SELECT
            scored.agent_id, v_model.horizon, scored.probability, v_model.threshold_1, 'model',
            v_model.model_id, scored.reasons, p_now
        FROM health_internal.score_agents(v_model.model_id, p_now, 200) AS scored;
        v_count := v_count + 1;
    END LOOP;
    IF v_count = 0 THEN
        INSERT INTO health_internal.failure_predictions (
            agent_id, horizon, probability, threshold, basis, reasons, predicted_at
        )
        SELECT trends.agent_id, interval '24 hours', trends.probability, 0.9, 'trend', trends.reasons, p_now
        FROM health_internal.trend_risks(p_now, interval '24 hours') AS trends;
    END IF;
    RETURN (SELECT count(*) FROM health_internal.failure_predictions);
END;
$$;
COMMENT ON FUNCTION health_internal.predict_all(timestamptz) IS
'Replaces failure_predictions by what every active model says as of p_now, or trends where there is none; '
'returns how many rows.';

CREATE OR REPLACE FUNCTION health_internal.foresee_failures(
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_count bigint;
BEGIN
    LOCK TABLE health_internal.failure_predictions IN SHARE ROW EXCLUSIVE MODE;
    v_count := health_internal.predict_all(p_now);

    WITH found AS MATERIALIZED (
        SELECT DISTINCT ON (risks.agent_id)
            risks.agent_id,
            left(format(
                '%s %s within %s: %s',
                CASE risks.basis WHEN 'model' THEN 'likely to fail' ELSE 'a resource is likely to be full' END,
                '(' || round(100 * risks.probability::numeric) || ' %)',
                health_internal.span_text(date_part('epoch', risks.horizon)),
                coalesce(
                    (
                        SELECT string_agg(told.reason ->> 'reason', '; ' ORDER BY told.place)
                        FROM jsonb_array_elements(risks.reasons) WITH ORDINALITY AS told (reason, place)
                        WHERE told.place <= 3 AND coalesce((told.reason ->> 'contribution')::numeric, 1) > 0
                    ),
                    'no single reason'
                )
            ), 500) AS summary,
            jsonb_build_object(
                'horizon', risks.horizon, 'threshold', risks.threshold, 'basis', risks.basis,
                'model_id', risks.model_id
            ) AS details
        FROM health_internal.failure_predictions AS risks
        INNER JOIN health.agents ON risks.agent_id = agents.agent_id
        WHERE risks.probability >= risks.threshold
        ORDER BY risks.agent_id, risks.horizon
    ),

    gone AS (
        DELETE FROM health.rule_findings AS standing
        WHERE standing.rule = 'predicted_failure'
            AND NOT EXISTS (SELECT FROM found WHERE found.agent_id = standing.agent_id)
    )

    INSERT INTO health.rule_findings AS standing (
        rule, agent_id, severity, summary, details, found_at, changed_at
    )
    SELECT rules.rule, found.agent_id, rules.severity, found.summary, found.details, p_now, p_now
    FROM found
    INNER JOIN health.alert_rules AS rules ON rules.rule = 'predicted_failure'
    ON CONFLICT (rule, agent_id) DO UPDATE SET
        summary = excluded.summary,
        details = excluded.details,
        changed_at = excluded.changed_at
    -- The wording moves with every minute; a new horizon, threshold or model is a change.
    WHERE standing.details IS DISTINCT FROM excluded.details;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.foresee_failures(timestamptz) IS
'Scores all agents as of p_now and keeps the findings of rule predicted_failure: agents whose probability reaches '
'the threshold that 1 % of the rows without a failure did (trends: 0.9), by the shortest such horizon. Returns how '
'many predictions there are. Agents that sent nothing for seven steps have none.';

CREATE OR REPLACE FUNCTION health_internal.explain_prediction(p_agent_id text)
RETURNS TABLE (component text, raw_inputs jsonb)
LANGUAGE sql
STABLE
AS $$
    SELECT
        'predicted_failure',
        jsonb_strip_nulls(jsonb_build_object(
            'horizon', risks.horizon,
            'probability', round(risks.probability::numeric, 4),
            'threshold', round(risks.threshold::numeric, 4),
            'is_at_risk', risks.probability >= risks.threshold,
            'basis', risks.basis,
            'model_id', risks.model_id,
            'predicted_at', risks.predicted_at,
            'reasons', risks.reasons
        ))
    FROM health_internal.failure_predictions AS risks
    WHERE risks.agent_id = p_agent_id
    ORDER BY risks.horizon;
$$;
COMMENT ON FUNCTION health_internal.explain_prediction(text) IS
'What is predicted of an agent and why, one row per horizon, for health.explain; none where nothing is.';

CREATE OR REPLACE FUNCTION health_internal.recommend_from_predictions(p_now timestamptz)
RETURNS TABLE (
    agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb
)
LANGUAGE sql
STABLE
AS $$
    SELECT DISTINCT ON (risks.agent_id)
        risks.agent_id,
        'predicted_failure',
        CASE
            WHEN agents.criticality = 'vital' OR risks.probability >= 0.8 THEN 1
            WHEN agents.criticality = 'high' OR risks.probability >= 0.5 THEN 2
            ELSE 3
        END,
        CASE risks.basis
            WHEN 'model' THEN 'plan maintenance within '
            ELSE 'make room within '
        END || health_internal.span_text(date_part('epoch', risks.horizon)),
        format(
            '%s: probability %s %%; %s',
            CASE risks.basis
                WHEN 'model' THEN 'a failure is predicted by model ' || risks.model_id
                ELSE 'a trend reaches its limit (no model has learnt from failures yet)'
            END,
            round(100 * risks.probability::numeric),
            coalesce(risks.reasons -> 0 ->> 'reason', 'no single reason')
        ),
        jsonb_build_object(
            'probability', risks.probability, 'threshold', risks.threshold, 'horizon', risks.horizon,
            'basis', risks.basis, 'model_id', risks.model_id, 'predicted_at', risks.predicted_at,
            'reasons', risks.reasons
        )
    FROM health_internal.failure_predictions AS risks
    INNER JOIN health.agents ON risks.agent_id = agents.agent_id
    WHERE risks.probability >= risks.threshold
        AND risks.predicted_at > p_now - interval '1 day'
    ORDER BY risks.agent_id, risks.horizon;
$$;
COMMENT ON FUNCTION health_internal.recommend_from_predictions(timestamptz) IS
'One recommendation per agent at risk, by its shortest horizon: priority 1 where vital or 80 % sure, 2 where high '
'or 50 %, else 3. Predictions older than a day are left out.';

GRANT EXECUTE ON FUNCTION health_internal.foresee_failures(timestamptz)
TO health_bridge, health_admin;

COMMIT;
