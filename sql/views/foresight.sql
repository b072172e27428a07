-- Views of foresight: times to exhaustion, shadow policies beside the live ones, how its parts fared.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE VIEW health.exhaustion AS
SELECT
    trends.agent_id,
    trends.resource,
    trends.used,
    trends.limit_value,
    told.slope_per_hour,
    told.exhausts_at,
    told.exhausts_earliest_at,
    told.exhausts_latest_at,
    told.confidence,
    told.basis,
    trends.sampled_at,
    CASE trends.resource WHEN 'memory' THEN 'MB' WHEN 'cpu' THEN '%' ELSE series.unit END
        AS unit
FROM health_internal.resource_trends AS trends
CROSS JOIN LATERAL health_internal.foretell_exhaustion(trends) AS told
LEFT JOIN health_internal.metric_series AS series
    ON trends.agent_id = series.agent_id AND trends.resource = series.metric_name;

COMMENT ON VIEW health.exhaustion IS
'One row per agent and resource with a limit: when it is used up, as of sampled_at, at most a minute or so '
'old; stable: columns may be added, never removed or retyped within a major version.';
COMMENT ON COLUMN health.exhaustion.unit IS
'Of used and limit_value, and of slope_per_hour by the hour: MB, %, or what its metric was logged with.';
COMMENT ON COLUMN health.exhaustion.slope_per_hour IS
'Rise per hour, in the resource''s unit; NULL: too few samples, or exhausted.';
COMMENT ON COLUMN health.exhaustion.exhausts_at IS
'When its line meets the limit if it goes on so; NULL: not foreseeable, see basis.';
COMMENT ON COLUMN health.exhaustion.exhausts_earliest_at IS
'From when on a sample may be at the limit: about 95 of 100 intervals hold the first one that is.';
COMMENT ON COLUMN health.exhaustion.exhausts_latest_at IS
'Until when its line meets the limit, by the errors of its slope and of its level.';
COMMENT ON COLUMN health.exhaustion.confidence IS
'Probability that it rises at all, 0..1; NULL: too few samples.';
COMMENT ON COLUMN health.exhaustion.basis IS
'What it rests on, or why it is not foreseeable, in words.';

CREATE VIEW health.policy_comparison AS
SELECT
    shadows.shadow_policy_id,
    shadows.shadow_policy,
    shadows.policy,
    shadows.created_at,
    shadows.ended_at,
    looks.agent_count,
    looks.differing_agent_count,
    looks.mean_score,
    looks.live_mean_score,
    judged.transition_count,
    (
        SELECT count(*)
        FROM health.status_transitions AS transitions
        WHERE transitions.occurred_at >= shadows.created_at
            AND transitions.occurred_at < coalesce(shadows.ended_at, 'infinity')
            AND transitions.agent_id <> 'heartbeat_health_agent'
    ) AS live_transition_count,
    judged.alert_count,
    live.alert_count AS live_alert_count,
    judged.only_shadow_alert_count,
    live.only_live_alert_count,
    judged.recovery_count,
    (
        SELECT count(*)
        FROM health.recovery_actions AS actions
        WHERE actions.created_at >= shadows.created_at
            AND actions.created_at < coalesce(shadows.ended_at, 'infinity')
            AND actions.requested_by = 'engine'
    ) AS live_recovery_count
FROM health.shadow_policies AS shadows
CROSS JOIN LATERAL (
    SELECT
        count(*) AS agent_count,
        count(*) FILTER (
            WHERE (states.status, states.liveness) IS DISTINCT FROM (status.status, status.liveness)
        ) AS differing_agent_count,
        avg(states.score) AS mean_score,
        avg(status.score) AS live_mean_score
    FROM health_internal.shadow_states AS states
    INNER JOIN health.agent_status AS status ON states.agent_id = status.agent_id
    WHERE states.shadow_policy_id = shadows.shadow_policy_id
) AS looks
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE said.kind = 'transition') AS transition_count,
        count(*) FILTER (WHERE said.kind = 'alert_opened') AS alert_count,
        count(*) FILTER (
            WHERE said.kind = 'alert_opened'
                AND NOT EXISTS (
                    SELECT FROM health.alerts
                    WHERE alerts.agent_id = said.agent_id
                        AND alerts.rule = said.rule
                        AND alerts.opened_at <= said.occurred_at + interval '5 minutes'
                        AND coalesce(alerts.resolved_at, 'infinity')
                        >= said.occurred_at - interval '5 minutes'
                )
        ) AS only_shadow_alert_count,
        count(*) FILTER (WHERE said.kind = 'recovery') AS recovery_count
    FROM health.shadow_judgements AS said
    WHERE said.shadow_policy_id = shadows.shadow_policy_id
) AS judged
CROSS JOIN LATERAL (
    SELECT
        count(*) AS alert_count,
        count(*) FILTER (
            WHERE NOT EXISTS (
                SELECT FROM health.shadow_judgements AS said
                WHERE said.shadow_policy_id = shadows.shadow_policy_id
                    AND said.kind = 'alert_opened'
                    AND said.agent_id = alerts.agent_id
                    AND said.rule = alerts.rule
                    AND said.occurred_at BETWEEN alerts.opened_at - interval '5 minutes'
                    AND coalesce(alerts.resolved_at, 'infinity'::timestamptz)
                    + interval '5 minutes'
            )
        ) AS only_live_alert_count
    FROM health.alerts
    WHERE alerts.opened_at >= shadows.created_at
        AND alerts.opened_at < coalesce(shadows.ended_at, 'infinity')
        AND alerts.agent_id <> 'heartbeat_health_agent'
        -- Those a policy decides.
        AND alerts.rule IN (
            'unresponsive', 'failed', 'error', 'score_critical', 'score_emergency',
            'resource_exhaustion', 'high_error_rate', 'performance_degradation'
        )
) AS live;

COMMENT ON VIEW health.policy_comparison IS
'One row per shadow policy: what it would have done since it was added, beside what the policies in force '
'did; stable within a major version. Shadows look each minute, the engine at each beat.';
COMMENT ON COLUMN health.policy_comparison.agent_count IS 'Agents it judges at present.';
COMMENT ON COLUMN health.policy_comparison.differing_agent_count IS
'Of those, agents whose status or liveness is another in force.';
COMMENT ON COLUMN health.policy_comparison.mean_score IS 'Mean of its scores, 0..100.';
COMMENT ON COLUMN health.policy_comparison.live_mean_score IS 'Mean of the scores in force, 0..100.';
COMMENT ON COLUMN health.policy_comparison.transition_count IS 'Transitions it would have made.';
COMMENT ON COLUMN health.policy_comparison.live_transition_count IS 'Transitions made in that time.';
COMMENT ON COLUMN health.policy_comparison.alert_count IS 'Alerts it would have opened.';
COMMENT ON COLUMN health.policy_comparison.live_alert_count IS
'Alerts opened in that time under rules a policy decides.';
COMMENT ON COLUMN health.policy_comparison.only_shadow_alert_count IS
'Of its alerts, those without one in force of that agent and rule within five minutes.';
COMMENT ON COLUMN health.policy_comparison.only_live_alert_count IS
'Of those in force, alerts it would not have opened.';
COMMENT ON COLUMN health.policy_comparison.recovery_count IS 'Recoveries it would have asked for.';
COMMENT ON COLUMN health.policy_comparison.live_recovery_count IS
'Recoveries the engine queued in that time.';

CREATE VIEW health.foresight_health AS
SELECT
    parts.part,
    parts.is_enabled,
    parts.period,
    parts.last_run_at,
    parts.last_duration_ms,
    parts.last_error,
    parts.last_error_at,
    parts.run_count,
    parts.error_count,
    coalesce(
        parts.is_enabled AND parts.last_run_at < clock_timestamp() - 5 * parts.period, false
    ) AS is_overdue
FROM health_internal.foresight_parts AS parts;

COMMENT ON VIEW health.foresight_health IS
'One row per part of run_foresight: when it ran, how long it took, and what it said when it failed; stable '
'within a major version.';
COMMENT ON COLUMN health.foresight_health.is_overdue IS
'Whether it has not run for five periods, by the clock.';

CALL health_internal.hand_on_comments('health.exhaustion', 'health_internal.resource_trends');
CALL health_internal.hand_on_comments('health.policy_comparison', 'health.shadow_policies');
CALL health_internal.hand_on_comments('health.foresight_health', 'health_internal.foresight_parts');

GRANT SELECT ON health.exhaustion, health.policy_comparison, health.foresight_health
TO health_analyst, health_bridge;

COMMIT;
