-- The facts a decision needs: what there is to tell of an incident, and what speaks against it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.incident_facts(
    p_now timestamptz,
    p_incident_ids bigint []
)
RETURNS TABLE (
    incident_id bigint,
    agent_id text,
    news text,
    is_over boolean,
    was_told boolean,
    withheld text,
    has_new_alert boolean,
    severity_rank integer,
    told_rank integer,
    is_unrecovered boolean,
    has_acknowledgement_ended boolean,
    is_confirmed boolean,
    is_in_maintenance boolean,
    is_in_fleet_incident boolean,
    is_unheard boolean,
    parent text,
    is_silenced boolean,
    is_flapping boolean,
    is_acknowledged boolean,
    step integer,
    step_channels text [],
    next_step_at timestamptz,
    mute_ends_at timestamptz,
    reasons jsonb
)
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT incidents.*
        FROM unnest(p_incident_ids) AS given (incident_id)
        INNER JOIN health.incidents ON given.incident_id = incidents.incident_id
    ),

    silenced AS MATERIALIZED (
        SELECT
            alerts.alert_id,
            min(silences.silence_id) AS silence_id,
            max(silences.ends_at) AS ends_at
        FROM health.silences
        CROSS JOIN due
        INNER JOIN health.alerts ON due.incident_id = alerts.incident_id
        LEFT JOIN health.agents ON due.agent_id = agents.agent_id
        WHERE silences.ends_at > p_now
            AND silences.starts_at <= p_now
            AND health_internal.matches_alert(silences.matchers, alerts.rule, alerts.severity)
            AND health_internal.matches_agent(silences.matchers, agents)
        GROUP BY alerts.alert_id
    ),

    -- Of an open incident its open alerts count, of a closed one all; of those silenced only where
    -- all are.
    spoken AS (
        SELECT
            due.incident_id,
            coalesce(
                max(health_internal.severity_rank(alerts.severity))
                    FILTER (WHERE silenced.alert_id IS NULL),
                max(health_internal.severity_rank(alerts.severity))
            ) AS severity_rank,
            bool_and(silenced.alert_id IS NOT NULL) AS is_silenced,
            min(silenced.silence_id) AS silence_id,
            min(silenced.ends_at) AS silence_ends_at,
            bool_or(alerts.rule = 'recovery_failed' AND silenced.alert_id IS NULL)
                AS is_unrecovered,
            max(alerts.opened_at) AS opened_at,
            bool_and(alerts.rule IN ('score_critical', 'score_emergency')) AS is_of_score
        FROM due
        INNER JOIN health.alerts
            ON due.incident_id = alerts.incident_id
            AND (alerts.resolved_at IS NULL OR due.resolved_at IS NOT NULL)
        LEFT JOIN silenced ON alerts.alert_id = silenced.alert_id
        GROUP BY due.incident_id
    ),

    maintained AS (
        SELECT
            periods.agent_id,
            min(periods.window_id) AS window_id,
            max(periods.until_at) AS until_at
        FROM health.maintenance_periods AS periods
        WHERE periods.ended_at IS NULL
        GROUP BY periods.agent_id
    ),

    -- Plans of escalation may be for one rule.
    named AS (
        SELECT
            due.incident_id,
            alerts.rule,
            min(alerts.opened_at) AS opened_at
        FROM due
        INNER JOIN health.alerts
            ON due.incident_id = alerts.incident_id AND alerts.resolved_at IS NULL
        LEFT JOIN silenced ON alerts.alert_id = silenced.alert_id
        WHERE silenced.alert_id IS NULL
            AND alerts.rule = ANY (ARRAY(
                SELECT plans.matchers ->> 'rule' FROM health.escalation_policies AS plans
            ))
        GROUP BY due.incident_id, alerts.rule
    ),

    -- Every firing of every step that applies: those due by now, and the next.
    steps AS (
        SELECT
            due.incident_id,
            array_agg(DISTINCT steps.channel) FILTER (WHERE firing.is_due) AS channels,
            max(steps.step) FILTER (WHERE firing.is_due) AS step,
            min(firing.at) FILTER (WHERE firing.at > p_now) AS next_at
        FROM due
        INNER JOIN spoken ON due.incident_id = spoken.incident_id
        LEFT JOIN health.agents ON due.agent_id = agents.agent_id
        INNER JOIN health.escalation_policies AS plans
            ON plans.is_enabled AND health_internal.matches_agent(plans.matchers, agents)
        LEFT JOIN named
            ON due.incident_id = named.incident_id AND plans.matchers ->> 'rule' = named.rule
        INNER JOIN health.escalation_steps AS steps
            ON plans.escalation_policy = steps.escalation_policy
            AND spoken.severity_rank >= health_internal.severity_rank(steps.minimum_severity)
        CROSS JOIN LATERAL generate_series(0, steps.repeat_count) AS repeats (number)
        CROSS JOIN LATERAL (
            SELECT
                timed.at,
                timed.at <= p_now AND (
                    due.escalated_until IS NULL
                    OR timed.at > due.escalated_until
                    -- The step was passed by when the trouble was smaller.
                    OR health_internal.severity_rank(steps.minimum_severity)
                    > health_internal.severity_rank(due.told_severity)
                ) AS is_due
            FROM (
                SELECT
                    -- After an acknowledgement the delays begin anew.
                    greatest(
                        CASE
                            WHEN due.told_severity IS NULL THEN p_now ELSE due.escalates_from
                        END,
                        named.opened_at
                    )
                    + steps.delay + repeats.number * steps.repeat_interval AS at
            ) AS timed
        ) AS firing
        WHERE due.resolved_at IS NULL
            AND (named.incident_id IS NOT NULL OR NOT plans.matchers ? 'rule')
            -- Asked once: where no plan can apply nothing of this is read.
            AND (
                EXISTS (SELECT FROM named)
                OR EXISTS (
                    SELECT FROM health.escalation_policies AS general
                    WHERE general.is_enabled AND NOT general.matchers ? 'rule'
                )
            )
        GROUP BY due.incident_id
    ),

    held AS (
        SELECT
            due.*,
            due.is_acknowledged AND (
                due.resolved_at IS NOT NULL
                OR due.acknowledged_until IS NULL OR due.acknowledged_until > p_now
            ) AND (
                due.is_acknowledgement_sticky
                OR spoken.severity_rank
                <= health_internal.severity_rank(due.acknowledged_severity)
            ) AS holds,
            NOT due.is_acknowledgement_sticky
            AND spoken.severity_rank
            > health_internal.severity_rank(due.acknowledged_severity) AS has_risen,
            -- Above its limits again, by less than would end the alerts: nobody is told of that newly.
            due.resolved_at IS NULL
            AND due.told_severity IS NULL
            AND spoken.is_of_score
            AND coalesce(status.bad_evaluations & 1 = 0, false) AS is_recovering
        FROM due
        INNER JOIN spoken ON due.incident_id = spoken.incident_id
        LEFT JOIN health.agent_status AS status ON due.agent_id = status.agent_id
    )

    SELECT
        held.incident_id,
        held.agent_id,
        CASE
            WHEN held.resolved_at IS NOT NULL THEN 'over'
            WHEN held.is_acknowledged AND NOT held.holds AND held.has_risen THEN 'worse'
            WHEN held.told_severity IS NULL THEN 'new'
            WHEN spoken.severity_rank > health_internal.severity_rank(held.told_severity)
                THEN 'worse'
            WHEN spoken.is_unrecovered AND NOT held.is_recovery_failure_told THEN 'unrecovered'
            WHEN held.told_at + settings.repeat_interval <= p_now THEN 'reminder_due'
            WHEN steps.channels IS NOT NULL THEN 'step_due'
            WHEN held.owed_channels <> '{}' THEN 'withdrawn'
            ELSE 'none'
        END,
        held.resolved_at IS NOT NULL,
        held.told_at IS NOT NULL,
        held.withheld,
        spoken.opened_at > coalesce(held.checked_at, '-infinity'),
        spoken.severity_rank,
        health_internal.severity_rank(held.told_severity),
        spoken.is_unrecovered IS TRUE,
        held.is_acknowledged AND NOT held.holds,
        NOT held.is_recovering,
        maintained.agent_id IS NOT NULL,
        fleet.incident_id IS NOT NULL,
        unheard.agent_id IS NOT NULL,
        CASE
            WHEN parents.is_down THEN 'down'
            WHEN parents.agent_id IS NOT NULL
                AND p_now < held.detected_at + settings.parent_wait THEN 'suspected'
            ELSE 'up'
        END,
        spoken.is_silenced,
        flapping.agent_id IS NOT NULL,
        held.holds,
        coalesce(steps.step, 0),
        coalesce(steps.channels, '{}'),
        steps.next_at,
        least(
            spoken.silence_ends_at,
            maintained.until_at,
            CASE WHEN held.holds THEN held.acknowledged_until END,
            -- Looked at again each tick: it may be heard any moment.
            CASE
                WHEN held.is_recovering OR parents.is_back OR unheard.agent_id IS NOT NULL
                    THEN p_now
            END
        ),
        CASE
            WHEN coalesce(
                maintained.agent_id, flapping.agent_id, parents.agent_id, fleet.incident_id::text,
                spoken.silence_id::text, unheard.agent_id,
                CASE WHEN held.holds OR held.is_recovering THEN '' END
            ) IS NOT NULL THEN jsonb_build_object(
                'soft', CASE WHEN held.is_recovering
                    THEN 'its score is above the limit again, by less than ends the alert' END,
                'maintenance', 'in maintenance ' || maintained.window_id || ' until '
                || maintained.until_at,
                'fleet_incident', 'part of incident ' || fleet.incident_id || ' of many agents',
                'monitor_gap', unheard.reason,
                'parent_down', 'parent down: ' || parents.parents,
                'parent_suspected', 'parent late, its verdict is awaited: ' || parents.parents,
                'silenced', 'silence ' || spoken.silence_id || ' until ' || spoken.silence_ends_at,
                'flapping', 'the agent flaps since ' || flapping.since,
                'acknowledged', 'acknowledged by ' || held.acknowledged_by
                || coalesce(' until ' || held.acknowledged_until, '')
            )
        END
    FROM held
    INNER JOIN spoken ON held.incident_id = spoken.incident_id
    CROSS JOIN health.settings
    LEFT JOIN steps ON held.incident_id = steps.incident_id
    LEFT JOIN maintained ON held.agent_id = maintained.agent_id
    LEFT JOIN health.incidents AS fleet
        ON held.fleet_incident_id = fleet.incident_id AND fleet.resolved_at IS NULL
    LEFT JOIN health_internal.flapping_agents AS flapping ON held.agent_id = flapping.agent_id
    LEFT JOIN health_internal.dead_parents(ARRAY(SELECT due.agent_id FROM due), p_now) AS parents
        ON held.agent_id = parents.agent_id
    LEFT JOIN health_internal.unheard_agents(ARRAY(SELECT due.agent_id FROM due), p_now) AS unheard
        ON held.agent_id = unheard.agent_id;
END;
$$;
COMMENT ON FUNCTION health_internal.incident_facts(timestamptz, bigint []) IS
'One row per given incident: the inputs of decide_notification, the '
'escalation steps due, when to look again, and each reason in words.';

COMMIT;
