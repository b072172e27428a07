-- Storms: too much of the fleet in trouble at once. Restarting a third of it is a person's decision:
-- watch_storm asks, approve_recoveries answers.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.open_storm_alert(p_now timestamptz, p_summary text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO health.incidents (engine_rule, severity, onset_at, detected_at)
    SELECT rules.rule, rules.severity, p_now, p_now
    FROM health.alert_rules AS rules
    WHERE rules.rule = 'recovery_storm' AND rules.is_enabled
    ON CONFLICT (agent_id, engine_rule) WHERE resolved_at IS NULL DO NOTHING;

    WITH opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, rule, severity, summary, details, is_managed, opened_at
        )
        SELECT
            incidents.incident_id, rules.rule, rules.severity, p_summary,
            jsonb_build_object('reason', p_summary), true, p_now
        FROM health.alert_rules AS rules
        INNER JOIN health.incidents
            ON rules.rule = incidents.engine_rule AND incidents.resolved_at IS NULL
        WHERE rules.rule = 'recovery_storm' AND rules.is_enabled
        ON CONFLICT (agent_id, rule) WHERE resolved_at IS NULL DO NOTHING
        RETURNING alerts.alert_id, alerts.incident_id
    )

    INSERT INTO health.alert_events (occurred_at, incident_id, alert_id, event, reason)
    SELECT p_now, opened.incident_id, opened.alert_id, 'opened', p_summary
    FROM opened;
END;
$$;
COMMENT ON FUNCTION health_internal.open_storm_alert(timestamptz, text) IS
'Opens the engine''s own alert recovery_storm, once; notify tells of it.';

CREATE OR REPLACE FUNCTION health_internal.close_storm_alert(
    p_now timestamptz,
    p_by text,
    p_reason text
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    WITH closed AS (
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = p_by
        WHERE alerts.rule = 'recovery_storm'
            AND alerts.agent_id IS NULL
            AND alerts.resolved_at IS NULL
        RETURNING alerts.alert_id, alerts.incident_id
    ),

    ended AS (
        UPDATE health.incidents
        SET resolved_at = p_now, next_check_at = '-infinity'
        FROM closed
        WHERE incidents.incident_id = closed.incident_id AND incidents.resolved_at IS NULL
    )

    INSERT INTO health.alert_events (occurred_at, incident_id, alert_id, event, reason)
    SELECT p_now, closed.incident_id, closed.alert_id, 'resolved', p_reason
    FROM closed;
$$;
COMMENT ON FUNCTION health_internal.close_storm_alert(timestamptz, text, text) IS
'Closes the alert recovery_storm and its incident.';

CREATE OR REPLACE FUNCTION health_internal.watch_storm(
    p_now timestamptz,
    p_troubled_count bigint
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    v_settings health.settings;
    v_storm health.recovery_storms;
    v_agents bigint := 0;
    v_is_storm boolean := false;
    v_summary text;
BEGIN
    SELECT settings.* INTO STRICT v_settings FROM health.settings;
    SELECT storms.*
    INTO v_storm
    FROM health.recovery_storms AS storms
    WHERE storms.ended_at IS NULL
    FOR UPDATE SKIP LOCKED;
    -- Somebody is about to approve it, and has not committed: it goes on unapproved.
    IF NOT FOUND AND EXISTS (
        SELECT FROM health.recovery_storms AS storms WHERE storms.ended_at IS NULL
    ) THEN
        RETURN 'storm: an approval is under way';
    END IF;
    -- The fleet is counted only when that many are in trouble, and no further than to the number of
    -- which they are no storm; while one goes on, every ten seconds.
    IF p_troubled_count >= v_settings.storm_count THEN
        IF v_storm.counted_at > p_now - interval '10 seconds' AND v_storm.counted_at <= p_now THEN
            v_agents := v_storm.agent_count;
        ELSE
            SELECT count(*)
            INTO v_agents
            FROM (
                SELECT
                FROM health.agent_status AS status
                WHERE status.liveness NOT IN ('never_seen', 'stopped')
                LIMIT ceil(p_troubled_count / nullif(v_settings.storm_share, 0))::bigint
            ) AS fleet;
            UPDATE health.recovery_storms AS storms
            SET agent_count = v_agents, counted_at = p_now
            WHERE storms.storm_id = v_storm.storm_id;
        END IF;
        v_is_storm := p_troubled_count > v_settings.storm_share * v_agents;
    END IF;
    IF NOT v_is_storm THEN
        IF v_storm.storm_id IS NOT NULL THEN
            UPDATE health.recovery_storms AS storms
            SET ended_at = p_now
            WHERE storms.storm_id = v_storm.storm_id;
            PERFORM health_internal.close_storm_alert(p_now, 'engine', 'the storm is over');
        END IF;
        RETURN NULL;
    END IF;
    v_summary := format(
        'storm: %s of %s agents are in trouble at once; health.approve_recoveries lets recoveries go',
        p_troubled_count, v_agents
    );
    IF v_storm.storm_id IS NULL THEN
        INSERT INTO health.recovery_storms (began_at, counted_at, troubled_count, agent_count)
        VALUES (p_now, p_now, p_troubled_count, v_agents);
        PERFORM health_internal.open_storm_alert(p_now, v_summary);
        RETURN v_summary;
    END IF;
    IF p_troubled_count > v_storm.troubled_count THEN
        UPDATE health.recovery_storms AS storms
        SET troubled_count = p_troubled_count
        WHERE storms.storm_id = v_storm.storm_id;
    END IF;
    RETURN CASE WHEN v_storm.approved_at IS NULL THEN v_summary END;
END;
$$;
COMMENT ON FUNCTION health_internal.watch_storm(timestamptz, bigint) IS
'Whether too much of the fleet is in trouble at once to act unasked: why, or NULL (no storm, or a '
'person approved it). Opens and closes the storm and its alert.';

CREATE OR REPLACE FUNCTION health.approve_recoveries(
    p_by text DEFAULT NULL,
    p_agent_ids text [] DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_by constant text := coalesce(p_by, session_user);
    v_strangers text;
    v_count bigint;
BEGIN
    IF p_agent_ids IS NULL THEN
        UPDATE health.recovery_storms AS storms
        SET approved_at = p_now, approved_by = v_by
        WHERE storms.ended_at IS NULL AND storms.approved_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no storm that waits for approval'
                USING ERRCODE = 'RC008',
                    HINT = 'health.recovery_backlog says what recoveries wait for; name agents to let '
                        'theirs pass a freeze, a maintenance, a monitor gap or a dead parent.';
        END IF;
        SELECT count(*)
        INTO v_count
        FROM health.recovery_actions AS actions
        WHERE actions.hold = 'storm';
        PERFORM health_internal.close_storm_alert(p_now, v_by, concat(v_by, ' let recoveries go on'));
    ELSE
        SELECT string_agg(given.agent_id, ', ' ORDER BY given.agent_id)
        INTO v_strangers
        FROM unnest(p_agent_ids) AS given (agent_id)
        WHERE NOT EXISTS (
            SELECT FROM health.recovery_actions AS actions
            WHERE actions.agent_id = given.agent_id
                AND actions.hold IN ('freeze', 'maintenance', 'monitor_gap', 'parent', 'storm')
        );
        IF v_strangers IS NOT NULL OR cardinality(p_agent_ids) = 0 THEN
            RAISE EXCEPTION 'no recovery waits for approval: %', coalesce(v_strangers, 'no agent named')
                USING ERRCODE = 'RC008',
                    HINT = 'SELECT agent_id, hold, hold_reason FROM health.recovery_backlog lists '
                        'those that wait.';
        END IF;
        UPDATE health.recovery_actions AS actions
        SET approved_at = p_now, approved_by = v_by
        WHERE actions.agent_id = ANY (p_agent_ids)
            AND actions.hold IN ('freeze', 'maintenance', 'monitor_gap', 'parent', 'storm');
        GET DIAGNOSTICS v_count = ROW_COUNT;
    END IF;
    -- The next tick releases them, as fast as budgets and settings.recovery_concurrency allow.
    PERFORM pg_notify('health_wakeup', '');
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health.approve_recoveries(text, text [], timestamptz) IS
'A person lets recoveries go on: without agents those of the present storm, until it ends; with '
'agents theirs, past freeze, maintenance, monitor gaps, parents and storm. Budgets and the limit of the fleet hold '
'all the same. Returns how many wait. Raises RC008 where none does.';

GRANT EXECUTE ON FUNCTION health.approve_recoveries(text, text [], timestamptz) TO health_operator;

COMMIT;
