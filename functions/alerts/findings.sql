-- What the engine finds out about itself, its bridges, its channels, and mutes that were forgotten.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.broken_channels(p_now timestamptz)
RETURNS TABLE (channel text, given_up_at timestamptz)
LANGUAGE sql
STABLE
AS $$
    SELECT channels.channel, dead.finished_at
    FROM health.channels
    CROSS JOIN LATERAL (
        SELECT max(deliveries.finished_at) AS finished_at
        FROM health.deliveries
        WHERE deliveries.channel = channels.channel
            AND deliveries.state = 'dead'
            AND deliveries.finished_at > p_now - interval '24 hours'
    ) AS dead
    WHERE dead.finished_at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM health.deliveries
            WHERE deliveries.channel = channels.channel
                AND deliveries.state = 'delivered'
                AND deliveries.finished_at > dead.finished_at
        )
    UNION
    -- A bridge has been there long enough, but none takes this channel's messages: a name that differs
    -- in its configuration, say.
    SELECT channels.channel, queues.waits_since
    FROM health.settings
    CROSS JOIN health.channels
    -- A row of the index each, however many messages were sent.
    CROSS JOIN LATERAL (
        SELECT
            (
                SELECT min(deliveries.not_before)
                FROM health.deliveries
                WHERE deliveries.channel = channels.channel AND deliveries.state = 'pending'
            ) AS waits_since,
            (
                SELECT max(deliveries.finished_at)
                FROM health.deliveries
                WHERE deliveries.channel = channels.channel AND deliveries.state = 'delivered'
            ) AS delivered_at,
            (
                SELECT max(deliveries.finished_at)
                FROM health.deliveries
                WHERE deliveries.channel = channels.channel AND deliveries.state = 'dead'
            ) AS given_up_at
    ) AS queues
    WHERE queues.waits_since <= p_now - settings.bridge_silent_after
        AND health_internal.channel_tokens(channels, p_now) >= 1
        AND coalesce(greatest(queues.delivered_at, queues.given_up_at), '-infinity')
        <= p_now - settings.bridge_silent_after
        AND NOT EXISTS (
            SELECT FROM health.deliveries AS taken
            WHERE taken.channel = channels.channel AND taken.state = 'claimed'
        )
        AND EXISTS (
            SELECT FROM health.agent_status AS bridges
            WHERE bridges.agent_id >= 'bridge:'
                AND bridges.agent_id < 'bridge;'
                AND bridges.run_started_at <= p_now - settings.bridge_silent_after
                AND bridges.last_heartbeat_at > p_now - settings.bridge_silent_after
        )
        AND NOT EXISTS (
            SELECT FROM health.monitor_gaps AS gaps
            WHERE gaps.ended_at > p_now - settings.bridge_silent_after
        );
$$;
COMMENT ON FUNCTION health_internal.broken_channels(timestamptz) IS
'Channels that gave up on a message in the last 24 hours and have delivered none since, and those whose '
'messages no bridge takes while one is alive; given_up_at: when, or since when they wait.';

CREATE OR REPLACE FUNCTION health_internal.engine_findings(p_now timestamptz)
RETURNS TABLE (rule text, agent_id text, summary text, details jsonb)
LANGUAGE sql
STABLE
AS $$
    SELECT
        'dead_letters',
        NULL::text,
        'messages could not be delivered through '
        || string_agg(broken.channel, ', ' ORDER BY broken.channel),
        jsonb_build_object('channels', jsonb_agg(broken.channel ORDER BY broken.channel))
    FROM (
        SELECT channels.channel
        FROM health_internal.broken_channels(p_now) AS channels
        UNION
        SELECT messages.channel
        FROM health_internal.unheard_messages(p_now) AS messages
    ) AS broken
    HAVING count(*) > 0
    UNION ALL
    -- Work waits, and no bridge that was ever known beats.
    SELECT
        'bridge_silent',
        NULL,
        'no bridge is alive, and work waits for one',
        jsonb_build_object('last_heartbeat_at', max(bridges.last_heartbeat_at))
    FROM health.settings
    CROSS JOIN health.agent_status AS bridges
    WHERE bridges.agent_id >= 'bridge:'
        AND bridges.agent_id < 'bridge;'
        AND (
            EXISTS (
                SELECT FROM health.deliveries
                WHERE deliveries.state IN ('pending', 'claimed')
                    AND deliveries.not_before <= p_now - settings.bridge_silent_after
            )
            OR EXISTS (
                SELECT FROM health.recovery_actions AS actions
                WHERE actions.finished_at IS NULL
                    AND actions.state = 'pending'
                    AND actions.not_before <= p_now - settings.bridge_silent_after
            )
        )
    GROUP BY settings.bridge_silent_after
    HAVING max(bridges.last_heartbeat_at) <= p_now - settings.bridge_silent_after
    UNION ALL
    SELECT
        'forgotten_mute',
        NULL,
        count(*) || ' incidents have been muted for long: '
        || array_to_string((array_agg(
            coalesce(incidents.agent_id, incidents.engine_rule) || ' (' || incidents.withheld || ')'
            ORDER BY incidents.withheld_at
        ))[:20], ', '),
        jsonb_build_object('incident_ids', (array_agg(
            incidents.incident_id ORDER BY incidents.withheld_at
        ))[:1000])
    FROM health.incidents
    CROSS JOIN health.settings
    WHERE incidents.resolved_at IS NULL
        AND incidents.withheld IN ('maintenance', 'silenced', 'acknowledged')
        AND incidents.withheld_at <= p_now - settings.forgotten_after
        AND incidents.engine_rule IS DISTINCT FROM 'forgotten_mute'
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'chronic_self_healing',
        actions.agent_id,
        'was restarted ' || count(*) || ' times in 24 hours: it does not heal',
        jsonb_build_object('restart_count', count(*))
    FROM health.recovery_actions AS actions
    CROSS JOIN health.settings
    WHERE actions.state = 'succeeded' AND actions.finished_at > p_now - interval '24 hours'
    GROUP BY actions.agent_id, settings.self_healing_limit
    HAVING count(*) > settings.self_healing_limit;
$$;
COMMENT ON FUNCTION health_internal.engine_findings(timestamptz) IS
'What the engine finds wrong beside agents'' conditions: dead_letters, bridge_silent, forgotten_mute and '
'chronic_self_healing.';

CREATE OR REPLACE FUNCTION health_internal.check_engine(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM health_internal.engine
        WHERE engine.self_checked_at > p_now - interval '10 seconds'
            AND engine.self_checked_at <= p_now
    ) THEN
        RETURN;
    END IF;
    UPDATE health_internal.engine SET self_checked_at = p_now;

    WITH found AS MATERIALIZED (
        SELECT findings.* FROM health_internal.engine_findings(p_now) AS findings
    ),

    gone AS (
        DELETE FROM health.rule_findings AS standing
        WHERE standing.rule IN (
            'dead_letters', 'bridge_silent', 'forgotten_mute', 'chronic_self_healing'
        )
            AND NOT EXISTS (
                SELECT FROM found
                WHERE found.rule = standing.rule
                    AND found.agent_id IS NOT DISTINCT FROM standing.agent_id
            )
    )

    INSERT INTO health.rule_findings AS standing (
        rule, agent_id, severity, summary, details, found_at, changed_at
    )
    SELECT
        found.rule, found.agent_id, rules.severity, left(found.summary, 500), found.details, p_now,
        p_now
    FROM found
    INNER JOIN health.alert_rules AS rules ON found.rule = rules.rule
    ON CONFLICT (rule, agent_id) DO UPDATE SET
        summary = excluded.summary,
        details = excluded.details,
        changed_at = excluded.changed_at
    WHERE standing.summary IS DISTINCT FROM excluded.summary;
END;
$$;
COMMENT ON FUNCTION health_internal.check_engine(timestamptz) IS
'Brings the engine''s own rows of rule_findings up to date, every 10 s.';

CREATE OR REPLACE FUNCTION health_internal.note_unconfirmed(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_seen bigint;
    v_latest bigint;
BEGIN
    SELECT engine.acted_transition_id INTO STRICT v_seen FROM health_internal.engine;
    SELECT max(transitions.transition_id) INTO v_latest FROM health.status_transitions AS transitions;
    IF coalesce(v_latest, 0) <= v_seen THEN
        RETURN;
    END IF;
    UPDATE health_internal.engine SET acted_transition_id = v_latest;

    INSERT INTO health.alert_events (occurred_at, agent_id, event, reason_code, reason)
    SELECT DISTINCT
        p_now,
        transitions.agent_id,
        'suppressed',
        decided.decision[2],
        CASE
            WHEN status.liveness = 'late' THEN format(
                'late, and not given up yet: no heartbeat since %s', status.last_heartbeat_at
            )
            ELSE format(
                'not confirmed: score %s is below %s in %s of the last %s evaluations, %s are needed',
                round(status.ungated_score::numeric, 1),
                policy.critical_below,
                bit_count((status.bad_evaluations & ((1 << policy.confirm_of) - 1))::bit(32)),
                policy.confirm_of,
                policy.confirm_bad
            )
        END
    FROM health.status_transitions AS transitions
    INNER JOIN health.agent_status AS status ON transitions.agent_id = status.agent_id
    INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
    CROSS JOIN LATERAL (
        SELECT health_internal.decide_notification(
            'new', false, false, false, false, false, false, 'up', false, false, false
        ) AS decision
    ) AS decided
    WHERE transitions.transition_id > v_seen
        -- To enter or leave maintenance is no news of the score.
        AND (transitions.old_status, transitions.old_issue_type)
        IS DISTINCT FROM (transitions.new_status, transitions.issue_type)
        AND status.bad_evaluations & 1 = 1
        AND status.active_conditions = '{}'
        AND status.ungated_score < policy.critical_below
        AND NOT EXISTS (
            SELECT FROM health.incidents
            WHERE incidents.agent_id = transitions.agent_id AND incidents.resolved_at IS NULL
        );
END;
$$;
COMMENT ON FUNCTION health_internal.note_unconfirmed(timestamptz) IS
'Notes in the ledger agents whose score fell below the alert''s threshold, but not often enough yet, or '
'because they are late.';

COMMIT;
