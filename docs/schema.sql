--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: health; Type: SCHEMA; Schema: -; Owner: health_owner
--

CREATE SCHEMA health;

ALTER SCHEMA health OWNER TO health_owner;

--
-- Name: SCHEMA health; Type: COMMENT; Schema: -; Owner: health_owner
--

COMMENT ON SCHEMA health IS 'Public surface of the health monitor: tables agents write, views people read, functions both call.';

--
-- Name: health_internal; Type: SCHEMA; Schema: -; Owner: health_owner
--

CREATE SCHEMA health_internal;

ALTER SCHEMA health_internal OWNER TO health_owner;

--
-- Name: SCHEMA health_internal; Type: COMMENT; Schema: -; Owner: health_owner
--

COMMENT ON SCHEMA health_internal IS 'Private parts of the health monitor; they may change in any release.';

--
-- Name: agent_id; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.agent_id AS text COLLATE pg_catalog."C"
	CONSTRAINT agent_id_is_1_to_200_bytes_without_control_characters CHECK (((octet_length(VALUE) <= 200) AND (VALUE ~ '^[^[:cntrl:]]+$'::text)));

ALTER DOMAIN health.agent_id OWNER TO health_owner;

--
-- Name: DOMAIN agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.agent_id IS 'Name of an agent: 1 to 200 bytes, no control characters.';

--
-- Name: agent_state; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.agent_state AS text COLLATE pg_catalog."C"
	CONSTRAINT state_is_initializing_active_running_idle_error_failed_stopped CHECK ((VALUE = ANY (ARRAY['running'::text, 'idle'::text, 'active'::text, 'initializing'::text, 'error'::text, 'failed'::text, 'stopping'::text, 'stopped'::text])));

ALTER DOMAIN health.agent_state OWNER TO health_owner;

--
-- Name: DOMAIN agent_state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.agent_state IS 'What an agent says of itself: initializing, active, running, idle, error, failed, stopping or stopped.';

--
-- Name: average_processing_time_ms; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.average_processing_time_ms AS double precision
	CONSTRAINT average_processing_time_ms_is_a_plain_number_from_0_to_1e15 CHECK ((((VALUE >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (VALUE <= ('1000000000000000'::numeric)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.average_processing_time_ms OWNER TO health_owner;

--
-- Name: DOMAIN average_processing_time_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.average_processing_time_ms IS 'Mean time per work item in milliseconds, 0 or 1e-100 to 1e15.';

--
-- Name: cost_efficiency; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.cost_efficiency AS double precision
	CONSTRAINT cost_efficiency_is_a_plain_number_from_0_to_100 CHECK ((((VALUE >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (VALUE <= (100)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.cost_efficiency OWNER TO health_owner;

--
-- Name: DOMAIN cost_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.cost_efficiency IS 'Cost efficiency as the agent reports it, percent, 0 or 1e-100 to 100.';

--
-- Name: cpu_usage_percent; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.cpu_usage_percent AS double precision
	CONSTRAINT cpu_usage_percent_is_a_plain_number_from_0_to_100 CHECK ((((VALUE >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (VALUE <= (100)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.cpu_usage_percent OWNER TO health_owner;

--
-- Name: DOMAIN cpu_usage_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.cpu_usage_percent IS 'CPU used, percent of the whole host or container, 0 or 1e-100 to 100.';

--
-- Name: error_count; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.error_count AS bigint
	CONSTRAINT error_count_is_a_counter_from_0_to_1e15 CHECK (((VALUE >= 0) AND (VALUE <= '1000000000000000'::bigint)));

ALTER DOMAIN health.error_count OWNER TO health_owner;

--
-- Name: DOMAIN error_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.error_count IS 'Errors since the agent started: a counter, 0 to 1e15.';

--
-- Name: event_data; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.event_data AS jsonb
	CONSTRAINT event_data_are_at_most_64_kb CHECK ((pg_column_size(VALUE) <= 65536));

ALTER DOMAIN health.event_data OWNER TO health_owner;

--
-- Name: DOMAIN event_data; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.event_data IS 'Facts of an event: a JSON document of at most 64 kB.';

--
-- Name: event_severity; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.event_severity AS text COLLATE pg_catalog."C"
	CONSTRAINT severity_is_debug_info_warning_error_critical_or_emergency CHECK ((lower(VALUE) = ANY (ARRAY['debug'::text, 'info'::text, 'warning'::text, 'error'::text, 'critical'::text, 'emergency'::text])));

ALTER DOMAIN health.event_severity OWNER TO health_owner;

--
-- Name: DOMAIN event_severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.event_severity IS 'Severity of an event, in any case: debug, info, warning, error, critical or emergency.';

--
-- Name: event_type; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.event_type AS text COLLATE pg_catalog."C"
	CONSTRAINT event_type_is_1_to_200_bytes_without_control_characters CHECK (((octet_length(VALUE) <= 200) AND (VALUE ~ '^[^[:cntrl:]]+$'::text)));

ALTER DOMAIN health.event_type OWNER TO health_owner;

--
-- Name: DOMAIN event_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.event_type IS 'Name of a kind of event: 1 to 200 bytes, no control characters.';

--
-- Name: heartbeat_attributes; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.heartbeat_attributes AS jsonb
	CONSTRAINT attributes_are_an_object CHECK ((VALUE @> '{}'::jsonb))
	CONSTRAINT attributes_are_at_most_8_kb CHECK ((pg_column_size(VALUE) <= 8192));

ALTER DOMAIN health.heartbeat_attributes OWNER TO health_owner;

--
-- Name: DOMAIN heartbeat_attributes; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.heartbeat_attributes IS 'Further facts of a heartbeat: a JSON object of at most 8 kB.';

--
-- Name: heartbeat_signal; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.heartbeat_signal AS text COLLATE pg_catalog."C"
	CONSTRAINT signal_is_beat_start_success_fail_or_log CHECK ((VALUE = ANY (ARRAY['beat'::text, 'start'::text, 'success'::text, 'fail'::text, 'log'::text])));

ALTER DOMAIN health.heartbeat_signal OWNER TO health_owner;

--
-- Name: DOMAIN heartbeat_signal; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.heartbeat_signal IS 'What a heartbeat announces: beat, or start, success, fail and log of a job''s run.';

--
-- Name: memory_limit_mb; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.memory_limit_mb AS double precision
	CONSTRAINT memory_limit_mb_is_a_plain_number_from_0_to_1e15 CHECK ((((VALUE >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (VALUE <= ('1000000000000000'::numeric)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.memory_limit_mb OWNER TO health_owner;

--
-- Name: DOMAIN memory_limit_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.memory_limit_mb IS 'Memory the agent may use in megabytes, 0 or 1e-100 to 1e15.';

--
-- Name: memory_usage_mb; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.memory_usage_mb AS double precision
	CONSTRAINT memory_usage_mb_is_a_plain_number_from_0_to_1e15 CHECK ((((VALUE >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (VALUE <= ('1000000000000000'::numeric)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.memory_usage_mb OWNER TO health_owner;

--
-- Name: DOMAIN memory_usage_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.memory_usage_mb IS 'Memory in use in megabytes, 0 or 1e-100 to 1e15.';

--
-- Name: metric_name; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.metric_name AS text COLLATE pg_catalog."C"
	CONSTRAINT metric_name_is_1_to_200_bytes_without_control_characters CHECK (((octet_length(VALUE) <= 200) AND (VALUE ~ '^[^[:cntrl:]]+$'::text)));

ALTER DOMAIN health.metric_name OWNER TO health_owner;

--
-- Name: DOMAIN metric_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.metric_name IS 'Name of a metric: 1 to 200 bytes, no control characters.';

--
-- Name: metric_unit; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.metric_unit AS text COLLATE pg_catalog."C"
	CONSTRAINT metric_unit_is_1_to_200_bytes_without_control_characters CHECK (((octet_length(VALUE) <= 200) AND (VALUE ~ '^[^[:cntrl:]]+$'::text)));

ALTER DOMAIN health.metric_unit OWNER TO health_owner;

--
-- Name: DOMAIN metric_unit; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.metric_unit IS 'Unit of a metric, such as ms or MB: 1 to 200 bytes, no control characters.';

--
-- Name: metric_value; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.metric_value AS double precision
	CONSTRAINT metric_value_is_a_plain_number_of_at_most_1e15 CHECK ((((abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (abs(VALUE) <= ('1000000000000000'::numeric)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.metric_value OWNER TO health_owner;

--
-- Name: DOMAIN metric_value; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.metric_value IS 'Value of a metric: a plain number (0, or 1e-100 to 1e15 in magnitude; neither NaN nor infinite).';

--
-- Name: operational_efficiency; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.operational_efficiency AS double precision
	CONSTRAINT operational_efficiency_is_a_plain_number_from_0_to_100 CHECK ((((VALUE >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (VALUE <= (100)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.operational_efficiency OWNER TO health_owner;

--
-- Name: DOMAIN operational_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.operational_efficiency IS 'Operational efficiency as the agent reports it, percent, 0 or 1e-100 to 100.';

--
-- Name: revenue_impact_usd; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.revenue_impact_usd AS double precision
	CONSTRAINT revenue_impact_usd_is_a_plain_number_of_at_most_1e15 CHECK ((((abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (abs(VALUE) <= ('1000000000000000'::numeric)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.revenue_impact_usd OWNER TO health_owner;

--
-- Name: DOMAIN revenue_impact_usd; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.revenue_impact_usd IS 'Revenue gained (positive) or lost (negative) in US dollars, 0 or 1e-100 to 1e15 in magnitude.';

--
-- Name: run_id; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.run_id AS text COLLATE pg_catalog."C"
	CONSTRAINT run_id_is_1_to_200_bytes_without_control_characters CHECK (((octet_length(VALUE) <= 200) AND (VALUE ~ '^[^[:cntrl:]]+$'::text)));

ALTER DOMAIN health.run_id OWNER TO health_owner;

--
-- Name: DOMAIN run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.run_id IS 'Name of one run of an agent or job: 1 to 200 bytes, no control characters.';

--
-- Name: user_satisfaction; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.user_satisfaction AS double precision
	CONSTRAINT user_satisfaction_is_a_plain_number_from_0_to_100 CHECK ((((VALUE >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) AND (VALUE <= (100)::double precision)) OR (VALUE = (0)::double precision)));

ALTER DOMAIN health.user_satisfaction OWNER TO health_owner;

--
-- Name: DOMAIN user_satisfaction; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.user_satisfaction IS 'User satisfaction as the agent reports it, percent, 0 or 1e-100 to 100.';

--
-- Name: work_items_processed; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.work_items_processed AS bigint
	CONSTRAINT work_items_processed_is_a_counter_from_0_to_1e15 CHECK (((VALUE >= 0) AND (VALUE <= '1000000000000000'::bigint)));

ALTER DOMAIN health.work_items_processed OWNER TO health_owner;

--
-- Name: DOMAIN work_items_processed; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.work_items_processed IS 'Work items done since the agent started: a counter, 0 to 1e15.';

--
-- Name: alert_change; Type: TYPE; Schema: health_internal; Owner: health_owner
--

CREATE TYPE health_internal.alert_change AS (
	agent_id text,
	rule text,
	severity text,
	summary text,
	details jsonb,
	alert_id bigint
);

ALTER TYPE health_internal.alert_change OWNER TO health_owner;

--
-- Name: TYPE alert_change; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TYPE health_internal.alert_change IS 'An alert to open (alert_id NULL), to close or to raise.';

--
-- Name: arrival_range; Type: TYPE; Schema: health_internal; Owner: health_owner
--

CREATE TYPE health_internal.arrival_range AS (
	received_from timestamp with time zone,
	from_xmax xid8,
	in_progress xid8[],
	until pg_snapshot,
	own_xid xid8,
	own_from bigint,
	own_until bigint,
	last_own_xid xid8,
	last_own_from bigint
);

ALTER TYPE health_internal.arrival_range OWNER TO health_owner;

--
-- Name: TYPE arrival_range; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TYPE health_internal.arrival_range IS 'What one tick reads: rows that became visible between the last tick''s snapshot (from_xmax, in_progress) and this one''s (until), and rows of the ticking transaction itself (own_xid), told apart by command number (own_from to own_until; last_own_xid and last_own_from where the last tick''s transaction wrote on). Heartbeats received before received_from are history.';

--
-- Name: beat; Type: TYPE; Schema: health_internal; Owner: health_owner
--

CREATE TYPE health_internal.beat AS (
	agent_id text,
	received_at timestamp with time zone,
	sent_at timestamp with time zone,
	state text,
	run_id text,
	work_items_processed bigint,
	error_count bigint,
	average_processing_time_ms double precision,
	cpu_usage_percent double precision,
	memory_usage_mb double precision,
	memory_limit_mb double precision,
	cost_efficiency double precision,
	user_satisfaction double precision,
	operational_efficiency double precision,
	revenue_impact_usd double precision
);

ALTER TYPE health_internal.beat OWNER TO health_owner;

--
-- Name: TYPE beat; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TYPE health_internal.beat IS 'What the fold reads of a heartbeat; with received_at NULL: an agent to be judged without one.';

--
-- Name: blindness; Type: TYPE; Schema: health_internal; Owner: health_owner
--

CREATE TYPE health_internal.blindness AS (
	from_at timestamp with time zone,
	ended_at timestamp with time zone,
	settled_at timestamp with time zone,
	before_at timestamp with time zone
);

ALTER TYPE health_internal.blindness OWNER TO health_owner;

--
-- Name: TYPE blindness; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TYPE health_internal.blindness IS 'The monitor''s latest blindness (-infinity: none) and when the one before settled.';

--
-- Name: digest_line; Type: TYPE; Schema: health_internal; Owner: health_owner
--

CREATE TYPE health_internal.digest_line AS (
	channel text,
	incident_id bigint,
	event text,
	severity text
);

ALTER TYPE health_internal.digest_line OWNER TO health_owner;

--
-- Name: TYPE digest_line; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TYPE health_internal.digest_line IS 'A notice that leaves in a digest.';

--
-- Name: schedule_plan; Type: TYPE; Schema: health_internal; Owner: health_owner
--

CREATE TYPE health_internal.schedule_plan AS (
	minutes integer[],
	days integer[],
	months integer[],
	weekdays integer[],
	is_either_day boolean,
	is_fixed boolean
);

ALTER TYPE health_internal.schedule_plan OWNER TO health_owner;

--
-- Name: TYPE schedule_plan; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TYPE health_internal.schedule_plan IS 'A cron expression as numbers: minutes of the day, days of the month, months, weekdays (0 is Sunday), whether a day needs to match only one of its two fields, and whether neither minute nor hour begins with *.';

--
-- Name: acknowledge_alert(bigint, text, text, timestamp with time zone, boolean, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.acknowledge_alert(p_alert_id bigint, p_by text, p_note text DEFAULT NULL::text, p_until timestamp with time zone DEFAULT NULL::timestamp with time zone, p_is_sticky boolean DEFAULT false, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
        withheld = 'acknowledged',
        withheld_at = p_now,
        next_check_at = least(p_until, p_now + interval '10 minutes')
    WHERE incidents.incident_id = v_incident.incident_id;

    -- Nobody is paged for what somebody has taken.
    DELETE FROM health_internal.notices
    WHERE notices.incident_id = v_incident.incident_id AND notices.event <> 'resolved';
    WITH cancelled AS (
        UPDATE health.deliveries
        SET state = 'cancelled', finished_at = p_now, outcome = '{"reason": "acknowledged"}'
        WHERE deliveries.incident_id = v_incident.incident_id
            AND deliveries.state = 'pending'
            AND deliveries.event <> 'resolved'
        RETURNING deliveries.delivery_id, deliveries.channel
    )

    INSERT INTO health.alert_events (
        occurred_at, incident_id, alert_id, agent_id, event, reason_code, reason, channel,
        delivery_id
    )
    SELECT
        p_now, v_incident.incident_id, NULL::bigint, v_incident.agent_id, 'suppressed',
        'acknowledged', 'acknowledged by ' || coalesce(p_by, session_user), cancelled.channel,
        cancelled.delivery_id
    FROM cancelled
    UNION ALL
    SELECT
        p_now, v_incident.incident_id, p_alert_id, v_incident.agent_id, 'acknowledged', NULL,
        concat_ws(': ', coalesce(p_by, session_user), p_note), NULL, NULL;
END;
$$;

ALTER FUNCTION health.acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone) IS 'Takes an open alert and with it all of its incident: pending messages are cancelled, escalation and reminders stop in the same transaction, until p_until or the end. Unless it is sticky it also ends when the severity rises. What is still wrong at its end is told once. Raises AL001 where the alert is not open, AL003 for a time that is past.';

--
-- Name: add_alert_rule(text, text, text, text, interval, integer, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.add_alert_rule(p_rule text, p_view text, p_severity text DEFAULT NULL::text, p_description text DEFAULT NULL::text, p_period interval DEFAULT '00:01:00'::interval, p_row_limit integer DEFAULT 1000, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_name text [];
    v_problem text;
BEGIN
    BEGIN
        v_name := parse_ident(p_view);
    EXCEPTION
        WHEN invalid_parameter_value THEN
            v_name := NULL;
    END;
    IF cardinality(v_name) IS DISTINCT FROM 2 THEN
        RAISE EXCEPTION 'view "%" is not named with its schema', p_view
            USING ERRCODE = 'RU001',
                HINT = 'Write ops.disk_full, say.';
    END IF;
    v_problem := health_internal.rule_problem(v_name[1], v_name[2]);
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', v_problem
            USING ERRCODE = 'RU001',
                HINT = format(
                    'A rule is a view with the columns agent_id, severity, summary and details that '
                    'health_rules may read: GRANT USAGE ON SCHEMA %I TO health_rules; GRANT SELECT ON '
                    '%I.%I TO health_rules;', v_name[1], v_name[1], v_name[2]
                );
    END IF;
    -- Findings show what the view shows: whoever makes a rule of it must be allowed to see it.
    IF NOT EXISTS (
        SELECT FROM pg_class
        INNER JOIN pg_namespace ON pg_class.relnamespace = pg_namespace.oid
        WHERE pg_namespace.nspname = v_name[1]
            AND pg_class.relname = v_name[2]
            AND has_schema_privilege(session_user, pg_namespace.oid, 'USAGE')
            AND has_table_privilege(session_user, pg_class.oid, 'SELECT')
    ) THEN
        RAISE EXCEPTION 'login "%" may not read view %.%', session_user, v_name[1], v_name[2]
            USING ERRCODE = 'RU001',
                HINT = 'Only who may read a view may make a rule of it.';
    END IF;
    INSERT INTO health.alert_rules AS rules (
        rule, severity, summary, view_schema, view_name, period, row_limit, created_by, created_at,
        next_evaluation_at
    )
    VALUES (
        p_rule, coalesce(p_severity, 'warning'), coalesce(p_description, p_rule), v_name[1], v_name[2],
        p_period, p_row_limit, session_user, p_now, p_now
    )
    ON CONFLICT (rule) DO UPDATE SET
        severity = excluded.severity,
        summary = excluded.summary,
        is_enabled = true,
        view_schema = excluded.view_schema,
        view_name = excluded.view_name,
        period = excluded.period,
        row_limit = excluded.row_limit,
        created_by = excluded.created_by,
        created_at = excluded.created_at,
        next_evaluation_at = excluded.next_evaluation_at,
        last_error = NULL,
        last_error_at = NULL,
        last_note = NULL,
        -- An evaluation under way asks the old view: its answer is ignored.
        evaluation_id = rules.evaluation_id + 1,
        evaluating_since = NULL,
        evaluating_pid = NULL,
        unfinished_count = 0,
        removed_at = NULL
    WHERE NOT rules.is_builtin;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'rule "%" is built in', p_rule
            USING ERRCODE = 'RU002',
                HINT = 'Choose another name.';
    END IF;
    PERFORM health_internal.refresh_disabled_rules(p_now);
END;
$$;

ALTER FUNCTION health.add_alert_rule(p_rule text, p_view text, p_severity text, p_description text, p_period interval, p_row_limit integer, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION add_alert_rule(p_rule text, p_view text, p_severity text, p_description text, p_period interval, p_row_limit integer, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.add_alert_rule(p_rule text, p_view text, p_severity text, p_description text, p_period interval, p_row_limit integer, p_now timestamp with time zone) IS 'Adds a rule, or changes and enables one: each row of the view is a finding that holds, and opens an alert. The view (with its schema) returns agent_id, severity, summary and details; agent_id NULL is the system as a whole. p_severity and p_description stand in where the view tells none (default warning and the rule''s name). It is asked each p_period (1 second to 1 day) as health_rules, for at most p_row_limit rows. Raises RU001 for a view that cannot be a rule or that the caller may not read, RU002 for the name of a built-in rule.';

--
-- Name: add_dependency(text, text, text, integer); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.add_dependency(p_child_id text, p_parent_id text, p_redundancy_group text DEFAULT NULL::text, p_minimum_alive_count integer DEFAULT 1) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    INSERT INTO health.dependencies AS dependencies (
        child_id, parent_id, redundancy_group, minimum_alive_count
    )
    VALUES (p_child_id, p_parent_id, p_redundancy_group, p_minimum_alive_count)
    ON CONFLICT (child_id, parent_id) DO UPDATE SET
        redundancy_group = excluded.redundancy_group,
        minimum_alive_count = excluded.minimum_alive_count;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.agent_id = p_child_id;
$$;

ALTER FUNCTION health.add_dependency(p_child_id text, p_parent_id text, p_redundancy_group text, p_minimum_alive_count integer) OWNER TO health_owner;

--
-- Name: FUNCTION add_dependency(p_child_id text, p_parent_id text, p_redundancy_group text, p_minimum_alive_count integer); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.add_dependency(p_child_id text, p_parent_id text, p_redundancy_group text, p_minimum_alive_count integer) IS 'Says that an agent needs another, or, with p_redundancy_group, p_minimum_alive_count of that group. The trigger raises AL005 where that would close a circle.';

--
-- Name: add_freeze_window(text, timestamp with time zone, timestamp with time zone, text, text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.add_freeze_window(p_window_name text, p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_by text DEFAULT NULL::text, p_policy_class text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_window_id bigint;
BEGIN
    PERFORM health_internal.check_policy_class(p_policy_class);
    INSERT INTO health.freeze_windows (
        window_name, policy_class, starts_at, ends_at, created_by
    )
    VALUES (p_window_name, p_policy_class, p_starts_at, p_ends_at, coalesce(p_by, session_user))
    RETURNING freeze_windows.window_id INTO v_window_id;
    RETURN v_window_id;
END;
$$;

ALTER FUNCTION health.add_freeze_window(p_window_name text, p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_by text, p_policy_class text) OWNER TO health_owner;

--
-- Name: FUNCTION add_freeze_window(p_window_name text, p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_by text, p_policy_class text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.add_freeze_window(p_window_name text, p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_by text, p_policy_class text) IS 'From p_starts_at to p_ends_at recoveries wait, for agents of p_policy_class or all (NULL). Returns the window_id. Raises AG004 for an unknown class, and a named CHECK for times that do not fit.';

--
-- Name: add_weekly_freeze_window(text, integer[], time without time zone, interval, text, text, text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.add_weekly_freeze_window(p_window_name text, p_weekdays integer[], p_local_time time without time zone, p_lasts interval, p_time_zone text, p_by text DEFAULT NULL::text, p_policy_class text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_window_id bigint;
BEGIN
    PERFORM health_internal.check_policy_class(p_policy_class);
    IF NOT EXISTS (SELECT FROM pg_timezone_names AS zones WHERE zones.name = p_time_zone) THEN
        RAISE EXCEPTION 'time zone "%" is not known', coalesce(p_time_zone, 'NULL')
            USING ERRCODE = 'RC006',
                HINT = 'SELECT name FROM pg_timezone_names lists them, such as Europe/Berlin.';
    END IF;
    INSERT INTO health.freeze_windows (
        window_name, policy_class, weekdays, local_time, lasts, time_zone, created_by
    )
    VALUES (
        p_window_name, p_policy_class,
        ARRAY(SELECT DISTINCT days.day FROM unnest(p_weekdays) AS days (day) ORDER BY days.day),
        p_local_time, p_lasts, p_time_zone, coalesce(p_by, session_user)
    )
    RETURNING freeze_windows.window_id INTO v_window_id;
    RETURN v_window_id;
END;
$$;

ALTER FUNCTION health.add_weekly_freeze_window(p_window_name text, p_weekdays integer[], p_local_time time without time zone, p_lasts interval, p_time_zone text, p_by text, p_policy_class text) OWNER TO health_owner;

--
-- Name: FUNCTION add_weekly_freeze_window(p_window_name text, p_weekdays integer[], p_local_time time without time zone, p_lasts interval, p_time_zone text, p_by text, p_policy_class text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.add_weekly_freeze_window(p_window_name text, p_weekdays integer[], p_local_time time without time zone, p_lasts interval, p_time_zone text, p_by text, p_policy_class text) IS 'On p_weekdays (1 Monday to 7 Sunday) from p_local_time for p_lasts by the clocks of p_time_zone recoveries wait, for agents of p_policy_class or all (NULL): {5}, 18:00, 60 hours is each weekend. Returns the window_id. Raises AG004 for an unknown class, RC006 for an unknown time zone, and a named CHECK for days and times that do not fit.';

--
-- Name: approve_recoveries(text, text[], timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.approve_recoveries(p_by text DEFAULT NULL::text, p_agent_ids text[] DEFAULT NULL::text[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
                        'theirs pass a freeze, a maintenance or a dead parent.';
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
                AND actions.hold IN ('freeze', 'maintenance', 'parent', 'storm')
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
            AND actions.hold IN ('freeze', 'maintenance', 'parent', 'storm');
        GET DIAGNOSTICS v_count = ROW_COUNT;
    END IF;
    -- The next tick releases them, as fast as budgets and settings.recovery_concurrency allow.
    PERFORM pg_notify('health_wakeup', '');
    RETURN v_count;
END;
$$;

ALTER FUNCTION health.approve_recoveries(p_by text, p_agent_ids text[], p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION approve_recoveries(p_by text, p_agent_ids text[], p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.approve_recoveries(p_by text, p_agent_ids text[], p_now timestamp with time zone) IS 'A person lets recoveries go on: without agents those of the present storm, until it ends; with agents theirs, past freeze, maintenance, parents and storm. Budgets and the limit of the fleet hold all the same. Returns how many wait. Raises RC008 where none does.';

--
-- Name: attach(text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.attach(p_agent_id text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_agent_number bigint;
    v_session health.agent_sessions;
BEGIN
    SELECT agents.agent_number
    INTO v_agent_number
    FROM health.agents
    WHERE agents.agent_id = p_agent_id;
    IF v_agent_number IS NULL THEN
        RAISE EXCEPTION 'agent "%" is not registered', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'Call health.register_agent first.';
    END IF;
    SELECT sessions.*
    INTO v_session
    FROM health.agent_sessions AS sessions
    WHERE sessions.agent_id = p_agent_id AND sessions.lost_at IS NULL
    ORDER BY sessions.session_id DESC
    LIMIT 1;
    IF v_session.pid = pg_backend_pid() AND EXISTS (
        SELECT FROM pg_locks AS locks
        WHERE locks.pid = pg_backend_pid()
            AND locks.locktype = 'advisory'
            AND locks.objsubid = 1
            AND (locks.classid::bigint << 32) | locks.objid::bigint = v_agent_number
            AND locks.granted
    ) THEN
        RETURN v_agent_number;
    END IF;
    IF NOT pg_try_advisory_lock(v_agent_number) THEN
        RAISE EXCEPTION 'agent "%" is attached by another session', p_agent_id
            USING ERRCODE = 'AG003',
                DETAIL = format('This session is pid %s.', pg_backend_pid()),
                HINT = 'Either a second copy of the agent runs, or the connection goes through a '
                    'pooler: attach needs a direct connection of its own. After a network cut the '
                    'old session ends within seconds; try again then.';
    END IF;
    -- A dead or cut-off client is noticed within seconds, also while a query runs.
    PERFORM set_config('client_connection_check_interval', '500ms', false);
    PERFORM set_config('tcp_keepalives_idle', '1', false);
    PERFORM set_config('tcp_keepalives_interval', '1', false);
    PERFORM set_config('tcp_keepalives_count', '2', false);
    INSERT INTO health.agent_sessions (agent_id, agent_number)
    VALUES (p_agent_id, v_agent_number);
    RETURN v_agent_number;
END;
$$;

ALTER FUNCTION health.attach(p_agent_id text) OWNER TO health_owner;

--
-- Name: FUNCTION attach(p_agent_id text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.attach(p_agent_id text) IS 'Ties the agent to this session by an advisory lock on its number: when the session ends, however, the next tick knows, without waiting for a missed heartbeat. Holding it never extends a deadline. Call it twice: behind a pooler the second call fails. Returns the agent''s number. Raises AG001 for an unregistered agent, AG003 while another session holds it.';

--
-- Name: bridge_heartbeat(text, jsonb); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.bridge_heartbeat(p_worker text, p_metrics jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF p_worker IS NULL OR NOT starts_with(p_worker, 'bridge:') THEN
        RAISE EXCEPTION 'worker "%" is no bridge', coalesce(p_worker, 'NULL')
            USING ERRCODE = 'AG006',
                HINT = 'Bridges are called bridge:NAME, for example bridge:main.';
    END IF;
    IF NOT EXISTS (SELECT FROM health.agents WHERE agents.agent_id = p_worker) THEN
        PERFORM health.register_agent(p_worker, NULL, 'bridge', interval '10 seconds');
    END IF;
    PERFORM health.heartbeat(p_worker, NULL, p_metrics);
END;
$$;

ALTER FUNCTION health.bridge_heartbeat(p_worker text, p_metrics jsonb) OWNER TO health_owner;

--
-- Name: FUNCTION bridge_heartbeat(p_worker text, p_metrics jsonb); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.bridge_heartbeat(p_worker text, p_metrics jsonb) IS 'The bridge beats as an agent like any other, called bridge:NAME; it registers itself. p_metrics as in heartbeat(). Raises AG006 for another name.';

--
-- Name: cancel_maintenance(bigint, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.cancel_maintenance(p_window_id bigint, p_by text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE health.maintenance_windows AS windows
    SET cancelled_by = coalesce(p_by, session_user)
    WHERE windows.window_id = p_window_id
        AND windows.cancelled_by IS NULL
        AND windows.ends_at > p_now;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'maintenance % is not to come', coalesce(p_window_id::text, 'NULL')
            USING ERRCODE = 'AL004',
                HINT = 'SELECT * FROM health.maintenance_windows lists them.';
    END IF;
    PERFORM health_internal.refresh_maintenance(p_now);
END;
$$;

ALTER FUNCTION health.cancel_maintenance(p_window_id bigint, p_by text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION cancel_maintenance(p_window_id bigint, p_by text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.cancel_maintenance(p_window_id bigint, p_by text, p_now timestamp with time zone) IS 'Ends a maintenance that runs or is to come; the next tick tells what is still wrong. Raises AL004 where there is none.';

--
-- Name: claim_deliveries(text, integer, text[], timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.claim_deliveries(p_worker text, p_limit integer DEFAULT 20, p_channels text[] DEFAULT NULL::text[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(delivery_id bigint, channel text, severity text, subject text, body text, agent_ids text[], details jsonb, idempotency_key text, attempt integer, fencing_token bigint, lease_until timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER ROWS 20
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
BEGIN
    -- Two bridges draw from one bucket one after the other; a channel without a rate has none.
    PERFORM FROM health.channels
    WHERE channels.rate_per_minute IS NOT NULL
        AND EXISTS (
            SELECT FROM health.deliveries AS due
            WHERE due.state IN ('pending', 'claimed')
                AND due.not_before <= p_now
                AND due.channel = channels.channel
        )
    ORDER BY channels.channel
    FOR UPDATE;

    RETURN QUERY
    WITH locked AS (
        SELECT due.delivery_id, due.channel, due.not_before
        FROM health.deliveries AS due
        INNER JOIN health.channels ON due.channel = channels.channel
        WHERE (due.state = 'pending' OR (due.state = 'claimed' AND due.lease_until < p_now))
            AND due.not_before <= p_now
            AND (p_channels IS NULL OR due.channel = ANY (p_channels))
            AND health_internal.channel_tokens(channels, p_now) >= 1
        ORDER BY due.not_before, due.delivery_id
        LIMIT least(greatest(p_limit, 0), 1000)
        FOR UPDATE OF due SKIP LOCKED
    ),

    chosen AS MATERIALIZED (
        SELECT queues.delivery_id, queues.channel
        FROM (
            SELECT
                locked.*,
                row_number() OVER (
                    PARTITION BY locked.channel ORDER BY locked.not_before, locked.delivery_id
                ) AS place
            FROM locked
        ) AS queues
        INNER JOIN health.channels ON queues.channel = channels.channel
        WHERE queues.place <= health_internal.channel_tokens(channels, p_now)
    ),

    drawn AS (
        UPDATE health.channels
        SET
            rate_tokens = health_internal.channel_tokens(channels, p_now) - taken.message_count,
            rate_tokens_at = greatest(p_now, channels.rate_tokens_at)
        FROM (
            SELECT chosen.channel, count(*) AS message_count
            FROM chosen
            GROUP BY chosen.channel
        ) AS taken
        WHERE channels.channel = taken.channel AND channels.rate_per_minute IS NOT NULL
    )

    UPDATE health.deliveries AS messages
    SET
        state = 'claimed',
        attempt = messages.attempt + 1,
        claimed_by = p_worker,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = p_now + interval '30 seconds'
    FROM chosen
    WHERE messages.delivery_id = chosen.delivery_id
    RETURNING
        messages.delivery_id, messages.channel, messages.severity, messages.subject, messages.body,
        messages.agent_ids, messages.details, messages.idempotency_key, messages.attempt,
        messages.fencing_token, messages.lease_until;
END;
$$;

ALTER FUNCTION health.claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone) IS 'Claims due messages for p_worker for 30 s, only of p_channels where given; messages whose lease ran out are claimed again, with the same idempotency_key. A channel with a rate hands out as many as its bucket holds; the others wait, and beyond its burst become one digest.';

--
-- Name: claim_recovery_actions(text, integer, text[], timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.claim_recovery_actions(p_worker text, p_limit integer DEFAULT 10, p_agent_ids text[] DEFAULT NULL::text[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(action_id bigint, agent_id text, issue_type text, action text, parameters jsonb, attempt integer, fencing_token bigint, lease_until timestamp with time zone, timeout_seconds double precision)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    -- One may have begun since the last tick.
    v_is_frozen constant boolean := EXISTS (
        SELECT FROM health_internal.open_freeze_windows(p_now)
    );
BEGIN
    -- In PL/pgSQL for the plan it keeps between calls.
    RETURN QUERY
    UPDATE health.recovery_actions AS actions
    SET
        state = 'claimed',
        claimed_by = p_worker,
        claimed_at = p_now,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = p_now + interval '30 seconds'
    FROM (
        SELECT pending.action_id
        FROM health.recovery_actions AS pending
        WHERE pending.state = 'pending'
            AND pending.released_at IS NOT NULL
            AND pending.not_before <= p_now
            -- What the database does itself; what it does not know a bridge refuses.
            AND pending.action NOT IN ('terminate_sessions', 'verify', 'escalate')
            AND (p_agent_ids IS NULL OR pending.agent_id = ANY (p_agent_ids))
            AND (
                NOT v_is_frozen
                OR pending.approved_at IS NOT NULL
                OR NOT EXISTS (
                    SELECT FROM health_internal.open_freeze_windows(p_now) AS windows
                    WHERE windows.policy_class IS NULL
                        OR windows.policy_class = (
                            SELECT status.policy_class
                            FROM health.agent_status AS status
                            WHERE status.agent_id = pending.agent_id
                        )
                )
            )
        ORDER BY pending.not_before, pending.action_id
        LIMIT least(greatest(p_limit, 0), 1000)
        FOR UPDATE SKIP LOCKED
    ) AS chosen
    WHERE actions.action_id = chosen.action_id
    RETURNING
        actions.action_id, actions.agent_id, actions.issue_type, actions.action,
        actions.parameters, actions.attempt, actions.fencing_token, actions.lease_until,
        (actions.strategy -> (actions.step - 1) ->> 'timeout_seconds')::float8;
END;
$$;

ALTER FUNCTION health.claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone) IS 'Claims recoveries that the brakes let go and that are due for p_worker for 30 s (renew_lease prolongs), only of p_agent_ids where given. No action is claimed by two workers. The action is restart_agent, reload or run_command, and a command is a name: what it runs is in the bridge''s own configuration. timeout_seconds: of the step; NULL: the policy''s.';

--
-- Name: classify_status(double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.classify_status(p_score double precision, p_excellent_from double precision DEFAULT 80, p_good_from double precision DEFAULT 70, p_fair_from double precision DEFAULT 60, p_poor_from double precision DEFAULT 40) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_score >= p_excellent_from) THEN 'excellent'::text WHEN (p_score >= p_good_from) THEN 'good'::text WHEN (p_score >= p_fair_from) THEN 'fair'::text WHEN (p_score >= p_poor_from) THEN 'poor'::text WHEN (p_score < p_poor_from) THEN 'critical'::text ELSE NULL::text END;

ALTER FUNCTION health.classify_status(p_score double precision, p_excellent_from double precision, p_good_from double precision, p_fair_from double precision, p_poor_from double precision) OWNER TO health_owner;

--
-- Name: FUNCTION classify_status(p_score double precision, p_excellent_from double precision, p_good_from double precision, p_fair_from double precision, p_poor_from double precision); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.classify_status(p_score double precision, p_excellent_from double precision, p_good_from double precision, p_fair_from double precision, p_poor_from double precision) IS 'Status of an overall score 0..100: excellent, good, fair, poor or critical; NULL for NULL.';

--
-- Name: disable_alert_rule(text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.disable_alert_rule(p_rule text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT health_internal.switch_alert_rule(p_rule, false, p_now);
$$;

ALTER FUNCTION health.disable_alert_rule(p_rule text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION disable_alert_rule(p_rule text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.disable_alert_rule(p_rule text, p_now timestamp with time zone) IS 'Disables a rule, a built-in one too: no alert of it opens any more; findings of a user''s rule are taken back. Raises RU002 where there is none (in switch_alert_rule).';

--
-- Name: enable_alert_rule(text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.enable_alert_rule(p_rule text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT health_internal.switch_alert_rule(p_rule, true, p_now);
$$;

ALTER FUNCTION health.enable_alert_rule(p_rule text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION enable_alert_rule(p_rule text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.enable_alert_rule(p_rule text, p_now timestamp with time zone) IS 'Enables a rule, and forgets the error that disabled it; a user''s is evaluated next. Raises RU002 where there is none (in switch_alert_rule).';

--
-- Name: end_freeze_window(bigint, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.end_freeze_window(p_window_id bigint, p_by text DEFAULT NULL::text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE health.freeze_windows
    SET ended_at = p_now, ended_by = coalesce(p_by, session_user)
    WHERE freeze_windows.window_id = p_window_id AND freeze_windows.ended_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'freeze window % does not exist or has been ended', p_window_id
            USING ERRCODE = 'RC007',
                HINT = 'SELECT * FROM health.freeze_windows lists them.';
    END IF;
    PERFORM pg_notify('health_wakeup', '');
END;
$$;

ALTER FUNCTION health.end_freeze_window(p_window_id bigint, p_by text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION end_freeze_window(p_window_id bigint, p_by text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.end_freeze_window(p_window_id bigint, p_by text, p_now timestamp with time zone) IS 'Ends a freeze window for good, a weekly one too. Raises RC007 where there is none to end.';

--
-- Name: end_overrunning_rules(timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.end_overrunning_rules(p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_rule record;
    v_count integer := 0;
BEGIN
    -- A loop, because each is a session to end.
    FOR v_rule IN
        SELECT rules.rule, activity.pid
        FROM health.alert_rules AS rules
        INNER JOIN pg_stat_activity AS activity
            ON rules.evaluating_pid = activity.pid
            AND activity.backend_start <= rules.evaluating_since
        WHERE rules.evaluating_since < p_now - interval '10 seconds'
            AND pg_has_role(activity.usesysid, 'health_rules', 'MEMBER')
        FOR NO KEY UPDATE OF rules SKIP LOCKED
    LOOP
        BEGIN
            PERFORM pg_terminate_backend(v_rule.pid);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE WARNING 'session % of rule % cannot be ended', v_rule.pid, v_rule.rule
                    USING HINT = 'GRANT pg_signal_backend TO health_owner.';
        END;
        PERFORM health_internal.stop_rule(
            v_rule.rule, 'it did not end when it was cancelled; its session was ended', p_now
        );
        v_count := v_count + 1;
    END LOOP;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health.end_overrunning_rules(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION end_overrunning_rules(p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.end_overrunning_rules(p_now timestamp with time zone) IS 'Ends the sessions of evaluations that have gone on for 10 seconds, which only functions can that refuse to be cancelled, and disables their rules; returns how many. Housekeeping and bridges call it.';

--
-- Name: end_silence(bigint, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.end_silence(p_silence_id bigint, p_by text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM health_internal.be_brief();
    UPDATE health.silences
    SET ends_at = greatest(p_now, silences.starts_at), ended_by = coalesce(p_by, session_user)
    WHERE silences.silence_id = p_silence_id AND silences.ends_at > p_now;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'silence % does not hold', coalesce(p_silence_id::text, 'NULL')
            USING ERRCODE = 'AL004',
                HINT = 'SELECT * FROM health.silences WHERE ends_at > now() lists those that do.';
    END IF;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled;
END;
$$;

ALTER FUNCTION health.end_silence(p_silence_id bigint, p_by text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION end_silence(p_silence_id bigint, p_by text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.end_silence(p_silence_id bigint, p_by text, p_now timestamp with time zone) IS 'Ends a silence; the next tick tells what is still wrong. Raises AL004 where it does not hold.';

--
-- Name: evaluate_rules(timestamp with time zone); Type: PROCEDURE; Schema: health; Owner: health_owner
--

CREATE PROCEDURE health.evaluate_rules(IN p_now timestamp with time zone DEFAULT clock_timestamp())
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_timeout_ms constant double precision := health_internal.check_rules_session();
    v_rule record;
    v_answer record;
    v_began timestamptz;
    v_took_ms double precision;
    v_is_over boolean;
    v_number integer := 1;
BEGIN
    -- A loop, because each rule is a transaction of its own. The time-out is armed once, for the
    -- whole call: when it is spent, the next call goes on with the rule that has been due longest.
    LOOP
        SELECT begun.* INTO v_rule FROM health_internal.begin_rule(p_now) AS begun;
        COMMIT;
        EXIT WHEN v_rule.rule IS NULL;
        v_began := clock_timestamp();
        SELECT answer.* INTO v_answer FROM health_internal.ask_rule(
            v_rule.view_schema, v_rule.view_name, v_rule.row_limit
        ) AS answer;
        v_took_ms := date_part('epoch', clock_timestamp() - v_began) * 1000;
        v_is_over := v_answer.is_cancelled
            OR date_part('epoch', clock_timestamp() - statement_timestamp()) * 1000 >= v_timeout_ms;
        -- Only who had the time to itself is blamed; functions can catch their cancellation.
        IF (v_is_over AND v_number > 1) OR (v_answer.is_cancelled AND v_took_ms < 0.8 * v_timeout_ms)
        THEN
            PERFORM health_internal.release_rule(v_rule.rule, v_rule.evaluation_id);
        ELSE
            PERFORM health_internal.finish_rule(
                v_rule.rule,
                v_rule.evaluation_id,
                v_answer.findings,
                CASE
                    WHEN v_is_over AND v_took_ms >= 0.8 * v_timeout_ms
                        THEN format('it took longer than %s ms', v_timeout_ms)
                    ELSE v_answer.error
                END,
                v_took_ms,
                p_now
            );
        END IF;
        COMMIT;
        EXIT WHEN v_is_over;
        v_number := v_number + 1;
    END LOOP;
END;
$$;

ALTER PROCEDURE health.evaluate_rules(IN p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: PROCEDURE evaluate_rules(IN p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON PROCEDURE health.evaluate_rules(IN p_now timestamp with time zone) IS 'Asks the views of users'' rules that are due and keeps what they find in rule_findings, until all are done or the session''s statement_timeout is over. A rule that errs, overruns, or answers something else than rows of a rule is disabled. Call it outside a transaction, in a new session of health_rules_runner or of another login with the role health_rules only; raises RU003 (in check_rules_session) elsewhere.';

--
-- Name: explain(text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.explain(p_agent_id text) RETURNS TABLE(component text, weight double precision, raw_inputs jsonb, value double precision, contribution double precision, gate double precision, policy_version integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM health.agent_status AS status WHERE status.agent_id = p_agent_id)
    THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents; one registered just now '
                    'is known after the next tick.';
    END IF;
    RETURN QUERY
    WITH judged AS (
        SELECT
            status.*,
            policy.version,
            policy.weight_heartbeat_consistency,
            policy.weight_performance_metrics,
            policy.weight_error_rate,
            policy.weight_resource_efficiency,
            policy.weight_business_impact,
            health_internal.known_weight(
                policy.weight_heartbeat_consistency, status.heartbeat_consistency
            )
            + health_internal.known_weight(
                policy.weight_performance_metrics, status.performance_metrics
            )
            + health_internal.known_weight(policy.weight_error_rate, status.error_rate)
            + health_internal.known_weight(
                policy.weight_resource_efficiency, status.resource_efficiency
            )
            + health_internal.known_weight(policy.weight_business_impact, status.business_impact)
                AS known_weights
        FROM health.agent_status AS status
        LEFT JOIN health.policies AS policy ON status.policy_id = policy.policy_id
        WHERE status.agent_id = p_agent_id
    ),

    components AS (
        SELECT
            parts.place,
            parts.component,
            parts.weight,
            jsonb_strip_nulls(parts.raw_inputs) AS raw_inputs,
            parts.value,
            coalesce(parts.value * parts.weight / nullif(judged.known_weights, 0), 0)
                AS contribution,
            judged.gate,
            judged.version
        FROM judged
        CROSS JOIN LATERAL (
            VALUES
            (
                1, 'heartbeat_consistency', judged.weight_heartbeat_consistency,
                jsonb_build_object(
                    'silent_seconds', judged.silent_seconds,
                    'last_heartbeat_at', judged.last_heartbeat_at,
                    'expected_interval_seconds', judged.expected_interval_seconds,
                    'learnt_interval_seconds', judged.learnt_interval_seconds,
                    'late_after_intervals', judged.late_intervals,
                    'unresponsive_after_intervals', judged.unresponsive_intervals,
                    'grace_seconds', judged.grace_seconds,
                    'job_standing', CASE
                        WHEN judged.grace_seconds >= 1e9
                            THEN coalesce(health_internal.job_standing(judged.agent_id), 'good')
                    END,
                    'decayed_gap_count', judged.gap_weight,
                    'decayed_gap_seconds', judged.gap_sum,
                    'decayed_gap_square_seconds', judged.gap_square_sum,
                    'session_lost_at', judged.session_lost_at
                ),
                judged.heartbeat_consistency
            ),
            (
                2, 'performance_metrics', judged.weight_performance_metrics,
                jsonb_build_object(
                    'processing_time_ms', judged.processing_mean_ms,
                    'processing_time_slo_ms', judged.latency_slo_ms,
                    'processing_time_baseline_ms', judged.baseline_processing_ms,
                    'beat_count', judged.beat_count,
                    'is_counting_items', judged.work_items_processed IS NOT NULL,
                    'items_per_minute',
                    60 * judged.recent_item_sum / nullif(judged.gap_sum, 0),
                    'items_per_minute_slo', judged.throughput_slo_per_minute,
                    'items_per_minute_baseline',
                    60 * judged.baseline_item_sum / nullif(judged.baseline_seconds, 0),
                    'baseline_seconds', judged.baseline_seconds
                ),
                judged.performance_metrics
            ),
            (
                3, 'error_rate', judged.weight_error_rate,
                jsonb_build_object(
                    'decayed_errors', judged.error_sum,
                    'decayed_items', judged.item_sum,
                    'run_seconds',
                    date_part('epoch', judged.last_heartbeat_at - judged.run_started_at),
                    'error_count', judged.error_count
                ),
                judged.error_rate
            ),
            (
                4, 'resource_efficiency', judged.weight_resource_efficiency,
                jsonb_build_object(
                    'cpu_percent', judged.cpu_mean_percent,
                    'memory_usage_mb', judged.memory_usage_mb,
                    'memory_limit_mb', judged.memory_limit_mb,
                    'memory_mean_10_min_mb', judged.memory_mean_mb,
                    'memory_mean_60_min_mb', judged.slow_memory_mean_mb,
                    'run_seconds',
                    date_part('epoch', judged.last_heartbeat_at - judged.run_started_at)
                ),
                judged.resource_efficiency
            ),
            (
                5, 'business_impact', judged.weight_business_impact,
                jsonb_build_object(
                    'cost_efficiency', judged.cost_efficiency,
                    'user_satisfaction', judged.user_satisfaction,
                    'operational_efficiency', judged.operational_efficiency,
                    'revenue_impact_usd', judged.revenue_impact_usd
                ),
                judged.business_impact
            ),
            (
                6, 'gate', NULL,
                jsonb_build_object(
                    'liveness', judged.liveness,
                    'state', judged.state,
                    'ungated_score', judged.ungated_score,
                    'score', judged.score
                ),
                judged.score
            )
        ) AS parts (place, component, weight, raw_inputs, value)
    )

    SELECT
        components.component,
        components.weight,
        components.raw_inputs || CASE
            WHEN components.place < 6 AND components.value IS NULL
                THEN '{"note": "no data: its weight is shared among the others"}'::jsonb
            ELSE '{}'::jsonb
        END,
        components.value,
        CASE
            -- What the gate takes away, so that the contributions sum to the score.
            WHEN components.place = 6 THEN coalesce(
                components.value - sum(components.contribution) FILTER (WHERE components.place < 6)
                    OVER (),
                0
            )
            ELSE components.contribution
        END,
        CASE WHEN components.place = 6 THEN components.gate END,
        components.version
    FROM components
    ORDER BY components.place;
END;
$$;

ALTER FUNCTION health.explain(p_agent_id text) OWNER TO health_owner;

--
-- Name: FUNCTION explain(p_agent_id text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.explain(p_agent_id text) IS 'One row per component (weight, raw inputs, value 0..100, contribution to the score) and a row gate that holds score - weighted mean, so that the contributions sum to the score. As judged last. Raises AG001 for an unknown agent.';

--
-- Name: explain_silence(text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.explain_silence(p_agent_id text, p_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone, p_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone) RETURNS TABLE(occurred_at timestamp with time zone, incident_id bigint, was_told boolean, reason_code text, explanation text, channel text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM health.agents WHERE agents.agent_id = p_agent_id) THEN
        RAISE EXCEPTION 'agent "%" is not known', coalesce(p_agent_id, 'NULL')
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    RETURN QUERY
    WITH ledger AS (
        SELECT events.*
        FROM health.incidents
        INNER JOIN health.alert_events AS events ON incidents.incident_id = events.incident_id
        WHERE incidents.agent_id = p_agent_id
        UNION ALL
        -- What was said of many agents was said of this one.
        SELECT events.*
        FROM health.incidents
        INNER JOIN health.alert_events AS events
            ON incidents.fleet_incident_id = events.incident_id
            AND events.event IN ('queued', 'grouped', 'suppressed')
        WHERE incidents.agent_id = p_agent_id
        UNION ALL
        SELECT events.*
        FROM health.alert_events AS events
        WHERE events.incident_id IS NULL AND events.agent_id = p_agent_id
    ),

    told AS (
        SELECT
            ledger.occurred_at,
            ledger.incident_id,
            CASE
                WHEN deliveries.state = 'delivered' THEN true
                WHEN ledger.event IN ('queued', 'grouped') AND deliveries.state IS NOT NULL
                    THEN false
                ELSE false
            END AS was_told,
            CASE
                WHEN deliveries.state = 'delivered' THEN NULL
                WHEN deliveries.state IS NOT NULL THEN deliveries.state
                ELSE ledger.reason_code
            END AS reason_code,
            CASE
                WHEN deliveries.state = 'delivered' THEN format(
                    'message %s (%s) was delivered at %s', ledger.delivery_id, ledger.reason,
                    deliveries.finished_at
                )
                WHEN deliveries.state IS NOT NULL THEN format(
                    'message %s (%s) is %s: %s', ledger.delivery_id, ledger.reason,
                    deliveries.state, coalesce(deliveries.outcome::text, '')
                )
                ELSE ledger.reason
            END AS explanation,
            ledger.channel,
            ledger.alert_event_id
        FROM ledger
        LEFT JOIN health.deliveries ON ledger.delivery_id = deliveries.delivery_id
        WHERE ledger.occurred_at >= p_from
            AND ledger.occurred_at < p_to
            AND ledger.event IN ('queued', 'grouped', 'suppressed', 'acknowledged')
    )

    SELECT
        told.occurred_at, told.incident_id, told.was_told, told.reason_code, told.explanation,
        told.channel
    FROM told
    UNION ALL
    SELECT
        NULL, NULL, false, 'nothing_wrong',
        format(
            'nothing was wrong enough for an alert; now: liveness %s, score %s',
            coalesce(status.liveness, 'never_seen'),
            coalesce(round(status.score::numeric, 2)::text, 'unknown')
        ),
        NULL
    FROM health.agents
    LEFT JOIN health.agent_status AS status ON agents.agent_id = status.agent_id
    WHERE agents.agent_id = p_agent_id AND NOT EXISTS (SELECT FROM told)
    ORDER BY 1, 2;
END;
$$;

ALTER FUNCTION health.explain_silence(p_agent_id text, p_from timestamp with time zone, p_to timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION explain_silence(p_agent_id text, p_from timestamp with time zone, p_to timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.explain_silence(p_agent_id text, p_from timestamp with time zone, p_to timestamp with time zone) IS 'Why was I not paged? One row per message about an agent that was sent (was_told) or not (reason_code and explanation) between two times; or one row that says that nothing was wrong. Raises AG001 for an unknown agent.';

--
-- Name: heartbeat(text, text, jsonb); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.heartbeat(p_agent_id text, p_state text DEFAULT 'running'::text, p_metrics jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_flat jsonb;
    v_sent_at timestamptz;
    v_attributes jsonb;
BEGIN
    IF p_metrics IS NOT NULL AND jsonb_typeof(p_metrics) <> 'object' THEN
        RAISE EXCEPTION 'metrics of a heartbeat must be a JSON object, not %', jsonb_typeof(p_metrics)
            USING ERRCODE = 'AG002',
                HINT = 'Send for example {"error_count": 0, "cpu_usage_percent": 12.5}.';
    END IF;
    -- The nested groups of the description this grew from, or all names at one level.
    v_flat := coalesce(p_metrics, '{}')
        - ARRAY['performance_metrics', 'resource_usage', 'business_metrics']
        || CASE jsonb_typeof(p_metrics -> 'performance_metrics')
            WHEN 'object' THEN p_metrics -> 'performance_metrics' ELSE '{}'
        END
        || CASE jsonb_typeof(p_metrics -> 'resource_usage')
            WHEN 'object' THEN p_metrics -> 'resource_usage' ELSE '{}'
        END
        || CASE jsonb_typeof(p_metrics -> 'business_metrics')
            WHEN 'object' THEN p_metrics -> 'business_metrics' ELSE '{}'
        END;
    BEGIN
        v_sent_at := (v_flat ->> 'sent_at')::timestamptz;
    EXCEPTION
        WHEN invalid_datetime_format OR datetime_field_overflow THEN
            RAISE EXCEPTION 'sent_at is not a time: "%"', left(v_flat ->> 'sent_at', 100)
                USING ERRCODE = 'AG002',
                    HINT = 'Send ISO 8601 with a time zone, or leave it out.';
    END;
    v_attributes := v_flat - ARRAY[
        'state', 'sent_at', 'signal', 'run_id', 'work_items_processed',
        'average_processing_time_ms', 'cpu_usage_percent', 'memory_usage_mb', 'memory_limit_mb',
        'error_count', 'cost_efficiency', 'user_satisfaction', 'user_satisfaction_impact',
        'operational_efficiency', 'revenue_impact_usd', 'revenue_impact'
    ];
    INSERT INTO health.agent_heartbeats (
        agent_id, state, sent_at, signal, run_id, work_items_processed,
        average_processing_time_ms, cpu_usage_percent, memory_usage_mb, memory_limit_mb,
        error_count, cost_efficiency, user_satisfaction, operational_efficiency,
        revenue_impact_usd, attributes
    )
    VALUES (
        p_agent_id,
        coalesce(p_state, v_flat ->> 'state', 'running'),
        v_sent_at,
        v_flat ->> 'signal',
        v_flat ->> 'run_id',
        health_internal.counter_of(v_flat, 'work_items_processed'),
        health_internal.number_of(v_flat, 'average_processing_time_ms'),
        health_internal.number_of(v_flat, 'cpu_usage_percent'),
        health_internal.number_of(v_flat, 'memory_usage_mb'),
        health_internal.number_of(v_flat, 'memory_limit_mb'),
        health_internal.counter_of(v_flat, 'error_count'),
        health_internal.number_of(v_flat, 'cost_efficiency'),
        health_internal.number_of(v_flat, 'user_satisfaction', 'user_satisfaction_impact'),
        health_internal.number_of(v_flat, 'operational_efficiency'),
        health_internal.number_of(v_flat, 'revenue_impact_usd', 'revenue_impact'),
        nullif(v_attributes, '{}')
    );
END;
$$;

ALTER FUNCTION health.heartbeat(p_agent_id text, p_state text, p_metrics jsonb) OWNER TO health_owner;

--
-- Name: FUNCTION heartbeat(p_agent_id text, p_state text, p_metrics jsonb); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.heartbeat(p_agent_id text, p_state text, p_metrics jsonb) IS 'One heartbeat with metrics as JSON, flat or nested as performance_metrics, resource_usage and business_metrics: known names go to columns of agent_heartbeats, others to attributes. Raises AG002 for what is not a number and the columns'' domain checks for what is out of range. A plain INSERT is faster and does the same.';

--
-- Name: load_history(timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.load_history(p_from timestamp with time zone, p_to timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_table text;
    v_width interval;
    v_piece record;
    v_count integer := 0;
BEGIN
    IF p_from IS NULL OR p_to IS NULL OR p_from >= p_to
        OR p_from < '0001-01-01' OR p_to > '9999-12-31' THEN
        RAISE EXCEPTION 'history must go from one time to a later one'
            USING ERRCODE = 'EN002',
                DETAIL = format('Asked for %s to %s.', p_from, p_to),
                HINT = 'For example health.load_history(''2015-01-01'', ''2016-01-01'').';
    END IF;
    v_width := greatest(interval '1 day', make_interval(
        secs => ceil(date_part('epoch', p_to - p_from) / 50 / 86400) * 86400
    ));
    FOREACH v_table IN ARRAY health_internal.raw_tables()
    LOOP
        -- The free stretches between partitions that exist, cut to the width.
        FOR v_piece IN
            WITH borders AS (
                SELECT p_from AS at, 0 AS depth
                UNION ALL
                SELECT greatest(partitions.from_at, p_from), 1
                FROM health_internal.partitions
                WHERE partitions.table_name = v_table
                    AND partitions.until_at > p_from AND partitions.from_at < p_to
                UNION ALL
                SELECT least(partitions.until_at, p_to), -1
                FROM health_internal.partitions
                WHERE partitions.table_name = v_table
                    AND partitions.until_at > p_from AND partitions.from_at < p_to
            ),

            stretches AS (
                SELECT
                    borders.at AS from_at,
                    coalesce(lead(borders.at) OVER by_time, p_to) AS until_at,
                    sum(borders.depth) OVER by_time AS depth
                FROM borders
                WINDOW by_time AS (ORDER BY borders.at, borders.depth)
            )

            SELECT
                cuts.from_at,
                least(cuts.from_at + v_width, stretches.until_at) AS until_at
            FROM stretches
            CROSS JOIN LATERAL generate_series(
                stretches.from_at, stretches.until_at, v_width
            ) AS cuts (from_at)
            WHERE stretches.depth = 0
                AND stretches.from_at < stretches.until_at
                AND cuts.from_at < stretches.until_at
            ORDER BY cuts.from_at
        LOOP
            IF NOT health_internal.create_partition(
                v_table, v_piece.from_at, v_piece.until_at, true
            ) THEN
                RAISE EXCEPTION 'table "%" is busy', v_table
                    USING ERRCODE = 'EN003',
                        HINT = 'Call it again; what was made is kept only if the call succeeds.';
            END IF;
            v_count := v_count + 1;
        END LOOP;
    END LOOP;
    UPDATE health_internal.partitions
    SET is_history = true
    WHERE partitions.from_at < p_to AND partitions.until_at > p_from
        AND partitions.until_at < clock_timestamp();
    RETURN v_count;
END;
$$;

ALTER FUNCTION health.load_history(p_from timestamp with time zone, p_to timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION load_history(p_from timestamp with time zone, p_to timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.load_history(p_from timestamp with time zone, p_to timestamp with time zone) IS 'Makes room for history between two times: partitions exempt from retention; returns how many. Insert the rows with received_at set (and the agents'' clocks within a day of it). Rows received more than settings.history_after before a tick''s p_now never change liveness, alerts or recovery, and register nobody. Raises EN002 for times that make no range, EN003 where a table is locked.';

--
-- Name: log_performance_metric(text, text, double precision, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text DEFAULT NULL::text, p_recorded_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, unit, recorded_at)
    VALUES (p_agent_id, p_metric_name, p_metric_value, p_unit, p_recorded_at);
$$;

ALTER FUNCTION health.log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text, p_recorded_at timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text, p_recorded_at timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text, p_recorded_at timestamp with time zone) IS 'One value of a series, finite, in p_unit. p_recorded_at: the agent''s clock, within a day of now.';

--
-- Name: log_system_event(text, text, text, jsonb, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.log_system_event(p_agent_id text, p_event_type text, p_severity text DEFAULT 'info'::text, p_event_data jsonb DEFAULT '{}'::jsonb, p_occurred_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, occurred_at)
    VALUES (
        p_agent_id, p_event_type, lower(coalesce(p_severity, 'info')),
        coalesce(p_event_data, '{}'), p_occurred_at
    );
$$;

ALTER FUNCTION health.log_system_event(p_agent_id text, p_event_type text, p_severity text, p_event_data jsonb, p_occurred_at timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION log_system_event(p_agent_id text, p_event_type text, p_severity text, p_event_data jsonb, p_occurred_at timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.log_system_event(p_agent_id text, p_event_type text, p_severity text, p_event_data jsonb, p_occurred_at timestamp with time zone) IS 'One event with its facts. Severities error, critical and emergency of an agent lower its error_rate component. p_occurred_at: the agent''s clock, within a day of now.';

--
-- Name: register_agent(text, text, text, interval, jsonb, text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.register_agent(p_agent_id text, p_agent_name text DEFAULT NULL::text, p_agent_type text DEFAULT NULL::text, p_expected_interval interval DEFAULT NULL::interval, p_capabilities jsonb DEFAULT NULL::jsonb, p_policy_class text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO health.agents AS agents (
        agent_id, agent_name, agent_type, expected_interval, capabilities, policy_class
    )
    VALUES (
        p_agent_id,
        coalesce(p_agent_name, p_agent_id),
        p_agent_type,
        p_expected_interval,
        coalesce(p_capabilities, '{}'),
        coalesce(p_policy_class, 'standard')
    )
    ON CONFLICT (agent_id) DO UPDATE SET
        agent_name = coalesce(p_agent_name, agents.agent_name),
        agent_type = coalesce(p_agent_type, agents.agent_type),
        expected_interval = coalesce(p_expected_interval, agents.expected_interval),
        capabilities = coalesce(p_capabilities, agents.capabilities),
        policy_class = coalesce(p_policy_class, agents.policy_class),
        updated_at = clock_timestamp();
$$;

ALTER FUNCTION health.register_agent(p_agent_id text, p_agent_name text, p_agent_type text, p_expected_interval interval, p_capabilities jsonb, p_policy_class text) OWNER TO health_owner;

--
-- Name: FUNCTION register_agent(p_agent_id text, p_agent_name text, p_agent_type text, p_expected_interval interval, p_capabilities jsonb, p_policy_class text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.register_agent(p_agent_id text, p_agent_name text, p_agent_type text, p_expected_interval interval, p_capabilities jsonb, p_policy_class text) IS 'Registers an agent, or changes what is given of one already registered; what is NULL stays. The next tick watches it. p_expected_interval: between heartbeats, 100 ms to 366 days; without it 30 s are assumed and the real one is learnt. p_policy_class must exist in health.policies (AG004).';

--
-- Name: remove_alert_rule(text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.remove_alert_rule(p_rule text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE health.alert_rules
    SET
        is_enabled = false,
        removed_at = p_now,
        evaluation_id = alert_rules.evaluation_id + 1,
        evaluating_since = NULL,
        evaluating_pid = NULL,
        last_error = NULL,
        last_error_at = NULL
    WHERE alert_rules.rule = p_rule AND NOT alert_rules.is_builtin AND alert_rules.removed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no rule "%" of a user', p_rule
            USING ERRCODE = 'RU002',
                HINT = 'SELECT rule FROM health.alert_rules WHERE NOT is_builtin lists them; a built-in '
                    'one can be disabled: health.disable_alert_rule.';
    END IF;
    DELETE FROM health.rule_findings WHERE rule_findings.rule = p_rule;
    DELETE FROM health.alert_rules
    WHERE alert_rules.rule = p_rule
        AND NOT EXISTS (SELECT FROM health.alerts WHERE alerts.rule = p_rule);
    PERFORM health_internal.refresh_disabled_rules(p_now);
END;
$$;

ALTER FUNCTION health.remove_alert_rule(p_rule text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION remove_alert_rule(p_rule text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.remove_alert_rule(p_rule text, p_now timestamp with time zone) IS 'Removes a user''s rule and its findings, so that the next tick resolves its alerts; a rule that ever opened an alert stays on record with removed_at. The view stays. Raises RU002 where there is none.';

--
-- Name: remove_dependency(text, text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.remove_dependency(p_child_id text, p_parent_id text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_is_removed boolean;
BEGIN
    DELETE FROM health.dependencies
    WHERE dependencies.child_id = p_child_id AND dependencies.parent_id = p_parent_id;
    v_is_removed := FOUND;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.agent_id = p_child_id;
    RETURN v_is_removed;
END;
$$;

ALTER FUNCTION health.remove_dependency(p_child_id text, p_parent_id text) OWNER TO health_owner;

--
-- Name: FUNCTION remove_dependency(p_child_id text, p_parent_id text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.remove_dependency(p_child_id text, p_parent_id text) IS 'Removes a dependency; false where there was none.';

--
-- Name: renew_lease(text, bigint, bigint, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.renew_lease(p_kind text, p_id bigint, p_fencing_token bigint, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    CASE p_kind
        WHEN 'recovery' THEN
            UPDATE health.recovery_actions AS actions
            SET lease_until = p_now + interval '30 seconds'
            WHERE actions.action_id = p_id
                AND actions.fencing_token = p_fencing_token
                AND actions.state IN ('claimed', 'executing');
        WHEN 'delivery' THEN
            UPDATE health.deliveries
            SET lease_until = p_now + interval '30 seconds'
            WHERE deliveries.delivery_id = p_id
                AND deliveries.fencing_token = p_fencing_token
                AND deliveries.state = 'claimed';
        ELSE
            RAISE EXCEPTION 'lease of kind "%" is not known', p_kind
                USING ERRCODE = 'RC002',
                    HINT = 'Name recovery or delivery.';
    END CASE;
    RETURN FOUND;
END;
$$;

ALTER FUNCTION health.renew_lease(p_kind text, p_id bigint, p_fencing_token bigint, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION renew_lease(p_kind text, p_id bigint, p_fencing_token bigint, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.renew_lease(p_kind text, p_id bigint, p_fencing_token bigint, p_now timestamp with time zone) IS 'Prolongs the lease of a claimed recovery or delivery to 30 s from now; false where it was lost. Raises RC002 for another kind.';

--
-- Name: report_delivery(bigint, bigint, text, jsonb, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb DEFAULT '{}'::jsonb, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_state text;
BEGIN
    IF p_outcome IS NULL OR p_outcome NOT IN (
        'delivered', 'failed', 'refused', 'released'
    ) THEN
        RAISE EXCEPTION 'outcome "%" of a delivery is not known', coalesce(p_outcome, 'NULL')
            USING ERRCODE = 'RC001',
                HINT = 'Report delivered, failed, refused or released.';
    END IF;

    UPDATE health.deliveries AS messages
    SET
        state = CASE
            WHEN p_outcome = 'delivered' THEN 'delivered'
            WHEN p_outcome = 'released' THEN 'pending'
            WHEN p_outcome = 'refused' OR messages.attempt >= 10 THEN 'dead'
            ELSE 'pending'
        END,
        -- Given back untried, as by a bridge that stops: that was no attempt.
        attempt = messages.attempt - (p_outcome = 'released')::integer,
        -- 2 s doubling to 10 min, less up to a quarter at random; or what the receiver asked for.
        not_before = CASE
            WHEN p_outcome <> 'failed' THEN messages.not_before
            ELSE p_now + make_interval(secs => greatest(
                CASE
                    WHEN jsonb_typeof(p_details -> 'retry_after_seconds') = 'number'
                        THEN least(3600, (p_details ->> 'retry_after_seconds')::float8)
                    ELSE 0
                END,
                least(600, 2 ^ least(messages.attempt, 20)) * (1 - random() / 4)
            ))
        END,
        lease_until = NULL,
        finished_at = CASE
            WHEN p_outcome IN ('delivered', 'refused')
                OR (p_outcome = 'failed' AND messages.attempt >= 10) THEN p_now
        END,
        outcome = jsonb_build_object('reported', p_outcome) || coalesce(p_details, '{}')
    WHERE messages.delivery_id = p_delivery_id
        AND messages.fencing_token = p_fencing_token
        AND messages.state = 'claimed'
    RETURNING messages.state INTO v_state;
    RETURN v_state IS NOT NULL;
END;
$$;

ALTER FUNCTION health.report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) IS 'Reports what became of a claimed message: delivered, failed (tried again with growing waits, or after details.retry_after_seconds; given up after ten attempts), refused (given up) or released (untried: pending again at once). What is given up raises the alert dead_letters. Returns false where the lease was lost. Raises RC001 for another outcome.';

--
-- Name: report_recovery_action(bigint, bigint, text, jsonb, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb DEFAULT '{}'::jsonb, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_details constant jsonb := coalesce(p_details, '{}');
    v_action health.recovery_actions;
BEGIN
    IF p_outcome IS NULL
        OR p_outcome NOT IN ('executing', 'succeeded', 'failed', 'refused', 'released') THEN
        RAISE EXCEPTION 'outcome "%" of a recovery is not known', coalesce(p_outcome, 'NULL')
            USING ERRCODE = 'RC001',
                HINT = 'Report executing, succeeded, failed, refused or released.';
    END IF;

    SELECT actions.*
    INTO v_action
    FROM health.recovery_actions AS actions
    WHERE actions.action_id = p_action_id
        AND actions.fencing_token = p_fencing_token
        AND actions.state IN ('claimed', 'executing')
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    IF p_outcome = 'released' THEN
        -- Handed back before anything was done: as if it had never been claimed.
        UPDATE health.recovery_steps AS steps
        SET finished_at = p_now, outcome = 'released', details = v_details
        WHERE steps.action_id = p_action_id AND steps.finished_at IS NULL;
        UPDATE health.recovery_actions AS actions
        SET
            state = 'pending',
            claimed_by = NULL,
            lease_until = NULL,
            fencing_token = nextval('health_internal.fencing_tokens'),
            not_before = p_now,
            released_at = p_now,
            execute_until = NULL,
            started_at = (
                SELECT min(steps.started_at)
                FROM health.recovery_steps AS steps
                WHERE steps.action_id = p_action_id AND steps.outcome <> 'released'
            )
        WHERE actions.action_id = p_action_id;
        PERFORM pg_notify('health_wakeup', '');
        RETURN true;
    END IF;

    -- A report that skips 'executing' begins and ends the step at once.
    IF v_action.state = 'claimed' THEN
        PERFORM health_internal.begin_steps(p_now, ARRAY[p_action_id], v_action.claimed_by);
    END IF;
    IF p_outcome = 'executing' THEN
        UPDATE health.recovery_actions AS actions
        SET
            state = 'executing',
            started_at = coalesce(actions.started_at, p_now),
            execute_until = coalesce(actions.execute_until, p_now + make_interval(secs => coalesce(
                (actions.strategy -> (actions.step - 1) ->> 'timeout_seconds')::float8,
                (
                    SELECT policies.recovery_execution_seconds
                    FROM health.agent_status AS status
                    INNER JOIN health.current_policies AS policies
                        ON status.policy_class = policies.policy_class
                    WHERE status.agent_id = actions.agent_id
                )
            ))),
            lease_until = p_now + interval '30 seconds'
        WHERE actions.action_id = p_action_id;
        RETURN true;
    END IF;
    PERFORM health_internal.end_steps(
        p_now, ARRAY[p_action_id], p_outcome,
        health_internal.failure_reason(p_outcome, v_details), v_details
    );
    -- Unless only heartbeats are awaited there is something to do now. A NOTIFY would make those who
    -- report at once commit one after the other.
    IF EXISTS (
        SELECT FROM health.recovery_actions AS actions
        WHERE actions.action_id = p_action_id AND actions.state <> 'verifying'
    ) THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
    RETURN true;
END;
$$;

ALTER FUNCTION health.report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) IS 'Reports what became of a claimed recovery''s step: executing (it begins), succeeded (the next step or the verification follows), failed (details.reason or details.exit_code say why; the next step, or the next attempt), refused (not configured; the next step, else a person) or released (handed back before anything was done: pending again at once, counted nowhere). Returns false, and changes nothing, where the fencing token is no longer the action''s: the lease was lost. Raises RC001 for another outcome.';

--
-- Name: request_recovery(text, text, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_policy_class text;
    v_steps jsonb;
    v_frozen_by text;
    v_action_id bigint;
BEGIN
    SELECT
        status.policy_class,
        (
            SELECT strategies.steps
            FROM health_internal.strategies() AS strategies
            WHERE strategies.policy_class = status.policy_class
                AND strategies.issue_type = p_issue_type
        ),
        (
            SELECT format('freeze "%s" until %s', windows.window_name, windows.until_at)
            FROM health_internal.open_freeze_windows(p_now) AS windows
            WHERE coalesce(windows.policy_class, status.policy_class) = status.policy_class
            ORDER BY windows.until_at DESC
            LIMIT 1
        )
    INTO v_policy_class, v_steps, v_frozen_by
    FROM health.agent_status AS status
    WHERE status.agent_id = p_agent_id;
    IF v_policy_class IS NULL THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    INSERT INTO health.recovery_actions AS actions (
        agent_id, issue_type, action, parameters, strategy, requested_by, created_at, not_before,
        hold, hold_reason, released_at
    )
    VALUES (
        p_agent_id,
        p_issue_type,
        coalesce(v_steps -> 0 ->> 'action', 'restart_agent'),
        coalesce(v_steps -> 0 -> 'parameters', '{}'),
        coalesce(v_steps, '[{"action": "restart_agent"}, {"action": "verify"}]'),
        -- "engine" is the engine's own name: what a person asks must not look like its decision.
        CASE
            WHEN coalesce(p_by, session_user) = 'engine' THEN 'person: engine'
            ELSE coalesce(p_by, session_user)
        END,
        p_now,
        p_now,
        CASE WHEN v_frozen_by IS NOT NULL THEN 'freeze' END,
        v_frozen_by,
        CASE WHEN v_frozen_by IS NULL THEN p_now END
    )
    ON CONFLICT (agent_id) WHERE state IN ('pending', 'claimed', 'executing', 'verifying')
    DO NOTHING
    RETURNING actions.action_id INTO v_action_id;
    IF v_action_id IS NULL THEN
        RAISE EXCEPTION 'agent "%" is being recovered already', p_agent_id
            USING ERRCODE = 'RC003',
                DETAIL = (
                    SELECT format('Action %s is %s.', actions.action_id, actions.state)
                    FROM health.recovery_actions AS actions
                    WHERE actions.agent_id = p_agent_id
                        AND actions.state IN ('pending', 'claimed', 'executing', 'verifying')
                ),
                HINT = 'Wait for it to end, or look at health.recovery_backlog; '
                    'health.approve_recoveries lets one that waits go on.';
    END IF;
    PERFORM pg_notify('health_wakeup', '');
    RETURN v_action_id;
END;
$$;

ALTER FUNCTION health.request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone) IS 'Queues the recovery of an agent on a person''s word, at once and outside back-off, budgets, storm and limit; in a freeze or maintenance it waits (approve_recoveries lets it go). Returns the action_id. Raises AG001 for an unknown agent, RC003 while one is under way, and a named CHECK for an unknown issue.';

--
-- Name: resolve_alert(bigint, text, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.resolve_alert(p_alert_id bigint, p_by text, p_note text DEFAULT NULL::text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION health.resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone) IS 'Closes an alert by hand, and its incident with the last one; while its condition holds the next tick opens a new one. Raises AL001 where the alert is not open.';

--
-- Name: run_housekeeping(); Type: PROCEDURE; Schema: health; Owner: health_owner
--

CREATE PROCEDURE health.run_housekeeping()
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_missing record;
    v_expired text;
BEGIN
    -- A loop, because each step is a transaction of its own: a lock waited for in one must not hold
    -- the locks of the others.
    FOR v_missing IN
        SELECT missing.* FROM health_internal.missing_partitions(clock_timestamp()) AS missing
    LOOP
        FOR v_try IN 1 .. 20
        LOOP
            EXIT WHEN health_internal.create_partition(
                v_missing.table_name, v_missing.from_at, v_missing.until_at, false
            );
            COMMIT;
        END LOOP;
        COMMIT;
    END LOOP;
    FOR v_expired IN
        SELECT expired.* FROM health_internal.expired_partitions(clock_timestamp()) AS expired
    LOOP
        PERFORM health_internal.drop_partition(v_expired);
        COMMIT;
    END LOOP;
    PERFORM health_internal.sweep(clock_timestamp());
    COMMIT;
END;
$$;

ALTER PROCEDURE health.run_housekeeping() OWNER TO health_owner;

--
-- Name: PROCEDURE run_housekeeping(); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON PROCEDURE health.run_housekeeping() IS 'Makes partitions ahead, drops those past settings.raw_retention and sweeps small tables, each step in a transaction of its own. Scheduled each minute; call it outside a transaction.';

--
-- Name: run_scheduled_tick(); Type: PROCEDURE; Schema: health; Owner: health_owner
--

CREATE PROCEDURE health.run_scheduled_tick()
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM health_internal.note_cron_tick();
    COMMIT;
    CALL health.run_tick();
END;
$$;

ALTER PROCEDURE health.run_scheduled_tick() OWNER TO health_owner;

--
-- Name: PROCEDURE run_scheduled_tick(); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON PROCEDURE health.run_scheduled_tick() IS 'pg_cron''s tick: run_tick, and engine_health.scheduler says pg_cron as long as it is called. Call it outside a transaction.';

--
-- Name: run_tick(); Type: PROCEDURE; Schema: health; Owner: health_owner
--

CREATE PROCEDURE health.run_tick()
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_fold record;
    v_is_unfinished boolean := false;
BEGIN
    BEGIN
        SELECT phase.*
        INTO v_fold
        FROM health_internal.fold_phase(clock_timestamp(), false) AS phase;
    EXCEPTION
        WHEN OTHERS THEN
            PERFORM health_internal.note_engine_error(format('fold: %s (%s)', SQLERRM, SQLSTATE));
            RAISE WARNING 'the fold failed: %', SQLERRM
                USING HINT = 'Nothing is lost: the next tick reads the same rows again.';
            COMMIT;
            RETURN;
    END;
    COMMIT;
    IF v_fold.is_busy THEN
        RETURN;
    END IF;
    -- Once, or where a storm's messages are committed first, twice.
    FOR v_part IN 1 .. 2
    LOOP
        BEGIN
            IF v_part = 1 THEN
                SELECT phase.is_unfinished
                INTO v_is_unfinished
                FROM health_internal.act_phase(v_fold.judged_until) AS phase;
            ELSE
                PERFORM health_internal.recover_phase(v_fold.judged_until);
            END IF;
        EXCEPTION
            WHEN OTHERS THEN
                PERFORM health_internal.note_engine_error(
                    format('act: %s (%s)', SQLERRM, SQLSTATE)
                );
                RAISE WARNING 'the act failed: %', SQLERRM
                    USING HINT = 'What was judged is kept; the next tick acts on it.';
        END;
        COMMIT;
        EXIT WHEN NOT v_is_unfinished;
    END LOOP;
END;
$$;

ALTER PROCEDURE health.run_tick() OWNER TO health_owner;

--
-- Name: PROCEDURE run_tick(); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON PROCEDURE health.run_tick() IS 'The scheduler''s tick, by the clock: commits after fold and judge, so that a failing act undoes no fold; a failing phase is kept in engine_health.last_error and tried again. Call it outside a transaction.';

--
-- Name: schedule_maintenance(jsonb, timestamp with time zone, timestamp with time zone, text, text, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.schedule_maintenance(p_matchers jsonb, p_from timestamp with time zone, p_until timestamp with time zone, p_by text, p_reason text, p_uptime_method text DEFAULT 'excluded'::text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_window_id bigint;
BEGIN
    IF p_from IS NULL OR p_until IS NULL OR p_until <= greatest(p_from, p_now)
        OR p_until = 'infinity' THEN
        RAISE EXCEPTION 'maintenance from % until % is no time to come', p_from, p_until
            USING ERRCODE = 'AL003',
                HINT = 'Give an end that is finite, after the beginning and not past.';
    END IF;
    INSERT INTO health.maintenance_windows AS windows (
        matchers, starts_at, ends_at, uptime_method, created_by, reason
    )
    VALUES (
        health_internal.check_matchers(p_matchers, health_internal.agent_matcher_keys()),
        p_from, p_until, p_uptime_method, coalesce(p_by, session_user), coalesce(p_reason, '')
    )
    RETURNING windows.window_id INTO v_window_id;
    PERFORM health_internal.refresh_maintenance(p_now);
    RETURN v_window_id;
END;
$$;

ALTER FUNCTION health.schedule_maintenance(p_matchers jsonb, p_from timestamp with time zone, p_until timestamp with time zone, p_by text, p_reason text, p_uptime_method text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION schedule_maintenance(p_matchers jsonb, p_from timestamp with time zone, p_until timestamp with time zone, p_by text, p_reason text, p_uptime_method text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.schedule_maintenance(p_matchers jsonb, p_from timestamp with time zone, p_until timestamp with time zone, p_by text, p_reason text, p_uptime_method text, p_now timestamp with time zone) IS 'Announces maintenance of the agents p_matchers name, from p_from (at once where that is past) to p_until: their alerts open but do not page, and they are not restarted. p_uptime_method says how availability counts it. Returns the window_id. Raises AL002 for matchers, AL003 for times, that make no sense.';

--
-- Name: schedule_sql(text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.schedule_sql(p_cron_version text DEFAULT '1.6'::text) RETURNS SETOF text
    LANGUAGE sql STABLE
    AS $$
    SELECT format(
        'SELECT cron.schedule_in_database(%L, %L, %L, %L%s)',
        jobs.job_name || '_' || current_database(), jobs.schedule, jobs.command, current_database(),
        coalesce(', ' || quote_literal(jobs.login_name), '')
    )
    FROM (
        SELECT
            -- Versions look like 1.6 or 1.4-1.
            coalesce(
                regexp_match(p_cron_version, '^(\d+)\.(\d+)')::integer [] >= ARRAY[1, 5], false
            ) AS knows_seconds,
            least(59, greatest(1, round(date_part('epoch', settings.tick_period)))) AS seconds
        FROM health.settings
    ) AS cron
    CROSS JOIN LATERAL (
        VALUES
        (
            'health_tick',
            CASE
                WHEN NOT cron.knows_seconds THEN '* * * * *'
                WHEN cron.seconds = 1 THEN '1 second'
                ELSE cron.seconds || ' seconds'
            END,
            CASE
                WHEN cron.knows_seconds THEN 'CALL health.run_scheduled_tick()'
                ELSE 'CALL health.tick_for_a_minute()'
            END,
            NULL
        ),
        ('health_housekeeping', '* * * * *', 'CALL health.run_housekeeping()', NULL),
        -- As a login that may become nobody else: see check_rules_session.
        (
            'health_rules',
            CASE WHEN cron.knows_seconds THEN '5 seconds' ELSE '* * * * *' END,
            'CALL health.evaluate_rules()',
            'health_rules_runner'
        )
    ) AS jobs (job_name, schedule, command, login_name)
    UNION ALL
    -- The history is where pg_cron lives; one job for all monitors of the cluster.
    SELECT format(
        'SELECT cron.schedule(%L, %L, %L)', 'health_cron_history', '17 * * * *',
        'DELETE FROM cron.job_run_details WHERE end_time < now() - interval ''1 day'' '
        'AND command LIKE ''CALL health.%'''
    );
$$;

ALTER FUNCTION health.schedule_sql(p_cron_version text) OWNER TO health_owner;

--
-- Name: FUNCTION schedule_sql(p_cron_version text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.schedule_sql(p_cron_version text) IS 'The statements that schedule the engine with pg_cron, to be run as a superuser in the database where pg_cron lives; run them again after a change of settings.tick_period. p_cron_version: its version (seconds need 1.5).';

--
-- Name: schedule_weekly_maintenance(jsonb, integer[], time without time zone, time without time zone, text, text, text, text, timestamp with time zone, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.schedule_weekly_maintenance(p_matchers jsonb, p_weekdays integer[], p_from time without time zone, p_until time without time zone, p_time_zone text, p_by text, p_reason text, p_uptime_method text DEFAULT 'excluded'::text, p_valid_from timestamp with time zone DEFAULT NULL::timestamp with time zone, p_valid_until timestamp with time zone DEFAULT NULL::timestamp with time zone, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_window_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_timezone_names AS zones WHERE zones.name = p_time_zone) THEN
        RAISE EXCEPTION 'time zone "%" is not known', coalesce(p_time_zone, 'NULL')
            USING ERRCODE = 'AL003',
                HINT = 'SELECT name FROM pg_timezone_names lists them, such as Europe/Berlin.';
    END IF;
    IF p_from IS NULL OR p_until IS NULL OR p_weekdays IS NULL THEN
        RAISE EXCEPTION 'weekly maintenance needs weekdays and two times of day'
            USING ERRCODE = 'AL003',
                HINT = 'Monday is 1 and Sunday 7; an end not later than the beginning is on the '
                    'next day.';
    END IF;
    INSERT INTO health.maintenance_windows AS windows (
        matchers, starts_at, ends_at, weekdays, from_time, until_time, time_zone, uptime_method,
        created_by, reason
    )
    VALUES (
        health_internal.check_matchers(p_matchers, health_internal.agent_matcher_keys()),
        coalesce(p_valid_from, '-infinity'), coalesce(p_valid_until, 'infinity'),
        p_weekdays, p_from, p_until, p_time_zone, p_uptime_method, coalesce(p_by, session_user),
        coalesce(p_reason, '')
    )
    RETURNING windows.window_id INTO v_window_id;
    PERFORM health_internal.refresh_maintenance(p_now);
    RETURN v_window_id;
END;
$$;

ALTER FUNCTION health.schedule_weekly_maintenance(p_matchers jsonb, p_weekdays integer[], p_from time without time zone, p_until time without time zone, p_time_zone text, p_by text, p_reason text, p_uptime_method text, p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION schedule_weekly_maintenance(p_matchers jsonb, p_weekdays integer[], p_from time without time zone, p_until time without time zone, p_time_zone text, p_by text, p_reason text, p_uptime_method text, p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.schedule_weekly_maintenance(p_matchers jsonb, p_weekdays integer[], p_from time without time zone, p_until time without time zone, p_time_zone text, p_by text, p_reason text, p_uptime_method text, p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_now timestamp with time zone) IS 'Announces maintenance on given days (Monday 1 to Sunday 7) between two local times of a zone; an end not later than the beginning is on the next day. Returns the window_id. Raises AL002 for matchers, AL003 for times, that make no sense.';

--
-- Name: seconds_until_rules_are_due(); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.seconds_until_rules_are_due() RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT date_part('epoch', min(rules.next_evaluation_at) - clock_timestamp())
    FROM health.alert_rules AS rules
    WHERE NOT rules.is_builtin AND rules.is_enabled;
$$;

ALTER FUNCTION health.seconds_until_rules_are_due() OWNER TO health_owner;

--
-- Name: FUNCTION seconds_until_rules_are_due(); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.seconds_until_rules_are_due() IS 'When evaluate_rules has something to do, seconds from now, negative: since when; NULL: there are no rules.';

--
-- Name: set_channel(text, text, text, boolean, boolean, double precision, integer); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text DEFAULT 'warning'::text, p_is_enabled boolean DEFAULT true, p_is_default boolean DEFAULT true, p_rate_per_minute double precision DEFAULT NULL::double precision, p_rate_burst integer DEFAULT 5) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    INSERT INTO health.channels AS channels (
        channel, kind, minimum_severity, is_enabled, is_default, rate_per_minute, rate_burst
    )
    VALUES (
        p_channel, p_kind, p_minimum_severity, p_is_enabled, p_is_default, p_rate_per_minute,
        p_rate_burst
    )
    ON CONFLICT (channel) DO UPDATE SET
        kind = excluded.kind,
        minimum_severity = excluded.minimum_severity,
        is_enabled = excluded.is_enabled,
        is_default = excluded.is_default,
        rate_per_minute = excluded.rate_per_minute,
        rate_burst = excluded.rate_burst;
$$;

ALTER FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean, p_is_default boolean, p_rate_per_minute double precision, p_rate_burst integer) OWNER TO health_owner;

--
-- Name: FUNCTION set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean, p_is_default boolean, p_rate_per_minute double precision, p_rate_burst integer); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean, p_is_default boolean, p_rate_per_minute double precision, p_rate_burst integer) IS 'Adds or changes a way to send messages. A channel is a name; its address and secret are in the bridge''s configuration. p_is_default: it hears of every incident from p_minimum_severity on, else only by steps of escalation policies. p_rate_per_minute and p_rate_burst throttle it.';

--
-- Name: set_escalation_policy(text, jsonb, jsonb, boolean); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.set_escalation_policy(p_escalation_policy text, p_matchers jsonb, p_steps jsonb, p_is_enabled boolean DEFAULT true) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_wrong text;
BEGIN
    IF jsonb_typeof(p_steps) IS DISTINCT FROM 'array' OR jsonb_array_length(p_steps) = 0 THEN
        RAISE EXCEPTION 'the steps of an escalation policy must be a list'
            USING ERRCODE = 'AL007',
                HINT = 'Write [{"delay": "15 minutes", "channel": "on_call"}], for example.';
    END IF;
    SELECT given.step::text
    INTO v_wrong
    FROM jsonb_array_elements(p_steps) AS given (step)
    WHERE jsonb_typeof(given.step) <> 'object'
        OR EXISTS (
            SELECT FROM jsonb_object_keys(
                CASE jsonb_typeof(given.step) WHEN 'object' THEN given.step ELSE '{}' END
            ) AS keys (key)
            WHERE keys.key NOT IN (
                'delay', 'channel', 'minimum_severity', 'repeat_count', 'repeat_interval'
            )
        )
        OR NOT EXISTS (
            SELECT FROM health.channels WHERE channels.channel = given.step ->> 'channel'
        )
    LIMIT 1;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'escalation step % is not understood', v_wrong
            USING ERRCODE = 'AL007',
                DETAIL = 'Keys are channel, delay, minimum_severity, repeat_count and '
                    'repeat_interval.',
                HINT = 'The channel must be one of health.channels; set_channel adds one.';
    END IF;

    INSERT INTO health.escalation_policies AS plans (escalation_policy, matchers, is_enabled)
    VALUES (
        p_escalation_policy,
        health_internal.check_matchers(p_matchers, health_internal.agent_matcher_keys()),
        p_is_enabled
    )
    ON CONFLICT (escalation_policy) DO UPDATE SET
        matchers = excluded.matchers,
        is_enabled = excluded.is_enabled;
    DELETE FROM health.escalation_steps AS steps
    WHERE steps.escalation_policy = p_escalation_policy;
    INSERT INTO health.escalation_steps (
        escalation_policy, step, channel, delay, minimum_severity, repeat_count, repeat_interval
    )
    SELECT
        p_escalation_policy,
        given.number,
        given.step ->> 'channel',
        coalesce((given.step ->> 'delay')::interval, interval '0'),
        coalesce(given.step ->> 'minimum_severity', 'warning'),
        coalesce((given.step ->> 'repeat_count')::integer, 0),
        coalesce((given.step ->> 'repeat_interval')::interval, interval '1 hour')
    FROM jsonb_array_elements(p_steps) WITH ORDINALITY AS given (step, number);
    -- Open incidents follow the new plan from the next tick on.
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.told_at IS NOT NULL;
END;
$$;

ALTER FUNCTION health.set_escalation_policy(p_escalation_policy text, p_matchers jsonb, p_steps jsonb, p_is_enabled boolean) OWNER TO health_owner;

--
-- Name: FUNCTION set_escalation_policy(p_escalation_policy text, p_matchers jsonb, p_steps jsonb, p_is_enabled boolean); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.set_escalation_policy(p_escalation_policy text, p_matchers jsonb, p_steps jsonb, p_is_enabled boolean) IS 'Adds or replaces a plan of escalation for the incidents of the agents p_matchers name: p_steps is a list of {"channel", "delay", "minimum_severity", "repeat_count", "repeat_interval"}, delays counted from the first page. A delay of 0 tells the channel with the first page. Raises AL007 for steps, AL002 for matchers, that are not understood.';

--
-- Name: set_policy(text, jsonb, text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.set_policy(p_policy_class text, p_changes jsonb, p_note text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION health.set_policy(p_policy_class text, p_changes jsonb, p_note text) OWNER TO health_owner;

--
-- Name: FUNCTION set_policy(p_policy_class text, p_changes jsonb, p_note text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.set_policy(p_policy_class text, p_changes jsonb, p_note text) IS 'Adds a version of a class''s policy: the one in force (for a new class the standard one) with p_changes, such as {"critical_below": 55}. Returns its policy_id. Raises EN004 for an unknown setting, and a named CHECK for values that do not fit.';

--
-- Name: set_recovery_strategy(text, text, jsonb); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.set_recovery_strategy(p_policy_class text, p_issue_type text, p_steps jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_problem constant text := health_internal.strategy_problem(p_steps);
    v_count integer;
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.current_policies AS policies
        WHERE policies.policy_class = p_policy_class
    ) THEN
        RAISE EXCEPTION 'there is no policy of class "%"', coalesce(p_policy_class, 'NULL')
            USING ERRCODE = 'AG004',
                HINT = 'SELECT policy_class FROM health.current_policies lists the classes; '
                    'health.set_policy makes one.';
    END IF;
    IF p_issue_type IS NULL OR p_issue_type NOT IN (
        'agent_unresponsive', 'high_error_rate', 'resource_exhaustion', 'performance_degradation',
        'database_connectivity'
    ) THEN
        RAISE EXCEPTION 'issue "%" is not known', coalesce(p_issue_type, 'NULL')
            USING ERRCODE = 'RC004',
                HINT = 'Name agent_unresponsive, high_error_rate, resource_exhaustion, '
                    'performance_degradation or database_connectivity.';
    END IF;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION 'the strategy cannot be used: %', v_problem
            USING ERRCODE = 'RC005',
                HINT = 'Give steps such as [{"action": "reload", "timeout_seconds": 20}, {"action": '
                    '"verify"}, {"action": "restart_agent"}, {"action": "verify"}, {"action": '
                    '"escalate"}]; what acts is followed by a verify.';
    END IF;
    -- Two administrators at once: the second replaces what the first wrote, never a mixture.
    LOCK TABLE health.recovery_strategies IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM health.recovery_strategies AS strategies
    WHERE strategies.policy_class = p_policy_class AND strategies.issue_type = p_issue_type;
    INSERT INTO health.recovery_strategies (
        policy_class, issue_type, step, action, parameters, timeout_seconds
    )
    SELECT
        p_policy_class,
        p_issue_type,
        steps.step,
        steps.item ->> 'action',
        coalesce(nullif(steps.item -> 'parameters', 'null'), '{}'),
        (steps.item ->> 'timeout_seconds')::float8
    FROM jsonb_array_elements(p_steps) WITH ORDINALITY AS steps (item, step);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health.set_recovery_strategy(p_policy_class text, p_issue_type text, p_steps jsonb) OWNER TO health_owner;

--
-- Name: FUNCTION set_recovery_strategy(p_policy_class text, p_issue_type text, p_steps jsonb); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.set_recovery_strategy(p_policy_class text, p_issue_type text, p_steps jsonb) IS 'Replaces the steps that answer an issue for agents of a class: a JSON array of {"action", "parameters", "timeout_seconds"}, in order. Recoveries queued already keep theirs. Returns how many steps there are. Raises AG004 for an unknown class, RC004 for an unknown issue, RC005 for steps that cannot be used, and a named CHECK for parameters that do not fit their action.';

--
-- Name: set_schedule(text, text, text, interval, interval); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.set_schedule(p_agent_id text, p_schedule text, p_time_zone text DEFAULT 'UTC'::text, p_grace interval DEFAULT '00:05:00'::interval, p_max_run_time interval DEFAULT NULL::interval) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE health.agents
    SET
        schedule = p_schedule,
        time_zone = p_time_zone,
        grace = p_grace,
        max_run_time = p_max_run_time,
        expected_interval = CASE WHEN p_schedule IS NULL THEN agents.expected_interval END,
        updated_at = clock_timestamp()
    WHERE agents.agent_id = p_agent_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'agent "%" is not registered', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'Call health.register_agent first.';
    END IF;
END;
$$;

ALTER FUNCTION health.set_schedule(p_agent_id text, p_schedule text, p_time_zone text, p_grace interval, p_max_run_time interval) OWNER TO health_owner;

--
-- Name: FUNCTION set_schedule(p_agent_id text, p_schedule text, p_time_zone text, p_grace interval, p_max_run_time interval); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.set_schedule(p_agent_id text, p_schedule text, p_time_zone text, p_grace interval, p_max_run_time interval) IS 'Expects a job''s runs at the times of a cron expression of five fields (or @hourly, @daily, @weekly, @monthly, @yearly) read in a time zone, from the next tick on, in place of an interval; NULL: at none. p_grace: how long a run may be late before it is missed. p_max_run_time: how long it may take. Raises AG001 for an unregistered agent, JB001 for a schedule that is not understood, JB002 for an unknown time zone.';

--
-- Name: silence(jsonb, timestamp with time zone, text, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.silence(p_matchers jsonb, p_until timestamp with time zone, p_by text, p_reason text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_silence_id bigint;
BEGIN
    IF p_until IS NULL OR p_until <= p_now OR p_until = 'infinity' THEN
        RAISE EXCEPTION 'a silence until % has no end to come', coalesce(p_until::text, 'NULL')
            USING ERRCODE = 'AL003',
                HINT = 'Give a finite time to come; a rule nobody needs is disabled, not silenced.';
    END IF;
    INSERT INTO health.silences AS silences (matchers, starts_at, ends_at, created_by, reason)
    VALUES (
        health_internal.check_matchers(
            p_matchers,
            health_internal.agent_matcher_keys()
            || ARRAY['maximum_severity', 'minimum_severity', 'rule']
        ),
        p_now, p_until, coalesce(p_by, session_user), coalesce(p_reason, '')
    )
    RETURNING silences.silence_id INTO v_silence_id;
    RETURN v_silence_id;
END;
$$;

ALTER FUNCTION health.silence(p_matchers jsonb, p_until timestamp with time zone, p_by text, p_reason text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION silence(p_matchers jsonb, p_until timestamp with time zone, p_by text, p_reason text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.silence(p_matchers jsonb, p_until timestamp with time zone, p_by text, p_reason text, p_now timestamp with time zone) IS 'Keeps alerts from being told until p_until: those that fit every key of p_matchers, which are those of maintenance and rule, minimum_severity, maximum_severity (what is more severe is still told). Returns the silence_id. Raises AL002 for matchers, AL003 for a time, that make no sense.';

--
-- Name: tick(timestamp with time zone, boolean); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.tick(p_now timestamp with time zone DEFAULT clock_timestamp(), p_is_replay boolean DEFAULT false) RETURNS TABLE(tick_id bigint, folded_rows bigint, agents_judged bigint, alerts_opened bigint, recoveries_queued bigint, is_busy boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_fold record;
    v_act record;
BEGIN
    SELECT phase.* INTO v_fold FROM health_internal.fold_phase(p_now, p_is_replay) AS phase;
    alerts_opened := 0;
    recoveries_queued := 0;
    IF NOT v_fold.is_busy THEN
        SELECT phase.* INTO v_act FROM health_internal.act_phase(v_fold.judged_until) AS phase;
        alerts_opened := v_act.alerts_opened;
        recoveries_queued := v_act.recoveries_queued;
        IF v_act.is_unfinished THEN
            recoveries_queued := health_internal.recover_phase(v_fold.judged_until);
        END IF;
    END IF;
    tick_id := v_fold.tick_id;
    folded_rows := v_fold.folded_rows;
    agents_judged := v_fold.agents_judged;
    is_busy := v_fold.is_busy;
    RETURN NEXT;
END;
$$;

ALTER FUNCTION health.tick(p_now timestamp with time zone, p_is_replay boolean) OWNER TO health_owner;

--
-- Name: FUNCTION tick(p_now timestamp with time zone, p_is_replay boolean); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.tick(p_now timestamp with time zone, p_is_replay boolean) IS 'One tick in one transaction: folds new rows, judges, acts, rings. For people, tests and replay; the scheduler calls run_tick. p_now: time to judge by; one not after the last tick''s folds but moves no timer. p_is_replay: steps of minutes are no gap of the monitor, and sessions are not watched. Returns is_busy, and does nothing, where another ticker works. Raises EN001.';

--
-- Name: tick_for_a_minute(); Type: PROCEDURE; Schema: health; Owner: health_owner
--

CREATE PROCEDURE health.tick_for_a_minute()
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_until constant timestamptz := clock_timestamp() + interval '59 seconds';
    v_period interval;
    v_next timestamptz;
BEGIN
    -- For pg_cron 1.4, whose shortest schedule is a minute.
    LOOP
        v_next := clock_timestamp() + (SELECT settings.tick_period FROM health.settings);
        CALL health.run_scheduled_tick();
        EXIT WHEN v_next > v_until;
        v_period := greatest(v_next - clock_timestamp(), interval '10 milliseconds');
        COMMIT;
        PERFORM pg_sleep(date_part('epoch', v_period));
        COMMIT;
    END LOOP;
END;
$$;

ALTER PROCEDURE health.tick_for_a_minute() OWNER TO health_owner;

--
-- Name: PROCEDURE tick_for_a_minute(); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON PROCEDURE health.tick_for_a_minute() IS 'Ticks each settings.tick_period for a minute: the job for pg_cron before 1.5, which knows minutes only. Call it outside a transaction.';

--
-- Name: unacknowledge_alert(bigint, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.unacknowledge_alert(p_alert_id bigint, p_by text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION health.unacknowledge_alert(p_alert_id bigint, p_by text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION unacknowledge_alert(p_alert_id bigint, p_by text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.unacknowledge_alert(p_alert_id bigint, p_by text, p_now timestamp with time zone) IS 'Gives back what was acknowledged: the next tick tells what is still wrong. Raises AL001 where nobody has it.';

--
-- Name: update_agent_state(text, text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.update_agent_state(p_agent_id text, p_state text) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO health.agent_heartbeats (agent_id, state) VALUES (p_agent_id, p_state);
$$;

ALTER FUNCTION health.update_agent_state(p_agent_id text, p_state text) OWNER TO health_owner;

--
-- Name: FUNCTION update_agent_state(p_agent_id text, p_state text); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.update_agent_state(p_agent_id text, p_state text) IS 'A heartbeat that tells only a state: initializing, active, running, idle, error, failed, stopping or stopped.';

--
-- Name: act_on_alerts(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.act_on_alerts(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_nestloop TO 'on'
    SET enable_seqscan TO 'on'
    SET jit TO 'off'
    AS $$
DECLARE
    v_opening health_internal.alert_change [];
    v_rising health_internal.alert_change [];
    v_closing bigint [];
    v_parents text [];
    v_opened bigint := 0;
BEGIN
    PERFORM health_internal.check_engine(p_now);

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

    IF coalesce(cardinality(v_opening), 0) + coalesce(cardinality(v_closing), 0) > 500 THEN
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
    PERFORM health_internal.note_unconfirmed(p_now);
    RETURN v_opened;
END;
$$;

ALTER FUNCTION health_internal.act_on_alerts(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION act_on_alerts(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.act_on_alerts(p_now timestamp with time zone) IS 'Opens and closes alerts and incidents so that they agree with wanted_alerts; returns how many alerts opened. notify tells of it.';

--
-- Name: act_on_recoveries(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.act_on_recoveries(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_queued bigint;
BEGIN
    PERFORM health_internal.rescue_recoveries(p_now);
    PERFORM health_internal.verify_recoveries(p_now);
    PERFORM health_internal.settle_recoveries(p_now);
    v_queued := health_internal.queue_recoveries(p_now);
    PERFORM health_internal.apply_brakes(p_now);
    PERFORM health_internal.run_own_steps(p_now);
    PERFORM health_internal.tell_of_escalations(p_now);

    -- Those queued before their incident opened.
    UPDATE health.recovery_actions AS actions
    SET incident_id = incidents.incident_id
    FROM health.incidents
    WHERE actions.action_id = ANY (ARRAY(
        SELECT early.action_id
        FROM health.recovery_actions AS early
        WHERE early.incident_id IS NULL
            AND early.state IN ('pending', 'claimed', 'executing', 'verifying')
        FOR UPDATE SKIP LOCKED
    ))
        AND incidents.agent_id = actions.agent_id
        AND incidents.resolved_at IS NULL;
    RETURN v_queued;
END;
$$;

ALTER FUNCTION health_internal.act_on_recoveries(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION act_on_recoveries(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.act_on_recoveries(p_now timestamp with time zone) IS 'Moves recoveries on: lost leases and time-outs, verification by heartbeats, needless ones, new ones, brakes, the database''s own steps, questions to people. Returns how many were queued.';

--
-- Name: act_phase(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint, OUT is_unfinished boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
BEGIN
    alerts_opened := 0;
    recoveries_queued := 0;
    is_unfinished := false;
    PERFORM FROM health_internal.engine FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM health_internal.tell_blindness(p_now);
    alerts_opened := health_internal.act_on_alerts(p_now);
    -- A page says what is being done about it; but that of a storm does not wait for its recoveries.
    is_unfinished := alerts_opened > 500;
    IF is_unfinished THEN
        PERFORM health_internal.notify(p_now);
        PERFORM pg_notify('health_wakeup', '');
    ELSE
        recoveries_queued := health_internal.recover_phase(p_now);
    END IF;
    UPDATE health_internal.engine
    SET last_act_ms = date_part('epoch', clock_timestamp() - v_started) * 1000;
END;
$$;

ALTER FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint, OUT is_unfinished boolean) OWNER TO health_owner;

--
-- Name: FUNCTION act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint, OUT is_unfinished boolean); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint, OUT is_unfinished boolean) IS 'Second phase of a tick: alerts, incidents, messages, recoveries. Returns alerts opened and recoveries queued; both 0 where another ticker acts. is_unfinished: hundreds of alerts opened, and their messages should be committed before recover_phase is called.';

--
-- Name: add_missing_agents(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.add_missing_agents() RETURNS bigint
    LANGUAGE plpgsql
    SET lock_timeout TO '50ms'
    AS $$
DECLARE
    v_count bigint := 0;
BEGIN
    INSERT INTO health.agents (agent_id, agent_name)
    SELECT
        status.agent_id,
        status.agent_id
    FROM health.agent_status AS status
    WHERE NOT EXISTS (SELECT FROM health.agents WHERE agents.agent_id = status.agent_id)
    ON CONFLICT (agent_id) DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
EXCEPTION
    -- Somebody registers one of them in an open transaction: the next tick tries again.
    WHEN lock_not_available THEN
        RETURN 0;
END;
$$;

ALTER FUNCTION health_internal.add_missing_agents() OWNER TO health_owner;

--
-- Name: FUNCTION add_missing_agents(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.add_missing_agents() IS 'Registers in agents who is watched without having registered; waits at most 50 ms for a lock and leaves the rest to the next call. Returns how many were added.';

--
-- Name: adopt_rows(pg_snapshot, xid8); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.adopt_rows(p_stored pg_snapshot, p_stored_own xid8) RETURNS bigint
    LANGUAGE plpgsql
    AS $_$
DECLARE
    v_table record;
    v_written_by xid;
    v_count bigint;
    v_total bigint := 0;
BEGIN
    SELECT engine.xmin
    INTO STRICT v_written_by
    FROM health_internal.engine;
    -- One statement per table: the tables differ.
    FOR v_table IN
        SELECT
            pg_namespace.nspname AS schema_name,
            pg_class.relname AS table_name
        FROM pg_class
        INNER JOIN pg_namespace ON pg_class.relnamespace = pg_namespace.oid
        WHERE pg_class.oid = ANY (ARRAY[
            'health.agent_heartbeats', 'health.ingest_heartbeats', 'health.performance_metrics',
            'health.system_events', 'health_internal.agent_changes', 'health_internal.job_signals'
        ]::regclass [])
    LOOP
        EXECUTE format(
            $sql$
            UPDATE %I.%I
            SET txid = CASE
                WHEN pg_visible_in_snapshot(txid, $1) OR txid = $2 THEN '3'::xid8
                ELSE pg_current_xact_id()
            END
            -- A row of this cluster is younger than the engine's, and its txid is its system xmin,
            -- or, if a subtransaction wrote it, a little older. A restored row's xmin may equal its
            -- txid by chance, therefore both are asked.
            WHERE NOT (
                age(xmin) < age($3)
                AND age((txid::text::bigint %% 4294967296)::text::xid) BETWEEN age(xmin) AND age($3)
            )
            $sql$,
            v_table.schema_name, v_table.table_name
        )
        USING p_stored, p_stored_own, v_written_by;
        GET DIAGNOSTICS v_count = ROW_COUNT;
        v_total := v_total + v_count;
    END LOOP;
    RETURN v_total;
END;
$_$;

ALTER FUNCTION health_internal.adopt_rows(p_stored pg_snapshot, p_stored_own xid8) OWNER TO health_owner;

--
-- Name: FUNCTION adopt_rows(p_stored pg_snapshot, p_stored_own xid8); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.adopt_rows(p_stored pg_snapshot, p_stored_own xid8) IS 'After a dump was restored into another cluster, or pg_upgrade: rows older than the engine''s last write, and rows whose system xmin does not belong to their txid, came from elsewhere; those not visible in the stored snapshot are given this transaction''s txid, so that this tick folds them, the others the txid 3, which no later tick reads. Returns how many.';

--
-- Name: agent_matcher_keys(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.agent_matcher_keys() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['agent_id'::text, 'agent_ids'::text, 'agent_type'::text, 'criticality'::text, 'labels'::text, 'minimum_revenue_usd_per_hour'::text, 'policy_class'::text, 'tenant'::text];

ALTER FUNCTION health_internal.agent_matcher_keys() OWNER TO health_owner;

--
-- Name: FUNCTION agent_matcher_keys(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.agent_matcher_keys() IS 'Keys of matchers that speak of agents.';

--
-- Name: agents_in_maintenance(text[], timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.agents_in_maintenance(p_agent_ids text[], p_now timestamp with time zone) RETURNS text[]
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(array_agg(DISTINCT periods.agent_id), '{}')
    FROM health.maintenance_periods AS periods
    WHERE periods.agent_id = ANY (p_agent_ids)
        AND periods.ended_at IS NULL
        AND periods.until_at > p_now;
$$;

ALTER FUNCTION health_internal.agents_in_maintenance(p_agent_ids text[], p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION agents_in_maintenance(p_agent_ids text[], p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.agents_in_maintenance(p_agent_ids text[], p_now timestamp with time zone) IS 'Which of these agents people work on at p_now: the only place that tells the brakes so.';

--
-- Name: apply_brakes(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.apply_brakes(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_storm constant text := health_internal.watch_storm(p_now);
    v_waiting constant text [] := ARRAY(
        SELECT actions.agent_id
        FROM health.recovery_actions AS actions
        WHERE actions.state = 'pending'
    );
    v_maintained text [];
    v_parents jsonb;
    v_group_attempts jsonb;
    v_free bigint;
    v_verdict record;
    v_moved bigint;
    v_released bigint := 0;
BEGIN
    IF v_waiting = '{}' THEN
        RETURN 0;
    END IF;
    v_maintained := health_internal.agents_in_maintenance(v_waiting, p_now);
    v_group_attempts := health_internal.spent_by_groups(p_now);
    SELECT coalesce(jsonb_object_agg(dead.agent_id, dead.parents), '{}')
    INTO v_parents
    FROM health_internal.missing_parents(v_waiting) AS dead;
    SELECT greatest(0, settings.recovery_concurrency - (
        SELECT count(*)
        FROM health.recovery_actions AS actions
        WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
            AND actions.requested_by = 'engine'
            AND (actions.state <> 'pending' OR actions.released_at IS NOT NULL)
    ))
    INTO STRICT v_free
    FROM health.settings;

    -- As few statements as there are answers: one for all that the storm holds, one for all that go.
    FOR v_verdict IN
        WITH policies AS MATERIALIZED (
            SELECT * FROM health.current_policies
        ),

        frozen AS MATERIALIZED (
            SELECT
                windows.policy_class,
                format('freeze "%s" until %s', windows.window_name, windows.until_at) AS reason,
                windows.until_at
            FROM health_internal.open_freeze_windows(p_now) AS windows
        ),

        -- What must wait, whoever asked for it; and what the engine asked, for more reasons.
        waiting AS (
            SELECT
                actions.action_id,
                actions.agent_id,
                actions.created_at,
                actions.not_before,
                actions.hold,
                actions.released_at,
                actions.requested_by = 'engine' AS is_engines,
                marks.is_new,
                freezes.reason AS freeze_reason,
                v_parents ->> actions.agent_id AS parents,
                policies.recovery_budget_count,
                policies.recovery_budget_window_seconds,
                policies.recovery_group_budget_count,
                policies.recovery_parent_seconds,
                agents.recovery_group,
                coalesce(agents.revenue_usd_per_hour, 0) AS revenue,
                CASE
                    WHEN actions.approved_at IS NOT NULL THEN NULL
                    WHEN freezes.reason IS NOT NULL THEN 'freeze'
                    WHEN actions.agent_id = ANY (v_maintained) THEN 'maintenance'
                    -- Past its first step it is under way: only people stop it.
                    WHEN actions.requested_by <> 'engine' OR actions.started_at IS NOT NULL THEN NULL
                    WHEN v_parents ? actions.agent_id THEN 'parent'
                    WHEN marks.is_new AND v_storm IS NOT NULL THEN 'storm'
                END AS must_wait_for
            FROM health.recovery_actions AS actions
            INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
            INNER JOIN policies ON status.policy_class = policies.policy_class
            LEFT JOIN health.agents ON actions.agent_id = agents.agent_id
            LEFT JOIN LATERAL (
                SELECT frozen.reason
                FROM frozen
                WHERE coalesce(frozen.policy_class, status.policy_class) = status.policy_class
                ORDER BY frozen.until_at DESC
                LIMIT 1
            ) AS freezes ON true
            CROSS JOIN LATERAL (
                SELECT actions.requested_by = 'engine'
                    AND actions.started_at IS NULL
                    AND actions.released_at IS NULL AS is_new
            ) AS marks
            WHERE actions.state = 'pending'
            OFFSET 0
        ),

        -- Budgets: first its own, then what is left of its group's, the dearest agents first.
        budgeted AS (
            SELECT
                waiting.*,
                CASE
                    WHEN NOT waiting.is_new OR waiting.must_wait_for IS NOT NULL THEN false
                    ELSE (
                        SELECT count(*)
                        FROM health.recovery_actions AS earlier
                        WHERE earlier.agent_id = waiting.agent_id
                            AND earlier.started_at > p_now - make_interval(
                                secs => waiting.recovery_budget_window_seconds
                            )
                    ) >= waiting.recovery_budget_count
                END AS is_over_budget
            FROM waiting
            OFFSET 0
        ),

        grouped AS (
            SELECT
                budgeted.*,
                budgeted.is_new
                AND budgeted.must_wait_for IS NULL
                AND NOT budgeted.is_over_budget
                AND budgeted.recovery_group IS NOT NULL
                AND coalesce((v_group_attempts ->> budgeted.recovery_group)::bigint, 0)
                + row_number() OVER (
                    PARTITION BY
                        budgeted.recovery_group,
                        budgeted.is_new
                        AND budgeted.must_wait_for IS NULL
                        AND NOT budgeted.is_over_budget
                    ORDER BY budgeted.revenue DESC, budgeted.not_before, budgeted.action_id
                ) > budgeted.recovery_group_budget_count AS is_over_group_budget
            FROM budgeted
            OFFSET 0
        ),

        due AS (
            SELECT
                grouped.*,
                grouped.must_wait_for IS NULL
                AND NOT grouped.is_over_budget
                AND NOT grouped.is_over_group_budget
                AND grouped.released_at IS NULL
                AND grouped.not_before <= p_now AS may_go
            FROM grouped
            OFFSET 0
        ),

        verdicts AS (
            SELECT
                due.*,
                CASE
                    WHEN due.must_wait_for IS NOT NULL THEN due.must_wait_for
                    WHEN due.may_go AND due.is_engines AND row_number() OVER (
                        PARTITION BY due.may_go AND due.is_engines
                        ORDER BY due.revenue DESC, due.not_before, due.action_id
                    ) > v_free THEN 'concurrency'
                END AS new_hold,
                CASE
                    WHEN due.must_wait_for = 'parent'
                        AND due.created_at + make_interval(secs => due.recovery_parent_seconds) < p_now
                        THEN format('it still lacks its parent: %s', due.parents)
                    WHEN due.must_wait_for IS NOT NULL THEN NULL
                    WHEN due.is_over_budget THEN 'the budget of attempts is used up'
                    WHEN due.is_over_group_budget
                        THEN format('the budget of its group "%s" is used up', due.recovery_group)
                END AS escalation
            FROM due
            OFFSET 0
        )

        SELECT
            answers.escalation,
            answers.hold,
            answers.hold_reason,
            answers.is_released,
            array_agg(answers.action_id) AS action_ids
        FROM (
            SELECT
                verdicts.action_id,
                verdicts.escalation,
                verdicts.new_hold AS hold,
                CASE verdicts.new_hold
                    WHEN 'freeze' THEN verdicts.freeze_reason
                    WHEN 'maintenance' THEN 'the agent is in maintenance'
                    WHEN 'parent' THEN format('parents first: %s', verdicts.parents)
                    WHEN 'storm' THEN v_storm
                    WHEN 'concurrency' THEN
                        'as many recoveries run as settings.recovery_concurrency allows'
                END AS hold_reason,
                verdicts.new_hold IS NULL AND verdicts.may_go AS is_released
            FROM verdicts
            -- What stays as it is is not written.
            WHERE verdicts.escalation IS NOT NULL
                OR verdicts.hold IS DISTINCT FROM verdicts.new_hold
                OR (verdicts.new_hold IS NULL AND verdicts.may_go)
        ) AS answers
        GROUP BY answers.escalation, answers.hold, answers.hold_reason, answers.is_released
    LOOP
        IF v_verdict.escalation IS NOT NULL THEN
            PERFORM health_internal.escalate_recoveries(
                p_now, v_verdict.action_ids, v_verdict.escalation
            );
        ELSE
            UPDATE health.recovery_actions AS actions
            SET
                hold = v_verdict.hold,
                hold_reason = v_verdict.hold_reason,
                released_at = CASE
                    WHEN v_verdict.is_released THEN p_now
                    WHEN v_verdict.hold IS NULL THEN actions.released_at
                END
            WHERE actions.action_id = ANY (ARRAY(
                SELECT pending.action_id
                FROM health.recovery_actions AS pending
                WHERE pending.action_id = ANY (v_verdict.action_ids) AND pending.state = 'pending'
                FOR UPDATE SKIP LOCKED
            ));
            GET DIAGNOSTICS v_moved = ROW_COUNT;
            IF v_verdict.is_released THEN
                v_released := v_released + v_moved;
            END IF;
        END IF;
    END LOOP;
    RETURN v_released;
END;
$$;

ALTER FUNCTION health_internal.apply_brakes(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION apply_brakes(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.apply_brakes(p_now timestamp with time zone) IS 'Looks at every pending recovery: lets those go that nothing holds, the dearest agents first, says of the others what they wait for, and hands to a person what its budget does not allow. Returns how many it let go.';

--
-- Name: arrived_agent_changes(health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_agent_changes(p_range health_internal.arrival_range) RETURNS TABLE(agent_id text)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id
    FROM health_internal.agent_changes AS arrived
    WHERE (
            arrived.txid >= (p_range).from_xmax
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
        )
        OR (
            arrived.txid = ANY ((p_range).in_progress)
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
            AND (
                arrived.txid IS DISTINCT FROM (p_range).last_own_xid
                OR arrived.cmin::text::bigint >= (p_range).last_own_from
            )
        )
        OR (
            arrived.txid = (p_range).own_xid
            AND arrived.cmin::text::bigint
            BETWEEN (p_range).own_from AND (p_range).own_until
        )
$$;

ALTER FUNCTION health_internal.arrived_agent_changes(p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_agent_changes(p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_agent_changes(p_range health_internal.arrival_range) IS 'Agents whose configuration changed. Inlined.';

--
-- Name: arrived_events(health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_events(p_range health_internal.arrival_range) RETURNS TABLE(agent_id text, event_type text, severity text, received_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id::text,
        arrived.event_type::text,
        arrived.severity::text,
        arrived.received_at
    FROM health.system_events AS arrived
    WHERE (
            arrived.txid >= (p_range).from_xmax
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
        )
        OR (
            arrived.txid = ANY ((p_range).in_progress)
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
            AND (
                arrived.txid IS DISTINCT FROM (p_range).last_own_xid
                OR arrived.cmin::text::bigint >= (p_range).last_own_from
            )
        )
        OR (
            arrived.txid = (p_range).own_xid
            AND arrived.cmin::text::bigint
            BETWEEN (p_range).own_from AND (p_range).own_until
        )
$$;

ALTER FUNCTION health_internal.arrived_events(p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_events(p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_events(p_range health_internal.arrival_range) IS 'Events to fold. Inlined.';

--
-- Name: arrived_heartbeats(health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_heartbeats(p_range health_internal.arrival_range) RETURNS TABLE(agent_id text, received_at timestamp with time zone, sent_at timestamp with time zone, state text, run_id text, work_items_processed bigint, error_count bigint, average_processing_time_ms double precision, cpu_usage_percent double precision, memory_usage_mb double precision, memory_limit_mb double precision, cost_efficiency double precision, user_satisfaction double precision, operational_efficiency double precision, revenue_impact_usd double precision)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id::text,
        arrived.received_at,
        arrived.sent_at,
        arrived.state::text,
        arrived.run_id::text,
        arrived.work_items_processed::bigint,
        arrived.error_count::bigint,
        arrived.average_processing_time_ms::double precision,
        arrived.cpu_usage_percent::double precision,
        arrived.memory_usage_mb::double precision,
        arrived.memory_limit_mb::double precision,
        arrived.cost_efficiency::double precision,
        arrived.user_satisfaction::double precision,
        arrived.operational_efficiency::double precision,
        arrived.revenue_impact_usd::double precision
    FROM health.agent_heartbeats AS arrived
    WHERE arrived.received_at >= (p_range).received_from
        AND (
            (
                arrived.txid >= (p_range).from_xmax
                AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
            )
            OR (
                arrived.txid = ANY ((p_range).in_progress)
                AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
                AND (
                    arrived.txid IS DISTINCT FROM (p_range).last_own_xid
                    OR arrived.cmin::text::bigint >= (p_range).last_own_from
                )
            )
            OR (
                arrived.txid = (p_range).own_xid
                AND arrived.cmin::text::bigint
                BETWEEN (p_range).own_from AND (p_range).own_until
            )
        )
    UNION ALL
    SELECT
        arrived.agent_id::text,
        arrived.received_at,
        arrived.sent_at,
        arrived.state::text,
        arrived.run_id::text,
        arrived.work_items_processed::bigint,
        arrived.error_count::bigint,
        arrived.average_processing_time_ms::double precision,
        arrived.cpu_usage_percent::double precision,
        arrived.memory_usage_mb::double precision,
        arrived.memory_limit_mb::double precision,
        arrived.cost_efficiency::double precision,
        arrived.user_satisfaction::double precision,
        arrived.operational_efficiency::double precision,
        arrived.revenue_impact_usd::double precision
    FROM health.ingest_heartbeats AS arrived
    WHERE arrived.received_at >= (p_range).received_from
        AND (
            (
                arrived.txid >= (p_range).from_xmax
                AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
            )
            OR (
                arrived.txid = ANY ((p_range).in_progress)
                AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
                AND (
                    arrived.txid IS DISTINCT FROM (p_range).last_own_xid
                    OR arrived.cmin::text::bigint >= (p_range).last_own_from
                )
            )
            OR (
                arrived.txid = (p_range).own_xid
                AND arrived.cmin::text::bigint
                BETWEEN (p_range).own_from AND (p_range).own_until
            )
        )
$$;

ALTER FUNCTION health_internal.arrived_heartbeats(p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_heartbeats(p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_heartbeats(p_range health_internal.arrival_range) IS 'Heartbeats to fold, with the columns of health_internal.beat; rows received before p_range.received_from are history and left out, which spares their partitions. Inlined.';

--
-- Name: arrived_metrics(health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_metrics(p_range health_internal.arrival_range) RETURNS TABLE(agent_id text, metric_name text, metric_value double precision, unit text, received_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id::text,
        arrived.metric_name::text,
        arrived.metric_value::double precision,
        arrived.unit::text,
        arrived.received_at
    FROM health.performance_metrics AS arrived
    WHERE (
            arrived.txid >= (p_range).from_xmax
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
        )
        OR (
            arrived.txid = ANY ((p_range).in_progress)
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
            AND (
                arrived.txid IS DISTINCT FROM (p_range).last_own_xid
                OR arrived.cmin::text::bigint >= (p_range).last_own_from
            )
        )
        OR (
            arrived.txid = (p_range).own_xid
            AND arrived.cmin::text::bigint
            BETWEEN (p_range).own_from AND (p_range).own_until
        )
$$;

ALTER FUNCTION health_internal.arrived_metrics(p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_metrics(p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_metrics(p_range health_internal.arrival_range) IS 'Metric values to fold. Inlined.';

--
-- Name: arrived_signals(health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_signals(p_range health_internal.arrival_range) RETURNS TABLE(agent_id text, run_id text, signal text, received_at timestamp with time zone, attributes jsonb)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id,
        arrived.run_id,
        arrived.signal,
        arrived.received_at,
        arrived.attributes
    FROM health_internal.job_signals AS arrived
    WHERE (
            arrived.txid >= (p_range).from_xmax
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
        )
        OR (
            arrived.txid = ANY ((p_range).in_progress)
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
            AND (
                arrived.txid IS DISTINCT FROM (p_range).last_own_xid
                OR arrived.cmin::text::bigint >= (p_range).last_own_from
            )
        )
        OR (
            arrived.txid = (p_range).own_xid
            AND arrived.cmin::text::bigint
            BETWEEN (p_range).own_from AND (p_range).own_until
        )
$$;

ALTER FUNCTION health_internal.arrived_signals(p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_signals(p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_signals(p_range health_internal.arrival_range) IS 'Signals of jobs to fold. Inlined.';

--
-- Name: ask_rule(name, name, integer); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.ask_rule(p_schema name, p_view name, p_row_limit integer, OUT findings jsonb, OUT error text, OUT is_cancelled boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    v_has_answered boolean := false;
BEGIN
    is_cancelled := false;
    BEGIN
        PERFORM set_config('transaction_read_only', 'on', true);
        EXECUTE format(
            $sql$
            SELECT jsonb_agg(jsonb_build_object(
                'agent_id', answer.found ->> 'agent_id',
                'severity', answer.found ->> 'severity',
                'summary', left(answer.found ->> 'summary', 1000),
                'details', CASE
                    WHEN pg_column_size(answer.found -> 'details') > 8192 THEN jsonb_build_object(
                        'left_out_bytes', pg_column_size(answer.found -> 'details')
                    )
                    ELSE answer.found -> 'details'
                END
            ))
            FROM (SELECT to_jsonb(found.*) AS found FROM %I.%I AS found LIMIT $1) AS answer
            $sql$,
            p_schema, p_view
        )
        INTO findings
        USING p_row_limit + 1;
        v_has_answered := true;
        -- Variables outlive the rollback of this block; whatever else the rule's functions did (settings,
        -- temporary objects, notifications, a role taken) does not.
        RAISE EXCEPTION 'rolled back';
    EXCEPTION
        WHEN query_canceled THEN
            findings := NULL;
            is_cancelled := true;
        WHEN OTHERS OR assert_failure THEN
            IF NOT v_has_answered THEN
                findings := NULL;
                error := format('%s (%s)', SQLERRM, SQLSTATE);
            END IF;
    END;
    -- Locks of the session are the one thing a rollback leaves.
    PERFORM pg_advisory_unlock_all();
END;
$_$;

ALTER FUNCTION health_internal.ask_rule(p_schema name, p_view name, p_row_limit integer, OUT findings jsonb, OUT error text, OUT is_cancelled boolean) OWNER TO health_owner;

--
-- Name: FUNCTION ask_rule(p_schema name, p_view name, p_row_limit integer, OUT findings jsonb, OUT error text, OUT is_cancelled boolean); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.ask_rule(p_schema name, p_view name, p_row_limit integer, OUT findings jsonb, OUT error text, OUT is_cancelled boolean) IS 'Reads a rule''s view with the session''s own rights in a read-only block that is always rolled back: its rows as a JSON array, one more than the limit at most (NULL: none), or what went wrong. Raises nothing.';

--
-- Name: await_ingest(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.await_ingest(p_now timestamp with time zone) RETURNS void
    LANGUAGE sql
    AS $$
    UPDATE health.monitor_gaps AS gaps
    SET ended_at = p_now, settled_at = p_now + settings.monitor_settle_time
    FROM health.settings
    WHERE gaps.reason = 'fleet_silent'
        AND gaps.settled_at > p_now
        AND gaps.ended_at < p_now
        AND p_now < gaps.started_at + 5 * settings.monitor_settle_time
$$;

ALTER FUNCTION health_internal.await_ingest(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION await_ingest(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.await_ingest(p_now timestamp with time zone) IS 'Nobody beat: a silence of the fleet that has not settled goes on, five times the settling time at most. The settling time counts from the first beat that shows that ingest works.';

--
-- Name: be_brief(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.be_brief() RETURNS text
    LANGUAGE sql
    AS $$
    SELECT set_config('idle_in_transaction_session_timeout', '10s', true);
$$;

ALTER FUNCTION health_internal.be_brief() OWNER TO health_owner;

--
-- Name: FUNCTION be_brief(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.be_brief() IS 'Ends the session if the present transaction is then left idle for 10 s: it holds rows the tick writes, and somebody who went for coffee after BEGIN must not stop the monitor.';

--
-- Name: begin_rule(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.begin_rule(p_now timestamp with time zone, OUT rule text, OUT evaluation_id bigint, OUT view_schema name, OUT view_name name, OUT row_limit integer) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_rule health.alert_rules;
    v_problem text;
BEGIN
    -- A loop, because a rule that cannot be asked is disabled on the way to one that can.
    LOOP
        SELECT rules.*
        INTO v_rule
        FROM health.alert_rules AS rules
        WHERE NOT rules.is_builtin
            AND rules.is_enabled
            AND rules.next_evaluation_at <= p_now
            AND (
                rules.evaluating_since IS NULL
                OR rules.evaluating_since < clock_timestamp() - interval '15 seconds'
            )
        ORDER BY rules.next_evaluation_at, rules.rule
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        -- An evaluation that never ended took its session with it, unless the server went down.
        IF v_rule.evaluating_since > pg_postmaster_start_time() THEN
            v_rule.unfinished_count := v_rule.unfinished_count + 1;
        END IF;
        v_problem := CASE
            WHEN v_rule.unfinished_count >= 2 THEN 'its evaluation ended the session, twice in a row'
            ELSE health_internal.rule_problem(v_rule.view_schema, v_rule.view_name)
        END;
        EXIT WHEN v_problem IS NULL;
        PERFORM health_internal.stop_rule(v_rule.rule, v_problem, p_now);
    END LOOP;
    UPDATE health.alert_rules AS rules
    SET
        evaluation_id = rules.evaluation_id + 1,
        evaluating_since = clock_timestamp(),
        evaluating_pid = pg_backend_pid(),
        unfinished_count = v_rule.unfinished_count
    WHERE rules.rule = v_rule.rule
    RETURNING rules.rule, rules.evaluation_id, rules.view_schema, rules.view_name, rules.row_limit
    INTO rule, evaluation_id, view_schema, view_name, row_limit;
END;
$$;

ALTER FUNCTION health_internal.begin_rule(p_now timestamp with time zone, OUT rule text, OUT evaluation_id bigint, OUT view_schema name, OUT view_name name, OUT row_limit integer) OWNER TO health_owner;

--
-- Name: FUNCTION begin_rule(p_now timestamp with time zone, OUT rule text, OUT evaluation_id bigint, OUT view_schema name, OUT view_name name, OUT row_limit integer); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.begin_rule(p_now timestamp with time zone, OUT rule text, OUT evaluation_id bigint, OUT view_schema name, OUT view_name name, OUT row_limit integer) IS 'Takes the rule that has been due longest: its name, the number of the evaluation, its view and how many rows that may have; NULL: none is due. Rules whose view is gone, unreadable or of another shape are disabled on the way.';

--
-- Name: begin_steps(timestamp with time zone, bigint[], text, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.begin_steps(p_now timestamp with time zone, p_action_ids bigint[], p_worker text, p_action text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO health.recovery_steps (action_id, step, action, parameters, worker, started_at)
    SELECT
        actions.action_id,
        actions.step,
        coalesce(p_action, actions.action),
        CASE WHEN p_action IS NULL THEN actions.parameters ELSE '{}' END,
        p_worker,
        p_now
    FROM health.recovery_actions AS actions
    WHERE actions.action_id = ANY (p_action_ids)
    ORDER BY actions.action_id;
END;
$$;

ALTER FUNCTION health_internal.begin_steps(p_now timestamp with time zone, p_action_ids bigint[], p_worker text, p_action text) OWNER TO health_owner;

--
-- Name: FUNCTION begin_steps(p_now timestamp with time zone, p_action_ids bigint[], p_worker text, p_action text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.begin_steps(p_now timestamp with time zone, p_action_ids bigint[], p_worker text, p_action text) IS 'Notes that the present steps of these recoveries began, as p_action where that is not the recovery''s own.';

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: monitor_gaps; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.monitor_gaps (
    gap_id bigint NOT NULL,
    reason text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT gap_reason_is_known CHECK ((reason = ANY (ARRAY['engine_stopped'::text, 'server_restarted'::text, 'fleet_silent'::text]))),
    CONSTRAINT monitor_gap_ends_after_its_start CHECK (((ended_at >= started_at) AND (settled_at >= ended_at)))
);

ALTER TABLE health.monitor_gaps OWNER TO health_owner;

--
-- Name: TABLE monitor_gaps; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.monitor_gaps IS 'One row per time in which the monitor itself was blind: nobody is accused of silence in it.';

--
-- Name: COLUMN monitor_gaps.gap_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.monitor_gaps.gap_id IS 'Number of the gap.';

--
-- Name: COLUMN monitor_gaps.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.monitor_gaps.reason IS 'engine_stopped, server_restarted or fleet_silent.';

--
-- Name: COLUMN monitor_gaps.started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.monitor_gaps.started_at IS 'Since when the monitor was blind.';

--
-- Name: COLUMN monitor_gaps.ended_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.monitor_gaps.ended_at IS 'Until when.';

--
-- Name: COLUMN monitor_gaps.settled_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.monitor_gaps.settled_at IS 'Until when agents that fell silent in it may take to come back: nobody is accused before.';

--
-- Name: COLUMN monitor_gaps.details; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.monitor_gaps.details IS 'What showed it.';

--
-- Name: blind_seconds(timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone) RETURNS double precision
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT COALESCE(sum(date_part('epoch'::text, (upper(blind.times) - lower(blind.times)))), (0)::double precision) AS "coalesce"
    FROM ( SELECT unnest(range_agg(tstzrange(GREATEST(gaps.started_at, blind_seconds.p_from),
                 CASE
                     WHEN (gaps.settled_at > blind_seconds.p_until) THEN blind_seconds.p_until
                     ELSE LEAST(gaps.ended_at, blind_seconds.p_until)
                 END))) AS times
            FROM health.monitor_gaps gaps
           WHERE ((
                 CASE
                     WHEN (gaps.settled_at > blind_seconds.p_until) THEN blind_seconds.p_until
                     ELSE gaps.ended_at
                 END > blind_seconds.p_from) AND (gaps.started_at < blind_seconds.p_until) AND ((gaps.reason <> 'fleet_silent'::text) OR (gaps.settled_at > blind_seconds.p_until)))) blind;
END;

ALTER FUNCTION health_internal.blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone) IS 'Seconds of a silence that are the monitor''s own: of gaps it reaches into (but a silence of the fleet), and all since the beginning of one that has not settled at p_until. A silence that began after a gap is not credited with it.';

--
-- Name: broken_channels(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.broken_channels(p_now timestamp with time zone) RETURNS TABLE(channel text, given_up_at timestamp with time zone)
    LANGUAGE sql STABLE
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
        );
$$;

ALTER FUNCTION health_internal.broken_channels(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION broken_channels(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.broken_channels(p_now timestamp with time zone) IS 'Channels that gave up on a message in the last 24 hours and have delivered none since.';

--
-- Name: bundle_deliveries(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.bundle_deliveries(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    v_count bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM health.channels WHERE channels.rate_per_minute IS NOT NULL) THEN
        RETURN 0;
    END IF;
    WITH crowded AS MATERIALIZED (
        SELECT waiting.channel
        FROM health.deliveries AS waiting
        INNER JOIN health.channels ON waiting.channel = channels.channel
        WHERE waiting.state = 'pending'
            AND waiting.not_before <= p_now
            AND waiting.incident_id IS NOT NULL
            AND channels.rate_per_minute IS NOT NULL
        GROUP BY waiting.channel, channels.rate_burst, channels
        HAVING count(*) > channels.rate_burst
            AND count(*) > health_internal.channel_tokens(channels, p_now)
    ),

    -- What a bridge is claiming at this moment is left to it.
    locked AS MATERIALIZED (
        SELECT waiting.delivery_id
        FROM health.deliveries AS waiting
        INNER JOIN crowded ON waiting.channel = crowded.channel
        WHERE waiting.state = 'pending'
            AND waiting.not_before <= p_now
            AND waiting.incident_id IS NOT NULL
        FOR UPDATE OF waiting SKIP LOCKED
    ),

    bundled AS MATERIALIZED (
        UPDATE health.deliveries AS waiting
        SET
            state = 'cancelled',
            finished_at = p_now,
            outcome = '{"reason": "throttled: bundled into a digest"}'
        FROM locked
        WHERE waiting.delivery_id = locked.delivery_id
        RETURNING waiting.*
    ),

    queued AS (
        INSERT INTO health.deliveries (
            channel, event, severity, subject, body, agent_ids, details, idempotency_key,
            created_at, not_before
        )
        SELECT
            digests.channel, 'digest', digests.severity, digests.subject, digests.body,
            digests.agent_ids, digests.details,
            format('digest-%s-%s', nextval('health_internal.fencing_tokens'), digests.channel),
            p_now, p_now
        FROM health_internal.compose_digests(ARRAY(
            -- Several messages of one incident are one line, its latest.
            SELECT DISTINCT ON (bundled.channel, bundled.incident_id)
                ROW(bundled.channel, bundled.incident_id, bundled.event, bundled.severity)
                ::health_internal.digest_line
            FROM bundled
            ORDER BY bundled.channel, bundled.incident_id, bundled.delivery_id DESC
        )) AS digests
        RETURNING deliveries.delivery_id, deliveries.channel
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason, channel, delivery_id
        )
        SELECT
            p_now, bundled.incident_id, incidents.agent_id, 'grouped', 'throttled',
            'message ' || bundled.delivery_id || ' was bundled', bundled.channel,
            queued.delivery_id
        FROM bundled
        INNER JOIN queued ON bundled.channel = queued.channel
        INNER JOIN health.incidents ON bundled.incident_id = incidents.incident_id
    )

    SELECT count(*)
    INTO v_count
    FROM queued;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.bundle_deliveries(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION bundle_deliveries(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.bundle_deliveries(p_now timestamp with time zone) IS 'Makes one digest of the waiting messages of a channel that holds more of them than its bucket will ever hand out at once; nothing is lost. Returns how many digests.';

--
-- Name: channels; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.channels (
    channel text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    minimum_severity text DEFAULT 'warning'::text NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    is_default boolean DEFAULT true NOT NULL,
    rate_per_minute double precision,
    rate_burst integer DEFAULT 5 NOT NULL,
    rate_tokens double precision,
    rate_tokens_at timestamp with time zone,
    group_until timestamp with time zone,
    group_messages_left integer DEFAULT 0 NOT NULL,
    group_severity text,
    CONSTRAINT channel_is_a_name_and_no_address_or_secret CHECK (((channel ~ '^[A-Za-z][A-Za-z0-9_.-]{0,39}$'::text) AND (kind ~ '^[a-z][a-z0-9_]{0,39}$'::text))),
    CONSTRAINT channel_rate_is_positive CHECK (((rate_per_minute > (0)::double precision) AND (rate_per_minute <= ('1000000'::numeric)::double precision) AND ((rate_burst >= 1) AND (rate_burst <= 10000)))),
    CONSTRAINT channel_severity_is_known CHECK ((minimum_severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text])))
);

ALTER TABLE health.channels OWNER TO health_owner;

--
-- Name: TABLE channels; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.channels IS 'One row per way to send messages. Names only: addresses and secrets are in the bridge''s configuration.';

--
-- Name: COLUMN channels.channel; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.channel IS 'Name of the channel.';

--
-- Name: COLUMN channels.kind; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.kind IS 'Kind of channel, such as console or webhook.';

--
-- Name: COLUMN channels.minimum_severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.minimum_severity IS 'Lowest severity sent there.';

--
-- Name: COLUMN channels.is_enabled; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.is_enabled IS 'Whether messages are queued for it.';

--
-- Name: COLUMN channels.is_default; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.is_default IS 'Whether it hears of every incident; else only by steps of escalation policies.';

--
-- Name: COLUMN channels.rate_per_minute; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.rate_per_minute IS 'Messages per minute it may be handed in the long run (token bucket); NULL: no limit.';

--
-- Name: COLUMN channels.rate_burst; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.rate_burst IS 'Size of the bucket: messages at once after a quiet time.';

--
-- Name: COLUMN channels.rate_tokens; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.rate_tokens IS 'Tokens in the bucket at rate_tokens_at.';

--
-- Name: COLUMN channels.rate_tokens_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.rate_tokens_at IS 'When the bucket was last reckoned.';

--
-- Name: COLUMN channels.group_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.group_until IS 'End of the grouping window its last first page opened.';

--
-- Name: COLUMN channels.group_messages_left; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.group_messages_left IS 'Pages that may leave at once in that window; then they wait for its digest.';

--
-- Name: COLUMN channels.group_severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.channels.group_severity IS 'Highest severity paged in that window; a higher one does not wait.';

--
-- Name: channel_tokens(health.channels, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.channel_tokens(p_channel health.channels, p_now timestamp with time zone) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((p_channel).rate_per_minute IS NULL) THEN 'Infinity'::double precision ELSE LEAST(((p_channel).rate_burst)::double precision, COALESCE(((p_channel).rate_tokens + ((p_channel).rate_per_minute * GREATEST((0)::double precision, (date_part('epoch'::text, (p_now - (p_channel).rate_tokens_at)) / (60)::double precision)))), ((p_channel).rate_burst)::double precision)) END;

ALTER FUNCTION health_internal.channel_tokens(p_channel health.channels, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION channel_tokens(p_channel health.channels, p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.channel_tokens(p_channel health.channels, p_now timestamp with time zone) IS 'Messages a channel may be handed at p_now: its bucket fills at rate_per_minute up to rate_burst.';

--
-- Name: check_engine(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.check_engine(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
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

ALTER FUNCTION health_internal.check_engine(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION check_engine(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.check_engine(p_now timestamp with time zone) IS 'Brings the engine''s own rows of rule_findings up to date, every 10 s.';

--
-- Name: check_matchers(jsonb, text[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.check_matchers(p_matchers jsonb, p_keys text[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_wrong text;
BEGIN
    IF jsonb_typeof(p_matchers) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'matchers must be a JSON object, not %', coalesce(p_matchers::text, 'NULL')
            USING ERRCODE = 'AL002',
                HINT = 'Write {"agent_id": "web-*"}, for example; {} matches every agent.';
    END IF;
    SELECT format('"%s": %s', given.key, given.value)
    INTO v_wrong
    FROM jsonb_each(p_matchers) AS given
    WHERE NOT given.key = ANY (p_keys)
        OR CASE given.key
            WHEN 'labels' THEN jsonb_typeof(given.value) <> 'object'
            WHEN 'agent_ids' THEN jsonb_typeof(given.value) <> 'array'
            WHEN 'minimum_revenue_usd_per_hour' THEN jsonb_typeof(given.value) <> 'number'
            WHEN 'minimum_severity'
                THEN health_internal.severity_rank(given.value #>> '{}') IS NULL
            WHEN 'maximum_severity'
                THEN health_internal.severity_rank(given.value #>> '{}') IS NULL
            WHEN 'rule' THEN NOT EXISTS (
                SELECT FROM health.alert_rules WHERE alert_rules.rule = given.value #>> '{}'
            )
            ELSE jsonb_typeof(given.value) <> 'string'
        END
    ORDER BY given.key
    LIMIT 1;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'matcher % is not understood', v_wrong
            USING ERRCODE = 'AL002',
                DETAIL = format('Keys are %s.', array_to_string(p_keys, ', ')),
                HINT = 'labels is an object, agent_ids a list, minimum_revenue_usd_per_hour a '
                    'number, severities and rules are known ones, the rest is text.';
    END IF;
    RETURN p_matchers;
END;
$$;

ALTER FUNCTION health_internal.check_matchers(p_matchers jsonb, p_keys text[]) OWNER TO health_owner;

--
-- Name: FUNCTION check_matchers(p_matchers jsonb, p_keys text[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.check_matchers(p_matchers jsonb, p_keys text[]) IS 'Returns p_matchers where each key is one of p_keys and fits. Raises AL002 where not.';

--
-- Name: check_policy_class(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.check_policy_class(p_policy_class text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF p_policy_class IS NOT NULL AND NOT EXISTS (
        SELECT FROM health.current_policies AS policies
        WHERE policies.policy_class = p_policy_class
    ) THEN
        RAISE EXCEPTION 'there is no policy of class "%"', p_policy_class
            USING ERRCODE = 'AG004',
                HINT = 'SELECT policy_class FROM health.current_policies lists the classes.';
    END IF;
END;
$$;

ALTER FUNCTION health_internal.check_policy_class(p_policy_class text) OWNER TO health_owner;

--
-- Name: FUNCTION check_policy_class(p_policy_class text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.check_policy_class(p_policy_class text) IS 'Raises AG004 for a policy class that does not exist; NULL is no class.';

--
-- Name: check_rules_session(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.check_rules_session() RETURNS double precision
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_too_much text;
    v_timeout_ms double precision;
BEGIN
    SELECT CASE
        WHEN NOT pg_has_role(session_user, 'health_rules', 'USAGE')
            THEN 'it has not the role health_rules'
        WHEN login.rolsuper THEN 'it is a superuser'
        WHEN login.rolcreaterole OR login.rolcreatedb OR login.rolreplication OR login.rolbypassrls
            THEN 'it has rights over the whole server'
        WHEN (
            SELECT activity.usesysid FROM pg_stat_activity AS activity
            WHERE activity.pid = pg_backend_pid()
        ) IS DISTINCT FROM login.oid THEN 'the session began as somebody else'
        ELSE (
            SELECT 'it may become ' || string_agg(others.rolname, ', ' ORDER BY others.rolname)
            FROM pg_roles AS others
            WHERE others.rolname NOT IN (session_user, 'health_rules')
                AND pg_has_role(session_user, others.oid, 'MEMBER')
        )
    END
    INTO v_too_much
    FROM pg_roles AS login
    WHERE login.rolname = session_user;
    IF v_too_much IS NOT NULL THEN
        RAISE EXCEPTION 'login "%" may not evaluate rules', session_user
            USING ERRCODE = 'RU003',
                DETAIL = upper(left(v_too_much, 1)) || substr(v_too_much, 2) || '.',
                HINT = 'A rule''s functions can fall back to the login. Connect as '
                    'health_rules_runner, or as a login with the role health_rules and no other.';
    END IF;
    SELECT pg_settings.setting::double precision
    INTO STRICT v_timeout_ms
    FROM pg_settings
    WHERE pg_settings.name = 'statement_timeout';
    IF v_timeout_ms = 0 OR v_timeout_ms > 5000 THEN
        RAISE EXCEPTION 'statement_timeout of login "%" is not between 1 ms and 5 s', session_user
            USING ERRCODE = 'RU003',
                HINT = format('ALTER ROLE %I SET statement_timeout = ''500ms'';', session_user);
    END IF;
    RETURN v_timeout_ms;
END;
$$;

ALTER FUNCTION health_internal.check_rules_session() OWNER TO health_owner;

--
-- Name: FUNCTION check_rules_session(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.check_rules_session() IS 'Refuses to evaluate rules (RU003) in a session whose login could become more than health_rules, or that has no statement_timeout; returns it in milliseconds.';

--
-- Name: clipped(double precision, double precision, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.clipped(p_value double precision, p_mean double precision, p_count bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((p_count >= 10) AND (p_value > ((3)::double precision * p_mean))) THEN ((3)::double precision * p_mean) ELSE p_value END;

ALTER FUNCTION health_internal.clipped(p_value double precision, p_mean double precision, p_count bigint) OWNER TO health_owner;

--
-- Name: FUNCTION clipped(p_value double precision, p_mean double precision, p_count bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.clipped(p_value double precision, p_mean double precision, p_count bigint) IS 'A value for a baseline, where after ten values one counts at most three times the mean.';

--
-- Name: clock_change(text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.clock_change(p_time_zone text, p_before timestamp with time zone, p_after timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
DECLARE
    v_before timestamptz := p_before;
    v_after timestamptz := p_after;
    v_middle timestamptz;
BEGIN
    -- Halving, down to the second.
    WHILE v_after - v_before > interval '1 second'
    LOOP
        v_middle := date_trunc('second', v_before + (v_after - v_before) / 2);
        EXIT WHEN v_middle <= v_before;
        IF health_internal.clock_offset(p_time_zone, v_middle)
            = health_internal.clock_offset(p_time_zone, p_after) THEN
            v_after := v_middle;
        ELSE
            v_before := v_middle;
        END IF;
    END LOOP;
    RETURN v_after;
END;
$$;

ALTER FUNCTION health_internal.clock_change(p_time_zone text, p_before timestamp with time zone, p_after timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION clock_change(p_time_zone text, p_before timestamp with time zone, p_after timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.clock_change(p_time_zone text, p_before timestamp with time zone, p_after timestamp with time zone) IS 'When, between two moments, a time zone''s clock changed to what it is at the later one.';

--
-- Name: clock_offset(text, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.clock_offset(p_time_zone text, p_at timestamp with time zone) RETURNS interval
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((p_at AT TIME ZONE p_time_zone) - (p_at AT TIME ZONE 'UTC'::text));

ALTER FUNCTION health_internal.clock_offset(p_time_zone text, p_at timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION clock_offset(p_time_zone text, p_at timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.clock_offset(p_time_zone text, p_at timestamp with time zone) IS 'How far a time zone''s clock is ahead of UTC at a moment.';

--
-- Name: close_alerts(timestamp with time zone, bigint[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.close_alerts(p_now timestamp with time zone, p_closing bigint[]) RETURNS text[]
    LANGUAGE sql
    AS $$
    WITH closed AS (
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = 'engine'
        FROM unnest(p_closing) AS closing (alert_id)
        INNER JOIN health.alerts AS candidates ON closing.alert_id = candidates.alert_id
        LEFT JOIN health.agent_status AS status ON candidates.agent_id = status.agent_id
        WHERE alerts.alert_id = closing.alert_id
            AND CASE
                -- A failed recovery is over when nothing else is wrong with the agent.
                WHEN alerts.rule = 'recovery_failed'
                    THEN status.active_conditions = '{}' AND status.issue_type IS NULL
                -- An agent says goodbye while it is being restarted: that is no recovery yet.
                WHEN status.liveness IN ('stopped', 'starting')
                    THEN NOT EXISTS (
                        SELECT FROM health.recovery_actions AS actions
                        WHERE actions.agent_id = alerts.agent_id
                            AND actions.state IN ('claimed', 'executing', 'verifying')
                    )
                ELSE true
            END
        RETURNING alerts.alert_id, alerts.incident_id, alerts.agent_id, alerts.rule
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, alert_id, agent_id, event, reason
        )
        SELECT
            p_now, closed.incident_id, closed.alert_id, closed.agent_id, 'resolved',
            CASE closed.rule
                WHEN 'recovery_failed' THEN 'the agent is healthy'
                ELSE 'the condition no longer holds'
            END
        FROM closed
    ),

    ended AS (
        UPDATE health.incidents
        SET resolved_at = p_now, next_check_at = '-infinity'
        FROM (SELECT DISTINCT closed.incident_id FROM closed) AS less
        WHERE incidents.incident_id = less.incident_id
            AND incidents.resolved_at IS NULL
            AND NOT EXISTS (
                SELECT FROM health.alerts AS standing
                WHERE standing.incident_id = incidents.incident_id
                    AND standing.resolved_at IS NULL
                    -- What this statement closed still looks open to it.
                    AND NOT EXISTS (
                        SELECT FROM closed WHERE closed.alert_id = standing.alert_id
                    )
            )
    )

    SELECT array_agg(closed.agent_id) FILTER (WHERE closed.rule IN ('unresponsive', 'failed'))
    FROM closed;
$$;

ALTER FUNCTION health_internal.close_alerts(p_now timestamp with time zone, p_closing bigint[]) OWNER TO health_owner;

--
-- Name: FUNCTION close_alerts(p_now timestamp with time zone, p_closing bigint[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.close_alerts(p_now timestamp with time zone, p_closing bigint[]) IS 'Closes alerts whose rule no longer holds, and incidents with none left; returns agents that came back from the dead.';

--
-- Name: close_fleet_incidents(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.close_fleet_incidents(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_ended bigint [];
BEGIN
    SELECT array_agg(shared.incident_id)
    INTO v_ended
    FROM health.incidents AS shared
    CROSS JOIN LATERAL (
        SELECT count(*) AS agent_count
        FROM health.incident_members AS members
        WHERE members.incident_id = shared.incident_id
    ) AS fleet
    CROSS JOIN LATERAL (
        SELECT count(*) AS agent_count
        FROM health.incidents AS own
        WHERE own.fleet_incident_id = shared.incident_id AND own.resolved_at IS NULL
    ) AS troubled
    WHERE shared.agent_id IS NULL
        AND shared.resolved_at IS NULL
        -- Its agents' own incidents may still be about to open.
        AND shared.detected_at < p_now
        AND fleet.agent_count > 0
        AND troubled.agent_count * 10 <= fleet.agent_count;
    IF v_ended IS NULL THEN
        RETURN;
    END IF;

    WITH closed AS (
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = 'engine'
        WHERE alerts.incident_id = ANY (v_ended) AND alerts.resolved_at IS NULL
        RETURNING alerts.alert_id, alerts.incident_id
    )

    INSERT INTO health.alert_events (occurred_at, incident_id, alert_id, event, reason)
    SELECT p_now, closed.incident_id, closed.alert_id, 'resolved', 'most of its agents are back'
    FROM closed;
    UPDATE health.incidents
    SET resolved_at = p_now, next_check_at = '-infinity'
    WHERE incidents.incident_id = ANY (v_ended);
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE incidents.fleet_incident_id = ANY (v_ended) AND NOT incidents.is_settled;
END;
$$;

ALTER FUNCTION health_internal.close_fleet_incidents(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION close_fleet_incidents(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.close_fleet_incidents(p_now timestamp with time zone) IS 'Ends incidents of many agents of whom no more than a tenth are still in trouble.';

--
-- Name: close_storm_alert(timestamp with time zone, text, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.close_storm_alert(p_now timestamp with time zone, p_by text, p_reason text) RETURNS void
    LANGUAGE sql
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

ALTER FUNCTION health_internal.close_storm_alert(p_now timestamp with time zone, p_by text, p_reason text) OWNER TO health_owner;

--
-- Name: FUNCTION close_storm_alert(p_now timestamp with time zone, p_by text, p_reason text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.close_storm_alert(p_now timestamp with time zone, p_by text, p_reason text) IS 'Closes the alert recovery_storm and its incident.';

--
-- Name: compose_digests(health_internal.digest_line[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.compose_digests(p_lines health_internal.digest_line[]) RETURNS TABLE(channel text, severity text, subject text, body text, agent_ids text[], details jsonb)
    LANGUAGE sql STABLE
    AS $$
    WITH lines AS MATERIALIZED (
        SELECT
            given.channel,
            given.incident_id,
            given.event,
            given.severity,
            incidents.agent_id,
            incidents.revenue_usd_per_hour
        FROM unnest(p_lines) AS given
        INNER JOIN health.incidents ON given.incident_id = incidents.incident_id
    ),

    -- Fifty at most are told by name; nobody reads more.
    foremost AS (
        SELECT
            best.*,
            row_number() OVER (
                PARTITION BY best.channel
                ORDER BY
                    best.event = 'resolved',
                    health_internal.severity_rank(best.severity) DESC,
                    best.revenue_usd_per_hour DESC,
                    best.incident_id
            ) AS place
        FROM (SELECT DISTINCT lines.channel FROM lines) AS routes
        CROSS JOIN LATERAL (
            SELECT lines.*
            FROM lines
            WHERE lines.channel = routes.channel
            ORDER BY
                lines.event = 'resolved',
                health_internal.severity_rank(lines.severity) DESC,
                lines.revenue_usd_per_hour DESC,
                lines.incident_id
            LIMIT 50
        ) AS best
    ),

    shown AS (
        SELECT
            lines.*,
            coalesce(agents.agent_name, lines.agent_id, 'HeartbeatHealthAgent') AS agent_name,
            CASE
                WHEN lines.event = 'resolved' THEN 'resolved'
                ELSE coalesce(spoken.summary, lines.severity)
            END AS summary
        FROM foremost AS lines
        LEFT JOIN health.agents ON lines.agent_id = agents.agent_id
        LEFT JOIN LATERAL (
            SELECT
                string_agg(
                    alerts.summary, '; ' ORDER BY rules.message_order, alerts.alert_id
                ) AS summary
            FROM health.alerts
            LEFT JOIN health.alert_rules AS rules ON alerts.rule = rules.rule
            WHERE alerts.incident_id = lines.incident_id AND alerts.resolved_at IS NULL
        ) AS spoken ON true
    ),

    named AS (
        SELECT
            shown.channel,
            min(shown.summary) FILTER (WHERE shown.place = 1) AS first_summary,
            string_agg(shown.agent_name || ': ' || shown.summary, E'\n' ORDER BY shown.place)
                AS listing,
            jsonb_agg(
                jsonb_build_object(
                    'agent_id', shown.agent_id, 'agent_name', shown.agent_name,
                    'severity', shown.severity, 'summary', shown.summary
                )
                ORDER BY shown.place
            ) AS agents
        FROM shown
        GROUP BY shown.channel
    ),

    counted AS (
        SELECT
            lines.channel,
            count(*) AS incident_count,
            count(*) FILTER (WHERE lines.event = 'resolved') AS resolved_count,
            coalesce(
                max(health_internal.severity_rank(lines.severity))
                    FILTER (WHERE lines.event <> 'resolved'),
                max(health_internal.severity_rank(lines.severity))
            ) AS severity_rank,
            sum(lines.revenue_usd_per_hour) FILTER (WHERE lines.event <> 'resolved')
                AS revenue_usd_per_hour,
            array_agg(lines.agent_id ORDER BY lines.agent_id)
                FILTER (WHERE lines.agent_id IS NOT NULL) AS agent_ids
        FROM lines
        GROUP BY lines.channel
    )

    SELECT
        counted.channel,
        health_internal.severity_of_rank(counted.severity_rank),
        left(translate(
            counted.incident_count || ' incidents: ' || CASE
                WHEN counted.resolved_count = counted.incident_count THEN 'resolved'
                WHEN counted.resolved_count > 0
                    THEN named.first_summary || ', ' || counted.resolved_count || ' resolved'
                ELSE named.first_summary
            END,
            E'\n\r', '  '
        ), 300),
        counted.incident_count || E' incidents together:\n' || named.listing
        || CASE WHEN counted.incident_count > 50 THEN E'\n…' ELSE '' END,
        coalesce(counted.agent_ids, '{}'),
        jsonb_strip_nulls(jsonb_build_object(
            'event', 'digest',
            'severity', health_internal.severity_of_rank(counted.severity_rank),
            'summary', named.first_summary,
            'incident_count', counted.incident_count,
            'resolved_count', counted.resolved_count,
            'revenue_usd_per_hour', nullif(counted.revenue_usd_per_hour, 0),
            'agents', named.agents
        ))
    FROM counted
    INNER JOIN named ON counted.channel = named.channel;
$$;

ALTER FUNCTION health_internal.compose_digests(p_lines health_internal.digest_line[]) OWNER TO health_owner;

--
-- Name: FUNCTION compose_digests(p_lines health_internal.digest_line[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.compose_digests(p_lines health_internal.digest_line[]) IS 'One message per channel for its lines: those still open first, the most severe and dearest of them by name, at most 50.';

--
-- Name: configure_jobs(timestamp with time zone, text[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.configure_jobs(p_now timestamp with time zone, p_agent_ids text[]) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE
    v_jobs text [];
BEGIN
    v_jobs := ARRAY(
        SELECT agents.agent_id
        FROM health.agents
        WHERE agents.agent_id = ANY (p_agent_ids) AND agents.schedule IS NOT NULL
        UNION
        SELECT jobs.agent_id
        FROM health.job_expectations AS jobs
        WHERE jobs.agent_id = ANY (p_agent_ids)
    );
    IF v_jobs = '{}' THEN
        RETURN;
    END IF;
    DELETE FROM health.job_expectations AS jobs
    WHERE jobs.agent_id = ANY (v_jobs)
        AND NOT EXISTS (
            SELECT FROM health.agents
            WHERE agents.agent_id = jobs.agent_id
                AND (agents.schedule IS NOT NULL OR jobs.uses_signals)
        );
    INSERT INTO health.job_expectations AS jobs (
        agent_id, schedule, time_zone, grace, max_run_time, counts_from, expected_at, late_at,
        missed_at, check_at, schedule_problem, missed_run_id
    )
    SELECT
        agents.agent_id,
        agents.schedule,
        agents.time_zone,
        agents.grace,
        agents.max_run_time,
        expected.counts_from,
        expected.expected_at,
        expected.expected_at + agents.grace / 2,
        expected.expected_at + agents.grace,
        expected.expected_at + agents.grace / 2,
        expected.problem,
        -- What an old schedule missed is nobody's concern any more.
        CASE WHEN plans.is_same THEN known.missed_run_id END
    FROM health.agents
    LEFT JOIN health.job_expectations AS known ON agents.agent_id = known.agent_id
    CROSS JOIN LATERAL (
        SELECT
            (agents.schedule, agents.time_zone) = (known.schedule, known.time_zone) IS TRUE
            AS is_same
    ) AS plans
    LEFT JOIN LATERAL (
        SELECT known.expected_at, known.counts_from, known.schedule_problem AS problem
        WHERE plans.is_same
        UNION ALL
        SELECT planned.expected_at, planned.counts_from, planned.problem
        FROM health_internal.expect_run(
            agents.schedule, agents.time_zone, p_now, false
        ) AS planned
        WHERE NOT plans.is_same AND agents.schedule IS NOT NULL
    ) AS expected ON true
    WHERE agents.agent_id = ANY (v_jobs)
        AND (agents.schedule IS NOT NULL OR known.agent_id IS NOT NULL)
    ON CONFLICT (agent_id) DO UPDATE SET
        schedule = excluded.schedule,
        time_zone = excluded.time_zone,
        grace = excluded.grace,
        max_run_time = excluded.max_run_time,
        counts_from = excluded.counts_from,
        expected_at = excluded.expected_at,
        late_at = excluded.late_at,
        missed_at = excluded.missed_at,
        check_at = excluded.check_at,
        schedule_problem = excluded.schedule_problem,
        missed_run_id = excluded.missed_run_id
    WHERE (jobs.schedule, jobs.time_zone, jobs.grace, jobs.max_run_time) IS DISTINCT FROM (
        excluded.schedule, excluded.time_zone, excluded.grace, excluded.max_run_time
    );
    UPDATE health.job_runs AS runs
    SET
        overdue_at = runs.started_at + jobs.max_run_time,
        outcome = CASE
            WHEN runs.started_at + jobs.max_run_time <= p_now THEN 'overdue' ELSE 'running'
        END
    FROM health.job_expectations AS jobs
    WHERE runs.agent_id = jobs.agent_id
        AND jobs.agent_id = ANY (v_jobs)
        AND runs.outcome IN ('running', 'overdue')
        AND runs.overdue_at IS DISTINCT FROM runs.started_at + jobs.max_run_time;
    PERFORM health_internal.refresh_jobs(p_now, v_jobs);
END;
$$;

ALTER FUNCTION health_internal.configure_jobs(p_now timestamp with time zone, p_agent_ids text[]) OWNER TO health_owner;

--
-- Name: FUNCTION configure_jobs(p_now timestamp with time zone, p_agent_ids text[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.configure_jobs(p_now timestamp with time zone, p_agent_ids text[]) IS 'Takes over the schedules of agents whose configuration changed; a new schedule expects its first run after p_now.';

--
-- Name: count_arrived(health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.count_arrived(p_range health_internal.arrival_range) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
    SET jit TO 'off'
    AS $$
BEGIN
    RETURN (SELECT count(*) FROM health_internal.arrived_heartbeats(p_range));
END;
$$;

ALTER FUNCTION health_internal.count_arrived(p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION count_arrived(p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.count_arrived(p_range health_internal.arrival_range) IS 'How many heartbeats arrived.';

--
-- Name: counter_of(jsonb, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.counter_of(p_metrics jsonb, p_name text) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    v_number constant double precision := health_internal.number_of(p_metrics, p_name);
BEGIN
    IF v_number IS NULL THEN
        RETURN NULL;
    END IF;
    IF v_number <> trunc(v_number) OR abs(v_number) > 1e18 OR v_number = 'NaN' THEN
        RAISE EXCEPTION 'counter "%" is not a whole number: %', p_name, v_number
            USING ERRCODE = 'AG002',
                HINT = 'Counters count since the agent started: 0, 1, 2, …';
    END IF;
    RETURN v_number::bigint;
END;
$$;

ALTER FUNCTION health_internal.counter_of(p_metrics jsonb, p_name text) OWNER TO health_owner;

--
-- Name: FUNCTION counter_of(p_metrics jsonb, p_name text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.counter_of(p_metrics jsonb, p_name text) IS 'The whole number under a name in a JSON object, NULL where it is absent. Raises AG002 for anything else.';

--
-- Name: create_partition(text, timestamp with time zone, timestamp with time zone, boolean); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.create_partition(p_table text, p_from timestamp with time zone, p_until timestamp with time zone, p_is_history boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '100ms'
    AS $_$
DECLARE
    v_name constant text := p_table || '_p'
        || to_char(p_from AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS');
    v_moved bigint;
BEGIN
    -- Asked again once no other session can be making it: pg_cron and bridges may all take care. The
    -- lock also keeps strays out until the partition is attached, which one more would make fail.
    FOR v_try IN 1 .. 2
    LOOP
        IF EXISTS (
            SELECT FROM health_internal.partitions
            WHERE partitions.table_name = p_table
                AND partitions.from_at < p_until
                AND partitions.until_at > p_from
        ) THEN
            RETURN true;
        END IF;
        EXECUTE format('LOCK TABLE health.%I IN ACCESS EXCLUSIVE MODE', p_table || '_default');
    END LOOP;
    -- CREATE … PARTITION OF would wait behind every open inserter and hold up the next ones.
    EXECUTE format(
        'CREATE TABLE health.%I (LIKE health.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
        v_name, p_table
    );
    EXECUTE format('COMMENT ON TABLE health.%I IS %L', v_name, format(
        'Partition of %s from %s to %s.', p_table, p_from, p_until
    ));
    -- Strays that belong here move out of the default partition first.
    EXECUTE format(
        $sql$
        WITH moved AS (
            DELETE FROM health.%I WHERE received_at >= $1 AND received_at < $2 RETURNING *
        )
        INSERT INTO health.%I SELECT * FROM moved
        $sql$,
        p_table || '_default', v_name
    )
    USING p_from, p_until;
    GET DIAGNOSTICS v_moved = ROW_COUNT;
    IF v_moved > 0 AND NOT p_is_history THEN
        RAISE WARNING '% rows of % had come before their partition', v_moved, p_table
            USING HINT = 'Partition care runs too seldom, or rows carry a received_at far ahead.';
    END IF;
    EXECUTE format(
        'ALTER TABLE health.%I ATTACH PARTITION health.%I FOR VALUES FROM (%L) TO (%L)',
        p_table, v_name, p_from, p_until
    );
    INSERT INTO health_internal.partitions (
        table_name, partition_name, from_at, until_at, is_history
    )
    VALUES (p_table, v_name, p_from, p_until, p_is_history);
    RETURN true;
EXCEPTION
    WHEN lock_not_available THEN
        RETURN false;
END;
$_$;

ALTER FUNCTION health_internal.create_partition(p_table text, p_from timestamp with time zone, p_until timestamp with time zone, p_is_history boolean) OWNER TO health_owner;

--
-- Name: FUNCTION create_partition(p_table text, p_from timestamp with time zone, p_until timestamp with time zone, p_is_history boolean); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.create_partition(p_table text, p_from timestamp with time zone, p_until timestamp with time zone, p_is_history boolean) IS 'Makes one partition of a raw table, with what the default partition holds of it; true if it exists now, false if a lock was not to be had within 100 ms (call again).';

--
-- Name: dead_parents(text[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.dead_parents(p_agent_ids text[]) RETURNS TABLE(agent_id text, is_down boolean, parents text)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        groups.child_id,
        bool_or(groups.needed_count > groups.possible_count),
        string_agg(groups.parents, ', ' ORDER BY groups.parents)
    FROM (
        SELECT
            dependencies.child_id,
            -- Of fewer than that, all.
            least(max(dependencies.minimum_alive_count), count(*)) AS needed_count,
            count(*) FILTER (WHERE NOT judged.is_dead) AS possible_count,
            count(*) FILTER (WHERE NOT judged.is_dead AND NOT judged.is_suspected) AS alive_count,
            string_agg(dependencies.parent_id, ', ' ORDER BY dependencies.parent_id)
                FILTER (WHERE judged.is_dead OR judged.is_suspected) AS parents
        FROM health.dependencies
        LEFT JOIN health.agent_status AS status ON dependencies.parent_id = status.agent_id
        CROSS JOIN LATERAL (
            SELECT
                coalesce(status.active_conditions && '{unresponsive,failed}', false) AS is_dead,
                coalesce(status.liveness = 'late', false) AS is_suspected
        ) AS judged
        WHERE dependencies.child_id = ANY (p_agent_ids)
        GROUP BY
            dependencies.child_id,
            coalesce(dependencies.redundancy_group, dependencies.parent_id),
            dependencies.redundancy_group IS NULL
    ) AS groups
    WHERE groups.needed_count > groups.alive_count
    GROUP BY groups.child_id;
$$;

ALTER FUNCTION health_internal.dead_parents(p_agent_ids text[]) OWNER TO health_owner;

--
-- Name: FUNCTION dead_parents(p_agent_ids text[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.dead_parents(p_agent_ids text[]) IS 'One row per given agent that misses parents: is_down: too few of a group are left; else too few are left beyond those that are late, of whom nobody knows yet. Dead is unresponsive or failed.';

--
-- Name: decay(double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.decay(p_seconds double precision, p_memory_seconds double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_seconds > ((40)::double precision * p_memory_seconds)) THEN (0)::double precision WHEN (p_seconds < (('-40'::integer)::double precision * p_memory_seconds)) THEN exp((40)::double precision) ELSE exp(((- p_seconds) / p_memory_seconds)) END;

ALTER FUNCTION health_internal.decay(p_seconds double precision, p_memory_seconds double precision) OWNER TO health_owner;

--
-- Name: FUNCTION decay(p_seconds double precision, p_memory_seconds double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.decay(p_seconds double precision, p_memory_seconds double precision) IS 'Weight exp(-age / memory) of something p_seconds old; exactly 0 beyond 40 memories, because exp(-746) raises underflow.';

--
-- Name: decayed_sum(double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.decayed_sum(p_sum double precision, p_factor double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (abs(p_sum) < (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) THEN (0)::double precision ELSE (p_sum * p_factor) END;

ALTER FUNCTION health_internal.decayed_sum(p_sum double precision, p_factor double precision) OWNER TO health_owner;

--
-- Name: FUNCTION decayed_sum(p_sum double precision, p_factor double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.decayed_sum(p_sum double precision, p_factor double precision) IS 'A decayed sum after a further decay by p_factor; sums below 1e-100 become 0 (underflow raises).';

--
-- Name: decide_incidents(timestamp with time zone, bigint[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.decide_incidents(p_now timestamp with time zone, p_incident_ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_broken text [];
    v_count bigint;
BEGIN
    SELECT coalesce(array_agg(broken.channel), '{}')
    INTO v_broken
    FROM health_internal.broken_channels(p_now) AS broken;

    WITH decided AS MATERIALIZED (
        SELECT
            facts.*,
            outcome.decision[1] AS decision,
            outcome.decision[2] AS subject
        FROM health_internal.incident_facts(p_now, p_incident_ids) AS facts
        CROSS JOIN LATERAL (
            SELECT health_internal.decide_notification(
                facts.news, facts.was_told, facts.withheld IS NOT NULL, true,
                facts.is_in_maintenance, facts.is_in_fleet_incident, facts.parent,
                facts.is_silenced, facts.is_flapping, facts.is_acknowledged
            ) AS decision
        ) AS outcome
    ),

    -- Whom to tell: every default channel from its severity on, and those of the steps due; of a
    -- step, those of the step; of the end, those that heard of the beginning.
    told AS MATERIALIZED (
        SELECT
            decided.incident_id,
            decided.agent_id,
            decided.subject,
            decided.step,
            decided.step_channels,
            coalesce(
                health_internal.severity_of_rank(decided.severity_rank), incidents.severity
            ) AS severity,
            incidents.message_count,
            ARRAY(
                SELECT channels.channel
                FROM health.channels
                WHERE channels.is_enabled
                    AND CASE decided.subject
                        WHEN 'resolved' THEN channels.channel = ANY (incidents.told_channels)
                        WHEN 'step' THEN channels.channel = ANY (decided.step_channels)
                        ELSE channels.channel = ANY (decided.step_channels) OR (
                            channels.is_default
                            AND decided.severity_rank
                            >= health_internal.severity_rank(channels.minimum_severity)
                        )
                    END
                    -- That a channel is broken is told through another.
                    AND (
                        incidents.engine_rule IS DISTINCT FROM 'dead_letters'
                        OR NOT channels.channel = ANY (v_broken)
                    )
            ) AS channels
        FROM decided
        INNER JOIN health.incidents ON decided.incident_id = incidents.incident_id
        WHERE decided.decision = 'send'
    ),

    written AS (
        UPDATE health.incidents
        SET
            told_severity = CASE
                WHEN decided.decision <> 'send' THEN incidents.told_severity
                ELSE health_internal.severity_of_rank(
                    greatest(decided.severity_rank, decided.told_rank)
                )
            END,
            told_at = CASE
                WHEN decided.decision = 'send' THEN p_now ELSE incidents.told_at
            END,
            told_channels = CASE
                WHEN told.channels <@ incidents.told_channels IS NOT FALSE
                    THEN incidents.told_channels
                ELSE ARRAY(SELECT unnest(incidents.told_channels) UNION SELECT unnest(told.channels))
            END,
            message_count = incidents.message_count + (decided.decision = 'send')::integer,
            is_recovery_failure_told = incidents.is_recovery_failure_told
            OR (decided.decision = 'send' AND decided.is_unrecovered),
            escalates_from = CASE
                WHEN decided.decision = 'send'
                    AND (incidents.told_severity IS NULL OR incidents.escalates_from IS NULL)
                    THEN p_now
                ELSE incidents.escalates_from
            END,
            escalated_until = CASE
                WHEN decided.decision = 'send' THEN p_now ELSE incidents.escalated_until
            END,
            is_acknowledged = incidents.is_acknowledged
            AND (decided.is_over OR NOT decided.has_acknowledgement_ended),
            withheld = CASE WHEN decided.decision = 'withhold' THEN decided.subject END,
            withheld_at = CASE
                WHEN decided.decision <> 'withhold' THEN NULL
                WHEN incidents.withheld = decided.subject THEN incidents.withheld_at
                ELSE p_now
            END,
            checked_at = p_now,
            next_check_at = CASE
                WHEN decided.is_over AND decided.decision <> 'withhold' THEN 'infinity'
                WHEN decided.decision = 'withhold' THEN CASE
                    WHEN decided.subject = 'parent_suspected' THEN p_now
                    ELSE least(decided.mute_ends_at, p_now + interval '10 minutes')
                END
                ELSE least(
                    CASE WHEN decided.decision = 'send' THEN p_now ELSE incidents.told_at END
                    + settings.repeat_interval,
                    decided.next_step_at
                )
            END,
            is_settled = decided.is_over AND decided.decision <> 'withhold'
        FROM decided
        CROSS JOIN health.settings
        LEFT JOIN told ON decided.incident_id = told.incident_id
        WHERE incidents.incident_id = decided.incident_id
    ),

    noticed AS (
        INSERT INTO health_internal.notices AS waiting (
            channel, incident_id, event, step, severity, number, is_alone, queued_at
        )
        SELECT
            listening.channel,
            told.incident_id,
            CASE told.subject WHEN 'step' THEN 'escalated' ELSE told.subject END,
            CASE
                WHEN told.subject <> 'resolved' AND listening.channel = ANY (told.step_channels)
                    THEN told.step
                ELSE 0
            END,
            told.severity,
            told.message_count + 1,
            told.agent_id IS NULL,
            p_now
        FROM told
        CROSS JOIN LATERAL unnest(told.channels) AS listening (channel)
        -- What still waits becomes the newer news; a first page stays one.
        ON CONFLICT (incident_id, channel) DO UPDATE SET
            event = CASE
                WHEN excluded.event = 'resolved' THEN 'resolved'
                WHEN waiting.event IN ('opened', 'truth') THEN waiting.event
                ELSE excluded.event
            END,
            step = greatest(waiting.step, excluded.step),
            severity = CASE
                WHEN health_internal.severity_rank(waiting.severity)
                    > health_internal.severity_rank(excluded.severity) THEN waiting.severity
                ELSE excluded.severity
            END
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason, channel
        )
        SELECT
            p_now, decided.incident_id, decided.agent_id, 'suppressed', decided.subject,
            decided.reasons ->> decided.subject, NULL
        FROM decided
        WHERE decided.decision = 'withhold'
            AND (decided.withheld IS DISTINCT FROM decided.subject OR decided.has_new_alert)
        UNION ALL
        SELECT
            p_now, decided.incident_id, decided.agent_id, 'grouped', 'incident',
            'incident ' || decided.incident_id || ' was told already', NULL
        FROM decided
        WHERE decided.subject = 'known' AND decided.has_new_alert AND NOT decided.is_over
        UNION ALL
        SELECT
            p_now, decided.incident_id, decided.agent_id, 'unacknowledged', NULL,
            CASE decided.news
                WHEN 'worse' THEN 'the severity rose'
                ELSE 'the acknowledgement expired'
            END,
            NULL
        FROM decided
        WHERE decided.has_acknowledgement_ended AND NOT decided.is_over
        UNION ALL
        SELECT
            p_now, told.incident_id, told.agent_id, 'suppressed', 'minimum_severity',
            told.severity || ' is below ' || channels.minimum_severity, channels.channel
        FROM told
        INNER JOIN health.channels
            ON channels.is_enabled
            AND channels.is_default
            AND NOT channels.channel = ANY (told.channels)
            AND health_internal.severity_rank(told.severity)
            < health_internal.severity_rank(channels.minimum_severity)
        WHERE told.subject NOT IN ('resolved', 'step')
        UNION ALL
        SELECT
            p_now, told.incident_id, told.agent_id, 'suppressed', 'no_channel',
            'no enabled channel takes it', NULL
        FROM told
        WHERE told.channels = '{}' AND told.subject <> 'resolved'
    )

    SELECT count(*)
    INTO v_count
    FROM decided;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.decide_incidents(p_now timestamp with time zone, p_incident_ids bigint[]) OWNER TO health_owner;

--
-- Name: FUNCTION decide_incidents(p_now timestamp with time zone, p_incident_ids bigint[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.decide_incidents(p_now timestamp with time zone, p_incident_ids bigint[]) IS 'Decides about incidents that are due, and carries the decisions out: notices for channels, rows of the ledger, when to look again. Escalations and reminders are such decisions: one statement moves all. Returns how many were decided.';

--
-- Name: decide_notification(text, boolean, boolean, boolean, boolean, boolean, text, boolean, boolean, boolean); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.decide_notification(p_news text, p_was_told boolean, p_was_withheld boolean, p_is_confirmed boolean, p_is_in_maintenance boolean, p_is_in_fleet_incident boolean, p_parent text, p_is_silenced boolean, p_is_flapping boolean, p_is_acknowledged boolean) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_news = 'none'::text) THEN ARRAY['nothing'::text, 'known'::text] WHEN ((p_news = 'over'::text) AND (NOT p_was_told)) THEN ARRAY['nothing'::text, 'never_told'::text] WHEN ((p_news = 'over'::text) AND p_is_in_maintenance) THEN ARRAY['withhold'::text, 'maintenance'::text] WHEN ((p_news = 'over'::text) AND p_is_silenced) THEN ARRAY['withhold'::text, 'silenced'::text] WHEN ((p_news = 'over'::text) AND p_is_flapping) THEN ARRAY['withhold'::text, 'flapping'::text] WHEN (p_news = 'over'::text) THEN ARRAY['send'::text, 'resolved'::text] WHEN (NOT p_is_confirmed) THEN ARRAY['withhold'::text, 'soft'::text] WHEN p_is_in_maintenance THEN ARRAY['withhold'::text, 'maintenance'::text] WHEN p_is_in_fleet_incident THEN ARRAY['withhold'::text, 'fleet_incident'::text] WHEN (p_parent = 'down'::text) THEN ARRAY['withhold'::text, 'parent_down'::text] WHEN ((p_parent = 'suspected'::text) AND (NOT p_was_told)) THEN ARRAY['withhold'::text, 'parent_suspected'::text] WHEN p_is_silenced THEN ARRAY['withhold'::text, 'silenced'::text] WHEN p_is_flapping THEN ARRAY['withhold'::text, 'flapping'::text] WHEN p_is_acknowledged THEN ARRAY['withhold'::text, 'acknowledged'::text] WHEN (p_news = 'worse'::text) THEN ARRAY['send'::text, 'escalated'::text] WHEN (p_news = 'unrecovered'::text) THEN ARRAY['send'::text, 'recovery_failed'::text] WHEN p_was_withheld THEN ARRAY['send'::text, 'truth'::text] WHEN (p_news = 'new'::text) THEN ARRAY['send'::text, 'opened'::text] WHEN (p_news = 'step_due'::text) THEN ARRAY['send'::text, 'step'::text] WHEN (p_news = 'reminder_due'::text) THEN ARRAY['send'::text, 'reminder'::text] ELSE NULL::text[] END;

ALTER FUNCTION health_internal.decide_notification(p_news text, p_was_told boolean, p_was_withheld boolean, p_is_confirmed boolean, p_is_in_maintenance boolean, p_is_in_fleet_incident boolean, p_parent text, p_is_silenced boolean, p_is_flapping boolean, p_is_acknowledged boolean) OWNER TO health_owner;

--
-- Name: FUNCTION decide_notification(p_news text, p_was_told boolean, p_was_withheld boolean, p_is_confirmed boolean, p_is_in_maintenance boolean, p_is_in_fleet_incident boolean, p_parent text, p_is_silenced boolean, p_is_flapping boolean, p_is_acknowledged boolean); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.decide_notification(p_news text, p_was_told boolean, p_was_withheld boolean, p_is_confirmed boolean, p_is_in_maintenance boolean, p_is_in_fleet_incident boolean, p_parent text, p_is_silenced boolean, p_is_flapping boolean, p_is_acknowledged boolean) IS 'What to do about an incident: {send, event}, {withhold, reason} or {nothing, reason}. p_news: new (nobody was told), worse, unrecovered, step_due, reminder_due, none or over; p_parent: up, suspected or down. The truth table is in docs/alerting.md; a test compares them row by row.';

--
-- Name: drop_partition(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.drop_partition(p_name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '100ms'
    AS $_$
DECLARE
    v_table text;
    v_has_unread boolean;
BEGIN
    SELECT partitions.table_name
    INTO v_table
    FROM health_internal.partitions
    WHERE partitions.partition_name = p_name
    FOR UPDATE;
    IF v_table IS NULL THEN
        RETURN false;
    END IF;
    -- What no tick has read is not dropped.
    EXECUTE format(
        $sql$
        SELECT EXISTS (
            SELECT FROM health.%I AS kept
            CROSS JOIN health_internal.engine
            WHERE kept.txid >= pg_snapshot_xmin(engine.folded_until)
                AND NOT pg_visible_in_snapshot(kept.txid, engine.folded_until)
                AND kept.txid IS DISTINCT FROM engine.own_xid
        )
        $sql$,
        p_name
    )
    INTO v_has_unread;
    IF v_has_unread THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE health.%I DETACH PARTITION health.%I', v_table, p_name);
    EXECUTE format('DROP TABLE health.%I', p_name);
    DELETE FROM health_internal.partitions WHERE partitions.partition_name = p_name;
    RETURN true;
EXCEPTION
    WHEN lock_not_available THEN
        RETURN false;
END;
$_$;

ALTER FUNCTION health_internal.drop_partition(p_name text) OWNER TO health_owner;

--
-- Name: FUNCTION drop_partition(p_name text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.drop_partition(p_name text) IS 'Drops one partition; false, and nothing done, if a lock was not to be had within 100 ms or it holds rows that no tick has read.';

--
-- Name: end_steps(timestamp with time zone, bigint[], text, text, jsonb, boolean); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.end_steps(p_now timestamp with time zone, p_action_ids bigint[], p_outcome text, p_reason text, p_details jsonb DEFAULT '{}'::jsonb, p_is_held boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_verifying bigint [];
BEGIN
    UPDATE health.recovery_steps AS steps
    SET finished_at = p_now, outcome = p_outcome, reason = p_reason, details = p_details
    WHERE steps.action_id = ANY (p_action_ids) AND steps.finished_at IS NULL;

    WITH ended AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = following.state,
            step = following.step,
            -- What is done stays readable while it is verified, and afterwards.
            action = CASE
                WHEN following.state = 'pending' THEN following.item ->> 'action'
                ELSE actions.action
            END,
            parameters = CASE
                WHEN following.state = 'pending' THEN coalesce(following.item -> 'parameters', '{}')
                ELSE actions.parameters
            END,
            fencing_token = nextval('health_internal.fencing_tokens'),
            claimed_by = CASE WHEN following.state = 'pending' THEN NULL ELSE actions.claimed_by END,
            started_at = CASE
                WHEN p_outcome = 'refused' THEN actions.started_at
                ELSE coalesce(actions.started_at, p_now)
            END,
            -- A worker that was cut off may act until its lease has run out; nothing begins before.
            not_before = CASE
                WHEN following.state = 'pending'
                    THEN greatest(p_now, CASE WHEN p_is_held THEN actions.lease_until END)
                ELSE actions.not_before
            END,
            lease_until = CASE WHEN p_is_held THEN actions.lease_until END,
            execute_until = NULL,
            executed_at = CASE
                WHEN following.was_verification OR p_outcome = 'refused' THEN actions.executed_at
                ELSE p_now
            END,
            verify_until = CASE
                WHEN following.state = 'verifying'
                    THEN p_now + make_interval(secs => coalesce(
                        (following.item ->> 'timeout_seconds')::float8,
                        -- The start-up grace, and the beats that prove it at the agent's own pace.
                        following.startup_grace_seconds
                        + following.verify_beats * following.interval_seconds
                    ))
                ELSE actions.verify_until
            END,
            run_before = CASE
                WHEN following.state = 'verifying' THEN following.run_started_at
                ELSE actions.run_before
            END,
            beats_before = CASE
                WHEN following.state = 'verifying' THEN following.beat_count
                ELSE actions.beats_before
            END,
            finished_at = CASE
                WHEN following.state IN ('succeeded', 'failed', 'escalated') THEN p_now
            END,
            settled_at = CASE WHEN following.state = 'succeeded' THEN p_now END,
            outcome = actions.outcome || jsonb_strip_nulls(jsonb_build_object(
                'reason', CASE
                    WHEN following.item ->> 'action' = 'escalate' THEN concat_ws(
                        '; ', p_reason, 'its strategy asks a person next'
                    )
                    ELSE p_reason
                END,
                'reported', CASE WHEN NOT following.was_verification THEN p_outcome END,
                'details', nullif(p_details, '{}'),
                'verified_by', CASE WHEN following.state = 'succeeded' THEN 'heartbeats' END
            ))
        FROM (
            SELECT
                climbed.*,
                CASE
                    WHEN climbed.was_verification AND p_outcome = 'succeeded' THEN 'succeeded'
                    WHEN climbed.item ->> 'action' = 'verify' THEN 'verifying'
                    WHEN climbed.item ->> 'action' = 'escalate' THEN 'escalated'
                    WHEN climbed.item IS NOT NULL THEN 'pending'
                    -- Nothing follows: what is not configured will not be at the next attempt.
                    WHEN p_outcome = 'refused' THEN 'escalated'
                    WHEN p_outcome = 'failed' THEN 'failed'
                    ELSE 'verifying'
                END AS state
            FROM (
                SELECT
                    of_now.action_id,
                    of_now.state = 'verifying' AS was_verification,
                    coalesce(after.step, of_now.step) AS step,
                    of_now.strategy -> (after.step - 1) AS item,
                    policies.startup_grace_seconds,
                    policies.verify_beats,
                    status.run_started_at,
                    status.beat_count,
                    coalesce(
                        status.learnt_interval_seconds, policies.default_expected_interval_seconds
                    )
                        AS interval_seconds
                FROM health.recovery_actions AS of_now
                INNER JOIN health.agent_status AS status ON of_now.agent_id = status.agent_id
                INNER JOIN health.current_policies AS policies
                    ON status.policy_class = policies.policy_class
                CROSS JOIN LATERAL (
                    SELECT health_internal.step_after(
                        of_now.strategy, of_now.step, of_now.state = 'verifying', p_outcome
                    ) AS step
                ) AS after
                WHERE of_now.action_id = ANY (p_action_ids)
            ) AS climbed
        ) AS following
        WHERE actions.action_id = following.action_id
            AND actions.state IN ('claimed', 'executing', 'verifying', 'pending')
        RETURNING
            actions.action_id, actions.agent_id, actions.issue_type, actions.state,
            actions.created_at, actions.outcome
    ),

    recovered AS (
        UPDATE health.incidents
        SET recovered_at = p_now
        FROM ended
        WHERE ended.state = 'succeeded'
            AND incidents.agent_id = ended.agent_id
            AND incidents.resolved_at IS NULL
    ),

    told AS (
        INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
        SELECT
            'heartbeat_health_agent',
            'automated_recovery',
            CASE ended.state WHEN 'succeeded' THEN 'info' ELSE 'warning' END,
            jsonb_strip_nulls(jsonb_build_object(
                'agent_id', ended.agent_id, 'issue_type', ended.issue_type,
                'action_id', ended.action_id, 'success', ended.state = 'succeeded',
                'recovery_seconds', CASE
                    WHEN ended.state = 'succeeded' THEN date_part('epoch', p_now - ended.created_at)
                END,
                'reason', CASE WHEN ended.state <> 'succeeded' THEN ended.outcome ->> 'reason' END
            )),
            p_now
        FROM ended
        WHERE ended.state IN ('succeeded', 'failed', 'escalated')
    )

    SELECT array_agg(ended.action_id)
    INTO v_verifying
    FROM ended
    WHERE ended.state = 'verifying';
    IF v_verifying IS NOT NULL THEN
        PERFORM health_internal.begin_steps(p_now, v_verifying, 'engine', 'verify');
    END IF;
END;
$$;

ALTER FUNCTION health_internal.end_steps(p_now timestamp with time zone, p_action_ids bigint[], p_outcome text, p_reason text, p_details jsonb, p_is_held boolean) OWNER TO health_owner;

--
-- Name: FUNCTION end_steps(p_now timestamp with time zone, p_action_ids bigint[], p_outcome text, p_reason text, p_details jsonb, p_is_held boolean); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.end_steps(p_now timestamp with time zone, p_action_ids bigint[], p_outcome text, p_reason text, p_details jsonb, p_is_held boolean) IS 'Ends the present steps of these recoveries with one outcome (succeeded, failed, refused, lost) and moves each on: to its next step, to verification, or to its end, which becomes an event. p_is_held: a worker may be at it until its lease ends. The caller has locked the rows.';

--
-- Name: engine_findings(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.engine_findings(p_now timestamp with time zone) RETURNS TABLE(rule text, agent_id text, summary text, details jsonb)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        'dead_letters',
        NULL::text,
        'messages could not be delivered through '
        || string_agg(broken.channel, ', ' ORDER BY broken.channel),
        jsonb_build_object('channels', jsonb_agg(broken.channel ORDER BY broken.channel))
    FROM health_internal.broken_channels(p_now) AS broken
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
                WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
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

ALTER FUNCTION health_internal.engine_findings(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION engine_findings(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.engine_findings(p_now timestamp with time zone) IS 'What the engine finds wrong beside agents'' conditions: dead_letters, bridge_silent, forgotten_mute and chronic_self_healing.';

--
-- Name: enqueue_recoveries(timestamp with time zone, text[], text[], bigint[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.enqueue_recoveries(p_now timestamp with time zone, p_agent_ids text[], p_issue_types text[], p_transition_ids bigint[] DEFAULT NULL::bigint[]) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    SET lock_timeout TO '50ms'
    AS $$
DECLARE
    v_half constant integer := cardinality(p_agent_ids) / 2;
    v_count bigint;
BEGIN
    INSERT INTO health.recovery_actions (
        agent_id, issue_type, action, parameters, strategy, attempt, transition_id, incident_id,
        created_at, not_before
    )
    SELECT
        wanted.agent_id,
        wanted.issue_type,
        strategies.steps -> 0 ->> 'action',
        coalesce(strategies.steps -> 0 -> 'parameters', '{}'),
        strategies.steps,
        streak.attempts_before + 1,
        wanted.transition_id,
        incidents.incident_id,
        p_now,
        greatest(
            p_now,
            previous.lease_until,
            CASE
                WHEN streak.attempts_before > 0 THEN previous.finished_at + make_interval(
                    secs => least(
                        policies.recovery_backoff_limit_seconds,
                        policies.recovery_backoff_seconds
                        * 2 ^ least(20, streak.attempts_before - 1)
                    )
                )
            END
        )
    FROM unnest(
        p_agent_ids,
        p_issue_types,
        coalesce(p_transition_ids, array_fill(NULL::bigint, ARRAY[cardinality(p_agent_ids)]))
    ) AS wanted (agent_id, issue_type, transition_id)
    INNER JOIN health.agent_status AS status ON wanted.agent_id = status.agent_id
    INNER JOIN health.current_policies AS policies
        ON status.policy_class = policies.policy_class AND policies.is_recovery_enabled
    INNER JOIN health_internal.strategies() AS strategies
        ON status.policy_class = strategies.policy_class
        AND wanted.issue_type = strategies.issue_type
    LEFT JOIN health.incidents
        ON wanted.agent_id = incidents.agent_id AND incidents.resolved_at IS NULL
    LEFT JOIN LATERAL (
        SELECT
            actions.attempt,
            actions.started_at,
            actions.finished_at,
            actions.settled_at,
            actions.lease_until
        FROM health.recovery_actions AS actions
        WHERE actions.agent_id = wanted.agent_id
        ORDER BY actions.created_at DESC, actions.action_id DESC
        LIMIT 1
    ) AS previous ON true
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN previous.attempt IS NULL
                OR previous.settled_at <= p_now - make_interval(
                    secs => policies.recovery_budget_window_seconds
                ) THEN 0
            -- One that never began does not count.
            WHEN previous.started_at IS NULL THEN previous.attempt - 1
            ELSE previous.attempt
        END AS attempts_before
    ) AS streak
    -- The engine cannot restart itself.
    WHERE wanted.agent_id <> 'heartbeat_health_agent'
    ON CONFLICT (agent_id) WHERE state IN ('pending', 'claimed', 'executing', 'verifying')
    DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
EXCEPTION
    -- Somebody asked for the recovery of one of them and has not committed: halve until it stands
    -- alone, and leave it to the next tick.
    WHEN lock_not_available THEN
        IF v_half = 0 THEN
            RETURN 0;
        END IF;
        RETURN health_internal.enqueue_recoveries(
            p_now, p_agent_ids[:v_half], p_issue_types[:v_half], p_transition_ids[:v_half]
        ) + health_internal.enqueue_recoveries(
            p_now, p_agent_ids[v_half + 1:], p_issue_types[v_half + 1:],
            p_transition_ids[v_half + 1:]
        );
END;
$$;

ALTER FUNCTION health_internal.enqueue_recoveries(p_now timestamp with time zone, p_agent_ids text[], p_issue_types text[], p_transition_ids bigint[]) OWNER TO health_owner;

--
-- Name: FUNCTION enqueue_recoveries(p_now timestamp with time zone, p_agent_ids text[], p_issue_types text[], p_transition_ids bigint[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.enqueue_recoveries(p_now timestamp with time zone, p_agent_ids text[], p_issue_types text[], p_transition_ids bigint[]) IS 'Queues a recovery for each agent and issue that has none under way and whose policy allows it, with its strategy, the number of the attempt and the back-off (10 s doubling to 300 s, from the start again after ten healthy minutes); an agent whose queueing would wait for somebody''s open transaction is left out. Returns how many. The brakes release them.';

--
-- Name: escalate_recoveries(timestamp with time zone, bigint[], text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.escalate_recoveries(p_now timestamp with time zone, p_action_ids bigint[], p_reason text) RETURNS void
    LANGUAGE sql
    AS $$
    WITH escalated AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = 'escalated',
            hold = NULL,
            hold_reason = NULL,
            fencing_token = nextval('health_internal.fencing_tokens'),
            finished_at = p_now,
            outcome = actions.outcome || jsonb_build_object('reason', p_reason)
        WHERE actions.action_id = ANY (ARRAY(
            SELECT pending.action_id
            FROM health.recovery_actions AS pending
            WHERE pending.action_id = ANY (p_action_ids) AND pending.state = 'pending'
            FOR UPDATE SKIP LOCKED
        ))
        RETURNING actions.action_id, actions.agent_id, actions.issue_type
    )

    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
    SELECT
        'heartbeat_health_agent',
        'automated_recovery',
        'warning',
        jsonb_build_object(
            'agent_id', escalated.agent_id, 'issue_type', escalated.issue_type,
            'action_id', escalated.action_id, 'success', false, 'reason', p_reason
        ),
        p_now
    FROM escalated;
$$;

ALTER FUNCTION health_internal.escalate_recoveries(p_now timestamp with time zone, p_action_ids bigint[], p_reason text) OWNER TO health_owner;

--
-- Name: FUNCTION escalate_recoveries(p_now timestamp with time zone, p_action_ids bigint[], p_reason text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.escalate_recoveries(p_now timestamp with time zone, p_action_ids bigint[], p_reason text) IS 'Hands pending recoveries to a person; an event tells of each.';

--
-- Name: event_weight(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.event_weight(p_severity text) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE lower(p_severity) WHEN 'warning'::text THEN 0.1 WHEN 'error'::text THEN (1)::numeric WHEN 'critical'::text THEN (3)::numeric WHEN 'emergency'::text THEN (10)::numeric ELSE (0)::numeric END;

ALTER FUNCTION health_internal.event_weight(p_severity text) OWNER TO health_owner;

--
-- Name: FUNCTION event_weight(p_severity text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.event_weight(p_severity text) IS 'How many errors an event of this severity counts as: warning 0.1, error 1, critical 3, emergency 10.';

--
-- Name: expect_next(text[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.expect_next(p_agent_ids text[]) RETURNS void
    LANGUAGE sql
    AS $$
    UPDATE health.job_expectations AS jobs
    SET
        counts_from = expected.counts_from,
        expected_at = expected.expected_at,
        late_at = expected.expected_at + jobs.grace / 2,
        missed_at = expected.expected_at + jobs.grace,
        check_at = expected.expected_at + jobs.grace / CASE WHEN jobs.uses_signals THEN 1 ELSE 2 END,
        schedule_problem = expected.problem
    FROM health.job_expectations AS run
    CROSS JOIN LATERAL health_internal.expect_run(
        run.schedule, run.time_zone, run.last_run_at, true
    ) AS expected
    WHERE run.agent_id = ANY (p_agent_ids)
        AND run.schedule IS NOT NULL
        AND run.last_run_at >= run.counts_from
        AND jobs.agent_id = run.agent_id;
$$;

ALTER FUNCTION health_internal.expect_next(p_agent_ids text[]) OWNER TO health_owner;

--
-- Name: FUNCTION expect_next(p_agent_ids text[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.expect_next(p_agent_ids text[]) IS 'Expects the next run of those of these jobs whose expected one has begun.';

--
-- Name: expect_run(text, text, timestamp with time zone, boolean); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.expect_run(p_schedule text, p_time_zone text, p_after timestamp with time zone, p_is_run boolean, OUT answered_at timestamp with time zone, OUT expected_at timestamp with time zone, OUT counts_from timestamp with time zone, OUT problem text) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_plan health_internal.schedule_plan;
BEGIN
    v_plan := health_internal.parse_schedule(p_schedule);
    answered_at := health_internal.find_run(v_plan, p_time_zone, p_after, -1);
    expected_at := health_internal.find_run(v_plan, p_time_zone, p_after, 1);
    -- Clocks differ: a run counts a minute early, or half the time since the run before.
    counts_from := expected_at - least(interval '1 minute', (expected_at - answered_at) / 2);
    IF p_is_run AND p_after >= counts_from THEN
        answered_at := expected_at;
        expected_at := health_internal.find_run(v_plan, p_time_zone, answered_at, 1);
        counts_from := expected_at - least(interval '1 minute', (expected_at - answered_at) / 2);
    END IF;
EXCEPTION
    -- One job's schedule must not stop the tick for all: a server may forget a time zone.
    WHEN OTHERS THEN
        answered_at := NULL;
        expected_at := NULL;
        counts_from := NULL;
        problem := SQLERRM;
END;
$$;

ALTER FUNCTION health_internal.expect_run(p_schedule text, p_time_zone text, p_after timestamp with time zone, p_is_run boolean, OUT answered_at timestamp with time zone, OUT expected_at timestamp with time zone, OUT counts_from timestamp with time zone, OUT problem text) OWNER TO health_owner;

--
-- Name: FUNCTION expect_run(p_schedule text, p_time_zone text, p_after timestamp with time zone, p_is_run boolean, OUT answered_at timestamp with time zone, OUT expected_at timestamp with time zone, OUT counts_from timestamp with time zone, OUT problem text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.expect_run(p_schedule text, p_time_zone text, p_after timestamp with time zone, p_is_run boolean, OUT answered_at timestamp with time zone, OUT expected_at timestamp with time zone, OUT counts_from timestamp with time zone, OUT problem text) IS 'What a schedule expects after a moment: answered_at, the scheduled time that a run beginning then answers (p_is_run: a minute''s earliness allowed), expected_at, the next one, and counts_from, from when on a run answers that. problem: why the schedule cannot be read; it raises nothing.';

--
-- Name: expired_partitions(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT partitions.partition_name
    FROM health_internal.partitions
    CROSS JOIN health.settings
    WHERE NOT partitions.is_history
        AND partitions.until_at < p_now - settings.raw_retention
    ORDER BY partitions.until_at;
$$;

ALTER FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION expired_partitions(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) IS 'Partitions older than settings.raw_retention, history excepted, oldest first.';

--
-- Name: failure_reason(text, jsonb); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.failure_reason(p_outcome text, p_details jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN (p_outcome <> ALL (ARRAY['failed'::text, 'refused'::text])) THEN NULL::text ELSE "left"(COALESCE(CASE WHEN (jsonb_typeof((p_details -> 'reason'::text)) = 'string'::text) THEN (p_details ->> 'reason'::text) ELSE NULL::text END, CASE WHEN (jsonb_typeof((p_details -> 'error'::text)) = 'string'::text) THEN (p_details ->> 'error'::text) ELSE NULL::text END, ('exit code '::text || CASE WHEN (jsonb_typeof((p_details -> 'exit_code'::text)) = 'number'::text) THEN (p_details ->> 'exit_code'::text) ELSE NULL::text END), CASE p_outcome WHEN 'refused'::text THEN 'the bridge refused it'::text ELSE 'the executor failed'::text END), 500) END;

ALTER FUNCTION health_internal.failure_reason(p_outcome text, p_details jsonb) OWNER TO health_owner;

--
-- Name: FUNCTION failure_reason(p_outcome text, p_details jsonb); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.failure_reason(p_outcome text, p_details jsonb) IS 'Why a step failed or was refused, in words, from what the executor told: reason, error or exit_code.';

--
-- Name: falling_score(double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.falling_score(p_value double precision, p_full_until double precision, p_zero_from double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_value <= p_full_until) THEN (100)::double precision WHEN (p_value >= p_zero_from) THEN (0)::double precision ELSE (((100)::double precision * (p_zero_from - p_value)) / (p_zero_from - p_full_until)) END;

ALTER FUNCTION health_internal.falling_score(p_value double precision, p_full_until double precision, p_zero_from double precision) OWNER TO health_owner;

--
-- Name: FUNCTION falling_score(p_value double precision, p_full_until double precision, p_zero_from double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.falling_score(p_value double precision, p_full_until double precision, p_zero_from double precision) IS '100 up to p_full_until, 0 from p_zero_from on, linear between; NULL for a NULL value.';

--
-- Name: few_arrived(health_internal.arrival_range, integer); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.few_arrived(p_range health_internal.arrival_range, p_limit integer) RETURNS health_internal.beat[]
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
BEGIN
    RETURN ARRAY(
        SELECT ROW(arrived.*)::health_internal.beat
        FROM health_internal.arrived_heartbeats(p_range) AS arrived
        LIMIT p_limit
    );
END;
$$;

ALTER FUNCTION health_internal.few_arrived(p_range health_internal.arrival_range, p_limit integer) OWNER TO health_owner;

--
-- Name: FUNCTION few_arrived(p_range health_internal.arrival_range, p_limit integer); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.few_arrived(p_range health_internal.arrival_range, p_limit integer) IS 'The heartbeats that arrived, at most p_limit.';

--
-- Name: find_run(health_internal.schedule_plan, text, timestamp with time zone, integer); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.find_run(p_plan health_internal.schedule_plan, p_time_zone text, p_at timestamp with time zone, p_step integer) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_day date;
    v_next_day date;
    v_offset interval;
    v_is_ordinary boolean;
    v_second double precision;
    v_minute integer;
    v_found timestamptz;
BEGIN
    IF p_at IN ('infinity', '-infinity') THEN
        RETURN NULL;
    END IF;
    -- From a day on the other side: a gap can move a run to another day.
    v_day := health_internal.schedule_day(
        p_plan, (p_at AT TIME ZONE p_time_zone)::date - p_step, p_step
    );
    WHILE v_day IS NOT NULL
    LOOP
        SELECT
            min(around.value),
            count(DISTINCT around.value) = 1
        INTO v_offset, v_is_ordinary
        FROM generate_series(-1, 2) AS days (number)
        CROSS JOIN LATERAL health_internal.clock_offset(
            p_time_zone, (v_day + days.number)::timestamp AT TIME ZONE 'UTC'
        ) AS around (value);
        IF v_is_ordinary THEN
            -- An ordinary day: arithmetic.
            v_second := date_part('epoch', (p_at AT TIME ZONE 'UTC') + v_offset - v_day);
            IF p_step > 0 THEN
                SELECT min(of_day.minute)
                INTO v_minute
                FROM unnest(p_plan.minutes) AS of_day (minute)
                WHERE of_day.minute * 60 > v_second;
            ELSE
                SELECT max(of_day.minute)
                INTO v_minute
                FROM unnest(p_plan.minutes) AS of_day (minute)
                WHERE of_day.minute * 60 <= v_second;
            END IF;
            v_found := (v_day + make_interval(mins => v_minute) - v_offset) AT TIME ZONE 'UTC';
        ELSE
            v_next_day := health_internal.schedule_day(p_plan, v_day + p_step, p_step);
            -- Two days, because a clock put back over midnight mingles them; of each, the times of
            -- day that a change can concern (3 hours), as many after the first beyond them, because
            -- all of these may be skipped, and then one more.
            SELECT CASE WHEN p_step > 0 THEN min(runs.run_at) ELSE max(runs.run_at) END
            INTO v_found
            FROM unnest(ARRAY[v_day, v_next_day]) AS days (day)
            CROSS JOIN LATERAL (
                SELECT array_agg(near.minute) AS minutes
                FROM (
                    SELECT
                        first.*,
                        min(first.seconds) FILTER (WHERE first.seconds > first.beyond + 10800)
                            OVER () AS further
                    FROM (
                        SELECT
                            of_day.minute,
                            ahead.seconds,
                            min(ahead.seconds) FILTER (WHERE ahead.seconds > 10800)
                                OVER () AS beyond
                        FROM unnest(p_plan.minutes) AS of_day (minute)
                        CROSS JOIN LATERAL (
                            SELECT p_step * date_part(
                                'epoch',
                                days.day + make_interval(mins => of_day.minute)
                                - (p_at AT TIME ZONE p_time_zone)
                            ) AS seconds
                        ) AS ahead
                        WHERE ahead.seconds >= -10800
                    ) AS first
                ) AS near
                WHERE near.seconds <= coalesce(near.beyond, 0) + 10800
                    OR near.seconds = near.further
            ) AS chosen
            CROSS JOIN LATERAL health_internal.runs_of_day(
                chosen.minutes, p_plan.is_fixed, p_time_zone, days.day
            ) AS runs (run_at)
            WHERE days.day IS NOT NULL
                AND CASE WHEN p_step > 0 THEN runs.run_at > p_at ELSE runs.run_at <= p_at END;
        END IF;
        IF v_found IS NOT NULL THEN
            RETURN v_found;
        END IF;
        v_day := health_internal.schedule_day(p_plan, v_day + p_step, p_step);
    END LOOP;
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.find_run(p_plan health_internal.schedule_plan, p_time_zone text, p_at timestamp with time zone, p_step integer) OWNER TO health_owner;

--
-- Name: FUNCTION find_run(p_plan health_internal.schedule_plan, p_time_zone text, p_at timestamp with time zone, p_step integer); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.find_run(p_plan health_internal.schedule_plan, p_time_zone text, p_at timestamp with time zone, p_step integer) IS 'The first run after p_at (p_step 1) or the last one not after it (-1).';

--
-- Name: find_stuck_sessions(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.find_stuck_sessions() RETURNS TABLE(pid integer, backend_start timestamp with time zone, agent_id text, login_name name, problem text, stuck_since timestamp with time zone, waiting_count integer)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET jit TO 'off'
    AS $$
BEGIN
    -- One look at the sessions; most ticks end here.
    IF NOT EXISTS (
        SELECT FROM pg_stat_activity AS activity
        WHERE activity.state IN ('idle in transaction', 'idle in transaction (aborted)')
            OR activity.wait_event_type = 'Lock'
    ) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH sessions AS MATERIALIZED (
        SELECT
            activity.pid,
            activity.backend_start,
            activity.usename,
            activity.application_name,
            activity.backend_type,
            activity.state,
            activity.state_change
        FROM pg_stat_activity AS activity
        WHERE activity.state IS NOT NULL
    ),

    waits AS MATERIALIZED (
        SELECT
            locks.pid,
            min(locks.waitstart) AS since
        FROM pg_locks AS locks
        WHERE NOT locks.granted
        GROUP BY locks.pid
    ),

    -- pg_blocking_pids is asked for those only that wait. Who waits himself is no cause, but next in
    -- the queue.
    blockers AS MATERIALIZED (
        SELECT
            blocking.pid,
            count(DISTINCT waits.pid)::integer AS waiting_count,
            min(waits.since) AS waiting_since
        FROM waits
        CROSS JOIN LATERAL unnest(pg_blocking_pids(waits.pid)) AS blocking (pid)
        WHERE NOT EXISTS (SELECT FROM waits AS own WHERE own.pid = blocking.pid)
        GROUP BY blocking.pid
    ),

    owned AS (
        SELECT
            sessions.pid,
            sessions.backend_start,
            sessions.usename,
            sessions.state,
            sessions.state_change,
            coalesce(
                (
                    SELECT attached.agent_id::text
                    FROM health.agent_sessions AS attached
                    WHERE attached.lost_at IS NULL
                        AND attached.pid = sessions.pid
                        AND attached.attached_at >= sessions.backend_start
                    ORDER BY attached.session_id DESC
                    LIMIT 1
                ),
                -- A login of one agent is that agent's. Of a login for several the session must say
                -- which one it is; what it says counts among these only.
                (
                    SELECT CASE
                        WHEN count(*) = 1 THEN min(logins.agent_id)
                        ELSE min(logins.agent_id) FILTER (
                            WHERE sessions.application_name = left('hha:' || logins.agent_id, 63)
                        )
                    END
                    FROM health.agent_logins AS logins
                    WHERE logins.login_name = sessions.usename
                )
            ) AS agent_id
        FROM sessions
        WHERE sessions.backend_type = 'client backend'
            AND sessions.pid <> pg_backend_pid()
    )

    SELECT
        owned.pid,
        owned.backend_start,
        owned.agent_id,
        owned.usename,
        CASE
            WHEN blockers.waiting_since
                <= clock_timestamp() - make_interval(secs => policies.stuck_blocking_seconds)
                THEN 'blocks_others'
            ELSE 'idle_in_transaction'
        END,
        CASE
            WHEN blockers.waiting_since
                <= clock_timestamp() - make_interval(secs => policies.stuck_blocking_seconds)
                THEN blockers.waiting_since
            ELSE owned.state_change
        END,
        coalesce(blockers.waiting_count, 0)
    FROM owned
    INNER JOIN health.agent_status AS status ON owned.agent_id = status.agent_id
    INNER JOIN health.current_policies AS policies ON status.policy_class = policies.policy_class
    LEFT JOIN blockers ON owned.pid = blockers.pid
    WHERE blockers.waiting_since
        <= clock_timestamp() - make_interval(secs => policies.stuck_blocking_seconds)
        OR (
            owned.state IN ('idle in transaction', 'idle in transaction (aborted)')
            AND owned.state_change
            <= clock_timestamp() - make_interval(secs => policies.stuck_idle_seconds)
        );
END;
$$;

ALTER FUNCTION health_internal.find_stuck_sessions() OWNER TO health_owner;

--
-- Name: FUNCTION find_stuck_sessions(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.find_stuck_sessions() IS 'Sessions of agents that idle in a transaction longer than the policy''s stuck_idle_seconds, or for whose locks others wait longer than stuck_blocking_seconds, by the server''s clock. A session is an agent''s when it is attached, or came with a login of agent_logins: one of that agent alone, or of several where its application_name is hha:<agent_id>. Needs pg_read_all_stats to see anything.';

--
-- Name: finish_rule(text, bigint, jsonb, text, double precision, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.finish_rule(p_rule text, p_evaluation_id bigint, p_findings jsonb, p_error text, p_duration_ms double precision, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_rule health.alert_rules;
    v_count integer := coalesce(jsonb_array_length(p_findings), 0);
    v_error text := p_error;
    v_note text;
BEGIN
    SELECT rules.*
    INTO v_rule
    FROM health.alert_rules AS rules
    WHERE rules.rule = p_rule
        AND rules.evaluation_id = p_evaluation_id
        AND rules.evaluating_pid = pg_backend_pid()
    FOR NO KEY UPDATE;
    -- Removed, changed or disabled meanwhile.
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_error IS NULL AND v_count > v_rule.row_limit THEN
        v_error := format('it returned more than %s rows', v_rule.row_limit);
    END IF;
    IF v_error IS NULL THEN
        SELECT format('severity "%s" is not known', left(answer.severity, 100))
        INTO v_error
        FROM jsonb_to_recordset(p_findings) AS answer (severity text)
        WHERE lower(answer.severity) NOT IN ('info', 'warning', 'critical', 'emergency')
        LIMIT 1;
    END IF;
    UPDATE health.alert_rules
    SET last_duration_ms = p_duration_ms, last_row_count = least(v_count, v_rule.row_limit)
    WHERE alert_rules.rule = p_rule;
    IF v_error IS NOT NULL THEN
        PERFORM health_internal.stop_rule(p_rule, v_error, p_now);
        RETURN;
    END IF;

    WITH answer AS MATERIALIZED (
        SELECT
            found.agent_id,
            coalesce(lower(found.severity), v_rule.severity) AS severity,
            left(coalesce(
                nullif(btrim(regexp_replace(found.summary, '[[:cntrl:]]+', ' ', 'g')), ''),
                v_rule.summary
            ), 500) AS summary,
            CASE
                WHEN jsonb_typeof(found.details) = 'object' THEN found.details
                WHEN jsonb_typeof(found.details) <> 'null'
                    THEN jsonb_build_object('details', found.details)
                ELSE '{}'
            END AS details,
            found.agent_id IS NULL OR EXISTS (
                SELECT FROM health.agents WHERE agents.agent_id = found.agent_id
            ) AS is_known
        FROM jsonb_to_recordset(p_findings) AS found (
            agent_id text, severity text, summary text, details jsonb
        )
    ),

    -- One finding per agent: the most severe.
    told AS MATERIALIZED (
        SELECT DISTINCT ON (answer.agent_id) answer.*
        FROM answer
        WHERE answer.is_known
        ORDER BY
            answer.agent_id,
            array_position('{emergency,critical,warning,info}'::text [], answer.severity),
            answer.summary,
            answer.details
    ),

    gone AS (
        DELETE FROM health.rule_findings AS findings
        WHERE findings.rule = p_rule
            AND NOT EXISTS (
                SELECT FROM told WHERE told.agent_id IS NOT DISTINCT FROM findings.agent_id
            )
    ),

    stored AS (
        INSERT INTO health.rule_findings AS findings (
            rule, agent_id, severity, summary, details, found_at, changed_at
        )
        SELECT p_rule, told.agent_id, told.severity, told.summary, told.details, p_now, p_now
        FROM told
        ON CONFLICT (rule, agent_id) DO UPDATE SET
            severity = excluded.severity,
            summary = excluded.summary,
            details = excluded.details,
            changed_at = excluded.changed_at
        WHERE (findings.severity, findings.summary, findings.details)
            IS DISTINCT FROM (excluded.severity, excluded.summary, excluded.details)
    )

    SELECT concat_ws(
        '; ',
        CASE WHEN count(*) FILTER (WHERE NOT answer.is_known) > 0 THEN format(
            'rows of agents that are not registered: %s, such as "%s"',
            count(*) FILTER (WHERE NOT answer.is_known),
            left(regexp_replace(
                min(answer.agent_id) FILTER (WHERE NOT answer.is_known), '[[:cntrl:]]', ' ', 'g'
            ), 100)
        ) END,
        CASE WHEN count(*) FILTER (WHERE answer.is_known) > (SELECT count(*) FROM told) THEN format(
            'rows of agents that a more severe row speaks of: %s',
            count(*) FILTER (WHERE answer.is_known) - (SELECT count(*) FROM told)
        ) END
    )
    INTO v_note
    FROM answer;

    UPDATE health.alert_rules
    SET
        last_evaluated_at = p_now,
        next_evaluation_at = p_now + v_rule.period,
        last_note = nullif(v_note, ''),
        evaluating_since = NULL,
        evaluating_pid = NULL,
        unfinished_count = 0
    WHERE alert_rules.rule = p_rule;
END;
$$;

ALTER FUNCTION health_internal.finish_rule(p_rule text, p_evaluation_id bigint, p_findings jsonb, p_error text, p_duration_ms double precision, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION finish_rule(p_rule text, p_evaluation_id bigint, p_findings jsonb, p_error text, p_duration_ms double precision, p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.finish_rule(p_rule text, p_evaluation_id bigint, p_findings jsonb, p_error text, p_duration_ms double precision, p_now timestamp with time zone) IS 'Keeps what a rule answered: its findings become those rows, one per agent. An error, too many rows or an unknown severity disables the rule. An answer to another evaluation than the last one is ignored.';

--
-- Name: first_instant(timestamp without time zone, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.first_instant(p_local timestamp without time zone, p_time_zone text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN CASE WHEN ((((p_local AT TIME ZONE p_time_zone) - '01:00:00'::interval) AT TIME ZONE p_time_zone) = p_local) THEN ((p_local AT TIME ZONE p_time_zone) - '01:00:00'::interval) WHEN ((((p_local AT TIME ZONE p_time_zone) - '00:30:00'::interval) AT TIME ZONE p_time_zone) = p_local) THEN ((p_local AT TIME ZONE p_time_zone) - '00:30:00'::interval) ELSE (p_local AT TIME ZONE p_time_zone) END;

ALTER FUNCTION health_internal.first_instant(p_local timestamp without time zone, p_time_zone text) OWNER TO health_owner;

--
-- Name: FUNCTION first_instant(p_local timestamp without time zone, p_time_zone text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.first_instant(p_local timestamp without time zone, p_time_zone text) IS 'The first moment a local time comes in a zone: it comes twice when clocks go back. One that is skipped when they go forward is moved on by what is skipped.';

--
-- Name: flapping_percent(integer); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.flapping_percent(p_ring integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((((((((59 * bit_count(((p_ring & 1048575))::bit(20))) - bit_count(((p_ring & 699050))::bit(20))) - (2 * bit_count(((p_ring & 838860))::bit(20)))) - (4 * bit_count(((p_ring & 61680))::bit(20)))) - (8 * bit_count(((p_ring & 65280))::bit(20)))) - (16 * bit_count(((p_ring & 983040))::bit(20)))))::double precision / (10.0)::double precision);

ALTER FUNCTION health_internal.flapping_percent(p_ring integer) OWNER TO health_owner;

--
-- Name: FUNCTION flapping_percent(p_ring integer); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.flapping_percent(p_ring integer) IS 'Weighted share of changes among the last 20, percent, of a ring of change bits (bit 0 newest): weights from 1.18 for the newest to 0.80 for the oldest, over 20. Source: Icinga 2, Checkable::UpdateFlappingStatus.';

--
-- Name: fold_agent_changes(health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_agent_changes(p_range health_internal.arrival_range) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_changed text [];
BEGIN
    v_changed := ARRAY(
        SELECT DISTINCT changes.agent_id
        FROM health_internal.arrived_agent_changes(p_range) AS changes
    );
    IF v_changed = '{}' THEN
        RETURN 0;
    END IF;

    INSERT INTO health.agent_status AS status (
        agent_id, policy_class, expected_interval_seconds, grace_seconds,
        latency_slo_ms, throughput_slo_per_minute
    )
    SELECT
        agents.agent_id,
        agents.policy_class,
        date_part('epoch', agents.expected_interval),
        CASE WHEN agents.schedule IS NULL THEN date_part('epoch', agents.grace) ELSE 1e9 END,
        agents.latency_slo_ms,
        agents.throughput_slo_per_minute
    FROM health.agents
    WHERE agents.agent_id = ANY (v_changed)
    ON CONFLICT (agent_id) DO UPDATE SET
        policy_class = excluded.policy_class,
        expected_interval_seconds = excluded.expected_interval_seconds,
        grace_seconds = excluded.grace_seconds,
        latency_slo_ms = excluded.latency_slo_ms,
        throughput_slo_per_minute = excluded.throughput_slo_per_minute,
        -- An interval told anew is believed until gaps teach otherwise.
        learnt_interval_seconds = CASE
            WHEN excluded.expected_interval_seconds
                IS DISTINCT FROM status.expected_interval_seconds
                AND status.gap_count < 20
                AND status.learnt_interval_seconds IS NOT NULL
                THEN coalesce(
                    excluded.expected_interval_seconds, status.learnt_interval_seconds
                )
            ELSE status.learnt_interval_seconds
        END
    WHERE (
        status.policy_class, status.expected_interval_seconds, status.grace_seconds,
        status.latency_slo_ms, status.throughput_slo_per_minute
    ) IS DISTINCT FROM (
        excluded.policy_class, excluded.expected_interval_seconds, excluded.grace_seconds,
        excluded.latency_slo_ms, excluded.throughput_slo_per_minute
    );
    RETURN cardinality(v_changed);
END;
$$;

ALTER FUNCTION health_internal.fold_agent_changes(p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION fold_agent_changes(p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_agent_changes(p_range health_internal.arrival_range) IS 'Copies what changed in agents since the last tick into agent_status; returns how many agents.';

--
-- Name: fold_and_judge(timestamp with time zone, bigint, health_internal.arrival_range, boolean); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_range health_internal.arrival_range, p_is_replay boolean, OUT folded_beats bigint, OUT judged_agents bigint, OUT unknown_agents bigint) RETURNS record
    LANGUAGE plpgsql
    SET jit TO 'off'
    AS $$
DECLARE
    v_few constant integer := 1000;
    v_blindness health_internal.blindness := health_internal.recent_blindness();
    v_beats health_internal.beat [] := health_internal.few_arrived(p_range, v_few + 1);
    v_is_many boolean := cardinality(v_beats) > v_few;
    v_folded bigint := 0;
    v_agent_count constant double precision := (
        SELECT pg_class.reltuples
        FROM pg_class
        WHERE pg_class.oid = 'health.agent_status'::regclass
    );
    v_most constant bigint := greatest(v_few, 0.2 * v_agent_count);
    v_single health_internal.beat [];
    v_due health_internal.beat [];
    v_policy health.policies;
BEGIN
    judged_agents := 0;
    unknown_agents := 0;
    IF v_is_many THEN
        v_beats := '{}';
        folded_beats := health_internal.count_arrived(p_range);
    ELSE
        folded_beats := cardinality(v_beats);
        v_single := ARRAY(
            SELECT (array_agg(few))[1]
            FROM unnest(v_beats) AS few
            GROUP BY few.agent_id
            HAVING count(*) = 1
        );
    END IF;
    IF folded_beats > 0 THEN
        -- Class by class, so that a policy is constants in a plan and not columns of every row.
        FOR v_policy IN
            SELECT in_force.*
            FROM health.current_policies AS in_force
        LOOP
            judged_agents := judged_agents + health_internal.judge_agents(
                p_now, p_tick_id, v_policy, v_single, v_is_many, folded_beats > v_most, false,
                p_range, v_blindness
            );
        END LOOP;
        -- Fewer than arrived: some are several of an agent, or out of the ordinary, or of strangers.
        IF judged_agents < folded_beats THEN
            v_folded := health_internal.fold_unusual_beats(
                p_tick_id, v_beats, v_is_many, p_range, v_blindness.settled_at
            );
        END IF;
        IF judged_agents + v_folded < folded_beats THEN
            unknown_agents := health_internal.register_unknown(v_beats, v_is_many, p_range);
            PERFORM health_internal.fold_unusual_beats(
                p_tick_id, v_beats, v_is_many, p_range, v_blindness.settled_at
            );
        END IF;
    END IF;

    IF v_blindness.settled_at > p_now AND NOT p_is_replay AND NOT EXISTS (
        SELECT FROM unnest(v_beats) AS few
        WHERE few.agent_id <> 'heartbeat_health_agent' AND NOT starts_with(few.agent_id, 'bridge:')
    ) AND NOT v_is_many THEN
        PERFORM health_internal.await_ingest(p_now);
        v_blindness := health_internal.recent_blindness();
    END IF;

    -- The due: one scan of agent_status, whose first column says who is.
    v_due := ARRAY(
        SELECT ROW(
            status.agent_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL
        )::health_internal.beat
        FROM health.agent_status AS status
        WHERE status.next_due_at <= p_now AND status.judged_tick_id <> p_tick_id
        LIMIT v_few + 1
    );
    IF v_due <> '{}' THEN
        v_is_many := cardinality(v_due) > v_few;
        -- So many at once may be the monitor's fault. (A silence of thousands is never noticed by tens.)
        IF NOT p_is_replay
            AND cardinality(v_due) >= least(v_few, greatest(20, v_agent_count / 1000)) THEN
            IF health_internal.notice_fleet_silence(p_now) THEN
                v_blindness := health_internal.recent_blindness();
            END IF;
        END IF;
        IF v_is_many THEN
            v_due := '{}';
        END IF;
        FOR v_policy IN
            SELECT in_force.*
            FROM health.current_policies AS in_force
        LOOP
            judged_agents := judged_agents + health_internal.judge_agents(
                p_now, p_tick_id, v_policy, v_due, v_is_many, false, true, p_range, v_blindness
            );
        END LOOP;
    END IF;
END;
$$;

ALTER FUNCTION health_internal.fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_range health_internal.arrival_range, p_is_replay boolean, OUT folded_beats bigint, OUT judged_agents bigint, OUT unknown_agents bigint) OWNER TO health_owner;

--
-- Name: FUNCTION fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_range health_internal.arrival_range, p_is_replay boolean, OUT folded_beats bigint, OUT judged_agents bigint, OUT unknown_agents bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_range health_internal.arrival_range, p_is_replay boolean, OUT folded_beats bigint, OUT judged_agents bigint, OUT unknown_agents bigint) IS 'Folds the heartbeats that arrived and judges their agents and those whose next_due_at has come, each once. Returns how many beats arrived, agents were judged and agents were new.';

--
-- Name: agent_status; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.agent_status (
    next_due_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    judged_tick_id bigint DEFAULT 0 NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C",
    liveness text DEFAULT 'never_seen'::text NOT NULL,
    active_conditions text[] DEFAULT '{}'::text[] NOT NULL,
    status text,
    issue_type text,
    gap_histogram real[] DEFAULT '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}'::real[],
    last_heartbeat_at timestamp with time zone,
    judged_at timestamp with time zone,
    first_heartbeat_at timestamp with time zone,
    run_started_at timestamp with time zone,
    last_sent_at timestamp with time zone,
    session_lost_at timestamp with time zone,
    state text,
    policy_class text DEFAULT 'standard'::text COLLATE pg_catalog."C",
    run_id text,
    expected_interval_seconds double precision,
    grace_seconds double precision DEFAULT 0,
    latency_slo_ms double precision,
    throughput_slo_per_minute double precision,
    score double precision,
    ungated_score double precision,
    gate double precision,
    heartbeat_consistency double precision,
    performance_metrics double precision,
    error_rate double precision,
    resource_efficiency double precision,
    business_impact double precision,
    policy_id bigint,
    silent_seconds double precision,
    beat_count bigint DEFAULT 0,
    gap_count bigint DEFAULT 0,
    gap_weight double precision DEFAULT 0,
    gap_sum double precision DEFAULT 0,
    gap_square_sum double precision DEFAULT 0,
    clump_seconds double precision DEFAULT 0,
    learnt_interval_seconds double precision,
    mean_gap_seconds double precision,
    late_intervals double precision,
    unresponsive_intervals double precision,
    error_count bigint,
    work_items_processed bigint,
    error_sum double precision DEFAULT 0,
    item_sum double precision DEFAULT 0,
    recent_item_sum double precision DEFAULT 0,
    baseline_item_sum double precision DEFAULT 0,
    baseline_seconds double precision DEFAULT 0,
    processing_mean_ms double precision,
    baseline_processing_ms double precision,
    cpu_mean_percent double precision,
    memory_mean_mb double precision,
    slow_memory_mean_mb double precision,
    memory_usage_mb double precision,
    memory_limit_mb double precision,
    cost_efficiency double precision,
    user_satisfaction double precision,
    operational_efficiency double precision,
    revenue_impact_usd double precision,
    bad_evaluations integer DEFAULT 0,
    issue_evaluations integer DEFAULT 0,
    issue_candidate text
)
WITH (fillfactor='22', autovacuum_vacuum_scale_factor='0.2', autovacuum_analyze_scale_factor='0.5');

ALTER TABLE health.agent_status OWNER TO health_owner;

--
-- Name: TABLE agent_status; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.agent_status IS 'One row per agent: running state and latest judgement. Only the ticker writes it; its freshness is judged_at. Decayed sums and means are as of last_heartbeat_at, with weight exp(-age / memory).';

--
-- Name: COLUMN agent_status.next_due_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.next_due_at IS 'When the agent must be judged again without a new heartbeat; first column, the idle tick scans it.';

--
-- Name: COLUMN agent_status.judged_tick_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.judged_tick_id IS 'Tick that judged last; an agent is judged at most once in a tick.';

--
-- Name: COLUMN agent_status.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.agent_id IS 'Which agent.';

--
-- Name: COLUMN agent_status.liveness; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.liveness IS 'never_seen, starting, alive, late, unresponsive, stopped or in_maintenance.';

--
-- Name: COLUMN agent_status.active_conditions; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.active_conditions IS 'Built-in alert rules that hold at present.';

--
-- Name: COLUMN agent_status.status; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.status IS 'excellent, good, fair, poor or critical; NULL before the first heartbeat.';

--
-- Name: COLUMN agent_status.issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.issue_type IS 'Confirmed issue that asks for recovery.';

--
-- Name: COLUMN agent_status.gap_histogram; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_histogram IS '25 bins of gap over learnt interval, weights growing by 3000/2999 per gap; see health_internal.gap_bin.';

--
-- Name: COLUMN agent_status.last_heartbeat_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.last_heartbeat_at IS 'Latest heartbeat, by the database''s clock; sums and means are as of then.';

--
-- Name: COLUMN agent_status.judged_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.judged_at IS 'p_now of that tick.';

--
-- Name: COLUMN agent_status.first_heartbeat_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.first_heartbeat_at IS 'First heartbeat ever, by the database''s clock.';

--
-- Name: COLUMN agent_status.run_started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.run_started_at IS 'First heartbeat of the present run.';

--
-- Name: COLUMN agent_status.last_sent_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.last_sent_at IS 'The agent''s clock when it sent the latest heartbeat; NULL: it did not tell.';

--
-- Name: COLUMN agent_status.session_lost_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.session_lost_at IS 'When its attach session was lost; NULL if it was not or a heartbeat came since.';

--
-- Name: COLUMN agent_status.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.state IS 'State the agent last told.';

--
-- Name: COLUMN agent_status.policy_class; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.policy_class IS 'Copied from agents.';

--
-- Name: COLUMN agent_status.run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.run_id IS 'Run it last told.';

--
-- Name: COLUMN agent_status.expected_interval_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.expected_interval_seconds IS 'Copied from agents, seconds; NULL: the policy''s default, then learnt.';

--
-- Name: COLUMN agent_status.grace_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.grace_seconds IS 'Copied from agents, seconds; 1e9 for one on a schedule, whose runs are expected and not its beats.';

--
-- Name: COLUMN agent_status.latency_slo_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.latency_slo_ms IS 'Copied from agents.';

--
-- Name: COLUMN agent_status.throughput_slo_per_minute; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.throughput_slo_per_minute IS 'Copied from agents.';

--
-- Name: COLUMN agent_status.score; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.score IS 'Gated overall score, 0..100.';

--
-- Name: COLUMN agent_status.ungated_score; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.ungated_score IS 'Weighted mean of the components, 0..100; alert rules on the score read this.';

--
-- Name: COLUMN agent_status.gate; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gate IS 'Highest score that the agent''s liveness and state allow, 100: no gate.';

--
-- Name: COLUMN agent_status.heartbeat_consistency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.heartbeat_consistency IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN agent_status.performance_metrics; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.performance_metrics IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN agent_status.error_rate; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.error_rate IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN agent_status.resource_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.resource_efficiency IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN agent_status.business_impact; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.business_impact IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN agent_status.policy_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.policy_id IS 'Version of the policy that judged.';

--
-- Name: COLUMN agent_status.silent_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.silent_seconds IS 'Time since the last heartbeat at judged_at, less the monitor''s own blindness, seconds.';

--
-- Name: COLUMN agent_status.beat_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.beat_count IS 'Heartbeats folded; not decayed.';

--
-- Name: COLUMN agent_status.gap_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_count IS 'Gaps learnt from; not decayed.';

--
-- Name: COLUMN agent_status.gap_weight; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_weight IS 'Decayed number of gaps (10 min).';

--
-- Name: COLUMN agent_status.gap_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_sum IS 'Decayed time covered by gaps (10 min), seconds, less the monitor''s own blindness.';

--
-- Name: COLUMN agent_status.gap_square_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_square_sum IS 'Decayed sum of squared gaps, each as decayed time, seconds².';

--
-- Name: COLUMN agent_status.clump_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.clump_seconds IS 'Time since the first beat of a clump: beats within a tenth of an interval are one; mostly 0.';

--
-- Name: COLUMN agent_status.learnt_interval_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.learnt_interval_seconds IS 'Learnt interval: exponential mean of ln gap, as seconds.';

--
-- Name: COLUMN agent_status.mean_gap_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.mean_gap_seconds IS 'Learnt mean gap, seconds.';

--
-- Name: COLUMN agent_status.late_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.late_intervals IS 'Learnt intervals after which the agent is late; NULL: to be learnt anew.';

--
-- Name: COLUMN agent_status.unresponsive_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.unresponsive_intervals IS 'Learnt intervals after which it is unresponsive.';

--
-- Name: COLUMN agent_status.error_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.error_count IS 'Counter of errors as last told.';

--
-- Name: COLUMN agent_status.work_items_processed; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.work_items_processed IS 'Counter of work items as last told.';

--
-- Name: COLUMN agent_status.error_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.error_sum IS 'Decayed errors of the present run (60 min), its own events included (severity error counts 1).';

--
-- Name: COLUMN agent_status.item_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.item_sum IS 'Decayed work items of the present run (60 min).';

--
-- Name: COLUMN agent_status.recent_item_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.recent_item_sum IS 'Decayed work items (10 min); over gap_sum it is the throughput.';

--
-- Name: COLUMN agent_status.baseline_item_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.baseline_item_sum IS 'Decayed work items (24 h).';

--
-- Name: COLUMN agent_status.baseline_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.baseline_seconds IS 'Decayed time covered by heartbeats (24 h), seconds.';

--
-- Name: COLUMN agent_status.processing_mean_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.processing_mean_ms IS 'Mean processing time (10 min), milliseconds.';

--
-- Name: COLUMN agent_status.baseline_processing_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.baseline_processing_ms IS 'Mean processing time (24 h), each value clipped at 3 × the mean, milliseconds.';

--
-- Name: COLUMN agent_status.cpu_mean_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.cpu_mean_percent IS 'Mean CPU (10 min), percent.';

--
-- Name: COLUMN agent_status.memory_mean_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.memory_mean_mb IS 'Exponential mean of memory (10 min), begun with the run''s first value, megabytes.';

--
-- Name: COLUMN agent_status.slow_memory_mean_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.slow_memory_mean_mb IS 'The same over 60 min; a rising memory runs ahead of it.';

--
-- Name: COLUMN agent_status.memory_usage_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.memory_usage_mb IS 'Memory as last told, megabytes.';

--
-- Name: COLUMN agent_status.memory_limit_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.memory_limit_mb IS 'Memory limit as last told, megabytes.';

--
-- Name: COLUMN agent_status.cost_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.cost_efficiency IS 'As last told, percent.';

--
-- Name: COLUMN agent_status.user_satisfaction; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.user_satisfaction IS 'As last told, percent.';

--
-- Name: COLUMN agent_status.operational_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.operational_efficiency IS 'As last told, percent.';

--
-- Name: COLUMN agent_status.revenue_impact_usd; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.revenue_impact_usd IS 'As last told, US dollars per hour.';

--
-- Name: COLUMN agent_status.bad_evaluations; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.bad_evaluations IS 'Ring of the last 21 evaluations, newest in bit 0; set: gated score below critical.';

--
-- Name: COLUMN agent_status.issue_evaluations; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.issue_evaluations IS 'Evaluations in a row that saw issue_candidate.';

--
-- Name: COLUMN agent_status.issue_candidate; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.issue_candidate IS 'Issue seen by the latest evaluation, not yet confirmed.';

--
-- Name: fold_beats(health.agent_status, health_internal.beat[], double precision, timestamp with time zone, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_beats(p_status health.agent_status, p_beats health_internal.beat[], p_prior_interval double precision, p_blind_until timestamp with time zone, p_fast double precision, p_slow double precision, p_base double precision) RETURNS health.agent_status
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_status health.agent_status := p_status;
    v_beat health_internal.beat;
    v_last timestamptz := p_status.last_heartbeat_at;
    v_run_id text := p_status.run_id;
    v_state text := p_status.state;
    v_has_stopped boolean := p_status.liveness = 'stopped';
    v_beat_count bigint := p_status.beat_count;
    v_gap_count bigint := p_status.gap_count;
    v_gap_weight double precision := p_status.gap_weight;
    v_gap_sum double precision := p_status.gap_sum;
    v_gap_square_sum double precision := p_status.gap_square_sum;
    v_clump double precision := p_status.clump_seconds;
    v_interval double precision := coalesce(p_status.learnt_interval_seconds, p_prior_interval);
    v_mean_gap double precision := coalesce(p_status.mean_gap_seconds, p_prior_interval);
    v_histogram real [] := coalesce(p_status.gap_histogram, array_fill(0::real, ARRAY[25]));
    v_error_count bigint := p_status.error_count;
    v_items bigint := p_status.work_items_processed;
    v_error_sum double precision := p_status.error_sum;
    v_item_sum double precision := p_status.item_sum;
    v_recent_item_sum double precision := p_status.recent_item_sum;
    v_baseline_item_sum double precision := p_status.baseline_item_sum;
    v_baseline_seconds double precision := p_status.baseline_seconds;
    v_processing double precision := p_status.processing_mean_ms;
    v_baseline_processing double precision := p_status.baseline_processing_ms;
    v_cpu double precision := p_status.cpu_mean_percent;
    v_memory double precision := p_status.memory_mean_mb;
    v_slow_memory double precision := p_status.slow_memory_mean_mb;
    v_is_new_run boolean;
    v_is_blind boolean;
    v_has_learnt boolean := false;
    v_gap double precision;
    v_mass double precision;
    v_learn_gap double precision;
    v_bin integer;
    v_fast double precision;
    v_slow double precision;
    v_base double precision;
    v_kept double precision;
    v_kept_base double precision;
    v_errors_in double precision;
    v_items_in double precision;
BEGIN
    -- One after the other, because each is judged by what the ones before it taught.
    FOREACH v_beat IN ARRAY p_beats
    LOOP
        v_gap := date_part('epoch', v_beat.received_at) - date_part('epoch', v_last);
        IF v_gap <= 0 THEN
            -- Older than the last one folded: a beat, and nothing else.
            v_beat_count := v_beat_count + 1;
            v_gap_weight := v_gap_weight + health_internal.decay(-v_gap, p_fast);
            CONTINUE;
        END IF;
        v_is_new_run := v_gap IS NULL
            OR coalesce(v_beat.run_id <> v_run_id, false)
            OR coalesce(v_beat.error_count < v_error_count, false)
            OR coalesce(v_beat.work_items_processed < v_items, false)
            OR (v_beat.state = 'initializing' AND v_state <> 'initializing');
        v_fast := coalesce(health_internal.decay(v_gap, p_fast), 0);
        v_slow := coalesce(health_internal.decay(v_gap, p_slow), 0);
        v_base := coalesce(health_internal.decay(v_gap, p_base), 0);

        -- Gaps: their sums, and what they teach.
        IF v_gap IS NOT NULL THEN
            v_is_blind := v_last < p_blind_until AND v_gap > 2 * v_interval;
            v_mass := health_internal.time_mass(
                CASE
                    WHEN v_is_blind THEN greatest(
                        least(v_gap, v_interval),
                        v_gap - health_internal.blind_seconds(v_last, v_beat.received_at)
                    )
                    ELSE v_gap
                END,
                p_fast
            );
            v_gap_weight := v_gap_weight * v_fast + 1;
            v_gap_sum := health_internal.decayed_sum(v_gap_sum, v_fast) + v_mass;
            v_gap_square_sum :=
                health_internal.decayed_sum(v_gap_square_sum, v_fast) + v_mass * v_mass;
            v_baseline_seconds :=
                v_baseline_seconds * v_base + health_internal.time_mass(v_gap, p_base);
            v_learn_gap := v_gap + v_clump;
            IF v_is_new_run OR v_has_stopped OR v_is_blind OR v_gap > 100 * v_interval THEN
                v_clump := 0;
            ELSIF v_learn_gap <= 0.1 * v_interval THEN
                v_clump := v_learn_gap;
            ELSE
                v_bin := health_internal.gap_bin(v_learn_gap / v_interval);
                v_histogram[v_bin] := v_histogram[v_bin] + health_internal.gap_unit(v_gap_count);
                v_interval := health_internal.moved_interval(v_interval, v_learn_gap, v_gap_count);
                v_mean_gap := health_internal.moved_mean_gap(v_mean_gap, v_learn_gap, v_gap_count);
                v_gap_count := v_gap_count + 1;
                v_clump := 0;
                v_has_learnt := true;
                IF v_gap_count % 30000 = 0 THEN
                    v_histogram := health_internal.rescaled_histogram(v_histogram);
                END IF;
            END IF;
        END IF;

        -- Counters: the first beat of a run counts in full, a counter told later from there.
        v_errors_in := CASE
            WHEN v_is_new_run THEN v_beat.error_count ELSE v_beat.error_count - v_error_count
        END;
        v_items_in := CASE
            WHEN v_is_new_run THEN v_beat.work_items_processed
            ELSE v_beat.work_items_processed - v_items
        END;
        v_error_sum := coalesce(v_errors_in, 0)
            + CASE WHEN v_is_new_run THEN 0
                ELSE health_internal.decayed_sum(v_error_sum, v_slow)
            END;
        v_item_sum := coalesce(v_items_in, 0)
            + CASE WHEN v_is_new_run THEN 0
                ELSE health_internal.decayed_sum(v_item_sum, v_slow)
            END;
        -- Throughput counts from the first beat on: the time before it is not known.
        v_recent_item_sum := health_internal.decayed_sum(v_recent_item_sum, v_fast)
            + CASE WHEN v_gap IS NULL THEN 0 ELSE coalesce(v_items_in, 0) END;
        v_baseline_item_sum := health_internal.decayed_sum(v_baseline_item_sum, v_base)
            + CASE WHEN v_gap IS NULL THEN 0 ELSE coalesce(v_items_in, 0) END;

        -- Means.
        v_kept := health_internal.kept_share(v_fast, v_gap_weight);
        v_kept_base := health_internal.kept_share(v_base, v_beat_count);
        IF v_is_new_run THEN
            v_error_count := v_beat.error_count;
            v_items := v_beat.work_items_processed;
            v_memory := v_beat.memory_usage_mb;
            v_slow_memory := v_beat.memory_usage_mb;
            v_run_id := v_beat.run_id;
            v_status.run_started_at := v_beat.received_at;
        ELSE
            v_error_count := coalesce(v_beat.error_count, v_error_count);
            v_items := coalesce(v_beat.work_items_processed, v_items);
            v_memory := health_internal.moved_mean(v_memory, v_beat.memory_usage_mb, v_fast);
            v_slow_memory := health_internal.moved_mean(
                v_slow_memory, v_beat.memory_usage_mb, v_slow
            );
            v_run_id := coalesce(v_beat.run_id, v_run_id);
        END IF;
        v_processing := health_internal.moved_mean(
            v_processing, v_beat.average_processing_time_ms, v_kept
        );
        v_baseline_processing := health_internal.moved_mean(
            v_baseline_processing,
            health_internal.clipped(
                v_beat.average_processing_time_ms, v_baseline_processing, v_beat_count
            ),
            v_kept_base
        );
        v_cpu := health_internal.moved_mean(v_cpu, v_beat.cpu_usage_percent, v_kept);

        -- What the latest told holds.
        v_status.memory_usage_mb := coalesce(v_beat.memory_usage_mb, v_status.memory_usage_mb);
        v_status.memory_limit_mb := coalesce(v_beat.memory_limit_mb, v_status.memory_limit_mb);
        v_status.cost_efficiency := coalesce(v_beat.cost_efficiency, v_status.cost_efficiency);
        v_status.user_satisfaction :=
            coalesce(v_beat.user_satisfaction, v_status.user_satisfaction);
        v_status.operational_efficiency :=
            coalesce(v_beat.operational_efficiency, v_status.operational_efficiency);
        v_status.revenue_impact_usd :=
            coalesce(v_beat.revenue_impact_usd, v_status.revenue_impact_usd);
        v_status.last_sent_at := v_beat.sent_at;
        v_beat_count := v_beat_count + 1;
        v_last := v_beat.received_at;
        v_state := v_beat.state;
        v_has_stopped := v_state = 'stopped';
    END LOOP;

    v_status.first_heartbeat_at := coalesce(
        v_status.first_heartbeat_at, v_status.run_started_at
    );
    v_status.last_heartbeat_at := v_last;
    v_status.run_id := v_run_id;
    v_status.state := v_state;
    IF v_last > v_status.session_lost_at THEN
        v_status.session_lost_at := NULL;
    END IF;
    v_status.beat_count := v_beat_count;
    v_status.gap_count := v_gap_count;
    v_status.gap_weight := v_gap_weight;
    v_status.gap_sum := v_gap_sum;
    v_status.gap_square_sum := v_gap_square_sum;
    v_status.clump_seconds := v_clump;
    v_status.learnt_interval_seconds := v_interval;
    v_status.mean_gap_seconds := v_mean_gap;
    v_status.gap_histogram := v_histogram;
    IF v_has_learnt THEN
        v_status.late_intervals := NULL;  -- learnt anew by the judgement
    END IF;
    v_status.error_count := v_error_count;
    v_status.work_items_processed := v_items;
    v_status.error_sum := v_error_sum;
    v_status.item_sum := v_item_sum;
    v_status.recent_item_sum := v_recent_item_sum;
    v_status.baseline_item_sum := v_baseline_item_sum;
    v_status.baseline_seconds := v_baseline_seconds;
    v_status.processing_mean_ms := v_processing;
    v_status.baseline_processing_ms := v_baseline_processing;
    v_status.cpu_mean_percent := v_cpu;
    v_status.memory_mean_mb := v_memory;
    v_status.slow_memory_mean_mb := v_slow_memory;
    RETURN v_status;
END;
$$;

ALTER FUNCTION health_internal.fold_beats(p_status health.agent_status, p_beats health_internal.beat[], p_prior_interval double precision, p_blind_until timestamp with time zone, p_fast double precision, p_slow double precision, p_base double precision) OWNER TO health_owner;

--
-- Name: FUNCTION fold_beats(p_status health.agent_status, p_beats health_internal.beat[], p_prior_interval double precision, p_blind_until timestamp with time zone, p_fast double precision, p_slow double precision, p_base double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_beats(p_status health.agent_status, p_beats health_internal.beat[], p_prior_interval double precision, p_blind_until timestamp with time zone, p_fast double precision, p_slow double precision, p_base double precision) IS 'An agent''s running state after p_beats (in order of received_at), as of the latest. A run is new where run_id changes, a counter falls or the state turns to initializing: errors, items and memory begin anew. A beat older than the last one folded counts as a beat only. A gap teaches nothing if it holds a new run, a goodbye or the monitor''s own blindness, or is beyond 100 intervals; a beat within a tenth of an interval belongs to the clump before it. p_prior_interval: seconds, for a new agent; p_fast, p_slow, p_base: memories, seconds.';

--
-- Name: fold_events(timestamp with time zone, health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_events(p_now timestamp with time zone, p_range health_internal.arrival_range) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_count bigint;
BEGIN
    WITH arrived AS (
        SELECT
            events.agent_id,
            count(*) AS event_count,
            sum(
                health_internal.event_weight(events.severity)
                * health_internal.decay(
                    date_part('epoch', p_now - events.received_at), settings.metric_memory_seconds
                )
            ) AS weight
        FROM health_internal.arrived_events(p_range) AS events
        CROSS JOIN health.settings
        WHERE events.received_at >= p_now - settings.history_after
            -- What the engine writes about agents must not feed back into scores.
            AND events.agent_id <> 'heartbeat_health_agent'
        GROUP BY events.agent_id
    ),

    folded AS (
        UPDATE health.agent_status AS status
        SET
            -- Sums are as of the last heartbeat; what came after it weighs more than it.
            error_sum = status.error_sum
            + arrived.weight / greatest(
                health_internal.decay(
                    date_part('epoch', p_now - status.last_heartbeat_at),
                    settings.metric_memory_seconds
                ),
                1e-15
            ),
            next_due_at = least(status.next_due_at, p_now)
        FROM arrived
        CROSS JOIN health.settings
        WHERE status.agent_id = arrived.agent_id
            AND arrived.weight > 0
            AND status.last_heartbeat_at IS NOT NULL
            AND status.liveness NOT IN ('stopped', 'unresponsive')
    )

    SELECT coalesce(sum(arrived.event_count), 0)
    INTO v_count
    FROM arrived;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.fold_events(p_now timestamp with time zone, p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION fold_events(p_now timestamp with time zone, p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_events(p_now timestamp with time zone, p_range health_internal.arrival_range) IS 'Folds the agents'' own events by severity into agent_status.error_sum and makes those agents due; returns how many events.';

--
-- Name: fold_metrics(timestamp with time zone, health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_metrics(p_now timestamp with time zone, p_range health_internal.arrival_range, OUT folded_values bigint, OUT skipped_values bigint) RETURNS record
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    v_memory double precision;
    v_limit integer;
BEGIN
    SELECT settings.metric_memory_seconds, settings.series_per_agent
    INTO STRICT v_memory, v_limit
    FROM health.settings;

    WITH arrived AS MATERIALIZED (
        SELECT
            metrics.agent_id,
            metrics.metric_name,
            count(*) AS value_count,
            max(metrics.received_at) AS last_received_at,
            (array_agg(metrics.metric_value::float8 ORDER BY metrics.received_at DESC))[1]
                AS last_value,
            (array_agg(metrics.unit::text ORDER BY metrics.received_at DESC))[1] AS unit,
            sum(ages.weight) AS weight,
            sum(ages.weight * metrics.metric_value) AS value_sum,
            sum(ages.weight * metrics.metric_value * metrics.metric_value) AS square_sum
        FROM health_internal.arrived_metrics(p_range) AS metrics
        CROSS JOIN LATERAL (
            SELECT health_internal.decay(
                date_part('epoch', p_now - metrics.received_at), v_memory
            ) AS weight
            OFFSET 0
        ) AS ages
        GROUP BY metrics.agent_id, metrics.metric_name
    ),

    ranked AS (
        SELECT
            arrived.*,
            series.agent_id IS NOT NULL AS is_known,
            (
                SELECT count(*)
                FROM health_internal.metric_series AS others
                WHERE others.agent_id = arrived.agent_id
            ) + row_number() OVER (
                PARTITION BY arrived.agent_id, series.agent_id IS NULL ORDER BY arrived.metric_name
            ) AS place
        FROM arrived
        LEFT JOIN health_internal.metric_series AS series
            ON arrived.agent_id = series.agent_id AND arrived.metric_name = series.metric_name
    ),

    upserted AS (
        INSERT INTO health_internal.metric_series AS series (
            agent_id, metric_name, unit, last_value, last_received_at, value_count, decayed_at,
            weight, value_sum, square_sum
        )
        SELECT
            ranked.agent_id, ranked.metric_name, ranked.unit, ranked.last_value,
            ranked.last_received_at, ranked.value_count, p_now, ranked.weight, ranked.value_sum,
            ranked.square_sum
        FROM ranked
        WHERE ranked.is_known OR ranked.place <= v_limit
        ON CONFLICT (agent_id, metric_name) DO UPDATE SET
            unit = coalesce(excluded.unit, series.unit),
            last_value = CASE
                WHEN excluded.last_received_at >= series.last_received_at
                    THEN excluded.last_value
                ELSE series.last_value
            END,
            last_received_at = greatest(series.last_received_at, excluded.last_received_at),
            value_count = series.value_count + excluded.value_count,
            decayed_at = excluded.decayed_at,
            weight = excluded.weight + health_internal.decayed_sum(
                series.weight,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            ),
            value_sum = excluded.value_sum + health_internal.decayed_sum(
                series.value_sum,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            ),
            square_sum = excluded.square_sum + health_internal.decayed_sum(
                series.square_sum,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            )
    )

    SELECT
        coalesce(sum(ranked.value_count), 0),
        coalesce(
            sum(ranked.value_count) FILTER (WHERE NOT ranked.is_known AND ranked.place > v_limit), 0
        )
    INTO folded_values, skipped_values
    FROM ranked;
END;
$$;

ALTER FUNCTION health_internal.fold_metrics(p_now timestamp with time zone, p_range health_internal.arrival_range, OUT folded_values bigint, OUT skipped_values bigint) OWNER TO health_owner;

--
-- Name: FUNCTION fold_metrics(p_now timestamp with time zone, p_range health_internal.arrival_range, OUT folded_values bigint, OUT skipped_values bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_metrics(p_now timestamp with time zone, p_range health_internal.arrival_range, OUT folded_values bigint, OUT skipped_values bigint) IS 'Folds new metric values into metric_series (weight exp(-age / 60 min)). An agent keeps at most settings.series_per_agent series: values of further names are counted as skipped and stay raw.';

--
-- Name: fold_phase(timestamp with time zone, boolean); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
    v_engine health_internal.engine;
    v_settings health.settings;
    v_system bigint;
    v_server_started timestamptz;
    v_has_restarted boolean;
    v_own xid8;
    v_range health_internal.arrival_range;
    v_beats record;
    v_metrics record;
BEGIN
    is_busy := false;
    folded_rows := 0;
    agents_judged := 0;
    IF p_now IS NULL OR p_now IN ('infinity', '-infinity') THEN
        RAISE EXCEPTION 'p_now must be a finite time'
            USING ERRCODE = 'EN001',
                HINT = 'Leave p_now out to tick by the clock.';
    END IF;
    SELECT engine.*
    INTO v_engine
    FROM health_internal.engine
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        is_busy := true;
        RETURN;
    END IF;
    SELECT settings.* INTO STRICT v_settings FROM health.settings;
    v_own := pg_current_xact_id();

    -- Whose transaction ids does the cursor speak of?
    SELECT control.system_identifier INTO STRICT v_system FROM pg_control_system() AS control;
    -- Of another cluster's: a dump was restored here, or pg_upgrade moved the files.
    IF v_system <> v_engine.system_identifier THEN
        PERFORM health_internal.adopt_rows(v_engine.folded_until, v_engine.own_xid);
        v_engine.folded_until := '4:4:';
        v_engine.own_xid := NULL;
        v_engine.server_started_at := NULL;
        DELETE FROM health.agent_sessions WHERE agent_sessions.lost_at IS NULL;
    END IF;

    -- Was the monitor itself blind? Time moves forwards only.
    judged_until := greatest(p_now, v_engine.last_now);
    SELECT coalesce(max(activity.backend_start), pg_postmaster_start_time())
    INTO v_server_started
    FROM pg_stat_activity AS activity
    WHERE activity.backend_type = 'checkpointer';
    v_has_restarted := v_engine.server_started_at IS NOT NULL
        AND v_engine.server_started_at <> v_server_started;
    IF NOT p_is_replay AND p_now > v_engine.last_now AND (
        v_has_restarted
        OR p_now - v_engine.last_now
        > greatest(v_settings.monitor_gap_after, 5 * v_settings.tick_period)
    ) THEN
        INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details)
        VALUES (
            CASE WHEN v_has_restarted THEN 'server_restarted' ELSE 'engine_stopped' END,
            v_engine.last_now,
            p_now,
            p_now + v_settings.monitor_settle_time,
            jsonb_build_object(
                'last_tick_id', v_engine.tick_id, 'server_started_at', v_server_started
            )
        );
    END IF;
    tick_id := v_engine.tick_id + 1;
    v_range.received_from := judged_until - v_settings.history_after;
    v_range.from_xmax := pg_snapshot_xmax(v_engine.folded_until);
    v_range.in_progress := ARRAY(SELECT pg_snapshot_xip(v_engine.folded_until));
    v_range.until := health_internal.snapshot_without(pg_current_snapshot(), v_own);
    v_range.own_xid := v_own;
    v_range.own_from := CASE WHEN v_engine.own_xid = v_own THEN v_engine.own_from ELSE 0 END;
    v_range.last_own_xid := v_engine.own_xid;
    v_range.last_own_from := v_engine.own_from;

    -- The engine beats like any agent.
    IF v_engine.last_heartbeat_at IS NULL
        OR judged_until - v_engine.last_heartbeat_at >= v_settings.engine_heartbeat_interval THEN
        INSERT INTO health.agent_heartbeats (
            agent_id, received_at, work_items_processed, average_processing_time_ms
        )
        VALUES (
            'heartbeat_health_agent', judged_until, v_engine.judged_total,
            v_engine.last_tick_ms
        );
        INSERT INTO health.performance_metrics (
            agent_id, metric_name, metric_value, unit, received_at
        )
        SELECT 'heartbeat_health_agent', own.metric_name, own.metric_value, own.unit, judged_until
        FROM (
            VALUES
            ('health_checks_performed', v_engine.judged_total::float8, 'count'),
            (
                'system_health_score',
                (SELECT avg(status.score) FROM health.agent_status AS status
                    WHERE status.liveness NOT IN ('never_seen', 'stopped')),
                'score'
            )
        ) AS own (metric_name, metric_value, unit)
        WHERE own.metric_value IS NOT NULL;
        v_engine.last_heartbeat_at := judged_until;
    END IF;

    UPDATE health_internal.engine
    SET
        tick_id = v_engine.tick_id + 1,
        folded_until = v_range.until,
        own_xid = v_own,
        system_identifier = v_system,
        last_now = judged_until,
        last_tick_at = v_started,
        server_started_at = v_server_started,
        last_heartbeat_at = v_engine.last_heartbeat_at;
    SELECT engine.cmin::text::bigint INTO STRICT v_range.own_until FROM health_internal.engine;

    PERFORM health_internal.refresh_maintenance(judged_until);
    PERFORM health_internal.fold_agent_changes(v_range);
    folded_rows := health_internal.fold_events(judged_until, v_range);
    PERFORM health_internal.fold_signals(judged_until, v_range);
    SELECT metrics.*
    INTO v_metrics
    FROM health_internal.fold_metrics(judged_until, v_range) AS metrics;
    IF NOT p_is_replay THEN
        PERFORM health_internal.watch_sessions(judged_until, v_has_restarted);
        PERFORM health_internal.watch_stuck_sessions(judged_until);
    END IF;
    SELECT beats.*
    INTO v_beats
    FROM health_internal.fold_and_judge(
        judged_until, tick_id, v_range, p_is_replay
    ) AS beats;
    folded_rows := folded_rows + v_metrics.folded_values + v_beats.folded_beats;
    agents_judged := v_beats.judged_agents;
    PERFORM health_internal.watch_jobs(judged_until);
    IF v_beats.unknown_agents > 0 OR v_engine.tick_id % 60 = 0 THEN
        PERFORM health_internal.add_missing_agents();
    END IF;

    UPDATE health_internal.engine
    SET
        own_from = v_range.own_until + 1,
        last_tick_ms = date_part('epoch', clock_timestamp() - v_started) * 1000,
        judged_total = engine.judged_total + agents_judged,
        folded_total = engine.folded_total + folded_rows,
        skipped_series_total = engine.skipped_series_total + v_metrics.skipped_values,
        last_error = NULL,
        last_error_at = NULL;
END;
$$;

ALTER FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) IS 'First phase of a tick: folds what arrived and judges. is_busy: another ticker holds the engine''s row. judged_until: p_now, or the last one where p_now is not after it. Raises EN001 for a p_now that is not finite.';

--
-- Name: fold_signals(timestamp with time zone, health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_signals(p_now timestamp with time zone, p_range health_internal.arrival_range) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    v_changed text [];
    v_count bigint;
    v_touched text [];
BEGIN
    v_changed := ARRAY(
        SELECT DISTINCT changes.agent_id
        FROM health_internal.arrived_agent_changes(p_range) AS changes
    );
    IF v_changed <> '{}' THEN
        PERFORM health_internal.configure_jobs(p_now, v_changed);
    END IF;
    IF NOT EXISTS (
        SELECT FROM health_internal.arrived_signals(p_range)
    ) THEN
        RETURN 0;
    END IF;

    WITH signals AS MATERIALIZED (
        SELECT arrived.*
        FROM health_internal.arrived_signals(p_range) AS arrived
        CROSS JOIN health.settings
        WHERE arrived.received_at >= p_now - settings.history_after
            AND (
                settings.unknown_agents = 'register'
                OR EXISTS (SELECT FROM health.agents WHERE agents.agent_id = arrived.agent_id)
            )
    ),

    -- The latest run of each run_id takes part in what follows as the signals it was made of.
    latest AS MATERIALIZED (
        SELECT known.*
        FROM (SELECT DISTINCT signals.agent_id, signals.run_id FROM signals) AS touched
        CROSS JOIN LATERAL (
            SELECT runs.*
            FROM health.job_runs AS runs
            WHERE runs.agent_id = touched.agent_id
                AND runs.run_id = touched.run_id
                AND runs.began_at IS NOT NULL
            ORDER BY runs.began_at DESC, runs.job_run_id DESC
            LIMIT 1
        ) AS known
    ),

    told AS (
        SELECT
            signals.agent_id, signals.run_id, signals.signal, signals.received_at,
            signals.attributes, NULL::bigint AS job_run_id
        FROM signals
        WHERE signals.signal <> 'log'
        UNION ALL
        SELECT
            latest.agent_id, latest.run_id, 'start', latest.started_at, NULL, latest.job_run_id
        FROM latest
        WHERE latest.started_at IS NOT NULL
        UNION ALL
        SELECT
            latest.agent_id, latest.run_id, latest.outcome, latest.finished_at,
            latest.attributes, latest.job_run_id
        FROM latest
        WHERE latest.outcome IN ('success', 'fail')
    ),

    followed AS (
        SELECT
            told.*,
            lag(told.signal) OVER by_run AS last_signal,
            told.received_at - lag(told.received_at) OVER by_run AS since_last
        FROM told
        WINDOW by_run AS (
            PARTITION BY told.agent_id, told.run_id
            ORDER BY told.received_at, told.signal <> 'start', told.job_run_id
        )
    ),

    -- A run begins with a start, unless it has started (a run_id that is told twice), and with an end
    -- that no start came before, unless it says again within a minute what the last end said.
    numbered AS (
        SELECT
            followed.*,
            count(*) FILTER (WHERE CASE
                WHEN followed.last_signal IS NULL THEN true
                WHEN followed.signal = 'start'
                    THEN followed.last_signal <> 'start' OR followed.run_id = ''
                ELSE followed.last_signal <> 'start' AND NOT (
                    followed.last_signal = followed.signal AND followed.run_id <> ''
                    AND followed.since_last <= interval '1 minute'
                )
            END) OVER (
                PARTITION BY followed.agent_id, followed.run_id
                ORDER BY followed.received_at, followed.signal <> 'start', followed.job_run_id
                ROWS UNBOUNDED PRECEDING
            ) AS run_number
        FROM followed
    ),

    runs AS (
        SELECT
            numbered.agent_id,
            numbered.run_id,
            numbered.run_number,
            max(numbered.job_run_id) AS job_run_id,
            min(numbered.received_at) FILTER (WHERE numbered.signal = 'start') AS started_at,
            min(numbered.received_at) FILTER (WHERE numbered.signal <> 'start') AS finished_at,
            min(numbered.signal) FILTER (WHERE numbered.signal <> 'start') AS ending,
            max(numbered.received_at) AS last_signal_at,
            (array_agg(numbered.attributes ORDER BY numbered.received_at)
                FILTER (WHERE numbered.signal <> 'start'))[1] AS attributes
        FROM numbered
        GROUP BY numbered.agent_id, numbered.run_id, numbered.run_number
    ),

    -- Where runs are not named, the next start ends what had not ended.
    closed AS (
        SELECT
            runs.agent_id,
            runs.run_id,
            -- A start that came late may cut a known run in two.
            CASE
                WHEN row_number() OVER (
                    PARTITION BY runs.job_run_id ORDER BY runs.run_number
                ) = 1 THEN runs.job_run_id
            END AS job_run_id,
            runs.started_at,
            runs.attributes,
            runs.last_signal_at,
            coalesce(runs.started_at, runs.finished_at) AS began_at,
            coalesce(runs.finished_at, lead(runs.started_at) OVER by_run) AS finished_at,
            coalesce(
                runs.ending,
                CASE WHEN lead(runs.started_at) OVER by_run IS NOT NULL THEN 'lost' END
            ) AS outcome
        FROM runs
        WINDOW by_run AS (PARTITION BY runs.agent_id, runs.run_id ORDER BY runs.run_number)
    ),

    -- The first new run that came too late for the missed one takes its row.
    placed AS (
        SELECT
            closed.agent_id,
            closed.run_id,
            closed.started_at,
            closed.finished_at,
            closed.outcome,
            closed.attributes,
            closed.last_signal_at,
            closed.began_at,
            agents.max_run_time,
            slots.answered_at,
            coalesce(
                closed.job_run_id,
                CASE
                    WHEN slots.answered_at = missed.expected_at AND row_number() OVER (
                        PARTITION BY closed.agent_id, slots.answered_at ORDER BY closed.began_at
                    ) = 1 THEN jobs.missed_run_id
                END
            ) AS job_run_id
        FROM closed
        LEFT JOIN health.agents ON closed.agent_id = agents.agent_id
        LEFT JOIN health.job_expectations AS jobs ON closed.agent_id = jobs.agent_id
        LEFT JOIN health.job_runs AS missed ON jobs.missed_run_id = missed.job_run_id
        LEFT JOIN LATERAL health_internal.expect_run(
            jobs.schedule, jobs.time_zone, closed.began_at, true
        ) AS slots ON jobs.schedule IS NOT NULL AND closed.job_run_id IS NULL
    ),

    updated AS (
        UPDATE health.job_runs AS kept
        SET
            run_id = placed.run_id,
            expected_at = coalesce(kept.expected_at, placed.answered_at),
            started_at = placed.started_at,
            finished_at = placed.finished_at,
            outcome = coalesce(
                placed.outcome,
                CASE WHEN kept.outcome = 'overdue' THEN 'overdue' ELSE 'running' END
            ),
            overdue_at = placed.started_at + placed.max_run_time,
            last_signal_at = greatest(kept.last_signal_at, placed.last_signal_at),
            attributes = placed.attributes
        FROM placed
        WHERE kept.job_run_id = placed.job_run_id
        RETURNING kept.job_run_id
    ),

    inserted AS (
        INSERT INTO health.job_runs (
            agent_id, run_id, expected_at, started_at, finished_at, outcome, overdue_at,
            last_signal_at, attributes
        )
        SELECT
            placed.agent_id, placed.run_id, placed.answered_at, placed.started_at,
            placed.finished_at, coalesce(placed.outcome, 'running'),
            placed.started_at + placed.max_run_time, placed.last_signal_at, placed.attributes
        FROM placed
        WHERE placed.job_run_id IS NULL
        ORDER BY placed.began_at
        RETURNING job_runs.job_run_id
    ),

    newest AS (
        SELECT
            placed.agent_id,
            max(placed.began_at) AS began_at,
            max(placed.answered_at) AS answered_at
        FROM placed
        GROUP BY placed.agent_id
    ),

    expected AS (
        INSERT INTO health.job_expectations AS jobs (
            agent_id, time_zone, grace, max_run_time, uses_signals, last_run_at
        )
        SELECT
            newest.agent_id,
            coalesce(agents.time_zone, 'UTC'),
            coalesce(agents.grace, '0'),
            agents.max_run_time,
            true,
            newest.began_at
        FROM newest
        LEFT JOIN health.agents ON newest.agent_id = agents.agent_id
        ON CONFLICT (agent_id) DO UPDATE SET
            uses_signals = true,
            last_run_at = greatest(jobs.last_run_at, excluded.last_run_at),
            -- A run that begins makes good what was missed before.
            missed_run_id = CASE
                WHEN NOT EXISTS (
                    SELECT FROM health.job_runs AS missed
                    INNER JOIN newest ON newest.agent_id = missed.agent_id
                    WHERE missed.job_run_id = jobs.missed_run_id
                        AND newest.answered_at >= missed.expected_at
                ) THEN jobs.missed_run_id
            END
    )

    SELECT
        (SELECT count(*) FROM signals),
        ARRAY(SELECT DISTINCT signals.agent_id FROM signals)
    INTO v_count, v_touched;

    -- Log lines belong to the run of their name that began last before them.
    UPDATE health.job_runs AS runs
    SET
        log_count = runs.log_count + logged.line_count,
        last_signal_at = greatest(runs.last_signal_at, logged.last_at)
    FROM (
        SELECT
            found.job_run_id,
            count(*) AS line_count,
            max(arrived.received_at) AS last_at
        FROM health_internal.arrived_signals(p_range) AS arrived
        CROSS JOIN LATERAL (
            SELECT known.job_run_id
            FROM health.job_runs AS known
            WHERE known.agent_id = arrived.agent_id
                AND known.run_id = arrived.run_id
                AND known.began_at <= arrived.received_at
            ORDER BY known.began_at DESC, known.job_run_id DESC
            LIMIT 1
        ) AS found
        WHERE arrived.signal = 'log'
        GROUP BY found.job_run_id
    ) AS logged
    WHERE runs.job_run_id = logged.job_run_id;

    PERFORM health_internal.expect_next(v_touched);
    PERFORM health_internal.refresh_jobs(p_now, v_touched);
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.fold_signals(p_now timestamp with time zone, p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION fold_signals(p_now timestamp with time zone, p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_signals(p_now timestamp with time zone, p_range health_internal.arrival_range) IS 'Makes runs of the signals that arrived and takes over changed schedules; returns how many signals. Signals are paired by run_id in order of received_at, whatever the order of arrival; without run_id an end belongs to the start before it, and a further start ends a run as lost. An end without a start is a run of its own until its start arrives.';

--
-- Name: fold_unusual_beats(bigint, health_internal.beat[], boolean, health_internal.arrival_range, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_unusual_beats(p_tick_id bigint, p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range, p_blind_until timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    SET work_mem TO '256MB'
    AS $$
DECLARE
    v_settings health.settings;
    v_count bigint;
BEGIN
    SELECT settings.* INTO STRICT v_settings FROM health.settings;
    WITH left_over AS (
        SELECT
            beats.agent_id,
            array_agg(ROW(beats.*)::health_internal.beat ORDER BY beats.received_at) AS beats
        FROM (
            SELECT few.*
            FROM unnest(p_beats) AS few
            UNION ALL
            SELECT arrived.*
            FROM health_internal.arrived_heartbeats(p_range) AS arrived
            WHERE p_is_many
        ) AS beats
        -- Before the beats are gathered: they are few of many. Each looks up its agent, fenced, lest
        -- each agent look through all beats when a fleet comes back.
        CROSS JOIN LATERAL (
            SELECT
            FROM health.agent_status AS known
            WHERE known.agent_id = beats.agent_id
                AND known.judged_tick_id <> p_tick_id
                AND known.next_due_at > '-infinity'
            OFFSET 0
        ) AS unusual
        GROUP BY beats.agent_id
    ),

    folded AS (
        SELECT
            known.ctid AS row_address,
            health_internal.fold_beats(
                known, left_over.beats,
                coalesce(
                    known.expected_interval_seconds, policy.default_expected_interval_seconds
                ),
                p_blind_until, v_settings.heartbeat_memory_seconds,
                v_settings.metric_memory_seconds, v_settings.baseline_memory_seconds
            ) AS new,
            cardinality(left_over.beats) AS beat_count
        FROM left_over
        INNER JOIN health.agent_status AS known ON left_over.agent_id = known.agent_id
        INNER JOIN health.current_policies AS policy ON known.policy_class = policy.policy_class
        OFFSET 0
    ),

    updated AS (
        UPDATE health.agent_status AS target
        SET
            next_due_at = '-infinity',
            last_heartbeat_at = (folded.new).last_heartbeat_at,
            first_heartbeat_at = (folded.new).first_heartbeat_at,
            run_started_at = (folded.new).run_started_at,
            last_sent_at = (folded.new).last_sent_at,
            session_lost_at = (folded.new).session_lost_at,
            state = (folded.new).state,
            run_id = (folded.new).run_id,
            beat_count = (folded.new).beat_count,
            gap_count = (folded.new).gap_count,
            gap_weight = (folded.new).gap_weight,
            gap_sum = (folded.new).gap_sum,
            gap_square_sum = (folded.new).gap_square_sum,
            clump_seconds = (folded.new).clump_seconds,
            learnt_interval_seconds = (folded.new).learnt_interval_seconds,
            mean_gap_seconds = (folded.new).mean_gap_seconds,
            late_intervals = (folded.new).late_intervals,
            gap_histogram = (folded.new).gap_histogram,
            error_count = (folded.new).error_count,
            work_items_processed = (folded.new).work_items_processed,
            error_sum = (folded.new).error_sum,
            item_sum = (folded.new).item_sum,
            recent_item_sum = (folded.new).recent_item_sum,
            baseline_item_sum = (folded.new).baseline_item_sum,
            baseline_seconds = (folded.new).baseline_seconds,
            processing_mean_ms = (folded.new).processing_mean_ms,
            baseline_processing_ms = (folded.new).baseline_processing_ms,
            cpu_mean_percent = (folded.new).cpu_mean_percent,
            memory_mean_mb = (folded.new).memory_mean_mb,
            slow_memory_mean_mb = (folded.new).slow_memory_mean_mb,
            memory_usage_mb = (folded.new).memory_usage_mb,
            memory_limit_mb = (folded.new).memory_limit_mb,
            cost_efficiency = (folded.new).cost_efficiency,
            user_satisfaction = (folded.new).user_satisfaction,
            operational_efficiency = (folded.new).operational_efficiency,
            revenue_impact_usd = (folded.new).revenue_impact_usd
        FROM folded
        WHERE target.ctid = folded.row_address
        RETURNING folded.beat_count
    )

    SELECT coalesce(sum(updated.beat_count), 0)
    INTO v_count
    FROM updated;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.fold_unusual_beats(p_tick_id bigint, p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range, p_blind_until timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION fold_unusual_beats(p_tick_id bigint, p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range, p_blind_until timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_unusual_beats(p_tick_id bigint, p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range, p_blind_until timestamp with time zone) IS 'Folds the beats of agents that judge_agents has left (not judged in this tick) and makes those agents due at once (next_due_at -infinity, which is also how a second call knows them); returns how many beats. Agents without a row in agent_status are left to register_unknown.';

--
-- Name: gap_bin(double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.gap_bin(p_ratio double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_ratio <= (1.02)::double precision) THEN 1 WHEN (p_ratio >= (40)::double precision) THEN 25 ELSE LEAST(25, (2 + (floor((ln(((p_ratio - (1)::double precision) / (0.02)::double precision)) / ln((1.39)::double precision))))::integer)) END;

ALTER FUNCTION health_internal.gap_bin(p_ratio double precision) OWNER TO health_owner;

--
-- Name: FUNCTION gap_bin(p_ratio double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.gap_bin(p_ratio double precision) IS 'Bin 1..25 of a gap given in learnt intervals; bin k > 1 begins at 1 + 0.02 × 1.39^(k-2).';

--
-- Name: gap_unit(bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.gap_unit(p_gap_count bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN exp((((p_gap_count % (30000)::bigint))::double precision * (0.0003333889012375737)::double precision));

ALTER FUNCTION health_internal.gap_unit(p_gap_count bigint) OWNER TO health_owner;

--
-- Name: FUNCTION gap_unit(p_gap_count bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.gap_unit(p_gap_count bigint) IS 'Weight of the next gap in a histogram that remembers 3,000 gaps: instead of shrinking 25 bins by 2999/3000 at each gap the weight grows by 3000/2999; every 30,000 gaps all is divided.';

--
-- Name: has_dead_parent(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.has_dead_parent(p_agent_id text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT EXISTS (SELECT FROM health_internal.missing_parents(ARRAY[p_agent_id]));
$$;

ALTER FUNCTION health_internal.has_dead_parent(p_agent_id text) OWNER TO health_owner;

--
-- Name: FUNCTION has_dead_parent(p_agent_id text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.has_dead_parent(p_agent_id text) IS 'Whether a parent this agent needs is dead; of a redundancy group, too many of them.';

--
-- Name: policies; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.policies (
    policy_id bigint NOT NULL,
    policy_class text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    valid_from timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by text DEFAULT SESSION_USER NOT NULL,
    note text,
    weight_heartbeat_consistency double precision DEFAULT 0.30 NOT NULL,
    weight_performance_metrics double precision DEFAULT 0.25 NOT NULL,
    weight_error_rate double precision DEFAULT 0.20 NOT NULL,
    weight_resource_efficiency double precision DEFAULT 0.15 NOT NULL,
    weight_business_impact double precision DEFAULT 0.10 NOT NULL,
    excellent_from double precision DEFAULT 80 NOT NULL,
    good_from double precision DEFAULT 70 NOT NULL,
    fair_from double precision DEFAULT 60 NOT NULL,
    poor_from double precision DEFAULT 40 NOT NULL,
    critical_below double precision DEFAULT 60 NOT NULL,
    emergency_below double precision DEFAULT 30 NOT NULL,
    recovered_margin double precision DEFAULT 5 NOT NULL,
    confirm_bad integer DEFAULT 2 NOT NULL,
    confirm_of integer DEFAULT 3 NOT NULL,
    gate_late double precision DEFAULT 65 NOT NULL,
    gate_error double precision DEFAULT 39 NOT NULL,
    gate_failed double precision DEFAULT 20 NOT NULL,
    gate_unresponsive double precision DEFAULT 0 NOT NULL,
    default_expected_interval_seconds double precision DEFAULT 30 NOT NULL,
    young_beats integer DEFAULT 30 NOT NULL,
    young_late_intervals double precision DEFAULT 2 NOT NULL,
    young_unresponsive_intervals double precision DEFAULT 3 NOT NULL,
    late_false_alarm_cost double precision DEFAULT 3 NOT NULL,
    unresponsive_false_alarm_cost double precision DEFAULT 100 NOT NULL,
    hard_limit_intervals double precision DEFAULT 10 NOT NULL,
    session_grace_seconds double precision DEFAULT 0.9 NOT NULL,
    startup_grace_seconds double precision DEFAULT 30 NOT NULL,
    latency_slo_zero_ratio double precision DEFAULT 4 NOT NULL,
    latency_baseline_tolerance double precision DEFAULT 1.5 NOT NULL,
    latency_baseline_zero_ratio double precision DEFAULT 5 NOT NULL,
    throughput_baseline_tolerance double precision DEFAULT 0.5 NOT NULL,
    latency_share double precision DEFAULT 0.7 NOT NULL,
    error_rate_scale double precision DEFAULT 0.10 NOT NULL,
    errors_per_minute_scale double precision DEFAULT 1 NOT NULL,
    cpu_soft_percent double precision DEFAULT 80 NOT NULL,
    cpu_hard_percent double precision DEFAULT 100 NOT NULL,
    cpu_floor double precision DEFAULT 25 NOT NULL,
    memory_soft_share double precision DEFAULT 0.80 NOT NULL,
    memory_hard_share double precision DEFAULT 1.00 NOT NULL,
    exhaustion_horizon_seconds double precision DEFAULT 1800 NOT NULL,
    revenue_loss_limit_usd double precision DEFAULT 1000 NOT NULL,
    resource_issue_below double precision DEFAULT 20 NOT NULL,
    performance_issue_below double precision DEFAULT 20 NOT NULL,
    error_issue_below double precision DEFAULT 40 NOT NULL,
    is_recovery_enabled boolean DEFAULT true NOT NULL,
    verify_beats integer DEFAULT 3 NOT NULL,
    recovery_backoff_seconds double precision DEFAULT 10 NOT NULL,
    recovery_backoff_limit_seconds double precision DEFAULT 300 NOT NULL,
    recovery_budget_count integer DEFAULT 3 NOT NULL,
    recovery_budget_window_seconds double precision DEFAULT 600 NOT NULL,
    recovery_claim_seconds double precision DEFAULT 120 NOT NULL,
    recovery_execution_seconds double precision DEFAULT 120 NOT NULL,
    recovery_group_budget_count integer DEFAULT 3 NOT NULL,
    recovery_parent_seconds double precision DEFAULT 900 NOT NULL,
    stuck_idle_seconds double precision DEFAULT 60 NOT NULL,
    stuck_blocking_seconds double precision DEFAULT 10 NOT NULL,
    CONSTRAINT confirmation_needs_1_to_20_evaluations CHECK (((confirm_bad >= 1) AND (confirm_bad <= confirm_of) AND (confirm_of <= 20))),
    CONSTRAINT deadlines_are_late_first_and_at_least_one_interval CHECK (((young_late_intervals >= (1)::double precision) AND (young_unresponsive_intervals >= young_late_intervals) AND (hard_limit_intervals >= young_unresponsive_intervals) AND (hard_limit_intervals <= (1000)::double precision) AND (young_beats >= 1) AND (late_false_alarm_cost > (0)::double precision) AND (unresponsive_false_alarm_cost >= late_false_alarm_cost) AND (unresponsive_false_alarm_cost <= ('1000000000'::numeric)::double precision))),
    CONSTRAINT emergency_is_not_above_critical CHECK ((((100)::double precision >= critical_below) AND (critical_below >= emergency_below) AND (emergency_below >= (0)::double precision))),
    CONSTRAINT gates_are_between_0_and_100 CHECK (((LEAST(gate_late, gate_error, gate_failed, gate_unresponsive) >= (0)::double precision) AND (GREATEST(gate_late, gate_error, gate_failed, gate_unresponsive) <= (100)::double precision))),
    CONSTRAINT limits_of_recovery_are_positive_and_finite CHECK (((recovery_group_budget_count >= 1) AND (LEAST(recovery_parent_seconds, stuck_idle_seconds, stuck_blocking_seconds) > (0)::double precision) AND (GREATEST(recovery_parent_seconds, stuck_idle_seconds, stuck_blocking_seconds) <= ('1000000000'::numeric)::double precision))),
    CONSTRAINT scales_are_finite_and_from_1e_minus_9_to_1e9 CHECK (((LEAST((latency_slo_zero_ratio - (1)::double precision), (latency_baseline_zero_ratio - latency_baseline_tolerance), throughput_baseline_tolerance, error_rate_scale, errors_per_minute_scale, (cpu_hard_percent - cpu_soft_percent), (memory_hard_share - memory_soft_share), memory_soft_share, revenue_loss_limit_usd, exhaustion_horizon_seconds) >= (0.000000001)::double precision) AND (GREATEST(latency_slo_zero_ratio, latency_baseline_zero_ratio, error_rate_scale, errors_per_minute_scale, cpu_hard_percent, memory_hard_share, revenue_loss_limit_usd, exhaustion_horizon_seconds, recovered_margin, hard_limit_intervals, late_false_alarm_cost) <= ('1000000000'::numeric)::double precision))),
    CONSTRAINT scales_leave_room_between_best_and_worst CHECK (((latency_slo_zero_ratio > (1)::double precision) AND (latency_baseline_tolerance >= (1)::double precision) AND (latency_baseline_zero_ratio > latency_baseline_tolerance) AND (throughput_baseline_tolerance > (0)::double precision) AND (throughput_baseline_tolerance <= (1)::double precision) AND (latency_share >= (0)::double precision) AND (latency_share <= (1)::double precision) AND (error_rate_scale > (0)::double precision) AND (errors_per_minute_scale > (0)::double precision) AND (cpu_hard_percent > cpu_soft_percent) AND (cpu_soft_percent >= (0)::double precision) AND (cpu_floor >= (0)::double precision) AND (cpu_floor <= (100)::double precision) AND (memory_hard_share > memory_soft_share) AND (memory_soft_share > (0)::double precision) AND (revenue_loss_limit_usd > (0)::double precision) AND (recovered_margin >= (0)::double precision) AND (verify_beats >= 1) AND (recovery_budget_count >= 1))),
    CONSTRAINT status_limits_descend_from_100_to_0 CHECK ((((100)::double precision >= excellent_from) AND (excellent_from >= good_from) AND (good_from >= fair_from) AND (fair_from >= poor_from) AND (poor_from >= (0)::double precision))),
    CONSTRAINT times_are_positive_and_finite CHECK (((LEAST(default_expected_interval_seconds, startup_grace_seconds, exhaustion_horizon_seconds, recovery_backoff_seconds, recovery_backoff_limit_seconds, recovery_budget_window_seconds, recovery_claim_seconds, recovery_execution_seconds) > (0)::double precision) AND (GREATEST(default_expected_interval_seconds, startup_grace_seconds, exhaustion_horizon_seconds, session_grace_seconds, recovery_backoff_seconds, recovery_backoff_limit_seconds, recovery_budget_window_seconds, recovery_claim_seconds, recovery_execution_seconds) <= ('1000000000'::numeric)::double precision) AND (session_grace_seconds >= (0)::double precision))),
    CONSTRAINT weights_are_not_negative_and_sum_to_1 CHECK (((LEAST(weight_heartbeat_consistency, weight_performance_metrics, weight_error_rate, weight_resource_efficiency, weight_business_impact) >= (0)::double precision) AND (abs((((((weight_heartbeat_consistency + weight_performance_metrics) + weight_error_rate) + weight_resource_efficiency) + weight_business_impact) - (1)::double precision)) < (0.000000001)::double precision)))
);

ALTER TABLE health.policies OWNER TO health_owner;

--
-- Name: TABLE policies; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.policies IS 'One row per version of a class''s policy; rows are never changed, the highest version of a class is in force.';

--
-- Name: COLUMN policies.policy_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.policy_id IS 'Number of this version, remembered by every assessment.';

--
-- Name: COLUMN policies.policy_class; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.policy_class IS 'Class of agents the policy is for; standard where an agent names none.';

--
-- Name: COLUMN policies.version; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.version IS 'Version within the class, 1 upwards; the highest is in force.';

--
-- Name: COLUMN policies.valid_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.valid_from IS 'When this version came into force.';

--
-- Name: COLUMN policies.created_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.created_by IS 'Who set it.';

--
-- Name: COLUMN policies.note; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.note IS 'Why.';

--
-- Name: COLUMN policies.weight_heartbeat_consistency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.weight_heartbeat_consistency IS 'Weight of the component heartbeat_consistency.';

--
-- Name: COLUMN policies.weight_performance_metrics; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.weight_performance_metrics IS 'Weight of the component performance_metrics.';

--
-- Name: COLUMN policies.weight_error_rate; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.weight_error_rate IS 'Weight of the component error_rate.';

--
-- Name: COLUMN policies.weight_resource_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.weight_resource_efficiency IS 'Weight of the component resource_efficiency.';

--
-- Name: COLUMN policies.weight_business_impact; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.weight_business_impact IS 'Weight of the component business_impact.';

--
-- Name: COLUMN policies.excellent_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.excellent_from IS 'Lowest score called excellent.';

--
-- Name: COLUMN policies.good_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.good_from IS 'Lowest score called good.';

--
-- Name: COLUMN policies.fair_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.fair_from IS 'Lowest score called fair.';

--
-- Name: COLUMN policies.poor_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.poor_from IS 'Lowest score called poor; below it critical.';

--
-- Name: COLUMN policies.critical_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.critical_below IS 'Ungated score below which the alert score_critical opens, once confirmed.';

--
-- Name: COLUMN policies.emergency_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.emergency_below IS 'Ungated score below which the alert score_emergency opens, at once.';

--
-- Name: COLUMN policies.recovered_margin; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovered_margin IS 'Points above a threshold at which its alert closes (hysteresis).';

--
-- Name: COLUMN policies.confirm_bad; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.confirm_bad IS 'Bad evaluations that confirm a problem …';

--
-- Name: COLUMN policies.confirm_of; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.confirm_of IS '… among this many last ones, at most 20.';

--
-- Name: COLUMN policies.gate_late; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.gate_late IS 'Highest score of an agent that is late.';

--
-- Name: COLUMN policies.gate_error; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.gate_error IS 'Highest score of an agent in state error.';

--
-- Name: COLUMN policies.gate_failed; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.gate_failed IS 'Highest score of an agent in state failed.';

--
-- Name: COLUMN policies.gate_unresponsive; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.gate_unresponsive IS 'Highest score of an agent that is unresponsive.';

--
-- Name: COLUMN policies.default_expected_interval_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.default_expected_interval_seconds IS 'Interval between heartbeats expected of an agent that names none, seconds.';

--
-- Name: COLUMN policies.young_beats; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.young_beats IS 'Gaps an agent must have shown before its own deadline is learnt.';

--
-- Name: COLUMN policies.young_late_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.young_late_intervals IS 'Intervals after which a younger agent is late.';

--
-- Name: COLUMN policies.young_unresponsive_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.young_unresponsive_intervals IS 'Intervals after which a younger agent is unresponsive.';

--
-- Name: COLUMN policies.late_false_alarm_cost; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.late_false_alarm_cost IS 'Seconds of delay worth one false lateness fewer per agent and day.';

--
-- Name: COLUMN policies.unresponsive_false_alarm_cost; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.unresponsive_false_alarm_cost IS 'Seconds of delay worth one false unresponsiveness fewer per agent and day.';

--
-- Name: COLUMN policies.hard_limit_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.hard_limit_intervals IS 'Learnt intervals after which an agent is unresponsive in any case.';

--
-- Name: COLUMN policies.session_grace_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.session_grace_seconds IS 'Seconds after a lost attach session until an agent is unresponsive.';

--
-- Name: COLUMN policies.startup_grace_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.startup_grace_seconds IS 'Seconds an agent may take to start, before deadlines hold and after a restart.';

--
-- Name: COLUMN policies.latency_slo_zero_ratio; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.latency_slo_zero_ratio IS 'Processing time over its objective at which the latency score is 0; 1 gives 100.';

--
-- Name: COLUMN policies.latency_baseline_tolerance; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.latency_baseline_tolerance IS 'Processing time over its learnt baseline that still scores 100 …';

--
-- Name: COLUMN policies.latency_baseline_zero_ratio; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.latency_baseline_zero_ratio IS '… and at which the latency score is 0.';

--
-- Name: COLUMN policies.throughput_baseline_tolerance; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.throughput_baseline_tolerance IS 'Share of its learnt throughput that still scores 100.';

--
-- Name: COLUMN policies.latency_share; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.latency_share IS 'Share of latency in performance_metrics where throughput is known too.';

--
-- Name: COLUMN policies.error_rate_scale; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.error_rate_scale IS 'Errors per work item at which error_rate is 100/e = 37.';

--
-- Name: COLUMN policies.errors_per_minute_scale; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.errors_per_minute_scale IS 'Errors per minute at which error_rate is 37, for agents without work items.';

--
-- Name: COLUMN policies.cpu_soft_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.cpu_soft_percent IS 'CPU use up to which the CPU part is 100.';

--
-- Name: COLUMN policies.cpu_hard_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.cpu_hard_percent IS 'CPU use at which the CPU part reaches its floor.';

--
-- Name: COLUMN policies.cpu_floor; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.cpu_floor IS 'Lowest value of the CPU part: a busy CPU alone restarts nobody.';

--
-- Name: COLUMN policies.memory_soft_share; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.memory_soft_share IS 'Share of the memory limit up to which the memory part is 100.';

--
-- Name: COLUMN policies.memory_hard_share; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.memory_hard_share IS 'Share of the memory limit at which the memory part is 0.';

--
-- Name: COLUMN policies.exhaustion_horizon_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.exhaustion_horizon_seconds IS 'Predicted time to memory exhaustion below which the trend part falls under 100.';

--
-- Name: COLUMN policies.revenue_loss_limit_usd; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.revenue_loss_limit_usd IS 'Revenue lost per hour at which the revenue part is 0, US dollars.';

--
-- Name: COLUMN policies.resource_issue_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.resource_issue_below IS 'Component resource_efficiency at or below which resource_exhaustion is an issue.';

--
-- Name: COLUMN policies.performance_issue_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.performance_issue_below IS 'Component performance_metrics at or below which performance_degradation is an issue.';

--
-- Name: COLUMN policies.error_issue_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.error_issue_below IS 'Component error_rate at or below which high_error_rate is an issue.';

--
-- Name: COLUMN policies.is_recovery_enabled; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.is_recovery_enabled IS 'Whether recoveries are queued for agents of this class.';

--
-- Name: COLUMN policies.verify_beats; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.verify_beats IS 'Good heartbeats after a restart that prove it.';

--
-- Name: COLUMN policies.recovery_backoff_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovery_backoff_seconds IS 'Wait before the second attempt, doubling with each further one …';

--
-- Name: COLUMN policies.recovery_backoff_limit_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovery_backoff_limit_seconds IS '… up to this wait.';

--
-- Name: COLUMN policies.recovery_budget_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovery_budget_count IS 'Attempts allowed within the window, then a person is asked.';

--
-- Name: COLUMN policies.recovery_budget_window_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovery_budget_window_seconds IS 'Window of the budget; also the healthy time after which the back-off starts anew.';

--
-- Name: COLUMN policies.recovery_claim_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovery_claim_seconds IS 'Seconds a queued recovery waits for a bridge before a person is asked.';

--
-- Name: COLUMN policies.recovery_execution_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovery_execution_seconds IS 'Seconds a step of a recovery may execute before it counts as failed.';

--
-- Name: COLUMN policies.recovery_group_budget_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovery_group_budget_count IS 'Attempts allowed within the window for all agents of one recovery_group together.';

--
-- Name: COLUMN policies.recovery_parent_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.recovery_parent_seconds IS 'Seconds a recovery waits for a dead parent before a person is asked.';

--
-- Name: COLUMN policies.stuck_idle_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.stuck_idle_seconds IS 'Seconds an agent''s database session may idle in a transaction before it is stuck.';

--
-- Name: COLUMN policies.stuck_blocking_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.policies.stuck_blocking_seconds IS 'Seconds others may wait for its locks before it is stuck.';

--
-- Name: holding_conditions(text, text, double precision, double precision, integer, text, text, integer, text, text[], health.policies); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.holding_conditions(p_liveness text, p_state text, p_ungated_score double precision, p_gate double precision, p_last_bad_evaluations integer, p_issue_candidate text, p_last_candidate text, p_last_evaluations integer, p_last_issue_type text, p_last_conditions text[], p_policy health.policies) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    v_bad constant integer := (p_last_bad_evaluations << 1)
        | (least(p_ungated_score, p_gate) < p_policy.critical_below)::integer;
    v_bad_count constant integer := bit_count(
        (v_bad & ((1 << p_policy.confirm_of) - 1))::bit(32)
    );
BEGIN
    RETURN array_remove(ARRAY[
        CASE WHEN p_liveness = 'unresponsive' THEN 'unresponsive' END,
        CASE WHEN p_state = 'failed' THEN 'failed' END,
        CASE WHEN p_state = 'error' THEN 'error' END,
        CASE
            WHEN p_ungated_score < p_policy.emergency_below + CASE
                WHEN 'score_emergency' = ANY (p_last_conditions) THEN p_policy.recovered_margin
                ELSE 0
            END
                THEN 'score_emergency'
        END,
        CASE
            WHEN p_ungated_score < p_policy.emergency_below
                OR (
                    p_ungated_score < p_policy.critical_below
                    AND v_bad_count >= p_policy.confirm_bad
                )
                OR (
                    'score_critical' = ANY (p_last_conditions)
                    AND p_ungated_score < p_policy.critical_below + p_policy.recovered_margin
                )
                THEN 'score_critical'
        END,
        CASE
            WHEN p_issue_candidate IN (
                'resource_exhaustion', 'performance_degradation', 'high_error_rate'
            )
                AND p_state IS DISTINCT FROM 'error'
                AND (
                    p_last_issue_type = p_issue_candidate
                    OR health_internal.is_confirmed(
                        p_issue_candidate, p_last_candidate, p_last_evaluations,
                        p_policy.confirm_bad
                    )
                )
                THEN p_issue_candidate
        END
    ], NULL);
END;
$$;

ALTER FUNCTION health_internal.holding_conditions(p_liveness text, p_state text, p_ungated_score double precision, p_gate double precision, p_last_bad_evaluations integer, p_issue_candidate text, p_last_candidate text, p_last_evaluations integer, p_last_issue_type text, p_last_conditions text[], p_policy health.policies) OWNER TO health_owner;

--
-- Name: FUNCTION holding_conditions(p_liveness text, p_state text, p_ungated_score double precision, p_gate double precision, p_last_bad_evaluations integer, p_issue_candidate text, p_last_candidate text, p_last_evaluations integer, p_last_issue_type text, p_last_conditions text[], p_policy health.policies); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.holding_conditions(p_liveness text, p_state text, p_ungated_score double precision, p_gate double precision, p_last_bad_evaluations integer, p_issue_candidate text, p_last_candidate text, p_last_evaluations integer, p_last_issue_type text, p_last_conditions text[], p_policy health.policies) IS 'The built-in alert rules that hold for an agent after an evaluation, given the last one''s outcome: facts at once, a score below critical when confirm_bad of the last confirm_of evaluations were bad, an issue when seen confirm_bad times in a row; scores end only recovered_margin above their limit.';

--
-- Name: maintenance_periods; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.maintenance_periods (
    period_id bigint NOT NULL,
    window_id bigint NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C",
    started_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

ALTER TABLE health.maintenance_periods OWNER TO health_owner;

--
-- Name: TABLE maintenance_periods; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.maintenance_periods IS 'One row per time an agent was in maintenance; ended_at IS NULL: it is at present.';

--
-- Name: COLUMN maintenance_periods.period_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_periods.period_id IS 'Number of the period.';

--
-- Name: COLUMN maintenance_periods.window_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_periods.window_id IS 'Window it belongs to.';

--
-- Name: COLUMN maintenance_periods.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_periods.agent_id IS 'Which agent.';

--
-- Name: COLUMN maintenance_periods.started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_periods.started_at IS 'From when.';

--
-- Name: COLUMN maintenance_periods.until_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_periods.until_at IS 'Until when, as announced.';

--
-- Name: COLUMN maintenance_periods.ended_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_periods.ended_at IS 'When it ended; NULL: not yet.';

--
-- Name: in_maintenance(text, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.in_maintenance(p_agent_id text, p_at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM health.maintenance_periods periods WHERE ((periods.agent_id = in_maintenance.p_agent_id) AND (periods.started_at <= in_maintenance.p_at) AND (COALESCE(periods.ended_at, periods.until_at) > in_maintenance.p_at))));

ALTER FUNCTION health_internal.in_maintenance(p_agent_id text, p_at timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION in_maintenance(p_agent_id text, p_at timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.in_maintenance(p_agent_id text, p_at timestamp with time zone) IS 'Whether an agent was, or is, in maintenance at a time. Of many agents, now: join maintenance_periods on agent_id where ended_at IS NULL.';

--
-- Name: incident_facts(timestamp with time zone, bigint[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.incident_facts(p_now timestamp with time zone, p_incident_ids bigint[]) RETURNS TABLE(incident_id bigint, agent_id text, news text, is_over boolean, was_told boolean, withheld text, has_new_alert boolean, severity_rank integer, told_rank integer, is_unrecovered boolean, has_acknowledgement_ended boolean, is_in_maintenance boolean, is_in_fleet_incident boolean, parent text, is_silenced boolean, is_flapping boolean, is_acknowledged boolean, step integer, step_channels text[], next_step_at timestamp with time zone, mute_ends_at timestamp with time zone, reasons jsonb)
    LANGUAGE sql STABLE
    AS $$
    WITH due AS MATERIALIZED (
        SELECT incidents.*
        FROM unnest(p_incident_ids) AS given (incident_id)
        INNER JOIN health.incidents ON given.incident_id = incidents.incident_id
        WHERE NOT incidents.is_settled
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
            max(alerts.opened_at) AS opened_at
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
                    CASE WHEN due.told_severity IS NULL THEN p_now ELSE due.escalates_from END
                    + steps.delay + repeats.number * steps.repeat_interval AS at
            ) AS timed
        ) AS firing
        WHERE due.resolved_at IS NULL
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
            > health_internal.severity_rank(due.acknowledged_severity) AS has_risen
        FROM due
        INNER JOIN spoken ON due.incident_id = spoken.incident_id
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
        maintained.agent_id IS NOT NULL,
        fleet.incident_id IS NOT NULL,
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
            CASE WHEN held.holds THEN held.acknowledged_until END
        ),
        CASE
            WHEN coalesce(
                maintained.agent_id, flapping.agent_id, parents.agent_id, fleet.incident_id::text,
                spoken.silence_id::text, CASE WHEN held.holds THEN '' END
            ) IS NOT NULL THEN jsonb_build_object(
                'maintenance', 'in maintenance ' || maintained.window_id || ' until '
                || maintained.until_at,
                'fleet_incident', 'part of incident ' || fleet.incident_id || ' of many agents',
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
    LEFT JOIN health_internal.dead_parents(ARRAY(SELECT due.agent_id FROM due)) AS parents
        ON held.agent_id = parents.agent_id;
$$;

ALTER FUNCTION health_internal.incident_facts(p_now timestamp with time zone, p_incident_ids bigint[]) OWNER TO health_owner;

--
-- Name: FUNCTION incident_facts(p_now timestamp with time zone, p_incident_ids bigint[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.incident_facts(p_now timestamp with time zone, p_incident_ids bigint[]) IS 'One row per given incident: the inputs of decide_notification, the escalation steps due, when to look again, and each reason in words.';

--
-- Name: incident_message(timestamp with time zone, bigint, text, integer, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.incident_message(p_now timestamp with time zone, p_incident_id bigint, p_event text, p_step integer, p_severity text) RETURNS TABLE(subject text, body text, details jsonb)
    LANGUAGE sql STABLE
    AS $$
    WITH facts AS (
        SELECT
            incidents.*,
            coalesce(agents.agent_name, incidents.agent_id, 'HeartbeatHealthAgent') AS agent_name,
            status.score,
            status.status,
            status.liveness,
            before.old_score,
            before.old_status,
            coalesce(spoken.summary, p_severity) AS summary,
            spoken.alerts,
            (
                SELECT count(*)
                FROM health.incident_members AS members
                WHERE members.incident_id = incidents.incident_id
            ) AS member_count
        FROM health.incidents
        LEFT JOIN health.agents ON incidents.agent_id = agents.agent_id
        LEFT JOIN health.agent_status AS status ON incidents.agent_id = status.agent_id
        -- The last good state: what the first transition of the trouble left behind.
        LEFT JOIN LATERAL (
            SELECT transitions.old_score, transitions.old_status
            FROM health.status_transitions AS transitions
            WHERE transitions.agent_id = incidents.agent_id
                AND transitions.occurred_at >= incidents.onset_at
            ORDER BY transitions.occurred_at, transitions.transition_id
            LIMIT 1
        ) AS before ON true
        LEFT JOIN LATERAL (
            SELECT
                string_agg(
                    alerts.summary, '; ' ORDER BY rules.message_order, alerts.alert_id
                ) AS summary,
                jsonb_agg(
                    jsonb_build_object(
                        'alert_id', alerts.alert_id, 'rule', alerts.rule,
                        'severity', alerts.severity, 'summary', alerts.summary
                    )
                    ORDER BY health_internal.severity_rank(alerts.severity) DESC, alerts.alert_id
                ) AS alerts
            FROM health.alerts
            LEFT JOIN health.alert_rules AS rules ON alerts.rule = rules.rule
            WHERE alerts.incident_id = incidents.incident_id
                AND (alerts.resolved_at IS NULL OR incidents.resolved_at IS NOT NULL)
        ) AS spoken ON true
        WHERE incidents.incident_id = p_incident_id
    )

    SELECT
        left(translate(
            facts.agent_name || ': ' || CASE p_event
                WHEN 'resolved' THEN 'resolved'
                WHEN 'reminder' THEN 'still ' || facts.summary
                ELSE facts.summary
            END,
            E'\n\r', '  '
        ), 300),
        format(
            E'Agent %s (%s)\n%s\nSince %s\nScore %s, status %s, liveness %s',
            facts.agent_name,
            coalesce(facts.agent_id, 'engine'),
            facts.summary,
            to_char(facts.onset_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'),
            coalesce(round(facts.score::numeric, 2)::text, 'unknown'),
            coalesce(facts.status, 'unknown'),
            coalesce(facts.liveness, 'unknown')
        ),
        jsonb_strip_nulls(jsonb_build_object(
            'event', p_event,
            'incident_id', facts.incident_id,
            'agent_id', facts.agent_id,
            'agent_name', facts.agent_name,
            'severity', p_severity,
            'summary', facts.summary,
            'onset_at', facts.onset_at,
            'detected_at', facts.detected_at,
            'resolved_at', facts.resolved_at,
            'score', facts.score,
            'score_before', facts.old_score,
            'status', facts.status,
            'status_before', facts.old_status,
            'liveness', facts.liveness,
            'alerts', facts.alerts,
            'step', nullif(p_step, 0),
            'incident_count', nullif(facts.member_count, 0),
            'revenue_usd_per_hour', nullif(facts.revenue_usd_per_hour, 0)
        ) || jsonb_build_object(
            'why', CASE WHEN facts.score IS NULL THEN '[]' ELSE (
                SELECT coalesce(jsonb_agg(
                    jsonb_build_object(
                        'component', parts.component, 'value', parts.value,
                        'weight', parts.weight, 'contribution', parts.contribution
                    )
                    ORDER BY parts.harm DESC, parts.component
                ), '[]')
                FROM (
                    SELECT
                        explained.*,
                        CASE explained.component
                            WHEN 'gate' THEN - explained.contribution
                            ELSE explained.weight * (100 - explained.value)
                        END AS harm
                    FROM health.explain(facts.agent_id) AS explained
                    WHERE explained.value IS NOT NULL
                    ORDER BY harm DESC
                    LIMIT 5
                ) AS parts
                WHERE parts.harm > 0
            ) END,
            'actions', (
                SELECT coalesce(jsonb_agg(
                    jsonb_build_object('action', taken.action, 'state', taken.state, 'at', taken.at)
                    ORDER BY taken.action_id
                ), '[]')
                FROM (
                    SELECT
                        actions.action_id,
                        actions.action,
                        actions.state,
                        coalesce(actions.finished_at, actions.started_at, actions.created_at) AS at
                    FROM health.recovery_actions AS actions
                    WHERE actions.agent_id = facts.agent_id
                        AND actions.created_at >= facts.onset_at
                    ORDER BY actions.action_id DESC
                    LIMIT 5
                ) AS taken
            )
        ))
    FROM facts;
$$;

ALTER FUNCTION health_internal.incident_message(p_now timestamp with time zone, p_incident_id bigint, p_event text, p_step integer, p_severity text) OWNER TO health_owner;

--
-- Name: FUNCTION incident_message(p_now timestamp with time zone, p_incident_id bigint, p_event text, p_step integer, p_severity text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.incident_message(p_now timestamp with time zone, p_incident_id bigint, p_event text, p_step integer, p_severity text) IS 'Subject, body and details of a message about one incident; the keys of details are told in docs/alerting.md.';

--
-- Name: inherit_told(timestamp with time zone, bigint[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.inherit_told(p_now timestamp with time zone, p_incident_ids bigint[]) RETURNS void
    LANGUAGE sql
    AS $$
    -- Trouble came back while the all-clear of the last one was withheld: people still believe that
    -- one, so the new incident takes its place and its end is the end they hear of.
    WITH superseded AS (
        UPDATE health.incidents AS older
        SET is_settled = true
        FROM unnest(p_incident_ids) AS given (incident_id)
        INNER JOIN health.incidents AS newer ON given.incident_id = newer.incident_id
        WHERE newer.checked_at IS NULL
            AND older.agent_id = newer.agent_id
            AND older.incident_id < newer.incident_id
            AND older.resolved_at IS NOT NULL
            AND NOT older.is_settled
        RETURNING
            older.incident_id, older.agent_id, older.told_at, older.told_channels,
            newer.incident_id AS newer_id
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason
        )
        SELECT
            p_now, superseded.incident_id, superseded.agent_id, 'grouped', 'incident',
            'went on as incident ' || superseded.newer_id
        FROM superseded
    )

    UPDATE health.incidents
    SET told_at = heritage.told_at, told_channels = heritage.told_channels
    FROM (
        SELECT DISTINCT ON (superseded.newer_id) superseded.*
        FROM superseded
        WHERE superseded.told_at IS NOT NULL
        ORDER BY superseded.newer_id ASC, superseded.incident_id DESC
    ) AS heritage
    WHERE incidents.incident_id = heritage.newer_id;
$$;

ALTER FUNCTION health_internal.inherit_told(p_now timestamp with time zone, p_incident_ids bigint[]) OWNER TO health_owner;

--
-- Name: FUNCTION inherit_told(p_now timestamp with time zone, p_incident_ids bigint[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.inherit_told(p_now timestamp with time zone, p_incident_ids bigint[]) IS 'Lets an incident that has just begun take the place of earlier ones of its agent whose all-clear is still withheld.';

--
-- Name: is_confirmed(text, text, integer, integer); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.is_confirmed(p_candidate text, p_last_candidate text, p_last_evaluations integer, p_confirm_bad integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (CASE WHEN (p_candidate = p_last_candidate) THEN (p_last_evaluations + 1) ELSE 1 END >= p_confirm_bad);

ALTER FUNCTION health_internal.is_confirmed(p_candidate text, p_last_candidate text, p_last_evaluations integer, p_confirm_bad integer) OWNER TO health_owner;

--
-- Name: FUNCTION is_confirmed(p_candidate text, p_last_candidate text, p_last_evaluations integer, p_confirm_bad integer); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.is_confirmed(p_candidate text, p_last_candidate text, p_last_evaluations integer, p_confirm_bad integer) IS 'Whether an issue was seen by that many evaluations in a row, this one included.';

--
-- Name: job_expectations; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.job_expectations (
    agent_id text NOT NULL COLLATE pg_catalog."C",
    schedule text,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    grace interval DEFAULT '00:00:00'::interval NOT NULL,
    max_run_time interval,
    uses_signals boolean DEFAULT false NOT NULL,
    counts_from timestamp with time zone,
    expected_at timestamp with time zone,
    late_at timestamp with time zone,
    missed_at timestamp with time zone,
    check_at timestamp with time zone,
    missed_run_id bigint,
    last_run_at timestamp with time zone,
    last_outcome text,
    last_outcome_at timestamp with time zone,
    last_success_at timestamp with time zone,
    open_run_count integer DEFAULT 0 NOT NULL,
    is_overdue boolean DEFAULT false NOT NULL,
    schedule_problem text,
    CONSTRAINT last_outcome_is_success_or_fail CHECK ((last_outcome = ANY (ARRAY['success'::text, 'fail'::text])))
);

ALTER TABLE health.job_expectations OWNER TO health_owner;

--
-- Name: TABLE job_expectations; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.job_expectations IS 'One row per job, an agent that has a schedule or has signalled a run: what is expected of it next, and how it is. Written by the tick alone, when a run began or ended, a deadline passed or the configuration changed.';

--
-- Name: COLUMN job_expectations.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.agent_id IS 'Which job.';

--
-- Name: COLUMN job_expectations.schedule; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.schedule IS 'As in agents; NULL: it has none.';

--
-- Name: COLUMN job_expectations.time_zone; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.time_zone IS 'As in agents.';

--
-- Name: COLUMN job_expectations.grace; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.grace IS 'As in agents.';

--
-- Name: COLUMN job_expectations.max_run_time; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.max_run_time IS 'As in agents.';

--
-- Name: COLUMN job_expectations.uses_signals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.uses_signals IS 'Whether it has ever signalled a run; until then any heartbeat answers a scheduled time.';

--
-- Name: COLUMN job_expectations.counts_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.counts_from IS 'From when on a run answers expected_at: a minute before it, or half the time between two runs.';

--
-- Name: COLUMN job_expectations.expected_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.expected_at IS 'Next scheduled time that no run has answered; NULL: without a schedule.';

--
-- Name: COLUMN job_expectations.late_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.late_at IS 'When it is late: half the grace after expected_at.';

--
-- Name: COLUMN job_expectations.missed_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.missed_at IS 'When the run is missed: the grace after expected_at.';

--
-- Name: COLUMN job_expectations.check_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.check_at IS 'When the tick looks at it next.';

--
-- Name: COLUMN job_expectations.missed_run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.missed_run_id IS 'Row of job_runs that is missed and not made good; NULL: none.';

--
-- Name: COLUMN job_expectations.last_run_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.last_run_at IS 'When its newest run began.';

--
-- Name: COLUMN job_expectations.last_outcome; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.last_outcome IS 'How its last ended run ended: success or fail.';

--
-- Name: COLUMN job_expectations.last_outcome_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.last_outcome_at IS 'When.';

--
-- Name: COLUMN job_expectations.last_success_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.last_success_at IS 'When a run last succeeded.';

--
-- Name: COLUMN job_expectations.open_run_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.open_run_count IS 'Runs that have not ended.';

--
-- Name: COLUMN job_expectations.is_overdue; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.is_overdue IS 'Whether one of them takes longer than max_run_time.';

--
-- Name: COLUMN job_expectations.schedule_problem; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_expectations.schedule_problem IS 'Why its schedule cannot be read any more, such as a time zone the server no longer knows.';

--
-- Name: job_standing(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.job_standing(p_agent_id text) RETURNS text
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (jobs.missed_run_id IS NOT NULL) THEN 'missed'::text
             WHEN jobs.is_overdue THEN 'overdue'::text
             WHEN (jobs.last_outcome = 'fail'::text) THEN 'failed'::text
             ELSE NULL::text
         END AS "case"
    FROM health.job_expectations jobs
   WHERE (jobs.agent_id = job_standing.p_agent_id);
END;

ALTER FUNCTION health_internal.job_standing(p_agent_id text) OWNER TO health_owner;

--
-- Name: FUNCTION job_standing(p_agent_id text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.job_standing(p_agent_id text) IS 'What is wrong with a job on a schedule: missed, overdue, failed or NULL. The judgement reads it in place of the deadlines of silence.';

--
-- Name: judge_agents(timestamp with time zone, bigint, health.policies, health_internal.beat[], boolean, boolean, boolean, health_internal.arrival_range, health_internal.blindness); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.judge_agents(p_now timestamp with time zone, p_tick_id bigint, p_policy health.policies, p_beats health_internal.beat[], p_is_many boolean, p_is_most boolean, p_only_due boolean, p_range health_internal.arrival_range, p_blindness health_internal.blindness) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'auto'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'on'
    SET seq_page_cost TO '0.001'
    SET random_page_cost TO '0.01'
    SET work_mem TO '256MB'
    SET jit TO 'off'
    AS $$
DECLARE
    v_fast double precision;
    v_slow double precision;
    v_base double precision;
    v_recovered_from constant double precision :=
        greatest(p_policy.critical_below, p_policy.emergency_below) + p_policy.recovered_margin;
    v_count bigint;
BEGIN
    SELECT
        settings.heartbeat_memory_seconds,
        settings.metric_memory_seconds,
        settings.baseline_memory_seconds
    INTO STRICT v_fast, v_slow, v_base
    FROM health.settings;
    -- For many it pays to plan with the policy's numbers as constants. A plan that needs no statistics:
    -- each agent by its key, or where most of them beat all agents in the order of their rows, beside
    -- a hash of the beats; then each row by its address.
    PERFORM
        set_config(
            'plan_cache_mode',
            CASE WHEN p_is_many THEN 'force_custom_plan' ELSE 'force_generic_plan' END,
            true
        ),
        set_config('enable_seqscan', p_is_most::text, true),
        set_config('enable_hashjoin', p_is_most::text, true);

    WITH
    joined AS (
        SELECT
            subjects.*,
            status.*,
            status.ctid AS row_address
        FROM health_internal.subjects(
            p_beats, p_is_many, p_only_due, p_range, p_now, p_tick_id
        ) AS subjects
        INNER JOIN health.agent_status AS status ON subjects.beat_agent_id = status.agent_id
        WHERE NOT p_is_most
        UNION ALL
        SELECT
            subjects.*,
            status.*
        FROM (
            SELECT
                known.*,
                known.ctid AS row_address
            FROM health.agent_status AS known
            OFFSET 0
        ) AS status
        INNER JOIN health_internal.subjects(
            p_beats, p_is_many, p_only_due, p_range, p_now, p_tick_id
        ) AS subjects ON status.agent_id = subjects.beat_agent_id
        WHERE p_is_most
    ),

    -- Old state beside the beat, if there is one and it is nothing out of the ordinary.
    pairs AS (
        SELECT
            joined.row_address,
            joined.agent_id,
            date_part('epoch', joined.beat_received_at) - date_part('epoch', joined.last_heartbeat_at)
                AS gap,
            coalesce(joined.beat_received_at, joined.last_heartbeat_at) AS last_at,
            CASE WHEN joined.beat_received_at IS NULL THEN joined.last_sent_at ELSE joined.beat_sent_at
            END AS sent_at,
            coalesce(joined.beat_state, joined.state) AS state,
            joined.expected_interval_seconds,
            joined.grace_seconds,
            joined.latency_slo_ms,
            joined.throughput_slo_per_minute,
            joined.run_started_at,
            joined.session_lost_at,
            joined.beat_count,
            joined.gap_count,
            joined.gap_weight,
            joined.gap_sum,
            joined.gap_square_sum,
            joined.learnt_interval_seconds,
            joined.mean_gap_seconds,
            joined.gap_histogram,
            joined.late_intervals,
            joined.unresponsive_intervals,
            coalesce(joined.beat_error_count, joined.error_count) AS error_count,
            coalesce(joined.beat_work_items_processed, joined.work_items_processed)
                AS work_items_processed,
            joined.beat_error_count - joined.error_count AS errors_in,
            joined.beat_work_items_processed - joined.work_items_processed AS items_in,
            joined.error_sum,
            joined.item_sum,
            joined.recent_item_sum,
            joined.baseline_item_sum,
            joined.baseline_seconds,
            joined.beat_average_processing_time_ms AS processing_in,
            joined.beat_cpu_usage_percent AS cpu_in,
            joined.beat_memory_usage_mb AS memory_in,
            joined.processing_mean_ms,
            joined.baseline_processing_ms,
            joined.cpu_mean_percent,
            joined.memory_mean_mb,
            joined.slow_memory_mean_mb,
            coalesce(joined.beat_memory_usage_mb, joined.memory_usage_mb) AS memory_usage_mb,
            coalesce(joined.beat_memory_limit_mb, joined.memory_limit_mb) AS memory_limit_mb,
            coalesce(joined.beat_cost_efficiency, joined.cost_efficiency) AS cost_efficiency,
            coalesce(joined.beat_user_satisfaction, joined.user_satisfaction) AS user_satisfaction,
            coalesce(joined.beat_operational_efficiency, joined.operational_efficiency)
                AS operational_efficiency,
            coalesce(joined.beat_revenue_impact_usd, joined.revenue_impact_usd)
                AS revenue_impact_usd,
            joined.bad_evaluations,
            joined.issue_evaluations,
            joined.issue_candidate,
            joined.issue_type,
            joined.active_conditions,
            joined.policy_class = p_policy.policy_class
            AND joined.judged_tick_id <> p_tick_id
            AND joined.last_heartbeat_at IS NOT NULL
            AND (
                joined.beat_received_at IS NULL
                OR (
                    joined.beat_received_at > joined.last_heartbeat_at
                    AND joined.clump_seconds = 0
                    AND joined.session_lost_at IS NULL
                    AND joined.liveness <> 'stopped'
                    AND coalesce(joined.beat_run_id = joined.run_id, joined.beat_run_id IS NULL)
                    AND coalesce(joined.beat_error_count >= joined.error_count, true)
                    AND coalesce(
                        joined.beat_work_items_processed >= joined.work_items_processed, true
                    )
                    AND (joined.beat_state <> 'initializing' OR joined.state = 'initializing')
                    AND (joined.gap_count + 1) % 30000 <> 0
                    AND (
                        joined.last_heartbeat_at >= (p_blindness).settled_at
                        OR date_part('epoch', joined.beat_received_at - joined.last_heartbeat_at)
                        <= 2 * joined.learnt_interval_seconds
                    )
                )
            ) AS is_ordinary
        FROM joined
        OFFSET 0
    ),

    -- How much of the old sums and means is kept; without a beat, all.
    decays AS (
        SELECT
            pairs.*,
            CASE WHEN pairs.gap IS NULL THEN 1 ELSE health_internal.decay(pairs.gap, v_fast)
            END AS fast,
            CASE WHEN pairs.gap IS NULL THEN 1 ELSE health_internal.decay(pairs.gap, v_slow)
            END AS slow,
            CASE WHEN pairs.gap IS NULL THEN 1 ELSE health_internal.decay(pairs.gap, v_base)
            END AS base,
            CASE
                WHEN pairs.gap IS NULL THEN 1
                ELSE health_internal.gap_bin(pairs.gap / pairs.learnt_interval_seconds)
            END AS gap_bin
        FROM pairs
        WHERE pairs.is_ordinary
            AND (
                pairs.gap IS NULL
                OR (
                    pairs.gap > 0.1 * pairs.learnt_interval_seconds
                    AND pairs.gap <= 100 * pairs.learnt_interval_seconds
                )
            )
        OFFSET 0
    ),

    -- Running state after this beat.
    folded AS (
        SELECT
            decays.row_address, decays.agent_id, decays.gap, decays.last_at, decays.sent_at,
            decays.state, decays.expected_interval_seconds, decays.grace_seconds,
            decays.latency_slo_ms, decays.throughput_slo_per_minute, decays.run_started_at,
            decays.session_lost_at, decays.gap_histogram, decays.gap_bin, decays.error_count,
            decays.work_items_processed, decays.memory_usage_mb,
            decays.memory_limit_mb, decays.cost_efficiency, decays.user_satisfaction,
            decays.operational_efficiency, decays.revenue_impact_usd, decays.bad_evaluations,
            decays.issue_evaluations, decays.issue_candidate, decays.issue_type,
            decays.active_conditions,
            CASE WHEN decays.gap IS NULL THEN decays.beat_count ELSE decays.beat_count + 1
            END AS beat_count,
            CASE WHEN decays.gap IS NULL THEN decays.gap_count ELSE decays.gap_count + 1
            END AS gap_count,
            CASE
                WHEN decays.gap IS NULL THEN decays.gap_weight
                ELSE decays.gap_weight * decays.fast + 1
            END AS gap_weight,
            health_internal.decayed_sum(decays.gap_sum, decays.fast)
            + v_fast * (1 - decays.fast) AS gap_sum,
            health_internal.decayed_sum(decays.gap_square_sum, decays.fast)
            + v_fast * (1 - decays.fast) * (v_fast * (1 - decays.fast)) AS gap_square_sum,
            CASE
                WHEN decays.gap IS NULL THEN decays.learnt_interval_seconds
                ELSE health_internal.moved_interval(
                    decays.learnt_interval_seconds, decays.gap, decays.gap_count
                )
            END AS learnt_interval_seconds,
            CASE
                WHEN decays.gap IS NULL THEN decays.mean_gap_seconds
                ELSE health_internal.moved_mean_gap(
                    decays.mean_gap_seconds, decays.gap, decays.gap_count
                )
            END AS mean_gap_seconds,
            CASE
                WHEN decays.gap IS NULL THEN decays.gap_histogram[decays.gap_bin]
                ELSE (
                    decays.gap_histogram[decays.gap_bin]
                    + health_internal.gap_unit(decays.gap_count)
                )::real
            END AS bin_weight,
            CASE
                WHEN decays.gap_count < p_policy.young_beats - (decays.gap IS NOT NULL)::integer
                    THEN p_policy.young_late_intervals
                ELSE decays.late_intervals
            END AS late_intervals,
            CASE
                WHEN decays.gap_count < p_policy.young_beats - (decays.gap IS NOT NULL)::integer
                    THEN p_policy.young_unresponsive_intervals
                ELSE decays.unresponsive_intervals
            END AS unresponsive_intervals,
            -- The deadlines are learnt anew when a gap was long, and else by turns: every 32 gaps, of an
            -- agent well known every 128.
            decays.late_intervals IS NULL
            OR decays.gap > 1.5 * decays.learnt_interval_seconds
            OR decays.gap_count + 1 = p_policy.young_beats
            OR (
                decays.gap IS NOT NULL
                AND (decays.gap_count + (hashtext(decays.agent_id) & 127))
                % CASE WHEN decays.gap_count < 320 THEN 32 ELSE 128 END = 0
            ) AS must_learn_deadlines,
            health_internal.decayed_sum(decays.error_sum, decays.slow)
            + coalesce(decays.errors_in, 0) AS error_sum,
            health_internal.decayed_sum(decays.item_sum, decays.slow)
            + coalesce(decays.items_in, 0) AS item_sum,
            health_internal.decayed_sum(decays.recent_item_sum, decays.fast)
            + coalesce(decays.items_in, 0) AS recent_item_sum,
            health_internal.decayed_sum(decays.baseline_item_sum, decays.base)
            + coalesce(decays.items_in, 0) AS baseline_item_sum,
            decays.baseline_seconds * decays.base + v_base * (1 - decays.base)
                AS baseline_seconds,
            health_internal.moved_mean(
                decays.processing_mean_ms, decays.processing_in,
                health_internal.kept_share(decays.fast, decays.gap_weight * decays.fast + 1)
            ) AS processing_mean_ms,
            health_internal.moved_mean(
                decays.baseline_processing_ms,
                health_internal.clipped(
                    decays.processing_in, decays.baseline_processing_ms, decays.beat_count
                ),
                health_internal.kept_share(decays.base, decays.beat_count::double precision)
            ) AS baseline_processing_ms,
            health_internal.moved_mean(
                decays.cpu_mean_percent, decays.cpu_in,
                health_internal.kept_share(decays.fast, decays.gap_weight * decays.fast + 1)
            ) AS cpu_mean_percent,
            health_internal.moved_mean(decays.memory_mean_mb, decays.memory_in, decays.fast)
                AS memory_mean_mb,
            health_internal.moved_mean(decays.slow_memory_mean_mb, decays.memory_in, decays.slow)
                AS slow_memory_mean_mb
        FROM decays
        OFFSET 0
    ),

    -- The components but the first, and the deadlines where they are learnt anew.
    measured AS (
        SELECT
            folded.*,
            coalesce(folded.expected_interval_seconds, folded.learnt_interval_seconds)
                AS expected_seconds,
            CASE
                WHEN folded.must_learn_deadlines AND folded.gap_count >= p_policy.young_beats THEN health_internal.learn_deadlines(
                    folded.gap_histogram[:folded.gap_bin - 1] || folded.bin_weight
                    || folded.gap_histogram[folded.gap_bin + 1:],
                    folded.gap_count, folded.learnt_interval_seconds, folded.mean_gap_seconds,
                    p_policy.late_false_alarm_cost, p_policy.unresponsive_false_alarm_cost,
                    p_policy.hard_limit_intervals
                )
            END AS deadlines,
            CASE
                WHEN folded.last_at < (p_blindness).settled_at THEN
                    health_internal.recent_blind_seconds(folded.last_at, p_now, p_blindness)
                ELSE 0
            END AS blind,
            folded.processing_mean_ms / nullif(coalesce(
                folded.latency_slo_ms,
                CASE
                    WHEN folded.beat_count >= 10 THEN folded.baseline_processing_ms
                    ELSE folded.processing_mean_ms
                END
            ), 0) AS latency_ratio,
            CASE
                WHEN folded.work_items_processed IS NULL OR folded.gap_sum <= 1 THEN NULL
                WHEN folded.throughput_slo_per_minute IS NOT NULL THEN
                    60 * folded.recent_item_sum / folded.gap_sum
                    / folded.throughput_slo_per_minute
                WHEN folded.state <> 'idle' AND folded.baseline_item_sum > 0
                    AND folded.baseline_seconds >= 600 THEN
                    folded.recent_item_sum / folded.gap_sum
                    / (folded.baseline_item_sum / folded.baseline_seconds)
                    / p_policy.throughput_baseline_tolerance
            END AS throughput_ratio,
            CASE
                WHEN folded.error_count IS NOT NULL OR folded.error_sum > 0 THEN
                    health_internal.score_error_rate(
                        folded.error_sum, folded.item_sum,
                        date_part('epoch', folded.last_at - folded.run_started_at),
                        v_slow, p_policy.error_rate_scale, p_policy.errors_per_minute_scale
                    )
            END AS errors,
            health_internal.score_resource_efficiency(
                folded.cpu_mean_percent,
                CASE
                    WHEN folded.memory_limit_mb > 0
                        THEN folded.memory_usage_mb / folded.memory_limit_mb
                END,
                CASE
                    WHEN folded.memory_mean_mb > folded.slow_memory_mean_mb
                        AND folded.memory_limit_mb > 0
                        THEN health_internal.seconds_to_exhaustion(
                            folded.memory_mean_mb, folded.slow_memory_mean_mb,
                            date_part('epoch', folded.last_at - folded.run_started_at),
                            v_fast, v_slow, folded.memory_usage_mb, folded.memory_limit_mb
                        )
                END / p_policy.exhaustion_horizon_seconds,
                p_policy.cpu_soft_percent, p_policy.cpu_hard_percent, p_policy.cpu_floor,
                p_policy.memory_soft_share, p_policy.memory_hard_share
            ) AS resources,
            health_internal.score_business_impact(
                folded.cost_efficiency, folded.user_satisfaction, folded.operational_efficiency,
                folded.revenue_impact_usd, p_policy.revenue_loss_limit_usd
            ) AS business
        FROM folded
        OFFSET 0
    ),

    -- How long the silence lasts, and its deadlines in seconds.
    timed AS (
        SELECT
            measured.*,
            greatest(0, date_part('epoch', p_now - measured.last_at) - measured.blind) AS silent,
            measured.grace_seconds + CASE
                WHEN measured.state = 'initializing' THEN greatest(
                    p_policy.startup_grace_seconds,
                    measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[1], measured.late_intervals)
                )
                ELSE measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[1], measured.late_intervals)
            END AS late_seconds,
            measured.grace_seconds + CASE
                WHEN measured.state = 'initializing' THEN greatest(
                    p_policy.startup_grace_seconds,
                    measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[2], measured.unresponsive_intervals)
                )
                ELSE measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[2], measured.unresponsive_intervals)
            END AS unresponsive_seconds,
            health_internal.time_mass(measured.expected_seconds, v_fast) AS expected_mass,
            CASE
                WHEN measured.grace_seconds >= 1e9
                    THEN coalesce(health_internal.job_standing(measured.agent_id), 'good')
            END AS job_standing,
            health_internal.score_performance_metrics(
                measured.latency_ratio,
                CASE
                    WHEN measured.latency_slo_ms IS NULL THEN p_policy.latency_baseline_tolerance
                    ELSE 1
                END,
                CASE
                    WHEN measured.latency_slo_ms IS NULL
                        THEN p_policy.latency_baseline_zero_ratio
                    ELSE p_policy.latency_slo_zero_ratio
                END,
                measured.throughput_ratio,
                p_policy.latency_share
            ) AS performance
        FROM measured
        OFFSET 0
    ),

    lived AS (
        SELECT
            timed.*,
            CASE
                WHEN timed.job_standing IS NULL THEN health_internal.score_heartbeat_consistency(
                    timed.gap_weight, timed.gap_sum, timed.gap_square_sum, timed.expected_mass,
                    CASE
                        WHEN timed.silent > timed.expected_seconds THEN
                            health_internal.open_gap_sum(
                                timed.gap_weight, timed.expected_mass, timed.silent, v_fast
                            )
                        ELSE 0
                    END,
                    CASE
                        WHEN timed.session_lost_at IS NOT NULL THEN 0.5
                        WHEN timed.silent <= timed.late_seconds THEN 1
                        ELSE greatest(
                            0,
                            1 - (timed.silent - timed.late_seconds)
                            / greatest(timed.unresponsive_seconds - timed.late_seconds, 1e-3)
                        )
                    END
                )
                ELSE health_internal.score_job(timed.job_standing)
            END AS heartbeat,
            CASE
                WHEN timed.state = 'stopped' THEN 'stopped'
                WHEN timed.silent >= timed.unresponsive_seconds
                    OR p_now >= timed.session_lost_at
                    + make_interval(secs => p_policy.session_grace_seconds)
                    THEN CASE
                        WHEN timed.state = 'stopping' THEN 'stopped'
                        ELSE 'unresponsive'
                    END
                WHEN timed.silent >= timed.late_seconds OR timed.session_lost_at IS NOT NULL
                    OR timed.job_standing IN ('missed', 'overdue')
                    THEN 'late'
                WHEN timed.state = 'initializing' THEN 'starting'
                ELSE 'alive'
            END AS liveness
        FROM timed
        OFFSET 0
    ),

    -- Components to an ungated score, state and liveness to a gate and an issue.
    scored AS (
        SELECT
            lived.*,
            health_internal.weighted_mean(
                lived.heartbeat, p_policy.weight_heartbeat_consistency,
                lived.performance, p_policy.weight_performance_metrics,
                lived.errors, p_policy.weight_error_rate,
                lived.resources, p_policy.weight_resource_efficiency,
                lived.business, p_policy.weight_business_impact
            ) AS ungated_score,
            CASE
                WHEN lived.liveness = 'alive' AND lived.state IN ('running', 'idle', 'active')
                    AND (lived.job_standing = 'good' OR lived.job_standing IS NULL)
                    THEN 100
                ELSE least(
                    CASE WHEN lived.job_standing = 'failed' THEN p_policy.gate_error END,
                    CASE lived.liveness
                        WHEN 'unresponsive' THEN p_policy.gate_unresponsive
                        WHEN 'late' THEN p_policy.gate_late
                        ELSE 100
                    END,
                    CASE lived.state
                        WHEN 'failed' THEN p_policy.gate_failed
                        WHEN 'error' THEN p_policy.gate_error
                        ELSE 100
                    END
                )
            END AS gate,
            CASE
                WHEN lived.liveness = 'stopped' THEN NULL
                WHEN lived.liveness = 'unresponsive' OR lived.state = 'failed'
                    THEN 'agent_unresponsive'
                WHEN lived.state = 'error' THEN 'high_error_rate'
                WHEN lived.resources <= p_policy.resource_issue_below THEN 'resource_exhaustion'
                WHEN lived.errors <= p_policy.error_issue_below THEN 'high_error_rate'
                WHEN lived.performance <= p_policy.performance_issue_below
                    THEN 'performance_degradation'
            END AS new_issue_candidate
        FROM lived
        OFFSET 0
    ),

    -- What is written: an UPDATE carries its source as a whole row, and naming the columns here lets
    -- the planner drop all others from the stages above.
    written AS (
        SELECT
            scored.row_address, scored.last_at, scored.sent_at, scored.state, scored.liveness,
            scored.ungated_score, scored.gate, scored.heartbeat, scored.performance,
            scored.errors, scored.resources, scored.business, scored.silent, scored.beat_count,
            scored.gap_count, scored.gap_weight, scored.gap_sum, scored.gap_square_sum,
            scored.learnt_interval_seconds, scored.mean_gap_seconds, scored.gap_bin,
            scored.bin_weight, scored.error_count, scored.work_items_processed, scored.error_sum,
            scored.item_sum, scored.recent_item_sum, scored.baseline_item_sum, scored.baseline_seconds,
            scored.processing_mean_ms, scored.baseline_processing_ms, scored.cpu_mean_percent,
            scored.memory_mean_mb, scored.slow_memory_mean_mb, scored.memory_usage_mb,
            scored.memory_limit_mb, scored.cost_efficiency, scored.user_satisfaction,
            scored.operational_efficiency, scored.revenue_impact_usd, scored.new_issue_candidate,
            coalesce(scored.deadlines[1], scored.late_intervals) AS late_intervals,
            coalesce(scored.deadlines[2], scored.unresponsive_intervals)
                AS unresponsive_intervals,
            least(scored.ungated_score, scored.gate) AS score,
            health.classify_status(
                least(scored.ungated_score, scored.gate), p_policy.excellent_from,
                p_policy.good_from, p_policy.fair_from, p_policy.poor_from
            ) AS status,
            (
                (scored.bad_evaluations << 1)
                | CASE
                    WHEN least(scored.ungated_score, scored.gate) < p_policy.critical_below THEN 1
                    ELSE 0
                END
            ) & 2097151 AS bad_evaluations,
            CASE
                WHEN scored.new_issue_candidate IS NULL THEN 0
                WHEN scored.new_issue_candidate = scored.issue_candidate
                    THEN least(1000, scored.issue_evaluations + 1)
                ELSE 1
            END AS issue_evaluations,
            CASE
                WHEN scored.new_issue_candidate IS NULL THEN NULL
                WHEN scored.liveness = 'unresponsive' OR scored.state IN ('error', 'failed')
                    OR scored.issue_type = scored.new_issue_candidate
                    OR health_internal.is_confirmed(
                        scored.new_issue_candidate, scored.issue_candidate,
                        scored.issue_evaluations, p_policy.confirm_bad
                    )
                    THEN scored.new_issue_candidate
            END AS issue_type,
            CASE
                WHEN scored.new_issue_candidate IS NULL
                    AND scored.ungated_score >= v_recovered_from
                    OR scored.liveness = 'stopped'
                    THEN '{}'::text []
                ELSE health_internal.holding_conditions(
                    scored.liveness, scored.state, scored.ungated_score, scored.gate,
                    scored.bad_evaluations, scored.new_issue_candidate, scored.issue_candidate,
                    scored.issue_evaluations, scored.issue_type, scored.active_conditions,
                    p_policy
                )
            END AS active_conditions,
            CASE
                WHEN scored.liveness = 'alive' OR scored.liveness = 'starting'
                    THEN scored.last_at
                        + make_interval(secs => scored.late_seconds + scored.blind)
                WHEN scored.liveness <> 'late' OR scored.job_standing IS NOT NULL THEN 'infinity'
                WHEN scored.session_lost_at IS NOT NULL
                    THEN scored.session_lost_at
                        + make_interval(secs => p_policy.session_grace_seconds)
                ELSE least(
                    scored.last_at
                    + make_interval(secs => scored.unresponsive_seconds + scored.blind),
                    p_now + make_interval(secs => scored.learnt_interval_seconds)
                )
            END AS next_due_at
        FROM scored
        OFFSET 0
    )

    UPDATE health.agent_status AS target
    SET
        next_due_at = written.next_due_at,
        judged_tick_id = p_tick_id,
        judged_at = p_now,
        last_heartbeat_at = written.last_at,
        last_sent_at = written.sent_at,
        liveness = written.liveness,
        status = written.status,
        issue_type = written.issue_type,
        state = written.state,
        score = written.score,
        ungated_score = written.ungated_score,
        gate = written.gate,
        heartbeat_consistency = written.heartbeat,
        performance_metrics = written.performance,
        error_rate = written.errors,
        resource_efficiency = written.resources,
        business_impact = written.business,
        policy_id = p_policy.policy_id,
        silent_seconds = written.silent,
        beat_count = written.beat_count,
        gap_count = written.gap_count,
        gap_weight = written.gap_weight,
        gap_sum = written.gap_sum,
        gap_square_sum = written.gap_square_sum,
        learnt_interval_seconds = written.learnt_interval_seconds,
        mean_gap_seconds = written.mean_gap_seconds,
        late_intervals = written.late_intervals,
        unresponsive_intervals = written.unresponsive_intervals,
        gap_histogram[written.gap_bin] = written.bin_weight,
        error_count = written.error_count,
        work_items_processed = written.work_items_processed,
        error_sum = written.error_sum,
        item_sum = written.item_sum,
        recent_item_sum = written.recent_item_sum,
        baseline_item_sum = written.baseline_item_sum,
        baseline_seconds = written.baseline_seconds,
        processing_mean_ms = written.processing_mean_ms,
        baseline_processing_ms = written.baseline_processing_ms,
        cpu_mean_percent = written.cpu_mean_percent,
        memory_mean_mb = written.memory_mean_mb,
        slow_memory_mean_mb = written.slow_memory_mean_mb,
        memory_usage_mb = written.memory_usage_mb,
        memory_limit_mb = written.memory_limit_mb,
        cost_efficiency = written.cost_efficiency,
        user_satisfaction = written.user_satisfaction,
        operational_efficiency = written.operational_efficiency,
        revenue_impact_usd = written.revenue_impact_usd,
        bad_evaluations = written.bad_evaluations,
        issue_evaluations = written.issue_evaluations,
        issue_candidate = written.new_issue_candidate,
        active_conditions = written.active_conditions
    FROM written
    WHERE target.ctid = written.row_address;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.judge_agents(p_now timestamp with time zone, p_tick_id bigint, p_policy health.policies, p_beats health_internal.beat[], p_is_many boolean, p_is_most boolean, p_only_due boolean, p_range health_internal.arrival_range, p_blindness health_internal.blindness) OWNER TO health_owner;

--
-- Name: FUNCTION judge_agents(p_now timestamp with time zone, p_tick_id bigint, p_policy health.policies, p_beats health_internal.beat[], p_is_many boolean, p_is_most boolean, p_only_due boolean, p_range health_internal.arrival_range, p_blindness health_internal.blindness); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.judge_agents(p_now timestamp with time zone, p_tick_id bigint, p_policy health.policies, p_beats health_internal.beat[], p_is_many boolean, p_is_most boolean, p_only_due boolean, p_range health_internal.arrival_range, p_blindness health_internal.blindness) IS 'Judges the agents of one policy class, each at most once per tick, and returns how many: the subjects (see there). p_is_most: they are a good part of all agents. Agents whose beat is out of the ordinary (see fold_beats), or who have several, are left to fold_unusual_beats.';

--
-- Name: kept_share(double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.kept_share(p_decay double precision, p_count double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN LEAST(p_decay, (p_count / (p_count + (1)::double precision)));

ALTER FUNCTION health_internal.kept_share(p_decay double precision, p_count double precision) OWNER TO health_owner;

--
-- Name: FUNCTION kept_share(p_decay double precision, p_count double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.kept_share(p_decay double precision, p_count double precision) IS 'How much of a mean of p_count values is kept when one more comes: count / (count + 1), a plain mean, until the decay since the last value asks for less.';

--
-- Name: known_weight(double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.known_weight(p_weight double precision, p_value double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_value IS NULL) THEN (0)::double precision ELSE p_weight END;

ALTER FUNCTION health_internal.known_weight(p_weight double precision, p_value double precision) OWNER TO health_owner;

--
-- Name: FUNCTION known_weight(p_weight double precision, p_value double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.known_weight(p_weight double precision, p_value double precision) IS 'The weight of a component that has data, else 0: its weight is shared among the others.';

--
-- Name: learn_deadlines(real[], bigint, double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.learn_deadlines(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap_seconds double precision, p_late_cost double precision, p_unresponsive_cost double precision, p_hard_limit double precision) RETURNS double precision[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    v_unit constant double precision := health_internal.gap_unit(p_gap_count);
    v_per_day constant double precision := 86400 / greatest(p_mean_gap_seconds, 1e-3) / (
        0.1 + 3000 * (1 - exp(-least(700, p_gap_count / 3000.0::double precision)))
    );
    v_longer double precision := 0;
    v_edge double precision := 1 + 0.02 * 1.39 ^ 23;
    v_risk double precision;
    v_cost double precision;
    v_late double precision;
    v_late_cost double precision := 'infinity'::double precision;
    v_unresponsive double precision;
    v_unresponsive_cost double precision := 'infinity'::double precision;
BEGIN
    -- From the longest gap to the shortest, so that the mass beyond an edge is a running sum.
    FOR v_bin IN REVERSE 24 .. 1
    LOOP
        v_longer := v_longer + p_histogram[v_bin + 1] / v_unit;
        v_risk := v_per_day * (v_longer + 0.1 * (
            0.9 / (v_edge * v_edge * v_edge) + 0.1 * least(1, 8 / (v_edge * v_edge * v_edge))
        ));
        v_cost := p_late_cost * v_risk + p_interval_seconds * v_edge;
        IF v_cost <= v_late_cost THEN
            v_late_cost := v_cost;
            v_late := v_edge;
        END IF;
        v_cost := p_unresponsive_cost * v_risk + p_interval_seconds * v_edge;
        IF v_cost <= v_unresponsive_cost THEN
            v_unresponsive_cost := v_cost;
            v_unresponsive := v_edge;
        END IF;
        v_edge := 1 + (v_edge - 1) / 1.39;
    END LOOP;
    RETURN ARRAY[least(p_hard_limit, v_late + 1), least(p_hard_limit, v_unresponsive + 1)];
END;
$$;

ALTER FUNCTION health_internal.learn_deadlines(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap_seconds double precision, p_late_cost double precision, p_unresponsive_cost double precision, p_hard_limit double precision) OWNER TO health_owner;

--
-- Name: FUNCTION learn_deadlines(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap_seconds double precision, p_late_cost double precision, p_unresponsive_cost double precision, p_hard_limit double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.learn_deadlines(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap_seconds double precision, p_late_cost double precision, p_unresponsive_cost double precision, p_hard_limit double precision) IS 'Learnt intervals after which silence is late and unresponsive: for each the edge x of the histogram with the least cost × P(gap > x) + interval × x, plus one interval for a lost beat, at most the hard limit. P has a weak prior (a tenth of one gap, tail x^-3); a cost is seconds of delay per false alarm and day.';

--
-- Name: maintenance_windows; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.maintenance_windows (
    window_id bigint NOT NULL,
    matchers jsonb NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    weekdays integer[],
    from_time time without time zone,
    until_time time without time zone,
    time_zone text,
    uptime_method text DEFAULT 'excluded'::text NOT NULL,
    created_by text NOT NULL,
    reason text NOT NULL,
    cancelled_by text,
    enrolled_at timestamp with time zone,
    CONSTRAINT maintenance_ends_after_its_start CHECK ((ends_at > starts_at)),
    CONSTRAINT maintenance_weekdays_are_1_to_7 CHECK (((weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]) AND ((cardinality(weekdays) >= 1) AND (cardinality(weekdays) <= 7)))),
    CONSTRAINT uptime_method_is_excluded_counted_as_up_or_measured CHECK ((uptime_method = ANY (ARRAY['excluded'::text, 'counted_as_up'::text, 'measured'::text]))),
    CONSTRAINT weekly_maintenance_has_days_times_and_a_zone CHECK ((num_nulls(weekdays, from_time, until_time, time_zone) = ANY (ARRAY[0, 4])))
);

ALTER TABLE health.maintenance_windows OWNER TO health_owner;

--
-- Name: TABLE maintenance_windows; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.maintenance_windows IS 'One row per maintenance announced, once or weekly: its agents do not page and are not restarted.';

--
-- Name: COLUMN maintenance_windows.window_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.window_id IS 'Number of the window.';

--
-- Name: COLUMN maintenance_windows.matchers; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.matchers IS 'Which agents; see health_internal.matches_agent.';

--
-- Name: COLUMN maintenance_windows.starts_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.starts_at IS 'From when; of a weekly one: no occurrence begins earlier.';

--
-- Name: COLUMN maintenance_windows.ends_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.ends_at IS 'Until when; of a weekly one: no occurrence lasts longer.';

--
-- Name: COLUMN maintenance_windows.weekdays; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.weekdays IS 'Days it begins on, Monday 1 to Sunday 7; NULL: once.';

--
-- Name: COLUMN maintenance_windows.from_time; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.from_time IS 'Local time it begins.';

--
-- Name: COLUMN maintenance_windows.until_time; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.until_time IS 'Local time it ends; not later than from_time: on the next day.';

--
-- Name: COLUMN maintenance_windows.time_zone; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.time_zone IS 'Time zone of the two, by name.';

--
-- Name: COLUMN maintenance_windows.uptime_method; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.uptime_method IS 'How availability counts it: excluded (no time at all), counted_as_up, or measured (as if there were none).';

--
-- Name: COLUMN maintenance_windows.created_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.created_by IS 'Who announced it.';

--
-- Name: COLUMN maintenance_windows.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.reason IS 'Why.';

--
-- Name: COLUMN maintenance_windows.cancelled_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.cancelled_by IS 'Who cancelled it.';

--
-- Name: COLUMN maintenance_windows.enrolled_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.maintenance_windows.enrolled_at IS 'When its agents were last looked up; those that come to match during it join within a minute.';

--
-- Name: maintenance_until(health.maintenance_windows, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.maintenance_until(p_window health.maintenance_windows, p_at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN CASE WHEN ((p_at < (p_window).starts_at) OR (p_at >= (p_window).ends_at)) THEN NULL::timestamp with time zone WHEN ((p_window).weekdays IS NULL) THEN (p_window).ends_at ELSE (SELECT max(LEAST(occurrences.until_at, (maintenance_until.p_window).ends_at)) AS max FROM ((generate_series('-1'::integer, 0) days(number) CROSS JOIN LATERAL (SELECT ((timezone((maintenance_until.p_window).time_zone, maintenance_until.p_at))::date + days.number) AS day) starts) CROSS JOIN LATERAL (SELECT health_internal.first_instant((starts.day + (maintenance_until.p_window).from_time), (maintenance_until.p_window).time_zone) AS from_at, (((starts.day + (maintenance_until.p_window).until_time) + CASE WHEN ((maintenance_until.p_window).until_time <= (maintenance_until.p_window).from_time) THEN '1 day'::interval ELSE '00:00:00'::interval END) AT TIME ZONE (maintenance_until.p_window).time_zone) AS until_at) occurrences) WHERE (((maintenance_until.p_window).weekdays @> ARRAY[(date_part('isodow'::text, starts.day))::integer]) AND (occurrences.from_at >= (maintenance_until.p_window).starts_at) AND (maintenance_until.p_at >= occurrences.from_at) AND (maintenance_until.p_at < occurrences.until_at))) END;

ALTER FUNCTION health_internal.maintenance_until(p_window health.maintenance_windows, p_at timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION maintenance_until(p_window health.maintenance_windows, p_at timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.maintenance_until(p_window health.maintenance_windows, p_at timestamp with time zone) IS 'When the occurrence of a window that covers p_at ends; NULL: none covers it. Weekly ones begin at the first and end at the last moment of their local times, so that none is cut short when clocks change.';

--
-- Name: agents; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.agents (
    agent_id health.agent_id NOT NULL,
    agent_number bigint NOT NULL,
    agent_name text NOT NULL,
    agent_type text,
    policy_class text DEFAULT 'standard'::text NOT NULL COLLATE pg_catalog."C",
    expected_interval interval,
    grace interval DEFAULT '00:00:00'::interval NOT NULL,
    schedule text,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    max_run_time interval,
    latency_slo_ms double precision,
    throughput_slo_per_minute double precision,
    capabilities jsonb DEFAULT '{}'::jsonb NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    tenant text DEFAULT 'default'::text NOT NULL,
    revenue_usd_per_hour double precision DEFAULT 0 NOT NULL,
    criticality text DEFAULT 'normal'::text NOT NULL,
    recovery_group text COLLATE pg_catalog."C",
    registered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT agent_name_is_1_to_200_bytes_without_control_characters CHECK ((((octet_length(agent_name) >= 1) AND (octet_length(agent_name) <= 200)) AND (agent_name !~ '[[:cntrl:]]'::text))),
    CONSTRAINT capabilities_are_a_json_object_or_array_of_at_most_64_kb CHECK (((jsonb_typeof(capabilities) = ANY (ARRAY['object'::text, 'array'::text])) AND (pg_column_size(capabilities) <= 65536))),
    CONSTRAINT criticality_is_low_normal_high_or_vital CHECK ((criticality = ANY (ARRAY['low'::text, 'normal'::text, 'high'::text, 'vital'::text]))),
    CONSTRAINT either_an_interval_or_a_schedule_is_expected CHECK (((expected_interval IS NULL) OR (schedule IS NULL))),
    CONSTRAINT expected_interval_is_100_ms_to_1_year CHECK (((expected_interval >= '00:00:00.1'::interval) AND (expected_interval <= '366 days'::interval))),
    CONSTRAINT grace_is_0_to_1_year CHECK (((grace >= '00:00:00'::interval) AND (grace <= '366 days'::interval))),
    CONSTRAINT labels_are_a_json_object_of_at_most_64_kb CHECK (((jsonb_typeof(labels) = 'object'::text) AND (pg_column_size(labels) <= 65536))),
    CONSTRAINT max_run_time_is_1_second_to_1_year CHECK (((max_run_time >= '00:00:01'::interval) AND (max_run_time <= '366 days'::interval))),
    CONSTRAINT objectives_are_from_1e_minus_9_to_1e15 CHECK (((COALESCE(latency_slo_ms, (1)::double precision) >= (0.000000001)::double precision) AND (COALESCE(latency_slo_ms, (1)::double precision) <= ('1000000000000000'::numeric)::double precision) AND (COALESCE(throughput_slo_per_minute, (1)::double precision) >= (0.000000001)::double precision) AND (COALESCE(throughput_slo_per_minute, (1)::double precision) <= ('1000000000000000'::numeric)::double precision))),
    CONSTRAINT recovery_group_is_1_to_200_bytes_without_control_characters CHECK ((((octet_length(recovery_group) >= 1) AND (octet_length(recovery_group) <= 200)) AND (recovery_group !~ '[[:cntrl:]]'::text))),
    CONSTRAINT revenue_is_finite_from_0_to_1e15 CHECK (((revenue_usd_per_hour >= (0)::double precision) AND (revenue_usd_per_hour <= ('1000000000000000'::numeric)::double precision)))
);

ALTER TABLE health.agents OWNER TO health_owner;

--
-- Name: TABLE agents; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.agents IS 'One row per agent: what it is and what is expected of it.';

--
-- Name: COLUMN agents.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.agent_id IS 'Name of the agent.';

--
-- Name: COLUMN agents.agent_number; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.agent_number IS 'Number of the agent: the key of its attach lock.';

--
-- Name: COLUMN agents.agent_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.agent_name IS 'Name for people; the agent_id where none is given.';

--
-- Name: COLUMN agents.agent_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.agent_type IS 'Kind of agent, such as the name of its class.';

--
-- Name: COLUMN agents.policy_class; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.policy_class IS 'Which policies judge it.';

--
-- Name: COLUMN agents.expected_interval; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.expected_interval IS 'Interval between heartbeats; NULL: the policy''s default, then learnt.';

--
-- Name: COLUMN agents.grace; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.grace IS 'Added to every deadline of the agent.';

--
-- Name: COLUMN agents.schedule; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.schedule IS 'For jobs: cron expression of five fields, or @daily and the like, in place of an interval; set by health.set_schedule.';

--
-- Name: COLUMN agents.time_zone; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.time_zone IS 'Time zone the schedule is read in, a name such as Europe/Paris.';

--
-- Name: COLUMN agents.max_run_time; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.max_run_time IS 'For jobs: how long a run may take from start to success or fail; NULL: any time.';

--
-- Name: COLUMN agents.latency_slo_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.latency_slo_ms IS 'Objective for average_processing_time_ms, milliseconds; NULL: the learnt baseline.';

--
-- Name: COLUMN agents.throughput_slo_per_minute; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.throughput_slo_per_minute IS 'Objective for work items per minute; NULL: the learnt baseline.';

--
-- Name: COLUMN agents.capabilities; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.capabilities IS 'What the agent says it can do.';

--
-- Name: COLUMN agents.labels; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.labels IS 'Fixed facts, such as model and age.';

--
-- Name: COLUMN agents.tenant; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.tenant IS 'Whose agent it is.';

--
-- Name: COLUMN agents.revenue_usd_per_hour; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.revenue_usd_per_hour IS 'Revenue that stops with the agent, US dollars per hour.';

--
-- Name: COLUMN agents.criticality; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.criticality IS 'How much depends on it: low, normal, high or vital.';

--
-- Name: COLUMN agents.recovery_group; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.recovery_group IS 'Agents that share a budget of recoveries, such as those of one cluster; NULL: its own alone.';

--
-- Name: COLUMN agents.registered_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.registered_at IS 'When it was first registered.';

--
-- Name: COLUMN agents.updated_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.updated_at IS 'When it last registered or was changed.';

--
-- Name: matches_agent(jsonb, health.agents); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.matches_agent(p_matchers jsonb, p_agent health.agents) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((((p_matchers ->> 'agent_id'::text) IS NULL) OR ((((p_agent).agent_id)::text ~~ replace(replace(replace(replace((p_matchers ->> 'agent_id'::text), '\'::text, '\\'::text), '%'::text, '\%'::text), '_'::text, '\_'::text), '*'::text, '%'::text)) IS TRUE)) AND (((p_matchers -> 'agent_ids'::text) IS NULL) OR (((p_matchers -> 'agent_ids'::text) ? ((p_agent).agent_id)::text) IS TRUE)) AND (((p_matchers ->> 'agent_type'::text) IS NULL) OR (((p_agent).agent_type = (p_matchers ->> 'agent_type'::text)) IS TRUE)) AND (((p_matchers ->> 'tenant'::text) IS NULL) OR (((p_agent).tenant = (p_matchers ->> 'tenant'::text)) IS TRUE)) AND (((p_matchers ->> 'policy_class'::text) IS NULL) OR (((p_agent).policy_class = (p_matchers ->> 'policy_class'::text)) IS TRUE)) AND (((p_matchers ->> 'criticality'::text) IS NULL) OR (((p_agent).criticality = (p_matchers ->> 'criticality'::text)) IS TRUE)) AND (((p_matchers -> 'labels'::text) IS NULL) OR (((p_agent).labels @> (p_matchers -> 'labels'::text)) IS TRUE)) AND (((p_matchers -> 'minimum_revenue_usd_per_hour'::text) IS NULL) OR (((p_agent).revenue_usd_per_hour > ((p_matchers ->> 'minimum_revenue_usd_per_hour'::text))::double precision) IS TRUE)));

ALTER FUNCTION health_internal.matches_agent(p_matchers jsonb, p_agent health.agents) OWNER TO health_owner;

--
-- Name: FUNCTION matches_agent(p_matchers jsonb, p_agent health.agents); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.matches_agent(p_matchers jsonb, p_agent health.agents) IS 'Whether an agent is one of those p_matchers name; every key given must fit: agent_id (* is any text), agent_ids (a list), agent_type, tenant, policy_class, criticality, labels (contained in the agent''s), minimum_revenue_usd_per_hour (more than that). {} matches every agent, and the engine.';

--
-- Name: severity_rank(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.severity_rank(p_severity text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_severity WHEN 'info'::text THEN 1 WHEN 'warning'::text THEN 2 WHEN 'critical'::text THEN 3 WHEN 'emergency'::text THEN 4 ELSE NULL::integer END;

ALTER FUNCTION health_internal.severity_rank(p_severity text) OWNER TO health_owner;

--
-- Name: FUNCTION severity_rank(p_severity text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.severity_rank(p_severity text) IS 'Order of severities: info 1, warning 2, critical 3, emergency 4.';

--
-- Name: matches_alert(jsonb, text, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.matches_alert(p_matchers jsonb, p_rule text, p_severity text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (COALESCE(((p_matchers ->> 'rule'::text) = p_rule), true) AND COALESCE((health_internal.severity_rank(p_severity) >= health_internal.severity_rank((p_matchers ->> 'minimum_severity'::text))), true) AND COALESCE((health_internal.severity_rank(p_severity) <= health_internal.severity_rank((p_matchers ->> 'maximum_severity'::text))), true));

ALTER FUNCTION health_internal.matches_alert(p_matchers jsonb, p_rule text, p_severity text) OWNER TO health_owner;

--
-- Name: FUNCTION matches_alert(p_matchers jsonb, p_rule text, p_severity text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.matches_alert(p_matchers jsonb, p_rule text, p_severity text) IS 'Whether an alert of a rule and severity fits the keys rule, minimum_severity and maximum_severity of p_matchers.';

--
-- Name: missing_parents(text[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.missing_parents(p_agent_ids text[]) RETURNS TABLE(agent_id text, parents text)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        needs.agent_id,
        string_agg(needs.parents, ', ' ORDER BY needs.parents)
    FROM (
        SELECT
            dependencies.child_id AS agent_id,
            string_agg(dependencies.parent_id, ', ' ORDER BY dependencies.parent_id) AS parents
        FROM health.dependencies
        LEFT JOIN health.agent_status AS parent ON dependencies.parent_id = parent.agent_id
        WHERE dependencies.child_id = ANY (p_agent_ids)
        GROUP BY
            dependencies.child_id,
            dependencies.redundancy_group,
            CASE WHEN dependencies.redundancy_group IS NULL THEN dependencies.parent_id END
        -- Too few of a redundancy group are left; without a group each one counts.
        HAVING count(*) FILTER (WHERE NOT (
            coalesce(parent.issue_type = 'agent_unresponsive', false)
            OR EXISTS (
                SELECT FROM health.recovery_actions AS actions
                WHERE actions.agent_id = dependencies.parent_id
                    AND actions.state IN ('claimed', 'executing', 'verifying')
            )
        )) < least(max(dependencies.minimum_alive_count), count(*))
    ) AS needs
    GROUP BY needs.agent_id;
$$;

ALTER FUNCTION health_internal.missing_parents(p_agent_ids text[]) OWNER TO health_owner;

--
-- Name: FUNCTION missing_parents(p_agent_ids text[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.missing_parents(p_agent_ids text[]) IS 'Which of these agents lack a parent at present, and which: it does not answer, or is being recovered.';

--
-- Name: missing_partitions(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) RETURNS TABLE(table_name text, from_at timestamp with time zone, until_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT
        raw.table_name,
        slots.from_at,
        slots.from_at + settings.partition_width
    FROM health.settings
    CROSS JOIN LATERAL (
        SELECT
            date_bin(settings.partition_width, p_now, '2000-01-01 00:00:00+00')
            + settings.partition_width * ahead.number AS from_at
        FROM generate_series(0, settings.partitions_ahead) AS ahead (number)
    ) AS slots
    CROSS JOIN unnest(health_internal.raw_tables()) AS raw (table_name)
    WHERE NOT EXISTS (
        SELECT FROM health_internal.partitions
        WHERE partitions.table_name = raw.table_name
            AND partitions.from_at < slots.from_at + settings.partition_width
            AND partitions.until_at > slots.from_at
    )
    ORDER BY slots.from_at, raw.table_name;
$$;

ALTER FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION missing_partitions(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) IS 'Partitions that should exist now and are missing: the present one and settings.partitions_ahead more.';

--
-- Name: moved_interval(double precision, double precision, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.moved_interval(p_interval_seconds double precision, p_gap_seconds double precision, p_gap_count bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (p_interval_seconds * exp((GREATEST((0.05)::double precision, ((1)::double precision / ((p_gap_count)::double precision + (2.0)::double precision))) * ln((p_gap_seconds / p_interval_seconds)))));

ALTER FUNCTION health_internal.moved_interval(p_interval_seconds double precision, p_gap_seconds double precision, p_gap_count bigint) OWNER TO health_owner;

--
-- Name: FUNCTION moved_interval(p_interval_seconds double precision, p_gap_seconds double precision, p_gap_count bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.moved_interval(p_interval_seconds double precision, p_gap_seconds double precision, p_gap_count bigint) IS 'The learnt interval after one more gap: an exponential mean of ln gap, step 1/(n+2), at least 1/20.';

--
-- Name: moved_mean(double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.moved_mean(p_mean double precision, p_value double precision, p_kept double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_value IS NULL) THEN p_mean WHEN (abs((p_mean - p_value)) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision) THEN (p_value + ((p_mean - p_value) * p_kept)) ELSE p_value END;

ALTER FUNCTION health_internal.moved_mean(p_mean double precision, p_value double precision, p_kept double precision) OWNER TO health_owner;

--
-- Name: FUNCTION moved_mean(p_mean double precision, p_value double precision, p_kept double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.moved_mean(p_mean double precision, p_value double precision, p_kept double precision) IS 'An exponential mean after one more value: kept × mean + (1 - kept) × value. Without a mean it is the value, without a value the mean stays; differences below 1e-100 are none (underflow raises).';

--
-- Name: moved_mean_gap(double precision, double precision, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.moved_mean_gap(p_mean_seconds double precision, p_gap_seconds double precision, p_gap_count bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (p_mean_seconds + (GREATEST((0.01)::double precision, ((1)::double precision / ((p_gap_count)::double precision + (2.0)::double precision))) * (LEAST(p_gap_seconds, ((10)::double precision * p_mean_seconds)) - p_mean_seconds)));

ALTER FUNCTION health_internal.moved_mean_gap(p_mean_seconds double precision, p_gap_seconds double precision, p_gap_count bigint) OWNER TO health_owner;

--
-- Name: FUNCTION moved_mean_gap(p_mean_seconds double precision, p_gap_seconds double precision, p_gap_count bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.moved_mean_gap(p_mean_seconds double precision, p_gap_seconds double precision, p_gap_count bigint) IS 'The mean gap after one more: step 1/(n+2), at least 1/100; a gap counts at most ten times the mean.';

--
-- Name: parse_schedule(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.parse_schedule(p_schedule text) RETURNS health_internal.schedule_plan
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    v_fields text [];
    v_plan health_internal.schedule_plan;
BEGIN
    v_fields := regexp_split_to_array(
        coalesce(
            CASE lower(btrim(p_schedule, E' \t'))
                WHEN '@hourly' THEN '0 * * * *'
                WHEN '@daily' THEN '0 0 * * *'
                WHEN '@midnight' THEN '0 0 * * *'
                WHEN '@weekly' THEN '0 0 * * 0'
                WHEN '@monthly' THEN '0 0 1 * *'
                WHEN '@yearly' THEN '0 0 1 1 *'
                WHEN '@annually' THEN '0 0 1 1 *'
            END,
            upper(btrim(p_schedule, E' \t'))
        ),
        '[ \t]+'
    );
    IF cardinality(v_fields) IS DISTINCT FROM 5 OR octet_length(p_schedule) > 200 THEN
        RAISE EXCEPTION 'schedule "%" has not five fields', left(p_schedule, 200)
            USING ERRCODE = 'JB001',
                HINT = 'Write minute, hour, day of month, month and day of week, such as '
                    '"30 2 * * MON-FRI", or @hourly, @daily, @weekly, @monthly or @yearly.';
    END IF;
    SELECT array_agg(hour.value * 60 + minute.value ORDER BY hour.value, minute.value)
    INTO v_plan.minutes
    FROM unnest(health_internal.schedule_field(v_fields[1], 'minute', 0, 59)) AS minute (value)
    CROSS JOIN unnest(health_internal.schedule_field(v_fields[2], 'hour', 0, 23)) AS hour (value);
    v_plan.days := health_internal.schedule_field(v_fields[3], 'day of month', 1, 31);
    v_plan.months := health_internal.schedule_field(
        v_fields[4], 'month', 1, 12,
        '{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}'
    );
    v_plan.weekdays := health_internal.schedule_field(
        v_fields[5], 'day of week', 0, 7, '{SUN,MON,TUE,WED,THU,FRI,SAT}'
    );
    -- As in Vixie's cron: two restricted fields of days are alternatives.
    v_plan.is_either_day := v_fields[3] NOT LIKE '*%' AND v_fields[5] NOT LIKE '*%';
    v_plan.is_fixed := v_fields[1] NOT LIKE '*%' AND v_fields[2] NOT LIKE '*%';
    IF NOT v_plan.is_either_day AND NOT EXISTS (
        SELECT FROM unnest(v_plan.months) AS month (value)
        WHERE v_plan.days[1] <= CASE
            WHEN month.value = 2 THEN 29
            WHEN month.value IN (4, 6, 9, 11) THEN 30
            ELSE 31
        END
    ) THEN
        RAISE EXCEPTION 'schedule "%" names no day that exists', p_schedule
            USING ERRCODE = 'JB001',
                DETAIL = 'None of its months has so many days.',
                HINT = 'The last day of each month is best told as the first of the next, early.';
    END IF;
    RETURN v_plan;
END;
$$;

ALTER FUNCTION health_internal.parse_schedule(p_schedule text) OWNER TO health_owner;

--
-- Name: FUNCTION parse_schedule(p_schedule text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.parse_schedule(p_schedule text) IS 'A cron expression of five fields, or @daily and the like, as numbers. Raises JB001 for what is not understood or never happens.';

--
-- Name: next_run_at(text, text, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.next_run_at(p_schedule text, p_time_zone text, p_after timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN health_internal.find_run(health_internal.parse_schedule(p_schedule), p_time_zone, p_after, 1);

ALTER FUNCTION health_internal.next_run_at(p_schedule text, p_time_zone text, p_after timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION next_run_at(p_schedule text, p_time_zone text, p_after timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.next_run_at(p_schedule text, p_time_zone text, p_after timestamp with time zone) IS 'When a schedule, a cron expression read in a time zone, next runs after p_after. On the day the clock goes forward a run in the skipped hour comes at the first moment after it; on the day it goes back a run in the hour that comes twice comes the first time only; schedules whose minute or hour begins with * follow the clock instead, as Vixie''s cron has it. Raises JB001 for a schedule that is not understood and 22023 for an unknown time zone.';

--
-- Name: note_cron_tick(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.note_cron_tick() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    UPDATE health_internal.engine
    SET last_cron_tick_at = clock_timestamp()
    WHERE engine.is_only_row IN (
        SELECT free.is_only_row FROM health_internal.engine AS free FOR UPDATE SKIP LOCKED
    );
$$;

ALTER FUNCTION health_internal.note_cron_tick() OWNER TO health_owner;

--
-- Name: FUNCTION note_cron_tick(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.note_cron_tick() IS 'Notes that pg_cron is at work, for engine_health.scheduler; not while another ticker works.';

--
-- Name: note_engine_error(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.note_engine_error(p_error text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    UPDATE health_internal.engine
    SET last_error = left(p_error, 2000), last_error_at = clock_timestamp();
$$;

ALTER FUNCTION health_internal.note_engine_error(p_error text) OWNER TO health_owner;

--
-- Name: FUNCTION note_engine_error(p_error text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.note_engine_error(p_error text) IS 'Keeps what a failing phase said, for engine_health.';

--
-- Name: note_unconfirmed(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.note_unconfirmed(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
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
        format(
            'not confirmed: score %s is below %s in %s of the last %s evaluations, %s are needed',
            round(status.ungated_score::numeric, 1),
            policy.critical_below,
            bit_count((status.bad_evaluations & ((1 << policy.confirm_of) - 1))::bit(32)),
            policy.confirm_of,
            policy.confirm_bad
        )
    FROM health.status_transitions AS transitions
    INNER JOIN health.agent_status AS status ON transitions.agent_id = status.agent_id
    INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
    CROSS JOIN LATERAL (
        SELECT health_internal.decide_notification(
            'new', false, false, false, false, false, 'up', false, false, false
        ) AS decision
    ) AS decided
    WHERE transitions.transition_id > v_seen
        AND status.bad_evaluations & 1 = 1
        AND status.active_conditions = '{}'
        AND status.ungated_score < policy.critical_below
        AND NOT EXISTS (
            SELECT FROM health.incidents
            WHERE incidents.agent_id = transitions.agent_id AND incidents.resolved_at IS NULL
        );
END;
$$;

ALTER FUNCTION health_internal.note_unconfirmed(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION note_unconfirmed(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.note_unconfirmed(p_now timestamp with time zone) IS 'Notes in the ledger agents whose score fell below the alert''s threshold, but not often enough yet.';

--
-- Name: notice_fleet_silence(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.notice_fleet_silence(p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_settle constant interval := (SELECT settings.monitor_settle_time FROM health.settings);
    v_fleet record;
BEGIN
    -- Who fell silent with the last of them, against who has beaten since. Lost sessions and states of
    -- failure say that it was the agents.
    WITH expected AS MATERIALIZED (
        SELECT
            status.agent_id,
            status.last_heartbeat_at,
            status.learnt_interval_seconds AS interval_seconds,
            status.last_heartbeat_at
            + make_interval(secs => 1.25 * status.learnt_interval_seconds + status.grace_seconds)
            < p_now AS is_overdue
        FROM health.agent_status AS status
        WHERE status.liveness IN ('alive', 'starting', 'late')
            AND status.session_lost_at IS NULL
            AND status.state IN ('active', 'running', 'idle', 'initializing')
            AND status.agent_id <> 'heartbeat_health_agent'
            AND NOT starts_with(status.agent_id, 'bridge:')
    ),

    onset AS MATERIALIZED (
        SELECT max(expected.last_heartbeat_at) AS started_at
        FROM expected
        WHERE expected.is_overdue
    ),

    silent AS MATERIALIZED (
        SELECT expected.agent_id
        FROM expected
        CROSS JOIN onset
        WHERE expected.is_overdue
            AND expected.last_heartbeat_at
            + make_interval(secs => 1.5 * expected.interval_seconds) >= onset.started_at
    )

    SELECT
        onset.started_at,
        (SELECT count(*) FROM silent) AS silent_count,
        (
            SELECT count(*)
            FROM expected
            WHERE NOT expected.is_overdue AND expected.last_heartbeat_at > onset.started_at
        ) AS beating_count,
        (
            -- A dead parent that most of them name is a cause of its own.
            SELECT count(*)
            FROM health.dependencies
            INNER JOIN silent ON dependencies.child_id = silent.agent_id
            INNER JOIN health.agent_status AS parents
                ON dependencies.parent_id = parents.agent_id
                AND (
                    parents.liveness = 'unresponsive' OR parents.state = 'failed'
                    OR parents.session_lost_at IS NOT NULL
                )
            GROUP BY dependencies.parent_id
            ORDER BY count(*) DESC
            LIMIT 1
        ) AS orphan_count
    INTO v_fleet
    FROM onset;
    IF v_fleet.silent_count < 20
        OR v_fleet.silent_count < 0.8 * (v_fleet.silent_count + v_fleet.beating_count)
        OR v_fleet.orphan_count >= 0.8 * v_fleet.silent_count THEN
        RETURN false;
    END IF;

    -- One gap as long as it goes on.
    UPDATE health.monitor_gaps AS gaps
    SET
        details = gaps.details
        || jsonb_build_object('silent_count', v_fleet.silent_count, 'seen_at', p_now)
    WHERE gaps.reason = 'fleet_silent' AND gaps.settled_at + v_settle > p_now;
    IF FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details)
    VALUES (
        'fleet_silent', v_fleet.started_at, p_now, p_now + v_settle,
        jsonb_build_object(
            'silent_count', v_fleet.silent_count, 'beating_count', v_fleet.beating_count
        )
    );
    RETURN true;
END;
$$;

ALTER FUNCTION health_internal.notice_fleet_silence(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION notice_fleet_silence(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.notice_fleet_silence(p_now timestamp with time zone) IS 'Notes a monitor gap (fleet_silent) when at least 20 agents, and at least 80 % of those that should have beaten since, fell silent within about an interval, without lost sessions, failure states or a dead parent that most of them share. Returns whether there is a new one.';

--
-- Name: notify(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.notify(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_nestloop TO 'on'
    SET jit TO 'off'
    AS $$
DECLARE
    v_due bigint [];
    v_count bigint := 0;
BEGIN
    -- Whom an operator is writing at this moment is decided about by the next tick.
    v_due := ARRAY(
        SELECT incidents.incident_id
        FROM health.incidents
        WHERE NOT incidents.is_settled AND incidents.next_check_at <= p_now
        FOR UPDATE SKIP LOCKED
    );
    IF v_due <> '{}'
        OR EXISTS (SELECT FROM health_internal.flapping_agents)
        OR EXISTS (SELECT FROM health_internal.notices) THEN
        IF cardinality(v_due) >= 500 THEN
            PERFORM set_config('enable_nestloop', 'off', true);
        END IF;
        v_due := v_due || health_internal.watch_flapping(p_now, v_due);
        PERFORM health_internal.inherit_told(p_now, v_due);
        PERFORM health_internal.decide_incidents(p_now, v_due);
        v_count := health_internal.send_notices(p_now);
    END IF;
    RETURN v_count + health_internal.bundle_deliveries(p_now);
END;
$$;

ALTER FUNCTION health_internal.notify(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION notify(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.notify(p_now timestamp with time zone) IS 'Tells people what they should know, once: decides about incidents that are due and sends the notices of channels that may speak. Returns how many messages were queued. A few index probes where nothing is due.';

--
-- Name: number_of(jsonb, text, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.number_of(p_metrics jsonb, p_name text, p_other_name text DEFAULT NULL::text) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    v_value jsonb := coalesce(p_metrics -> p_name, p_metrics -> p_other_name);
BEGIN
    IF v_value IS NULL OR jsonb_typeof(v_value) = 'null' THEN
        RETURN NULL;
    END IF;
    RETURN (v_value #>> '{}')::double precision;
EXCEPTION
    WHEN invalid_text_representation OR numeric_value_out_of_range THEN
        RAISE EXCEPTION 'metric "%" is not a number: %', p_name, left(v_value::text, 100)
            USING ERRCODE = 'AG002',
                HINT = 'Send a JSON number, or leave the metric out.';
END;
$$;

ALTER FUNCTION health_internal.number_of(p_metrics jsonb, p_name text, p_other_name text) OWNER TO health_owner;

--
-- Name: FUNCTION number_of(p_metrics jsonb, p_name text, p_other_name text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.number_of(p_metrics jsonb, p_name text, p_other_name text) IS 'The number under a name (or another name of it) in a JSON object, NULL where it is absent or null. Raises AG002 for anything else.';

--
-- Name: oldest_snapshot(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.oldest_snapshot(OUT pid integer, OUT snapshot_age integer) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT
        activity.pid,
        age(activity.backend_xmin)
    FROM pg_stat_activity AS activity
    WHERE activity.backend_xmin IS NOT NULL
        AND activity.pid <> pg_backend_pid()
        AND (activity.datname = current_database() OR activity.datname IS NULL)
        AND coalesce(activity.xact_start, activity.backend_start)
        < clock_timestamp() - interval '1 minute'
    ORDER BY age(activity.backend_xmin) DESC
    LIMIT 1;
$$;

ALTER FUNCTION health_internal.oldest_snapshot(OUT pid integer, OUT snapshot_age integer) OWNER TO health_owner;

--
-- Name: FUNCTION oldest_snapshot(OUT pid integer, OUT snapshot_age integer); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.oldest_snapshot(OUT pid integer, OUT snapshot_age integer) IS 'The session with the oldest snapshot, if it has held one for more than a minute, and its age in transactions. Runs as the owner: logins see only their own sessions.';

--
-- Name: open_alerts(timestamp with time zone, health_internal.alert_change[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.open_alerts(p_now timestamp with time zone, p_opening health_internal.alert_change[]) RETURNS bigint
    LANGUAGE sql
    AS $$
    WITH opening AS MATERIALIZED (
        SELECT
            changes.*,
            CASE WHEN changes.agent_id IS NULL THEN changes.rule END AS engine_rule
        FROM unnest(p_opening) AS changes
    ),

    troubled AS MATERIALIZED (
        SELECT
            opening.agent_id,
            opening.engine_rule,
            max(health_internal.severity_rank(opening.severity)) AS severity_rank
        FROM opening
        GROUP BY opening.agent_id, opening.engine_rule
    ),

    standing AS MATERIALIZED (
        SELECT incidents.incident_id, incidents.agent_id, incidents.engine_rule
        FROM troubled
        INNER JOIN health.incidents
            ON troubled.agent_id = incidents.agent_id AND incidents.resolved_at IS NULL
        UNION ALL
        SELECT incidents.incident_id, incidents.agent_id, incidents.engine_rule
        FROM troubled
        INNER JOIN health.incidents
            ON troubled.agent_id IS NULL
            AND incidents.agent_id IS NULL
            AND troubled.engine_rule = incidents.engine_rule
            AND incidents.resolved_at IS NULL
    ),

    begun AS (
        INSERT INTO health.incidents AS incidents (
            agent_id, engine_rule, fleet_incident_id, severity, revenue_usd_per_hour, onset_at,
            detected_at
        )
        SELECT
            troubled.agent_id,
            troubled.engine_rule,
            fleet.incident_id,
            health_internal.severity_of_rank(troubled.severity_rank),
            coalesce(
                agents.revenue_usd_per_hour + greatest(0, - status.revenue_impact_usd),
                agents.revenue_usd_per_hour,
                0
            ),
            CASE
                WHEN status.liveness = 'unresponsive' THEN least(status.last_heartbeat_at, p_now)
                ELSE p_now
            END,
            p_now
        FROM troubled
        LEFT JOIN health.agent_status AS status ON troubled.agent_id = status.agent_id
        LEFT JOIN health.agents ON troubled.agent_id = agents.agent_id
        LEFT JOIN (
            SELECT members.agent_id, max(members.incident_id) AS incident_id
            FROM health.incidents AS shared
            INNER JOIN health.incident_members AS members
                ON shared.incident_id = members.incident_id
            WHERE shared.agent_id IS NULL AND shared.resolved_at IS NULL
            GROUP BY members.agent_id
        ) AS fleet ON troubled.agent_id = fleet.agent_id
        WHERE NOT EXISTS (
            SELECT FROM standing
            WHERE coalesce(standing.agent_id, '') = coalesce(troubled.agent_id, '')
                AND coalesce(standing.engine_rule, '') = coalesce(troubled.engine_rule, '')
        )
        RETURNING incidents.incident_id, incidents.agent_id, incidents.engine_rule
    ),

    homes AS (
        SELECT standing.* FROM standing
        UNION ALL
        SELECT begun.* FROM begun
    ),

    opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, agent_id, rule, severity, summary, details, opened_at
        )
        SELECT
            homes.incident_id,
            opening.agent_id,
            opening.rule,
            opening.severity,
            opening.summary,
            coalesce(opening.details, '{}') || CASE
                WHEN status.agent_id IS NULL THEN '{}'
                ELSE jsonb_strip_nulls(jsonb_build_object(
                    'score', round(status.score::numeric, 2),
                    'ungated_score', round(status.ungated_score::numeric, 2),
                    'status', status.status,
                    'liveness', status.liveness,
                    'state', status.state,
                    'last_heartbeat_at', status.last_heartbeat_at,
                    'silent_seconds', round(status.silent_seconds::numeric, 3),
                    'session_lost_at', status.session_lost_at
                ))
            END,
            p_now
        FROM opening
        INNER JOIN homes
            ON coalesce(opening.agent_id, '') = coalesce(homes.agent_id, '')
            AND coalesce(opening.engine_rule, '') = coalesce(homes.engine_rule, '')
        LEFT JOIN health.agent_status AS status ON opening.agent_id = status.agent_id
        RETURNING alerts.alert_id, alerts.incident_id, alerts.agent_id
    ),

    noted AS (
        INSERT INTO health.alert_events (occurred_at, incident_id, alert_id, agent_id, event)
        SELECT p_now, opened.incident_id, opened.alert_id, opened.agent_id, 'opened'
        FROM opened
    ),

    touched AS (
        UPDATE health.incidents
        SET
            severity = health_internal.severity_of_rank(greatest(
                health_internal.severity_rank(incidents.severity), troubled.severity_rank
            )),
            next_check_at = '-infinity'
        FROM standing
        INNER JOIN troubled
            ON coalesce(standing.agent_id, '') = coalesce(troubled.agent_id, '')
            AND coalesce(standing.engine_rule, '') = coalesce(troubled.engine_rule, '')
        WHERE incidents.incident_id = standing.incident_id
    )

    SELECT count(*) FROM opened;
$$;

ALTER FUNCTION health_internal.open_alerts(p_now timestamp with time zone, p_opening health_internal.alert_change[]) OWNER TO health_owner;

--
-- Name: FUNCTION open_alerts(p_now timestamp with time zone, p_opening health_internal.alert_change[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.open_alerts(p_now timestamp with time zone, p_opening health_internal.alert_change[]) IS 'Opens alerts, and incidents for agents (or rules of the engine) that have none; returns how many alerts.';

--
-- Name: open_fleet_incident(timestamp with time zone, text[], text, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.open_fleet_incident(p_now timestamp with time zone, p_agent_ids text[], p_rule text, p_summary text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_severity text;
    v_incident_id bigint;
    v_alert_id bigint;
BEGIN
    SELECT rules.severity
    INTO v_severity
    FROM health.alert_rules AS rules
    WHERE rules.rule = p_rule;
    IF v_severity IS NULL THEN
        RAISE EXCEPTION 'rule "%" is not known', coalesce(p_rule, 'NULL')
            USING ERRCODE = 'AL006',
                HINT = 'SELECT rule FROM health.alert_rules lists them.';
    END IF;

    SELECT incidents.incident_id
    INTO v_incident_id
    FROM health.incidents
    WHERE incidents.agent_id IS NULL
        AND incidents.engine_rule = p_rule
        AND incidents.resolved_at IS NULL;
    IF v_incident_id IS NULL THEN
        INSERT INTO health.incidents AS incidents (
            engine_rule, severity, revenue_usd_per_hour, onset_at, detected_at
        )
        SELECT
            p_rule,
            v_severity,
            coalesce(sum(agents.revenue_usd_per_hour), 0),
            coalesce(least(min(status.last_heartbeat_at), p_now), p_now),
            p_now
        FROM unnest(p_agent_ids) AS members (agent_id)
        LEFT JOIN health.agents ON members.agent_id = agents.agent_id
        LEFT JOIN health.agent_status AS status ON members.agent_id = status.agent_id
        RETURNING incidents.incident_id INTO v_incident_id;
        INSERT INTO health.alerts AS alerts (
            incident_id, rule, severity, summary, details, is_managed, opened_at
        )
        VALUES (
            v_incident_id, p_rule, v_severity, p_summary,
            jsonb_build_object('agent_count', cardinality(p_agent_ids)), true, p_now
        )
        RETURNING alerts.alert_id INTO v_alert_id;
        INSERT INTO health.alert_events (occurred_at, incident_id, alert_id, event)
        VALUES (p_now, v_incident_id, v_alert_id, 'opened');
    END IF;

    INSERT INTO health.incident_members (incident_id, agent_id)
    SELECT DISTINCT v_incident_id, members.agent_id
    FROM unnest(p_agent_ids) AS members (agent_id)
    ON CONFLICT (incident_id, agent_id) DO NOTHING;
    UPDATE health.incidents
    SET fleet_incident_id = v_incident_id, next_check_at = '-infinity'
    WHERE incidents.agent_id = ANY (p_agent_ids) AND incidents.resolved_at IS NULL;
    RETURN v_incident_id;
END;
$$;

ALTER FUNCTION health_internal.open_fleet_incident(p_now timestamp with time zone, p_agent_ids text[], p_rule text, p_summary text) OWNER TO health_owner;

--
-- Name: FUNCTION open_fleet_incident(p_now timestamp with time zone, p_agent_ids text[], p_rule text, p_summary text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.open_fleet_incident(p_now timestamp with time zone, p_agent_ids text[], p_rule text, p_summary text) IS 'Opens one incident for many agents, or adds them to the open one of that rule; while it is open their own incidents are recorded and do not page. The next notify tells of it; it ends when no more than a tenth of them are in trouble, of whom the truth is told then. Returns its incident_id. Raises AL006 for an unknown rule.';

--
-- Name: open_freeze_windows(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.open_freeze_windows(p_now timestamp with time zone) RETURNS TABLE(window_id bigint, window_name text, policy_class text, until_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        windows.window_id,
        windows.window_name,
        windows.policy_class,
        times.until_at
    FROM health.freeze_windows AS windows
    CROSS JOIN LATERAL (
        SELECT windows.starts_at AS from_at, windows.ends_at AS until_at
        WHERE windows.starts_at IS NOT NULL
        UNION ALL
        -- The days of the last week on which one may have begun that is not over yet.
        SELECT
            (days.begins_on + windows.local_time) AT TIME ZONE windows.time_zone,
            (days.begins_on + windows.local_time + windows.lasts) AT TIME ZONE windows.time_zone
        FROM (
            SELECT (p_now AT TIME ZONE windows.time_zone)::date - ago.days AS begins_on
            FROM generate_series(0, 7) AS ago (days)
        ) AS days
        WHERE windows.weekdays IS NOT NULL
            AND date_part('isodow', days.begins_on)::smallint = ANY (windows.weekdays)
    ) AS times
    WHERE times.from_at <= p_now
        AND times.until_at > p_now
        AND (windows.ended_at IS NULL OR windows.ended_at > p_now);
$$;

ALTER FUNCTION health_internal.open_freeze_windows(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION open_freeze_windows(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.open_freeze_windows(p_now timestamp with time zone) IS 'The freeze windows that are open at p_now and until when. A weekly one begins and ends by the clocks of its time zone.';

--
-- Name: time_mass(double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.time_mass(p_gap_seconds double precision, p_memory_seconds double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (p_memory_seconds * ((1)::double precision - health_internal.decay(p_gap_seconds, p_memory_seconds)));

ALTER FUNCTION health_internal.time_mass(p_gap_seconds double precision, p_memory_seconds double precision) OWNER TO health_owner;

--
-- Name: FUNCTION time_mass(p_gap_seconds double precision, p_memory_seconds double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.time_mass(p_gap_seconds double precision, p_memory_seconds double precision) IS 'Decayed time covered by a gap that ends now: the integral of exp(-age / memory) over it, seconds, at most the memory. A week of silence thus weighs as one memory, not as a week.';

--
-- Name: open_gap_sum(double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.open_gap_sum(p_gap_weight double precision, p_expected_mass double precision, p_silent_seconds double precision, p_memory_seconds double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (GREATEST((0)::double precision, (health_internal.time_mass(p_silent_seconds, p_memory_seconds) - p_expected_mass)) * LEAST(p_gap_weight, ((1)::double precision / GREATEST((0.000000000000000001)::double precision, health_internal.decay(p_silent_seconds, p_memory_seconds)))));

ALTER FUNCTION health_internal.open_gap_sum(p_gap_weight double precision, p_expected_mass double precision, p_silent_seconds double precision, p_memory_seconds double precision) OWNER TO health_owner;

--
-- Name: FUNCTION open_gap_sum(p_gap_weight double precision, p_expected_mass double precision, p_silent_seconds double precision, p_memory_seconds double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.open_gap_sum(p_gap_weight double precision, p_expected_mass double precision, p_silent_seconds double precision, p_memory_seconds double precision) IS 'What a silence beyond the expected interval adds to the sum of gaps, which is as of the last heartbeat: the excess in decayed time, as much heavier as those gaps have faded since, but at most as much as all of them weigh.';

--
-- Name: open_recovery_failed(timestamp with time zone, text[], text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET jit TO 'off'
    AS $$
BEGIN
    INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at)
    SELECT DISTINCT failed.agent_id, rules.severity, p_now, p_now
    FROM unnest(p_agent_ids) AS failed (agent_id)
    INNER JOIN health.alert_rules AS rules
        ON rules.rule = 'recovery_failed' AND rules.is_enabled
    ON CONFLICT (agent_id, engine_rule) WHERE resolved_at IS NULL DO NOTHING;

    WITH opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, agent_id, rule, severity, summary, details, is_managed, opened_at
        )
        SELECT
            incidents.incident_id, incidents.agent_id, rules.rule, rules.severity,
            rules.summary || ': ' || p_reason, jsonb_build_object('reason', p_reason), true, p_now
        FROM health.incidents
        INNER JOIN health.alert_rules AS rules
            ON rules.rule = 'recovery_failed' AND rules.is_enabled
        WHERE incidents.agent_id = ANY (p_agent_ids) AND incidents.resolved_at IS NULL
        ON CONFLICT (agent_id, rule) WHERE resolved_at IS NULL DO NOTHING
        RETURNING alerts.alert_id, alerts.incident_id, alerts.agent_id, alerts.severity
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, alert_id, agent_id, event, reason
        )
        SELECT p_now, opened.incident_id, opened.alert_id, opened.agent_id, 'opened', p_reason
        FROM opened
    )

    UPDATE health.incidents
    SET
        severity = health_internal.severity_of_rank(greatest(
            health_internal.severity_rank(incidents.severity),
            health_internal.severity_rank(opened.severity)
        )),
        next_check_at = '-infinity'
    FROM opened
    WHERE incidents.incident_id = opened.incident_id;
END;
$$;

ALTER FUNCTION health_internal.open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text) OWNER TO health_owner;

--
-- Name: FUNCTION open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text) IS 'Opens the alert recovery_failed for agents that only a person can help; the next notify tells of it.';

--
-- Name: open_storm_alert(timestamp with time zone, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.open_storm_alert(p_now timestamp with time zone, p_summary text) RETURNS void
    LANGUAGE plpgsql
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

ALTER FUNCTION health_internal.open_storm_alert(p_now timestamp with time zone, p_summary text) OWNER TO health_owner;

--
-- Name: FUNCTION open_storm_alert(p_now timestamp with time zone, p_summary text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.open_storm_alert(p_now timestamp with time zone, p_summary text) IS 'Opens the engine''s own alert recovery_storm, once; notify tells of it.';

--
-- Name: previous_run_at(text, text, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.previous_run_at(p_schedule text, p_time_zone text, p_at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN health_internal.find_run(health_internal.parse_schedule(p_schedule), p_time_zone, p_at, '-1'::integer);

ALTER FUNCTION health_internal.previous_run_at(p_schedule text, p_time_zone text, p_at timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION previous_run_at(p_schedule text, p_time_zone text, p_at timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.previous_run_at(p_schedule text, p_time_zone text, p_at timestamp with time zone) IS 'When a schedule last ran, at p_at at the latest: previous_run_at <= p_at < next_run_at. Raises JB001 and 22023 as next_run_at does.';

--
-- Name: queue_recoveries(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.queue_recoveries(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_agent_ids text [];
    v_issue_types text [];
    v_transition_ids bigint [];
BEGIN
    -- By level, not by edge: a tick whose act failed is made good by the next one.
    SELECT
        array_agg(troubled.agent_id ORDER BY troubled.agent_id),
        array_agg(troubled.issue_type ORDER BY troubled.agent_id),
        array_agg(
            (
                SELECT transitions.transition_id
                FROM health.status_transitions AS transitions
                WHERE transitions.agent_id = troubled.agent_id
                    AND transitions.issue_type = troubled.issue_type
                    AND transitions.issue_type IS DISTINCT FROM transitions.old_issue_type
                ORDER BY transitions.occurred_at DESC
                LIMIT 1
            )
            ORDER BY troubled.agent_id
        )
    INTO v_agent_ids, v_issue_types, v_transition_ids
    FROM health_internal.troubled_agents() AS troubled
    LEFT JOIN LATERAL (
        SELECT
            actions.state,
            actions.issue_type,
            actions.finished_at,
            actions.settled_at
        FROM health.recovery_actions AS actions
        WHERE actions.agent_id = troubled.agent_id
        ORDER BY actions.created_at DESC, actions.action_id DESC
        LIMIT 1
    ) AS latest ON true
    WHERE latest.state IS NULL
        -- What a person was asked about stays his until it is over or becomes something else.
        OR (
            latest.finished_at < p_now
            AND (
                latest.state <> 'escalated'
                OR latest.settled_at IS NOT NULL
                OR latest.issue_type <> troubled.issue_type
            )
        );
    IF v_agent_ids IS NULL THEN
        RETURN 0;
    END IF;
    RETURN health_internal.enqueue_recoveries(p_now, v_agent_ids, v_issue_types, v_transition_ids);
END;
$$;

ALTER FUNCTION health_internal.queue_recoveries(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION queue_recoveries(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.queue_recoveries(p_now timestamp with time zone) IS 'Queues a recovery for every agent in trouble that has none under way and is not a person''s already. Returns how many.';

--
-- Name: raw_tables(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.raw_tables() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['agent_heartbeats'::text, 'ingest_heartbeats'::text, 'performance_metrics'::text, 'system_events'::text];

ALTER FUNCTION health_internal.raw_tables() OWNER TO health_owner;

--
-- Name: FUNCTION raw_tables(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.raw_tables() IS 'The partitioned tables of schema health.';

--
-- Name: recent_blind_seconds(timestamp with time zone, timestamp with time zone, health_internal.blindness); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.recent_blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone, p_blindness health_internal.blindness) RETURNS double precision
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN (p_from < (p_blindness).before_at) THEN health_internal.blind_seconds(p_from, p_until) ELSE GREATEST((0)::double precision, date_part('epoch'::text, (CASE WHEN (p_until < (p_blindness).settled_at) THEN p_until ELSE (p_blindness).ended_at END - GREATEST(p_from, (p_blindness).from_at)))) END;

ALTER FUNCTION health_internal.recent_blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone, p_blindness health_internal.blindness) OWNER TO health_owner;

--
-- Name: FUNCTION recent_blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone, p_blindness health_internal.blindness); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.recent_blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone, p_blindness health_internal.blindness) IS 'blind_seconds for a silence that seldom reaches back beyond the latest blindness.';

--
-- Name: recent_blindness(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.recent_blindness() RETURNS health_internal.blindness
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT ROW(COALESCE(lower(latest.times), '-infinity'::timestamp with time zone), COALESCE(( SELECT max(gaps.ended_at) AS max
            FROM health.monitor_gaps gaps
           WHERE ((gaps.started_at >= lower(latest.times)) AND (gaps.reason <> 'fleet_silent'::text))), lower(latest.times), '-infinity'::timestamp with time zone), COALESCE(upper(latest.times), '-infinity'::timestamp with time zone), COALESCE(upper(latest.before), '-infinity'::timestamp with time zone))::health_internal.blindness AS "row"
    FROM ( SELECT (array_agg(merged.times ORDER BY merged.times DESC))[1] AS times,
             (array_agg(merged.times ORDER BY merged.times DESC))[2] AS before
            FROM ( SELECT unnest(range_agg(tstzrange(gaps.started_at, gaps.settled_at))) AS times
                    FROM ( SELECT recent.started_at,
                             recent.settled_at
                            FROM health.monitor_gaps recent
                           ORDER BY recent.settled_at DESC
                          LIMIT 100) gaps) merged) latest;
END;

ALTER FUNCTION health_internal.recent_blindness() OWNER TO health_owner;

--
-- Name: FUNCTION recent_blindness(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.recent_blindness() IS 'The monitor''s latest time of blindness, for many agents to be compared with.';

--
-- Name: recover_phase(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.recover_phase(p_now timestamp with time zone, OUT recoveries_queued bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    recoveries_queued := 0;
    PERFORM FROM health_internal.engine FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM health.agent_status AS status
        WHERE status.active_conditions <> '{}' OR status.issue_type IS NOT NULL
    )
        OR EXISTS (SELECT FROM health.stuck_sessions)
        OR EXISTS (
            SELECT FROM health.recovery_actions AS actions
            WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
        ) THEN
        PERFORM health_internal.act_on_recoveries(p_now);
    END IF;
    PERFORM health_internal.notify(p_now);
    SELECT count(*)
    INTO recoveries_queued
    FROM health.recovery_actions AS actions
    WHERE actions.created_at = p_now AND actions.state = 'pending';
    -- Ring, once, for new work only: what waits for its time is found by the bridge's poll.
    IF recoveries_queued > 0 OR EXISTS (
        SELECT FROM health.deliveries
        WHERE deliveries.state = 'pending'
            AND deliveries.not_before <= p_now
            AND deliveries.created_at = p_now
    ) THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
END;
$$;

ALTER FUNCTION health_internal.recover_phase(p_now timestamp with time zone, OUT recoveries_queued bigint) OWNER TO health_owner;

--
-- Name: FUNCTION recover_phase(p_now timestamp with time zone, OUT recoveries_queued bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.recover_phase(p_now timestamp with time zone, OUT recoveries_queued bigint) IS 'Moves recoveries on, tells what is new, and rings health_wakeup once if the bridge has work. Returns how many recoveries were queued.';

--
-- Name: refresh_disabled_rules(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.refresh_disabled_rules(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_finding record;
BEGIN
    SELECT
        builtin.severity,
        left(CASE count(*)
            WHEN 1 THEN format('alert rule %s was disabled: %s', min(rules.rule), min(rules.last_error))
            ELSE format(
                '%s alert rules were disabled: %s',
                count(*), string_agg(rules.rule, ', ' ORDER BY rules.rule)
            )
        END, 500) AS summary,
        -- As many as fit.
        (SELECT jsonb_object_agg(few.rule, left(few.last_error, 200))
            FROM (
                SELECT failed.rule, failed.last_error
                FROM health.alert_rules AS failed
                WHERE failed.last_error IS NOT NULL AND failed.removed_at IS NULL
                ORDER BY failed.rule
                LIMIT 20
            ) AS few) AS details
    INTO v_finding
    FROM health.alert_rules AS rules
    INNER JOIN health.alert_rules AS builtin ON builtin.rule = 'rule_disabled'
    WHERE rules.last_error IS NOT NULL AND rules.removed_at IS NULL
    GROUP BY builtin.severity;
    IF NOT FOUND THEN
        DELETE FROM health.rule_findings WHERE rule_findings.rule = 'rule_disabled';
        RETURN;
    END IF;
    INSERT INTO health.rule_findings AS findings (
        rule, agent_id, severity, summary, details, found_at, changed_at
    )
    VALUES (
        'rule_disabled', NULL, v_finding.severity, v_finding.summary, v_finding.details, p_now, p_now
    )
    ON CONFLICT (rule, agent_id) DO UPDATE SET
        summary = excluded.summary,
        details = excluded.details,
        changed_at = excluded.changed_at
    WHERE (findings.summary, findings.details)
        IS DISTINCT FROM (excluded.summary, excluded.details);
END;
$$;

ALTER FUNCTION health_internal.refresh_disabled_rules(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION refresh_disabled_rules(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.refresh_disabled_rules(p_now timestamp with time zone) IS 'Makes the finding rule_disabled agree with the rules that were disabled by an error.';

--
-- Name: refresh_jobs(timestamp with time zone, text[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.refresh_jobs(p_now timestamp with time zone, p_agent_ids text[]) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
BEGIN
    UPDATE health.job_expectations AS jobs
    SET
        last_outcome = ended.outcome,
        last_outcome_at = ended.finished_at,
        last_success_at = succeeded.finished_at,
        open_run_count = opened.run_count,
        is_overdue = opened.is_overdue
    FROM unnest(p_agent_ids) AS touched (agent_id)
    LEFT JOIN LATERAL (
        SELECT runs.outcome, runs.finished_at
        FROM health.job_runs AS runs
        WHERE runs.agent_id = touched.agent_id AND runs.outcome IN ('success', 'fail')
        ORDER BY runs.finished_at DESC, runs.job_run_id DESC
        LIMIT 1
    ) AS ended ON true
    LEFT JOIN LATERAL (
        SELECT runs.finished_at
        FROM health.job_runs AS runs
        WHERE runs.agent_id = touched.agent_id AND runs.outcome = 'success'
        ORDER BY runs.finished_at DESC
        LIMIT 1
    ) AS succeeded ON true
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS run_count,
            coalesce(bool_or(runs.outcome = 'overdue'), false) AS is_overdue
        FROM health.job_runs AS runs
        WHERE runs.agent_id = touched.agent_id AND runs.outcome IN ('running', 'overdue')
    ) AS opened
    WHERE jobs.agent_id = touched.agent_id;

    WITH wanted AS MATERIALIZED (
        SELECT
            jobs.agent_id,
            rules.rule,
            rules.severity,
            left(found.summary, 500) AS summary,
            jsonb_strip_nulls(found.details) AS details
        FROM health.job_expectations AS jobs
        LEFT JOIN health.job_runs AS missed ON jobs.missed_run_id = missed.job_run_id
        LEFT JOIN LATERAL (
            SELECT runs.run_id, runs.started_at, runs.overdue_at
            FROM health.job_runs AS runs
            WHERE runs.agent_id = jobs.agent_id AND runs.outcome = 'overdue'
            ORDER BY runs.started_at
            LIMIT 1
        ) AS overdue ON jobs.is_overdue
        LEFT JOIN LATERAL (
            SELECT runs.run_id, runs.started_at, runs.finished_at, runs.attributes
            FROM health.job_runs AS runs
            WHERE runs.agent_id = jobs.agent_id AND runs.outcome = 'fail'
            ORDER BY runs.finished_at DESC, runs.job_run_id DESC
            LIMIT 1
        ) AS failed ON jobs.last_outcome = 'fail'
        CROSS JOIN LATERAL (
            VALUES
            (
                'job_missed',
                jobs.missed_run_id IS NOT NULL,
                'its run expected at ' || to_char(
                    missed.expected_at AT TIME ZONE jobs.time_zone, 'YYYY-MM-DD HH24:MI'
                ) || ' ' || jobs.time_zone || ' did not come',
                jsonb_build_object(
                    'expected_at', missed.expected_at, 'schedule', jobs.schedule,
                    'time_zone', jobs.time_zone, 'grace_seconds', date_part('epoch', jobs.grace),
                    'last_run_at', jobs.last_run_at
                )
            ),
            (
                'job_overdue',
                jobs.is_overdue,
                'its run of ' || to_char(
                    overdue.started_at AT TIME ZONE jobs.time_zone, 'YYYY-MM-DD HH24:MI'
                ) || ' ' || jobs.time_zone || ' takes longer than '
                || (overdue.overdue_at - overdue.started_at),
                jsonb_build_object(
                    'run_id', nullif(overdue.run_id, ''), 'started_at', overdue.started_at,
                    'max_run_time_seconds',
                    date_part('epoch', overdue.overdue_at - overdue.started_at),
                    'open_run_count', jobs.open_run_count
                )
            ),
            (
                'job_failed',
                jobs.last_outcome = 'fail',
                'its last run failed',
                jsonb_build_object(
                    'run_id', nullif(failed.run_id, ''), 'started_at', failed.started_at,
                    'finished_at', failed.finished_at, 'attributes', failed.attributes,
                    'last_success_at', jobs.last_success_at
                )
            ),
            (
                'schedule_unreadable',
                jobs.schedule_problem IS NOT NULL,
                'its schedule cannot be read: ' || jobs.schedule_problem,
                jsonb_build_object('schedule', jobs.schedule, 'time_zone', jobs.time_zone)
            )
        ) AS found (rule, holds, summary, details)
        INNER JOIN health.alert_rules AS rules ON found.rule = rules.rule
        WHERE jobs.agent_id = ANY (p_agent_ids) AND found.holds
    ),

    gone AS (
        DELETE FROM health.rule_findings AS findings
        WHERE findings.agent_id = ANY (p_agent_ids)
            AND findings.rule IN ('job_missed', 'job_overdue', 'job_failed', 'schedule_unreadable')
            AND NOT EXISTS (
                SELECT FROM wanted
                WHERE wanted.agent_id = findings.agent_id AND wanted.rule = findings.rule
            )
    )

    INSERT INTO health.rule_findings AS findings (
        rule, agent_id, severity, summary, details, found_at, changed_at
    )
    SELECT
        wanted.rule, wanted.agent_id, wanted.severity, wanted.summary, wanted.details, p_now, p_now
    FROM wanted
    ON CONFLICT (rule, agent_id) DO UPDATE SET
        severity = excluded.severity,
        summary = excluded.summary,
        details = excluded.details,
        changed_at = excluded.changed_at
    WHERE (findings.severity, findings.summary, findings.details)
        IS DISTINCT FROM (excluded.severity, excluded.summary, excluded.details);

    -- The next tick judges them by their runs.
    UPDATE health.agent_status AS status
    SET next_due_at = p_now
    FROM health.job_expectations AS jobs
    WHERE jobs.agent_id = ANY (p_agent_ids)
        AND jobs.schedule IS NOT NULL
        AND status.agent_id = jobs.agent_id
        AND status.last_heartbeat_at IS NOT NULL;
END;
$$;

ALTER FUNCTION health_internal.refresh_jobs(p_now timestamp with time zone, p_agent_ids text[]) OWNER TO health_owner;

--
-- Name: FUNCTION refresh_jobs(p_now timestamp with time zone, p_agent_ids text[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.refresh_jobs(p_now timestamp with time zone, p_agent_ids text[]) IS 'Makes job_expectations and the findings job_missed, job_overdue, job_failed and schedule_unreadable of these jobs agree with job_runs, and has those on a schedule judged anew.';

--
-- Name: refresh_maintenance(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.refresh_maintenance(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.maintenance_windows AS windows
        WHERE windows.cancelled_by IS NULL AND windows.ends_at > p_now
    )
        AND NOT EXISTS (
            SELECT FROM health.maintenance_periods AS periods WHERE periods.ended_at IS NULL
        ) THEN
        RETURN;
    END IF;

    WITH ended AS (
        UPDATE health.maintenance_periods AS periods
        SET ended_at = greatest(periods.started_at, least(periods.until_at, p_now))
        FROM health.maintenance_windows AS windows
        WHERE periods.ended_at IS NULL
            AND windows.window_id = periods.window_id
            AND (
                windows.cancelled_by IS NOT NULL
                OR health_internal.maintenance_until(windows, p_now) IS NULL
            )
        RETURNING periods.agent_id
    )

    UPDATE health.incidents
    SET next_check_at = '-infinity'
    FROM ended
    WHERE NOT incidents.is_settled AND incidents.agent_id = ended.agent_id;

    -- Who joins: at the start, and within a minute who was registered or relabelled since.
    WITH running AS MATERIALIZED (
        SELECT
            windows.window_id,
            windows.matchers,
            health_internal.maintenance_until(windows, p_now) AS until_at
        FROM health.maintenance_windows AS windows
        WHERE windows.cancelled_by IS NULL
            AND windows.ends_at > p_now
            AND (
                windows.enrolled_at IS NULL
                OR windows.enrolled_at <= p_now - interval '1 minute'
                OR windows.enrolled_at > p_now
                OR NOT EXISTS (
                    SELECT FROM health.maintenance_periods AS periods
                    WHERE periods.window_id = windows.window_id AND periods.ended_at IS NULL
                )
            )
            AND health_internal.maintenance_until(windows, p_now) IS NOT NULL
    ),

    joined AS (
        INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at)
        SELECT
            running.window_id,
            agents.agent_id,
            p_now,
            running.until_at
        FROM running
        INNER JOIN health.agents
            ON health_internal.matches_agent(running.matchers, agents)
            -- The monitor goes on watching itself.
            AND agents.agent_id <> 'heartbeat_health_agent'
        ON CONFLICT (agent_id, window_id) WHERE ended_at IS NULL DO NOTHING
    )

    UPDATE health.maintenance_windows AS windows
    SET enrolled_at = p_now
    FROM running
    WHERE windows.window_id = running.window_id;
END;
$$;

ALTER FUNCTION health_internal.refresh_maintenance(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION refresh_maintenance(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.refresh_maintenance(p_now timestamp with time zone) IS 'Makes maintenance_periods agree with the windows: begins and ends periods. Called by each tick before it folds, and by those who announce or cancel; a few rows where nothing is announced.';

--
-- Name: register_unknown(health_internal.beat[], boolean, health_internal.arrival_range); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.register_unknown(p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_count bigint;
BEGIN
    -- Only agent_status, which nobody else writes: a row of agents could be locked by an open
    -- transaction of the agent, and the tick waits for nobody. add_missing_agents follows.
    INSERT INTO health.agent_status (
        agent_id, policy_class, expected_interval_seconds, grace_seconds,
        latency_slo_ms, throughput_slo_per_minute
    )
    SELECT
        unknown.agent_id,
        coalesce(agents.policy_class, 'standard'),
        date_part('epoch', agents.expected_interval),
        CASE
            WHEN agents.schedule IS NULL THEN coalesce(date_part('epoch', agents.grace), 0)
            ELSE 1e9
        END,
        agents.latency_slo_ms,
        agents.throughput_slo_per_minute
    FROM (
        SELECT DISTINCT beats.agent_id
        FROM (
            SELECT few.agent_id
            FROM unnest(p_beats) AS few
            UNION ALL
            SELECT arrived.agent_id
            FROM health_internal.arrived_heartbeats(p_range) AS arrived
            WHERE p_is_many
        ) AS beats
        WHERE NOT EXISTS (
            SELECT FROM health.agent_status AS status
            WHERE status.agent_id = beats.agent_id
        )
    ) AS unknown
    LEFT JOIN health.agents ON unknown.agent_id = agents.agent_id
    WHERE agents.agent_id IS NOT NULL
        OR (SELECT settings.unknown_agents FROM health.settings) = 'register';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.register_unknown(p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range) OWNER TO health_owner;

--
-- Name: FUNCTION register_unknown(p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.register_unknown(p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range) IS 'Gives agents that beat for the first time (few: those of p_beats; many: all that arrived) their row of agent_status, unless settings.unknown_agents is refuse; returns how many.';

--
-- Name: release_rule(text, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.release_rule(p_rule text, p_evaluation_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    UPDATE health.alert_rules
    SET evaluating_since = NULL, evaluating_pid = NULL
    WHERE alert_rules.rule = p_rule
        AND alert_rules.evaluation_id = p_evaluation_id
        AND alert_rules.evaluating_pid = pg_backend_pid();
$$;

ALTER FUNCTION health_internal.release_rule(p_rule text, p_evaluation_id bigint) OWNER TO health_owner;

--
-- Name: FUNCTION release_rule(p_rule text, p_evaluation_id bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.release_rule(p_rule text, p_evaluation_id bigint) IS 'Gives back a rule whose evaluation was cancelled through no fault of its own; it stays due.';

--
-- Name: rescaled_histogram(real[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.rescaled_histogram(p_histogram real[]) RETURNS real[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT array_agg(((weight.value * exp((('-30000'::integer)::double precision * (0.0003333889012375737)::double precision))))::real ORDER BY weight.bin) AS array_agg FROM unnest(rescaled_histogram.p_histogram) WITH ORDINALITY weight(value, bin));

ALTER FUNCTION health_internal.rescaled_histogram(p_histogram real[]) OWNER TO health_owner;

--
-- Name: FUNCTION rescaled_histogram(p_histogram real[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.rescaled_histogram(p_histogram real[]) IS 'A histogram divided by what gap_unit has grown to in 30,000 gaps.';

--
-- Name: rescue_recoveries(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.rescue_recoveries(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_action_ids bigint [];
BEGIN
    -- What was only claimed goes back to the queue.
    SELECT array_agg(claimed.action_id)
    INTO v_action_ids
    FROM (
        SELECT actions.action_id
        FROM health.recovery_actions AS actions
        WHERE actions.state = 'claimed' AND actions.lease_until < p_now
        FOR UPDATE SKIP LOCKED
    ) AS claimed;
    UPDATE health.recovery_actions AS actions
    SET
        state = 'pending',
        claimed_by = NULL,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = NULL,
        not_before = p_now,
        released_at = p_now,
        outcome = actions.outcome || '{"lease": "lost"}'
    WHERE actions.action_id = ANY (v_action_ids);

    -- Of what was executing nobody knows how far it came: heartbeats tell.
    SELECT array_agg(lost.action_id)
    INTO v_action_ids
    FROM (
        SELECT actions.action_id
        FROM health.recovery_actions AS actions
        WHERE actions.state = 'executing' AND actions.lease_until < p_now
        FOR UPDATE SKIP LOCKED
    ) AS lost;
    IF v_action_ids IS NOT NULL THEN
        PERFORM health_internal.end_steps(
            p_now, v_action_ids, 'lost', 'its bridge went silent'
        );
    END IF;

    -- The bridge still holds it, but it takes too long. The lease is kept: nothing begins before it ends.
    SELECT array_agg(slow.action_id)
    INTO v_action_ids
    FROM (
        SELECT actions.action_id
        FROM health.recovery_actions AS actions
        WHERE actions.state = 'executing' AND actions.execute_until < p_now
        FOR UPDATE SKIP LOCKED
    ) AS slow;
    IF v_action_ids IS NOT NULL THEN
        PERFORM health_internal.end_steps(
            p_now, v_action_ids, 'failed', 'it took too long', '{}', true
        );
    END IF;
END;
$$;

ALTER FUNCTION health_internal.rescue_recoveries(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION rescue_recoveries(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.rescue_recoveries(p_now timestamp with time zone) IS 'Ends leases and steps whose time is up: claimed goes back to the queue, executing without a lease to verification, executing beyond its time-out has failed.';

--
-- Name: ring_for(text[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.ring_for(p_agent_ids text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(p_agent_ids) AS troubled (agent_id)
        WHERE NOT EXISTS (
            SELECT FROM health.agent_status AS status
            WHERE status.agent_id = troubled.agent_id AND status.state IN ('error', 'failed')
        )
    ) THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
END;
$$;

ALTER FUNCTION health_internal.ring_for(p_agent_ids text[]) OWNER TO health_owner;

--
-- Name: FUNCTION ring_for(p_agent_ids text[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.ring_for(p_agent_ids text[]) IS 'Rings health_wakeup for agents whose heartbeats say error or failed, unless all of them are known to be in trouble. Ordinary heartbeats never notify: a NOTIFY takes a lock on the whole database at commit.';

--
-- Name: rising_score(double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.rising_score(p_ratio double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_ratio >= (1)::double precision) THEN (100)::double precision ELSE ((100)::double precision * p_ratio) END;

ALTER FUNCTION health_internal.rising_score(p_ratio double precision) OWNER TO health_owner;

--
-- Name: FUNCTION rising_score(p_ratio double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.rising_score(p_ratio double precision) IS '100 from a ratio of 1 on, 100 × ratio below; NULL for NULL.';

--
-- Name: route_modes(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.route_modes(p_now timestamp with time zone) RETURNS TABLE(channel text, mode text, page_count bigint, has_window boolean, messages_left integer, top_rank integer)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        routes.channel,
        CASE
            WHEN NOT routes.has_window AND routes.oldest_at > p_now - settings.group_wait
                THEN 'hold'
            WHEN routes.has_window
                AND routes.messages_left = 0
                AND coalesce(
                    routes.top_rank <= health_internal.severity_rank(routes.group_severity), true
                )
                THEN 'hold'
            WHEN routes.notice_count = 1 OR (
                routes.page_count <= routes.messages_left
                AND routes.notice_count <= settings.group_burst
                -- What had to wait is one digest.
                AND routes.oldest_at >= p_now - settings.group_wait
            )
                THEN 'single'
            ELSE 'digest'
        END,
        routes.page_count,
        routes.has_window,
        routes.messages_left,
        routes.top_rank
    FROM (
        SELECT
            channels.channel,
            channels.group_severity,
            waiting.*,
            coalesce(channels.group_until > p_now, false) AS has_window,
            CASE
                WHEN channels.group_until > p_now THEN channels.group_messages_left
                ELSE settings.group_burst
            END AS messages_left
        FROM (
            SELECT
                notices.channel AS route,
                count(*) AS notice_count,
                count(*) FILTER (WHERE notices.event <> 'resolved') AS page_count,
                max(health_internal.severity_rank(notices.severity))
                    FILTER (WHERE notices.event <> 'resolved') AS top_rank,
                min(notices.queued_at) AS oldest_at
            FROM health_internal.notices
            WHERE NOT notices.is_alone
            GROUP BY notices.channel
        ) AS waiting
        INNER JOIN health.channels ON waiting.route = channels.channel
        CROSS JOIN health.settings
    ) AS routes
    CROSS JOIN health.settings;
$$;

ALTER FUNCTION health_internal.route_modes(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION route_modes(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.route_modes(p_now timestamp with time zone) IS 'What becomes of each channel''s notices now: single (a message each), digest, or hold. A page on a quiet channel opens a window of settings.group_interval in which group_burst pages leave at once; then they wait for its end, unless more severe than any paged in it. All-clears take no page''s place. What is_alone is no part of it.';

--
-- Name: rule_problem(name, name); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.rule_problem(p_schema name, p_view name) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    v_view record;
    v_problem text;
BEGIN
    SELECT
        pg_class.oid,
        pg_class.relkind,
        has_schema_privilege('health_rules', pg_namespace.oid, 'USAGE')
        AND has_table_privilege('health_rules', pg_class.oid, 'SELECT') AS is_readable
    INTO v_view
    FROM pg_class
    INNER JOIN pg_namespace ON pg_class.relnamespace = pg_namespace.oid
    WHERE pg_namespace.nspname = p_schema
        AND pg_class.relname = p_view
        AND pg_class.relpersistence <> 't';
    IF NOT FOUND THEN
        RETURN format('there is no view %I.%I', p_schema, p_view);
    END IF;
    IF v_view.relkind <> 'v' THEN
        RETURN format('%I.%I is not a view', p_schema, p_view);
    END IF;
    IF NOT v_view.is_readable THEN
        RETURN format('the role health_rules may not read %I.%I', p_schema, p_view);
    END IF;
    SELECT string_agg(format(
        CASE WHEN given.attname IS NULL THEN '%s is missing (%s)' ELSE '%s is not %s' END,
        wanted.name, wanted.kind
    ), ', ' ORDER BY wanted.place)
    INTO v_problem
    FROM (
        VALUES
        (1, 'agent_id', 'text', true),
        (2, 'severity', 'text', false),
        (3, 'summary', 'text', true),
        (4, 'details', 'jsonb', false)
    ) AS wanted (place, name, kind, is_required)
    LEFT JOIN pg_attribute AS given
        ON given.attrelid = v_view.oid AND given.attname = wanted.name
        AND given.attnum > 0 AND NOT given.attisdropped
    LEFT JOIN pg_type ON given.atttypid = pg_type.oid
    WHERE CASE
        WHEN given.attname IS NULL THEN wanted.is_required
        WHEN wanted.kind = 'jsonb' THEN given.atttypid NOT IN ('json'::regtype, 'jsonb'::regtype)
        ELSE pg_type.typcategory <> 'S'
    END;
    IF v_problem IS NOT NULL THEN
        RETURN format('%I.%I does not fit: %s', p_schema, p_view, v_problem);
    END IF;
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.rule_problem(p_schema name, p_view name) OWNER TO health_owner;

--
-- Name: FUNCTION rule_problem(p_schema name, p_view name); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.rule_problem(p_schema name, p_view name) IS 'Why a view cannot be a rule: it is not there, is no view, health_rules may not read it, or its columns are not agent_id text, severity text (optional), summary text and details jsonb (optional). NULL: it can.';

--
-- Name: run_own_steps(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.run_own_steps(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_action record;
    v_result jsonb;
BEGIN
    -- One after the other: each ends sessions of one agent, and they are few (the brakes see to it).
    FOR v_action IN
        SELECT
            actions.action_id,
            actions.agent_id,
            actions.action
        FROM health.recovery_actions AS actions
        WHERE actions.state = 'pending'
            AND actions.released_at IS NOT NULL
            AND actions.not_before <= p_now
            AND actions.action IN ('terminate_sessions', 'verify', 'escalate')
        ORDER BY actions.not_before, actions.action_id
        FOR UPDATE SKIP LOCKED
    LOOP
        IF v_action.action = 'escalate' THEN
            PERFORM health_internal.escalate_recoveries(
                p_now, ARRAY[v_action.action_id], 'its strategy asks a person'
            );
        ELSIF v_action.action = 'verify' THEN
            -- A strategy that begins with watching: as if a step before it had been done.
            UPDATE health.recovery_actions AS actions
            SET step = 0, started_at = p_now
            WHERE actions.action_id = v_action.action_id;
            PERFORM health_internal.end_steps(p_now, ARRAY[v_action.action_id], 'succeeded', NULL);
        ELSE
            PERFORM health_internal.begin_steps(p_now, ARRAY[v_action.action_id], 'engine');
            v_result := health_internal.terminate_stuck_sessions(p_now, v_action.agent_id);
            PERFORM health_internal.end_steps(
                p_now, ARRAY[v_action.action_id],
                CASE WHEN v_result ? 'reason' THEN 'failed' ELSE 'succeeded' END,
                v_result ->> 'reason', v_result
            );
        END IF;
    END LOOP;
END;
$$;

ALTER FUNCTION health_internal.run_own_steps(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION run_own_steps(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.run_own_steps(p_now timestamp with time zone) IS 'Does the steps that need no bridge: ends stuck sessions, begins a verification, asks a person.';

--
-- Name: runs_of_day(integer[], boolean, text, date); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.runs_of_day(p_minutes integer[], p_is_fixed boolean, p_time_zone text, p_day date) RETURNS SETOF timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    -- PostgreSQL reads a time of day that comes twice as the later one, and one that is skipped with
    -- the offset before the change, that is, as far after it as it was meant to be after its start.
    WITH walls AS MATERIALIZED (
        SELECT
            walls.wall,
            walls.wall AT TIME ZONE p_time_zone AS later
        FROM unnest(p_minutes) AS of_day (minute)
        CROSS JOIN LATERAL (
            SELECT p_day + make_interval(mins => of_day.minute) AS wall
        ) AS walls
    ),

    moments AS MATERIALIZED (
        SELECT
            walls.later,
            (walls.later AT TIME ZONE p_time_zone) - walls.wall AS skipped,
            earlier.earlier,
            (earlier.earlier AT TIME ZONE p_time_zone) = walls.wall
            AND earlier.earlier < walls.later AS comes_twice
        FROM walls
        CROSS JOIN LATERAL (
            SELECT walls.later
                + health_internal.clock_offset(p_time_zone, walls.later)
                - health_internal.clock_offset(p_time_zone, walls.later - interval '3 hours')
                AS earlier
        ) AS earlier
    )

    SELECT CASE
        WHEN moments.skipped <> interval '0' THEN health_internal.clock_change(
            p_time_zone, moments.later - moments.skipped, moments.later
        )
        WHEN moments.comes_twice AND p_is_fixed THEN moments.earlier
        ELSE moments.later
    END
    FROM moments
    WHERE moments.skipped = interval '0' OR p_is_fixed
    UNION ALL
    SELECT moments.earlier
    FROM moments
    WHERE moments.comes_twice AND moments.skipped = interval '0' AND NOT p_is_fixed
$$;

ALTER FUNCTION health_internal.runs_of_day(p_minutes integer[], p_is_fixed boolean, p_time_zone text, p_day date) OWNER TO health_owner;

--
-- Name: FUNCTION runs_of_day(p_minutes integer[], p_is_fixed boolean, p_time_zone text, p_day date); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.runs_of_day(p_minutes integer[], p_is_fixed boolean, p_time_zone text, p_day date) IS 'When a schedule''s minutes of one day of its time zone come. A time of day that the clock skips comes at the first moment after the gap, one that comes twice at its first occurrence; a schedule whose minute or hour begins with * (not p_is_fixed) runs whenever the clock shows the time: not in the gap, and both times.';

--
-- Name: schedule_day(health_internal.schedule_plan, date, integer); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.schedule_day(p_plan health_internal.schedule_plan, p_from date, p_step integer) RETURNS date
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    v_day date := p_from;
    v_year integer;
    v_month integer;
    v_in_month integer;
BEGIN
    -- A loop, because each step depends on the last; it goes from one possible day or month to the
    -- next. 29 February on a given weekday comes every 40 years at the latest.
    FOR v_attempt IN 1 .. 400
    LOOP
        v_year := date_part('year', v_day);
        v_month := date_part('month', v_day);
        v_in_month := NULL;
        IF v_month = ANY (p_plan.months) THEN
            IF p_plan.is_either_day THEN
                v_in_month := date_part('day', v_day);
            ELSE
                SELECT days.value
                INTO v_in_month
                FROM unnest(p_plan.days) AS days (value)
                WHERE days.value * p_step >= date_part('day', v_day) * p_step
                    AND days.value <= date_part(
                        'day', make_date(v_year, v_month, 1) + interval '1 month - 1 day'
                    )
                ORDER BY days.value * p_step
                LIMIT 1;
            END IF;
        END IF;
        IF v_in_month IS NULL THEN
            SELECT later.year, later.month
            INTO v_year, v_month
            FROM (
                SELECT years.year, months.month
                FROM unnest(p_plan.months) AS months (month)
                CROSS JOIN (VALUES (v_year), (v_year + p_step)) AS years (year)
            ) AS later
            WHERE (later.year * 12 + later.month) * p_step > (v_year * 12 + v_month) * p_step
            ORDER BY (later.year * 12 + later.month) * p_step
            LIMIT 1;
            v_day := make_date(v_year, v_month, 1);
            IF p_step < 0 THEN
                v_day := v_day + interval '1 month - 1 day';
            END IF;
            CONTINUE;
        END IF;
        v_day := make_date(v_year, v_month, v_in_month);
        IF date_part('dow', v_day) = ANY (p_plan.weekdays)
            OR (p_plan.is_either_day AND v_in_month = ANY (p_plan.days)) THEN
            RETURN v_day;
        END IF;
        v_day := v_day + p_step;
    END LOOP;
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.schedule_day(p_plan health_internal.schedule_plan, p_from date, p_step integer) OWNER TO health_owner;

--
-- Name: FUNCTION schedule_day(p_plan health_internal.schedule_plan, p_from date, p_step integer); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.schedule_day(p_plan health_internal.schedule_plan, p_from date, p_step integer) IS 'The first day of a parsed schedule from p_from on, forwards (p_step 1) or backwards (-1).';

--
-- Name: schedule_field(text, text, integer, integer, text[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.schedule_field(p_field text, p_name text, p_low integer, p_high integer, p_words text[] DEFAULT NULL::text[]) RETURNS integer[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $_$
DECLARE
    v_term text;
    v_parts text [];
    v_first integer;
    v_last integer;
    v_step integer;
    v_values integer [] := ARRAY[]::integer [];
BEGIN
    FOR v_term IN SELECT terms.term FROM regexp_split_to_table(p_field, ',') AS terms (term)
    LOOP
        v_parts := regexp_match(
            v_term, '^(?:(\*)|(\d{1,2}|[A-Z]{3})(?:-(\d{1,2}|[A-Z]{3}))?)(?:/(\d{1,2}))?$'
        );
        IF v_parts[1] = '*' THEN
            v_first := p_low;
            v_last := p_high;
        ELSE
            v_first := CASE
                WHEN v_parts[2] ~ '^\d' THEN v_parts[2]::integer
                ELSE array_position(p_words, v_parts[2]) + p_low - 1
            END;
            v_last := CASE
                -- 5/10 is 5-59/10.
                WHEN v_parts[3] IS NULL AND v_parts[4] IS NOT NULL THEN p_high
                WHEN v_parts[3] IS NULL THEN v_first
                -- From Friday to Sunday: Sunday is 7 as well as 0.
                WHEN p_high = 7 AND v_parts[3] IN ('SUN', '0') AND v_first > 0 THEN 7
                WHEN v_parts[3] ~ '^\d' THEN v_parts[3]::integer
                ELSE array_position(p_words, v_parts[3]) + p_low - 1
            END;
        END IF;
        v_step := coalesce(v_parts[4]::integer, 1);
        IF v_first IS NULL OR v_last IS NULL OR v_step < 1
            OR v_first < p_low OR v_last > p_high OR v_first > v_last THEN
            RAISE EXCEPTION '% "%" of a schedule is not understood', p_name, v_term
                USING ERRCODE = 'JB001',
                    DETAIL = format('It goes from %s to %s.', p_low, p_high),
                    HINT = 'Write *, a number, a range such as 1-5, a step such as */15, or several '
                        'of them with commas; months and days of the week also by their first three '
                        'letters.';
        END IF;
        v_values := v_values || ARRAY(SELECT generate_series(v_first, v_last, v_step));
    END LOOP;
    RETURN ARRAY(
        SELECT DISTINCT CASE WHEN p_high = 7 THEN found.value % 7 ELSE found.value END AS value
        FROM unnest(v_values) AS found (value)
        ORDER BY value
    );
END;
$_$;

ALTER FUNCTION health_internal.schedule_field(p_field text, p_name text, p_low integer, p_high integer, p_words text[]) OWNER TO health_owner;

--
-- Name: FUNCTION schedule_field(p_field text, p_name text, p_low integer, p_high integer, p_words text[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.schedule_field(p_field text, p_name text, p_low integer, p_high integer, p_words text[]) IS 'The numbers one field of a cron expression stands for, ascending. p_words: the names of its values, from p_low on. Raises JB001 for what is not understood.';

--
-- Name: score_business_impact(double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.score_business_impact(p_cost_efficiency double precision, p_user_satisfaction double precision, p_operational_efficiency double precision, p_revenue_impact_usd double precision, p_loss_limit_usd double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((((COALESCE(p_cost_efficiency, (0)::double precision) + COALESCE(p_user_satisfaction, (0)::double precision)) + COALESCE(p_operational_efficiency, (0)::double precision)) + COALESCE(health_internal.falling_score((- p_revenue_impact_usd), (0)::double precision, p_loss_limit_usd), (0)::double precision)) / (NULLIF(num_nonnulls(p_cost_efficiency, p_user_satisfaction, p_operational_efficiency, p_revenue_impact_usd), 0))::double precision);

ALTER FUNCTION health_internal.score_business_impact(p_cost_efficiency double precision, p_user_satisfaction double precision, p_operational_efficiency double precision, p_revenue_impact_usd double precision, p_loss_limit_usd double precision) OWNER TO health_owner;

--
-- Name: FUNCTION score_business_impact(p_cost_efficiency double precision, p_user_satisfaction double precision, p_operational_efficiency double precision, p_revenue_impact_usd double precision, p_loss_limit_usd double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.score_business_impact(p_cost_efficiency double precision, p_user_satisfaction double precision, p_operational_efficiency double precision, p_revenue_impact_usd double precision, p_loss_limit_usd double precision) IS 'Mean of what the agent reports: cost efficiency, user satisfaction, operational efficiency, and 100 less the share of the loss limit that it loses per hour; NULL if it reports none.';

--
-- Name: score_error_rate(double precision, double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.score_error_rate(p_errors double precision, p_items double precision, p_age_seconds double precision, p_memory_seconds double precision, p_rate_scale double precision, p_per_minute_scale double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_errors IS NULL) THEN NULL::double precision WHEN (p_errors = (0)::double precision) THEN (100)::double precision WHEN (p_items > (0)::double precision) THEN ((100)::double precision * exp((- LEAST((700)::double precision, ((p_errors / GREATEST(p_items, p_errors)) / p_rate_scale))))) ELSE ((100)::double precision * exp((- LEAST((700)::double precision, ((p_errors / GREATEST((1)::double precision, (health_internal.time_mass(p_age_seconds, p_memory_seconds) / (60)::double precision))) / p_per_minute_scale))))) END;

ALTER FUNCTION health_internal.score_error_rate(p_errors double precision, p_items double precision, p_age_seconds double precision, p_memory_seconds double precision, p_rate_scale double precision, p_per_minute_scale double precision) OWNER TO health_owner;

--
-- Name: FUNCTION score_error_rate(p_errors double precision, p_items double precision, p_age_seconds double precision, p_memory_seconds double precision, p_rate_scale double precision, p_per_minute_scale double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.score_error_rate(p_errors double precision, p_items double precision, p_age_seconds double precision, p_memory_seconds double precision, p_rate_scale double precision, p_per_minute_scale double precision) IS '100 × exp(-rate / scale), the rate being decayed errors per decayed work item, or per minute where there are no items: decayed errors over the decayed time of a run of p_age_seconds, at least a minute. NULL where the errors are unknown.';

--
-- Name: score_heartbeat_consistency(double precision, double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_sum double precision, p_recency double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((100)::double precision * p_recency) * CASE WHEN (p_gap_sum > (0)::double precision) THEN (((0.7)::double precision * LEAST((1)::double precision, ((p_gap_weight * p_expected_mass) / (p_gap_sum + p_open_sum)))) + ((0.3)::double precision / GREATEST((1)::double precision, ((p_gap_weight * p_gap_square_sum) / (p_gap_sum * p_gap_sum))))) ELSE (1)::double precision END);

ALTER FUNCTION health_internal.score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_sum double precision, p_recency double precision) OWNER TO health_owner;

--
-- Name: FUNCTION score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_sum double precision, p_recency double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_sum double precision, p_recency double precision) IS '100 × recency × (0.7 × coverage + 0.3 × regularity). Coverage: gaps × expected / (Σ gap + excess of the open gap), all as decayed time; regularity: 1 / (1 + cv²) of the gaps; recency falls from 1 at the late deadline to 0 at the unresponsive one. Without gaps coverage and regularity are 1.';

--
-- Name: score_job(text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.score_job(p_standing text) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_standing WHEN 'missed'::text THEN 0 WHEN 'overdue'::text THEN 50 ELSE 100 END;

ALTER FUNCTION health_internal.score_job(p_standing text) OWNER TO health_owner;

--
-- Name: FUNCTION score_job(p_standing text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.score_job(p_standing text) IS 'heartbeat_consistency of a job on a schedule, whose runs are expected and not its beats: 0 while one is missed, 50 while one takes too long, else 100.';

--
-- Name: score_performance_metrics(double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.score_performance_metrics(p_latency_ratio double precision, p_full_until_ratio double precision, p_zero_from_ratio double precision, p_throughput_ratio double precision, p_latency_share double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_latency_ratio IS NULL) THEN health_internal.rising_score(p_throughput_ratio) WHEN (p_throughput_ratio IS NULL) THEN health_internal.falling_score(p_latency_ratio, p_full_until_ratio, p_zero_from_ratio) ELSE ((p_latency_share * health_internal.falling_score(p_latency_ratio, p_full_until_ratio, p_zero_from_ratio)) + (((1)::double precision - p_latency_share) * health_internal.rising_score(p_throughput_ratio))) END;

ALTER FUNCTION health_internal.score_performance_metrics(p_latency_ratio double precision, p_full_until_ratio double precision, p_zero_from_ratio double precision, p_throughput_ratio double precision, p_latency_share double precision) OWNER TO health_owner;

--
-- Name: FUNCTION score_performance_metrics(p_latency_ratio double precision, p_full_until_ratio double precision, p_zero_from_ratio double precision, p_throughput_ratio double precision, p_latency_share double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.score_performance_metrics(p_latency_ratio double precision, p_full_until_ratio double precision, p_zero_from_ratio double precision, p_throughput_ratio double precision, p_latency_share double precision) IS 'Share × latency + (1 - share) × throughput, or the one that is known. Latency falls linearly from 100 at the full ratio of its objective (or learnt baseline) to 0 at the zero ratio; throughput is its ratio to the objective (or to the tolerated share of its baseline), at most 1. NULL without both.';

--
-- Name: score_resource_efficiency(double precision, double precision, double precision, double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.score_resource_efficiency(p_cpu_percent double precision, p_memory_share double precision, p_exhaustion_ratio double precision, p_cpu_soft double precision, p_cpu_hard double precision, p_cpu_floor double precision, p_memory_soft double precision, p_memory_hard double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN LEAST(CASE WHEN (p_cpu_percent IS NOT NULL) THEN GREATEST(p_cpu_floor, health_internal.falling_score(p_cpu_percent, p_cpu_soft, p_cpu_hard)) ELSE NULL::double precision END, health_internal.falling_score(p_memory_share, p_memory_soft, p_memory_hard), CASE WHEN (p_memory_share IS NOT NULL) THEN LEAST((100)::double precision, ((100)::double precision * p_exhaustion_ratio)) ELSE NULL::double precision END);

ALTER FUNCTION health_internal.score_resource_efficiency(p_cpu_percent double precision, p_memory_share double precision, p_exhaustion_ratio double precision, p_cpu_soft double precision, p_cpu_hard double precision, p_cpu_floor double precision, p_memory_soft double precision, p_memory_hard double precision) OWNER TO health_owner;

--
-- Name: FUNCTION score_resource_efficiency(p_cpu_percent double precision, p_memory_share double precision, p_exhaustion_ratio double precision, p_cpu_soft double precision, p_cpu_hard double precision, p_cpu_floor double precision, p_memory_soft double precision, p_memory_hard double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.score_resource_efficiency(p_cpu_percent double precision, p_memory_share double precision, p_exhaustion_ratio double precision, p_cpu_soft double precision, p_cpu_hard double precision, p_cpu_floor double precision, p_memory_soft double precision, p_memory_hard double precision) IS 'The least of: CPU between soft and hard percent (never below its floor), memory between soft and hard share of its limit, and 100 × predicted time to exhaustion over the horizon; NULL ones do not count, NULL if CPU and memory share are.';

--
-- Name: seconds_to_exhaustion(double precision, double precision, double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((p_age_seconds >= (60)::double precision) AND ((p_fast_mean_mb - p_slow_mean_mb) > ((0.02)::double precision * p_limit_mb))) THEN ((GREATEST((0)::double precision, (p_limit_mb - p_usage_mb)) * (health_internal.time_mass(p_age_seconds, p_slow_memory_seconds) - health_internal.time_mass(p_age_seconds, p_fast_memory_seconds))) / (p_fast_mean_mb - p_slow_mean_mb)) ELSE NULL::double precision END;

ALTER FUNCTION health_internal.seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision) OWNER TO health_owner;

--
-- Name: FUNCTION seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision) IS 'Seconds until memory reaches its limit if it goes on rising as it does, NULL if it does not rise. On a ramp of age T an exponential mean of memory τ that began with its first value lags by τ (1 - e^(-T/τ)); the slope is the difference of two such means over the difference of their lags. It needs a minute of data and a difference of 2 % of the limit.';

--
-- Name: send_notices(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.send_notices(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_count bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM health_internal.notices) THEN
        RETURN 0;
    END IF;

    WITH modes AS MATERIALIZED (
        SELECT routes.* FROM health_internal.route_modes(p_now) AS routes
    ),

    -- What changes nothing is not written.
    windows AS (
        UPDATE health.channels
        SET
            group_until = CASE
                WHEN modes.has_window THEN channels.group_until
                ELSE p_now + settings.group_interval
            END,
            group_messages_left = CASE modes.mode
                WHEN 'single' THEN greatest(0, modes.messages_left - modes.page_count::integer)
                ELSE 0
            END,
            group_severity = health_internal.severity_of_rank(greatest(
                modes.top_rank,
                CASE WHEN modes.has_window
                    THEN health_internal.severity_rank(channels.group_severity)
                END
            ))
        FROM modes
        CROSS JOIN health.settings
        WHERE channels.channel = modes.channel AND modes.mode <> 'hold' AND modes.page_count > 0
    ),

    leaving AS MATERIALIZED (
        DELETE FROM health_internal.notices AS waiting
        USING (
            SELECT
                notices.incident_id,
                notices.channel,
                CASE WHEN notices.is_alone THEN 'single' ELSE modes.mode END AS mode
            FROM health_internal.notices
            LEFT JOIN modes ON notices.channel = modes.channel
            WHERE notices.is_alone OR modes.mode <> 'hold'
        ) AS ready
        WHERE waiting.incident_id = ready.incident_id AND waiting.channel = ready.channel
        RETURNING waiting.*, ready.mode
    ),

    texts AS MATERIALIZED (
        SELECT
            several.incident_id, several.event, several.step, several.severity,
            message.subject, message.body, message.details
        FROM (
            SELECT DISTINCT
                leaving.incident_id, leaving.event, leaving.step, leaving.severity
            FROM leaving
            WHERE leaving.mode = 'single'
        ) AS several
        CROSS JOIN LATERAL health_internal.incident_message(
            p_now, several.incident_id, several.event, several.step, several.severity
        ) AS message
    ),

    queued AS (
        INSERT INTO health.deliveries (
            incident_id, channel, event, step, severity, subject, body, agent_ids, details,
            idempotency_key, created_at, not_before
        )
        SELECT
            leaving.incident_id,
            leaving.channel,
            leaving.event,
            leaving.step,
            leaving.severity,
            texts.subject,
            texts.body,
            array_remove(ARRAY[texts.details ->> 'agent_id'], NULL),
            texts.details,
            format(
                'incident-%s-%s-%s-%s',
                leaving.incident_id, leaving.event, leaving.number, leaving.channel
            ),
            p_now,
            p_now
        FROM leaving
        INNER JOIN texts
            ON leaving.incident_id = texts.incident_id
            AND leaving.event = texts.event
            AND leaving.step = texts.step
            AND leaving.severity = texts.severity
        WHERE leaving.mode = 'single'
        UNION ALL
        SELECT
            NULL, digests.channel, 'digest', 0, digests.severity, digests.subject, digests.body,
            digests.agent_ids, digests.details,
            format('digest-%s-%s', nextval('health_internal.fencing_tokens'), digests.channel),
            p_now, p_now
        FROM health_internal.compose_digests(ARRAY(
            SELECT
                ROW(leaving.channel, leaving.incident_id, leaving.event, leaving.severity)
                ::health_internal.digest_line
            FROM leaving
            WHERE leaving.mode = 'digest'
        )) AS digests
        RETURNING
            deliveries.delivery_id, deliveries.incident_id, deliveries.channel, deliveries.event
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason, channel, delivery_id
        )
        SELECT
            p_now, leaving.incident_id, incidents.agent_id,
            CASE leaving.mode WHEN 'digest' THEN 'grouped' ELSE 'queued' END,
            CASE leaving.mode WHEN 'digest' THEN 'digest' END,
            leaving.event,
            leaving.channel,
            queued.delivery_id
        FROM leaving
        INNER JOIN queued
            ON leaving.channel = queued.channel
            AND CASE leaving.mode WHEN 'digest' THEN 0 ELSE leaving.incident_id END
            = coalesce(queued.incident_id, 0)
        INNER JOIN health.incidents ON leaving.incident_id = incidents.incident_id
        UNION ALL
        -- Held from now on: the digest at the end of the window.
        SELECT
            p_now, notices.incident_id, incidents.agent_id, 'suppressed', 'group_interval',
            'waits for the digest of ' || coalesce(
                channels.group_until, p_now + settings.group_wait
            ),
            notices.channel, NULL
        FROM modes
        INNER JOIN health_internal.notices ON modes.channel = notices.channel
        INNER JOIN health.channels ON notices.channel = channels.channel
        INNER JOIN health.incidents ON notices.incident_id = incidents.incident_id
        CROSS JOIN health.settings
        WHERE modes.mode = 'hold' AND notices.queued_at = p_now AND NOT notices.is_alone
    )

    SELECT count(*)
    INTO v_count
    FROM queued;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.send_notices(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION send_notices(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.send_notices(p_now timestamp with time zone) IS 'Queues the messages of channels that may speak now (see route_modes) and notes each in the ledger; returns how many.';

--
-- Name: settle_recoveries(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.settle_recoveries(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_stuck constant text [] := ARRAY(
        SELECT DISTINCT sessions.agent_id FROM health.stuck_sessions AS sessions
    );
    v_action_ids bigint [];
BEGIN
    -- Nobody needs it any more.
    UPDATE health.recovery_actions AS actions
    SET
        state = 'cancelled',
        hold = NULL,
        hold_reason = NULL,
        finished_at = p_now,
        settled_at = p_now,
        outcome = actions.outcome || '{"reason": "the agent recovered by itself"}'
    WHERE actions.action_id = ANY (ARRAY(
        SELECT needless.action_id
        FROM health.recovery_actions AS needless
        WHERE needless.state = 'pending'
            AND needless.requested_by = 'engine'
            AND NOT needless.agent_id = ANY (v_stuck)
            AND (
                SELECT status.issue_type
                FROM health.agent_status AS status
                WHERE status.agent_id = needless.agent_id
            ) IS NULL
        FOR UPDATE SKIP LOCKED
    ));

    -- The trouble of a failed or escalated one is over.
    UPDATE health.recovery_actions AS actions
    SET settled_at = p_now
    WHERE actions.settled_at IS NULL
        AND actions.state IN ('failed', 'escalated')
        AND NOT actions.agent_id = ANY (v_stuck)
        AND (
            SELECT status.issue_type
            FROM health.agent_status AS status
            WHERE status.agent_id = actions.agent_id
        ) IS NULL;

    -- Let go, but no bridge has this agent configured.
    SELECT array_agg(unclaimed.action_id)
    INTO v_action_ids
    FROM (
        SELECT actions.action_id
        FROM health.recovery_actions AS actions
        INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policies
            ON status.policy_class = policies.policy_class
        WHERE actions.state = 'pending'
            AND actions.released_at IS NOT NULL
            AND greatest(actions.not_before, actions.released_at)
            + make_interval(secs => policies.recovery_claim_seconds) < p_now
        FOR UPDATE OF actions SKIP LOCKED
    ) AS unclaimed;
    IF v_action_ids IS NOT NULL THEN
        PERFORM health_internal.escalate_recoveries(p_now, v_action_ids, 'no bridge claimed it');
    END IF;
END;
$$;

ALTER FUNCTION health_internal.settle_recoveries(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION settle_recoveries(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.settle_recoveries(p_now timestamp with time zone) IS 'Cancels what the engine queued for agents that recovered by themselves, notes when trouble was over, and hands to a person what no bridge claims within the policy''s recovery_claim_seconds.';

--
-- Name: severity_of_rank(integer); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.severity_of_rank(p_rank integer) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_rank WHEN 1 THEN 'info'::text WHEN 2 THEN 'warning'::text WHEN 3 THEN 'critical'::text WHEN 4 THEN 'emergency'::text ELSE NULL::text END;

ALTER FUNCTION health_internal.severity_of_rank(p_rank integer) OWNER TO health_owner;

--
-- Name: FUNCTION severity_of_rank(p_rank integer); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.severity_of_rank(p_rank integer) IS 'The severity of a rank; see severity_rank.';

--
-- Name: snapshot_without(pg_snapshot, xid8); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.snapshot_without(p_snapshot pg_snapshot, p_xid xid8) RETURNS pg_snapshot
    LANGUAGE sql STABLE
    RETURN (SELECT (format('%s:%s:%s'::text, LEAST(((pg_snapshot_xmin(snapshot_without.p_snapshot))::text)::bigint, ((snapshot_without.p_xid)::text)::bigint), GREATEST(((pg_snapshot_xmax(snapshot_without.p_snapshot))::text)::bigint, (((snapshot_without.p_xid)::text)::bigint + 1)), string_agg((listed.xid)::text, ','::text ORDER BY listed.xid)))::pg_snapshot AS format FROM (SELECT ((in_progress.xid)::text)::bigint AS xid FROM pg_snapshot_xip(snapshot_without.p_snapshot) in_progress(xid) UNION SELECT since.xid FROM generate_series(LEAST(((pg_snapshot_xmax(snapshot_without.p_snapshot))::text)::bigint, ((snapshot_without.p_xid)::text)::bigint), ((snapshot_without.p_xid)::text)::bigint) since(xid)) listed);

ALTER FUNCTION health_internal.snapshot_without(p_snapshot pg_snapshot, p_xid xid8) OWNER TO health_owner;

--
-- Name: FUNCTION snapshot_without(p_snapshot pg_snapshot, p_xid xid8); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.snapshot_without(p_snapshot pg_snapshot, p_xid xid8) IS 'The snapshot with p_xid counted as still in progress, also where p_xid is the newest of all: a transaction''s own rows are told apart by command, not by transaction.';

--
-- Name: spent_by_groups(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.spent_by_groups(p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(jsonb_object_agg(spent.recovery_group, spent.attempt_count), '{}')
    FROM (
        SELECT
            agents.recovery_group,
            count(*) AS attempt_count
        FROM (
            SELECT
                actions.agent_id,
                actions.started_at
            FROM health.recovery_actions AS actions
            WHERE actions.started_at > p_now - make_interval(secs => (
                SELECT max(policies.recovery_budget_window_seconds)
                FROM health.current_policies AS policies
            ))
            UNION ALL
            -- On its way: let go, but not begun.
            SELECT
                actions.agent_id,
                NULL
            FROM health.recovery_actions AS actions
            WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
                AND actions.started_at IS NULL
                AND actions.released_at IS NOT NULL
        ) AS recent
        INNER JOIN health.agents
            ON recent.agent_id = agents.agent_id AND agents.recovery_group IS NOT NULL
        INNER JOIN health.agent_status AS status ON recent.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policies
            ON status.policy_class = policies.policy_class
        WHERE recent.started_at IS NULL
            OR recent.started_at > p_now - make_interval(
                secs => policies.recovery_budget_window_seconds
            )
        GROUP BY agents.recovery_group
    ) AS spent;
$$;

ALTER FUNCTION health_internal.spent_by_groups(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION spent_by_groups(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.spent_by_groups(p_now timestamp with time zone) IS 'How many recoveries each recovery_group began in the window of its budget, or has on their way.';

--
-- Name: step_after(jsonb, integer, boolean, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.step_after(p_strategy jsonb, p_step integer, p_is_verification boolean, p_outcome text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    IF p_outcome = 'succeeded' AND p_is_verification THEN
        RETURN NULL;
    ELSIF p_outcome IN ('succeeded', 'lost') OR p_is_verification THEN
        RETURN p_step + 1;
    END IF;
    RETURN (
        SELECT min(steps.step)::integer + 1
        FROM jsonb_array_elements(p_strategy) WITH ORDINALITY AS steps (item, step)
        WHERE steps.step > p_step AND steps.item ->> 'action' = 'verify'
    );
END;
$$;

ALTER FUNCTION health_internal.step_after(p_strategy jsonb, p_step integer, p_is_verification boolean, p_outcome text) OWNER TO health_owner;

--
-- Name: FUNCTION step_after(p_strategy jsonb, p_step integer, p_is_verification boolean, p_outcome text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.step_after(p_strategy jsonb, p_step integer, p_is_verification boolean, p_outcome text) IS 'The step that follows one with this outcome: the next one, or after a failure the one behind the next verify; NULL, or beyond the last: none.';

--
-- Name: step_text(text, jsonb, text, text, jsonb, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.step_text(p_action text, p_parameters jsonb, p_outcome text, p_reason text, p_details jsonb, p_started_at timestamp with time zone, p_finished_at timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN ((p_action = 'verify'::text) AND (p_outcome = 'succeeded'::text)) THEN 'verified'::text WHEN ((p_action = 'verify'::text) AND (p_outcome IS NULL)) THEN 'is being verified'::text WHEN (p_action = 'verify'::text) THEN (('not verified within '::text || round(date_part('epoch'::text, (p_finished_at - p_started_at)))) || ' s'::text) WHEN ((p_action = 'terminate_sessions'::text) AND (p_outcome = 'succeeded'::text)) THEN ('ended '::text || CASE jsonb_array_length((p_details -> 'ended_pids'::text)) WHEN 0 THEN 'no session: none was stuck'::text WHEN 1 THEN '1 session'::text ELSE (jsonb_array_length((p_details -> 'ended_pids'::text)) || ' sessions'::text) END) ELSE (CASE p_action WHEN 'restart_agent'::text THEN 'restart'::text WHEN 'terminate_sessions'::text THEN 'ending sessions'::text WHEN 'run_command'::text THEN ('command '::text || COALESCE((p_parameters ->> 'command'::text), '?'::text)) ELSE p_action END || CASE WHEN (p_outcome IS NULL) THEN ' under way'::text WHEN (p_outcome = 'succeeded'::text) THEN ''::text WHEN (p_outcome = 'released'::text) THEN ' handed back'::text WHEN (p_outcome = 'refused'::text) THEN (' refused'::text || COALESCE((': '::text || p_reason), ''::text)) ELSE ((((CASE p_outcome WHEN 'lost'::text THEN ' lost'::text ELSE ' failed'::text END || ' after '::text) || round(date_part('epoch'::text, (p_finished_at - p_started_at)))) || ' s'::text) || COALESCE((': '::text || p_reason), ''::text)) END) END;

ALTER FUNCTION health_internal.step_text(p_action text, p_parameters jsonb, p_outcome text, p_reason text, p_details jsonb, p_started_at timestamp with time zone, p_finished_at timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION step_text(p_action text, p_parameters jsonb, p_outcome text, p_reason text, p_details jsonb, p_started_at timestamp with time zone, p_finished_at timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.step_text(p_action text, p_parameters jsonb, p_outcome text, p_reason text, p_details jsonb, p_started_at timestamp with time zone, p_finished_at timestamp with time zone) IS 'One step of a recovery in a few words, such as "restart failed after 12 s: exit code 3".';

--
-- Name: stop_rule(text, text, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.stop_rule(p_rule text, p_error text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE health.alert_rules
    SET
        is_enabled = false,
        last_error = left(regexp_replace(p_error, '[[:cntrl:]]+', ' ', 'g'), 500),
        last_error_at = p_now,
        evaluating_since = NULL,
        evaluating_pid = NULL
    WHERE alert_rules.rule = p_rule;
    DELETE FROM health.rule_findings WHERE rule_findings.rule = p_rule;
    PERFORM health_internal.refresh_disabled_rules(p_now);
END;
$$;

ALTER FUNCTION health_internal.stop_rule(p_rule text, p_error text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION stop_rule(p_rule text, p_error text, p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.stop_rule(p_rule text, p_error text, p_now timestamp with time zone) IS 'Disables a rule because of an error and takes back its findings, which nobody can confirm any more; the finding rule_disabled speaks of it.';

--
-- Name: strategies(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.strategies() RETURNS TABLE(policy_class text, issue_type text, steps jsonb)
    LANGUAGE sql STABLE
    AS $$
    WITH own AS (
        SELECT
            strategies.policy_class,
            strategies.issue_type,
            jsonb_agg(
                jsonb_strip_nulls(jsonb_build_object(
                    'action', strategies.action,
                    'parameters', nullif(strategies.parameters, '{}'),
                    'timeout_seconds', strategies.timeout_seconds
                ))
                ORDER BY strategies.step
            ) AS steps
        FROM health.recovery_strategies AS strategies
        GROUP BY strategies.policy_class, strategies.issue_type
    )

    SELECT
        policies.policy_class,
        standard.issue_type,
        coalesce(own.steps, standard.steps)
    FROM health.current_policies AS policies
    INNER JOIN own AS standard ON standard.policy_class = 'standard'
    LEFT JOIN own
        ON policies.policy_class = own.policy_class AND standard.issue_type = own.issue_type;
$$;

ALTER FUNCTION health_internal.strategies() OWNER TO health_owner;

--
-- Name: FUNCTION strategies(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.strategies() IS 'One row per policy class and issue: its steps in order, those of standard where it has none.';

--
-- Name: strategy_problem(jsonb); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.strategy_problem(p_steps jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE
        WHEN p_steps IS NULL OR jsonb_typeof(p_steps) <> 'array' THEN 'the steps are no JSON array'
        WHEN jsonb_array_length(p_steps) NOT BETWEEN 1 AND 20
            THEN format('%s steps are not 1 to 20', jsonb_array_length(p_steps))
        ELSE coalesce(
            (
                SELECT format('step %s %s', steps.step, steps.problem)
                FROM (
                    SELECT
                        items.step,
                        CASE
                            WHEN jsonb_typeof(items.item) <> 'object' THEN 'is no JSON object'
                            WHEN items.item - ARRAY['action', 'parameters', 'timeout_seconds'] <> '{}'
                                THEN format(
                                    'has an unknown key "%s"',
                                    (
                                        SELECT min(keys.key)
                                        FROM jsonb_object_keys(items.item - ARRAY[
                                            'action', 'parameters', 'timeout_seconds'
                                        ]) AS keys (key)
                                    )
                                )
                            WHEN items.item ->> 'action' IS NULL THEN 'names no action'
                            WHEN items.item ->> 'action' NOT IN (
                                'restart_agent', 'reload', 'run_command', 'terminate_sessions',
                                'verify', 'escalate'
                            ) THEN format('has an unknown action "%s"', items.item ->> 'action')
                            WHEN jsonb_typeof(items.item -> 'timeout_seconds')
                                NOT IN ('number', 'null') THEN 'has a timeout_seconds that is no number'
                            WHEN (items.item ->> 'timeout_seconds')::numeric NOT BETWEEN 1 AND 86400
                                THEN 'has a timeout_seconds outside 1 to 86400'
                            WHEN items.item ->> 'action' = 'run_command' AND coalesce(
                                jsonb_typeof(items.item -> 'parameters' -> 'command') <> 'string', true
                            ) THEN 'runs a command but its parameters name none'
                            WHEN items.item ->> 'action' = 'escalate'
                                AND items.step < jsonb_array_length(p_steps)
                                THEN 'escalates, and others follow it'
                            WHEN items.item ->> 'action' NOT IN ('verify', 'escalate') AND coalesce((
                                SELECT later.item ->> 'action' = 'escalate'
                                FROM jsonb_array_elements(p_steps) WITH ORDINALITY
                                    AS later (item, step)
                                WHERE later.step > items.step
                                    AND later.item ->> 'action' IN ('verify', 'escalate')
                                ORDER BY later.step
                                LIMIT 1
                            ), true) THEN 'is not followed by a verify'
                        END AS problem
                    FROM jsonb_array_elements(
                        CASE WHEN jsonb_typeof(p_steps) = 'array' THEN p_steps ELSE '[]' END
                    ) WITH ORDINALITY AS items (item, step)
                ) AS steps
                WHERE steps.problem IS NOT NULL
                ORDER BY steps.step
                LIMIT 1
            ),
            NULL
        )
    END;
$$;

ALTER FUNCTION health_internal.strategy_problem(p_steps jsonb) OWNER TO health_owner;

--
-- Name: FUNCTION strategy_problem(p_steps jsonb); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.strategy_problem(p_steps jsonb) IS 'What is wrong with the steps of a strategy, in words; NULL: nothing.';

--
-- Name: subjects(health_internal.beat[], boolean, boolean, health_internal.arrival_range, timestamp with time zone, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.subjects(p_beats health_internal.beat[], p_is_many boolean, p_only_due boolean, p_range health_internal.arrival_range, p_now timestamp with time zone, p_tick_id bigint) RETURNS TABLE(beat_agent_id text, beat_received_at timestamp with time zone, beat_sent_at timestamp with time zone, beat_state text, beat_run_id text, beat_work_items_processed bigint, beat_error_count bigint, beat_average_processing_time_ms double precision, beat_cpu_usage_percent double precision, beat_memory_usage_mb double precision, beat_memory_limit_mb double precision, beat_cost_efficiency double precision, beat_user_satisfaction double precision, beat_operational_efficiency double precision, beat_revenue_impact_usd double precision)
    LANGUAGE sql STABLE
    AS $$
    SELECT few.*
    FROM unnest(p_beats) AS few
    UNION ALL
    -- max of one row is that row; agents with more are left.
    SELECT
        arrived.agent_id,
        max(arrived.received_at),
        max(arrived.sent_at),
        max(arrived.state),
        max(arrived.run_id),
        max(arrived.work_items_processed),
        max(arrived.error_count),
        max(arrived.average_processing_time_ms),
        max(arrived.cpu_usage_percent),
        max(arrived.memory_usage_mb),
        max(arrived.memory_limit_mb),
        max(arrived.cost_efficiency),
        max(arrived.user_satisfaction),
        max(arrived.operational_efficiency),
        max(arrived.revenue_impact_usd)
    FROM health_internal.arrived_heartbeats(p_range) AS arrived
    WHERE p_is_many AND NOT p_only_due
    GROUP BY arrived.agent_id
    HAVING count(*) < 2
    UNION ALL
    SELECT
        due.agent_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL
    FROM health.agent_status AS due
    WHERE p_is_many AND p_only_due AND due.next_due_at <= p_now AND due.judged_tick_id <> p_tick_id
$$;

ALTER FUNCTION health_internal.subjects(p_beats health_internal.beat[], p_is_many boolean, p_only_due boolean, p_range health_internal.arrival_range, p_now timestamp with time zone, p_tick_id bigint) OWNER TO health_owner;

--
-- Name: FUNCTION subjects(p_beats health_internal.beat[], p_is_many boolean, p_only_due boolean, p_range health_internal.arrival_range, p_now timestamp with time zone, p_tick_id bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.subjects(p_beats health_internal.beat[], p_is_many boolean, p_only_due boolean, p_range health_internal.arrival_range, p_now timestamp with time zone, p_tick_id bigint) IS 'Whom to judge, each with its one new beat or none. Few: those of p_beats. Many: who is due, or else who has exactly one beat among those that arrived. Inlined.';

--
-- Name: sweep(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.sweep(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM health_internal.agent_changes
    USING health_internal.engine
    WHERE agent_changes.changed_at < p_now - interval '1 hour'
        AND pg_visible_in_snapshot(agent_changes.txid, engine.folded_until);
    DELETE FROM health.agent_sessions
    WHERE agent_sessions.lost_at < p_now - interval '7 days';
    PERFORM health_internal.sweep_jobs(p_now);
    PERFORM health.end_overrunning_rules(p_now);
    PERFORM health_internal.add_missing_agents();
END;
$$;

ALTER FUNCTION health_internal.sweep(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION sweep(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.sweep(p_now timestamp with time zone) IS 'Removes configuration changes, sessions and runs that nobody needs any more, and registers whom a lock kept out.';

--
-- Name: sweep_jobs(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.sweep_jobs(p_now timestamp with time zone) RETURNS void
    LANGUAGE sql
    AS $$
    DELETE FROM health_internal.job_signals
    USING health_internal.engine
    WHERE job_signals.received_at < p_now - interval '1 hour'
        AND pg_visible_in_snapshot(job_signals.txid, engine.folded_until);
    DELETE FROM health.job_runs
    WHERE coalesce(job_runs.finished_at, job_runs.missed_at, job_runs.expected_at)
        < p_now - interval '90 days'
        AND job_runs.outcome NOT IN ('running', 'overdue')
        AND NOT EXISTS (
            SELECT FROM health.job_expectations AS jobs
            WHERE jobs.missed_run_id = job_runs.job_run_id
        );
$$;

ALTER FUNCTION health_internal.sweep_jobs(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION sweep_jobs(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.sweep_jobs(p_now timestamp with time zone) IS 'Removes signals that every tick has read, and runs that ended more than 90 days ago.';

--
-- Name: switch_alert_rule(text, boolean, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.switch_alert_rule(p_rule text, p_is_enabled boolean, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE health.alert_rules
    SET
        is_enabled = p_is_enabled,
        last_error = NULL,
        last_error_at = NULL,
        evaluation_id = alert_rules.evaluation_id + 1,
        evaluating_since = NULL,
        evaluating_pid = NULL,
        unfinished_count = 0,
        next_evaluation_at = CASE WHEN NOT alert_rules.is_builtin THEN p_now END
    WHERE alert_rules.rule = p_rule AND alert_rules.removed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no rule "%"', p_rule
            USING ERRCODE = 'RU002',
                HINT = 'SELECT rule, is_enabled FROM health.alert_rules lists them.';
    END IF;
    IF NOT p_is_enabled THEN
        DELETE FROM health.rule_findings
        USING health.alert_rules
        WHERE rule_findings.rule = p_rule
            AND alert_rules.rule = p_rule
            AND NOT alert_rules.is_builtin;
    END IF;
    PERFORM health_internal.refresh_disabled_rules(p_now);
END;
$$;

ALTER FUNCTION health_internal.switch_alert_rule(p_rule text, p_is_enabled boolean, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION switch_alert_rule(p_rule text, p_is_enabled boolean, p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.switch_alert_rule(p_rule text, p_is_enabled boolean, p_now timestamp with time zone) IS 'Enables or disables a rule and forgets its error. Raises RU002 where there is none.';

--
-- Name: tell_blindness(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tell_blindness(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_gap health.monitor_gaps;
    v_agent_ids text [];
BEGIN
    -- One alert while a gap has not settled.
    DELETE FROM health.rule_findings
    WHERE rule_findings.rule = 'monitor_gap'
        AND NOT EXISTS (SELECT FROM health.monitor_gaps WHERE monitor_gaps.settled_at > p_now);
    INSERT INTO health.rule_findings (
        rule, severity, summary, details, found_at, changed_at
    )
    SELECT
        'monitor_gap',
        CASE gaps.reason WHEN 'fleet_silent' THEN 'critical' ELSE 'warning' END,
        CASE gaps.reason
            WHEN 'fleet_silent' THEN format(
                '%s agents fell silent at once; it may be the monitor or the network',
                gaps.details ->> 'silent_count'
            )
            WHEN 'server_restarted' THEN 'the database server was restarted'
            ELSE 'the monitor did not tick for '
                || round(date_part('epoch', gaps.ended_at - gaps.started_at)) || ' s'
        END,
        jsonb_build_object(
            'gap_id', gaps.gap_id, 'reason', gaps.reason, 'started_at', gaps.started_at,
            'ended_at', gaps.ended_at
        ),
        p_now,
        p_now
    FROM health.monitor_gaps AS gaps
    WHERE gaps.settled_at > p_now
    ORDER BY gaps.settled_at DESC
    LIMIT 1
    ON CONFLICT (rule, agent_id) DO NOTHING;

    -- A silence of the fleet that has settled: one incident for all that are still silent.
    FOR v_gap IN
        SELECT gaps.*
        FROM health.monitor_gaps AS gaps
        WHERE gaps.reason = 'fleet_silent'
            AND gaps.settled_at BETWEEN p_now - interval '5 minutes' AND p_now
            AND NOT gaps.details ? 'still_silent_count'
    LOOP
        SELECT array_agg(status.agent_id)
        INTO v_agent_ids
        FROM health.agent_status AS status
        WHERE status.liveness IN ('alive', 'starting', 'late', 'unresponsive')
            AND status.last_heartbeat_at <= v_gap.ended_at
            AND status.last_heartbeat_at
            + make_interval(secs => 1.5 * status.learnt_interval_seconds) >= v_gap.started_at;
        IF cardinality(v_agent_ids) > 1 THEN
            PERFORM health_internal.open_fleet_incident(
                p_now, v_agent_ids, 'fleet_silent',
                format('%s agents fell silent together', cardinality(v_agent_ids))
            );
        END IF;
        UPDATE health.monitor_gaps
        SET details = monitor_gaps.details
            || jsonb_build_object('still_silent_count', coalesce(cardinality(v_agent_ids), 0))
        WHERE monitor_gaps.gap_id = v_gap.gap_id;
    END LOOP;
END;
$$;

ALTER FUNCTION health_internal.tell_blindness(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION tell_blindness(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tell_blindness(p_now timestamp with time zone) IS 'Keeps one finding, monitor_gap, while a gap of the monitor has not settled; opens one incident for the agents that are still silent when a silence of the fleet has.';

--
-- Name: tell_of_escalations(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tell_of_escalations(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_group record;
BEGIN
    -- A call per reason: those of one reason share a message where they are many.
    FOR v_group IN
        WITH told AS (
            UPDATE health.recovery_actions AS actions
            SET told_at = p_now
            WHERE actions.state = 'escalated'
                AND actions.settled_at IS NULL
                AND actions.told_at IS NULL
            RETURNING actions.agent_id, actions.outcome ->> 'reason' AS reason
        )

        SELECT
            coalesce(told.reason, 'automatic recovery gave up') AS reason,
            array_agg(DISTINCT told.agent_id) AS agent_ids
        FROM told
        GROUP BY coalesce(told.reason, 'automatic recovery gave up')
    LOOP
        PERFORM health_internal.open_recovery_failed(p_now, v_group.agent_ids, v_group.reason);
    END LOOP;
END;
$$;

ALTER FUNCTION health_internal.tell_of_escalations(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION tell_of_escalations(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tell_of_escalations(p_now timestamp with time zone) IS 'Opens the alert recovery_failed, once, for each escalated recovery whose agent is still in trouble.';

--
-- Name: terminate_stuck_sessions(timestamp with time zone, text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.terminate_stuck_sessions(p_now timestamp with time zone, p_agent_id text) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_session record;
    v_is_superuser boolean;
    v_ended integer [] := ARRAY[]::integer [];
    v_problems text [] := ARRAY[]::text [];
BEGIN
    -- One after the other: each may be refused for itself.
    FOR v_session IN
        SELECT stuck.* FROM health_internal.find_stuck_sessions() AS stuck
        WHERE stuck.agent_id = p_agent_id
    LOOP
        SELECT roles.rolsuper INTO v_is_superuser
        FROM pg_roles AS roles
        WHERE roles.rolname = v_session.login_name;
        BEGIN
            IF v_is_superuser THEN
                v_problems := v_problems || format(
                    'pid %s is a session of the superuser "%s", which the monitor may not end',
                    v_session.pid, v_session.login_name
                );
            -- Asked again with the signal: the pid may be another session's by now.
            ELSIF (
                SELECT pg_terminate_backend(activity.pid)
                FROM pg_stat_activity AS activity
                WHERE activity.pid = v_session.pid
                    AND activity.backend_start = v_session.backend_start
            ) THEN
                v_ended := v_ended || v_session.pid;
                -- Its end is our doing, no sign of the agent's death: heartbeats tell.
                UPDATE health.agent_sessions AS attached
                SET lost_at = p_now, lost_reason = 'ended_by_recovery'
                WHERE attached.pid = v_session.pid AND attached.lost_at IS NULL;
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN
                v_problems := v_problems || format(
                    'pid %s of "%s" could not be ended: health_owner lacks pg_signal_backend',
                    v_session.pid, v_session.login_name
                );
        END;
    END LOOP;
    RETURN jsonb_strip_nulls(jsonb_build_object(
        'ended_pids', to_jsonb(v_ended),
        'reason', nullif(array_to_string(v_problems, '; '), '')
    ));
END;
$$;

ALTER FUNCTION health_internal.terminate_stuck_sessions(p_now timestamp with time zone, p_agent_id text) OWNER TO health_owner;

--
-- Name: FUNCTION terminate_stuck_sessions(p_now timestamp with time zone, p_agent_id text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.terminate_stuck_sessions(p_now timestamp with time zone, p_agent_id text) IS 'Ends the stuck sessions of an agent, and nobody else''s. Returns {"ended_pids": […], "reason": why some could not be ended}: a superuser''s cannot, nor any without pg_signal_backend.';

--
-- Name: tg_agent_heartbeats__admit(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_agent_heartbeats__admit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- One expression for all: an INSERT pays for each expression of a trigger, and several times as
    -- much for a WHEN or a CHECK, which are parsed anew by every statement.
    IF NEW.state IN ('error', 'failed') OR NEW.signal <> 'beat' OR NEW.sent_at NOT BETWEEN
        NEW.received_at - interval '24 hours' AND NEW.received_at + interval '24 hours' THEN
        IF NEW.sent_at NOT BETWEEN
            NEW.received_at - interval '24 hours' AND NEW.received_at + interval '24 hours' THEN
            RAISE EXCEPTION 'new row for relation "agent_heartbeats" violates check constraint "%"',
                'sent_at_is_within_one_day_of_received_at'
                USING ERRCODE = '23514',
                    SCHEMA = TG_TABLE_SCHEMA,
                    TABLE = 'agent_heartbeats',
                    CONSTRAINT = 'sent_at_is_within_one_day_of_received_at',
                    DETAIL = format('sent_at is %s, received_at is %s.', NEW.sent_at, NEW.received_at),
                    HINT = 'Set the agent''s clock, or leave sent_at out.';
        END IF;
        IF NEW.state IN ('error', 'failed') THEN
            PERFORM health_internal.ring_for(ARRAY[NEW.agent_id::text]);
        END IF;
        -- With the rights of who inserts: agents set no received_at here either.
        IF NEW.signal <> 'beat' AND pg_has_role(current_user, 'health_owner', 'USAGE') THEN
            INSERT INTO health_internal.job_signals (
                agent_id, run_id, signal, attributes, received_at
            )
            VALUES (
                NEW.agent_id, coalesce(NEW.run_id, ''), NEW.signal, NEW.attributes, NEW.received_at
            );
        ELSIF NEW.signal <> 'beat' THEN
            INSERT INTO health_internal.job_signals (agent_id, run_id, signal, attributes)
            VALUES (NEW.agent_id, coalesce(NEW.run_id, ''), NEW.signal, NEW.attributes);
        END IF;
    END IF;
    RETURN NEW;
END;
$$;

ALTER FUNCTION health_internal.tg_agent_heartbeats__admit() OWNER TO health_owner;

--
-- Name: FUNCTION tg_agent_heartbeats__admit(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_agent_heartbeats__admit() IS 'Refuses a heartbeat whose sent_at is more than a day from received_at (23514, as a CHECK would, with the two times), rings the bell for one in state error or failed, and copies what tells of a job''s run to job_signals.';

--
-- Name: tg_agent_status__note_transition(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_agent_status__note_transition() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO health.status_transitions (
        agent_id, occurred_at, old_status, new_status, old_liveness, new_liveness,
        old_score, new_score, old_issue_type, issue_type, last_heartbeat_at, policy_id, tick_id
    )
    VALUES (
        NEW.agent_id, coalesce(NEW.judged_at, clock_timestamp()), OLD.status, NEW.status,
        OLD.liveness, NEW.liveness, OLD.score, NEW.score, OLD.issue_type, NEW.issue_type,
        NEW.last_heartbeat_at, NEW.policy_id, NEW.judged_tick_id
    );
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.tg_agent_status__note_transition() OWNER TO health_owner;

--
-- Name: FUNCTION tg_agent_status__note_transition(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_agent_status__note_transition() IS 'Writes the change of an agent''s status, liveness or issue to status_transitions.';

--
-- Name: tg_agents__check_policy_class(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_agents__check_policy_class() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.policies WHERE policies.policy_class = NEW.policy_class
    ) THEN
        RAISE EXCEPTION 'there is no policy of class "%"', NEW.policy_class
            USING ERRCODE = 'AG004',
                HINT = 'SELECT policy_class FROM health.current_policies lists them; '
                    'health.set_policy makes one.';
    END IF;
    RETURN NEW;
END;
$$;

ALTER FUNCTION health_internal.tg_agents__check_policy_class() OWNER TO health_owner;

--
-- Name: FUNCTION tg_agents__check_policy_class(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_agents__check_policy_class() IS 'Raises AG004 for an agent of a class without a policy.';

--
-- Name: tg_agents__check_schedule(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_agents__check_schedule() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    v_is_zone boolean := NEW.time_zone = 'UTC';
BEGIN
    PERFORM health_internal.parse_schedule(NEW.schedule);
    -- A name such as Europe/Paris can be nothing but one of the time zones; of others, such as EST or
    -- Etc/GMT+5, much is understood that is none, and the list of all takes a tenth of a second.
    IF NEW.time_zone ~ '^[A-Za-z_]+(/[A-Za-z_]+(-[A-Za-z_]+)*)+$' THEN
        BEGIN
            v_is_zone := (now() AT TIME ZONE NEW.time_zone) IS NOT NULL;
        EXCEPTION
            WHEN invalid_parameter_value THEN
                v_is_zone := false;
        END;
    ELSIF NOT v_is_zone THEN
        v_is_zone := EXISTS (
            SELECT FROM pg_timezone_names AS zones WHERE zones.name = NEW.time_zone
        );
    END IF;
    IF NOT v_is_zone THEN
        RAISE EXCEPTION 'there is no time zone "%"', NEW.time_zone
            USING ERRCODE = 'JB002',
                HINT = 'SELECT name FROM pg_timezone_names lists them; Europe/Paris is one.';
    END IF;
    RETURN NEW;
END;
$_$;

ALTER FUNCTION health_internal.tg_agents__check_schedule() OWNER TO health_owner;

--
-- Name: FUNCTION tg_agents__check_schedule(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_agents__check_schedule() IS 'Raises JB001 (from parse_schedule) for a schedule that is not understood, JB002 for a time zone the server does not know.';

--
-- Name: tg_agents__tell_change(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_agents__tell_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO health_internal.agent_changes (agent_id) VALUES (coalesce(NEW.agent_id, OLD.agent_id));
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.tg_agents__tell_change() OWNER TO health_owner;

--
-- Name: FUNCTION tg_agents__tell_change(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_agents__tell_change() IS 'Notes that the tick must look at an agent''s configuration, or that it is gone.';

--
-- Name: tg_dependencies__refuse_cycles(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_dependencies__refuse_cycles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_path text [];
BEGIN
    -- Two who write at once could close a cycle neither sees.
    LOCK TABLE health.dependencies IN SHARE ROW EXCLUSIVE MODE;
    WITH RECURSIVE ancestors AS (
        SELECT
            NEW.parent_id::text AS agent_id,
            ARRAY[NEW.child_id, NEW.parent_id]::text [] AS path
        UNION ALL
        SELECT
            above.parent_id::text,
            ancestors.path || above.parent_id::text
        FROM ancestors
        INNER JOIN health.dependencies AS above ON above.child_id = ancestors.agent_id
        WHERE ancestors.agent_id <> NEW.child_id
            AND NOT above.parent_id = ANY (ancestors.path[2:])
    )

    SELECT ancestors.path
    INTO v_path
    FROM ancestors
    WHERE ancestors.agent_id = NEW.child_id
    LIMIT 1;
    IF v_path IS NOT NULL THEN
        RAISE EXCEPTION 'agent "%" cannot depend on "%", which depends on it',
            NEW.child_id, NEW.parent_id
            USING ERRCODE = 'AL005',
                DETAIL = format('The circle is %s.', array_to_string(v_path, ' → ')),
                HINT = 'Remove one of these dependencies first.';
    END IF;
    RETURN NEW;
END;
$$;

ALTER FUNCTION health_internal.tg_dependencies__refuse_cycles() OWNER TO health_owner;

--
-- Name: FUNCTION tg_dependencies__refuse_cycles(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_dependencies__refuse_cycles() IS 'Raises AL005 for a dependency that would close a circle, and names the circle.';

--
-- Name: tg_ingest_heartbeats__admit(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_ingest_heartbeats__admit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_agent_ids text [];
    v_troubled text [];
    v_foreign text;
    v_has_signals boolean;
    v_is_owner constant boolean := pg_has_role(current_user, 'health_owner', 'USAGE');
BEGIN
    SELECT
        array_agg(arrived.agent_id::text),
        array_agg(arrived.agent_id::text) FILTER (WHERE arrived.is_troubled),
        bool_or(arrived.has_signals)
    INTO v_agent_ids, v_troubled, v_has_signals
    FROM (
        SELECT
            new_rows.agent_id,
            bool_or(new_rows.state IN ('error', 'failed')) AS is_troubled,
            bool_or(new_rows.signal <> 'beat') AS has_signals
        FROM new_rows
        GROUP BY new_rows.agent_id
    ) AS arrived;
    -- Each agent of the statement once, by the key: a join would read all agents of the login. The
    -- owner and superusers may copy anything, as when a dump is restored.
    IF NOT v_is_owner AND cardinality(v_agent_ids) > (
        SELECT count(*)
        FROM health.agent_logins AS logins
        WHERE logins.login_name = current_user AND logins.agent_id = ANY (v_agent_ids)
    ) THEN
        SELECT min(arrived.agent_id)
        INTO v_foreign
        FROM unnest(v_agent_ids) AS arrived (agent_id)
        WHERE NOT EXISTS (
            SELECT FROM health.agent_logins AS logins
            WHERE logins.login_name = current_user AND logins.agent_id = arrived.agent_id
        );
        RAISE EXCEPTION 'gateway "%" may not write for agent "%"', current_user, v_foreign
            USING ERRCODE = 'AG005',
                HINT = 'An administrator adds the pair to health.agent_logins.';
    END IF;
    IF v_troubled IS NOT NULL THEN
        PERFORM health_internal.ring_for(v_troubled);
    END IF;
    IF v_has_signals AND v_is_owner THEN
        INSERT INTO health_internal.job_signals (agent_id, run_id, signal, attributes, received_at)
        SELECT
            new_rows.agent_id, coalesce(new_rows.run_id, ''), new_rows.signal, new_rows.attributes,
            new_rows.received_at
        FROM new_rows
        WHERE new_rows.signal <> 'beat';
    ELSIF v_has_signals THEN
        INSERT INTO health_internal.job_signals (agent_id, run_id, signal, attributes)
        SELECT
            new_rows.agent_id, coalesce(new_rows.run_id, ''), new_rows.signal, new_rows.attributes
        FROM new_rows
        WHERE new_rows.signal <> 'beat';
    END IF;
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.tg_ingest_heartbeats__admit() OWNER TO health_owner;

--
-- Name: FUNCTION tg_ingest_heartbeats__admit(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_ingest_heartbeats__admit() IS 'Holds a gateway to the agents that agent_logins gives it (AG005 for another), rings the bell for those in state error or failed, and copies what tells of a job''s run to job_signals.';

--
-- Name: tg_status_transitions__queue_recoveries(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_status_transitions__queue_recoveries() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM health_internal.enqueue_recoveries(
        max(new_rows.occurred_at), array_agg(new_rows.agent_id), array_agg(new_rows.issue_type),
        array_agg(new_rows.transition_id)
    )
    FROM new_rows
    WHERE new_rows.issue_type IS NOT NULL
        AND new_rows.issue_type IS DISTINCT FROM new_rows.old_issue_type
    HAVING count(*) > 0;
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.tg_status_transitions__queue_recoveries() OWNER TO health_owner;

--
-- Name: FUNCTION tg_status_transitions__queue_recoveries(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_status_transitions__queue_recoveries() IS 'Queues a recovery for each transition that brought an issue, in one statement.';

--
-- Name: troubled_agents(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.troubled_agents() RETURNS TABLE(agent_id text, policy_class text, issue_type text)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        status.agent_id,
        status.policy_class,
        status.issue_type
    FROM health.agent_status AS status
    WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
        AND status.issue_type IS NOT NULL
    UNION ALL
    SELECT
        status.agent_id,
        status.policy_class,
        'database_connectivity'
    FROM health.agent_status AS status
    WHERE status.issue_type IS NULL
        AND status.agent_id IN (SELECT sessions.agent_id FROM health.stuck_sessions AS sessions);
$$;

ALTER FUNCTION health_internal.troubled_agents() OWNER TO health_owner;

--
-- Name: FUNCTION troubled_agents(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.troubled_agents() IS 'Agents with a confirmed issue: the one their own state shows, else stuck database sessions.';

--
-- Name: verify_recoveries(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.verify_recoveries(p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_proven bigint [];
    v_unproven bigint [];
BEGIN
    SELECT
        array_agg(judged.action_id) FILTER (WHERE judged.is_proven),
        array_agg(judged.action_id) FILTER (WHERE NOT judged.is_proven)
    INTO v_proven, v_unproven
    FROM (
        SELECT
            actions.action_id,
            actions.verify_until < p_now AS is_late,
            coalesce(
                status.last_heartbeat_at > actions.executed_at
                AND status.state IN ('active', 'running', 'idle')
                AND status.liveness = 'alive'
                AND status.issue_type IS NULL
                AND NOT EXISTS (
                    SELECT FROM health.stuck_sessions AS sessions
                    WHERE sessions.agent_id = actions.agent_id
                )
                AND status.beat_count - actions.beats_before >= policies.verify_beats
                -- Beats of one moment (state changes at the start, say) prove no more than one.
                AND status.last_heartbeat_at - greatest(
                    actions.executed_at,
                    CASE
                        WHEN status.run_started_at IS DISTINCT FROM actions.run_before
                            THEN status.run_started_at
                    END
                ) >= make_interval(
                    secs => (policies.verify_beats - 1) * 0.8 * status.learnt_interval_seconds
                ),
                false
            ) AS is_proven
        FROM health.recovery_actions AS actions
        INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policies
            ON status.policy_class = policies.policy_class
        WHERE actions.state = 'verifying'
        FOR UPDATE OF actions SKIP LOCKED
    ) AS judged
    WHERE judged.is_proven OR judged.is_late;
    IF v_proven IS NOT NULL THEN
        PERFORM health_internal.end_steps(p_now, v_proven, 'succeeded', NULL);
    END IF;
    IF v_unproven IS NOT NULL THEN
        PERFORM health_internal.end_steps(
            p_now, v_unproven, 'failed', 'the agent did not prove itself by heartbeats'
        );
    END IF;
END;
$$;

ALTER FUNCTION health_internal.verify_recoveries(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION verify_recoveries(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.verify_recoveries(p_now timestamp with time zone) IS 'Verified, not assumed: verify_beats good heartbeats after the step, apart by about an interval, the agent alive, without an issue and without stuck sessions; by verify_until, else the step has failed.';

--
-- Name: wanted_alerts(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.wanted_alerts() RETURNS TABLE(agent_id text, rule text, severity text, summary text, details jsonb)
    LANGUAGE sql STABLE
    AS $_$
    WITH conditions AS MATERIALIZED (
        SELECT
            status.agent_id,
            status.policy_class,
            status.revenue_impact_usd,
            rules.rule,
            rules.severity,
            rules.summary
        FROM health.agent_status AS status
        CROSS JOIN LATERAL unnest(status.active_conditions) AS holding (rule)
        INNER JOIN health.alert_rules AS rules
            ON holding.rule = rules.rule AND rules.is_enabled
        WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
            AND status.active_conditions <> '{}'
    )

    SELECT conditions.agent_id, conditions.rule, conditions.severity, conditions.summary, NULL
    FROM conditions
    UNION ALL
    SELECT
        findings.agent_id,
        findings.rule,
        findings.severity,
        findings.summary,
        findings.details
    FROM health.rule_findings AS findings
    INNER JOIN health.alert_rules AS rules ON findings.rule = rules.rule AND rules.is_enabled
    UNION ALL
    -- An agent that is down takes its revenue with it.
    SELECT
        risks.agent_id,
        rules.rule,
        rules.severity,
        format('%s: $%s per hour', rules.summary, round(risks.revenue_usd_per_hour::numeric)),
        jsonb_build_object('revenue_usd_per_hour', risks.revenue_usd_per_hour)
    FROM (
        SELECT
            agents.agent_id,
            max(agents.revenue_usd_per_hour + greatest(0, - conditions.revenue_impact_usd))
                AS revenue_usd_per_hour,
            max(policy.revenue_loss_limit_usd) AS limit_usd
        FROM conditions
        INNER JOIN health.agents
            ON conditions.agent_id = agents.agent_id AND agents.revenue_usd_per_hour > 0
        INNER JOIN health.current_policies AS policy
            ON conditions.policy_class = policy.policy_class
        WHERE conditions.severity IN ('critical', 'emergency')
        GROUP BY agents.agent_id
    ) AS risks
    INNER JOIN health.alert_rules AS rules
        ON rules.rule = 'business_impact' AND rules.is_enabled
    WHERE risks.revenue_usd_per_hour > risks.limit_usd
        AND NOT EXISTS (
            SELECT FROM conditions
            WHERE conditions.agent_id = risks.agent_id AND conditions.rule = 'business_impact'
        );
$_$;

ALTER FUNCTION health_internal.wanted_alerts() OWNER TO health_owner;

--
-- Name: FUNCTION wanted_alerts(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.wanted_alerts() IS 'One row per alert that should be open: conditions the judgement found, findings of rules, and business_impact where an agent in critical trouble earns more per hour than its policy''s revenue_loss_limit_usd.';

--
-- Name: watch_flapping(timestamp with time zone, bigint[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.watch_flapping(p_now timestamp with time zone, p_incident_ids bigint[]) RETURNS bigint[]
    LANGUAGE sql
    AS $$
    WITH watched AS MATERIALIZED (
        -- Few changes make no flapping: who is not known for any is not reckoned with.
        SELECT incidents.agent_id
        FROM unnest(p_incident_ids) AS given (incident_id)
        INNER JOIN health.incidents ON given.incident_id = incidents.incident_id
        INNER JOIN health.agent_status AS status ON incidents.agent_id = status.agent_id
        WHERE status.bad_evaluations & (status.bad_evaluations >> 1) <> status.bad_evaluations >> 1
            OR EXISTS (
                SELECT FROM health.incidents AS earlier
                WHERE earlier.agent_id = incidents.agent_id AND earlier.resolved_at IS NOT NULL
            )
        UNION
        SELECT flapping.agent_id FROM health_internal.flapping_agents AS flapping
    ),

    -- Silence is no change: an agent that fell silent while flapping settles as time goes by.
    paced AS (
        SELECT
            watched.agent_id,
            pace.seconds,
            ((status.bad_evaluations # (status.bad_evaluations >> 1)) & 1048575)::bigint
            << least(20, greatest(0, floor(
                date_part('epoch', p_now - status.last_heartbeat_at) / pace.seconds
            )))::integer AS evaluation_ring
        FROM watched
        INNER JOIN health.agent_status AS status ON watched.agent_id = status.agent_id
        CROSS JOIN LATERAL (
            SELECT greatest(0.1, coalesce(
                status.learnt_interval_seconds, status.expected_interval_seconds, 30
            )) AS seconds
        ) AS pace
    ),

    -- Trouble that begins and ends is a change too, whatever the score does.
    changes AS (
        SELECT
            paced.agent_id,
            bit_or(1 << round(
                date_part('epoch', p_now - changed.changed_at) / paced.seconds
            )::integer) AS incident_ring
        FROM paced
        INNER JOIN health.incidents
            ON paced.agent_id = incidents.agent_id
            AND coalesce(incidents.resolved_at, p_now)
            > p_now - make_interval(secs => 19.5 * paced.seconds)
        CROSS JOIN LATERAL (
            VALUES (incidents.detected_at), (incidents.resolved_at)
        ) AS changed (changed_at)
        WHERE changed.changed_at > p_now - make_interval(secs => 19.5 * paced.seconds)
            AND changed.changed_at <= p_now
        GROUP BY paced.agent_id
    ),

    shares AS (
        SELECT
            paced.agent_id,
            greatest(
                health_internal.flapping_percent((paced.evaluation_ring & 1048575)::integer),
                health_internal.flapping_percent(coalesce(changes.incident_ring, 0))
            ) AS percent
        FROM paced
        LEFT JOIN changes ON paced.agent_id = changes.agent_id
    ),

    settled AS (
        DELETE FROM health_internal.flapping_agents AS flapping
        USING shares, health.settings
        WHERE flapping.agent_id = shares.agent_id AND shares.percent <= settings.flapping_until
        RETURNING flapping.agent_id
    ),

    entered AS (
        INSERT INTO health_internal.flapping_agents (agent_id, since)
        SELECT shares.agent_id, p_now
        FROM shares
        CROSS JOIN health.settings
        WHERE shares.percent > settings.flapping_above
        ON CONFLICT (agent_id) DO NOTHING
    )

    SELECT coalesce(array_agg(incidents.incident_id), '{}')
    FROM settled
    INNER JOIN health.incidents
        ON settled.agent_id = incidents.agent_id AND NOT incidents.is_settled
    WHERE NOT EXISTS (
        SELECT FROM unnest(p_incident_ids) AS given (incident_id)
        WHERE given.incident_id = incidents.incident_id
    );
$$;

ALTER FUNCTION health_internal.watch_flapping(p_now timestamp with time zone, p_incident_ids bigint[]) OWNER TO health_owner;

--
-- Name: FUNCTION watch_flapping(p_now timestamp with time zone, p_incident_ids bigint[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.watch_flapping(p_now timestamp with time zone, p_incident_ids bigint[]) IS 'Keeps flapping_agents: who enters above settings.flapping_above and leaves at flapping_until, by the higher of two percentages: of bad and good evaluations, and of incidents beginning and ending, one step per interval of the agent. Returns further incidents to decide about: of those who left.';

--
-- Name: watch_jobs(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.watch_jobs(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE
    v_overdue text [];
    v_beaten text [];
    v_due text [];
    v_missed text [];
BEGIN
    -- Without jobs a tick pays for one look.
    IF NOT EXISTS (SELECT FROM health.job_expectations) THEN
        RETURN 0;
    END IF;

    WITH overran AS (
        UPDATE health.job_runs AS runs
        SET outcome = 'overdue'
        WHERE runs.outcome = 'running' AND runs.overdue_at <= p_now
        RETURNING runs.agent_id
    ),

    given_up AS (
        UPDATE health.job_runs AS runs
        SET outcome = 'lost', finished_at = p_now
        WHERE runs.outcome IN ('running', 'overdue')
            AND runs.last_signal_at < p_now - interval '7 days'
            AND NOT (runs.outcome = 'running' AND runs.overdue_at IS NOT NULL)
        RETURNING runs.agent_id
    )

    SELECT ARRAY(
        SELECT overran.agent_id FROM overran UNION SELECT given_up.agent_id FROM given_up
    )
    INTO v_overdue;

    -- Jobs that never signal: any heartbeat is a run, late ones make good what was missed.
    WITH beaten AS (
        UPDATE health.job_expectations AS jobs
        SET last_run_at = status.last_heartbeat_at, missed_run_id = NULL
        FROM health.agent_status AS status
        WHERE status.agent_id = jobs.agent_id
            AND NOT jobs.uses_signals
            AND (
                (jobs.check_at <= p_now AND status.last_heartbeat_at >= jobs.counts_from)
                OR (
                    jobs.missed_run_id IS NOT NULL
                    AND status.last_heartbeat_at > coalesce(jobs.last_run_at, '-infinity')
                    AND status.last_heartbeat_at > (
                        SELECT missed.expected_at FROM health.job_runs AS missed
                        WHERE missed.job_run_id = jobs.missed_run_id
                    )
                )
            )
        RETURNING jobs.agent_id
    )

    SELECT ARRAY(SELECT beaten.agent_id FROM beaten)
    INTO v_beaten;
    IF v_beaten <> '{}' THEN
        PERFORM health_internal.expect_next(v_beaten);
    END IF;

    v_due := ARRAY(
        SELECT jobs.agent_id
        FROM health.job_expectations AS jobs
        WHERE jobs.check_at <= p_now
    );
    IF v_due <> '{}' THEN
        UPDATE health.job_expectations AS jobs
        SET check_at = jobs.missed_at
        WHERE jobs.agent_id = ANY (v_due) AND jobs.missed_at > p_now;

        WITH judged AS MATERIALIZED (
            SELECT
                jobs.agent_id,
                jobs.schedule,
                jobs.time_zone,
                jobs.grace,
                jobs.expected_at,
                coalesce(bool_or(gaps.reason = 'server_restarted'), false) AS is_unknown
            FROM health.job_expectations AS jobs
            LEFT JOIN health.monitor_gaps AS gaps
                ON gaps.started_at < jobs.missed_at AND gaps.ended_at > jobs.counts_from
            WHERE jobs.agent_id = ANY (v_due) AND jobs.missed_at <= p_now
            GROUP BY jobs.agent_id
            -- After a gap of the monitor jobs have time to come back, as all agents have.
            HAVING coalesce(max(gaps.settled_at), '-infinity') <= p_now
        ),

        noted AS (
            INSERT INTO health.job_runs (agent_id, expected_at, outcome, missed_at)
            SELECT
                judged.agent_id,
                judged.expected_at,
                CASE WHEN judged.is_unknown THEN 'unknown' ELSE 'missed' END,
                CASE WHEN NOT judged.is_unknown THEN p_now END
            FROM judged
            RETURNING job_runs.agent_id, job_runs.job_run_id, job_runs.outcome
        ),

        moved AS (
            UPDATE health.job_expectations AS jobs
            SET
                counts_from = expected.counts_from,
                expected_at = expected.expected_at,
                late_at = expected.expected_at + jobs.grace / 2,
                missed_at = expected.expected_at + jobs.grace,
                check_at = expected.expected_at
                + jobs.grace / CASE WHEN jobs.uses_signals THEN 1 ELSE 2 END,
                schedule_problem = expected.problem,
                missed_run_id = CASE
                    WHEN noted.outcome = 'missed' THEN noted.job_run_id ELSE jobs.missed_run_id
                END
            FROM judged
            INNER JOIN noted ON judged.agent_id = noted.agent_id
            -- What passed altogether while nobody ticked is one missed run, not many.
            CROSS JOIN LATERAL health_internal.expect_run(
                judged.schedule, judged.time_zone,
                greatest(judged.expected_at, p_now - judged.grace), false
            ) AS expected
            WHERE jobs.agent_id = judged.agent_id
        )

        SELECT ARRAY(SELECT judged.agent_id FROM judged)
        INTO v_missed;
    END IF;

    IF v_overdue <> '{}' OR v_beaten <> '{}' OR v_missed <> '{}' THEN
        PERFORM health_internal.refresh_jobs(p_now, v_overdue || v_beaten || v_missed);
    END IF;
    RETURN coalesce(cardinality(v_missed), 0) + cardinality(v_overdue);
END;
$$;

ALTER FUNCTION health_internal.watch_jobs(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION watch_jobs(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.watch_jobs(p_now timestamp with time zone) IS 'Notes the runs that are missed or take too long at p_now, gives up as lost those nothing was heard of for 7 days, and writes their findings; called after agents were judged. A run that was scheduled while the server was down is unknown, not missed. Returns how many runs changed.';

--
-- Name: watch_sessions(timestamp with time zone, boolean); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.watch_sessions(p_now timestamp with time zone, p_have_all_ended boolean) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_lost bigint;
BEGIN
    WITH held AS MATERIALIZED (
        SELECT
            locks.pid,
            (locks.classid::bigint << 32) | locks.objid::bigint AS agent_number
        FROM pg_locks AS locks
        WHERE locks.locktype = 'advisory'
            AND locks.objsubid = 1
            AND locks.mode = 'ExclusiveLock'
            AND locks.granted
            AND locks.database = (
                SELECT pg_database.oid FROM pg_database
                WHERE pg_database.datname = current_database()
            )
    ),

    ended AS (
        UPDATE health.agent_sessions AS sessions
        SET
            lost_at = p_now,
            lost_reason = CASE
                WHEN p_have_all_ended THEN 'server_restarted'
                WHEN EXISTS (
                    SELECT FROM held
                    WHERE held.agent_number = sessions.agent_number
                ) THEN 'attached_again'
                ELSE 'session_lost'
            END
        WHERE sessions.lost_at IS NULL
            AND NOT EXISTS (
                SELECT FROM held
                WHERE held.pid = sessions.pid AND held.agent_number = sessions.agent_number
            )
        RETURNING sessions.agent_id, sessions.lost_reason
    ),

    suspected AS (
        UPDATE health.agent_status AS status
        SET session_lost_at = p_now, next_due_at = p_now
        FROM ended
        WHERE status.agent_id = ended.agent_id
            AND ended.lost_reason = 'session_lost'
            AND status.session_lost_at IS NULL
            AND status.last_heartbeat_at IS NOT NULL
            AND status.state NOT IN ('stopping', 'stopped')
            AND status.liveness <> 'unresponsive'
        RETURNING status.agent_id
    )

    SELECT count(*)
    INTO v_lost
    FROM suspected;

    -- Attached again: the suspicion is withdrawn.
    UPDATE health.agent_status AS status
    SET session_lost_at = NULL, next_due_at = p_now
    FROM health.agent_sessions AS sessions
    WHERE sessions.lost_at IS NULL
        AND status.agent_id = sessions.agent_id
        AND status.session_lost_at < sessions.attached_at
        AND status.liveness <> 'unresponsive';
    RETURN v_lost;
END;
$$;

ALTER FUNCTION health_internal.watch_sessions(p_now timestamp with time zone, p_have_all_ended boolean) OWNER TO health_owner;

--
-- Name: FUNCTION watch_sessions(p_now timestamp with time zone, p_have_all_ended boolean); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.watch_sessions(p_now timestamp with time zone, p_have_all_ended boolean) IS 'Compares attached sessions with the exclusive advisory locks held by their recorded pids. An agent whose lock is gone is suspected at once (late, and unresponsive after session_grace_seconds), unless it said goodbye, attached again, or all sessions ended together (p_have_all_ended: the server was restarted, which is a monitor gap). Returns how many are newly suspected.';

--
-- Name: watch_storm(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.watch_storm(p_now timestamp with time zone) RETURNS text
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    v_settings health.settings;
    v_storm health.recovery_storms;
    v_troubled bigint;
    v_agents bigint := 0;
    v_is_storm boolean := false;
    v_summary text;
BEGIN
    SELECT settings.* INTO STRICT v_settings FROM health.settings;
    SELECT count(*) INTO v_troubled FROM health_internal.troubled_agents();
    -- The fleet is counted only when that many are in trouble.
    IF v_troubled >= v_settings.storm_count THEN
        SELECT count(*)
        INTO v_agents
        FROM health.agent_status AS status
        WHERE status.liveness NOT IN ('never_seen', 'stopped');
        v_is_storm := v_troubled > v_settings.storm_share * v_agents;
    END IF;
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
        v_troubled, v_agents
    );
    IF v_storm.storm_id IS NULL THEN
        INSERT INTO health.recovery_storms (began_at, troubled_count, agent_count)
        VALUES (p_now, v_troubled, v_agents);
        PERFORM health_internal.open_storm_alert(p_now, v_summary);
        RETURN v_summary;
    END IF;
    IF v_troubled > v_storm.troubled_count THEN
        UPDATE health.recovery_storms AS storms
        SET troubled_count = v_troubled, agent_count = v_agents
        WHERE storms.storm_id = v_storm.storm_id;
    END IF;
    RETURN CASE WHEN v_storm.approved_at IS NULL THEN v_summary END;
END;
$$;

ALTER FUNCTION health_internal.watch_storm(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION watch_storm(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.watch_storm(p_now timestamp with time zone) IS 'Whether too much of the fleet is in trouble at once to act unasked: why, or NULL (no storm, or a person approved it). Opens and closes the storm and its alert.';

--
-- Name: watch_stuck_sessions(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.watch_stuck_sessions(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_count bigint;
BEGIN
    WITH found AS MATERIALIZED (
        SELECT stuck.* FROM health_internal.find_stuck_sessions() AS stuck
    ),

    gone AS (
        DELETE FROM health.stuck_sessions AS sessions
        WHERE NOT EXISTS (
            SELECT FROM found
            WHERE found.pid = sessions.pid AND found.backend_start = sessions.backend_start
        )
    ),

    noted AS (
        INSERT INTO health.stuck_sessions AS sessions (
            pid, backend_start, agent_id, login_name, problem, stuck_since, waiting_count, found_at
        )
        SELECT
            found.pid, found.backend_start, found.agent_id, found.login_name, found.problem,
            found.stuck_since, found.waiting_count, p_now
        FROM found
        ON CONFLICT (pid, backend_start) DO UPDATE
        SET
            problem = excluded.problem,
            stuck_since = excluded.stuck_since,
            waiting_count = excluded.waiting_count
        WHERE sessions.waiting_count <> excluded.waiting_count
            OR sessions.problem <> excluded.problem
    )

    SELECT count(*)
    INTO v_count
    FROM found;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.watch_stuck_sessions(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION watch_stuck_sessions(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.watch_stuck_sessions(p_now timestamp with time zone) IS 'Makes stuck_sessions agree with what is stuck at present; returns how many are.';

--
-- Name: weighted_mean(double precision, double precision, double precision, double precision, double precision, double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.weighted_mean(p_heartbeat double precision, p_heartbeat_weight double precision, p_performance double precision, p_performance_weight double precision, p_errors double precision, p_errors_weight double precision, p_resources double precision, p_resources_weight double precision, p_business double precision, p_business_weight double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((((COALESCE((p_heartbeat * p_heartbeat_weight), (0)::double precision) + COALESCE((p_performance * p_performance_weight), (0)::double precision)) + COALESCE((p_errors * p_errors_weight), (0)::double precision)) + COALESCE((p_resources * p_resources_weight), (0)::double precision)) + COALESCE((p_business * p_business_weight), (0)::double precision)) / NULLIF(((((health_internal.known_weight(p_heartbeat_weight, p_heartbeat) + health_internal.known_weight(p_performance_weight, p_performance)) + health_internal.known_weight(p_errors_weight, p_errors)) + health_internal.known_weight(p_resources_weight, p_resources)) + health_internal.known_weight(p_business_weight, p_business)), (0)::double precision));

ALTER FUNCTION health_internal.weighted_mean(p_heartbeat double precision, p_heartbeat_weight double precision, p_performance double precision, p_performance_weight double precision, p_errors double precision, p_errors_weight double precision, p_resources double precision, p_resources_weight double precision, p_business double precision, p_business_weight double precision) OWNER TO health_owner;

--
-- Name: FUNCTION weighted_mean(p_heartbeat double precision, p_heartbeat_weight double precision, p_performance double precision, p_performance_weight double precision, p_errors double precision, p_errors_weight double precision, p_resources double precision, p_resources_weight double precision, p_business double precision, p_business_weight double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.weighted_mean(p_heartbeat double precision, p_heartbeat_weight double precision, p_performance double precision, p_performance_weight double precision, p_errors double precision, p_errors_weight double precision, p_resources double precision, p_resources_weight double precision, p_business double precision, p_business_weight double precision) IS 'Mean of the components that have data, by weight; NULL without any.';

--
-- Name: agent_heartbeats; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.agent_heartbeats (
    agent_id health.agent_id NOT NULL,
    state health.agent_state DEFAULT 'running'::text NOT NULL,
    sent_at timestamp with time zone,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    work_items_processed health.work_items_processed,
    average_processing_time_ms health.average_processing_time_ms,
    cpu_usage_percent health.cpu_usage_percent,
    memory_usage_mb health.memory_usage_mb,
    memory_limit_mb health.memory_limit_mb,
    error_count health.error_count,
    cost_efficiency health.cost_efficiency,
    user_satisfaction health.user_satisfaction,
    operational_efficiency health.operational_efficiency,
    revenue_impact_usd health.revenue_impact_usd,
    signal health.heartbeat_signal,
    run_id health.run_id,
    attributes health.heartbeat_attributes,
    txid xid8 DEFAULT pg_current_xact_id() NOT NULL
)
PARTITION BY RANGE (received_at);

ALTER TABLE health.agent_heartbeats OWNER TO health_owner;

--
-- Name: TABLE agent_heartbeats; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.agent_heartbeats IS 'One row per heartbeat as an agent sent it; append-only, partitioned by received_at, raw rows are kept for settings.raw_retention.';

--
-- Name: COLUMN agent_heartbeats.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.agent_id IS 'Which agent beats; unknown agents are registered.';

--
-- Name: COLUMN agent_heartbeats.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.state IS 'What the agent says of itself: initializing, active, running, idle, error, failed, stopping, stopped.';

--
-- Name: COLUMN agent_heartbeats.sent_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.sent_at IS 'The agent''s clock when it sent the row; within a day of received_at.';

--
-- Name: COLUMN agent_heartbeats.received_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.received_at IS 'The database''s clock when the row came; decides liveness. Agents cannot set it.';

--
-- Name: COLUMN agent_heartbeats.work_items_processed; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.work_items_processed IS 'Counter of work items since this run of the agent started.';

--
-- Name: COLUMN agent_heartbeats.average_processing_time_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.average_processing_time_ms IS 'Mean time per work item since the last heartbeat, milliseconds.';

--
-- Name: COLUMN agent_heartbeats.cpu_usage_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.cpu_usage_percent IS 'CPU used by the agent, percent of the whole host or container, 0 to 100.';

--
-- Name: COLUMN agent_heartbeats.memory_usage_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.memory_usage_mb IS 'Memory the agent uses, megabytes.';

--
-- Name: COLUMN agent_heartbeats.memory_limit_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.memory_limit_mb IS 'Memory the agent may use, megabytes.';

--
-- Name: COLUMN agent_heartbeats.error_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.error_count IS 'Counter of errors since this run of the agent started.';

--
-- Name: COLUMN agent_heartbeats.cost_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.cost_efficiency IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN agent_heartbeats.user_satisfaction; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.user_satisfaction IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN agent_heartbeats.operational_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.operational_efficiency IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN agent_heartbeats.revenue_impact_usd; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.revenue_impact_usd IS 'Revenue the agent gains (positive) or loses (negative) at present, US dollars per hour.';

--
-- Name: COLUMN agent_heartbeats.signal; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.signal IS 'For jobs: beat, start, success, fail or log; paired by run_id.';

--
-- Name: COLUMN agent_heartbeats.run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.run_id IS 'One run of the agent''s process or job; counters start again with it.';

--
-- Name: COLUMN agent_heartbeats.attributes; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.attributes IS 'Whatever else the agent tells; at most 8 kB.';

--
-- Name: COLUMN agent_heartbeats.txid; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_heartbeats.txid IS 'Transaction that wrote the row; with it the fold reads every row exactly once.';

--
-- Name: agent_logins; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.agent_logins (
    login_name name NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE health.agent_logins OWNER TO health_owner;

--
-- Name: TABLE agent_logins; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.agent_logins IS 'One row per agent a login may write for: row-level security reads it.';

--
-- Name: COLUMN agent_logins.login_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_logins.login_name IS 'Role the agent logs in with.';

--
-- Name: COLUMN agent_logins.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_logins.agent_id IS 'Agent it may write for.';

--
-- Name: agent_sessions; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.agent_sessions (
    session_id bigint NOT NULL,
    agent_id health.agent_id NOT NULL,
    agent_number bigint NOT NULL,
    pid integer DEFAULT pg_backend_pid() NOT NULL,
    attached_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lost_at timestamp with time zone,
    lost_reason text
);

ALTER TABLE health.agent_sessions OWNER TO health_owner;

--
-- Name: TABLE agent_sessions; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.agent_sessions IS 'One row per attach: which database session answers for which agent. Append-only for agents; the ticker notes the loss.';

--
-- Name: COLUMN agent_sessions.session_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_sessions.session_id IS 'Number of the attach.';

--
-- Name: COLUMN agent_sessions.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_sessions.agent_id IS 'Which agent attached.';

--
-- Name: COLUMN agent_sessions.agent_number; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_sessions.agent_number IS 'Key of the advisory lock the session holds.';

--
-- Name: COLUMN agent_sessions.pid; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_sessions.pid IS 'The session''s backend.';

--
-- Name: COLUMN agent_sessions.attached_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_sessions.attached_at IS 'When it attached.';

--
-- Name: COLUMN agent_sessions.lost_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_sessions.lost_at IS 'When the ticker found the lock gone; NULL while it is held.';

--
-- Name: COLUMN agent_sessions.lost_reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_sessions.lost_reason IS 'session_lost, said_goodbye, attached_again, server_restarted or ended_by_recovery.';

--
-- Name: agent_sessions_session_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.agent_sessions ALTER COLUMN session_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.agent_sessions_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: alerts; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.alerts (
    alert_id bigint NOT NULL,
    incident_id bigint NOT NULL,
    agent_id text COLLATE pg_catalog."C",
    rule text NOT NULL COLLATE pg_catalog."C",
    severity text NOT NULL,
    summary text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_managed boolean DEFAULT false NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by text,
    CONSTRAINT alert_severity_is_known CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text])))
);

ALTER TABLE health.alerts OWNER TO health_owner;

--
-- Name: TABLE alerts; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.alerts IS 'One row per alert, open or closed.';

--
-- Name: COLUMN alerts.alert_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.alert_id IS 'Number of the alert.';

--
-- Name: COLUMN alerts.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.incident_id IS 'Incident it belongs to; its alerts share one page. No foreign keys: ten thousand open at once.';

--
-- Name: COLUMN alerts.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.agent_id IS 'Which agent; NULL: the engine itself.';

--
-- Name: COLUMN alerts.rule; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.rule IS 'Rule that opened it.';

--
-- Name: COLUMN alerts.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.severity IS 'info, warning, critical or emergency.';

--
-- Name: COLUMN alerts.summary; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.summary IS 'What is wrong, in words.';

--
-- Name: COLUMN alerts.details; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.details IS 'The facts at the time it opened.';

--
-- Name: COLUMN alerts.is_managed; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.is_managed IS 'Whether what opened it also closes it (recovery_failed, incidents of many agents); else it is open while its rule holds.';

--
-- Name: COLUMN alerts.opened_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.opened_at IS 'When it opened.';

--
-- Name: COLUMN alerts.resolved_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.resolved_at IS 'When it closed; NULL while it is open.';

--
-- Name: COLUMN alerts.resolved_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.resolved_by IS 'engine, or the person who closed it.';

--
-- Name: recovery_actions; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.recovery_actions (
    action_id bigint NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C",
    issue_type text NOT NULL,
    action text DEFAULT 'restart_agent'::text NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    requested_by text DEFAULT 'engine'::text NOT NULL,
    incident_id bigint,
    transition_id bigint,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    strategy jsonb DEFAULT '[{"action": "restart_agent"}, {"action": "verify"}]'::jsonb NOT NULL,
    step integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone NOT NULL,
    hold text,
    hold_reason text,
    released_at timestamp with time zone,
    approved_at timestamp with time zone,
    approved_by text,
    claimed_by text,
    claimed_at timestamp with time zone,
    fencing_token bigint,
    lease_until timestamp with time zone,
    started_at timestamp with time zone,
    execute_until timestamp with time zone,
    executed_at timestamp with time zone,
    verify_until timestamp with time zone,
    run_before timestamp with time zone,
    beats_before bigint,
    finished_at timestamp with time zone,
    settled_at timestamp with time zone,
    told_at timestamp with time zone,
    outcome jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT a_brake_holds_only_what_waits CHECK (((hold IS NULL) OR ((state = 'pending'::text) AND (released_at IS NULL)))),
    CONSTRAINT finished_exactly_when_in_a_final_state CHECK (((finished_at IS NOT NULL) = (state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'escalated'::text, 'cancelled'::text])))),
    CONSTRAINT hold_is_known CHECK ((hold = ANY (ARRAY['freeze'::text, 'maintenance'::text, 'parent'::text, 'storm'::text, 'concurrency'::text]))),
    CONSTRAINT issue_type_is_one_of_five CHECK ((issue_type = ANY (ARRAY['agent_unresponsive'::text, 'high_error_rate'::text, 'resource_exhaustion'::text, 'performance_degradation'::text, 'database_connectivity'::text]))),
    CONSTRAINT recovery_state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'claimed'::text, 'executing'::text, 'verifying'::text, 'succeeded'::text, 'failed'::text, 'escalated'::text, 'cancelled'::text])))
);

ALTER TABLE health.recovery_actions OWNER TO health_owner;

--
-- Name: TABLE recovery_actions; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.recovery_actions IS 'One row per attempt to recover an agent. A bridge may claim what is pending, released and due; how each step went is in recovery_steps, in words in recovery_history.';

--
-- Name: COLUMN recovery_actions.action_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.action_id IS 'Number of the attempt.';

--
-- Name: COLUMN recovery_actions.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.agent_id IS 'Which agent.';

--
-- Name: COLUMN recovery_actions.issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.issue_type IS 'agent_unresponsive, high_error_rate, resource_exhaustion, performance_degradation or database_connectivity.';

--
-- Name: COLUMN recovery_actions.action; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.action IS 'What is done, or was done last; what that means is in the bridge''s own configuration.';

--
-- Name: COLUMN recovery_actions.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.state IS 'pending, claimed, executing, verifying, succeeded, failed, escalated or cancelled.';

--
-- Name: COLUMN recovery_actions.attempt; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.attempt IS '1 for the first attempt after ten healthy minutes; the back-off counts by it.';

--
-- Name: COLUMN recovery_actions.requested_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.requested_by IS 'engine, or the person who asked.';

--
-- Name: COLUMN recovery_actions.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.incident_id IS 'Incident it serves.';

--
-- Name: COLUMN recovery_actions.transition_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.transition_id IS 'Transition that brought the issue.';

--
-- Name: COLUMN recovery_actions.parameters; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.parameters IS 'Facts for the executor; never a command.';

--
-- Name: COLUMN recovery_actions.strategy; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.strategy IS 'Its steps as they stood in recovery_strategies when it was queued.';

--
-- Name: COLUMN recovery_actions.step; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.step IS 'Step of the strategy it is at, from 1.';

--
-- Name: COLUMN recovery_actions.created_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.created_at IS 'When it was queued.';

--
-- Name: COLUMN recovery_actions.not_before; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.not_before IS 'Earliest time to claim it (back-off).';

--
-- Name: COLUMN recovery_actions.hold; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.hold IS 'Brake that holds it: freeze, maintenance, parent, storm or concurrency; NULL: none.';

--
-- Name: COLUMN recovery_actions.hold_reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.hold_reason IS 'The same for people.';

--
-- Name: COLUMN recovery_actions.released_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.released_at IS 'When the brakes let it go; NULL: not claimable yet.';

--
-- Name: COLUMN recovery_actions.approved_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.approved_at IS 'When a person let it pass the brakes.';

--
-- Name: COLUMN recovery_actions.approved_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.approved_by IS 'Who.';

--
-- Name: COLUMN recovery_actions.claimed_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.claimed_by IS 'Bridge that holds it, or held it last.';

--
-- Name: COLUMN recovery_actions.claimed_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.claimed_at IS 'When it was claimed.';

--
-- Name: COLUMN recovery_actions.fencing_token; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.fencing_token IS 'Token of that claim.';

--
-- Name: COLUMN recovery_actions.lease_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.lease_until IS 'Until when the claim holds without renewal; nothing else is begun for the agent before.';

--
-- Name: COLUMN recovery_actions.started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.started_at IS 'When its first step began; the budgets count it.';

--
-- Name: COLUMN recovery_actions.execute_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.execute_until IS 'Deadline of the step that executes.';

--
-- Name: COLUMN recovery_actions.executed_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.executed_at IS 'When the last executed step was done; heartbeats after it verify.';

--
-- Name: COLUMN recovery_actions.verify_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.verify_until IS 'Deadline of the verification.';

--
-- Name: COLUMN recovery_actions.run_before; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.run_before IS 'The agent''s run_started_at when the verification began: another one is a new run.';

--
-- Name: COLUMN recovery_actions.beats_before; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.beats_before IS 'Heartbeats folded by then; further ones verify.';

--
-- Name: COLUMN recovery_actions.finished_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.finished_at IS 'When it ended.';

--
-- Name: COLUMN recovery_actions.settled_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.settled_at IS 'When the agent was out of trouble after it; ten minutes later the back-off starts anew.';

--
-- Name: COLUMN recovery_actions.told_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.told_at IS 'When the alert recovery_failed asked a person because of it.';

--
-- Name: COLUMN recovery_actions.outcome; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.outcome IS 'What the executor and the verification told.';

--
-- Name: recovery_steps; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.recovery_steps (
    recovery_step_id bigint NOT NULL,
    action_id bigint NOT NULL,
    step integer NOT NULL,
    action text NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    worker text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    outcome text,
    reason text,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT a_step_that_finished_has_an_outcome CHECK (((finished_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT step_outcome_is_known CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text, 'refused'::text, 'lost'::text, 'released'::text])))
);

ALTER TABLE health.recovery_steps OWNER TO health_owner;

--
-- Name: TABLE recovery_steps; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.recovery_steps IS 'One row per step that was begun in a recovery, in order, with what became of it.';

--
-- Name: COLUMN recovery_steps.recovery_step_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.recovery_step_id IS 'Number of the step, growing.';

--
-- Name: COLUMN recovery_steps.action_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.action_id IS 'Recovery it belongs to.';

--
-- Name: COLUMN recovery_steps.step; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.step IS 'Its place in the strategy, from 1.';

--
-- Name: COLUMN recovery_steps.action; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.action IS 'restart_agent, reload, run_command, terminate_sessions or verify.';

--
-- Name: COLUMN recovery_steps.parameters; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.parameters IS 'As in the strategy.';

--
-- Name: COLUMN recovery_steps.worker; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.worker IS 'Bridge that did it; engine: the database.';

--
-- Name: COLUMN recovery_steps.started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.started_at IS 'When it began.';

--
-- Name: COLUMN recovery_steps.finished_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.finished_at IS 'When it ended; NULL: under way.';

--
-- Name: COLUMN recovery_steps.outcome; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.outcome IS 'succeeded, failed, refused (not configured), lost (nobody reported) or released (handed back unbegun).';

--
-- Name: COLUMN recovery_steps.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.reason IS 'Why it failed, in words.';

--
-- Name: COLUMN recovery_steps.details; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_steps.details IS 'What the executor told.';

--
-- Name: status_transitions; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.status_transitions (
    transition_id bigint NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C",
    occurred_at timestamp with time zone NOT NULL,
    old_status text,
    new_status text,
    old_liveness text,
    new_liveness text,
    old_score double precision,
    new_score double precision,
    old_issue_type text,
    issue_type text,
    last_heartbeat_at timestamp with time zone,
    policy_id bigint,
    tick_id bigint
);

ALTER TABLE health.status_transitions OWNER TO health_owner;

--
-- Name: TABLE status_transitions; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.status_transitions IS 'One row per change of an agent''s status, liveness or confirmed issue.';

--
-- Name: COLUMN status_transitions.transition_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.transition_id IS 'Number of the transition.';

--
-- Name: COLUMN status_transitions.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.agent_id IS 'Which agent.';

--
-- Name: COLUMN status_transitions.occurred_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.occurred_at IS 'p_now of the tick that judged it.';

--
-- Name: COLUMN status_transitions.old_status; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.old_status IS 'Status before.';

--
-- Name: COLUMN status_transitions.new_status; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.new_status IS 'Status after.';

--
-- Name: COLUMN status_transitions.old_liveness; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.old_liveness IS 'Liveness before.';

--
-- Name: COLUMN status_transitions.new_liveness; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.new_liveness IS 'Liveness after.';

--
-- Name: COLUMN status_transitions.old_score; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.old_score IS 'Gated score before, 0..100.';

--
-- Name: COLUMN status_transitions.new_score; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.new_score IS 'Gated score after, 0..100.';

--
-- Name: COLUMN status_transitions.old_issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.old_issue_type IS 'Issue before.';

--
-- Name: COLUMN status_transitions.issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.issue_type IS 'Issue after; a new one queues its recovery.';

--
-- Name: COLUMN status_transitions.last_heartbeat_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.last_heartbeat_at IS 'Latest heartbeat at that time: the true onset of a silence.';

--
-- Name: COLUMN status_transitions.policy_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.policy_id IS 'Version of the policy that judged.';

--
-- Name: COLUMN status_transitions.tick_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.status_transitions.tick_id IS 'Tick that judged.';

--
-- Name: agent_timeline; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.agent_timeline AS
 SELECT transitions.agent_id,
    transitions.occurred_at,
    'transition'::text AS kind,
    concat_ws(', '::text,
        CASE
            WHEN (transitions.old_liveness IS DISTINCT FROM transitions.new_liveness) THEN concat_ws(' → '::text, transitions.old_liveness, transitions.new_liveness)
            ELSE NULL::text
        END,
        CASE
            WHEN (transitions.old_status IS DISTINCT FROM transitions.new_status) THEN concat_ws(' → '::text, transitions.old_status, transitions.new_status)
            ELSE NULL::text
        END, transitions.issue_type) AS what,
    round((transitions.new_score)::numeric, 2) AS score
   FROM health.status_transitions transitions
UNION ALL
 SELECT alerts.agent_id,
    alerts.opened_at AS occurred_at,
    'alert'::text AS kind,
    ((alerts.severity || ': '::text) || alerts.summary) AS what,
    NULL::numeric AS score
   FROM health.alerts
UNION ALL
 SELECT alerts.agent_id,
    alerts.resolved_at AS occurred_at,
    'alert'::text AS kind,
    ('resolved: '::text || alerts.summary) AS what,
    NULL::numeric AS score
   FROM health.alerts
  WHERE (alerts.resolved_at IS NOT NULL)
UNION ALL
 SELECT actions.agent_id,
    moments.occurred_at,
    'recovery'::text AS kind,
    moments.what,
    NULL::numeric AS score
   FROM (health.recovery_actions actions
     CROSS JOIN LATERAL ( VALUES (actions.created_at,(((actions.action || ' queued for '::text) || actions.issue_type) ||
                CASE
                    WHEN (actions.requested_by <> 'engine'::text) THEN (' by '::text || actions.requested_by)
                    ELSE ''::text
                END)), (actions.approved_at,((actions.action || ' approved by '::text) || actions.approved_by)), (actions.finished_at,((actions.action || ' '::text) || concat_ws(': '::text, actions.state,
                CASE
                    WHEN (actions.state <> 'succeeded'::text) THEN (actions.outcome ->> 'reason'::text)
                    ELSE NULL::text
                END)))) moments(occurred_at, what))
  WHERE (moments.occurred_at IS NOT NULL)
UNION ALL
 SELECT actions.agent_id,
    moments.occurred_at,
    'recovery'::text AS kind,
    moments.what,
    NULL::numeric AS score
   FROM ((health.recovery_steps steps
     JOIN health.recovery_actions actions ON ((steps.action_id = actions.action_id)))
     CROSS JOIN LATERAL ( VALUES (
                CASE
                    WHEN ((steps.action <> 'verify'::text) AND (steps.finished_at IS DISTINCT FROM steps.started_at)) THEN steps.started_at
                    ELSE NULL::timestamp with time zone
                END,((steps.action || ' begun by '::text) || steps.worker)), (
                CASE
                    WHEN ((steps.action <> 'verify'::text) OR (steps.outcome <> 'succeeded'::text)) THEN steps.finished_at
                    ELSE NULL::timestamp with time zone
                END,(health_internal.step_text(steps.action, steps.parameters, steps.outcome, steps.reason, steps.details, steps.started_at, steps.finished_at) ||
                CASE
                    WHEN (steps.finished_at = steps.started_at) THEN (' by '::text || steps.worker)
                    WHEN (steps.outcome = 'succeeded'::text) THEN ' done'::text
                    ELSE ''::text
                END))) moments(occurred_at, what))
  WHERE (moments.occurred_at IS NOT NULL);

ALTER VIEW health.agent_timeline OWNER TO health_owner;

--
-- Name: VIEW agent_timeline; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.agent_timeline IS 'One row per thing that happened to an agent: transitions, alerts, steps of recoveries; stable within a major version.';

--
-- Name: COLUMN agent_timeline.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_timeline.agent_id IS 'Which agent.';

--
-- Name: COLUMN agent_timeline.occurred_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_timeline.occurred_at IS 'When it happened.';

--
-- Name: COLUMN agent_timeline.kind; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_timeline.kind IS 'transition, alert or recovery.';

--
-- Name: COLUMN agent_timeline.what; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_timeline.what IS 'What happened, in words.';

--
-- Name: COLUMN agent_timeline.score; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_timeline.score IS 'Score after a transition, 0..100; else NULL.';

--
-- Name: agents_agent_number_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.agents ALTER COLUMN agent_number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.agents_agent_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: alert_events; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.alert_events (
    alert_event_id bigint NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    incident_id bigint,
    alert_id bigint,
    agent_id text COLLATE pg_catalog."C",
    event text NOT NULL,
    reason_code text,
    reason text,
    channel text COLLATE pg_catalog."C",
    delivery_id bigint,
    CONSTRAINT alert_event_is_known CHECK ((event = ANY (ARRAY['opened'::text, 'queued'::text, 'grouped'::text, 'suppressed'::text, 'acknowledged'::text, 'unacknowledged'::text, 'resolved'::text])))
);

ALTER TABLE health.alert_events OWNER TO health_owner;

--
-- Name: TABLE alert_events; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.alert_events IS 'One row per thing that happened to an alert, or to all alerts of an incident: the ledger that answers why a page came or did not. No foreign keys: it is written by the thousand.';

--
-- Name: COLUMN alert_events.alert_event_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.alert_event_id IS 'Number of the event.';

--
-- Name: COLUMN alert_events.occurred_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.occurred_at IS 'When.';

--
-- Name: COLUMN alert_events.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.incident_id IS 'Which incident; NULL: trouble not confirmed, which opened none.';

--
-- Name: COLUMN alert_events.alert_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.alert_id IS 'Which alert; NULL: all of the incident.';

--
-- Name: COLUMN alert_events.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.agent_id IS 'Which agent; NULL: the engine itself.';

--
-- Name: COLUMN alert_events.event; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.event IS 'opened, queued (a message), grouped (into a digest or an incident told already), suppressed, acknowledged, unacknowledged or resolved.';

--
-- Name: COLUMN alert_events.reason_code; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.reason_code IS 'Why a message was not sent, or not alone: a reason of docs/alerting.md.';

--
-- Name: COLUMN alert_events.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.reason IS 'Why, in words.';

--
-- Name: COLUMN alert_events.channel; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.channel IS 'Which channel; NULL: every one.';

--
-- Name: COLUMN alert_events.delivery_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.delivery_id IS 'The message concerned.';

--
-- Name: alert_events_alert_event_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.alert_events ALTER COLUMN alert_event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.alert_events_alert_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: deliveries; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.deliveries (
    delivery_id bigint NOT NULL,
    incident_id bigint,
    channel text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL,
    step integer DEFAULT 0 NOT NULL,
    severity text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    agent_ids text[] DEFAULT '{}'::text[] NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    idempotency_key text NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone NOT NULL,
    claimed_by text,
    fencing_token bigint,
    lease_until timestamp with time zone,
    finished_at timestamp with time zone,
    outcome jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT delivery_severity_is_known CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text]))),
    CONSTRAINT delivery_state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'claimed'::text, 'delivered'::text, 'dead'::text, 'cancelled'::text])))
);

ALTER TABLE health.deliveries OWNER TO health_owner;

--
-- Name: TABLE deliveries; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.deliveries IS 'One row per message to one channel.';

--
-- Name: COLUMN deliveries.delivery_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.delivery_id IS 'Number of the message.';

--
-- Name: COLUMN deliveries.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.incident_id IS 'Incident it speaks of; NULL: a digest of several.';

--
-- Name: COLUMN deliveries.channel; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.channel IS 'Where it goes.';

--
-- Name: COLUMN deliveries.event; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.event IS 'opened, escalated, reminder, recovery_failed, truth (after a suppression), resolved or digest.';

--
-- Name: COLUMN deliveries.step; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.step IS 'Escalation step it belongs to; 0: none.';

--
-- Name: COLUMN deliveries.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.severity IS 'info, warning, critical or emergency.';

--
-- Name: COLUMN deliveries.subject; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.subject IS 'One line.';

--
-- Name: COLUMN deliveries.body; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.body IS 'The message.';

--
-- Name: COLUMN deliveries.agent_ids; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.agent_ids IS 'Agents it speaks of.';

--
-- Name: COLUMN deliveries.details; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.details IS 'The facts, for templates.';

--
-- Name: COLUMN deliveries.idempotency_key; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.idempotency_key IS 'Same for every attempt of one message; handed to the receiver.';

--
-- Name: COLUMN deliveries.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.state IS 'pending, claimed, delivered, dead or cancelled.';

--
-- Name: COLUMN deliveries.attempt; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.attempt IS 'Attempts so far.';

--
-- Name: COLUMN deliveries.created_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.created_at IS 'When it was queued.';

--
-- Name: COLUMN deliveries.not_before; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.not_before IS 'Earliest time of the next attempt (back-off).';

--
-- Name: COLUMN deliveries.claimed_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.claimed_by IS 'Bridge that holds it.';

--
-- Name: COLUMN deliveries.fencing_token; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.fencing_token IS 'Token of that claim.';

--
-- Name: COLUMN deliveries.lease_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.lease_until IS 'Until when the claim holds.';

--
-- Name: COLUMN deliveries.finished_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.finished_at IS 'When it was delivered or given up.';

--
-- Name: COLUMN deliveries.outcome; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.deliveries.outcome IS 'What the last attempt told.';

--
-- Name: alert_history; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.alert_history AS
 SELECT events.alert_event_id,
    alerts.alert_id,
    alerts.agent_id,
    alerts.rule,
    alerts.severity,
    events.occurred_at,
    events.event,
    events.reason,
    events.delivery_id,
    events.reason_code,
    events.channel,
    alerts.incident_id
   FROM (health.alerts
     JOIN health.alert_events events ON (((alerts.incident_id = events.incident_id) AND ((alerts.alert_id = events.alert_id) OR ((events.alert_id IS NULL) AND (alerts.opened_at <= events.occurred_at) AND (COALESCE(alerts.resolved_at, 'infinity'::timestamp with time zone) >= events.occurred_at))))))
UNION ALL
 SELECT events.alert_event_id,
    alerts.alert_id,
    alerts.agent_id,
    alerts.rule,
    alerts.severity,
    deliveries.finished_at AS occurred_at,
        CASE deliveries.state
            WHEN 'delivered'::text THEN 'delivered'::text
            ELSE 'failed'::text
        END AS event,
    deliveries.state AS reason,
    events.delivery_id,
    NULL::text AS reason_code,
    events.channel,
    alerts.incident_id
   FROM ((health.alerts
     JOIN health.alert_events events ON (((alerts.incident_id = events.incident_id) AND (events.alert_id IS NULL) AND (alerts.opened_at <= events.occurred_at) AND (COALESCE(alerts.resolved_at, 'infinity'::timestamp with time zone) >= events.occurred_at) AND (events.event = ANY (ARRAY['queued'::text, 'grouped'::text])))))
     JOIN health.deliveries ON (((events.delivery_id = deliveries.delivery_id) AND (deliveries.state = ANY (ARRAY['delivered'::text, 'dead'::text])))));

ALTER VIEW health.alert_history OWNER TO health_owner;

--
-- Name: VIEW alert_history; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.alert_history IS 'One row per thing that happened to an alert, sent or not; stable within a major version.';

--
-- Name: COLUMN alert_history.alert_event_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.alert_event_id IS 'Number of the event.';

--
-- Name: COLUMN alert_history.alert_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.alert_id IS 'Which alert.';

--
-- Name: COLUMN alert_history.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.agent_id IS 'Which agent; NULL: the engine itself.';

--
-- Name: COLUMN alert_history.rule; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.rule IS 'Rule that opened it.';

--
-- Name: COLUMN alert_history.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.severity IS 'info, warning, critical or emergency.';

--
-- Name: COLUMN alert_history.occurred_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.occurred_at IS 'When.';

--
-- Name: COLUMN alert_history.event; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.event IS 'opened, queued, grouped, suppressed, acknowledged, unacknowledged, delivered, failed or resolved.';

--
-- Name: COLUMN alert_history.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.reason IS 'Why, in words.';

--
-- Name: COLUMN alert_history.delivery_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.delivery_id IS 'The message concerned.';

--
-- Name: COLUMN alert_history.reason_code; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.reason_code IS 'Why a message was not sent, or not alone: a reason of docs/alerting.md.';

--
-- Name: COLUMN alert_history.channel; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.channel IS 'Which channel; NULL: every one.';

--
-- Name: COLUMN alert_history.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.incident_id IS 'Which incident; NULL: trouble not confirmed, which opened none.';

--
-- Name: alert_rules; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.alert_rules (
    rule text NOT NULL COLLATE pg_catalog."C",
    severity text NOT NULL,
    summary text NOT NULL,
    is_builtin boolean DEFAULT false NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    message_order integer DEFAULT 100 NOT NULL,
    view_schema name,
    view_name name,
    period interval DEFAULT '00:01:00'::interval NOT NULL,
    row_limit integer DEFAULT 1000 NOT NULL,
    created_by name,
    created_at timestamp with time zone,
    next_evaluation_at timestamp with time zone,
    last_evaluated_at timestamp with time zone,
    last_duration_ms double precision,
    last_row_count integer,
    last_note text,
    last_error text,
    last_error_at timestamp with time zone,
    evaluation_id bigint DEFAULT 0 NOT NULL,
    evaluating_since timestamp with time zone,
    evaluating_pid integer,
    unfinished_count integer DEFAULT 0 NOT NULL,
    removed_at timestamp with time zone,
    CONSTRAINT rule_is_a_lower_case_name_of_at_most_100_characters CHECK ((rule ~ '^[a-z][a-z0-9_]{0,99}$'::text)),
    CONSTRAINT rule_is_either_built_in_or_a_view CHECK (((is_builtin = (view_name IS NULL)) AND (is_builtin = (view_schema IS NULL)))),
    CONSTRAINT rule_period_is_1_second_to_1_day CHECK (((period >= '00:00:01'::interval) AND (period <= '1 day'::interval))),
    CONSTRAINT rule_row_limit_is_1_to_10000 CHECK (((row_limit >= 1) AND (row_limit <= 10000))),
    CONSTRAINT rule_severity_is_info_warning_critical_or_emergency CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text]))),
    CONSTRAINT rule_summary_is_1_to_500_characters_without_control_characters CHECK ((((length(summary) >= 1) AND (length(summary) <= 500)) AND (summary !~ '[[:cntrl:]]'::text)))
);

ALTER TABLE health.alert_rules OWNER TO health_owner;

--
-- Name: TABLE alert_rules; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.alert_rules IS 'One row per rule that can open an alert.';

--
-- Name: COLUMN alert_rules.rule; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.rule IS 'Name of the rule.';

--
-- Name: COLUMN alert_rules.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.severity IS 'Severity of its alerts: info, warning, critical or emergency; of a user''s rule: where its view tells none.';

--
-- Name: COLUMN alert_rules.summary; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.summary IS 'What is wrong, for a message; of a user''s rule: where its view tells nothing.';

--
-- Name: COLUMN alert_rules.is_builtin; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.is_builtin IS 'Whether the engine itself decides it.';

--
-- Name: COLUMN alert_rules.is_enabled; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.is_enabled IS 'Whether it opens alerts; disabling it closes those that are open; false with a last_error: its evaluation failed.';

--
-- Name: COLUMN alert_rules.message_order; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.message_order IS 'Where its summary stands in a message about several alerts: the lowest first.';

--
-- Name: COLUMN alert_rules.view_schema; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.view_schema IS 'Schema of its view; NULL: built in.';

--
-- Name: COLUMN alert_rules.view_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.view_name IS 'Its view; NULL: built in.';

--
-- Name: COLUMN alert_rules.period; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.period IS 'How often its view is asked.';

--
-- Name: COLUMN alert_rules.row_limit; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.row_limit IS 'How many rows its view may return.';

--
-- Name: COLUMN alert_rules.created_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.created_by IS 'Login that added or last changed it.';

--
-- Name: COLUMN alert_rules.created_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.created_at IS 'When.';

--
-- Name: COLUMN alert_rules.next_evaluation_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.next_evaluation_at IS 'When its view is asked next.';

--
-- Name: COLUMN alert_rules.last_evaluated_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.last_evaluated_at IS 'When its view last answered.';

--
-- Name: COLUMN alert_rules.last_duration_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.last_duration_ms IS 'How long the last evaluation took, milliseconds.';

--
-- Name: COLUMN alert_rules.last_row_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.last_row_count IS 'How many rows the last answer had.';

--
-- Name: COLUMN alert_rules.last_note; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.last_note IS 'What was left out of the last answer, such as rows of agents that are not registered; NULL: nothing.';

--
-- Name: COLUMN alert_rules.last_error; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.last_error IS 'Why it was disabled; NULL: it was not, or by a person.';

--
-- Name: COLUMN alert_rules.last_error_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.last_error_at IS 'When.';

--
-- Name: COLUMN alert_rules.evaluation_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.evaluation_id IS 'Number of its last evaluation: the answer to an older one is ignored.';

--
-- Name: COLUMN alert_rules.evaluating_since; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.evaluating_since IS 'When the evaluation under way began; NULL: none is.';

--
-- Name: COLUMN alert_rules.evaluating_pid; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.evaluating_pid IS 'Session that evaluates it.';

--
-- Name: COLUMN alert_rules.unfinished_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.unfinished_count IS 'Evaluations in a row that ended their session; at the second it is disabled.';

--
-- Name: COLUMN alert_rules.removed_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.removed_at IS 'When it was removed; the row is kept for the alerts it opened.';

--
-- Name: alerts_alert_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.alerts ALTER COLUMN alert_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.alerts_alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: current_policies; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.current_policies WITH (security_invoker='false') AS
 SELECT DISTINCT ON (policy_class) policy_id,
    policy_class,
    version,
    valid_from,
    created_by,
    note,
    weight_heartbeat_consistency,
    weight_performance_metrics,
    weight_error_rate,
    weight_resource_efficiency,
    weight_business_impact,
    excellent_from,
    good_from,
    fair_from,
    poor_from,
    critical_below,
    emergency_below,
    recovered_margin,
    confirm_bad,
    confirm_of,
    gate_late,
    gate_error,
    gate_failed,
    gate_unresponsive,
    default_expected_interval_seconds,
    young_beats,
    young_late_intervals,
    young_unresponsive_intervals,
    late_false_alarm_cost,
    unresponsive_false_alarm_cost,
    hard_limit_intervals,
    session_grace_seconds,
    startup_grace_seconds,
    latency_slo_zero_ratio,
    latency_baseline_tolerance,
    latency_baseline_zero_ratio,
    throughput_baseline_tolerance,
    latency_share,
    error_rate_scale,
    errors_per_minute_scale,
    cpu_soft_percent,
    cpu_hard_percent,
    cpu_floor,
    memory_soft_share,
    memory_hard_share,
    exhaustion_horizon_seconds,
    revenue_loss_limit_usd,
    resource_issue_below,
    performance_issue_below,
    error_issue_below,
    is_recovery_enabled,
    verify_beats,
    recovery_backoff_seconds,
    recovery_backoff_limit_seconds,
    recovery_budget_count,
    recovery_budget_window_seconds,
    recovery_claim_seconds,
    recovery_execution_seconds,
    recovery_group_budget_count,
    recovery_parent_seconds,
    stuck_idle_seconds,
    stuck_blocking_seconds
   FROM health.policies
  ORDER BY policy_class, version DESC;

ALTER VIEW health.current_policies OWNER TO health_owner;

--
-- Name: VIEW current_policies; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.current_policies IS 'One row per class: the policy in force. Columns as in policies; stable within a major version.';

--
-- Name: COLUMN current_policies.policy_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.policy_id IS 'Number of this version, remembered by every assessment.';

--
-- Name: COLUMN current_policies.policy_class; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.policy_class IS 'Class of agents the policy is for; standard where an agent names none.';

--
-- Name: COLUMN current_policies.version; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.version IS 'Version within the class, 1 upwards; the highest is in force.';

--
-- Name: COLUMN current_policies.valid_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.valid_from IS 'When this version came into force.';

--
-- Name: COLUMN current_policies.created_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.created_by IS 'Who set it.';

--
-- Name: COLUMN current_policies.note; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.note IS 'Why.';

--
-- Name: COLUMN current_policies.weight_heartbeat_consistency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.weight_heartbeat_consistency IS 'Weight of the component heartbeat_consistency.';

--
-- Name: COLUMN current_policies.weight_performance_metrics; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.weight_performance_metrics IS 'Weight of the component performance_metrics.';

--
-- Name: COLUMN current_policies.weight_error_rate; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.weight_error_rate IS 'Weight of the component error_rate.';

--
-- Name: COLUMN current_policies.weight_resource_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.weight_resource_efficiency IS 'Weight of the component resource_efficiency.';

--
-- Name: COLUMN current_policies.weight_business_impact; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.weight_business_impact IS 'Weight of the component business_impact.';

--
-- Name: COLUMN current_policies.excellent_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.excellent_from IS 'Lowest score called excellent.';

--
-- Name: COLUMN current_policies.good_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.good_from IS 'Lowest score called good.';

--
-- Name: COLUMN current_policies.fair_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.fair_from IS 'Lowest score called fair.';

--
-- Name: COLUMN current_policies.poor_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.poor_from IS 'Lowest score called poor; below it critical.';

--
-- Name: COLUMN current_policies.critical_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.critical_below IS 'Ungated score below which the alert score_critical opens, once confirmed.';

--
-- Name: COLUMN current_policies.emergency_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.emergency_below IS 'Ungated score below which the alert score_emergency opens, at once.';

--
-- Name: COLUMN current_policies.recovered_margin; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovered_margin IS 'Points above a threshold at which its alert closes (hysteresis).';

--
-- Name: COLUMN current_policies.confirm_bad; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.confirm_bad IS 'Bad evaluations that confirm a problem …';

--
-- Name: COLUMN current_policies.confirm_of; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.confirm_of IS '… among this many last ones, at most 20.';

--
-- Name: COLUMN current_policies.gate_late; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.gate_late IS 'Highest score of an agent that is late.';

--
-- Name: COLUMN current_policies.gate_error; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.gate_error IS 'Highest score of an agent in state error.';

--
-- Name: COLUMN current_policies.gate_failed; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.gate_failed IS 'Highest score of an agent in state failed.';

--
-- Name: COLUMN current_policies.gate_unresponsive; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.gate_unresponsive IS 'Highest score of an agent that is unresponsive.';

--
-- Name: COLUMN current_policies.default_expected_interval_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.default_expected_interval_seconds IS 'Interval between heartbeats expected of an agent that names none, seconds.';

--
-- Name: COLUMN current_policies.young_beats; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.young_beats IS 'Gaps an agent must have shown before its own deadline is learnt.';

--
-- Name: COLUMN current_policies.young_late_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.young_late_intervals IS 'Intervals after which a younger agent is late.';

--
-- Name: COLUMN current_policies.young_unresponsive_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.young_unresponsive_intervals IS 'Intervals after which a younger agent is unresponsive.';

--
-- Name: COLUMN current_policies.late_false_alarm_cost; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.late_false_alarm_cost IS 'Seconds of delay worth one false lateness fewer per agent and day.';

--
-- Name: COLUMN current_policies.unresponsive_false_alarm_cost; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.unresponsive_false_alarm_cost IS 'Seconds of delay worth one false unresponsiveness fewer per agent and day.';

--
-- Name: COLUMN current_policies.hard_limit_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.hard_limit_intervals IS 'Learnt intervals after which an agent is unresponsive in any case.';

--
-- Name: COLUMN current_policies.session_grace_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.session_grace_seconds IS 'Seconds after a lost attach session until an agent is unresponsive.';

--
-- Name: COLUMN current_policies.startup_grace_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.startup_grace_seconds IS 'Seconds an agent may take to start, before deadlines hold and after a restart.';

--
-- Name: COLUMN current_policies.latency_slo_zero_ratio; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.latency_slo_zero_ratio IS 'Processing time over its objective at which the latency score is 0; 1 gives 100.';

--
-- Name: COLUMN current_policies.latency_baseline_tolerance; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.latency_baseline_tolerance IS 'Processing time over its learnt baseline that still scores 100 …';

--
-- Name: COLUMN current_policies.latency_baseline_zero_ratio; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.latency_baseline_zero_ratio IS '… and at which the latency score is 0.';

--
-- Name: COLUMN current_policies.throughput_baseline_tolerance; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.throughput_baseline_tolerance IS 'Share of its learnt throughput that still scores 100.';

--
-- Name: COLUMN current_policies.latency_share; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.latency_share IS 'Share of latency in performance_metrics where throughput is known too.';

--
-- Name: COLUMN current_policies.error_rate_scale; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.error_rate_scale IS 'Errors per work item at which error_rate is 100/e = 37.';

--
-- Name: COLUMN current_policies.errors_per_minute_scale; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.errors_per_minute_scale IS 'Errors per minute at which error_rate is 37, for agents without work items.';

--
-- Name: COLUMN current_policies.cpu_soft_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.cpu_soft_percent IS 'CPU use up to which the CPU part is 100.';

--
-- Name: COLUMN current_policies.cpu_hard_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.cpu_hard_percent IS 'CPU use at which the CPU part reaches its floor.';

--
-- Name: COLUMN current_policies.cpu_floor; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.cpu_floor IS 'Lowest value of the CPU part: a busy CPU alone restarts nobody.';

--
-- Name: COLUMN current_policies.memory_soft_share; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.memory_soft_share IS 'Share of the memory limit up to which the memory part is 100.';

--
-- Name: COLUMN current_policies.memory_hard_share; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.memory_hard_share IS 'Share of the memory limit at which the memory part is 0.';

--
-- Name: COLUMN current_policies.exhaustion_horizon_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.exhaustion_horizon_seconds IS 'Predicted time to memory exhaustion below which the trend part falls under 100.';

--
-- Name: COLUMN current_policies.revenue_loss_limit_usd; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.revenue_loss_limit_usd IS 'Revenue lost per hour at which the revenue part is 0, US dollars.';

--
-- Name: COLUMN current_policies.resource_issue_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.resource_issue_below IS 'Component resource_efficiency at or below which resource_exhaustion is an issue.';

--
-- Name: COLUMN current_policies.performance_issue_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.performance_issue_below IS 'Component performance_metrics at or below which performance_degradation is an issue.';

--
-- Name: COLUMN current_policies.error_issue_below; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.error_issue_below IS 'Component error_rate at or below which high_error_rate is an issue.';

--
-- Name: COLUMN current_policies.is_recovery_enabled; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.is_recovery_enabled IS 'Whether recoveries are queued for agents of this class.';

--
-- Name: COLUMN current_policies.verify_beats; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.verify_beats IS 'Good heartbeats after a restart that prove it.';

--
-- Name: COLUMN current_policies.recovery_backoff_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovery_backoff_seconds IS 'Wait before the second attempt, doubling with each further one …';

--
-- Name: COLUMN current_policies.recovery_backoff_limit_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovery_backoff_limit_seconds IS '… up to this wait.';

--
-- Name: COLUMN current_policies.recovery_budget_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovery_budget_count IS 'Attempts allowed within the window, then a person is asked.';

--
-- Name: COLUMN current_policies.recovery_budget_window_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovery_budget_window_seconds IS 'Window of the budget; also the healthy time after which the back-off starts anew.';

--
-- Name: COLUMN current_policies.recovery_claim_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovery_claim_seconds IS 'Seconds a queued recovery waits for a bridge before a person is asked.';

--
-- Name: COLUMN current_policies.recovery_execution_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovery_execution_seconds IS 'Seconds a step of a recovery may execute before it counts as failed.';

--
-- Name: COLUMN current_policies.recovery_group_budget_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovery_group_budget_count IS 'Attempts allowed within the window for all agents of one recovery_group together.';

--
-- Name: COLUMN current_policies.recovery_parent_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.recovery_parent_seconds IS 'Seconds a recovery waits for a dead parent before a person is asked.';

--
-- Name: COLUMN current_policies.stuck_idle_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.stuck_idle_seconds IS 'Seconds an agent''s database session may idle in a transaction before it is stuck.';

--
-- Name: COLUMN current_policies.stuck_blocking_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.current_policies.stuck_blocking_seconds IS 'Seconds others may wait for its locks before it is stuck.';

--
-- Name: deliveries_delivery_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.deliveries ALTER COLUMN delivery_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.deliveries_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: dependencies; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.dependencies (
    child_id text NOT NULL COLLATE pg_catalog."C",
    parent_id text NOT NULL COLLATE pg_catalog."C",
    redundancy_group text COLLATE pg_catalog."C",
    minimum_alive_count integer DEFAULT 1 NOT NULL,
    CONSTRAINT minimum_alive_count_is_positive CHECK ((minimum_alive_count >= 1)),
    CONSTRAINT nobody_is_his_own_parent CHECK ((child_id <> parent_id))
);

ALTER TABLE health.dependencies OWNER TO health_owner;

--
-- Name: TABLE dependencies; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.dependencies IS 'One row per parent an agent needs.';

--
-- Name: COLUMN dependencies.child_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.dependencies.child_id IS 'Agent that needs the other.';

--
-- Name: COLUMN dependencies.parent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.dependencies.parent_id IS 'Agent it needs.';

--
-- Name: COLUMN dependencies.redundancy_group; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.dependencies.redundancy_group IS 'Parents of one group stand in for each other. NULL: the child needs this very one.';

--
-- Name: COLUMN dependencies.minimum_alive_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.dependencies.minimum_alive_count IS 'How many of the group must be alive; the highest of its rows counts, and of fewer rows all.';

--
-- Name: settings; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.settings (
    is_only_row boolean DEFAULT true NOT NULL,
    tick_period interval DEFAULT '00:00:01'::interval NOT NULL,
    unknown_agents text DEFAULT 'register'::text NOT NULL,
    partition_width interval DEFAULT '01:00:00'::interval NOT NULL,
    partitions_ahead integer DEFAULT 3 NOT NULL,
    raw_retention interval DEFAULT '24:00:00'::interval NOT NULL,
    history_after interval DEFAULT '01:00:00'::interval NOT NULL,
    heartbeat_memory_seconds double precision DEFAULT 600 NOT NULL,
    metric_memory_seconds double precision DEFAULT 3600 NOT NULL,
    baseline_memory_seconds double precision DEFAULT 86400 NOT NULL,
    series_per_agent integer DEFAULT 200 NOT NULL,
    engine_heartbeat_interval interval DEFAULT '00:00:30'::interval NOT NULL,
    monitor_settle_time interval DEFAULT '00:01:00'::interval NOT NULL,
    monitor_gap_after interval DEFAULT '00:01:00'::interval NOT NULL,
    group_wait interval DEFAULT '00:00:00'::interval NOT NULL,
    group_interval interval DEFAULT '00:05:00'::interval NOT NULL,
    group_burst integer DEFAULT 5 NOT NULL,
    repeat_interval interval DEFAULT '04:00:00'::interval NOT NULL,
    parent_wait interval DEFAULT '00:01:00'::interval NOT NULL,
    flapping_above double precision DEFAULT 30 NOT NULL,
    flapping_until double precision DEFAULT 25 NOT NULL,
    forgotten_after interval DEFAULT '24:00:00'::interval NOT NULL,
    self_healing_limit integer DEFAULT 5 NOT NULL,
    bridge_silent_after interval DEFAULT '00:01:00'::interval NOT NULL,
    recovery_concurrency integer DEFAULT 20 NOT NULL,
    storm_share double precision DEFAULT 0.25 NOT NULL,
    storm_count integer DEFAULT 20 NOT NULL,
    CONSTRAINT a_storm_is_a_share_of_the_fleet_and_at_least_one_agent CHECK (((storm_share >= (0)::double precision) AND (storm_share <= (1)::double precision) AND (storm_count >= 1))),
    CONSTRAINT at_least_one_recovery_may_run CHECK ((recovery_concurrency >= 1)),
    CONSTRAINT bridge_silent_after_is_10_seconds_to_1_day CHECK (((bridge_silent_after >= '00:00:10'::interval) AND (bridge_silent_after <= '1 day'::interval))),
    CONSTRAINT flapping_is_left_at_or_below_where_it_is_entered CHECK ((((0)::double precision <= flapping_until) AND (flapping_until <= flapping_above) AND (flapping_above <= (100)::double precision))),
    CONSTRAINT group_burst_is_1_to_1000 CHECK (((group_burst >= 1) AND (group_burst <= 1000))),
    CONSTRAINT grouping_times_are_0_to_1_day CHECK (((LEAST(group_wait, group_interval, parent_wait) >= '00:00:00'::interval) AND (GREATEST(group_wait, group_interval, parent_wait) <= '1 day'::interval))),
    CONSTRAINT memories_are_positive_and_ascend CHECK (((heartbeat_memory_seconds >= (1)::double precision) AND (metric_memory_seconds > heartbeat_memory_seconds) AND (baseline_memory_seconds > metric_memory_seconds) AND (baseline_memory_seconds <= ('1000000000'::numeric)::double precision))),
    CONSTRAINT partition_width_is_1_minute_to_31_days CHECK (((partition_width >= '00:01:00'::interval) AND (partition_width <= '31 days'::interval))),
    CONSTRAINT partitions_ahead_is_1_to_100 CHECK (((partitions_ahead >= 1) AND (partitions_ahead <= 100))),
    CONSTRAINT raw_retention_is_at_least_one_partition CHECK ((raw_retention >= partition_width)),
    CONSTRAINT reminders_and_mutes_are_1_minute_to_1_year CHECK (((LEAST(repeat_interval, forgotten_after) >= '00:01:00'::interval) AND (GREATEST(repeat_interval, forgotten_after) <= '366 days'::interval))),
    CONSTRAINT self_healing_limit_is_positive CHECK ((self_healing_limit >= 1)),
    CONSTRAINT series_per_agent_is_0_to_100000 CHECK (((series_per_agent >= 0) AND (series_per_agent <= 100000))),
    CONSTRAINT settings_has_one_row CHECK (is_only_row),
    CONSTRAINT tick_period_is_100_ms_to_1_hour CHECK (((tick_period >= '00:00:00.1'::interval) AND (tick_period <= '01:00:00'::interval))),
    CONSTRAINT unknown_agents_is_register_or_refuse CHECK ((unknown_agents = ANY (ARRAY['register'::text, 'refuse'::text])))
);

ALTER TABLE health.settings OWNER TO health_owner;

--
-- Name: TABLE settings; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.settings IS 'One row: what holds for the whole engine.';

--
-- Name: COLUMN settings.is_only_row; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.is_only_row IS 'Always true; makes the row unique.';

--
-- Name: COLUMN settings.tick_period; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.tick_period IS 'How often the engine ticks.';

--
-- Name: COLUMN settings.unknown_agents; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.unknown_agents IS 'What to do with heartbeats of unknown agents: register or refuse.';

--
-- Name: COLUMN settings.partition_width; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.partition_width IS 'Width of a partition of the raw tables.';

--
-- Name: COLUMN settings.partitions_ahead; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.partitions_ahead IS 'Partitions kept ready beyond the present one.';

--
-- Name: COLUMN settings.raw_retention; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.raw_retention IS 'How long raw rows are kept.';

--
-- Name: COLUMN settings.history_after; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.history_after IS 'Rows received longer ago than this feed baselines only.';

--
-- Name: COLUMN settings.heartbeat_memory_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.heartbeat_memory_seconds IS 'Memory of heartbeat sums: weight exp(-age / memory), seconds.';

--
-- Name: COLUMN settings.metric_memory_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.metric_memory_seconds IS 'Memory of metric and error sums, seconds.';

--
-- Name: COLUMN settings.baseline_memory_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.baseline_memory_seconds IS 'Memory of learnt baselines, seconds.';

--
-- Name: COLUMN settings.series_per_agent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.series_per_agent IS 'Series of performance_metrics kept per agent; further names are not folded.';

--
-- Name: COLUMN settings.engine_heartbeat_interval; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.engine_heartbeat_interval IS 'How often the engine beats for itself as agent heartbeat_health_agent.';

--
-- Name: COLUMN settings.monitor_settle_time; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.monitor_settle_time IS 'How long agents may take to come back after a gap.';

--
-- Name: COLUMN settings.monitor_gap_after; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.monitor_gap_after IS 'Time without a tick that counts as the monitor''s own blindness.';

--
-- Name: COLUMN settings.group_wait; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.group_wait IS 'How long the first page of a quiet channel waits for company.';

--
-- Name: COLUMN settings.group_interval; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.group_interval IS 'Window a first page opens; what no longer may leave at once in it is one digest at its end.';

--
-- Name: COLUMN settings.group_burst; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.group_burst IS 'Pages that leave at once in that window; 1: the first alone.';

--
-- Name: COLUMN settings.repeat_interval; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.repeat_interval IS 'After which an open incident nobody has taken is told again.';

--
-- Name: COLUMN settings.parent_wait; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.parent_wait IS 'How long a child''s page waits for the verdict on a parent that is late.';

--
-- Name: COLUMN settings.flapping_above; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.flapping_above IS 'Weighted percentage of changes above which an agent flaps (Icinga''s 30).';

--
-- Name: COLUMN settings.flapping_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.flapping_until IS 'Percentage at or below which it no longer does (Icinga''s 25).';

--
-- Name: COLUMN settings.forgotten_after; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.forgotten_after IS 'Age at which a mute over standing trouble raises an alert of its own.';

--
-- Name: COLUMN settings.self_healing_limit; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.self_healing_limit IS 'Successful restarts in 24 hours above which an agent only seems to heal.';

--
-- Name: COLUMN settings.bridge_silent_after; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.bridge_silent_after IS 'How long work may wait without any bridge alive.';

--
-- Name: COLUMN settings.recovery_concurrency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.recovery_concurrency IS 'Recoveries of the engine''s own decision that may run at once in the whole fleet.';

--
-- Name: COLUMN settings.storm_share; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.storm_share IS 'Share of the agents at work, 0..1: with more in trouble at once a person is asked first …';

--
-- Name: COLUMN settings.storm_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.settings.storm_count IS '… provided they are at least this many.';

--
-- Name: engine; Type: TABLE; Schema: health_internal; Owner: health_owner
--

CREATE TABLE health_internal.engine (
    is_only_row boolean DEFAULT true NOT NULL,
    tick_id bigint DEFAULT 0 NOT NULL,
    folded_until pg_snapshot NOT NULL,
    own_xid xid8,
    own_from bigint DEFAULT 0 NOT NULL,
    system_identifier bigint NOT NULL,
    last_now timestamp with time zone,
    last_tick_at timestamp with time zone,
    last_cron_tick_at timestamp with time zone,
    last_tick_ms double precision,
    last_act_ms double precision,
    last_error text,
    last_error_at timestamp with time zone,
    server_started_at timestamp with time zone,
    last_heartbeat_at timestamp with time zone,
    tick_count_since_heartbeat bigint DEFAULT 0 NOT NULL,
    judged_total bigint DEFAULT 0 NOT NULL,
    folded_total bigint DEFAULT 0 NOT NULL,
    refused_total bigint DEFAULT 0 NOT NULL,
    skipped_series_total bigint DEFAULT 0 NOT NULL,
    acted_transition_id bigint DEFAULT 0 NOT NULL,
    self_checked_at timestamp with time zone,
    CONSTRAINT engine_has_one_row CHECK (is_only_row)
)
WITH (fillfactor='10');

ALTER TABLE health_internal.engine OWNER TO health_owner;

--
-- Name: TABLE engine; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TABLE health_internal.engine IS 'One row: the ticker''s cursor and clock. Whoever holds this row ticks; a second ticker finds it locked and returns is_busy.';

--
-- Name: COLUMN engine.is_only_row; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.is_only_row IS 'Always true; makes the row unique.';

--
-- Name: COLUMN engine.tick_id; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.tick_id IS 'Number of the last tick.';

--
-- Name: COLUMN engine.folded_until; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.folded_until IS 'Snapshot up to which arrivals are folded.';

--
-- Name: COLUMN engine.own_xid; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.own_xid IS 'Transaction of the last tick; it counts as in progress in folded_until.';

--
-- Name: COLUMN engine.own_from; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.own_from IS 'First command of that transaction whose rows are not folded.';

--
-- Name: COLUMN engine.system_identifier; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.system_identifier IS 'Cluster whose transaction ids the snapshot speaks of.';

--
-- Name: COLUMN engine.last_now; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.last_now IS 'The latest p_now of a tick that moved timers.';

--
-- Name: COLUMN engine.last_tick_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.last_tick_at IS 'When the last tick began, by the clock.';

--
-- Name: COLUMN engine.last_cron_tick_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.last_cron_tick_at IS 'When pg_cron last called the engine; NULL: never.';

--
-- Name: COLUMN engine.last_tick_ms; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.last_tick_ms IS 'How long fold and judge of the last tick took, milliseconds.';

--
-- Name: COLUMN engine.last_act_ms; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.last_act_ms IS 'How long act and ring of the last tick took, milliseconds.';

--
-- Name: COLUMN engine.last_error; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.last_error IS 'What the last failing phase said, NULL after a good one.';

--
-- Name: COLUMN engine.last_error_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.last_error_at IS 'When it failed.';

--
-- Name: COLUMN engine.server_started_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.server_started_at IS 'Start of the server''s checkpointer: a change means that all sessions were lost together.';

--
-- Name: COLUMN engine.last_heartbeat_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.last_heartbeat_at IS 'When the engine last beat for itself.';

--
-- Name: COLUMN engine.tick_count_since_heartbeat; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.tick_count_since_heartbeat IS 'Ticks since then.';

--
-- Name: COLUMN engine.judged_total; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.judged_total IS 'Assessments since installation.';

--
-- Name: COLUMN engine.folded_total; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.folded_total IS 'Rows folded since installation.';

--
-- Name: COLUMN engine.refused_total; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.refused_total IS 'Rows of unknown agents refused since installation.';

--
-- Name: COLUMN engine.skipped_series_total; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.skipped_series_total IS 'Metric values left out because their agent had too many series.';

--
-- Name: COLUMN engine.acted_transition_id; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.acted_transition_id IS 'Latest row of status_transitions that acting has seen.';

--
-- Name: COLUMN engine.self_checked_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.engine.self_checked_at IS 'When the engine last checked itself, its bridges and its mutes.';

--
-- Name: engine_health; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.engine_health AS
 SELECT engine.tick_id,
    engine.last_tick_at,
    engine.last_now,
    engine.last_tick_ms,
    engine.last_act_ms,
    engine.last_error,
    engine.last_error_at,
    engine.judged_total,
    engine.folded_total,
    engine.skipped_series_total,
    date_part('epoch'::text, settings.tick_period) AS tick_period_seconds,
    date_part('epoch'::text, (clock_timestamp() - engine.last_tick_at)) AS seconds_since_tick,
    COALESCE(((clock_timestamp() - engine.last_tick_at) >= (settings.tick_period * (
        CASE ticker.scheduler
            WHEN 'pg_cron'::text THEN (3)::numeric
            ELSE 0.9
        END)::double precision)), true) AS is_tick_due,
    ticker.scheduler,
    ( SELECT count(*) AS count
           FROM health.recovery_actions actions
          WHERE ((actions.state = 'pending'::text) AND (actions.released_at IS NOT NULL))) AS pending_recovery_count,
    ( SELECT count(*) AS count
           FROM health.deliveries
          WHERE (deliveries.state = ANY (ARRAY['pending'::text, 'claimed'::text]))) AS pending_delivery_count,
    ( SELECT date_part('epoch'::text, (clock_timestamp() - min(deliveries.created_at))) AS date_part
           FROM health.deliveries
          WHERE (deliveries.state = ANY (ARRAY['pending'::text, 'claimed'::text]))) AS oldest_pending_delivery_seconds,
    ( SELECT count(*) AS count
           FROM health.agent_sessions sessions
          WHERE (sessions.lost_at IS NULL)) AS attached_session_count,
    holder.pid AS snapshot_holder_pid,
    holder.snapshot_age AS snapshot_holder_age,
    ( SELECT max(gaps.settled_at) AS max
           FROM health.monitor_gaps gaps) AS last_gap_settled_at
   FROM (((health_internal.engine
     CROSS JOIN health.settings)
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN ((clock_timestamp() - engine.last_cron_tick_at) <= GREATEST('00:00:10'::interval, ((3)::double precision * settings.tick_period))) THEN 'pg_cron'::text
                    WHEN ((clock_timestamp() - engine.last_tick_at) <= GREATEST('00:00:10'::interval, ((3)::double precision * settings.tick_period))) THEN 'bridge'::text
                    ELSE 'none'::text
                END AS scheduler) ticker)
     LEFT JOIN LATERAL health_internal.oldest_snapshot() holder(pid, snapshot_age) ON (true));

ALTER VIEW health.engine_health OWNER TO health_owner;

--
-- Name: VIEW engine_health; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.engine_health IS 'One row: how the monitor itself is; stable within a major version. snapshot_holder_pid: the session whose old snapshot keeps updates of agent_status from staying small.';

--
-- Name: COLUMN engine_health.tick_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.tick_id IS 'Number of the last tick.';

--
-- Name: COLUMN engine_health.last_tick_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.last_tick_at IS 'When the last tick began, by the clock.';

--
-- Name: COLUMN engine_health.last_now; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.last_now IS 'The latest p_now of a tick that moved timers.';

--
-- Name: COLUMN engine_health.last_tick_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.last_tick_ms IS 'How long fold and judge of the last tick took, milliseconds.';

--
-- Name: COLUMN engine_health.last_act_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.last_act_ms IS 'How long act and ring of the last tick took, milliseconds.';

--
-- Name: COLUMN engine_health.last_error; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.last_error IS 'What the last failing phase said, NULL after a good one.';

--
-- Name: COLUMN engine_health.last_error_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.last_error_at IS 'When it failed.';

--
-- Name: COLUMN engine_health.judged_total; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.judged_total IS 'Assessments since installation.';

--
-- Name: COLUMN engine_health.folded_total; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.folded_total IS 'Rows folded since installation.';

--
-- Name: COLUMN engine_health.skipped_series_total; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.skipped_series_total IS 'Metric values left out because their agent had too many series.';

--
-- Name: COLUMN engine_health.tick_period_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.tick_period_seconds IS 'How often the engine should tick, seconds.';

--
-- Name: COLUMN engine_health.seconds_since_tick; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.seconds_since_tick IS 'Time since the last tick began, seconds; NULL before the first.';

--
-- Name: COLUMN engine_health.is_tick_due; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.is_tick_due IS 'Whether a bridge should tick: nine tenths of the period have passed, or three periods where pg_cron ticks.';

--
-- Name: COLUMN engine_health.scheduler; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.scheduler IS 'Who ticks: pg_cron (it did within 10 s or three periods), bridge (somebody else did) or none.';

--
-- Name: COLUMN engine_health.pending_recovery_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.pending_recovery_count IS 'Recoveries that wait for a bridge.';

--
-- Name: COLUMN engine_health.pending_delivery_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.pending_delivery_count IS 'Messages not yet delivered.';

--
-- Name: COLUMN engine_health.oldest_pending_delivery_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.oldest_pending_delivery_seconds IS 'Age of the oldest of them, seconds; NULL: none.';

--
-- Name: COLUMN engine_health.attached_session_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.attached_session_count IS 'Agents attached by a session.';

--
-- Name: COLUMN engine_health.snapshot_holder_pid; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.snapshot_holder_pid IS 'Session with the oldest snapshot, held for more than a minute; NULL: none.';

--
-- Name: COLUMN engine_health.snapshot_holder_age; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.snapshot_holder_age IS 'Age of that snapshot, transactions.';

--
-- Name: COLUMN engine_health.last_gap_settled_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.engine_health.last_gap_settled_at IS 'Until when agents may take to come back after the monitor''s latest gap; NULL: there was none.';

--
-- Name: escalation_policies; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.escalation_policies (
    escalation_policy text NOT NULL COLLATE pg_catalog."C",
    matchers jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL
);

ALTER TABLE health.escalation_policies OWNER TO health_owner;

--
-- Name: TABLE escalation_policies; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.escalation_policies IS 'One row per plan of whom to tell when nobody takes an incident; all that match apply.';

--
-- Name: COLUMN escalation_policies.escalation_policy; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_policies.escalation_policy IS 'Name of the plan.';

--
-- Name: COLUMN escalation_policies.matchers; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_policies.matchers IS 'Which agents'' incidents it is for; see health_internal.matches_agent. Empty: all.';

--
-- Name: COLUMN escalation_policies.is_enabled; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_policies.is_enabled IS 'Whether it applies.';

--
-- Name: escalation_steps; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.escalation_steps (
    escalation_policy text NOT NULL COLLATE pg_catalog."C",
    step integer NOT NULL,
    channel text NOT NULL COLLATE pg_catalog."C",
    delay interval NOT NULL,
    minimum_severity text DEFAULT 'warning'::text NOT NULL,
    repeat_count integer DEFAULT 0 NOT NULL,
    repeat_interval interval DEFAULT '01:00:00'::interval NOT NULL,
    CONSTRAINT step_delay_is_0_to_31_days CHECK (((delay >= '00:00:00'::interval) AND (delay <= '31 days'::interval))),
    CONSTRAINT step_repeats_0_to_100_times_at_least_1_minute_apart CHECK ((((repeat_count >= 0) AND (repeat_count <= 100)) AND ((repeat_interval >= '00:01:00'::interval) AND (repeat_interval <= '31 days'::interval)))),
    CONSTRAINT step_severity_is_known CHECK ((minimum_severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text])))
);

ALTER TABLE health.escalation_steps OWNER TO health_owner;

--
-- Name: TABLE escalation_steps; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.escalation_steps IS 'One row per step: which channel hears of an incident nobody has taken, and when.';

--
-- Name: COLUMN escalation_steps.escalation_policy; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_steps.escalation_policy IS 'Plan it belongs to.';

--
-- Name: COLUMN escalation_steps.step; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_steps.step IS 'Number of the step, from 1.';

--
-- Name: COLUMN escalation_steps.channel; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_steps.channel IS 'Channel that is told; while there is none of that name, or it is disabled, nobody.';

--
-- Name: COLUMN escalation_steps.delay; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_steps.delay IS 'Time after the first page, 0: with it.';

--
-- Name: COLUMN escalation_steps.minimum_severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_steps.minimum_severity IS 'Lowest severity it is for.';

--
-- Name: COLUMN escalation_steps.repeat_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_steps.repeat_count IS 'How often it is repeated.';

--
-- Name: COLUMN escalation_steps.repeat_interval; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.escalation_steps.repeat_interval IS 'Time between repeats.';

--
-- Name: fleet; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.fleet AS
 SELECT agents.agent_id,
    agents.agent_name,
    status.state,
    status.status,
    status.error_count,
    status.last_heartbeat_at,
    status.judged_at,
    agents.agent_type,
    agents.policy_class,
    status.issue_type,
    COALESCE(status.liveness, 'never_seen'::text) AS liveness,
    round((status.score)::numeric, 2) AS score,
    round((status.heartbeat_consistency)::numeric, 2) AS heartbeat_consistency,
    round((status.performance_metrics)::numeric, 2) AS performance_metrics,
    round((status.error_rate)::numeric, 2) AS error_rate,
    round((status.resource_efficiency)::numeric, 2) AS resource_efficiency,
    round((status.business_impact)::numeric, 2) AS business_impact,
        CASE
            WHEN (COALESCE((status.beat_count < 10), true) OR (status.processing_mean_ms IS NULL) OR COALESCE((status.baseline_processing_ms <= (0)::double precision), true)) THEN 'unknown'::text
            WHEN (status.processing_mean_ms > ((1.25)::double precision * status.baseline_processing_ms)) THEN 'degrading'::text
            WHEN (status.processing_mean_ms < ((0.8)::double precision * status.baseline_processing_ms)) THEN 'improving'::text
            ELSE 'stable'::text
        END AS performance_trend,
    ( SELECT count(*) AS count
           FROM health.alerts
          WHERE ((alerts.agent_id = (agents.agent_id)::text) AND (alerts.resolved_at IS NULL))) AS open_alert_count,
    array_remove(ARRAY[
        CASE
            WHEN (status.liveness = 'unresponsive'::text) THEN ('restart it: silent since '::text || status.last_heartbeat_at)
            ELSE NULL::text
        END,
        CASE
            WHEN (status.state = ANY (ARRAY['error'::text, 'failed'::text])) THEN ('look at its events: it says '::text || status.state)
            ELSE NULL::text
        END,
        CASE
            WHEN ((status.error_rate < (60)::double precision) AND (status.state <> ALL (ARRAY['error'::text, 'failed'::text]))) THEN (('look at its errors: they cost '::text || round((((100)::double precision - status.error_rate))::numeric)) || ' of 100 points'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN (status.performance_metrics < (60)::double precision) THEN 'look at its processing time against its objective or baseline'::text
            ELSE NULL::text
        END,
        CASE
            WHEN (status.resource_efficiency < (60)::double precision) THEN 'give it more memory or CPU, or find what takes them'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ((status.expected_interval_seconds IS NOT NULL) AND (status.gap_count >= 20) AND ((status.learnt_interval_seconds < ((0.5)::double precision * status.expected_interval_seconds)) OR (status.learnt_interval_seconds > ((1.5)::double precision * status.expected_interval_seconds)))) THEN (('correct its expected_interval: it beats every '::text || round((status.learnt_interval_seconds)::numeric, 1)) || ' s'::text)
            ELSE NULL::text
        END], NULL::text) AS recommendations
   FROM (health.agents
     LEFT JOIN health.agent_status status ON (((agents.agent_id)::text = status.agent_id)));

ALTER VIEW health.fleet OWNER TO health_owner;

--
-- Name: VIEW fleet; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.fleet IS 'One row per agent as judged last; stable: columns may be added, never removed or retyped within a major version.';

--
-- Name: COLUMN fleet.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.agent_id IS 'Which agent.';

--
-- Name: COLUMN fleet.agent_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.agent_name IS 'Name for people; the agent_id where none is given.';

--
-- Name: COLUMN fleet.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.state IS 'State the agent last told.';

--
-- Name: COLUMN fleet.status; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.status IS 'excellent, good, fair, poor or critical; NULL before the first heartbeat.';

--
-- Name: COLUMN fleet.error_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.error_count IS 'Counter of errors as last told.';

--
-- Name: COLUMN fleet.last_heartbeat_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.last_heartbeat_at IS 'Latest heartbeat, by the database''s clock; sums and means are as of then.';

--
-- Name: COLUMN fleet.judged_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.judged_at IS 'p_now of that tick.';

--
-- Name: COLUMN fleet.agent_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.agent_type IS 'Kind of agent, such as the name of its class.';

--
-- Name: COLUMN fleet.policy_class; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.policy_class IS 'Copied from agents.';

--
-- Name: COLUMN fleet.issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.issue_type IS 'Confirmed issue that asks for recovery.';

--
-- Name: COLUMN fleet.liveness; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.liveness IS 'never_seen, starting, alive, late, unresponsive or stopped.';

--
-- Name: COLUMN fleet.score; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.score IS 'Overall score, gated, 0..100, rounded to 2 digits.';

--
-- Name: COLUMN fleet.heartbeat_consistency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.heartbeat_consistency IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN fleet.performance_metrics; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.performance_metrics IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN fleet.error_rate; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.error_rate IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN fleet.resource_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.resource_efficiency IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN fleet.business_impact; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.business_impact IS 'Component, 0..100; NULL: no data.';

--
-- Name: COLUMN fleet.performance_trend; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.performance_trend IS 'improving, stable or degrading: the processing time of the last minutes against its learnt baseline; unknown without one.';

--
-- Name: COLUMN fleet.open_alert_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.open_alert_count IS 'How many of its alerts are open.';

--
-- Name: COLUMN fleet.recommendations; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.recommendations IS 'What a person could do, in sentences; empty: nothing.';

--
-- Name: freeze_windows; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.freeze_windows (
    window_id bigint NOT NULL,
    window_name text NOT NULL,
    policy_class text COLLATE pg_catalog."C",
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    weekdays smallint[],
    local_time time without time zone,
    lasts interval,
    time_zone text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by text DEFAULT SESSION_USER NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    CONSTRAINT a_weekly_window_lasts_up_to_a_week CHECK (((lasts > '00:00:00'::interval) AND (lasts <= '7 days'::interval))),
    CONSTRAINT a_window_ended_early_names_who_ended_it CHECK (((ended_at IS NULL) = (ended_by IS NULL))),
    CONSTRAINT a_window_ends_after_its_start CHECK ((ends_at > starts_at)),
    CONSTRAINT a_window_is_either_once_or_weekly CHECK ((((num_nonnulls(starts_at, ends_at) = 2) AND (num_nonnulls(weekdays, local_time, lasts, time_zone) = 0)) OR ((num_nonnulls(starts_at, ends_at) = 0) AND (num_nonnulls(weekdays, local_time, lasts, time_zone) = 4)))),
    CONSTRAINT weekdays_are_1_monday_to_7_sunday CHECK ((((cardinality(weekdays) >= 1) AND (cardinality(weekdays) <= 7)) AND (weekdays <@ ARRAY[(1)::smallint, (2)::smallint, (3)::smallint, (4)::smallint, (5)::smallint, (6)::smallint, (7)::smallint]))),
    CONSTRAINT window_name_is_1_to_200_bytes_without_control_characters CHECK ((((octet_length(window_name) >= 1) AND (octet_length(window_name) <= 200)) AND (window_name !~ '[[:cntrl:]]'::text)))
);

ALTER TABLE health.freeze_windows OWNER TO health_owner;

--
-- Name: TABLE freeze_windows; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.freeze_windows IS 'One row per freeze, once (starts_at, ends_at) or weekly (weekdays, local_time, lasts, time_zone): recoveries wait until it ends or a person approves them.';

--
-- Name: COLUMN freeze_windows.window_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.window_id IS 'Number of the window.';

--
-- Name: COLUMN freeze_windows.window_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.window_name IS 'What it is for.';

--
-- Name: COLUMN freeze_windows.policy_class; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.policy_class IS 'Class of agents it holds for; NULL: all.';

--
-- Name: COLUMN freeze_windows.starts_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.starts_at IS 'Start of a window that happens once.';

--
-- Name: COLUMN freeze_windows.ends_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.ends_at IS 'Its end.';

--
-- Name: COLUMN freeze_windows.weekdays; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.weekdays IS 'Days on which a weekly window begins, 1 Monday to 7 Sunday, in its time zone.';

--
-- Name: COLUMN freeze_windows.local_time; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.local_time IS 'Time of day at which it begins there.';

--
-- Name: COLUMN freeze_windows.lasts; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.lasts IS 'How long, by the clocks of that time zone: a night on which they change ends at the usual hour.';

--
-- Name: COLUMN freeze_windows.time_zone; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.time_zone IS 'Time zone, such as Europe/Berlin.';

--
-- Name: COLUMN freeze_windows.created_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.created_at IS 'When it was entered.';

--
-- Name: COLUMN freeze_windows.created_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.created_by IS 'Who entered it.';

--
-- Name: COLUMN freeze_windows.ended_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.ended_at IS 'When a person ended it for good; NULL: not.';

--
-- Name: COLUMN freeze_windows.ended_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.freeze_windows.ended_by IS 'Who ended it.';

--
-- Name: freeze_windows_window_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.freeze_windows ALTER COLUMN window_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.freeze_windows_window_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: incident_members; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.incident_members (
    incident_id bigint NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE health.incident_members OWNER TO health_owner;

--
-- Name: TABLE incident_members; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.incident_members IS 'One row per agent of an incident of many agents.';

--
-- Name: COLUMN incident_members.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incident_members.incident_id IS 'Incident of many agents.';

--
-- Name: COLUMN incident_members.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incident_members.agent_id IS 'Agent that belongs to it.';

--
-- Name: incidents; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.incidents (
    incident_id bigint NOT NULL,
    agent_id text COLLATE pg_catalog."C",
    engine_rule text COLLATE pg_catalog."C",
    fleet_incident_id bigint,
    severity text NOT NULL,
    revenue_usd_per_hour double precision DEFAULT 0 NOT NULL,
    onset_at timestamp with time zone NOT NULL,
    detected_at timestamp with time zone NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    is_acknowledged boolean DEFAULT false NOT NULL,
    is_acknowledgement_sticky boolean DEFAULT false NOT NULL,
    acknowledged_until timestamp with time zone,
    acknowledged_severity text,
    acknowledgement_note text,
    recovered_at timestamp with time zone,
    resolved_at timestamp with time zone,
    told_severity text,
    told_at timestamp with time zone,
    told_channels text[] DEFAULT '{}'::text[] NOT NULL,
    is_recovery_failure_told boolean DEFAULT false NOT NULL,
    message_count integer DEFAULT 0 NOT NULL,
    escalates_from timestamp with time zone,
    escalated_until timestamp with time zone,
    withheld text,
    withheld_at timestamp with time zone,
    checked_at timestamp with time zone,
    next_check_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    is_settled boolean DEFAULT false NOT NULL,
    CONSTRAINT incident_is_of_an_agent_or_of_a_rule_of_the_engine CHECK (((agent_id IS NULL) = (engine_rule IS NOT NULL))),
    CONSTRAINT incident_severity_is_known CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text])))
)
WITH (fillfactor='50');

ALTER TABLE health.incidents OWNER TO health_owner;

--
-- Name: TABLE incidents; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.incidents IS 'One row per time an agent was in trouble, from its true onset to its end; or the engine, or many agents together. What people were told of it is kept here.';

--
-- Name: COLUMN incidents.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.incident_id IS 'Number of the incident.';

--
-- Name: COLUMN incidents.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.agent_id IS 'Which agent; NULL: the engine, or many agents.';

--
-- Name: COLUMN incidents.engine_rule; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.engine_rule IS 'Rule of an incident without an agent, each of which is told for itself; NULL for an agent''s.';

--
-- Name: COLUMN incidents.fleet_incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.fleet_incident_id IS 'Incident of many agents this one belongs to: while that is open it speaks for this one.';

--
-- Name: COLUMN incidents.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.severity IS 'Highest severity of its alerts so far.';

--
-- Name: COLUMN incidents.revenue_usd_per_hour; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.revenue_usd_per_hour IS 'Revenue at risk when it was detected, US dollars per hour.';

--
-- Name: COLUMN incidents.onset_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.onset_at IS 'When the trouble began, as well as it is known: the last good heartbeat of a silence.';

--
-- Name: COLUMN incidents.detected_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.detected_at IS 'When its first alert opened.';

--
-- Name: COLUMN incidents.acknowledged_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.acknowledged_at IS 'When a person first took it.';

--
-- Name: COLUMN incidents.acknowledged_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.acknowledged_by IS 'Who took it last.';

--
-- Name: COLUMN incidents.is_acknowledged; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.is_acknowledged IS 'Whether somebody has it at present.';

--
-- Name: COLUMN incidents.is_acknowledgement_sticky; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.is_acknowledgement_sticky IS 'Whether the acknowledgement outlasts a rise in severity.';

--
-- Name: COLUMN incidents.acknowledged_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.acknowledged_until IS 'When the acknowledgement expires; NULL: with the incident.';

--
-- Name: COLUMN incidents.acknowledged_severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.acknowledged_severity IS 'Severity that was acknowledged.';

--
-- Name: COLUMN incidents.acknowledgement_note; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.acknowledgement_note IS 'What the person said.';

--
-- Name: COLUMN incidents.recovered_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.recovered_at IS 'When a recovery of it was verified.';

--
-- Name: COLUMN incidents.resolved_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.resolved_at IS 'When its last alert closed; NULL while it is open.';

--
-- Name: COLUMN incidents.told_severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.told_severity IS 'Severity people were last told and nobody has taken since; NULL: there is something to tell.';

--
-- Name: COLUMN incidents.told_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.told_at IS 'When it was last told; NULL: never.';

--
-- Name: COLUMN incidents.told_channels; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.told_channels IS 'Channels that were told; the all-clear goes there.';

--
-- Name: COLUMN incidents.is_recovery_failure_told; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.is_recovery_failure_told IS 'Whether people were told that automatic recovery gave up.';

--
-- Name: COLUMN incidents.message_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.message_count IS 'How often it was told.';

--
-- Name: COLUMN incidents.escalates_from; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.escalates_from IS 'Time from which the delays of escalation steps count.';

--
-- Name: COLUMN incidents.escalated_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.escalated_until IS 'Steps due until then have been taken.';

--
-- Name: COLUMN incidents.withheld; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.withheld IS 'Why the next message is withheld, one of the reasons of docs/alerting.md; NULL: it is not.';

--
-- Name: COLUMN incidents.withheld_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.withheld_at IS 'Since when, for that reason.';

--
-- Name: COLUMN incidents.checked_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.checked_at IS 'When it was last decided what to tell.';

--
-- Name: COLUMN incidents.next_check_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.next_check_at IS 'When to decide again: reminder, escalation, end of a mute; -infinity: something changed.';

--
-- Name: COLUMN incidents.is_settled; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.is_settled IS 'Over, and nothing is left to tell.';

--
-- Name: incidents_incident_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.incidents ALTER COLUMN incident_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.incidents_incident_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: ingest_heartbeats; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.ingest_heartbeats (
    agent_id health.agent_id CONSTRAINT agent_heartbeats_agent_id_not_null NOT NULL,
    state health.agent_state DEFAULT 'running'::text CONSTRAINT agent_heartbeats_state_not_null NOT NULL,
    sent_at timestamp with time zone,
    received_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT agent_heartbeats_received_at_not_null NOT NULL,
    work_items_processed health.work_items_processed,
    average_processing_time_ms health.average_processing_time_ms,
    cpu_usage_percent health.cpu_usage_percent,
    memory_usage_mb health.memory_usage_mb,
    memory_limit_mb health.memory_limit_mb,
    error_count health.error_count,
    cost_efficiency health.cost_efficiency,
    user_satisfaction health.user_satisfaction,
    operational_efficiency health.operational_efficiency,
    revenue_impact_usd health.revenue_impact_usd,
    signal health.heartbeat_signal,
    run_id health.run_id,
    attributes health.heartbeat_attributes,
    txid xid8 DEFAULT pg_current_xact_id() CONSTRAINT agent_heartbeats_txid_not_null NOT NULL,
    CONSTRAINT sent_at_is_within_one_day_of_received_at CHECK (((sent_at >= (received_at - '24:00:00'::interval)) AND (sent_at <= (received_at + '24:00:00'::interval))))
)
PARTITION BY RANGE (received_at);

ALTER TABLE health.ingest_heartbeats OWNER TO health_owner;

--
-- Name: TABLE ingest_heartbeats; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.ingest_heartbeats IS 'Heartbeats copied in bulk by gateways; the shape of agent_heartbeats, folded in the same way. A trigger holds each gateway to its own set of agents.';

--
-- Name: COLUMN ingest_heartbeats.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.agent_id IS 'Which agent beats; unknown agents are registered.';

--
-- Name: COLUMN ingest_heartbeats.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.state IS 'What the agent says of itself: initializing, active, running, idle, error, failed, stopping, stopped.';

--
-- Name: COLUMN ingest_heartbeats.sent_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.sent_at IS 'The agent''s clock when it sent the row; within a day of received_at.';

--
-- Name: COLUMN ingest_heartbeats.received_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.received_at IS 'The database''s clock when the row came; decides liveness. Agents cannot set it.';

--
-- Name: COLUMN ingest_heartbeats.work_items_processed; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.work_items_processed IS 'Counter of work items since this run of the agent started.';

--
-- Name: COLUMN ingest_heartbeats.average_processing_time_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.average_processing_time_ms IS 'Mean time per work item since the last heartbeat, milliseconds.';

--
-- Name: COLUMN ingest_heartbeats.cpu_usage_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.cpu_usage_percent IS 'CPU used by the agent, percent of the whole host or container, 0 to 100.';

--
-- Name: COLUMN ingest_heartbeats.memory_usage_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.memory_usage_mb IS 'Memory the agent uses, megabytes.';

--
-- Name: COLUMN ingest_heartbeats.memory_limit_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.memory_limit_mb IS 'Memory the agent may use, megabytes.';

--
-- Name: COLUMN ingest_heartbeats.error_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.error_count IS 'Counter of errors since this run of the agent started.';

--
-- Name: COLUMN ingest_heartbeats.cost_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.cost_efficiency IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN ingest_heartbeats.user_satisfaction; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.user_satisfaction IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN ingest_heartbeats.operational_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.operational_efficiency IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN ingest_heartbeats.revenue_impact_usd; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.revenue_impact_usd IS 'Revenue the agent gains (positive) or loses (negative) at present, US dollars per hour.';

--
-- Name: COLUMN ingest_heartbeats.signal; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.signal IS 'For jobs: beat, start, success, fail or log; paired by run_id.';

--
-- Name: COLUMN ingest_heartbeats.run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.run_id IS 'One run of the agent''s process or job; counters start again with it.';

--
-- Name: COLUMN ingest_heartbeats.attributes; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.attributes IS 'Whatever else the agent tells; at most 8 kB.';

--
-- Name: COLUMN ingest_heartbeats.txid; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.ingest_heartbeats.txid IS 'Transaction that wrote the row; with it the fold reads every row exactly once.';

--
-- Name: job_runs; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.job_runs (
    job_run_id bigint NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C",
    run_id text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    expected_at timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    outcome text NOT NULL,
    overdue_at timestamp with time zone,
    missed_at timestamp with time zone,
    last_signal_at timestamp with time zone,
    log_count bigint DEFAULT 0 NOT NULL,
    attributes jsonb,
    began_at timestamp with time zone GENERATED ALWAYS AS (COALESCE(started_at, finished_at)) STORED,
    duration_seconds double precision GENERATED ALWAYS AS (date_part('epoch'::text, (finished_at - started_at))) STORED,
    CONSTRAINT run_ends_after_its_start CHECK ((finished_at >= started_at)),
    CONSTRAINT run_outcome_is_known CHECK ((outcome = ANY (ARRAY['running'::text, 'overdue'::text, 'success'::text, 'fail'::text, 'lost'::text, 'missed'::text, 'unknown'::text])))
);

ALTER TABLE health.job_runs OWNER TO health_owner;

--
-- Name: TABLE job_runs; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.job_runs IS 'One row per run of a job, and per scheduled run that did not come; kept for 90 days.';

--
-- Name: COLUMN job_runs.job_run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.job_run_id IS 'Number of the run.';

--
-- Name: COLUMN job_runs.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.agent_id IS 'Which job.';

--
-- Name: COLUMN job_runs.run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.run_id IS 'Name the job gave the run; empty: none.';

--
-- Name: COLUMN job_runs.expected_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.expected_at IS 'Scheduled time the run answers; NULL: the job has no schedule.';

--
-- Name: COLUMN job_runs.started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.started_at IS 'When its start came; NULL: none came, only its end, or nothing.';

--
-- Name: COLUMN job_runs.finished_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.finished_at IS 'When its end came, or when it was given up as lost; NULL: it has not ended.';

--
-- Name: COLUMN job_runs.outcome; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.outcome IS 'running; overdue (longer than max_run_time, not ended); success; fail; lost (its end never came: the next run began, or nothing was heard of it for 7 days); missed (scheduled and not come); unknown (scheduled while the server was down).';

--
-- Name: COLUMN job_runs.overdue_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.overdue_at IS 'When it takes or took too long: started_at and the job''s max_run_time.';

--
-- Name: COLUMN job_runs.missed_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.missed_at IS 'When it was declared missed; a run that came late afterwards keeps it.';

--
-- Name: COLUMN job_runs.last_signal_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.last_signal_at IS 'When it was last heard of.';

--
-- Name: COLUMN job_runs.log_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.log_count IS 'How many log signals it sent.';

--
-- Name: COLUMN job_runs.attributes; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.attributes IS 'attributes of the heartbeat that ended it.';

--
-- Name: COLUMN job_runs.began_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.began_at IS 'started_at, or finished_at where no start came; NULL: missed or unknown.';

--
-- Name: COLUMN job_runs.duration_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.job_runs.duration_seconds IS 'From start to end, seconds.';

--
-- Name: job_runs_job_run_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.job_runs ALTER COLUMN job_run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.job_runs_job_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: maintenance_periods_period_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.maintenance_periods ALTER COLUMN period_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.maintenance_periods_period_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: maintenance_windows_window_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.maintenance_windows ALTER COLUMN window_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.maintenance_windows_window_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: monitor_gaps_gap_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.monitor_gaps ALTER COLUMN gap_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.monitor_gaps_gap_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: open_alerts; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.open_alerts AS
 SELECT alerts.alert_id,
    alerts.agent_id,
    alerts.rule,
    alerts.severity,
    alerts.opened_at,
        CASE
            WHEN incidents.is_acknowledged THEN incidents.acknowledged_at
            ELSE NULL::timestamp with time zone
        END AS acknowledged_at,
        CASE
            WHEN incidents.is_acknowledged THEN incidents.acknowledged_by
            ELSE NULL::text
        END AS acknowledged_by,
    alerts.summary,
    alerts.details,
    alerts.incident_id,
        CASE
            WHEN incidents.is_acknowledged THEN incidents.acknowledged_until
            ELSE NULL::timestamp with time zone
        END AS acknowledged_until,
    incidents.told_at,
    incidents.withheld
   FROM (health.alerts
     JOIN health.incidents ON ((alerts.incident_id = incidents.incident_id)))
  WHERE (alerts.resolved_at IS NULL);

ALTER VIEW health.open_alerts OWNER TO health_owner;

--
-- Name: VIEW open_alerts; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.open_alerts IS 'One row per open alert; stable within a major version.';

--
-- Name: COLUMN open_alerts.alert_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.alert_id IS 'Number of the alert.';

--
-- Name: COLUMN open_alerts.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.agent_id IS 'Which agent; NULL: the engine itself.';

--
-- Name: COLUMN open_alerts.rule; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.rule IS 'Rule that opened it.';

--
-- Name: COLUMN open_alerts.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.severity IS 'info, warning, critical or emergency.';

--
-- Name: COLUMN open_alerts.opened_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.opened_at IS 'When it opened.';

--
-- Name: COLUMN open_alerts.acknowledged_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.acknowledged_at IS 'When a person first took it.';

--
-- Name: COLUMN open_alerts.acknowledged_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.acknowledged_by IS 'Who took it last.';

--
-- Name: COLUMN open_alerts.summary; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.summary IS 'What is wrong, in words.';

--
-- Name: COLUMN open_alerts.details; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.details IS 'The facts at the time it opened.';

--
-- Name: COLUMN open_alerts.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.incident_id IS 'Incident it belongs to; its alerts share one page. No foreign keys: ten thousand open at once.';

--
-- Name: COLUMN open_alerts.acknowledged_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.acknowledged_until IS 'When the acknowledgement expires; NULL: with the incident.';

--
-- Name: COLUMN open_alerts.told_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.told_at IS 'When it was last told; NULL: never.';

--
-- Name: COLUMN open_alerts.withheld; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.withheld IS 'Why the next message is withheld, one of the reasons of docs/alerting.md; NULL: it is not.';

--
-- Name: performance_metrics; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.performance_metrics (
    agent_id health.agent_id NOT NULL,
    metric_name health.metric_name NOT NULL,
    metric_value health.metric_value NOT NULL,
    unit health.metric_unit,
    recorded_at timestamp with time zone,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    txid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT recorded_at_is_within_one_day_of_received_at CHECK (((recorded_at >= (received_at - '24:00:00'::interval)) AND (recorded_at <= (received_at + '24:00:00'::interval))))
)
PARTITION BY RANGE (received_at);

ALTER TABLE health.performance_metrics OWNER TO health_owner;

--
-- Name: TABLE performance_metrics; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.performance_metrics IS 'One row per value of a series; append-only, partitioned by received_at.';

--
-- Name: COLUMN performance_metrics.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.performance_metrics.agent_id IS 'Which agent logs the value.';

--
-- Name: COLUMN performance_metrics.metric_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.performance_metrics.metric_name IS 'Name of the series within the agent.';

--
-- Name: COLUMN performance_metrics.metric_value; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.performance_metrics.metric_value IS 'The value, finite, magnitude at most 1e15, in the series'' unit.';

--
-- Name: COLUMN performance_metrics.unit; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.performance_metrics.unit IS 'Unit of the value, such as ms, MB or count.';

--
-- Name: COLUMN performance_metrics.recorded_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.performance_metrics.recorded_at IS 'The agent''s clock when it measured; within a day of received_at. NULL: as received.';

--
-- Name: COLUMN performance_metrics.received_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.performance_metrics.received_at IS 'The database''s clock when the row came. Agents cannot set it.';

--
-- Name: COLUMN performance_metrics.txid; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.performance_metrics.txid IS 'Transaction that wrote the row; with it the fold reads every row exactly once.';

--
-- Name: policies_policy_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.policies ALTER COLUMN policy_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.policies_policy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: recent_heartbeats; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.recent_heartbeats AS
 SELECT beats.agent_id,
    beats.state,
    beats.sent_at,
    beats.received_at,
    beats.work_items_processed,
    beats.average_processing_time_ms,
    beats.cpu_usage_percent,
    beats.memory_usage_mb,
    beats.memory_limit_mb,
    beats.error_count,
    beats.cost_efficiency,
    beats.user_satisfaction,
    beats.operational_efficiency,
    beats.revenue_impact_usd,
    beats.signal,
    beats.run_id,
    beats.attributes
   FROM health.agent_heartbeats beats
  WHERE (beats.received_at > (now() - '01:00:00'::interval))
UNION ALL
 SELECT beats.agent_id,
    beats.state,
    beats.sent_at,
    beats.received_at,
    beats.work_items_processed,
    beats.average_processing_time_ms,
    beats.cpu_usage_percent,
    beats.memory_usage_mb,
    beats.memory_limit_mb,
    beats.error_count,
    beats.cost_efficiency,
    beats.user_satisfaction,
    beats.operational_efficiency,
    beats.revenue_impact_usd,
    beats.signal,
    beats.run_id,
    beats.attributes
   FROM health.ingest_heartbeats beats
  WHERE (beats.received_at > (now() - '01:00:00'::interval));

ALTER VIEW health.recent_heartbeats OWNER TO health_owner;

--
-- Name: VIEW recent_heartbeats; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.recent_heartbeats IS 'One row per heartbeat of the last hour, from agents and gateways; stable within a major version.';

--
-- Name: COLUMN recent_heartbeats.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.agent_id IS 'Which agent beats; unknown agents are registered.';

--
-- Name: COLUMN recent_heartbeats.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.state IS 'What the agent says of itself: initializing, active, running, idle, error, failed, stopping, stopped.';

--
-- Name: COLUMN recent_heartbeats.sent_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.sent_at IS 'The agent''s clock when it sent the row; within a day of received_at.';

--
-- Name: COLUMN recent_heartbeats.received_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.received_at IS 'The database''s clock when the row came; decides liveness. Agents cannot set it.';

--
-- Name: COLUMN recent_heartbeats.work_items_processed; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.work_items_processed IS 'Counter of work items since this run of the agent started.';

--
-- Name: COLUMN recent_heartbeats.average_processing_time_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.average_processing_time_ms IS 'Mean time per work item since the last heartbeat, milliseconds.';

--
-- Name: COLUMN recent_heartbeats.cpu_usage_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.cpu_usage_percent IS 'CPU used by the agent, percent of the whole host or container, 0 to 100.';

--
-- Name: COLUMN recent_heartbeats.memory_usage_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.memory_usage_mb IS 'Memory the agent uses, megabytes.';

--
-- Name: COLUMN recent_heartbeats.memory_limit_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.memory_limit_mb IS 'Memory the agent may use, megabytes.';

--
-- Name: COLUMN recent_heartbeats.error_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.error_count IS 'Counter of errors since this run of the agent started.';

--
-- Name: COLUMN recent_heartbeats.cost_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.cost_efficiency IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN recent_heartbeats.user_satisfaction; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.user_satisfaction IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN recent_heartbeats.operational_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.operational_efficiency IS 'As the agent reports it, percent, 0 to 100.';

--
-- Name: COLUMN recent_heartbeats.revenue_impact_usd; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.revenue_impact_usd IS 'Revenue the agent gains (positive) or loses (negative) at present, US dollars per hour.';

--
-- Name: COLUMN recent_heartbeats.signal; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.signal IS 'For jobs: beat, start, success, fail or log; paired by run_id.';

--
-- Name: COLUMN recent_heartbeats.run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.run_id IS 'One run of the agent''s process or job; counters start again with it.';

--
-- Name: COLUMN recent_heartbeats.attributes; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recent_heartbeats.attributes IS 'Whatever else the agent tells; at most 8 kB.';

--
-- Name: recovery_actions_action_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.recovery_actions ALTER COLUMN action_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.recovery_actions_action_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: recovery_backlog; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.recovery_backlog AS
 SELECT action_id,
    agent_id,
    issue_type,
    action,
    state,
    attempt,
    created_at,
    not_before,
    claimed_by,
    lease_until,
    verify_until,
    step,
    requested_by,
    hold,
    hold_reason,
        CASE
            WHEN ((state = 'pending'::text) AND (hold IS NOT NULL)) THEN hold_reason
            WHEN ((state = 'pending'::text) AND (released_at IS NULL)) THEN ('back-off until '::text || not_before)
            WHEN (state = 'pending'::text) THEN 'a bridge'::text
            WHEN (state = 'claimed'::text) THEN (claimed_by || ' to begin'::text)
            WHEN (state = 'executing'::text) THEN claimed_by
            WHEN (state = 'verifying'::text) THEN ('heartbeats until '::text || verify_until)
            ELSE NULL::text
        END AS waits_for
   FROM health.recovery_actions actions
  WHERE (state = ANY (ARRAY['pending'::text, 'claimed'::text, 'executing'::text, 'verifying'::text]));

ALTER VIEW health.recovery_backlog OWNER TO health_owner;

--
-- Name: VIEW recovery_backlog; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.recovery_backlog IS 'One row per recovery under way, and what it waits for; stable within a major version.';

--
-- Name: COLUMN recovery_backlog.action_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.action_id IS 'Number of the attempt.';

--
-- Name: COLUMN recovery_backlog.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.agent_id IS 'Which agent.';

--
-- Name: COLUMN recovery_backlog.issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.issue_type IS 'agent_unresponsive, high_error_rate, resource_exhaustion, performance_degradation or database_connectivity.';

--
-- Name: COLUMN recovery_backlog.action; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.action IS 'What is done, or was done last; what that means is in the bridge''s own configuration.';

--
-- Name: COLUMN recovery_backlog.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.state IS 'pending, claimed, executing, verifying, succeeded, failed, escalated or cancelled.';

--
-- Name: COLUMN recovery_backlog.attempt; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.attempt IS '1 for the first attempt after ten healthy minutes; the back-off counts by it.';

--
-- Name: COLUMN recovery_backlog.created_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.created_at IS 'When it was queued.';

--
-- Name: COLUMN recovery_backlog.not_before; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.not_before IS 'Earliest time to claim it (back-off).';

--
-- Name: COLUMN recovery_backlog.claimed_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.claimed_by IS 'Bridge that holds it, or held it last.';

--
-- Name: COLUMN recovery_backlog.lease_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.lease_until IS 'Until when the claim holds without renewal; nothing else is begun for the agent before.';

--
-- Name: COLUMN recovery_backlog.verify_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.verify_until IS 'Deadline of the verification.';

--
-- Name: COLUMN recovery_backlog.step; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.step IS 'Step of the strategy it is at, from 1.';

--
-- Name: COLUMN recovery_backlog.requested_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.requested_by IS 'engine, or the person who asked.';

--
-- Name: COLUMN recovery_backlog.hold; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.hold IS 'Brake that holds it: freeze, maintenance, parent, storm or concurrency; NULL: none.';

--
-- Name: COLUMN recovery_backlog.hold_reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.hold_reason IS 'The same for people.';

--
-- Name: COLUMN recovery_backlog.waits_for; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.waits_for IS 'What must come before it goes on, in words.';

--
-- Name: recovery_history; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.recovery_history AS
 SELECT actions.action_id,
    actions.agent_id,
    actions.issue_type,
    actions.state,
    actions.attempt,
    actions.requested_by,
    actions.incident_id,
    actions.created_at,
    actions.started_at,
    actions.finished_at,
        CASE
            WHEN (actions.state = 'succeeded'::text) THEN date_part('epoch'::text, (actions.finished_at - actions.created_at))
            ELSE NULL::double precision
        END AS recovery_seconds,
    COALESCE((told.steps ||
        CASE
            WHEN (actions.state = 'escalated'::text) THEN '; a person is asked'::text
            ELSE ''::text
        END), (actions.outcome ->> 'reason'::text), actions.hold_reason) AS what_happened
   FROM (health.recovery_actions actions
     LEFT JOIN LATERAL ( SELECT string_agg(health_internal.step_text(steps.action, steps.parameters, steps.outcome, steps.reason, steps.details, steps.started_at, steps.finished_at), '; '::text ORDER BY steps.recovery_step_id) AS steps
           FROM health.recovery_steps steps
          WHERE (steps.action_id = actions.action_id)) told ON (true));

ALTER VIEW health.recovery_history OWNER TO health_owner;

--
-- Name: VIEW recovery_history; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.recovery_history IS 'One row per attempt to recover an agent, told in one line; stable within a major version.';

--
-- Name: COLUMN recovery_history.action_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.action_id IS 'Number of the attempt.';

--
-- Name: COLUMN recovery_history.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.agent_id IS 'Which agent.';

--
-- Name: COLUMN recovery_history.issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.issue_type IS 'agent_unresponsive, high_error_rate, resource_exhaustion, performance_degradation or database_connectivity.';

--
-- Name: COLUMN recovery_history.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.state IS 'pending, claimed, executing, verifying, succeeded, failed, escalated or cancelled.';

--
-- Name: COLUMN recovery_history.attempt; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.attempt IS '1 for the first attempt after ten healthy minutes; the back-off counts by it.';

--
-- Name: COLUMN recovery_history.requested_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.requested_by IS 'engine, or the person who asked.';

--
-- Name: COLUMN recovery_history.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.incident_id IS 'Incident it serves.';

--
-- Name: COLUMN recovery_history.created_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.created_at IS 'When it was queued.';

--
-- Name: COLUMN recovery_history.started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.started_at IS 'When its first step began; the budgets count it.';

--
-- Name: COLUMN recovery_history.finished_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.finished_at IS 'When it ended.';

--
-- Name: COLUMN recovery_history.recovery_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.recovery_seconds IS 'From queueing to verified, seconds; NULL: not recovered by it.';

--
-- Name: COLUMN recovery_history.what_happened; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_history.what_happened IS 'Its steps in words, such as "restart failed after 12 s: exit code 3; reload; verified"; without any, why.';

--
-- Name: recovery_steps_recovery_step_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.recovery_steps ALTER COLUMN recovery_step_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.recovery_steps_recovery_step_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: recovery_storms; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.recovery_storms (
    storm_id bigint NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    troubled_count bigint NOT NULL,
    agent_count bigint NOT NULL,
    approved_at timestamp with time zone,
    approved_by text,
    CONSTRAINT an_approval_has_a_time_and_a_name CHECK (((approved_at IS NULL) = (approved_by IS NULL)))
);

ALTER TABLE health.recovery_storms OWNER TO health_owner;

--
-- Name: TABLE recovery_storms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.recovery_storms IS 'One row per storm: from when more than settings.storm_share of the fleet, and at least settings.storm_count agents, were in trouble at once. Its recoveries wait for approve_recoveries.';

--
-- Name: COLUMN recovery_storms.storm_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_storms.storm_id IS 'Number of the storm.';

--
-- Name: COLUMN recovery_storms.began_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_storms.began_at IS 'When it was seen.';

--
-- Name: COLUMN recovery_storms.ended_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_storms.ended_at IS 'When it was over; NULL while it goes on.';

--
-- Name: COLUMN recovery_storms.troubled_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_storms.troubled_count IS 'Agents in trouble at its worst.';

--
-- Name: COLUMN recovery_storms.agent_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_storms.agent_count IS 'Agents at work then.';

--
-- Name: COLUMN recovery_storms.approved_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_storms.approved_at IS 'When a person let recoveries go on; NULL: not.';

--
-- Name: COLUMN recovery_storms.approved_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_storms.approved_by IS 'Who.';

--
-- Name: recovery_storms_storm_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.recovery_storms ALTER COLUMN storm_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.recovery_storms_storm_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: recovery_strategies; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.recovery_strategies (
    policy_class text NOT NULL COLLATE pg_catalog."C",
    issue_type text NOT NULL,
    step integer NOT NULL,
    action text NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    timeout_seconds double precision,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_by text DEFAULT SESSION_USER NOT NULL,
    CONSTRAINT a_strategy_has_1_to_20_steps CHECK (((step >= 1) AND (step <= 20))),
    CONSTRAINT run_command_names_its_command_and_nothing_else CHECK ((
CASE action
    WHEN 'run_command'::text THEN ((jsonb_typeof((parameters -> 'command'::text)) = 'string'::text) AND ((parameters - 'command'::text) = '{}'::jsonb) AND ((octet_length((parameters ->> 'command'::text)) >= 1) AND (octet_length((parameters ->> 'command'::text)) <= 100)) AND ((parameters ->> 'command'::text) !~ '[[:cntrl:]]'::text))
    ELSE (parameters = '{}'::jsonb)
END IS TRUE)),
    CONSTRAINT step_action_is_known CHECK ((action = ANY (ARRAY['restart_agent'::text, 'reload'::text, 'run_command'::text, 'terminate_sessions'::text, 'verify'::text, 'escalate'::text]))),
    CONSTRAINT step_timeout_is_1_second_to_1_day CHECK (((timeout_seconds >= (1)::double precision) AND (timeout_seconds <= (86400)::double precision))),
    CONSTRAINT strategy_is_for_one_of_five_issues CHECK ((issue_type = ANY (ARRAY['agent_unresponsive'::text, 'high_error_rate'::text, 'resource_exhaustion'::text, 'performance_degradation'::text, 'database_connectivity'::text])))
);

ALTER TABLE health.recovery_strategies OWNER TO health_owner;

--
-- Name: TABLE recovery_strategies; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.recovery_strategies IS 'One row per step of what is done about an issue, per policy class; a class without rows for an issue uses those of standard. Changed with set_recovery_strategy.';

--
-- Name: COLUMN recovery_strategies.policy_class; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_strategies.policy_class IS 'Class of agents it holds for.';

--
-- Name: COLUMN recovery_strategies.issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_strategies.issue_type IS 'Issue it is the answer to.';

--
-- Name: COLUMN recovery_strategies.step; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_strategies.step IS 'Place in the order, from 1. Steps up to a verify belong together: when one fails the next step after that verify follows.';

--
-- Name: COLUMN recovery_strategies.action; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_strategies.action IS 'restart_agent, reload, run_command (by a bridge), terminate_sessions, verify or escalate (by the database).';

--
-- Name: COLUMN recovery_strategies.parameters; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_strategies.parameters IS 'For run_command {"command": NAME}, a name the bridge''s configuration knows for the agent; else empty.';

--
-- Name: COLUMN recovery_strategies.timeout_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_strategies.timeout_seconds IS 'Seconds the step may take; NULL: the policy''s recovery_execution_seconds, for verify its start-up grace and the beats that prove it.';

--
-- Name: COLUMN recovery_strategies.changed_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_strategies.changed_at IS 'When the step was written.';

--
-- Name: COLUMN recovery_strategies.changed_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_strategies.changed_by IS 'Login that wrote it.';

--
-- Name: rule_findings; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.rule_findings (
    rule text NOT NULL COLLATE pg_catalog."C",
    agent_id text COLLATE pg_catalog."C",
    severity text NOT NULL,
    summary text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    found_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT finding_severity_is_known CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text])))
);

ALTER TABLE health.rule_findings OWNER TO health_owner;

--
-- Name: TABLE rule_findings; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.rule_findings IS 'One row per finding that holds at present, of a user''s rule or of a built-in one that is not judged from heartbeats (job_missed, job_overdue, job_failed, schedule_unreadable, rule_disabled).';

--
-- Name: COLUMN rule_findings.rule; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.rule_findings.rule IS 'Rule that found it.';

--
-- Name: COLUMN rule_findings.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.rule_findings.agent_id IS 'About which agent; NULL: the monitor as a whole.';

--
-- Name: COLUMN rule_findings.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.rule_findings.severity IS 'info, warning, critical or emergency.';

--
-- Name: COLUMN rule_findings.summary; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.rule_findings.summary IS 'What is wrong, in words, at most 500 characters.';

--
-- Name: COLUMN rule_findings.details; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.rule_findings.details IS 'The facts: a JSON object of at most 8 kB.';

--
-- Name: COLUMN rule_findings.found_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.rule_findings.found_at IS 'Since when it holds.';

--
-- Name: COLUMN rule_findings.changed_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.rule_findings.changed_at IS 'When its severity, summary or details last changed.';

--
-- Name: silences; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.silences (
    silence_id bigint NOT NULL,
    matchers jsonb NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    reason text NOT NULL,
    ended_by text,
    CONSTRAINT silence_ends_after_its_start CHECK ((ends_at >= starts_at))
);

ALTER TABLE health.silences OWNER TO health_owner;

--
-- Name: TABLE silences; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.silences IS 'One row per silence: alerts it matches open, and are not told.';

--
-- Name: COLUMN silences.silence_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.silences.silence_id IS 'Number of the silence.';

--
-- Name: COLUMN silences.matchers; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.silences.matchers IS 'What it matches; see health_internal.matches_agent, and rule, minimum_severity, maximum_severity.';

--
-- Name: COLUMN silences.starts_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.silences.starts_at IS 'From when.';

--
-- Name: COLUMN silences.ends_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.silences.ends_at IS 'Until when; end_silence moves it.';

--
-- Name: COLUMN silences.created_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.silences.created_by IS 'Who silenced.';

--
-- Name: COLUMN silences.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.silences.reason IS 'Why.';

--
-- Name: COLUMN silences.ended_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.silences.ended_by IS 'Who ended it early.';

--
-- Name: silences_silence_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.silences ALTER COLUMN silence_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.silences_silence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: status_transitions_transition_id_seq; Type: SEQUENCE; Schema: health; Owner: health_owner
--

ALTER TABLE health.status_transitions ALTER COLUMN transition_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME health.status_transitions_transition_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: stuck_sessions; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.stuck_sessions (
    pid integer NOT NULL,
    backend_start timestamp with time zone NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C",
    login_name name NOT NULL,
    problem text NOT NULL,
    stuck_since timestamp with time zone NOT NULL,
    waiting_count integer DEFAULT 0 NOT NULL,
    found_at timestamp with time zone NOT NULL,
    CONSTRAINT session_problem_is_known CHECK ((problem = ANY (ARRAY['idle_in_transaction'::text, 'blocks_others'::text])))
);

ALTER TABLE health.stuck_sessions OWNER TO health_owner;

--
-- Name: TABLE stuck_sessions; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.stuck_sessions IS 'One row per agent''s database session that is stuck at present, as the last tick saw it; only the ticker writes it.';

--
-- Name: COLUMN stuck_sessions.pid; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.stuck_sessions.pid IS 'The session''s backend.';

--
-- Name: COLUMN stuck_sessions.backend_start; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.stuck_sessions.backend_start IS 'When it began; pids are used again.';

--
-- Name: COLUMN stuck_sessions.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.stuck_sessions.agent_id IS 'Whose session it is.';

--
-- Name: COLUMN stuck_sessions.login_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.stuck_sessions.login_name IS 'Role it logged in with.';

--
-- Name: COLUMN stuck_sessions.problem; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.stuck_sessions.problem IS 'idle_in_transaction (longer than the policy''s stuck_idle_seconds) or blocks_others (somebody waits longer than stuck_blocking_seconds for its locks).';

--
-- Name: COLUMN stuck_sessions.stuck_since; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.stuck_sessions.stuck_since IS 'Since when it idles, or the first of those it blocks waits; the server''s clock.';

--
-- Name: COLUMN stuck_sessions.waiting_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.stuck_sessions.waiting_count IS 'Sessions that wait for it.';

--
-- Name: COLUMN stuck_sessions.found_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.stuck_sessions.found_at IS 'p_now of the tick that found it.';

--
-- Name: suppressions; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.suppressions AS
 SELECT alert_event_id AS suppression_id,
    occurred_at,
    agent_id,
    incident_id,
    reason_code,
    reason,
    channel,
    delivery_id
   FROM health.alert_events events
  WHERE (event = ANY (ARRAY['suppressed'::text, 'grouped'::text]));

ALTER VIEW health.suppressions OWNER TO health_owner;

--
-- Name: VIEW suppressions; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.suppressions IS 'One row per message that was not sent, or not by itself, and why; stable within a major version.';

--
-- Name: COLUMN suppressions.suppression_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.suppressions.suppression_id IS 'Number of the row of the ledger.';

--
-- Name: COLUMN suppressions.occurred_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.suppressions.occurred_at IS 'When.';

--
-- Name: COLUMN suppressions.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.suppressions.agent_id IS 'Which agent; NULL: the engine itself.';

--
-- Name: COLUMN suppressions.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.suppressions.incident_id IS 'Which incident; NULL: trouble not confirmed, which opened none.';

--
-- Name: COLUMN suppressions.reason_code; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.suppressions.reason_code IS 'Why a message was not sent, or not alone: a reason of docs/alerting.md.';

--
-- Name: COLUMN suppressions.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.suppressions.reason IS 'Why, in words.';

--
-- Name: COLUMN suppressions.channel; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.suppressions.channel IS 'Which channel; NULL: every one.';

--
-- Name: COLUMN suppressions.delivery_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.suppressions.delivery_id IS 'The message concerned.';

--
-- Name: system_events; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.system_events (
    agent_id health.agent_id NOT NULL,
    event_type health.event_type NOT NULL,
    severity health.event_severity DEFAULT 'info'::text NOT NULL,
    event_data health.event_data DEFAULT '{}'::jsonb NOT NULL,
    occurred_at timestamp with time zone,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    txid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT occurred_at_is_within_one_day_of_received_at CHECK (((occurred_at >= (received_at - '24:00:00'::interval)) AND (occurred_at <= (received_at + '24:00:00'::interval))))
)
PARTITION BY RANGE (received_at);

ALTER TABLE health.system_events OWNER TO health_owner;

--
-- Name: TABLE system_events; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.system_events IS 'One row per event; append-only, partitioned by received_at. Events the engine writes carry agent_id heartbeat_health_agent and name the other agent in event_data.';

--
-- Name: COLUMN system_events.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_events.agent_id IS 'Who tells.';

--
-- Name: COLUMN system_events.event_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_events.event_type IS 'Kind of event: error, failure, maintenance, agent_error, automated_recovery, …';

--
-- Name: COLUMN system_events.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_events.severity IS 'debug, info, warning, error, critical or emergency, in any case.';

--
-- Name: COLUMN system_events.event_data; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_events.event_data IS 'The facts, a JSON document of at most 64 kB.';

--
-- Name: COLUMN system_events.occurred_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_events.occurred_at IS 'The agent''s clock when it happened; within a day of received_at. NULL: as received.';

--
-- Name: COLUMN system_events.received_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_events.received_at IS 'The database''s clock when the row came. Agents cannot set it.';

--
-- Name: COLUMN system_events.txid; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_events.txid IS 'Transaction that wrote the row; with it the fold reads every row exactly once.';

--
-- Name: system_health; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.system_health AS
 SELECT count(*) AS agent_count,
    count(*) FILTER (WHERE (liveness = 'alive'::text)) AS alive_count,
    count(*) FILTER (WHERE (liveness = 'late'::text)) AS late_count,
    count(*) FILTER (WHERE (liveness = 'unresponsive'::text)) AS unresponsive_count,
    count(*) FILTER (WHERE (status = 'excellent'::text)) AS excellent_count,
    count(*) FILTER (WHERE (status = 'good'::text)) AS good_count,
    count(*) FILTER (WHERE (status = 'fair'::text)) AS fair_count,
    count(*) FILTER (WHERE (status = 'poor'::text)) AS poor_count,
    count(*) FILTER (WHERE (status = 'critical'::text)) AS critical_count,
    round(avg(score) FILTER (WHERE (liveness <> ALL (ARRAY['never_seen'::text, 'stopped'::text]))), 2) AS system_health_score,
    ( SELECT count(*) AS count
           FROM health.open_alerts) AS open_alert_count,
    ( SELECT count(*) AS count
           FROM health.recovery_backlog) AS recovery_backlog_count
   FROM health.fleet;

ALTER VIEW health.system_health OWNER TO health_owner;

--
-- Name: VIEW system_health; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.system_health IS 'One row: the whole fleet in numbers; system_health_score is the mean score of agents at work, 0..100; stable within a major version.';

--
-- Name: COLUMN system_health.agent_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.agent_count IS 'Agents known.';

--
-- Name: COLUMN system_health.alive_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.alive_count IS 'Agents that are alive.';

--
-- Name: COLUMN system_health.late_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.late_count IS 'Agents that are late.';

--
-- Name: COLUMN system_health.unresponsive_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.unresponsive_count IS 'Agents that do not answer.';

--
-- Name: COLUMN system_health.excellent_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.excellent_count IS 'Agents of status excellent.';

--
-- Name: COLUMN system_health.good_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.good_count IS 'Agents of status good.';

--
-- Name: COLUMN system_health.fair_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.fair_count IS 'Agents of status fair.';

--
-- Name: COLUMN system_health.poor_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.poor_count IS 'Agents of status poor.';

--
-- Name: COLUMN system_health.critical_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.critical_count IS 'Agents of status critical.';

--
-- Name: COLUMN system_health.system_health_score; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.system_health_score IS 'Mean score of agents at work, 0..100; NULL: none.';

--
-- Name: COLUMN system_health.open_alert_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.open_alert_count IS 'Alerts that are open.';

--
-- Name: COLUMN system_health.recovery_backlog_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.system_health.recovery_backlog_count IS 'Recoveries under way.';

--
-- Name: agent_changes; Type: TABLE; Schema: health_internal; Owner: health_owner
--

CREATE TABLE health_internal.agent_changes (
    agent_id text NOT NULL COLLATE pg_catalog."C",
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    txid xid8 DEFAULT pg_current_xact_id() NOT NULL
);

ALTER TABLE health_internal.agent_changes OWNER TO health_owner;

--
-- Name: TABLE agent_changes; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TABLE health_internal.agent_changes IS 'One row per change of an agent''s configuration that agent_status has yet to copy; read by snapshot, removed by housekeeping.';

--
-- Name: COLUMN agent_changes.agent_id; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.agent_changes.agent_id IS 'Whose configuration changed.';

--
-- Name: COLUMN agent_changes.changed_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.agent_changes.changed_at IS 'When.';

--
-- Name: COLUMN agent_changes.txid; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.agent_changes.txid IS 'Transaction that changed it.';

--
-- Name: fencing_tokens; Type: SEQUENCE; Schema: health_internal; Owner: health_owner
--

CREATE SEQUENCE health_internal.fencing_tokens
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE health_internal.fencing_tokens OWNER TO health_owner;

--
-- Name: SEQUENCE fencing_tokens; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON SEQUENCE health_internal.fencing_tokens IS 'Ever-growing tokens: a worker whose lease was lost holds an older one and is refused.';

--
-- Name: flapping_agents; Type: TABLE; Schema: health_internal; Owner: health_owner
--

CREATE TABLE health_internal.flapping_agents (
    agent_id text NOT NULL COLLATE pg_catalog."C",
    since timestamp with time zone NOT NULL
);

ALTER TABLE health_internal.flapping_agents OWNER TO health_owner;

--
-- Name: TABLE flapping_agents; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TABLE health_internal.flapping_agents IS 'One row per agent that flaps: entered above, left at the policy''s limits.';

--
-- Name: COLUMN flapping_agents.agent_id; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.flapping_agents.agent_id IS 'Which agent.';

--
-- Name: COLUMN flapping_agents.since; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.flapping_agents.since IS 'Since when.';

--
-- Name: job_signals; Type: TABLE; Schema: health_internal; Owner: health_owner
--

CREATE TABLE health_internal.job_signals (
    agent_id text NOT NULL COLLATE pg_catalog."C",
    run_id text NOT NULL COLLATE pg_catalog."C",
    signal text NOT NULL COLLATE pg_catalog."C",
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    attributes jsonb,
    txid xid8 DEFAULT pg_current_xact_id() NOT NULL
);

ALTER TABLE health_internal.job_signals OWNER TO health_owner;

--
-- Name: TABLE job_signals; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TABLE health_internal.job_signals IS 'One row per heartbeat with a signal start, success, fail or log, copied as it is inserted; read by snapshot like heartbeats, removed by housekeeping.';

--
-- Name: COLUMN job_signals.agent_id; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.job_signals.agent_id IS 'Which job.';

--
-- Name: COLUMN job_signals.run_id; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.job_signals.run_id IS 'Which of its runs; empty: it names none.';

--
-- Name: COLUMN job_signals.signal; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.job_signals.signal IS 'start, success, fail or log.';

--
-- Name: COLUMN job_signals.received_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.job_signals.received_at IS 'When the heartbeat came, by the database''s clock.';

--
-- Name: COLUMN job_signals.attributes; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.job_signals.attributes IS 'attributes of the heartbeat.';

--
-- Name: COLUMN job_signals.txid; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.job_signals.txid IS 'Transaction that wrote the heartbeat.';

--
-- Name: metric_series; Type: TABLE; Schema: health_internal; Owner: health_owner
--

CREATE TABLE health_internal.metric_series (
    agent_id text NOT NULL COLLATE pg_catalog."C",
    metric_name text NOT NULL COLLATE pg_catalog."C",
    unit text,
    last_value double precision NOT NULL,
    last_received_at timestamp with time zone NOT NULL,
    value_count bigint NOT NULL,
    decayed_at timestamp with time zone NOT NULL,
    weight double precision NOT NULL,
    value_sum double precision NOT NULL,
    square_sum double precision NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE health_internal.metric_series OWNER TO health_owner;

--
-- Name: TABLE metric_series; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TABLE health_internal.metric_series IS 'One row per series of performance_metrics: time-decayed sums with weight exp(-age / 60 min), folded from new rows only.';

--
-- Name: COLUMN metric_series.agent_id; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.agent_id IS 'Which agent logs the series.';

--
-- Name: COLUMN metric_series.metric_name; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.metric_name IS 'Name of the series.';

--
-- Name: COLUMN metric_series.unit; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.unit IS 'Unit as last told.';

--
-- Name: COLUMN metric_series.last_value; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.last_value IS 'The latest value by received_at.';

--
-- Name: COLUMN metric_series.last_received_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.last_received_at IS 'When it was received.';

--
-- Name: COLUMN metric_series.value_count; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.value_count IS 'Values folded since the series began.';

--
-- Name: COLUMN metric_series.decayed_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.decayed_at IS 'Time to which the sums are decayed.';

--
-- Name: COLUMN metric_series.weight; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.weight IS 'Sum of weights, in values.';

--
-- Name: COLUMN metric_series.value_sum; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.value_sum IS 'Weighted sum of values.';

--
-- Name: COLUMN metric_series.square_sum; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.metric_series.square_sum IS 'Weighted sum of squared values.';

--
-- Name: notices; Type: TABLE; Schema: health_internal; Owner: health_owner
--

CREATE TABLE health_internal.notices (
    channel text NOT NULL COLLATE pg_catalog."C",
    incident_id bigint NOT NULL,
    event text NOT NULL,
    step integer DEFAULT 0 NOT NULL,
    severity text NOT NULL,
    number integer NOT NULL,
    is_alone boolean NOT NULL,
    queued_at timestamp with time zone NOT NULL
);

ALTER TABLE health_internal.notices OWNER TO health_owner;

--
-- Name: TABLE notices; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TABLE health_internal.notices IS 'One row per incident a channel has yet to be told of: a message of its own at once, or the next digest.';

--
-- Name: COLUMN notices.channel; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.notices.channel IS 'Channel to tell.';

--
-- Name: COLUMN notices.incident_id; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.notices.incident_id IS 'Of which incident.';

--
-- Name: COLUMN notices.event; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.notices.event IS 'As deliveries.event.';

--
-- Name: COLUMN notices.step; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.notices.step IS 'As deliveries.step.';

--
-- Name: COLUMN notices.severity; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.notices.severity IS 'How severe it is.';

--
-- Name: COLUMN notices.number; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.notices.number IS 'Number of the message within the incident; part of its idempotency key.';

--
-- Name: COLUMN notices.is_alone; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.notices.is_alone IS 'Whether it is grouped with nothing and waits for nothing: the engine''s own incidents, and those of many agents.';

--
-- Name: COLUMN notices.queued_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.notices.queued_at IS 'Since when it waits.';

--
-- Name: partitions; Type: TABLE; Schema: health_internal; Owner: health_owner
--

CREATE TABLE health_internal.partitions (
    table_name text NOT NULL,
    partition_name text NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone NOT NULL,
    is_history boolean DEFAULT false NOT NULL,
    CONSTRAINT partition_until_is_after_from CHECK ((until_at > from_at))
);

ALTER TABLE health_internal.partitions OWNER TO health_owner;

--
-- Name: TABLE partitions; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TABLE health_internal.partitions IS 'One row per partition of a raw table but the default ones.';

--
-- Name: COLUMN partitions.table_name; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.partitions.table_name IS 'Raw table in schema health.';

--
-- Name: COLUMN partitions.partition_name; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.partitions.partition_name IS 'Its partition.';

--
-- Name: COLUMN partitions.from_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.partitions.from_at IS 'First received_at it holds.';

--
-- Name: COLUMN partitions.until_at; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.partitions.until_at IS 'First received_at it no longer holds.';

--
-- Name: COLUMN partitions.is_history; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON COLUMN health_internal.partitions.is_history IS 'Made by load_history and exempt from retention.';

--
-- Name: agent_logins agent_logins_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.agent_logins
    ADD CONSTRAINT agent_logins_pkey PRIMARY KEY (agent_id, login_name);

--
-- Name: agent_sessions agent_sessions_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.agent_sessions
    ADD CONSTRAINT agent_sessions_pkey PRIMARY KEY (session_id);

--
-- Name: agent_status agent_status_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.agent_status
    ADD CONSTRAINT agent_status_pkey PRIMARY KEY (agent_id);

--
-- Name: agents agents_agent_number_key; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.agents
    ADD CONSTRAINT agents_agent_number_key UNIQUE (agent_number);

--
-- Name: agents agents_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (agent_id);

--
-- Name: alert_events alert_events_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.alert_events
    ADD CONSTRAINT alert_events_pkey PRIMARY KEY (alert_event_id);

--
-- Name: alert_rules alert_rules_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.alert_rules
    ADD CONSTRAINT alert_rules_pkey PRIMARY KEY (rule);

--
-- Name: alerts alerts_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (alert_id);

--
-- Name: channels channels_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.channels
    ADD CONSTRAINT channels_pkey PRIMARY KEY (channel);

--
-- Name: deliveries deliveries_idempotency_key; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.deliveries
    ADD CONSTRAINT deliveries_idempotency_key UNIQUE (idempotency_key);

--
-- Name: deliveries deliveries_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (delivery_id);

--
-- Name: dependencies dependencies_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.dependencies
    ADD CONSTRAINT dependencies_pkey PRIMARY KEY (child_id, parent_id);

--
-- Name: escalation_policies escalation_policies_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.escalation_policies
    ADD CONSTRAINT escalation_policies_pkey PRIMARY KEY (escalation_policy);

--
-- Name: escalation_steps escalation_steps_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.escalation_steps
    ADD CONSTRAINT escalation_steps_pkey PRIMARY KEY (escalation_policy, step);

--
-- Name: freeze_windows freeze_windows_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.freeze_windows
    ADD CONSTRAINT freeze_windows_pkey PRIMARY KEY (window_id);

--
-- Name: incident_members incident_members_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.incident_members
    ADD CONSTRAINT incident_members_pkey PRIMARY KEY (incident_id, agent_id);

--
-- Name: incidents incidents_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.incidents
    ADD CONSTRAINT incidents_pkey PRIMARY KEY (incident_id);

--
-- Name: job_expectations job_expectations_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.job_expectations
    ADD CONSTRAINT job_expectations_pkey PRIMARY KEY (agent_id);

--
-- Name: job_runs job_runs_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (job_run_id);

--
-- Name: maintenance_periods maintenance_periods_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.maintenance_periods
    ADD CONSTRAINT maintenance_periods_pkey PRIMARY KEY (period_id);

--
-- Name: maintenance_windows maintenance_windows_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.maintenance_windows
    ADD CONSTRAINT maintenance_windows_pkey PRIMARY KEY (window_id);

--
-- Name: monitor_gaps monitor_gaps_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.monitor_gaps
    ADD CONSTRAINT monitor_gaps_pkey PRIMARY KEY (gap_id);

--
-- Name: policies policies_class_version_key; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.policies
    ADD CONSTRAINT policies_class_version_key UNIQUE (policy_class, version);

--
-- Name: policies policies_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.policies
    ADD CONSTRAINT policies_pkey PRIMARY KEY (policy_id);

--
-- Name: recovery_actions recovery_actions_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.recovery_actions
    ADD CONSTRAINT recovery_actions_pkey PRIMARY KEY (action_id);

--
-- Name: recovery_steps recovery_steps_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.recovery_steps
    ADD CONSTRAINT recovery_steps_pkey PRIMARY KEY (recovery_step_id);

--
-- Name: recovery_storms recovery_storms_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.recovery_storms
    ADD CONSTRAINT recovery_storms_pkey PRIMARY KEY (storm_id);

--
-- Name: recovery_strategies recovery_strategies_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.recovery_strategies
    ADD CONSTRAINT recovery_strategies_pkey PRIMARY KEY (policy_class, issue_type, step);

--
-- Name: rule_findings rule_findings_rule_agent_key; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.rule_findings
    ADD CONSTRAINT rule_findings_rule_agent_key UNIQUE NULLS NOT DISTINCT (rule, agent_id);

--
-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (is_only_row);

--
-- Name: silences silences_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.silences
    ADD CONSTRAINT silences_pkey PRIMARY KEY (silence_id);

--
-- Name: status_transitions status_transitions_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.status_transitions
    ADD CONSTRAINT status_transitions_pkey PRIMARY KEY (transition_id);

--
-- Name: stuck_sessions stuck_sessions_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.stuck_sessions
    ADD CONSTRAINT stuck_sessions_pkey PRIMARY KEY (pid, backend_start);

--
-- Name: engine engine_pkey; Type: CONSTRAINT; Schema: health_internal; Owner: health_owner
--

ALTER TABLE ONLY health_internal.engine
    ADD CONSTRAINT engine_pkey PRIMARY KEY (is_only_row);

--
-- Name: flapping_agents flapping_agents_pkey; Type: CONSTRAINT; Schema: health_internal; Owner: health_owner
--

ALTER TABLE ONLY health_internal.flapping_agents
    ADD CONSTRAINT flapping_agents_pkey PRIMARY KEY (agent_id);

--
-- Name: metric_series metric_series_pkey; Type: CONSTRAINT; Schema: health_internal; Owner: health_owner
--

ALTER TABLE ONLY health_internal.metric_series
    ADD CONSTRAINT metric_series_pkey PRIMARY KEY (agent_id, metric_name);

--
-- Name: notices notices_pkey; Type: CONSTRAINT; Schema: health_internal; Owner: health_owner
--

ALTER TABLE ONLY health_internal.notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (incident_id, channel);

--
-- Name: partitions partitions_pkey; Type: CONSTRAINT; Schema: health_internal; Owner: health_owner
--

ALTER TABLE ONLY health_internal.partitions
    ADD CONSTRAINT partitions_pkey PRIMARY KEY (partition_name);

--
-- Name: agent_heartbeats_txid_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX agent_heartbeats_txid_idx ON ONLY health.agent_heartbeats USING btree (txid);

--
-- Name: INDEX agent_heartbeats_txid_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.agent_heartbeats_txid_idx IS 'health_internal.arrived_heartbeats reads what became visible since its last snapshot.';

--
-- Name: agent_logins_login_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX agent_logins_login_idx ON health.agent_logins USING btree (login_name);

--
-- Name: INDEX agent_logins_login_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.agent_logins_login_idx IS 'Policy agents_read_their_own lists the agents of a login. (Writing probes the primary key, which begins with the agent: comparing ids settles it, the login is compared once.)';

--
-- Name: agent_sessions_open_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX agent_sessions_open_idx ON health.agent_sessions USING btree (agent_id) WHERE (lost_at IS NULL);

--
-- Name: INDEX agent_sessions_open_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.agent_sessions_open_idx IS 'health_internal.watch_sessions compares open sessions with the locks held.';

--
-- Name: agent_status_active_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX agent_status_active_idx ON health.agent_status USING btree (agent_id) WHERE ((active_conditions <> '{}'::text[]) OR (issue_type IS NOT NULL));

--
-- Name: INDEX agent_status_active_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.agent_status_active_idx IS 'health_internal.act reads the few agents with a condition or an issue. Its predicate changes only with them, so that ordinary updates stay HOT.';

--
-- Name: agents_revenue_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX agents_revenue_idx ON health.agents USING btree (agent_id) WHERE (revenue_usd_per_hour > (0)::double precision);

--
-- Name: INDEX agents_revenue_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.agents_revenue_idx IS 'health_internal.wanted_alerts reckons revenue at risk.';

--
-- Name: alert_events_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX alert_events_agent_idx ON health.alert_events USING btree (agent_id, occurred_at) WHERE (incident_id IS NULL);

--
-- Name: INDEX alert_events_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.alert_events_agent_idx IS 'explain_silence reads an agent''s unconfirmed troubles.';

--
-- Name: alert_events_incident_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX alert_events_incident_idx ON health.alert_events USING btree (incident_id, occurred_at);

--
-- Name: INDEX alert_events_incident_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.alert_events_incident_idx IS 'alert_history and explain_silence read one incident in order.';

--
-- Name: alerts_incident_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX alerts_incident_idx ON health.alerts USING btree (incident_id);

--
-- Name: INDEX alerts_incident_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.alerts_incident_idx IS 'Deciding and telling read the alerts of an incident.';

--
-- Name: alerts_open_key; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE UNIQUE INDEX alerts_open_key ON health.alerts USING btree (agent_id, rule) NULLS NOT DISTINCT WHERE (resolved_at IS NULL);

--
-- Name: INDEX alerts_open_key; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.alerts_open_key IS 'One open alert per agent and rule.';

--
-- Name: deliveries_channel_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX deliveries_channel_idx ON health.deliveries USING btree (channel);

--
-- Name: INDEX deliveries_channel_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.deliveries_channel_idx IS 'Serves the foreign key when a channel is removed.';

--
-- Name: deliveries_finished_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX deliveries_finished_idx ON health.deliveries USING btree (channel, state, finished_at) WHERE (finished_at IS NOT NULL);

--
-- Name: INDEX deliveries_finished_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.deliveries_finished_idx IS 'health_internal.broken_channels compares each channel''s last success with its last failure.';

--
-- Name: deliveries_incident_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX deliveries_incident_idx ON health.deliveries USING btree (incident_id);

--
-- Name: INDEX deliveries_incident_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.deliveries_incident_idx IS 'An acknowledgement cancels the pending messages of its incident.';

--
-- Name: deliveries_open_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX deliveries_open_idx ON health.deliveries USING btree (not_before) WHERE (state = ANY (ARRAY['pending'::text, 'claimed'::text]));

--
-- Name: INDEX deliveries_open_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.deliveries_open_idx IS 'claim_deliveries reads what is due.';

--
-- Name: dependencies_parent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX dependencies_parent_idx ON health.dependencies USING btree (parent_id);

--
-- Name: INDEX dependencies_parent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.dependencies_parent_idx IS 'A parent that falls or returns has its children looked at again.';

--
-- Name: incidents_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX incidents_agent_idx ON health.incidents USING btree (agent_id, onset_at);

--
-- Name: INDEX incidents_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.incidents_agent_idx IS 'Analysts read one agent''s incidents in order.';

--
-- Name: incidents_fleet_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX incidents_fleet_idx ON health.incidents USING btree (fleet_incident_id) WHERE (fleet_incident_id IS NOT NULL);

--
-- Name: INDEX incidents_fleet_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.incidents_fleet_idx IS 'health_internal.close_fleet_incidents counts members still in trouble.';

--
-- Name: incidents_open_key; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE UNIQUE INDEX incidents_open_key ON health.incidents USING btree (agent_id, engine_rule) NULLS NOT DISTINCT WHERE (resolved_at IS NULL);

--
-- Name: INDEX incidents_open_key; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.incidents_open_key IS 'One open incident per agent, and per rule of the engine.';

--
-- Name: incidents_unsettled_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX incidents_unsettled_idx ON health.incidents USING btree (incident_id) WHERE (NOT is_settled);

--
-- Name: INDEX incidents_unsettled_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.incidents_unsettled_idx IS 'health_internal.incident_facts reads the incidents about which something may have to be told. Not on next_check_at: telling of ten thousand is then ten thousand HOT updates.';

--
-- Name: ingest_heartbeats_txid_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX ingest_heartbeats_txid_idx ON ONLY health.ingest_heartbeats USING btree (txid);

--
-- Name: INDEX ingest_heartbeats_txid_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.ingest_heartbeats_txid_idx IS 'health_internal.arrived_heartbeats reads what became visible since its last snapshot.';

--
-- Name: job_expectations_check_at_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX job_expectations_check_at_idx ON health.job_expectations USING btree (check_at);

--
-- Name: INDEX job_expectations_check_at_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.job_expectations_check_at_idx IS 'health_internal.watch_jobs looks for deadlines that passed.';

--
-- Name: job_expectations_missed_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX job_expectations_missed_idx ON health.job_expectations USING btree (agent_id) WHERE ((missed_run_id IS NOT NULL) AND (NOT uses_signals));

--
-- Name: INDEX job_expectations_missed_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.job_expectations_missed_idx IS 'health_internal.watch_jobs looks whether a plain heartbeat has made good what was missed.';

--
-- Name: job_runs_finished_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX job_runs_finished_idx ON health.job_runs USING btree (agent_id, finished_at);

--
-- Name: INDEX job_runs_finished_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.job_runs_finished_idx IS 'health_internal.refresh_jobs looks for the last end; people read a job''s history.';

--
-- Name: job_runs_open_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX job_runs_open_idx ON health.job_runs USING btree (agent_id) WHERE (outcome = ANY (ARRAY['running'::text, 'overdue'::text]));

--
-- Name: INDEX job_runs_open_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.job_runs_open_idx IS 'health_internal.refresh_jobs and watch_jobs read the runs that have not ended.';

--
-- Name: job_runs_overdue_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX job_runs_overdue_idx ON health.job_runs USING btree (overdue_at) WHERE (outcome = 'running'::text);

--
-- Name: INDEX job_runs_overdue_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.job_runs_overdue_idx IS 'health_internal.watch_jobs looks for runs that take too long.';

--
-- Name: job_runs_run_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX job_runs_run_idx ON health.job_runs USING btree (agent_id, run_id, began_at);

--
-- Name: INDEX job_runs_run_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.job_runs_run_idx IS 'health_internal.fold_signals looks for the latest run of a run_id.';

--
-- Name: maintenance_periods_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX maintenance_periods_agent_idx ON health.maintenance_periods USING btree (agent_id, started_at);

--
-- Name: INDEX maintenance_periods_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.maintenance_periods_agent_idx IS 'health_internal.in_maintenance and availability read one agent''s periods.';

--
-- Name: maintenance_periods_open_key; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE UNIQUE INDEX maintenance_periods_open_key ON health.maintenance_periods USING btree (agent_id, window_id) WHERE (ended_at IS NULL);

--
-- Name: INDEX maintenance_periods_open_key; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.maintenance_periods_open_key IS 'Who is in maintenance now: fold, recovery and telling join it; once per window.';

--
-- Name: maintenance_periods_window_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX maintenance_periods_window_idx ON health.maintenance_periods USING btree (window_id);

--
-- Name: INDEX maintenance_periods_window_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.maintenance_periods_window_idx IS 'health_internal.refresh_maintenance ends the periods of a window.';

--
-- Name: monitor_gaps_ended_at_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX monitor_gaps_ended_at_idx ON health.monitor_gaps USING btree (ended_at);

--
-- Name: INDEX monitor_gaps_ended_at_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.monitor_gaps_ended_at_idx IS 'health_internal.blind_seconds looks for gaps that reach into a silence.';

--
-- Name: performance_metrics_txid_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX performance_metrics_txid_idx ON ONLY health.performance_metrics USING btree (txid);

--
-- Name: INDEX performance_metrics_txid_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.performance_metrics_txid_idx IS 'health_internal.fold_metrics reads what became visible since its last snapshot.';

--
-- Name: recovery_actions_active_key; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE UNIQUE INDEX recovery_actions_active_key ON health.recovery_actions USING btree (agent_id) WHERE (state = ANY (ARRAY['pending'::text, 'claimed'::text, 'executing'::text, 'verifying'::text]));

--
-- Name: INDEX recovery_actions_active_key; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_active_key IS 'One recovery of an agent at a time, whoever asks; the tick reads active ones.';

--
-- Name: recovery_actions_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_agent_idx ON health.recovery_actions USING btree (agent_id, created_at, action_id);

--
-- Name: INDEX recovery_actions_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_agent_idx IS 'health_internal.enqueue_recoveries reads an agent''s latest attempt; people its history. No other index gives that order, so that no plan reads everybody''s.';

--
-- Name: recovery_actions_budget_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_budget_idx ON health.recovery_actions USING btree (agent_id, started_at) WHERE (started_at IS NOT NULL);

--
-- Name: INDEX recovery_actions_budget_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_budget_idx IS 'health_internal.apply_brakes counts an agent''s attempts in the window of its budget.';

--
-- Name: recovery_actions_due_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_due_idx ON health.recovery_actions USING btree (not_before, action_id) WHERE ((state = 'pending'::text) AND (released_at IS NOT NULL));

--
-- Name: INDEX recovery_actions_due_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_due_idx IS 'claim_recovery_actions takes the first few of many.';

--
-- Name: recovery_actions_incident_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_incident_idx ON health.recovery_actions USING btree (incident_id) WHERE (incident_id IS NOT NULL);

--
-- Name: INDEX recovery_actions_incident_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_incident_idx IS 'Serves the foreign key.';

--
-- Name: recovery_actions_started_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_started_idx ON health.recovery_actions USING btree (started_at) WHERE (started_at IS NOT NULL);

--
-- Name: INDEX recovery_actions_started_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_started_idx IS 'health_internal.spent_by_groups counts the attempts of groups in that window.';

--
-- Name: recovery_actions_succeeded_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_succeeded_idx ON health.recovery_actions USING btree (finished_at) WHERE (state = 'succeeded'::text);

--
-- Name: INDEX recovery_actions_succeeded_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_succeeded_idx IS 'health_internal.check_engine counts an agent''s restarts of the last day.';

--
-- Name: recovery_actions_unsettled_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_unsettled_idx ON health.recovery_actions USING btree (agent_id) WHERE ((settled_at IS NULL) AND (state = ANY (ARRAY['failed'::text, 'escalated'::text])));

--
-- Name: INDEX recovery_actions_unsettled_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_unsettled_idx IS 'health_internal.settle_recoveries looks at those whose trouble may be over.';

--
-- Name: recovery_steps_action_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_steps_action_idx ON health.recovery_steps USING btree (action_id, recovery_step_id);

--
-- Name: INDEX recovery_steps_action_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_steps_action_idx IS 'recovery_history tells the steps of one recovery in order; serves the foreign key.';

--
-- Name: recovery_storms_open_key; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE UNIQUE INDEX recovery_storms_open_key ON health.recovery_storms USING btree (((ended_at IS NULL))) WHERE (ended_at IS NULL);

--
-- Name: INDEX recovery_storms_open_key; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_storms_open_key IS 'One storm at a time; health_internal.watch_storm and approve_recoveries read it.';

--
-- Name: silences_ends_at_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX silences_ends_at_idx ON health.silences USING btree (ends_at);

--
-- Name: INDEX silences_ends_at_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.silences_ends_at_idx IS 'health_internal.incident_facts reads those that have not ended.';

--
-- Name: status_transitions_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX status_transitions_agent_idx ON health.status_transitions USING btree (agent_id, occurred_at);

--
-- Name: INDEX status_transitions_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.status_transitions_agent_idx IS 'agent_timeline reads one agent in order.';

--
-- Name: stuck_sessions_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX stuck_sessions_agent_idx ON health.stuck_sessions USING btree (agent_id);

--
-- Name: INDEX stuck_sessions_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.stuck_sessions_agent_idx IS 'health_internal.troubled_agents asks by agent.';

--
-- Name: system_events_txid_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX system_events_txid_idx ON ONLY health.system_events USING btree (txid);

--
-- Name: INDEX system_events_txid_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.system_events_txid_idx IS 'health_internal.fold_events reads what became visible since its last snapshot.';

--
-- Name: agent_changes_txid_idx; Type: INDEX; Schema: health_internal; Owner: health_owner
--

CREATE INDEX agent_changes_txid_idx ON health_internal.agent_changes USING btree (txid);

--
-- Name: INDEX agent_changes_txid_idx; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON INDEX health_internal.agent_changes_txid_idx IS 'health_internal.fold_agent_changes reads what became visible since its last snapshot.';

--
-- Name: job_signals_txid_idx; Type: INDEX; Schema: health_internal; Owner: health_owner
--

CREATE INDEX job_signals_txid_idx ON health_internal.job_signals USING btree (txid);

--
-- Name: INDEX job_signals_txid_idx; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON INDEX health_internal.job_signals_txid_idx IS 'health_internal.fold_signals reads what became visible since its last snapshot.';

--
-- Name: partitions_table_idx; Type: INDEX; Schema: health_internal; Owner: health_owner
--

CREATE INDEX partitions_table_idx ON health_internal.partitions USING btree (table_name, from_at);

--
-- Name: INDEX partitions_table_idx; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON INDEX health_internal.partitions_table_idx IS 'Partition care looks for the partition that covers a time.';

--
-- Name: agent_heartbeats _100_admit; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _100_admit BEFORE INSERT ON health.agent_heartbeats FOR EACH ROW EXECUTE FUNCTION health_internal.tg_agent_heartbeats__admit();

--
-- Name: ingest_heartbeats _100_admit; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _100_admit AFTER INSERT ON health.ingest_heartbeats REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION health_internal.tg_ingest_heartbeats__admit();

--
-- Name: agents _100_check_policy_class; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _100_check_policy_class BEFORE INSERT OR UPDATE OF policy_class ON health.agents FOR EACH ROW WHEN ((new.policy_class <> 'standard'::text)) EXECUTE FUNCTION health_internal.tg_agents__check_policy_class();

--
-- Name: agents _100_check_schedule; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _100_check_schedule BEFORE INSERT OR UPDATE OF schedule, time_zone ON health.agents FOR EACH ROW WHEN ((new.schedule IS NOT NULL)) EXECUTE FUNCTION health_internal.tg_agents__check_schedule();

--
-- Name: dependencies _100_refuse_cycles; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _100_refuse_cycles BEFORE INSERT OR UPDATE ON health.dependencies FOR EACH ROW WHEN ((new.child_id <> new.parent_id)) EXECUTE FUNCTION health_internal.tg_dependencies__refuse_cycles();

--
-- Name: agent_status _500_note_transition; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_note_transition AFTER UPDATE ON health.agent_status FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) OR (old.liveness IS DISTINCT FROM new.liveness) OR (old.issue_type IS DISTINCT FROM new.issue_type))) EXECUTE FUNCTION health_internal.tg_agent_status__note_transition();

--
-- Name: status_transitions _500_queue_recoveries; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_queue_recoveries AFTER INSERT ON health.status_transitions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN ((pg_trigger_depth() = 0)) EXECUTE FUNCTION health_internal.tg_status_transitions__queue_recoveries();

--
-- Name: agents _500_tell_change; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_tell_change AFTER UPDATE ON health.agents FOR EACH ROW WHEN (((((((((old.policy_class IS DISTINCT FROM new.policy_class) OR (old.expected_interval IS DISTINCT FROM new.expected_interval)) OR (old.grace IS DISTINCT FROM new.grace)) OR (old.latency_slo_ms IS DISTINCT FROM new.latency_slo_ms)) OR (old.throughput_slo_per_minute IS DISTINCT FROM new.throughput_slo_per_minute)) OR (old.schedule IS DISTINCT FROM new.schedule)) OR (old.time_zone IS DISTINCT FROM new.time_zone)) OR (old.max_run_time IS DISTINCT FROM new.max_run_time))) EXECUTE FUNCTION health_internal.tg_agents__tell_change();

--
-- Name: agents _500_tell_new; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_tell_new AFTER INSERT ON health.agents FOR EACH ROW EXECUTE FUNCTION health_internal.tg_agents__tell_change();

--
-- Name: agents _500_tell_removal; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_tell_removal AFTER DELETE ON health.agents FOR EACH ROW EXECUTE FUNCTION health_internal.tg_agents__tell_change();

--
-- Name: deliveries deliveries_channel_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.deliveries
    ADD CONSTRAINT deliveries_channel_fkey FOREIGN KEY (channel) REFERENCES health.channels(channel);

--
-- Name: deliveries deliveries_incident_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.deliveries
    ADD CONSTRAINT deliveries_incident_fkey FOREIGN KEY (incident_id) REFERENCES health.incidents(incident_id);

--
-- Name: escalation_steps escalation_steps_policy_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.escalation_steps
    ADD CONSTRAINT escalation_steps_policy_fkey FOREIGN KEY (escalation_policy) REFERENCES health.escalation_policies(escalation_policy) ON DELETE CASCADE;

--
-- Name: incident_members incident_members_incident_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.incident_members
    ADD CONSTRAINT incident_members_incident_fkey FOREIGN KEY (incident_id) REFERENCES health.incidents(incident_id);

--
-- Name: incidents incidents_fleet_incident_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.incidents
    ADD CONSTRAINT incidents_fleet_incident_fkey FOREIGN KEY (fleet_incident_id) REFERENCES health.incidents(incident_id);

--
-- Name: maintenance_periods maintenance_periods_window_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.maintenance_periods
    ADD CONSTRAINT maintenance_periods_window_fkey FOREIGN KEY (window_id) REFERENCES health.maintenance_windows(window_id);

--
-- Name: recovery_actions recovery_actions_incident_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.recovery_actions
    ADD CONSTRAINT recovery_actions_incident_fkey FOREIGN KEY (incident_id) REFERENCES health.incidents(incident_id);

--
-- Name: recovery_steps recovery_steps_action_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.recovery_steps
    ADD CONSTRAINT recovery_steps_action_fkey FOREIGN KEY (action_id) REFERENCES health.recovery_actions(action_id) ON DELETE CASCADE;

--
-- Name: rule_findings rule_findings_rule_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.rule_findings
    ADD CONSTRAINT rule_findings_rule_fkey FOREIGN KEY (rule) REFERENCES health.alert_rules(rule) ON DELETE CASCADE;

--
-- Name: agent_logins admins_do_all; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY admins_do_all ON health.agent_logins TO health_admin USING (true);

--
-- Name: agents admins_do_all; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY admins_do_all ON health.agents TO health_admin USING (true);

--
-- Name: agent_heartbeats; Type: ROW SECURITY; Schema: health; Owner: health_owner
--

ALTER TABLE health.agent_heartbeats ENABLE ROW LEVEL SECURITY;

--
-- Name: agent_logins; Type: ROW SECURITY; Schema: health; Owner: health_owner
--

ALTER TABLE health.agent_logins ENABLE ROW LEVEL SECURITY;

--
-- Name: agent_sessions; Type: ROW SECURITY; Schema: health; Owner: health_owner
--

ALTER TABLE health.agent_sessions ENABLE ROW LEVEL SECURITY;

--
-- Name: agents; Type: ROW SECURITY; Schema: health; Owner: health_owner
--

ALTER TABLE health.agents ENABLE ROW LEVEL SECURITY;

--
-- Name: agent_heartbeats agents_insert_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY agents_insert_their_own ON health.agent_heartbeats FOR INSERT TO health_agent WITH CHECK ((EXISTS ( SELECT
   FROM health.agent_logins logins
  WHERE ((logins.login_name = CURRENT_USER) AND (logins.agent_id = (agent_heartbeats.agent_id)::text)))));

--
-- Name: agent_sessions agents_insert_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY agents_insert_their_own ON health.agent_sessions FOR INSERT TO health_agent WITH CHECK ((EXISTS ( SELECT
   FROM health.agent_logins logins
  WHERE ((logins.login_name = CURRENT_USER) AND (logins.agent_id = (agent_sessions.agent_id)::text)))));

--
-- Name: agents agents_insert_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY agents_insert_their_own ON health.agents FOR INSERT TO health_agent WITH CHECK ((EXISTS ( SELECT
   FROM health.agent_logins logins
  WHERE ((logins.login_name = CURRENT_USER) AND (logins.agent_id = (agents.agent_id)::text)))));

--
-- Name: performance_metrics agents_insert_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY agents_insert_their_own ON health.performance_metrics FOR INSERT TO health_agent WITH CHECK ((EXISTS ( SELECT
   FROM health.agent_logins logins
  WHERE ((logins.login_name = CURRENT_USER) AND (logins.agent_id = (performance_metrics.agent_id)::text)))));

--
-- Name: system_events agents_insert_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY agents_insert_their_own ON health.system_events FOR INSERT TO health_agent WITH CHECK ((EXISTS ( SELECT
   FROM health.agent_logins logins
  WHERE ((logins.login_name = CURRENT_USER) AND (logins.agent_id = (system_events.agent_id)::text)))));

--
-- Name: agent_sessions agents_read_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY agents_read_their_own ON health.agent_sessions FOR SELECT TO health_agent USING (((agent_id)::text IN ( SELECT logins.agent_id
   FROM health.agent_logins logins
  WHERE (logins.login_name = CURRENT_USER))));

--
-- Name: agents agents_read_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY agents_read_their_own ON health.agents FOR SELECT TO health_agent USING (((agent_id)::text IN ( SELECT logins.agent_id
   FROM health.agent_logins logins
  WHERE (logins.login_name = CURRENT_USER))));

--
-- Name: agents agents_update_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY agents_update_their_own ON health.agents FOR UPDATE TO health_agent USING (((agent_id)::text IN ( SELECT logins.agent_id
   FROM health.agent_logins logins
  WHERE (logins.login_name = CURRENT_USER))));

--
-- Name: agent_heartbeats bridges_insert; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY bridges_insert ON health.agent_heartbeats FOR INSERT TO health_bridge WITH CHECK (starts_with((agent_id)::text, 'bridge:'::text));

--
-- Name: agent_sessions bridges_insert; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY bridges_insert ON health.agent_sessions FOR INSERT TO health_bridge WITH CHECK (starts_with((agent_id)::text, 'bridge:'::text));

--
-- Name: agents bridges_insert; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY bridges_insert ON health.agents FOR INSERT TO health_bridge WITH CHECK (starts_with((agent_id)::text, 'bridge:'::text));

--
-- Name: performance_metrics bridges_insert; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY bridges_insert ON health.performance_metrics FOR INSERT TO health_bridge WITH CHECK (starts_with((agent_id)::text, 'bridge:'::text));

--
-- Name: system_events bridges_insert; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY bridges_insert ON health.system_events FOR INSERT TO health_bridge WITH CHECK (starts_with((agent_id)::text, 'bridge:'::text));

--
-- Name: agents bridges_update; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY bridges_update ON health.agents FOR UPDATE TO health_bridge USING (starts_with((agent_id)::text, 'bridge:'::text));

--
-- Name: agent_logins logins_read_their_own; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY logins_read_their_own ON health.agent_logins FOR SELECT USING ((login_name = CURRENT_USER));

--
-- Name: performance_metrics; Type: ROW SECURITY; Schema: health; Owner: health_owner
--

ALTER TABLE health.performance_metrics ENABLE ROW LEVEL SECURITY;

--
-- Name: agent_heartbeats readers_read; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY readers_read ON health.agent_heartbeats FOR SELECT TO health_analyst, health_bridge USING (true);

--
-- Name: agent_sessions readers_read; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY readers_read ON health.agent_sessions FOR SELECT TO health_analyst, health_bridge USING (true);

--
-- Name: agents readers_read; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY readers_read ON health.agents FOR SELECT TO health_analyst, health_bridge USING (true);

--
-- Name: performance_metrics readers_read; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY readers_read ON health.performance_metrics FOR SELECT TO health_analyst, health_bridge USING (true);

--
-- Name: system_events readers_read; Type: POLICY; Schema: health; Owner: health_owner
--

CREATE POLICY readers_read ON health.system_events FOR SELECT TO health_analyst, health_bridge USING (true);

--
-- Name: system_events; Type: ROW SECURITY; Schema: health; Owner: health_owner
--

ALTER TABLE health.system_events ENABLE ROW LEVEL SECURITY;

--
-- Name: job_signals agents_and_gateways_insert_their_own; Type: POLICY; Schema: health_internal; Owner: health_owner
--

CREATE POLICY agents_and_gateways_insert_their_own ON health_internal.job_signals FOR INSERT TO health_gateway, health_agent WITH CHECK ((EXISTS ( SELECT
   FROM health.agent_logins logins
  WHERE ((logins.login_name = CURRENT_USER) AND (logins.agent_id = job_signals.agent_id)))));

--
-- Name: job_signals bridges_insert; Type: POLICY; Schema: health_internal; Owner: health_owner
--

CREATE POLICY bridges_insert ON health_internal.job_signals FOR INSERT TO health_bridge WITH CHECK (starts_with(agent_id, 'bridge:'::text));

--
-- Name: job_signals; Type: ROW SECURITY; Schema: health_internal; Owner: health_owner
--

ALTER TABLE health_internal.job_signals ENABLE ROW LEVEL SECURITY;

--
-- Name: SCHEMA health; Type: ACL; Schema: -; Owner: health_owner
--

GRANT USAGE ON SCHEMA health TO health_agent;
GRANT USAGE ON SCHEMA health TO health_gateway;
GRANT USAGE ON SCHEMA health TO health_analyst;
GRANT USAGE ON SCHEMA health TO health_operator;
GRANT USAGE ON SCHEMA health TO health_bridge;
GRANT USAGE ON SCHEMA health TO health_rules;
GRANT USAGE ON SCHEMA health TO health_admin;

--
-- Name: SCHEMA health_internal; Type: ACL; Schema: -; Owner: health_owner
--

GRANT USAGE ON SCHEMA health_internal TO health_agent;
GRANT USAGE ON SCHEMA health_internal TO health_gateway;
GRANT USAGE ON SCHEMA health_internal TO health_analyst;
GRANT USAGE ON SCHEMA health_internal TO health_operator;
GRANT USAGE ON SCHEMA health_internal TO health_bridge;
GRANT USAGE ON SCHEMA health_internal TO health_rules;
GRANT USAGE ON SCHEMA health_internal TO health_admin;

--
-- Name: FUNCTION acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION add_alert_rule(p_rule text, p_view text, p_severity text, p_description text, p_period interval, p_row_limit integer, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.add_alert_rule(p_rule text, p_view text, p_severity text, p_description text, p_period interval, p_row_limit integer, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.add_alert_rule(p_rule text, p_view text, p_severity text, p_description text, p_period interval, p_row_limit integer, p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION add_dependency(p_child_id text, p_parent_id text, p_redundancy_group text, p_minimum_alive_count integer); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.add_dependency(p_child_id text, p_parent_id text, p_redundancy_group text, p_minimum_alive_count integer) FROM PUBLIC;
GRANT ALL ON FUNCTION health.add_dependency(p_child_id text, p_parent_id text, p_redundancy_group text, p_minimum_alive_count integer) TO health_admin;

--
-- Name: FUNCTION add_freeze_window(p_window_name text, p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_by text, p_policy_class text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.add_freeze_window(p_window_name text, p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_by text, p_policy_class text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.add_freeze_window(p_window_name text, p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_by text, p_policy_class text) TO health_operator;

--
-- Name: FUNCTION add_weekly_freeze_window(p_window_name text, p_weekdays integer[], p_local_time time without time zone, p_lasts interval, p_time_zone text, p_by text, p_policy_class text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.add_weekly_freeze_window(p_window_name text, p_weekdays integer[], p_local_time time without time zone, p_lasts interval, p_time_zone text, p_by text, p_policy_class text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.add_weekly_freeze_window(p_window_name text, p_weekdays integer[], p_local_time time without time zone, p_lasts interval, p_time_zone text, p_by text, p_policy_class text) TO health_operator;

--
-- Name: FUNCTION approve_recoveries(p_by text, p_agent_ids text[], p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.approve_recoveries(p_by text, p_agent_ids text[], p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.approve_recoveries(p_by text, p_agent_ids text[], p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION attach(p_agent_id text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.attach(p_agent_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.attach(p_agent_id text) TO health_agent;
GRANT ALL ON FUNCTION health.attach(p_agent_id text) TO health_bridge;
GRANT ALL ON FUNCTION health.attach(p_agent_id text) TO health_admin;

--
-- Name: FUNCTION bridge_heartbeat(p_worker text, p_metrics jsonb); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.bridge_heartbeat(p_worker text, p_metrics jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION health.bridge_heartbeat(p_worker text, p_metrics jsonb) TO health_bridge;

--
-- Name: FUNCTION cancel_maintenance(p_window_id bigint, p_by text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.cancel_maintenance(p_window_id bigint, p_by text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.cancel_maintenance(p_window_id bigint, p_by text, p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone) TO health_bridge;

--
-- Name: FUNCTION claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone) TO health_bridge;

--
-- Name: FUNCTION classify_status(p_score double precision, p_excellent_from double precision, p_good_from double precision, p_fair_from double precision, p_poor_from double precision); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.classify_status(p_score double precision, p_excellent_from double precision, p_good_from double precision, p_fair_from double precision, p_poor_from double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION health.classify_status(p_score double precision, p_excellent_from double precision, p_good_from double precision, p_fair_from double precision, p_poor_from double precision) TO health_analyst;

--
-- Name: FUNCTION disable_alert_rule(p_rule text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.disable_alert_rule(p_rule text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.disable_alert_rule(p_rule text, p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION enable_alert_rule(p_rule text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.enable_alert_rule(p_rule text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.enable_alert_rule(p_rule text, p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION end_freeze_window(p_window_id bigint, p_by text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.end_freeze_window(p_window_id bigint, p_by text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.end_freeze_window(p_window_id bigint, p_by text, p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION end_overrunning_rules(p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.end_overrunning_rules(p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.end_overrunning_rules(p_now timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health.end_overrunning_rules(p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION end_silence(p_silence_id bigint, p_by text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.end_silence(p_silence_id bigint, p_by text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.end_silence(p_silence_id bigint, p_by text, p_now timestamp with time zone) TO health_operator;

--
-- Name: PROCEDURE evaluate_rules(IN p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON PROCEDURE health.evaluate_rules(IN p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON PROCEDURE health.evaluate_rules(IN p_now timestamp with time zone) TO health_rules;

--
-- Name: FUNCTION explain(p_agent_id text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.explain(p_agent_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.explain(p_agent_id text) TO health_analyst;
GRANT ALL ON FUNCTION health.explain(p_agent_id text) TO health_bridge;

--
-- Name: FUNCTION explain_silence(p_agent_id text, p_from timestamp with time zone, p_to timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.explain_silence(p_agent_id text, p_from timestamp with time zone, p_to timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.explain_silence(p_agent_id text, p_from timestamp with time zone, p_to timestamp with time zone) TO health_analyst;
GRANT ALL ON FUNCTION health.explain_silence(p_agent_id text, p_from timestamp with time zone, p_to timestamp with time zone) TO health_bridge;

--
-- Name: FUNCTION heartbeat(p_agent_id text, p_state text, p_metrics jsonb); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.heartbeat(p_agent_id text, p_state text, p_metrics jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION health.heartbeat(p_agent_id text, p_state text, p_metrics jsonb) TO health_agent;
GRANT ALL ON FUNCTION health.heartbeat(p_agent_id text, p_state text, p_metrics jsonb) TO health_bridge;
GRANT ALL ON FUNCTION health.heartbeat(p_agent_id text, p_state text, p_metrics jsonb) TO health_admin;

--
-- Name: FUNCTION load_history(p_from timestamp with time zone, p_to timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.load_history(p_from timestamp with time zone, p_to timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.load_history(p_from timestamp with time zone, p_to timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text, p_recorded_at timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text, p_recorded_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text, p_recorded_at timestamp with time zone) TO health_agent;
GRANT ALL ON FUNCTION health.log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text, p_recorded_at timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health.log_performance_metric(p_agent_id text, p_metric_name text, p_metric_value double precision, p_unit text, p_recorded_at timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION log_system_event(p_agent_id text, p_event_type text, p_severity text, p_event_data jsonb, p_occurred_at timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.log_system_event(p_agent_id text, p_event_type text, p_severity text, p_event_data jsonb, p_occurred_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.log_system_event(p_agent_id text, p_event_type text, p_severity text, p_event_data jsonb, p_occurred_at timestamp with time zone) TO health_agent;
GRANT ALL ON FUNCTION health.log_system_event(p_agent_id text, p_event_type text, p_severity text, p_event_data jsonb, p_occurred_at timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health.log_system_event(p_agent_id text, p_event_type text, p_severity text, p_event_data jsonb, p_occurred_at timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION register_agent(p_agent_id text, p_agent_name text, p_agent_type text, p_expected_interval interval, p_capabilities jsonb, p_policy_class text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.register_agent(p_agent_id text, p_agent_name text, p_agent_type text, p_expected_interval interval, p_capabilities jsonb, p_policy_class text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.register_agent(p_agent_id text, p_agent_name text, p_agent_type text, p_expected_interval interval, p_capabilities jsonb, p_policy_class text) TO health_agent;
GRANT ALL ON FUNCTION health.register_agent(p_agent_id text, p_agent_name text, p_agent_type text, p_expected_interval interval, p_capabilities jsonb, p_policy_class text) TO health_bridge;
GRANT ALL ON FUNCTION health.register_agent(p_agent_id text, p_agent_name text, p_agent_type text, p_expected_interval interval, p_capabilities jsonb, p_policy_class text) TO health_admin;

--
-- Name: FUNCTION remove_alert_rule(p_rule text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.remove_alert_rule(p_rule text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.remove_alert_rule(p_rule text, p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION remove_dependency(p_child_id text, p_parent_id text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.remove_dependency(p_child_id text, p_parent_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.remove_dependency(p_child_id text, p_parent_id text) TO health_admin;

--
-- Name: FUNCTION renew_lease(p_kind text, p_id bigint, p_fencing_token bigint, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.renew_lease(p_kind text, p_id bigint, p_fencing_token bigint, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.renew_lease(p_kind text, p_id bigint, p_fencing_token bigint, p_now timestamp with time zone) TO health_bridge;

--
-- Name: FUNCTION report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) TO health_bridge;

--
-- Name: FUNCTION report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) TO health_bridge;

--
-- Name: FUNCTION request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone) TO health_operator;

--
-- Name: PROCEDURE run_housekeeping(); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON PROCEDURE health.run_housekeeping() FROM PUBLIC;
GRANT ALL ON PROCEDURE health.run_housekeeping() TO health_bridge;
GRANT ALL ON PROCEDURE health.run_housekeeping() TO health_admin;

--
-- Name: PROCEDURE run_scheduled_tick(); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON PROCEDURE health.run_scheduled_tick() FROM PUBLIC;
GRANT ALL ON PROCEDURE health.run_scheduled_tick() TO health_bridge;
GRANT ALL ON PROCEDURE health.run_scheduled_tick() TO health_admin;

--
-- Name: PROCEDURE run_tick(); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON PROCEDURE health.run_tick() FROM PUBLIC;
GRANT ALL ON PROCEDURE health.run_tick() TO health_bridge;
GRANT ALL ON PROCEDURE health.run_tick() TO health_admin;

--
-- Name: FUNCTION schedule_maintenance(p_matchers jsonb, p_from timestamp with time zone, p_until timestamp with time zone, p_by text, p_reason text, p_uptime_method text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.schedule_maintenance(p_matchers jsonb, p_from timestamp with time zone, p_until timestamp with time zone, p_by text, p_reason text, p_uptime_method text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.schedule_maintenance(p_matchers jsonb, p_from timestamp with time zone, p_until timestamp with time zone, p_by text, p_reason text, p_uptime_method text, p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION schedule_sql(p_cron_version text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.schedule_sql(p_cron_version text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.schedule_sql(p_cron_version text) TO health_admin;

--
-- Name: FUNCTION schedule_weekly_maintenance(p_matchers jsonb, p_weekdays integer[], p_from time without time zone, p_until time without time zone, p_time_zone text, p_by text, p_reason text, p_uptime_method text, p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.schedule_weekly_maintenance(p_matchers jsonb, p_weekdays integer[], p_from time without time zone, p_until time without time zone, p_time_zone text, p_by text, p_reason text, p_uptime_method text, p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.schedule_weekly_maintenance(p_matchers jsonb, p_weekdays integer[], p_from time without time zone, p_until time without time zone, p_time_zone text, p_by text, p_reason text, p_uptime_method text, p_valid_from timestamp with time zone, p_valid_until timestamp with time zone, p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION seconds_until_rules_are_due(); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.seconds_until_rules_are_due() FROM PUBLIC;
GRANT ALL ON FUNCTION health.seconds_until_rules_are_due() TO health_bridge;
GRANT ALL ON FUNCTION health.seconds_until_rules_are_due() TO health_admin;

--
-- Name: FUNCTION set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean, p_is_default boolean, p_rate_per_minute double precision, p_rate_burst integer); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean, p_is_default boolean, p_rate_per_minute double precision, p_rate_burst integer) FROM PUBLIC;
GRANT ALL ON FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean, p_is_default boolean, p_rate_per_minute double precision, p_rate_burst integer) TO health_admin;

--
-- Name: FUNCTION set_escalation_policy(p_escalation_policy text, p_matchers jsonb, p_steps jsonb, p_is_enabled boolean); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.set_escalation_policy(p_escalation_policy text, p_matchers jsonb, p_steps jsonb, p_is_enabled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION health.set_escalation_policy(p_escalation_policy text, p_matchers jsonb, p_steps jsonb, p_is_enabled boolean) TO health_admin;

--
-- Name: FUNCTION set_policy(p_policy_class text, p_changes jsonb, p_note text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.set_policy(p_policy_class text, p_changes jsonb, p_note text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.set_policy(p_policy_class text, p_changes jsonb, p_note text) TO health_admin;

--
-- Name: FUNCTION set_recovery_strategy(p_policy_class text, p_issue_type text, p_steps jsonb); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.set_recovery_strategy(p_policy_class text, p_issue_type text, p_steps jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION health.set_recovery_strategy(p_policy_class text, p_issue_type text, p_steps jsonb) TO health_admin;

--
-- Name: FUNCTION set_schedule(p_agent_id text, p_schedule text, p_time_zone text, p_grace interval, p_max_run_time interval); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.set_schedule(p_agent_id text, p_schedule text, p_time_zone text, p_grace interval, p_max_run_time interval) FROM PUBLIC;
GRANT ALL ON FUNCTION health.set_schedule(p_agent_id text, p_schedule text, p_time_zone text, p_grace interval, p_max_run_time interval) TO health_agent;
GRANT ALL ON FUNCTION health.set_schedule(p_agent_id text, p_schedule text, p_time_zone text, p_grace interval, p_max_run_time interval) TO health_admin;

--
-- Name: FUNCTION silence(p_matchers jsonb, p_until timestamp with time zone, p_by text, p_reason text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.silence(p_matchers jsonb, p_until timestamp with time zone, p_by text, p_reason text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.silence(p_matchers jsonb, p_until timestamp with time zone, p_by text, p_reason text, p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION tick(p_now timestamp with time zone, p_is_replay boolean); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.tick(p_now timestamp with time zone, p_is_replay boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION health.tick(p_now timestamp with time zone, p_is_replay boolean) TO health_bridge;
GRANT ALL ON FUNCTION health.tick(p_now timestamp with time zone, p_is_replay boolean) TO health_admin;

--
-- Name: PROCEDURE tick_for_a_minute(); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON PROCEDURE health.tick_for_a_minute() FROM PUBLIC;
GRANT ALL ON PROCEDURE health.tick_for_a_minute() TO health_bridge;
GRANT ALL ON PROCEDURE health.tick_for_a_minute() TO health_admin;

--
-- Name: FUNCTION unacknowledge_alert(p_alert_id bigint, p_by text, p_now timestamp with time zone); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.unacknowledge_alert(p_alert_id bigint, p_by text, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health.unacknowledge_alert(p_alert_id bigint, p_by text, p_now timestamp with time zone) TO health_operator;

--
-- Name: FUNCTION update_agent_state(p_agent_id text, p_state text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.update_agent_state(p_agent_id text, p_state text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.update_agent_state(p_agent_id text, p_state text) TO health_agent;
GRANT ALL ON FUNCTION health.update_agent_state(p_agent_id text, p_state text) TO health_bridge;
GRANT ALL ON FUNCTION health.update_agent_state(p_agent_id text, p_state text) TO health_admin;

--
-- Name: FUNCTION act_on_alerts(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.act_on_alerts(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION act_on_recoveries(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.act_on_recoveries(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint, OUT is_unfinished boolean); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint, OUT is_unfinished boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint, OUT is_unfinished boolean) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint, OUT is_unfinished boolean) TO health_admin;

--
-- Name: FUNCTION add_missing_agents(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.add_missing_agents() FROM PUBLIC;

--
-- Name: FUNCTION adopt_rows(p_stored pg_snapshot, p_stored_own xid8); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.adopt_rows(p_stored pg_snapshot, p_stored_own xid8) FROM PUBLIC;

--
-- Name: FUNCTION agent_matcher_keys(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.agent_matcher_keys() FROM PUBLIC;

--
-- Name: FUNCTION agents_in_maintenance(p_agent_ids text[], p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.agents_in_maintenance(p_agent_ids text[], p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION apply_brakes(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.apply_brakes(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION arrived_agent_changes(p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_agent_changes(p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION arrived_events(p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_events(p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION arrived_heartbeats(p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_heartbeats(p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION arrived_metrics(p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_metrics(p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION arrived_signals(p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_signals(p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION ask_rule(p_schema name, p_view name, p_row_limit integer, OUT findings jsonb, OUT error text, OUT is_cancelled boolean); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.ask_rule(p_schema name, p_view name, p_row_limit integer, OUT findings jsonb, OUT error text, OUT is_cancelled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.ask_rule(p_schema name, p_view name, p_row_limit integer, OUT findings jsonb, OUT error text, OUT is_cancelled boolean) TO health_rules;

--
-- Name: FUNCTION await_ingest(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.await_ingest(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION be_brief(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.be_brief() FROM PUBLIC;

--
-- Name: FUNCTION begin_rule(p_now timestamp with time zone, OUT rule text, OUT evaluation_id bigint, OUT view_schema name, OUT view_name name, OUT row_limit integer); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.begin_rule(p_now timestamp with time zone, OUT rule text, OUT evaluation_id bigint, OUT view_schema name, OUT view_name name, OUT row_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.begin_rule(p_now timestamp with time zone, OUT rule text, OUT evaluation_id bigint, OUT view_schema name, OUT view_name name, OUT row_limit integer) TO health_rules;

--
-- Name: FUNCTION begin_steps(p_now timestamp with time zone, p_action_ids bigint[], p_worker text, p_action text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.begin_steps(p_now timestamp with time zone, p_action_ids bigint[], p_worker text, p_action text) FROM PUBLIC;

--
-- Name: TABLE monitor_gaps; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.monitor_gaps TO health_analyst;
GRANT SELECT ON TABLE health.monitor_gaps TO health_bridge;

--
-- Name: FUNCTION blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION broken_channels(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.broken_channels(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION bundle_deliveries(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.bundle_deliveries(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: TABLE channels; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.channels TO health_analyst;
GRANT SELECT ON TABLE health.channels TO health_bridge;

--
-- Name: FUNCTION channel_tokens(p_channel health.channels, p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.channel_tokens(p_channel health.channels, p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION check_engine(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.check_engine(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION check_matchers(p_matchers jsonb, p_keys text[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.check_matchers(p_matchers jsonb, p_keys text[]) FROM PUBLIC;

--
-- Name: FUNCTION check_policy_class(p_policy_class text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.check_policy_class(p_policy_class text) FROM PUBLIC;

--
-- Name: FUNCTION check_rules_session(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.check_rules_session() FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.check_rules_session() TO health_rules;

--
-- Name: FUNCTION clipped(p_value double precision, p_mean double precision, p_count bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.clipped(p_value double precision, p_mean double precision, p_count bigint) FROM PUBLIC;

--
-- Name: FUNCTION clock_change(p_time_zone text, p_before timestamp with time zone, p_after timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.clock_change(p_time_zone text, p_before timestamp with time zone, p_after timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION clock_offset(p_time_zone text, p_at timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.clock_offset(p_time_zone text, p_at timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION close_alerts(p_now timestamp with time zone, p_closing bigint[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.close_alerts(p_now timestamp with time zone, p_closing bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION close_fleet_incidents(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.close_fleet_incidents(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION close_storm_alert(p_now timestamp with time zone, p_by text, p_reason text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.close_storm_alert(p_now timestamp with time zone, p_by text, p_reason text) FROM PUBLIC;

--
-- Name: FUNCTION compose_digests(p_lines health_internal.digest_line[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.compose_digests(p_lines health_internal.digest_line[]) FROM PUBLIC;

--
-- Name: FUNCTION configure_jobs(p_now timestamp with time zone, p_agent_ids text[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.configure_jobs(p_now timestamp with time zone, p_agent_ids text[]) FROM PUBLIC;

--
-- Name: FUNCTION count_arrived(p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.count_arrived(p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION counter_of(p_metrics jsonb, p_name text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.counter_of(p_metrics jsonb, p_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.counter_of(p_metrics jsonb, p_name text) TO health_agent;
GRANT ALL ON FUNCTION health_internal.counter_of(p_metrics jsonb, p_name text) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.counter_of(p_metrics jsonb, p_name text) TO health_admin;

--
-- Name: FUNCTION create_partition(p_table text, p_from timestamp with time zone, p_until timestamp with time zone, p_is_history boolean); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.create_partition(p_table text, p_from timestamp with time zone, p_until timestamp with time zone, p_is_history boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.create_partition(p_table text, p_from timestamp with time zone, p_until timestamp with time zone, p_is_history boolean) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.create_partition(p_table text, p_from timestamp with time zone, p_until timestamp with time zone, p_is_history boolean) TO health_admin;

--
-- Name: FUNCTION dead_parents(p_agent_ids text[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.dead_parents(p_agent_ids text[]) FROM PUBLIC;

--
-- Name: FUNCTION decay(p_seconds double precision, p_memory_seconds double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.decay(p_seconds double precision, p_memory_seconds double precision) FROM PUBLIC;

--
-- Name: FUNCTION decayed_sum(p_sum double precision, p_factor double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.decayed_sum(p_sum double precision, p_factor double precision) FROM PUBLIC;

--
-- Name: FUNCTION decide_incidents(p_now timestamp with time zone, p_incident_ids bigint[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.decide_incidents(p_now timestamp with time zone, p_incident_ids bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION decide_notification(p_news text, p_was_told boolean, p_was_withheld boolean, p_is_confirmed boolean, p_is_in_maintenance boolean, p_is_in_fleet_incident boolean, p_parent text, p_is_silenced boolean, p_is_flapping boolean, p_is_acknowledged boolean); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.decide_notification(p_news text, p_was_told boolean, p_was_withheld boolean, p_is_confirmed boolean, p_is_in_maintenance boolean, p_is_in_fleet_incident boolean, p_parent text, p_is_silenced boolean, p_is_flapping boolean, p_is_acknowledged boolean) FROM PUBLIC;

--
-- Name: FUNCTION drop_partition(p_name text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.drop_partition(p_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.drop_partition(p_name text) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.drop_partition(p_name text) TO health_admin;

--
-- Name: FUNCTION end_steps(p_now timestamp with time zone, p_action_ids bigint[], p_outcome text, p_reason text, p_details jsonb, p_is_held boolean); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.end_steps(p_now timestamp with time zone, p_action_ids bigint[], p_outcome text, p_reason text, p_details jsonb, p_is_held boolean) FROM PUBLIC;

--
-- Name: FUNCTION engine_findings(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.engine_findings(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION enqueue_recoveries(p_now timestamp with time zone, p_agent_ids text[], p_issue_types text[], p_transition_ids bigint[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.enqueue_recoveries(p_now timestamp with time zone, p_agent_ids text[], p_issue_types text[], p_transition_ids bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION escalate_recoveries(p_now timestamp with time zone, p_action_ids bigint[], p_reason text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.escalate_recoveries(p_now timestamp with time zone, p_action_ids bigint[], p_reason text) FROM PUBLIC;

--
-- Name: FUNCTION event_weight(p_severity text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.event_weight(p_severity text) FROM PUBLIC;

--
-- Name: FUNCTION expect_next(p_agent_ids text[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.expect_next(p_agent_ids text[]) FROM PUBLIC;

--
-- Name: FUNCTION expect_run(p_schedule text, p_time_zone text, p_after timestamp with time zone, p_is_run boolean, OUT answered_at timestamp with time zone, OUT expected_at timestamp with time zone, OUT counts_from timestamp with time zone, OUT problem text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.expect_run(p_schedule text, p_time_zone text, p_after timestamp with time zone, p_is_run boolean, OUT answered_at timestamp with time zone, OUT expected_at timestamp with time zone, OUT counts_from timestamp with time zone, OUT problem text) FROM PUBLIC;

--
-- Name: FUNCTION expired_partitions(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION failure_reason(p_outcome text, p_details jsonb); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.failure_reason(p_outcome text, p_details jsonb) FROM PUBLIC;

--
-- Name: FUNCTION falling_score(p_value double precision, p_full_until double precision, p_zero_from double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.falling_score(p_value double precision, p_full_until double precision, p_zero_from double precision) FROM PUBLIC;

--
-- Name: FUNCTION few_arrived(p_range health_internal.arrival_range, p_limit integer); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.few_arrived(p_range health_internal.arrival_range, p_limit integer) FROM PUBLIC;

--
-- Name: FUNCTION find_run(p_plan health_internal.schedule_plan, p_time_zone text, p_at timestamp with time zone, p_step integer); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.find_run(p_plan health_internal.schedule_plan, p_time_zone text, p_at timestamp with time zone, p_step integer) FROM PUBLIC;

--
-- Name: FUNCTION find_stuck_sessions(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.find_stuck_sessions() FROM PUBLIC;

--
-- Name: FUNCTION finish_rule(p_rule text, p_evaluation_id bigint, p_findings jsonb, p_error text, p_duration_ms double precision, p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.finish_rule(p_rule text, p_evaluation_id bigint, p_findings jsonb, p_error text, p_duration_ms double precision, p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.finish_rule(p_rule text, p_evaluation_id bigint, p_findings jsonb, p_error text, p_duration_ms double precision, p_now timestamp with time zone) TO health_rules;

--
-- Name: FUNCTION first_instant(p_local timestamp without time zone, p_time_zone text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.first_instant(p_local timestamp without time zone, p_time_zone text) FROM PUBLIC;

--
-- Name: FUNCTION flapping_percent(p_ring integer); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.flapping_percent(p_ring integer) FROM PUBLIC;

--
-- Name: FUNCTION fold_agent_changes(p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_agent_changes(p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_range health_internal.arrival_range, p_is_replay boolean, OUT folded_beats bigint, OUT judged_agents bigint, OUT unknown_agents bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_range health_internal.arrival_range, p_is_replay boolean, OUT folded_beats bigint, OUT judged_agents bigint, OUT unknown_agents bigint) FROM PUBLIC;

--
-- Name: TABLE agent_status; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.agent_status TO health_analyst;
GRANT SELECT ON TABLE health.agent_status TO health_bridge;

--
-- Name: FUNCTION fold_beats(p_status health.agent_status, p_beats health_internal.beat[], p_prior_interval double precision, p_blind_until timestamp with time zone, p_fast double precision, p_slow double precision, p_base double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_beats(p_status health.agent_status, p_beats health_internal.beat[], p_prior_interval double precision, p_blind_until timestamp with time zone, p_fast double precision, p_slow double precision, p_base double precision) FROM PUBLIC;

--
-- Name: FUNCTION fold_events(p_now timestamp with time zone, p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_events(p_now timestamp with time zone, p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION fold_metrics(p_now timestamp with time zone, p_range health_internal.arrival_range, OUT folded_values bigint, OUT skipped_values bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_metrics(p_now timestamp with time zone, p_range health_internal.arrival_range, OUT folded_values bigint, OUT skipped_values bigint) FROM PUBLIC;

--
-- Name: FUNCTION fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION fold_signals(p_now timestamp with time zone, p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_signals(p_now timestamp with time zone, p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION fold_unusual_beats(p_tick_id bigint, p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range, p_blind_until timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_unusual_beats(p_tick_id bigint, p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range, p_blind_until timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION gap_bin(p_ratio double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.gap_bin(p_ratio double precision) FROM PUBLIC;

--
-- Name: FUNCTION gap_unit(p_gap_count bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.gap_unit(p_gap_count bigint) FROM PUBLIC;

--
-- Name: FUNCTION has_dead_parent(p_agent_id text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.has_dead_parent(p_agent_id text) FROM PUBLIC;

--
-- Name: TABLE policies; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.policies TO health_analyst;

--
-- Name: FUNCTION holding_conditions(p_liveness text, p_state text, p_ungated_score double precision, p_gate double precision, p_last_bad_evaluations integer, p_issue_candidate text, p_last_candidate text, p_last_evaluations integer, p_last_issue_type text, p_last_conditions text[], p_policy health.policies); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.holding_conditions(p_liveness text, p_state text, p_ungated_score double precision, p_gate double precision, p_last_bad_evaluations integer, p_issue_candidate text, p_last_candidate text, p_last_evaluations integer, p_last_issue_type text, p_last_conditions text[], p_policy health.policies) FROM PUBLIC;

--
-- Name: TABLE maintenance_periods; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.maintenance_periods TO health_analyst;
GRANT SELECT ON TABLE health.maintenance_periods TO health_bridge;

--
-- Name: FUNCTION in_maintenance(p_agent_id text, p_at timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.in_maintenance(p_agent_id text, p_at timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION incident_facts(p_now timestamp with time zone, p_incident_ids bigint[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.incident_facts(p_now timestamp with time zone, p_incident_ids bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION incident_message(p_now timestamp with time zone, p_incident_id bigint, p_event text, p_step integer, p_severity text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.incident_message(p_now timestamp with time zone, p_incident_id bigint, p_event text, p_step integer, p_severity text) FROM PUBLIC;

--
-- Name: FUNCTION inherit_told(p_now timestamp with time zone, p_incident_ids bigint[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.inherit_told(p_now timestamp with time zone, p_incident_ids bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION is_confirmed(p_candidate text, p_last_candidate text, p_last_evaluations integer, p_confirm_bad integer); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.is_confirmed(p_candidate text, p_last_candidate text, p_last_evaluations integer, p_confirm_bad integer) FROM PUBLIC;

--
-- Name: TABLE job_expectations; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.job_expectations TO health_analyst;
GRANT SELECT ON TABLE health.job_expectations TO health_bridge;

--
-- Name: FUNCTION job_standing(p_agent_id text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.job_standing(p_agent_id text) FROM PUBLIC;

--
-- Name: FUNCTION judge_agents(p_now timestamp with time zone, p_tick_id bigint, p_policy health.policies, p_beats health_internal.beat[], p_is_many boolean, p_is_most boolean, p_only_due boolean, p_range health_internal.arrival_range, p_blindness health_internal.blindness); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.judge_agents(p_now timestamp with time zone, p_tick_id bigint, p_policy health.policies, p_beats health_internal.beat[], p_is_many boolean, p_is_most boolean, p_only_due boolean, p_range health_internal.arrival_range, p_blindness health_internal.blindness) FROM PUBLIC;

--
-- Name: FUNCTION kept_share(p_decay double precision, p_count double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.kept_share(p_decay double precision, p_count double precision) FROM PUBLIC;

--
-- Name: FUNCTION known_weight(p_weight double precision, p_value double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.known_weight(p_weight double precision, p_value double precision) FROM PUBLIC;

--
-- Name: FUNCTION learn_deadlines(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap_seconds double precision, p_late_cost double precision, p_unresponsive_cost double precision, p_hard_limit double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.learn_deadlines(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap_seconds double precision, p_late_cost double precision, p_unresponsive_cost double precision, p_hard_limit double precision) FROM PUBLIC;

--
-- Name: TABLE maintenance_windows; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.maintenance_windows TO health_analyst;
GRANT SELECT ON TABLE health.maintenance_windows TO health_bridge;

--
-- Name: FUNCTION maintenance_until(p_window health.maintenance_windows, p_at timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.maintenance_until(p_window health.maintenance_windows, p_at timestamp with time zone) FROM PUBLIC;

--
-- Name: TABLE agents; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.agents TO health_agent;
GRANT SELECT ON TABLE health.agents TO health_bridge;
GRANT SELECT ON TABLE health.agents TO health_analyst;
GRANT ALL ON TABLE health.agents TO health_admin;

--
-- Name: COLUMN agents.agent_id; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_id) ON TABLE health.agents TO health_agent;
GRANT INSERT(agent_id) ON TABLE health.agents TO health_bridge;

--
-- Name: COLUMN agents.agent_name; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_name),UPDATE(agent_name) ON TABLE health.agents TO health_agent;
GRANT INSERT(agent_name),UPDATE(agent_name) ON TABLE health.agents TO health_bridge;

--
-- Name: COLUMN agents.agent_type; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_type),UPDATE(agent_type) ON TABLE health.agents TO health_agent;
GRANT INSERT(agent_type),UPDATE(agent_type) ON TABLE health.agents TO health_bridge;

--
-- Name: COLUMN agents.policy_class; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(policy_class),UPDATE(policy_class) ON TABLE health.agents TO health_agent;
GRANT INSERT(policy_class),UPDATE(policy_class) ON TABLE health.agents TO health_bridge;

--
-- Name: COLUMN agents.expected_interval; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(expected_interval),UPDATE(expected_interval) ON TABLE health.agents TO health_agent;
GRANT INSERT(expected_interval),UPDATE(expected_interval) ON TABLE health.agents TO health_bridge;

--
-- Name: COLUMN agents.grace; Type: ACL; Schema: health; Owner: health_owner
--

GRANT UPDATE(grace) ON TABLE health.agents TO health_agent;

--
-- Name: COLUMN agents.schedule; Type: ACL; Schema: health; Owner: health_owner
--

GRANT UPDATE(schedule) ON TABLE health.agents TO health_agent;

--
-- Name: COLUMN agents.time_zone; Type: ACL; Schema: health; Owner: health_owner
--

GRANT UPDATE(time_zone) ON TABLE health.agents TO health_agent;

--
-- Name: COLUMN agents.max_run_time; Type: ACL; Schema: health; Owner: health_owner
--

GRANT UPDATE(max_run_time) ON TABLE health.agents TO health_agent;

--
-- Name: COLUMN agents.capabilities; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(capabilities),UPDATE(capabilities) ON TABLE health.agents TO health_agent;
GRANT INSERT(capabilities),UPDATE(capabilities) ON TABLE health.agents TO health_bridge;

--
-- Name: COLUMN agents.updated_at; Type: ACL; Schema: health; Owner: health_owner
--

GRANT UPDATE(updated_at) ON TABLE health.agents TO health_agent;
GRANT UPDATE(updated_at) ON TABLE health.agents TO health_bridge;

--
-- Name: FUNCTION matches_agent(p_matchers jsonb, p_agent health.agents); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.matches_agent(p_matchers jsonb, p_agent health.agents) FROM PUBLIC;

--
-- Name: FUNCTION severity_rank(p_severity text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.severity_rank(p_severity text) FROM PUBLIC;

--
-- Name: FUNCTION matches_alert(p_matchers jsonb, p_rule text, p_severity text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.matches_alert(p_matchers jsonb, p_rule text, p_severity text) FROM PUBLIC;

--
-- Name: FUNCTION missing_parents(p_agent_ids text[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.missing_parents(p_agent_ids text[]) FROM PUBLIC;

--
-- Name: FUNCTION missing_partitions(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION moved_interval(p_interval_seconds double precision, p_gap_seconds double precision, p_gap_count bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.moved_interval(p_interval_seconds double precision, p_gap_seconds double precision, p_gap_count bigint) FROM PUBLIC;

--
-- Name: FUNCTION moved_mean(p_mean double precision, p_value double precision, p_kept double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.moved_mean(p_mean double precision, p_value double precision, p_kept double precision) FROM PUBLIC;

--
-- Name: FUNCTION moved_mean_gap(p_mean_seconds double precision, p_gap_seconds double precision, p_gap_count bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.moved_mean_gap(p_mean_seconds double precision, p_gap_seconds double precision, p_gap_count bigint) FROM PUBLIC;

--
-- Name: FUNCTION parse_schedule(p_schedule text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.parse_schedule(p_schedule text) FROM PUBLIC;

--
-- Name: FUNCTION next_run_at(p_schedule text, p_time_zone text, p_after timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.next_run_at(p_schedule text, p_time_zone text, p_after timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION note_cron_tick(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.note_cron_tick() FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.note_cron_tick() TO health_bridge;
GRANT ALL ON FUNCTION health_internal.note_cron_tick() TO health_admin;

--
-- Name: FUNCTION note_engine_error(p_error text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.note_engine_error(p_error text) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.note_engine_error(p_error text) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.note_engine_error(p_error text) TO health_admin;

--
-- Name: FUNCTION note_unconfirmed(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.note_unconfirmed(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION notice_fleet_silence(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.notice_fleet_silence(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION notify(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.notify(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION number_of(p_metrics jsonb, p_name text, p_other_name text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.number_of(p_metrics jsonb, p_name text, p_other_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.number_of(p_metrics jsonb, p_name text, p_other_name text) TO health_agent;
GRANT ALL ON FUNCTION health_internal.number_of(p_metrics jsonb, p_name text, p_other_name text) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.number_of(p_metrics jsonb, p_name text, p_other_name text) TO health_admin;

--
-- Name: FUNCTION oldest_snapshot(OUT pid integer, OUT snapshot_age integer); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.oldest_snapshot(OUT pid integer, OUT snapshot_age integer) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.oldest_snapshot(OUT pid integer, OUT snapshot_age integer) TO health_analyst;
GRANT ALL ON FUNCTION health_internal.oldest_snapshot(OUT pid integer, OUT snapshot_age integer) TO health_bridge;

--
-- Name: FUNCTION open_alerts(p_now timestamp with time zone, p_opening health_internal.alert_change[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.open_alerts(p_now timestamp with time zone, p_opening health_internal.alert_change[]) FROM PUBLIC;

--
-- Name: FUNCTION open_fleet_incident(p_now timestamp with time zone, p_agent_ids text[], p_rule text, p_summary text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.open_fleet_incident(p_now timestamp with time zone, p_agent_ids text[], p_rule text, p_summary text) FROM PUBLIC;

--
-- Name: FUNCTION open_freeze_windows(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.open_freeze_windows(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION time_mass(p_gap_seconds double precision, p_memory_seconds double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.time_mass(p_gap_seconds double precision, p_memory_seconds double precision) FROM PUBLIC;

--
-- Name: FUNCTION open_gap_sum(p_gap_weight double precision, p_expected_mass double precision, p_silent_seconds double precision, p_memory_seconds double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.open_gap_sum(p_gap_weight double precision, p_expected_mass double precision, p_silent_seconds double precision, p_memory_seconds double precision) FROM PUBLIC;

--
-- Name: FUNCTION open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text) FROM PUBLIC;

--
-- Name: FUNCTION open_storm_alert(p_now timestamp with time zone, p_summary text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.open_storm_alert(p_now timestamp with time zone, p_summary text) FROM PUBLIC;

--
-- Name: FUNCTION previous_run_at(p_schedule text, p_time_zone text, p_at timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.previous_run_at(p_schedule text, p_time_zone text, p_at timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION queue_recoveries(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.queue_recoveries(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION raw_tables(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.raw_tables() FROM PUBLIC;

--
-- Name: FUNCTION recent_blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone, p_blindness health_internal.blindness); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.recent_blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone, p_blindness health_internal.blindness) FROM PUBLIC;

--
-- Name: FUNCTION recent_blindness(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.recent_blindness() FROM PUBLIC;

--
-- Name: FUNCTION recover_phase(p_now timestamp with time zone, OUT recoveries_queued bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.recover_phase(p_now timestamp with time zone, OUT recoveries_queued bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.recover_phase(p_now timestamp with time zone, OUT recoveries_queued bigint) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.recover_phase(p_now timestamp with time zone, OUT recoveries_queued bigint) TO health_admin;

--
-- Name: FUNCTION refresh_disabled_rules(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.refresh_disabled_rules(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION refresh_jobs(p_now timestamp with time zone, p_agent_ids text[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.refresh_jobs(p_now timestamp with time zone, p_agent_ids text[]) FROM PUBLIC;

--
-- Name: FUNCTION refresh_maintenance(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.refresh_maintenance(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION register_unknown(p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.register_unknown(p_beats health_internal.beat[], p_is_many boolean, p_range health_internal.arrival_range) FROM PUBLIC;

--
-- Name: FUNCTION release_rule(p_rule text, p_evaluation_id bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.release_rule(p_rule text, p_evaluation_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.release_rule(p_rule text, p_evaluation_id bigint) TO health_rules;

--
-- Name: FUNCTION rescaled_histogram(p_histogram real[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.rescaled_histogram(p_histogram real[]) FROM PUBLIC;

--
-- Name: FUNCTION rescue_recoveries(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.rescue_recoveries(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION ring_for(p_agent_ids text[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.ring_for(p_agent_ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.ring_for(p_agent_ids text[]) TO health_agent;
GRANT ALL ON FUNCTION health_internal.ring_for(p_agent_ids text[]) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.ring_for(p_agent_ids text[]) TO health_gateway;
GRANT ALL ON FUNCTION health_internal.ring_for(p_agent_ids text[]) TO health_admin;

--
-- Name: FUNCTION rising_score(p_ratio double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.rising_score(p_ratio double precision) FROM PUBLIC;

--
-- Name: FUNCTION route_modes(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.route_modes(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION rule_problem(p_schema name, p_view name); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.rule_problem(p_schema name, p_view name) FROM PUBLIC;

--
-- Name: FUNCTION run_own_steps(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.run_own_steps(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION runs_of_day(p_minutes integer[], p_is_fixed boolean, p_time_zone text, p_day date); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.runs_of_day(p_minutes integer[], p_is_fixed boolean, p_time_zone text, p_day date) FROM PUBLIC;

--
-- Name: FUNCTION schedule_day(p_plan health_internal.schedule_plan, p_from date, p_step integer); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.schedule_day(p_plan health_internal.schedule_plan, p_from date, p_step integer) FROM PUBLIC;

--
-- Name: FUNCTION schedule_field(p_field text, p_name text, p_low integer, p_high integer, p_words text[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.schedule_field(p_field text, p_name text, p_low integer, p_high integer, p_words text[]) FROM PUBLIC;

--
-- Name: FUNCTION score_business_impact(p_cost_efficiency double precision, p_user_satisfaction double precision, p_operational_efficiency double precision, p_revenue_impact_usd double precision, p_loss_limit_usd double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_business_impact(p_cost_efficiency double precision, p_user_satisfaction double precision, p_operational_efficiency double precision, p_revenue_impact_usd double precision, p_loss_limit_usd double precision) FROM PUBLIC;

--
-- Name: FUNCTION score_error_rate(p_errors double precision, p_items double precision, p_age_seconds double precision, p_memory_seconds double precision, p_rate_scale double precision, p_per_minute_scale double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_error_rate(p_errors double precision, p_items double precision, p_age_seconds double precision, p_memory_seconds double precision, p_rate_scale double precision, p_per_minute_scale double precision) FROM PUBLIC;

--
-- Name: FUNCTION score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_sum double precision, p_recency double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_sum double precision, p_recency double precision) FROM PUBLIC;

--
-- Name: FUNCTION score_job(p_standing text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_job(p_standing text) FROM PUBLIC;

--
-- Name: FUNCTION score_performance_metrics(p_latency_ratio double precision, p_full_until_ratio double precision, p_zero_from_ratio double precision, p_throughput_ratio double precision, p_latency_share double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_performance_metrics(p_latency_ratio double precision, p_full_until_ratio double precision, p_zero_from_ratio double precision, p_throughput_ratio double precision, p_latency_share double precision) FROM PUBLIC;

--
-- Name: FUNCTION score_resource_efficiency(p_cpu_percent double precision, p_memory_share double precision, p_exhaustion_ratio double precision, p_cpu_soft double precision, p_cpu_hard double precision, p_cpu_floor double precision, p_memory_soft double precision, p_memory_hard double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_resource_efficiency(p_cpu_percent double precision, p_memory_share double precision, p_exhaustion_ratio double precision, p_cpu_soft double precision, p_cpu_hard double precision, p_cpu_floor double precision, p_memory_soft double precision, p_memory_hard double precision) FROM PUBLIC;

--
-- Name: FUNCTION seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision) FROM PUBLIC;

--
-- Name: FUNCTION send_notices(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.send_notices(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION settle_recoveries(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.settle_recoveries(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION severity_of_rank(p_rank integer); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.severity_of_rank(p_rank integer) FROM PUBLIC;

--
-- Name: FUNCTION snapshot_without(p_snapshot pg_snapshot, p_xid xid8); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.snapshot_without(p_snapshot pg_snapshot, p_xid xid8) FROM PUBLIC;

--
-- Name: FUNCTION spent_by_groups(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.spent_by_groups(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION step_after(p_strategy jsonb, p_step integer, p_is_verification boolean, p_outcome text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.step_after(p_strategy jsonb, p_step integer, p_is_verification boolean, p_outcome text) FROM PUBLIC;

--
-- Name: FUNCTION step_text(p_action text, p_parameters jsonb, p_outcome text, p_reason text, p_details jsonb, p_started_at timestamp with time zone, p_finished_at timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.step_text(p_action text, p_parameters jsonb, p_outcome text, p_reason text, p_details jsonb, p_started_at timestamp with time zone, p_finished_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.step_text(p_action text, p_parameters jsonb, p_outcome text, p_reason text, p_details jsonb, p_started_at timestamp with time zone, p_finished_at timestamp with time zone) TO health_analyst;
GRANT ALL ON FUNCTION health_internal.step_text(p_action text, p_parameters jsonb, p_outcome text, p_reason text, p_details jsonb, p_started_at timestamp with time zone, p_finished_at timestamp with time zone) TO health_bridge;

--
-- Name: FUNCTION stop_rule(p_rule text, p_error text, p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.stop_rule(p_rule text, p_error text, p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION strategies(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.strategies() FROM PUBLIC;

--
-- Name: FUNCTION strategy_problem(p_steps jsonb); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.strategy_problem(p_steps jsonb) FROM PUBLIC;

--
-- Name: FUNCTION subjects(p_beats health_internal.beat[], p_is_many boolean, p_only_due boolean, p_range health_internal.arrival_range, p_now timestamp with time zone, p_tick_id bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.subjects(p_beats health_internal.beat[], p_is_many boolean, p_only_due boolean, p_range health_internal.arrival_range, p_now timestamp with time zone, p_tick_id bigint) FROM PUBLIC;

--
-- Name: FUNCTION sweep(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.sweep(p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.sweep(p_now timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.sweep(p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION sweep_jobs(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.sweep_jobs(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION switch_alert_rule(p_rule text, p_is_enabled boolean, p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.switch_alert_rule(p_rule text, p_is_enabled boolean, p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION tell_blindness(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tell_blindness(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION tell_of_escalations(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tell_of_escalations(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION terminate_stuck_sessions(p_now timestamp with time zone, p_agent_id text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.terminate_stuck_sessions(p_now timestamp with time zone, p_agent_id text) FROM PUBLIC;

--
-- Name: FUNCTION tg_agent_heartbeats__admit(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agent_heartbeats__admit() FROM PUBLIC;

--
-- Name: FUNCTION tg_agent_status__note_transition(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agent_status__note_transition() FROM PUBLIC;

--
-- Name: FUNCTION tg_agents__check_policy_class(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agents__check_policy_class() FROM PUBLIC;

--
-- Name: FUNCTION tg_agents__check_schedule(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agents__check_schedule() FROM PUBLIC;

--
-- Name: FUNCTION tg_agents__tell_change(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agents__tell_change() FROM PUBLIC;

--
-- Name: FUNCTION tg_dependencies__refuse_cycles(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_dependencies__refuse_cycles() FROM PUBLIC;

--
-- Name: FUNCTION tg_ingest_heartbeats__admit(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_ingest_heartbeats__admit() FROM PUBLIC;

--
-- Name: FUNCTION tg_status_transitions__queue_recoveries(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_status_transitions__queue_recoveries() FROM PUBLIC;

--
-- Name: FUNCTION troubled_agents(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.troubled_agents() FROM PUBLIC;

--
-- Name: FUNCTION verify_recoveries(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.verify_recoveries(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION wanted_alerts(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.wanted_alerts() FROM PUBLIC;

--
-- Name: FUNCTION watch_flapping(p_now timestamp with time zone, p_incident_ids bigint[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.watch_flapping(p_now timestamp with time zone, p_incident_ids bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION watch_jobs(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.watch_jobs(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION watch_sessions(p_now timestamp with time zone, p_have_all_ended boolean); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.watch_sessions(p_now timestamp with time zone, p_have_all_ended boolean) FROM PUBLIC;

--
-- Name: FUNCTION watch_storm(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.watch_storm(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION watch_stuck_sessions(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.watch_stuck_sessions(p_now timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION weighted_mean(p_heartbeat double precision, p_heartbeat_weight double precision, p_performance double precision, p_performance_weight double precision, p_errors double precision, p_errors_weight double precision, p_resources double precision, p_resources_weight double precision, p_business double precision, p_business_weight double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.weighted_mean(p_heartbeat double precision, p_heartbeat_weight double precision, p_performance double precision, p_performance_weight double precision, p_errors double precision, p_errors_weight double precision, p_resources double precision, p_resources_weight double precision, p_business double precision, p_business_weight double precision) FROM PUBLIC;

--
-- Name: TABLE agent_heartbeats; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.agent_heartbeats TO health_analyst;

--
-- Name: COLUMN agent_heartbeats.agent_id; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_id) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(agent_id) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.state; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(state) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(state) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.sent_at; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(sent_at) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(sent_at) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.work_items_processed; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(work_items_processed) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(work_items_processed) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.average_processing_time_ms; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(average_processing_time_ms) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(average_processing_time_ms) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.cpu_usage_percent; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(cpu_usage_percent) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(cpu_usage_percent) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.memory_usage_mb; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(memory_usage_mb) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(memory_usage_mb) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.memory_limit_mb; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(memory_limit_mb) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(memory_limit_mb) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.error_count; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(error_count) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(error_count) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.cost_efficiency; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(cost_efficiency) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(cost_efficiency) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.user_satisfaction; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(user_satisfaction) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(user_satisfaction) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.operational_efficiency; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(operational_efficiency) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(operational_efficiency) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.revenue_impact_usd; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(revenue_impact_usd) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(revenue_impact_usd) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.signal; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(signal) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(signal) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.run_id; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(run_id) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(run_id) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: COLUMN agent_heartbeats.attributes; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(attributes) ON TABLE health.agent_heartbeats TO health_agent;
GRANT INSERT(attributes) ON TABLE health.agent_heartbeats TO health_bridge;

--
-- Name: TABLE agent_logins; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.agent_logins TO health_agent;
GRANT SELECT ON TABLE health.agent_logins TO health_gateway;
GRANT ALL ON TABLE health.agent_logins TO health_admin;

--
-- Name: TABLE agent_sessions; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.agent_sessions TO health_agent;
GRANT SELECT ON TABLE health.agent_sessions TO health_bridge;
GRANT SELECT ON TABLE health.agent_sessions TO health_analyst;

--
-- Name: COLUMN agent_sessions.agent_id; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_id) ON TABLE health.agent_sessions TO health_agent;
GRANT INSERT(agent_id) ON TABLE health.agent_sessions TO health_bridge;

--
-- Name: COLUMN agent_sessions.agent_number; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_number) ON TABLE health.agent_sessions TO health_agent;
GRANT INSERT(agent_number) ON TABLE health.agent_sessions TO health_bridge;

--
-- Name: TABLE alerts; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.alerts TO health_analyst;
GRANT SELECT ON TABLE health.alerts TO health_bridge;

--
-- Name: TABLE recovery_actions; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.recovery_actions TO health_analyst;
GRANT SELECT ON TABLE health.recovery_actions TO health_bridge;

--
-- Name: TABLE recovery_steps; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.recovery_steps TO health_analyst;
GRANT SELECT ON TABLE health.recovery_steps TO health_bridge;

--
-- Name: TABLE status_transitions; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.status_transitions TO health_analyst;
GRANT SELECT ON TABLE health.status_transitions TO health_bridge;

--
-- Name: TABLE agent_timeline; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.agent_timeline TO health_analyst;
GRANT SELECT ON TABLE health.agent_timeline TO health_bridge;

--
-- Name: TABLE alert_events; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.alert_events TO health_analyst;
GRANT SELECT ON TABLE health.alert_events TO health_bridge;

--
-- Name: TABLE deliveries; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.deliveries TO health_analyst;
GRANT SELECT ON TABLE health.deliveries TO health_bridge;

--
-- Name: TABLE alert_history; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.alert_history TO health_analyst;
GRANT SELECT ON TABLE health.alert_history TO health_bridge;

--
-- Name: TABLE alert_rules; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.alert_rules TO health_analyst;
GRANT SELECT ON TABLE health.alert_rules TO health_bridge;

--
-- Name: TABLE current_policies; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.current_policies TO health_analyst;

--
-- Name: TABLE dependencies; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.dependencies TO health_analyst;
GRANT ALL ON TABLE health.dependencies TO health_admin;

--
-- Name: TABLE settings; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.settings TO health_analyst;
GRANT SELECT ON TABLE health.settings TO health_bridge;
GRANT ALL ON TABLE health.settings TO health_admin;

--
-- Name: TABLE engine_health; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.engine_health TO health_analyst;
GRANT SELECT ON TABLE health.engine_health TO health_bridge;

--
-- Name: TABLE escalation_policies; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.escalation_policies TO health_analyst;
GRANT SELECT ON TABLE health.escalation_policies TO health_bridge;

--
-- Name: TABLE escalation_steps; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.escalation_steps TO health_analyst;
GRANT SELECT ON TABLE health.escalation_steps TO health_bridge;

--
-- Name: TABLE fleet; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.fleet TO health_analyst;
GRANT SELECT ON TABLE health.fleet TO health_bridge;

--
-- Name: TABLE freeze_windows; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.freeze_windows TO health_analyst;

--
-- Name: TABLE incident_members; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.incident_members TO health_analyst;
GRANT SELECT ON TABLE health.incident_members TO health_bridge;

--
-- Name: TABLE incidents; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.incidents TO health_analyst;
GRANT SELECT ON TABLE health.incidents TO health_bridge;

--
-- Name: TABLE ingest_heartbeats; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.ingest_heartbeats TO health_analyst;

--
-- Name: COLUMN ingest_heartbeats.agent_id; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_id) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.state; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(state) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.sent_at; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(sent_at) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.work_items_processed; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(work_items_processed) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.average_processing_time_ms; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(average_processing_time_ms) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.cpu_usage_percent; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(cpu_usage_percent) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.memory_usage_mb; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(memory_usage_mb) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.memory_limit_mb; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(memory_limit_mb) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.error_count; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(error_count) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.cost_efficiency; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(cost_efficiency) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.user_satisfaction; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(user_satisfaction) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.operational_efficiency; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(operational_efficiency) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.revenue_impact_usd; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(revenue_impact_usd) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.signal; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(signal) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.run_id; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(run_id) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: COLUMN ingest_heartbeats.attributes; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(attributes) ON TABLE health.ingest_heartbeats TO health_gateway;

--
-- Name: TABLE job_runs; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.job_runs TO health_analyst;
GRANT SELECT ON TABLE health.job_runs TO health_bridge;

--
-- Name: TABLE open_alerts; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.open_alerts TO health_analyst;
GRANT SELECT ON TABLE health.open_alerts TO health_bridge;

--
-- Name: TABLE performance_metrics; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.performance_metrics TO health_analyst;

--
-- Name: COLUMN performance_metrics.agent_id; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_id) ON TABLE health.performance_metrics TO health_agent;
GRANT INSERT(agent_id) ON TABLE health.performance_metrics TO health_bridge;

--
-- Name: COLUMN performance_metrics.metric_name; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(metric_name) ON TABLE health.performance_metrics TO health_agent;
GRANT INSERT(metric_name) ON TABLE health.performance_metrics TO health_bridge;

--
-- Name: COLUMN performance_metrics.metric_value; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(metric_value) ON TABLE health.performance_metrics TO health_agent;
GRANT INSERT(metric_value) ON TABLE health.performance_metrics TO health_bridge;

--
-- Name: COLUMN performance_metrics.unit; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(unit) ON TABLE health.performance_metrics TO health_agent;
GRANT INSERT(unit) ON TABLE health.performance_metrics TO health_bridge;

--
-- Name: COLUMN performance_metrics.recorded_at; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(recorded_at) ON TABLE health.performance_metrics TO health_agent;
GRANT INSERT(recorded_at) ON TABLE health.performance_metrics TO health_bridge;

--
-- Name: TABLE recent_heartbeats; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.recent_heartbeats TO health_analyst;
GRANT SELECT ON TABLE health.recent_heartbeats TO health_bridge;

--
-- Name: TABLE recovery_backlog; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.recovery_backlog TO health_analyst;
GRANT SELECT ON TABLE health.recovery_backlog TO health_bridge;

--
-- Name: TABLE recovery_history; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.recovery_history TO health_analyst;
GRANT SELECT ON TABLE health.recovery_history TO health_bridge;

--
-- Name: TABLE recovery_storms; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.recovery_storms TO health_analyst;

--
-- Name: TABLE recovery_strategies; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.recovery_strategies TO health_analyst;

--
-- Name: TABLE rule_findings; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.rule_findings TO health_analyst;
GRANT SELECT ON TABLE health.rule_findings TO health_bridge;

--
-- Name: TABLE silences; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.silences TO health_analyst;
GRANT SELECT ON TABLE health.silences TO health_bridge;

--
-- Name: TABLE stuck_sessions; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.stuck_sessions TO health_analyst;

--
-- Name: TABLE suppressions; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.suppressions TO health_analyst;
GRANT SELECT ON TABLE health.suppressions TO health_bridge;

--
-- Name: TABLE system_events; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.system_events TO health_analyst;

--
-- Name: COLUMN system_events.agent_id; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(agent_id) ON TABLE health.system_events TO health_agent;
GRANT INSERT(agent_id) ON TABLE health.system_events TO health_bridge;

--
-- Name: COLUMN system_events.event_type; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(event_type) ON TABLE health.system_events TO health_agent;
GRANT INSERT(event_type) ON TABLE health.system_events TO health_bridge;

--
-- Name: COLUMN system_events.severity; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(severity) ON TABLE health.system_events TO health_agent;
GRANT INSERT(severity) ON TABLE health.system_events TO health_bridge;

--
-- Name: COLUMN system_events.event_data; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(event_data) ON TABLE health.system_events TO health_agent;
GRANT INSERT(event_data) ON TABLE health.system_events TO health_bridge;

--
-- Name: COLUMN system_events.occurred_at; Type: ACL; Schema: health; Owner: health_owner
--

GRANT INSERT(occurred_at) ON TABLE health.system_events TO health_agent;
GRANT INSERT(occurred_at) ON TABLE health.system_events TO health_bridge;

--
-- Name: TABLE system_health; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.system_health TO health_analyst;
GRANT SELECT ON TABLE health.system_health TO health_bridge;

--
-- Name: COLUMN job_signals.agent_id; Type: ACL; Schema: health_internal; Owner: health_owner
--

GRANT INSERT(agent_id) ON TABLE health_internal.job_signals TO health_agent;
GRANT INSERT(agent_id) ON TABLE health_internal.job_signals TO health_gateway;
GRANT INSERT(agent_id) ON TABLE health_internal.job_signals TO health_bridge;

--
-- Name: COLUMN job_signals.run_id; Type: ACL; Schema: health_internal; Owner: health_owner
--

GRANT INSERT(run_id) ON TABLE health_internal.job_signals TO health_agent;
GRANT INSERT(run_id) ON TABLE health_internal.job_signals TO health_gateway;
GRANT INSERT(run_id) ON TABLE health_internal.job_signals TO health_bridge;

--
-- Name: COLUMN job_signals.signal; Type: ACL; Schema: health_internal; Owner: health_owner
--

GRANT INSERT(signal) ON TABLE health_internal.job_signals TO health_agent;
GRANT INSERT(signal) ON TABLE health_internal.job_signals TO health_gateway;
GRANT INSERT(signal) ON TABLE health_internal.job_signals TO health_bridge;

--
-- Name: COLUMN job_signals.attributes; Type: ACL; Schema: health_internal; Owner: health_owner
--

GRANT INSERT(attributes) ON TABLE health_internal.job_signals TO health_agent;
GRANT INSERT(attributes) ON TABLE health_internal.job_signals TO health_gateway;
GRANT INSERT(attributes) ON TABLE health_internal.job_signals TO health_bridge;

--
-- PostgreSQL database dump complete
--
