-- What people do: acknowledge and close alerts, set policies.
BEGIN;

SET LOCAL ROLE health_owner;

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
    v_incident_id bigint;
BEGIN
    UPDATE health.alerts
    SET
        acknowledged_at = p_now,
        acknowledged_by = coalesce(p_by, session_user),
        acknowledged_until = p_until,
        acknowledgement_note = p_note,
        is_acknowledgement_sticky = p_is_sticky
    WHERE alerts.alert_id = p_alert_id AND alerts.resolved_at IS NULL
    RETURNING alerts.incident_id INTO v_incident_id;
    IF v_incident_id IS NULL THEN
        RAISE EXCEPTION 'alert % is not open', p_alert_id
            USING ERRCODE = 'AL001',
                HINT = 'SELECT alert_id FROM health.open_alerts lists the open ones.';
    END IF;

    UPDATE health.incidents
    SET
        acknowledged_at = coalesce(incidents.acknowledged_at, p_now),
        acknowledged_by = coalesce(incidents.acknowledged_by, p_by, session_user)
    WHERE incidents.incident_id = v_incident_id;

    -- Nobody is paged for what somebody has taken.
    UPDATE health.deliveries
    SET state = 'cancelled', finished_at = p_now, outcome = '{"reason": "acknowledged"}'
    WHERE deliveries.incident_id = v_incident_id
        AND deliveries.state = 'pending'
        AND deliveries.event <> 'resolved';

    INSERT INTO health.alert_events (alert_id, occurred_at, event, reason)
    VALUES (p_alert_id, p_now, 'acknowledged', concat_ws(': ', coalesce(p_by, session_user), p_note));
END;
$$;
COMMENT ON FUNCTION health.acknowledge_alert(
    bigint, text, text, timestamptz, boolean, timestamptz
) IS
'Takes an open alert: its incident counts as acknowledged and its pending messages are cancelled in '
'the same transaction. Raises AL001 where the alert is not open.';

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
BEGIN
    UPDATE health.alerts
    SET resolved_at = p_now, resolved_by = coalesce(p_by, session_user)
    WHERE alerts.alert_id = p_alert_id AND alerts.resolved_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'alert % is not open', p_alert_id
            USING ERRCODE = 'AL001',
                HINT = 'SELECT alert_id FROM health.open_alerts lists the open ones.';
    END IF;
    INSERT INTO health.alert_events (alert_id, occurred_at, event, reason)
    VALUES (p_alert_id, p_now, 'resolved', concat_ws(': ', coalesce(p_by, session_user), p_note));
END;
$$;
COMMENT ON FUNCTION health.resolve_alert(bigint, text, text, timestamptz) IS
'Closes an alert by hand; while its condition holds the next tick opens a new one. Raises AL001 '
'where the alert is not open.';

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
health.resolve_alert(bigint, text, text, timestamptz) TO health_operator;
GRANT EXECUTE ON FUNCTION health.set_policy(text, jsonb, text) TO health_admin;

COMMIT;
