-- What people do: acknowledge and close alerts, set policies.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.be_brief()
RETURNS text
LANGUAGE sql
VOLATILE
AS $$
    SELECT set_config('idle_in_transaction_session_timeout', '10s', true);
$$;
COMMENT ON FUNCTION health_internal.be_brief() IS
'Ends the session if the present transaction is then left idle for 10 s: it holds rows the tick writes, '
'and somebody who went for coffee after BEGIN must not stop the monitor.';

CREATE OR REPLACE FUNCTION health.acknowledge_alert(
    p_alert_id bigint,
    p_by text,
    p_note text DEFAULT NULL,
    p_until timestamptz DEFAULT NULL,
    p_is_sticky boolean DEFAULT false,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_incident health.incidents;
BEGIN
    PERFORM health_internal.be_brief();
    IF p_until <= p_now THEN
        RAISE EXCEPTION 'an acknowledgement until % is over already', p_until
            USING ERRCODE = 'AL003',
                HINT = 'Give a time to come, or none: it then lasts as long as the incident.';
    END IF;
    SELECT incidents.*
    INTO v_incident
    FROM health.alerts
    INNER JOIN health.incidents ON alerts.incident_id = incidents.incident_id
    WHERE alerts.alert_id = p_alert_id AND alerts.resolved_at IS NULL
    FOR UPDATE OF incidents;
    IF v_incident.incident_id IS NULL THEN
        RAISE EXCEPTION 'alert % is not open', p_alert_id
            USING ERRCODE = 'AL001',
                HINT = 'SELECT alert_id FROM health.open_alerts lists the open ones.';
    END IF;

    -- The alerts of an incident share one page, so they share who has it.
    UPDATE health.incidents
    SET
        acknowledged_at = coalesce(incidents.acknowledged_at, p_now),
        acknowledged_by = coalesce(p_by, session_user),
        is_acknowledged = true,
        is_acknowledgement_sticky = p_is_sticky,
        acknowledged_until = p_until,
        acknowledgement_note = p_note,
        acknowledged_severity = (
            SELECT health_internal.severity_of_rank(
                max(health_internal.severity_rank(alerts.severity))
            )
            FROM health.alerts
            WHERE alerts.incident_id = v_incident.incident_id AND alerts.resolved_at IS NULL
        ),
        -- When it ends, there is something to tell again.
        told_severity = NULL,
        owed_channels = '{}',
        withheld = 'acknowledged',
        withheld_at = p_now,
        next_check_at = least(p_until, p_now + interval '10 minutes')
    WHERE incidents.incident_id = v_incident.incident_id;

    -- Nobody is paged for what somebody has taken.
    PERFORM health_internal.withdraw_messages(p_now, ARRAY[v_incident.incident_id]);
    INSERT INTO health.alert_events (
        occurred_at, incident_id, alert_id, agent_id, event, reason
    )
    VALUES (
        p_now, v_incident.incident_id, p_alert_id, v_incident.agent_id, 'acknowledged',
        concat_ws(': ', coalesce(p_by, session_user), p_note)
    );
END;
$$;
COMMENT ON FUNCTION health.acknowledge_alert(
    bigint, text, text, timestamptz, boolean, timestamptz
) IS
'Takes an open alert and with it all of its incident: pending messages are cancelled, escalation and '
'reminders stop in the same transaction, until p_until or the end. Unless it is sticky it also ends '
'when the severity rises. What is still wrong at its end is told once. Raises AL001 where the alert is '
'not open, AL003 for a time that is past.';

CREATE OR REPLACE FUNCTION health.unacknowledge_alert(
    p_alert_id bigint,
    p_by text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_incident health.incidents;
BEGIN
    PERFORM health_internal.be_brief();
    UPDATE health.incidents
    SET is_acknowledged = false, acknowledged_until = NULL, next_check_at = '-infinity'
    FROM health.alerts
    WHERE alerts.alert_id = p_alert_id
        AND alerts.resolved_at IS NULL
        AND incidents.incident_id = alerts.incident_id
        AND incidents.is_acknowledged
    RETURNING incidents.* INTO v_incident;
    IF v_incident.incident_id IS NULL THEN
        RAISE EXCEPTION 'alert % is not acknowledged', coalesce(p_alert_id::text, 'NULL')
            USING ERRCODE = 'AL001',
                HINT = 'SELECT alert_id, acknowledged_by FROM health.open_alerts shows who has what.';
    END IF;
    INSERT INTO health.alert_events (
        occurred_at, incident_id, alert_id, agent_id, event, reason
    )
    VALUES (
        p_now, v_incident.incident_id, p_alert_id, v_incident.agent_id, 'unacknowledged',
        coalesce(p_by, session_user)
    );
END;
$$;
COMMENT ON FUNCTION health.unacknowledge_alert(bigint, text, timestamptz) IS
'Gives back what was acknowledged: the next tick tells what is still wrong. Raises AL001 where nobody '
'has it.';

CREATE OR REPLACE FUNCTION health.resolve_alert(
    p_alert_id bigint,
    p_by text,
    p_note text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_alert health.alerts;
BEGIN
    PERFORM health_internal.be_brief();
    UPDATE health.alerts
    SET resolved_at = p_now, resolved_by = coalesce(p_by, session_user)
    WHERE alerts.alert_id = p_alert_id AND alerts.resolved_at IS NULL
    RETURNING alerts.* INTO v_alert;
    IF v_alert.alert_id IS NULL THEN
        RAISE EXCEPTION 'alert % is not open', p_alert_id
            USING ERRCODE = 'AL001',
                HINT = 'SELECT alert_id FROM health.open_alerts lists the open ones.';
    END IF;
    UPDATE health.incidents
    SET resolved_at = p_now, next_check_at = '-infinity'
    WHERE incidents.incident_id = v_alert.incident_id
        AND incidents.resolved_at IS NULL
        AND NOT EXISTS (
            SELECT FROM health.alerts AS standing
            WHERE standing.incident_id = incidents.incident_id AND standing.resolved_at IS NULL
        );
    INSERT INTO health.alert_events (
        occurred_at, incident_id, alert_id, agent_id, event, reason
    )
    VALUES (
        p_now, v_alert.incident_id, p_alert_id, v_alert.agent_id, 'resolved',
        concat_ws(': ', coalesce(p_by, session_user), p_note)
    );
END;
$$;
COMMENT ON FUNCTION health.resolve_alert(bigint, text, text, timestamptz) IS
'Closes an alert by hand, and its incident with the last one; while its condition holds the next tick '
'opens a new one. Raises AL001 where the alert is not open.';

CREATE OR REPLACE FUNCTION health.set_policy(
    p_policy_class text,
    p_changes jsonb,
    p_note text DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_base health.policies;
    v_unknown text;
    v_policy_id bigint;
BEGIN
    -- One writer at a time, so that versions count up without a gap.
    LOCK TABLE health.policies IN SHARE ROW EXCLUSIVE MODE;
    SELECT string_agg(changes.name, ', ' ORDER BY changes.name)
    INTO v_unknown
    FROM jsonb_object_keys(p_changes) AS changes (name)
    WHERE changes.name IN ('policy_id', 'policy_class', 'version', 'valid_from', 'created_by', 'note')
        OR NOT EXISTS (
            SELECT FROM pg_attribute
            WHERE pg_attribute.attrelid = 'health.policies'::regclass
                AND pg_attribute.attname = changes.name
                AND pg_attribute.attnum > 0
        );
    IF v_unknown IS NOT NULL THEN
        RAISE EXCEPTION 'a policy has no setting "%"', v_unknown
            USING ERRCODE = 'EN004',
                HINT = E'\\d+ health.policies lists the settings and what they mean.';
    END IF;

    SELECT policies.*
    INTO v_base
    FROM health.policies
    WHERE policies.policy_class IN (p_policy_class, 'standard')
    ORDER BY policies.policy_class = p_policy_class DESC, policies.version DESC
    LIMIT 1;
    v_base := jsonb_populate_record(v_base, p_changes);
    v_base.version := coalesce(
        (SELECT max(policies.version) FROM health.policies
            WHERE policies.policy_class = p_policy_class),
        0
    ) + 1;
    v_base.policy_class := p_policy_class;
    v_base.valid_from := clock_timestamp();
    v_base.created_by := session_user;
    v_base.note := p_note;
    v_base.policy_id := nextval(pg_get_serial_sequence('health.policies', 'policy_id'));
    INSERT INTO health.policies OVERRIDING SYSTEM VALUE VALUES (v_base.*)
    RETURNING policies.policy_id INTO v_policy_id;
    RETURN v_policy_id;
END;
$$;
COMMENT ON FUNCTION health.set_policy(text, jsonb, text) IS
'Adds a version of a class''s policy: the one in force (for a new class the standard one) with '
'p_changes, such as {"critical_below": 55}. Returns its policy_id. Raises EN004 for an unknown '
'setting, and a named CHECK for values that do not fit.';

GRANT EXECUTE ON FUNCTION
health.acknowledge_alert(bigint, text, text, timestamptz, boolean, timestamptz),
health.unacknowledge_alert(bigint, text, timestamptz),
health.resolve_alert(bigint, text, text, timestamptz) TO health_operator;
GRANT EXECUTE ON FUNCTION health.set_policy(text, jsonb, text) TO health_admin;

COMMIT;
