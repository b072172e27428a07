-- From what holds to what is open: alerts are compared with conditions and findings, so that a tick that
-- failed is made good by the next. What people are told is decided in decisions.sql.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.wanted_alerts()
RETURNS TABLE (agent_id text, rule text, severity text, summary text, details jsonb)
LANGUAGE sql
STABLE
AS $$
    -- Apart, or the planner joins the rules anew for each agent.
    WITH holding AS MATERIALIZED (
        SELECT
            status.agent_id,
            unnest(status.active_conditions) AS rule
        FROM health.agent_status AS status
        -- By the index of those in trouble.
        WHERE status.active_conditions <> '{}' OR status.issue_type IS NOT NULL
    ),

    -- Read for everybody, and once more for the few that have something at stake.
    found AS NOT MATERIALIZED (
        SELECT
            holding.agent_id,
            rules.rule,
            rules.severity,
            rules.summary,
            NULL::jsonb AS details
        FROM holding
        INNER JOIN health.alert_rules AS rules ON holding.rule = rules.rule AND rules.is_enabled
        UNION ALL
        SELECT
            findings.agent_id,
            findings.rule,
            findings.severity,
            findings.summary,
            findings.details
        FROM health.rule_findings AS findings
        INNER JOIN health.alert_rules AS rules ON findings.rule = rules.rule AND rules.is_enabled
    ),

    -- Who earns, or says that it loses.
    concerned AS MATERIALIZED (
        SELECT agents.agent_id
        FROM health.agents
        WHERE agents.revenue_usd_per_hour > 0
        UNION ALL
        SELECT holding.agent_id FROM holding WHERE holding.rule = 'business_impact'
        UNION ALL
        SELECT findings.agent_id
        FROM health.rule_findings AS findings
        WHERE findings.rule = 'business_impact'
    )

    SELECT found.* FROM found WHERE found.rule <> 'business_impact'
    UNION ALL
    -- An agent that is down takes its revenue with it; a healthy one may say what it loses.
    SELECT
        stakes.agent_id,
        rules.rule,
        rules.severity,
        format(
            '%s: %s$%s per hour',
            rules.summary,
            CASE WHEN stakes.is_down THEN '' ELSE 'it loses ' END,
            round((stakes.revenue_usd_per_hour + stakes.loss_usd_per_hour)::numeric)
        ),
        jsonb_build_object('revenue_usd_per_hour', stakes.revenue_usd_per_hour)
        || CASE
            WHEN stakes.loss_usd_per_hour > 0
                THEN jsonb_build_object('revenue_loss_usd_per_hour', stakes.loss_usd_per_hour)
            ELSE '{}'
        END
    FROM (
        SELECT
            troubled.agent_id,
            troubled.is_down,
            troubled.is_losing,
            CASE WHEN troubled.is_down THEN agents.revenue_usd_per_hour ELSE 0 END
                AS revenue_usd_per_hour,
            greatest(0, - status.revenue_impact_usd) AS loss_usd_per_hour,
            policy.revenue_loss_limit_usd
        FROM (
            SELECT
                found.agent_id,
                bool_or(found.severity IN ('critical', 'emergency')) FILTER (
                    WHERE found.rule <> 'business_impact'
                ) AS is_down,
                bool_or(found.rule = 'business_impact') AS is_losing
            FROM found
            WHERE found.agent_id IN (SELECT concerned.agent_id FROM concerned)
            GROUP BY found.agent_id
        ) AS troubled
        INNER JOIN health.agents ON troubled.agent_id = agents.agent_id
        INNER JOIN health.agent_status AS status ON troubled.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policy
            ON status.policy_class = policy.policy_class
    ) AS stakes
    INNER JOIN health.alert_rules AS rules
        ON rules.rule = 'business_impact' AND rules.is_enabled
    WHERE stakes.is_losing OR (
        stakes.is_down
        AND stakes.revenue_usd_per_hour + stakes.loss_usd_per_hour > stakes.revenue_loss_limit_usd
    );
$$;
COMMENT ON FUNCTION health_internal.wanted_alerts() IS
'One row per alert that should be open: conditions the judgement found, findings of rules, and '
'business_impact where an agent in critical trouble earns, or says it loses, more per hour than its '
'policy''s revenue_loss_limit_usd.';

CREATE OR REPLACE FUNCTION health_internal.act_on_alerts(
    p_now timestamptz,
    p_is_due boolean DEFAULT true
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- A few are looked up by a plan made once: to plan costs four times as much as to do it. More are
-- planned anew, by the true length of arrays. Beyond hundreds no loop is a good plan, whatever
-- statistics say of tables that were empty a moment ago; what a loop alone can do then looks
-- endless, and compiling for it would take a second: no jit.
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = on
SET enable_seqscan = on
SET jit = off
AS $$
DECLARE
    v_opening health_internal.alert_change [];
    v_rising health_internal.alert_change [];
    v_closing bigint [];
    v_parents text [];
    v_opened bigint := 0;
    v_change_count bigint;
BEGIN
    IF NOT p_is_due THEN
        PERFORM health_internal.close_fleet_incidents(p_now);
        RETURN 0;
    END IF;

    -- What is open and what is in trouble have partial indexes; history has no say.
    PERFORM set_config('enable_seqscan', 'off', true);
    SELECT
        array_agg(
            ROW(
                wanted.agent_id, wanted.rule, wanted.severity, wanted.summary, wanted.details, NULL
            )::health_internal.alert_change
        ) FILTER (WHERE standing.alert_id IS NULL),
        array_agg(
            ROW(
                wanted.agent_id, wanted.rule, wanted.severity, wanted.summary, NULL,
                standing.alert_id
            )::health_internal.alert_change
        ) FILTER (WHERE wanted.rule IS NOT NULL AND standing.alert_id IS NOT NULL),
        array_agg(standing.alert_id) FILTER (WHERE wanted.rule IS NULL)
    INTO v_opening, v_rising, v_closing
    FROM (SELECT found.* FROM health_internal.wanted_alerts() AS found) AS wanted
    FULL JOIN (
        SELECT
            alerts.alert_id,
            coalesce(alerts.agent_id, '') AS agent_key,
            alerts.rule,
            alerts.severity,
            alerts.is_managed
        FROM health.alerts
        WHERE alerts.resolved_at IS NULL
    ) AS standing
        ON coalesce(wanted.agent_id, '') = standing.agent_key AND wanted.rule = standing.rule
    WHERE standing.alert_id IS NULL
        OR (
            wanted.rule IS NULL
            AND (NOT standing.is_managed OR standing.rule = 'recovery_failed')
        )
        OR health_internal.severity_rank(wanted.severity)
        > health_internal.severity_rank(standing.severity);
    PERFORM set_config('enable_seqscan', 'on', true);

    v_change_count := coalesce(cardinality(v_opening), 0) + coalesce(cardinality(v_closing), 0);
    IF v_change_count > 50 THEN
        PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
    END IF;
    IF v_change_count > 500 THEN
        PERFORM set_config('enable_nestloop', 'off', true);
    END IF;
    IF v_opening IS NOT NULL THEN
        v_opened := health_internal.open_alerts(p_now, v_opening);
    END IF;
    IF v_rising IS NOT NULL THEN
        WITH raised AS (
            UPDATE health.alerts
            SET severity = rising.severity, summary = rising.summary
            FROM unnest(v_rising) AS rising
            WHERE alerts.alert_id = rising.alert_id
            RETURNING alerts.incident_id, alerts.severity
        )

        UPDATE health.incidents
        SET
            severity = health_internal.severity_of_rank(greatest(
                health_internal.severity_rank(incidents.severity), highest.severity_rank
            )),
            next_check_at = '-infinity'
        FROM (
            SELECT
                raised.incident_id,
                max(health_internal.severity_rank(raised.severity)) AS severity_rank
            FROM raised
            GROUP BY raised.incident_id
        ) AS highest
        WHERE incidents.incident_id = highest.incident_id;
    END IF;
    IF v_closing IS NOT NULL THEN
        v_parents := health_internal.close_alerts(p_now, v_closing);
    END IF;

    -- Whose parent fell or came back is looked at again.
    IF EXISTS (SELECT FROM health.dependencies) THEN
        UPDATE health.incidents
        SET next_check_at = '-infinity'
        FROM health.dependencies
        WHERE dependencies.parent_id = ANY (v_parents || ARRAY(
            SELECT opening.agent_id
            FROM unnest(v_opening) AS opening
            WHERE opening.rule IN ('unresponsive', 'failed')
        ))
            AND incidents.agent_id = dependencies.child_id
            AND NOT incidents.is_settled;
    END IF;
    PERFORM health_internal.close_fleet_incidents(p_now);
    RETURN v_opened;
END;
$$;
COMMENT ON FUNCTION health_internal.act_on_alerts(timestamptz, boolean) IS
'Opens and closes alerts and incidents so that they agree with wanted_alerts, unless they still do (p_is_due, '
'see is_act_due); returns how many alerts opened. notify tells of it.';

COMMIT;
