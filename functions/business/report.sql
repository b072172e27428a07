-- The executive report: every figure from kpis_between, in words.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.report_recommendations()
RETURNS jsonb
LANGUAGE sql
STABLE
RETURN coalesce(
    (
        SELECT jsonb_agg(
            jsonb_build_object(
                'agent_id', advice.agent_id,
                'priority', advice.priority,
                'summary', advice.summary,
                'reason', advice.reason
            )
            ORDER BY advice.priority, advice.recommendation_id
        )
        FROM health.recommendations AS advice
        WHERE advice.closed_at IS NULL AND advice.dismissed_at IS NULL
    ),
    '[]'
);
COMMENT ON FUNCTION health_internal.report_recommendations() IS
'What the engine recommends, for the report: a list of {agent_id, priority, summary, reason}.';

CREATE OR REPLACE FUNCTION health_internal.report_days(p_from timestamptz, p_to timestamptz)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
    SELECT coalesce(jsonb_agg(
        jsonb_build_object(
            'from_at', days.day_at,
            'availability_percent', round(days.availability::numeric, 4),
            'revenue_lost_usd', round(days.lost_usd::numeric, 2),
            'incident_count', (
                SELECT count(*)
                FROM health.incidents
                WHERE incidents.detected_at >= days.day_at
                    AND incidents.detected_at < days.day_at + interval '1 day'
                    AND incidents.agent_id IS NOT NULL
                    AND health_internal.is_business_agent(incidents.agent_id)
            )
        )
        ORDER BY days.day_at
    ), '[]')
    FROM (
        SELECT
            known.day_at,
            100 * (1 - sum(known.down_seconds - known.maintenance_down_seconds) / nullif(sum(
                known.up_seconds + known.degraded_seconds + known.down_seconds
                - known.maintenance_up_seconds - known.maintenance_degraded_seconds
                - known.maintenance_down_seconds + known.maintenance_counted_seconds
            ), 0)) AS availability,
            sum(known.revenue_lost_usd) AS lost_usd
        FROM health.agent_days AS known
        INNER JOIN health_internal.rollup_state AS state ON known.day_at < state.days_until
        WHERE known.day_at >= date_trunc('day', p_from, 'UTC')
            AND known.day_at < p_to
            AND health_internal.is_business_agent(known.agent_id)
        GROUP BY known.day_at
    ) AS days;
$$;
COMMENT ON FUNCTION health_internal.report_days(timestamptz, timestamptz) IS
'The days of a period that are rolled up, for charts.';

CREATE OR REPLACE FUNCTION health_internal.report_agents(
    p_from timestamptz,
    p_to timestamptz,
    p_now timestamptz
)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
    SELECT coalesce(jsonb_agg(worst.line ORDER BY worst.lost_usd DESC, worst.percent, worst.agent_id), '[]')
    FROM (
        SELECT
            rows.agent_id,
            coalesce(lost.usd, 0) AS lost_usd,
            rows.availability_percent AS percent,
            jsonb_build_object(
                'agent_id', rows.agent_id,
                'agent_name', fleet.agent_name,
                'availability_percent', round(rows.availability_percent::numeric, 4),
                'revenue_lost_usd', coalesce(lost.usd, 0),
                'performance_trend', fleet.performance_trend,
                'recommendations', to_jsonb(fleet.recommendations)
            ) AS line
        FROM health.availability_between(p_from, p_to, 'declared', 'as_up', NULL, p_now) AS rows
        INNER JOIN health.fleet ON rows.agent_id = fleet.agent_id
        LEFT JOIN (
            SELECT known.agent_id, sum(known.amount) AS usd
            FROM health_internal.lost_revenue_rows(p_from, p_to) AS known
            GROUP BY known.agent_id
        ) AS lost ON rows.agent_id = lost.agent_id
        WHERE rows.availability_percent IS NOT NULL
        ORDER BY coalesce(lost.usd, 0) DESC, rows.availability_percent, rows.agent_id
        LIMIT 20
    ) AS worst;
$$;
COMMENT ON FUNCTION health_internal.report_agents(timestamptz, timestamptz, timestamptz) IS
'The twenty agents that cost most in a period: the dearest first, then the least available.';

CREATE OR REPLACE FUNCTION health.executive_report(
    p_from timestamptz,
    p_to timestamptz,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_to constant timestamptz := health_internal.check_period(p_from, p_to, p_now);
    v_figures jsonb;
    v_status text;
    v_words jsonb;
BEGIN
    PERFORM health_internal.check_unconfined();
    SELECT jsonb_object_agg(
        kpis.figure,
        jsonb_build_object(
            'figure', kpis.figure,
            'title', kpis.title,
            'value', CASE WHEN kpis.unit = 'usd' THEN round(kpis.value, 2) ELSE kpis.value END,
            'unit', kpis.unit,
            'low', kpis.low,
            'high', kpis.high,
            'row_count', kpis.row_count,
            'objective', kpis.objective,
            'is_met', kpis.is_met,
            'not_measured', kpis.not_measured,
            'meaning', kpis.meaning,
            'text', CASE
                WHEN kpis.value IS NULL THEN 'not measured: ' || kpis.not_measured
                ELSE health_internal.amount_text(kpis.value, kpis.unit)
                    || CASE
                        WHEN kpis.low IS NULL OR kpis.high IS NULL OR kpis.low = kpis.high THEN ''
                        ELSE format(
                            ' (%s to %s)',
                            health_internal.amount_text(kpis.low, kpis.unit),
                            health_internal.amount_text(kpis.high, kpis.unit)
                        )
                    END
                    || coalesce('; not measured: ' || kpis.not_measured, '')
            END
        )
    )
    INTO STRICT v_figures
    FROM health.kpis_between(p_from, v_to, p_now) AS kpis;

    SELECT CASE
        WHEN NOT EXISTS (
            SELECT WHERE v_figures #> '{availability,value}' <> 'null'::jsonb
        ) THEN 'not measured: ' || (v_figures #>> '{availability,not_measured}')
        WHEN (v_figures #>> '{open_critical_incidents,value}')::numeric > 0
            AND coalesce((v_figures #>> '{revenue_at_risk,value}')::numeric, 0) > 0
            THEN 'interrupted'
        WHEN (v_figures #>> '{open_critical_incidents,value}')::numeric > 0 THEN 'disturbed'
        WHEN (v_figures #>> '{availability_lost_share,value}')::numeric < 100
            THEN 'restored'
        ELSE 'undisturbed'
    END
    INTO STRICT v_status;

    v_words := jsonb_build_object(
        'system_reliability_trend', coalesce(
            health_internal.trend_text(
                (v_figures #>> '{availability_trend,low}')::numeric,
                (v_figures #>> '{availability_trend,high}')::numeric, true
            ),
            'not measured: ' || (v_figures #>> '{availability_trend,not_measured}')
        ),
        'incident_trend', coalesce(
            health_internal.trend_text(
                (v_figures #>> '{incident_trend,low}')::numeric,
                (v_figures #>> '{incident_trend,high}')::numeric, false
            ),
            'not measured: ' || (v_figures #>> '{incident_trend,not_measured}')
        )
    );

    RETURN jsonb_build_object(
        'period', jsonb_build_object(
            'from', p_from, 'to', v_to, 'asked_to', p_to, 'made_at', p_now,
            'method', 'maintenance as declared, degraded as up; the monitor''s own agents left out'
        ),
        'executive_summary', jsonb_build_object(
            'overall_system_health', v_figures -> 'system_health',
            'uptime_achievement', v_figures -> 'availability',
            'cost_impact_prevented', v_figures -> 'revenue_protected',
            'automated_recovery_success', v_figures -> 'automated_recovery_success',
            'business_continuity_status', jsonb_build_object(
                'title', 'Business continuity',
                'figure', 'open_critical_incidents',
                'value', v_figures #> '{open_critical_incidents,value}',
                'text', v_status,
                'meaning', 'undisturbed: nothing was lost; restored: something was, and nothing is '
                    'open; disturbed: a critical incident is open; interrupted: of an agent that '
                    'earns revenue.'
            )
        ),
        'financial_impact', jsonb_build_object(
            'revenue_protection', v_figures -> 'revenue_protected',
            'revenue_lost', v_figures -> 'revenue_lost',
            'revenue_at_risk', v_figures -> 'revenue_at_risk',
            'cost_avoidance', v_figures -> 'cost_avoidance',
            'efficiency_gains', v_figures -> 'manual_hours_avoided',
            'manual_intervention_reduction', v_figures -> 'manual_intervention_reduction',
            'resource_waste', v_figures -> 'resource_waste',
            'resource_waste_reduction', v_figures -> 'resource_waste_reduction',
            'monitoring_cost', v_figures -> 'monitoring_cost',
            'net_benefit', v_figures -> 'net_benefit',
            'roi_monitoring_investment', v_figures -> 'roi'
        ),
        'operational_metrics', jsonb_build_object(
            'mean_time_to_detection', v_figures -> 'mean_time_to_detection',
            'mean_time_to_alert', v_figures -> 'mean_time_to_alert',
            'mean_time_to_acknowledge', v_figures -> 'mean_time_to_acknowledge',
            'mean_time_to_recovery', v_figures -> 'mean_time_to_recovery',
            'false_positive_rate', v_figures -> 'false_positive_rate',
            'self_resolved_rate', v_figures -> 'self_resolved_rate',
            'escalation_rate', v_figures -> 'escalation_rate',
            'user_satisfaction', v_figures -> 'user_satisfaction',
            'incident_count', v_figures -> 'incident_count'
        ),
        'strategic_insights', jsonb_build_object(
            'system_reliability_trend', (v_figures -> 'availability_trend') || jsonb_build_object(
                'text', v_words ->> 'system_reliability_trend'
            ),
            'incident_trend', (v_figures -> 'incident_trend') || jsonb_build_object(
                'text', v_words ->> 'incident_trend'
            ),
            'capacity_utilization', v_figures -> 'capacity_utilization',
            'growth_readiness', v_figures -> 'growth_readiness',
            'monitor_headroom', v_figures -> 'monitor_headroom',
            'competitive_advantage', v_figures -> 'availability_against_comparison'
        ),
        'recommendations', health_internal.report_recommendations(),
        'days', health_internal.report_days(p_from, v_to),
        'agents', health_internal.report_agents(p_from, v_to, p_now)
    );
END;
$$;
COMMENT ON FUNCTION health.executive_report(timestamptz, timestamptz, timestamptz) IS
'The report of a period as one document: executive_summary, financial_impact, operational_metrics, '
'strategic_insights (each figure with its value, interval, objective, meaning, and text for people; '
'"not measured: …" where there is nothing to measure), recommendations, days for charts, and the agents '
'that cost most. Its figures are those of kpis_between, and drill down by figure in '
'business_impact_detail. Raises BI001.';
GRANT EXECUTE ON FUNCTION health.executive_report(timestamptz, timestamptz, timestamptz)
TO health_analyst, health_bridge;

COMMIT;
