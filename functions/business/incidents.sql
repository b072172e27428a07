-- Incidents as business sees them: false positives, and the rows of how soon trouble was seen, told,
-- taken and over.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.mark_false_positive(
    p_alert_id bigint,
    p_by text,
    p_note text DEFAULT NULL,
    p_is_false_positive boolean DEFAULT true,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
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
    SET
        false_positive_at = CASE WHEN p_is_false_positive THEN p_now END,
        false_positive_by = CASE WHEN p_is_false_positive THEN coalesce(p_by, session_user) END,
        false_positive_note = CASE WHEN p_is_false_positive THEN p_note END
    FROM health.alerts
    WHERE alerts.alert_id = p_alert_id AND incidents.incident_id = alerts.incident_id
    RETURNING incidents.* INTO v_incident;
    IF v_incident.incident_id IS NULL THEN
        RAISE EXCEPTION 'there is no alert %', coalesce(p_alert_id::text, 'NULL')
            USING ERRCODE = 'BI004',
                HINT = 'SELECT alert_id, agent_id, rule FROM health.alerts lists them, closed ones '
                    'too.';
    END IF;
    INSERT INTO health_internal.rollup_corrections (agent_id, from_at)
    SELECT v_incident.agent_id, v_incident.onset_at
    WHERE v_incident.agent_id IS NOT NULL;
    INSERT INTO health.alert_events (
        occurred_at, incident_id, alert_id, agent_id, event, reason
    )
    VALUES (
        p_now, v_incident.incident_id, p_alert_id, v_incident.agent_id, 'false_positive',
        CASE WHEN p_is_false_positive THEN '' ELSE 'no longer: ' END
        || concat_ws(': ', coalesce(p_by, session_user), p_note)
    );
    RETURN v_incident.incident_id;
END;
$$;
COMMENT ON FUNCTION health.mark_false_positive(bigint, text, text, boolean, timestamptz) IS
'Says that nothing had been wrong: marks the whole incident of an alert, open or closed, and returns its '
'incident_id; false takes the mark back. A marked incident counts in the false positive rate and in no '
'time or money. Raises BI004 where there is no such alert.';

CREATE OR REPLACE FUNCTION health_internal.business_incidents(
    p_from timestamptz,
    p_to timestamptz
)
RETURNS TABLE (
    incident_id bigint,
    agent_id text,
    severity text,
    onset_at timestamptz,
    detected_at timestamptz,
    acknowledged_at timestamptz,
    verified_at timestamptz,
    resolved_at timestamptz,
    told_at timestamptz,
    is_false_positive boolean,
    is_blind boolean,
    has_recovery boolean,
    is_recovered_by_engine boolean,
    is_escalated boolean
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        incidents.incident_id,
        incidents.agent_id,
        incidents.severity,
        incidents.onset_at,
        incidents.detected_at,
        CASE WHEN incidents.acknowledged_at < p_to THEN incidents.acknowledged_at END,
        CASE WHEN incidents.recovered_at < p_to THEN incidents.recovered_at END,
        -- What came later is not known at the end of the period.
        CASE WHEN incidents.resolved_at < p_to THEN incidents.resolved_at END,
        told.at,
        coalesce(incidents.false_positive_at IS NOT NULL, false),
        EXISTS (
            SELECT FROM health.monitor_gaps AS gaps
            WHERE gaps.started_at < incidents.detected_at AND gaps.ended_at > incidents.onset_at
        ),
        actions.has_recovery,
        actions.is_recovered_by_engine,
        actions.is_escalated
    FROM health.incidents
    CROSS JOIN LATERAL (
        SELECT
            count(*) > 0 AS has_recovery,
            coalesce(
                bool_or(tried.state = 'succeeded' AND tried.requested_by = 'engine'), false
            ) AS is_recovered_by_engine,
            coalesce(bool_or(tried.state = 'escalated'), false) AS is_escalated
        FROM health.recovery_actions AS tried
        -- The agent's are found by index.
        WHERE tried.agent_id = incidents.agent_id
            AND tried.incident_id = incidents.incident_id
            AND tried.started_at IS NOT NULL
            AND tried.created_at < p_to
    ) AS actions
    CROSS JOIN LATERAL (
        SELECT min(messages.finished_at) AS at
        FROM health.deliveries AS messages
        WHERE messages.incident_id = incidents.incident_id
            AND messages.state = 'delivered'
            AND messages.event <> 'resolved'
    ) AS told
    WHERE incidents.detected_at >= p_from
        AND incidents.detected_at < p_to
        AND incidents.agent_id IS NOT NULL
        AND health_internal.is_business_agent(incidents.agent_id);
$$;
COMMENT ON FUNCTION health_internal.business_incidents(timestamptz, timestamptz) IS
'Incidents of agents that were detected in a period, with what was known of them at its end. is_blind: '
'the monitor was blind while it began, so that nobody knows how soon it was seen.';

CREATE OR REPLACE FUNCTION health_internal.incident_rows(p_from timestamptz, p_to timestamptz)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    SELECT
        figures.figure,
        known.agent_id,
        known.incident_id,
        NULL::bigint,
        known.onset_at,
        figures.to_at,
        figures.amount,
        1::double precision,
        NULL::numeric,
        NULL::numeric,
        figures.note
    FROM health_internal.business_incidents(p_from, p_to) AS known
    CROSS JOIN LATERAL (
        VALUES
        ('incident_count', known.resolved_at, 1, known.severity),
        (
            'mean_time_to_detection', known.detected_at,
            CASE
                WHEN NOT known.is_blind
                    THEN extract(EPOCH FROM known.detected_at - known.onset_at)
            END,
            CASE WHEN known.is_blind THEN 'the monitor was blind when it began' END
        ),
        (
            'mean_time_to_alert', known.told_at,
            extract(EPOCH FROM known.told_at - known.detected_at),
            CASE WHEN known.told_at IS NULL THEN 'no message about it was delivered' END
        ),
        (
            'mean_time_to_acknowledge', known.acknowledged_at,
            extract(EPOCH FROM known.acknowledged_at - known.detected_at),
            CASE WHEN known.acknowledged_at IS NULL THEN 'nobody took it' END
        ),
        (
            'mean_time_to_recovery', known.resolved_at,
            extract(EPOCH FROM known.resolved_at - known.onset_at),
            CASE WHEN known.resolved_at IS NULL THEN 'it was not over at the end' END
        ),
        (
            'false_positive_rate', known.resolved_at,
            CASE WHEN known.is_false_positive THEN 100 ELSE 0 END,
            CASE WHEN known.is_false_positive THEN 'marked as a false positive' END
        ),
        (
            'self_resolved_rate', known.resolved_at,
            CASE
                WHEN known.resolved_at IS NULL THEN NULL
                WHEN known.has_recovery OR known.acknowledged_at IS NOT NULL THEN 0
                ELSE 100
            END,
            CASE
                WHEN known.resolved_at IS NULL THEN 'it was not over at the end'
                WHEN known.has_recovery OR known.acknowledged_at IS NOT NULL THEN NULL
                ELSE 'over without a recovery and without anybody taking it'
            END
        ),
        (
            'manual_intervention_reduction', known.resolved_at,
            CASE
                WHEN known.is_recovered_by_engine AND NOT known.is_escalated THEN 100
                WHEN known.has_recovery OR known.acknowledged_at IS NOT NULL THEN 0
            END,
            CASE
                WHEN known.is_recovered_by_engine AND NOT known.is_escalated
                    THEN 'recovered without a person'
                WHEN known.is_escalated THEN 'a person was asked'
                WHEN known.acknowledged_at IS NOT NULL THEN 'a person took it'
                WHEN known.has_recovery THEN 'not recovered by the engine'
                ELSE 'nobody did anything about it'
            END
        )
    ) AS figures (figure, to_at, amount, note)
    WHERE NOT known.is_false_positive
        OR figures.figure IN ('incident_count', 'false_positive_rate');
$$;
COMMENT ON FUNCTION health_internal.incident_rows(timestamptz, timestamptz) IS
'Rows of the figures that are made of incidents, by the time of their detection. Those marked as false '
'positives count as incidents and as false positives, and in nothing else.';

CREATE OR REPLACE FUNCTION health_internal.recovery_rows(p_from timestamptz, p_to timestamptz)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    SELECT
        figures.figure,
        actions.agent_id,
        actions.incident_id,
        actions.action_id,
        actions.created_at,
        actions.finished_at,
        figures.amount,
        1::double precision,
        NULL::numeric,
        NULL::numeric,
        actions.state
    FROM health.recovery_actions AS actions
    CROSS JOIN LATERAL (
        VALUES
        ('automated_recovery_success', CASE actions.state WHEN 'succeeded' THEN 100 ELSE 0 END),
        ('escalation_rate', CASE actions.state WHEN 'escalated' THEN 100 ELSE 0 END)
    ) AS figures (figure, amount)
    WHERE actions.finished_at >= p_from
        AND actions.finished_at < p_to
        AND actions.state IN ('succeeded', 'failed', 'escalated')
        AND actions.requested_by = 'engine'
        AND health_internal.is_business_agent(actions.agent_id);
$$;
COMMENT ON FUNCTION health_internal.recovery_rows(timestamptz, timestamptz) IS
'Rows of the figures that are made of the engine''s own attempts to recover that ended in a period; what '
'was cancelled was no attempt.';

GRANT EXECUTE ON FUNCTION health.mark_false_positive(
    bigint, text, text, boolean, timestamptz
) TO health_operator;

COMMIT;
