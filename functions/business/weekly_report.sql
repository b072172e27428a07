-- The weekly sending of the executive report, through the outbox.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.report_text(p_report jsonb)
RETURNS text
LANGUAGE sql
STABLE
AS $$
    SELECT string_agg(lines.line, E'\n' ORDER BY lines.section, lines.place)
    FROM (
        SELECT
            sections.section,
            figures.place,
            format('%s: %s', figures.line ->> 'title', figures.line ->> 'text') AS line
        FROM (
            VALUES
            (1, 'executive_summary'), (2, 'financial_impact'), (3, 'operational_metrics'),
            (4, 'strategic_insights')
        ) AS sections (section, name)
        CROSS JOIN LATERAL (
            SELECT entries.value AS line, coalesce(known.place, 0) AS place
            FROM jsonb_each(p_report -> sections.name) AS entries
            LEFT JOIN health.business_figures AS known
                ON known.figure = entries.value ->> 'figure'
        ) AS figures
        UNION ALL
        SELECT 5, advice.place, '- ' || (advice.line ->> 'summary')
        FROM jsonb_array_elements(p_report -> 'recommendations')
        WITH ORDINALITY AS advice (line, place)
        WHERE advice.place <= 10
    ) AS lines;
$$;
COMMENT ON FUNCTION health_internal.report_text(jsonb) IS
'An executive report as lines of text, for a message.';

CREATE OR REPLACE FUNCTION health_internal.queue_report(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_settings health.business_settings;
    v_local timestamp;
    v_due timestamptz;
    v_report jsonb;
    v_delivery_id bigint;
BEGIN
    SELECT settings.* INTO STRICT v_settings FROM health.business_settings AS settings;
    IF v_settings.report_channel IS NULL THEN
        RETURN NULL;
    END IF;
    -- The latest time of the week that is past; one that was missed for more than a day is left.
    v_local := timezone(v_settings.report_time_zone, p_now);
    v_local := date_trunc('week', v_local)
        + make_interval(days => v_settings.report_weekday - 1) + v_settings.report_time;
    v_due := v_local AT TIME ZONE v_settings.report_time_zone;
    IF v_due > p_now THEN
        v_due := (v_local - interval '7 days') AT TIME ZONE v_settings.report_time_zone;
    END IF;
    IF p_now - v_due > interval '1 day' THEN
        RETURN NULL;
    END IF;
    UPDATE health_internal.rollup_state
    SET reported_at = v_due
    WHERE rollup_state.is_only_row IN (
        SELECT free.is_only_row FROM health_internal.rollup_state AS free FOR UPDATE SKIP LOCKED
    )
        AND (rollup_state.reported_at IS NULL OR rollup_state.reported_at < v_due);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    v_report := health.executive_report(v_due - interval '7 days', v_due, p_now);
    INSERT INTO health.deliveries AS messages (
        channel, event, severity, subject, body, details, idempotency_key, created_at, not_before
    )
    SELECT
        channels.channel,
        'report',
        'info',
        format(
            'Weekly report: availability %s, revenue lost %s',
            v_report #>> '{executive_summary,uptime_achievement,text}',
            v_report #>> '{financial_impact,revenue_lost,text}'
        ),
        health_internal.report_text(v_report),
        jsonb_build_object('event', 'report', 'report', v_report),
        format('report-%s-%s', to_char(v_due AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI'), channels.channel),
        p_now,
        p_now
    FROM health.channels
    WHERE channels.channel = v_settings.report_channel AND channels.is_enabled
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING messages.delivery_id INTO v_delivery_id;
    IF v_delivery_id IS NOT NULL THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
    RETURN v_delivery_id;
END;
$$;
COMMENT ON FUNCTION health_internal.queue_report(timestamptz) IS
'Queues the report of the last seven days for business_settings.report_channel once its weekly time has '
'come; returns its delivery_id, NULL where there is nothing to send.';
GRANT EXECUTE ON FUNCTION health_internal.queue_report(timestamptz) TO health_bridge, health_admin;

COMMIT;
