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
	CONSTRAINT agent_id_has_no_control_characters CHECK ((VALUE !~ '[[:cntrl:]]'::text))
	CONSTRAINT agent_id_is_1_to_200_bytes CHECK (((octet_length(VALUE) >= 1) AND (octet_length(VALUE) <= 200)));

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
	CONSTRAINT average_processing_time_ms_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT average_processing_time_ms_is_finite_from_0_to_1e15 CHECK (((VALUE >= (0)::double precision) AND (VALUE <= ('1000000000000000'::numeric)::double precision)));

ALTER DOMAIN health.average_processing_time_ms OWNER TO health_owner;

--
-- Name: DOMAIN average_processing_time_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.average_processing_time_ms IS 'Mean time per work item in milliseconds, 0 to 1e15.';

--
-- Name: cost_efficiency; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.cost_efficiency AS double precision
	CONSTRAINT cost_efficiency_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT cost_efficiency_is_between_0_and_100 CHECK (((VALUE >= (0)::double precision) AND (VALUE <= (100)::double precision)));

ALTER DOMAIN health.cost_efficiency OWNER TO health_owner;

--
-- Name: DOMAIN cost_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.cost_efficiency IS 'Cost efficiency as the agent reports it, percent, 0 to 100.';

--
-- Name: cpu_usage_percent; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.cpu_usage_percent AS double precision
	CONSTRAINT cpu_usage_percent_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT cpu_usage_percent_is_between_0_and_100 CHECK (((VALUE >= (0)::double precision) AND (VALUE <= (100)::double precision)));

ALTER DOMAIN health.cpu_usage_percent OWNER TO health_owner;

--
-- Name: DOMAIN cpu_usage_percent; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.cpu_usage_percent IS 'CPU used, percent of the whole host or container, 0 to 100 (not NaN).';

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
	CONSTRAINT event_type_has_no_control_characters CHECK ((VALUE !~ '[[:cntrl:]]'::text))
	CONSTRAINT event_type_is_1_to_200_bytes CHECK (((octet_length(VALUE) >= 1) AND (octet_length(VALUE) <= 200)));

ALTER DOMAIN health.event_type OWNER TO health_owner;

--
-- Name: DOMAIN event_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.event_type IS 'Name of a kind of event: 1 to 200 bytes, no control characters.';

--
-- Name: heartbeat_attributes; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.heartbeat_attributes AS jsonb
	CONSTRAINT attributes_are_an_object CHECK ((jsonb_typeof(VALUE) = 'object'::text))
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
	CONSTRAINT memory_limit_mb_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT memory_limit_mb_is_finite_from_0_to_1e15 CHECK (((VALUE >= (0)::double precision) AND (VALUE <= ('1000000000000000'::numeric)::double precision)));

ALTER DOMAIN health.memory_limit_mb OWNER TO health_owner;

--
-- Name: DOMAIN memory_limit_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.memory_limit_mb IS 'Memory the agent may use in megabytes, 0 to 1e15.';

--
-- Name: memory_usage_mb; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.memory_usage_mb AS double precision
	CONSTRAINT memory_usage_mb_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT memory_usage_mb_is_finite_from_0_to_1e15 CHECK (((VALUE >= (0)::double precision) AND (VALUE <= ('1000000000000000'::numeric)::double precision)));

ALTER DOMAIN health.memory_usage_mb OWNER TO health_owner;

--
-- Name: DOMAIN memory_usage_mb; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.memory_usage_mb IS 'Memory in use in megabytes, 0 to 1e15.';

--
-- Name: metric_name; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.metric_name AS text COLLATE pg_catalog."C"
	CONSTRAINT metric_name_has_no_control_characters CHECK ((VALUE !~ '[[:cntrl:]]'::text))
	CONSTRAINT metric_name_is_1_to_200_bytes CHECK (((octet_length(VALUE) >= 1) AND (octet_length(VALUE) <= 200)));

ALTER DOMAIN health.metric_name OWNER TO health_owner;

--
-- Name: DOMAIN metric_name; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.metric_name IS 'Name of a metric: 1 to 200 bytes, no control characters.';

--
-- Name: metric_unit; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.metric_unit AS text COLLATE pg_catalog."C"
	CONSTRAINT metric_unit_has_no_control_characters CHECK ((VALUE !~ '[[:cntrl:]]'::text))
	CONSTRAINT metric_unit_is_1_to_200_bytes CHECK (((octet_length(VALUE) >= 1) AND (octet_length(VALUE) <= 200)));

ALTER DOMAIN health.metric_unit OWNER TO health_owner;

--
-- Name: DOMAIN metric_unit; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.metric_unit IS 'Unit of a metric, such as ms or MB: 1 to 200 bytes, no control characters.';

--
-- Name: metric_value; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.metric_value AS double precision
	CONSTRAINT metric_value_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT metric_value_is_finite_and_at_most_1e15 CHECK (((VALUE >= ('-1000000000000000'::numeric)::double precision) AND (VALUE <= ('1000000000000000'::numeric)::double precision)));

ALTER DOMAIN health.metric_value OWNER TO health_owner;

--
-- Name: DOMAIN metric_value; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.metric_value IS 'Value of a metric: a finite number, magnitude at most 1e15.';

--
-- Name: operational_efficiency; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.operational_efficiency AS double precision
	CONSTRAINT operational_efficiency_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT operational_efficiency_is_between_0_and_100 CHECK (((VALUE >= (0)::double precision) AND (VALUE <= (100)::double precision)));

ALTER DOMAIN health.operational_efficiency OWNER TO health_owner;

--
-- Name: DOMAIN operational_efficiency; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.operational_efficiency IS 'Operational efficiency as the agent reports it, percent, 0 to 100.';

--
-- Name: revenue_impact_usd; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.revenue_impact_usd AS double precision
	CONSTRAINT revenue_impact_usd_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT revenue_impact_usd_is_finite_and_at_most_1e15 CHECK (((VALUE >= ('-1000000000000000'::numeric)::double precision) AND (VALUE <= ('1000000000000000'::numeric)::double precision)));

ALTER DOMAIN health.revenue_impact_usd OWNER TO health_owner;

--
-- Name: DOMAIN revenue_impact_usd; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.revenue_impact_usd IS 'Revenue gained (positive) or lost (negative) in US dollars, magnitude at most 1e15.';

--
-- Name: run_id; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.run_id AS text COLLATE pg_catalog."C"
	CONSTRAINT run_id_has_no_control_characters CHECK ((VALUE !~ '[[:cntrl:]]'::text))
	CONSTRAINT run_id_is_1_to_200_bytes CHECK (((octet_length(VALUE) >= 1) AND (octet_length(VALUE) <= 200)));

ALTER DOMAIN health.run_id OWNER TO health_owner;

--
-- Name: DOMAIN run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.run_id IS 'Name of one run of an agent or job: 1 to 200 bytes, no control characters.';

--
-- Name: user_satisfaction; Type: DOMAIN; Schema: health; Owner: health_owner
--

CREATE DOMAIN health.user_satisfaction AS double precision
	CONSTRAINT user_satisfaction_is_0_or_at_least_1e_minus_100 CHECK (((VALUE = (0)::double precision) OR (abs(VALUE) >= (0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001)::double precision)))
	CONSTRAINT user_satisfaction_is_between_0_and_100 CHECK (((VALUE >= (0)::double precision) AND (VALUE <= (100)::double precision)));

ALTER DOMAIN health.user_satisfaction OWNER TO health_owner;

--
-- Name: DOMAIN user_satisfaction; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON DOMAIN health.user_satisfaction IS 'User satisfaction as the agent reports it, percent, 0 to 100.';

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
-- Name: gap_memory; Type: TYPE; Schema: health_internal; Owner: health_owner
--

CREATE TYPE health_internal.gap_memory AS (
	log_interval double precision,
	mean_gap double precision,
	gap_count bigint,
	gap_histogram real[],
	reference_seconds double precision
);

ALTER TYPE health_internal.gap_memory OWNER TO health_owner;

--
-- Name: TYPE gap_memory; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON TYPE health_internal.gap_memory IS 'What an agent''s gaps have taught: ln of the interval, mean gap (s), number of gaps, histogram, and the time of the beat from which the next gap counts.';

--
-- Name: acknowledge_alert(bigint, text, text, timestamp with time zone, boolean, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.acknowledge_alert(p_alert_id bigint, p_by text, p_note text DEFAULT NULL::text, p_until timestamp with time zone DEFAULT NULL::timestamp with time zone, p_is_sticky boolean DEFAULT false, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION health.acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.acknowledge_alert(p_alert_id bigint, p_by text, p_note text, p_until timestamp with time zone, p_is_sticky boolean, p_now timestamp with time zone) IS 'Takes an open alert: its incident counts as acknowledged and its pending messages are cancelled in the same transaction. Raises AL001 where the alert is not open.';

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
-- Name: claim_deliveries(text, integer, text[], timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.claim_deliveries(p_worker text, p_limit integer DEFAULT 20, p_channels text[] DEFAULT NULL::text[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(delivery_id bigint, channel text, severity text, subject text, body text, agent_ids text[], details jsonb, idempotency_key text, attempt integer, fencing_token bigint, lease_until timestamp with time zone)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    UPDATE health.deliveries AS messages
    SET
        state = 'claimed',
        attempt = messages.attempt + 1,
        claimed_by = p_worker,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = p_now + interval '30 seconds'
    FROM (
        SELECT due.delivery_id
        FROM health.deliveries AS due
        WHERE (due.state = 'pending' OR (due.state = 'claimed' AND due.lease_until < p_now))
            AND due.not_before <= p_now
            AND (p_channels IS NULL OR due.channel = ANY (p_channels))
        ORDER BY due.not_before, due.delivery_id
        LIMIT least(greatest(p_limit, 0), 1000)
        FOR UPDATE SKIP LOCKED
    ) AS chosen
    WHERE messages.delivery_id = chosen.delivery_id
    RETURNING
        messages.delivery_id, messages.channel, messages.severity, messages.subject, messages.body,
        messages.agent_ids, messages.details, messages.idempotency_key, messages.attempt,
        messages.fencing_token, messages.lease_until;
$$;

ALTER FUNCTION health.claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.claim_deliveries(p_worker text, p_limit integer, p_channels text[], p_now timestamp with time zone) IS 'Claims due messages for p_worker for 30 s, only of p_channels where given; messages whose lease ran out are claimed again, with the same idempotency_key.';

--
-- Name: claim_recovery_actions(text, integer, text[], timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.claim_recovery_actions(p_worker text, p_limit integer DEFAULT 10, p_agent_ids text[] DEFAULT NULL::text[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(action_id bigint, agent_id text, issue_type text, action text, parameters jsonb, attempt integer, fencing_token bigint, lease_until timestamp with time zone)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
            AND pending.not_before <= p_now
            AND (p_agent_ids IS NULL OR pending.agent_id = ANY (p_agent_ids))
        ORDER BY pending.not_before, pending.action_id
        LIMIT least(greatest(p_limit, 0), 1000)
        FOR UPDATE SKIP LOCKED
    ) AS chosen
    WHERE actions.action_id = chosen.action_id
    RETURNING
        actions.action_id, actions.agent_id, actions.issue_type, actions.action,
        actions.parameters, actions.attempt, actions.fencing_token, actions.lease_until;
$$;

ALTER FUNCTION health.claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.claim_recovery_actions(p_worker text, p_limit integer, p_agent_ids text[], p_now timestamp with time zone) IS 'Claims due recoveries for p_worker for 30 s (renew_lease prolongs), only of p_agent_ids where given. No action is claimed by two workers. The action is a name: what it runs is in the bridge''s own configuration.';

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
                    'learnt_interval_seconds', exp(judged.log_interval),
                    'late_at', judged.late_at,
                    'unresponsive_at', judged.unresponsive_at,
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
                    'processing_time_ms', judged.processing_sum / nullif(judged.processing_weight, 0),
                    'processing_time_slo_ms', judged.latency_slo_ms,
                    'processing_time_baseline_ms',
                    judged.baseline_processing_sum / nullif(judged.baseline_processing_weight, 0),
                    'items_per_minute',
                    60 * judged.recent_item_sum / nullif(judged.gap_sum, 0),
                    'items_per_minute_slo', judged.throughput_slo_per_minute,
                    'items_per_minute_baseline',
                    60 * judged.baseline_item_sum / nullif(judged.baseline_seconds, 0)
                ),
                judged.performance_metrics
            ),
            (
                3, 'error_rate', judged.weight_error_rate,
                jsonb_build_object(
                    'decayed_errors', judged.error_sum,
                    'decayed_event_errors', judged.event_sum,
                    'decayed_items', judged.item_sum,
                    'decayed_seconds', judged.observed_seconds,
                    'error_count', judged.error_count
                ),
                judged.error_rate
            ),
            (
                4, 'resource_efficiency', judged.weight_resource_efficiency,
                jsonb_build_object(
                    'cpu_percent', judged.cpu_sum / nullif(judged.cpu_weight, 0),
                    'memory_usage_mb', judged.memory_usage_mb,
                    'memory_limit_mb', judged.memory_limit_mb,
                    'memory_mean_10_min_mb', judged.memory_sum / nullif(judged.memory_weight, 0),
                    'memory_mean_60_min_mb',
                    judged.slow_memory_sum / nullif(judged.slow_memory_weight, 0)
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

COMMENT ON FUNCTION health.load_history(p_from timestamp with time zone, p_to timestamp with time zone) IS 'Makes room for history between two times: partitions exempt from retention; returns how many. Insert the rows with received_at set (and the agents'' clocks within a day of it). Rows received more than settings.history_after before a tick''s p_now never change liveness, alerts or recovery. Raises EN002 for times that make no range, EN003 where a table is locked.';

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
    IF p_outcome IS NULL OR p_outcome NOT IN ('delivered', 'failed', 'refused') THEN
        RAISE EXCEPTION 'outcome "%" of a delivery is not known', coalesce(p_outcome, 'NULL')
            USING ERRCODE = 'RC001',
                HINT = 'Report delivered, failed or refused.';
    END IF;

    WITH reported AS (
        UPDATE health.deliveries AS messages
        SET
            state = CASE
                WHEN p_outcome = 'delivered' THEN 'delivered'
                WHEN p_outcome = 'refused' OR messages.attempt >= 10 THEN 'dead'
                ELSE 'pending'
            END,
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
                WHEN p_outcome IN ('delivered', 'refused') OR messages.attempt >= 10 THEN p_now
            END,
            outcome = jsonb_build_object('reported', p_outcome) || coalesce(p_details, '{}')
        WHERE messages.delivery_id = p_delivery_id
            AND messages.fencing_token = p_fencing_token
            AND messages.state = 'claimed'
        RETURNING messages.state, messages.delivery_id
    ),

    noted AS (
        INSERT INTO health.alert_events (alert_id, occurred_at, event, reason, delivery_id)
        SELECT DISTINCT
            queued.alert_id,
            p_now,
            CASE reported.state WHEN 'delivered' THEN 'delivered' ELSE 'failed' END,
            reported.state,
            reported.delivery_id
        FROM reported
        INNER JOIN health.alert_events AS queued
            ON reported.delivery_id = queued.delivery_id
            AND queued.event IN ('queued', 'grouped')
    )

    SELECT reported.state
    INTO v_state
    FROM reported;
    RETURN v_state IS NOT NULL;
END;
$$;

ALTER FUNCTION health.report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.report_delivery(p_delivery_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) IS 'Reports what became of a claimed message: delivered, failed (tried again with growing waits, or after details.retry_after_seconds; given up after ten attempts) or refused (given up). Returns false where the lease was lost. Raises RC001 for another outcome.';

--
-- Name: report_recovery_action(bigint, bigint, text, jsonb, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb DEFAULT '{}'::jsonb, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_agent_id text;
    v_state text;
BEGIN
    IF p_outcome IS NULL OR p_outcome NOT IN ('executing', 'succeeded', 'failed', 'refused') THEN
        RAISE EXCEPTION 'outcome "%" of a recovery is not known', coalesce(p_outcome, 'NULL')
            USING ERRCODE = 'RC001',
                HINT = 'Report executing, succeeded, failed or refused.';
    END IF;

    UPDATE health.recovery_actions AS actions
    SET
        state = CASE p_outcome
            WHEN 'executing' THEN 'executing'
            WHEN 'succeeded' THEN 'verifying'
            WHEN 'failed' THEN 'failed'
            WHEN 'refused' THEN 'escalated'
        END,
        started_at = CASE
            WHEN p_outcome = 'executing' THEN coalesce(actions.started_at, p_now)
            ELSE actions.started_at
        END,
        executed_at = CASE WHEN p_outcome IN ('succeeded', 'failed') THEN p_now END,
        verify_until = CASE
            WHEN p_outcome = 'succeeded'
                -- The start-up grace, and the beats that prove it at the agent's own pace.
                THEN p_now + make_interval(secs => policy.startup_grace_seconds + coalesce(
                    policy.verify_beats * coalesce(exp(status.log_interval),
                        policy.default_expected_interval_seconds), 0
                ))
        END,
        lease_until = CASE
            WHEN p_outcome = 'executing' THEN p_now + interval '30 seconds'
        END,
        finished_at = CASE WHEN p_outcome IN ('failed', 'refused') THEN p_now END,
        outcome = actions.outcome || jsonb_strip_nulls(jsonb_build_object(
            'reported', p_outcome,
            'details', nullif(coalesce(p_details, '{}'), '{}')
        )) || CASE p_outcome
            WHEN 'refused' THEN '{"reason": "the bridge refused it"}'::jsonb
            WHEN 'failed' THEN '{"reason": "the executor failed"}'::jsonb
            ELSE '{}'::jsonb
        END
    FROM health.current_policies AS policy
    LEFT JOIN health.agent_status AS status ON status.policy_class = policy.policy_class
    WHERE actions.action_id = p_action_id
        AND actions.fencing_token = p_fencing_token
        AND actions.state IN ('claimed', 'executing')
        AND status.agent_id = actions.agent_id
    RETURNING actions.agent_id, actions.state
    INTO v_agent_id, v_state;
    IF v_agent_id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('health_wakeup', '');
    RETURN true;
END;
$$;

ALTER FUNCTION health.report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.report_recovery_action(p_action_id bigint, p_fencing_token bigint, p_outcome text, p_details jsonb, p_now timestamp with time zone) IS 'Reports what became of a claimed recovery: executing, succeeded (heartbeats verify from now on), failed, or refused (a person is asked). Returns false, and changes nothing, where the fencing token is no longer the action''s: the lease was lost. Raises RC001 for another outcome.';

--
-- Name: request_recovery(text, text, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_action_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM health.agent_status WHERE agent_status.agent_id = p_agent_id) THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    INSERT INTO health.recovery_actions AS actions (
        agent_id, issue_type, requested_by, created_at, not_before
    )
    VALUES (p_agent_id, p_issue_type, coalesce(p_by, session_user), p_now, p_now)
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
                HINT = 'Wait for it to end, or look at health.recovery_backlog.';
    END IF;
    PERFORM pg_notify('health_wakeup', '');
    RETURN v_action_id;
END;
$$;

ALTER FUNCTION health.request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.request_recovery(p_agent_id text, p_issue_type text, p_by text, p_now timestamp with time zone) IS 'Queues a restart of an agent on a person''s word, at once and outside the budget; returns the action_id. Raises AG001 for an unknown agent, RC003 while one is under way.';

--
-- Name: resolve_alert(bigint, text, text, timestamp with time zone); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.resolve_alert(p_alert_id bigint, p_by text, p_note text DEFAULT NULL::text, p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION health.resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.resolve_alert(p_alert_id bigint, p_by text, p_note text, p_now timestamp with time zone) IS 'Closes an alert by hand; while its condition holds the next tick opens a new one. Raises AL001 where the alert is not open.';

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
    BEGIN
        PERFORM health_internal.act_phase(v_fold.judged_until);
    EXCEPTION
        WHEN OTHERS THEN
            PERFORM health_internal.note_engine_error(format('act: %s (%s)', SQLERRM, SQLSTATE));
            RAISE WARNING 'the act failed: %', SQLERRM
                USING HINT = 'What was judged is kept; the next tick acts on it.';
    END;
    COMMIT;
END;
$$;

ALTER PROCEDURE health.run_tick() OWNER TO health_owner;

--
-- Name: PROCEDURE run_tick(); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON PROCEDURE health.run_tick() IS 'The scheduler''s tick, by the clock: commits after fold and judge, so that a failing act undoes no fold; a failing phase is kept in engine_health.last_error and tried again. Call it outside a transaction.';

--
-- Name: schedule_sql(text); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.schedule_sql(p_cron_version text DEFAULT '1.6'::text) RETURNS SETOF text
    LANGUAGE sql STABLE
    AS $$
    SELECT format(
        'SELECT cron.schedule_in_database(%L, %L, %L, %L)',
        jobs.job_name || '_' || current_database(), jobs.schedule, jobs.command, current_database()
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
            END
        ),
        ('health_housekeeping', '* * * * *', 'CALL health.run_housekeeping()')
    ) AS jobs (job_name, schedule, command)
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
-- Name: set_channel(text, text, text, boolean); Type: FUNCTION; Schema: health; Owner: health_owner
--

CREATE FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text DEFAULT 'warning'::text, p_is_enabled boolean DEFAULT true) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    INSERT INTO health.channels AS channels (channel, kind, minimum_severity, is_enabled)
    VALUES (p_channel, p_kind, p_minimum_severity, p_is_enabled)
    ON CONFLICT (channel) DO UPDATE SET
        kind = excluded.kind,
        minimum_severity = excluded.minimum_severity,
        is_enabled = excluded.is_enabled;
$$;

ALTER FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean) OWNER TO health_owner;

--
-- Name: FUNCTION set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean); Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean) IS 'Adds or changes a way to send messages. A channel is a name; its address and secret are in the bridge''s configuration.';

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
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_opened bigint;
    v_new_incidents bigint [];
    v_escalated bigint [];
    v_resolved bigint [];
BEGIN
    -- Incidents first: one per agent with a condition.
    WITH bad AS MATERIALIZED (
        SELECT
            status.agent_id,
            status.last_heartbeat_at,
            status.liveness,
            (array_agg(
                rules.severity ORDER BY health_internal.severity_rank(rules.severity) DESC
            ))[1] AS severity
        FROM health.agent_status AS status
        CROSS JOIN LATERAL unnest(status.active_conditions) AS conditions (rule)
        INNER JOIN health.alert_rules AS rules
            ON conditions.rule = rules.rule AND rules.is_enabled
        WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
            AND status.active_conditions <> '{}'
        GROUP BY status.agent_id
    ),

    opened AS (
        INSERT INTO health.incidents AS incidents (agent_id, severity, onset_at, detected_at)
        SELECT
            bad.agent_id,
            bad.severity,
            CASE
                WHEN bad.liveness = 'unresponsive' THEN least(bad.last_heartbeat_at, p_now)
                ELSE p_now
            END,
            p_now
        FROM bad
        WHERE NOT EXISTS (
            SELECT FROM health.incidents AS standing
            WHERE standing.agent_id = bad.agent_id AND standing.resolved_at IS NULL
        )
        ON CONFLICT (agent_id) WHERE resolved_at IS NULL DO NOTHING
        RETURNING incidents.incident_id
    ),

    escalated AS (
        UPDATE health.incidents
        SET severity = bad.severity
        FROM bad
        WHERE incidents.agent_id = bad.agent_id
            AND incidents.resolved_at IS NULL
            AND health_internal.severity_rank(bad.severity)
            > health_internal.severity_rank(incidents.severity)
        RETURNING incidents.incident_id
    )

    SELECT
        ARRAY(SELECT opened.incident_id FROM opened),
        ARRAY(SELECT escalated.incident_id FROM escalated)
    INTO v_new_incidents, v_escalated;

    WITH opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, agent_id, rule, severity, summary, details, opened_at,
            acknowledged_at, acknowledged_by
        )
        SELECT
            incidents.incident_id,
            status.agent_id,
            rules.rule,
            rules.severity,
            rules.summary,
            jsonb_strip_nulls(jsonb_build_object(
                'score', round(status.score::numeric, 2),
                'ungated_score', round(status.ungated_score::numeric, 2),
                'status', status.status, 'liveness', status.liveness, 'state', status.state,
                'last_heartbeat_at', status.last_heartbeat_at,
                'silent_seconds', round(status.silent_seconds::numeric, 3),
                'session_lost_at', status.session_lost_at
            )),
            p_now,
            NULL,
            NULL
        FROM health.agent_status AS status
        CROSS JOIN LATERAL unnest(status.active_conditions) AS conditions (rule)
        INNER JOIN health.alert_rules AS rules
            ON conditions.rule = rules.rule AND rules.is_enabled
        INNER JOIN health.incidents
            ON status.agent_id = incidents.agent_id AND incidents.resolved_at IS NULL
        WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
            AND status.active_conditions <> '{}'
            AND NOT EXISTS (
                SELECT FROM health.alerts AS standing
                WHERE standing.agent_id = status.agent_id
                    AND standing.rule = rules.rule
                    AND standing.resolved_at IS NULL
            )
        ON CONFLICT (agent_id, rule) WHERE resolved_at IS NULL DO NOTHING
        RETURNING alerts.alert_id
    ),

    noted AS (
        INSERT INTO health.alert_events (alert_id, occurred_at, event)
        SELECT opened.alert_id, p_now, 'opened'
        FROM opened
    )

    SELECT count(*)
    INTO v_opened
    FROM opened;

    -- Alerts whose condition no longer holds; user rules and engine alerts are resolved elsewhere.
    WITH closed AS (
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = 'engine'
        FROM health.alert_rules AS rules, health.agent_status AS status
        WHERE alerts.resolved_at IS NULL
            AND alerts.rule = rules.rule
            AND rules.is_builtin
            AND rules.rule <> 'recovery_failed'
            AND status.agent_id = alerts.agent_id
            AND NOT alerts.rule = ANY (status.active_conditions)
            -- An agent says goodbye while it is being restarted: that is no recovery yet.
            AND NOT (
                status.liveness IN ('stopped', 'starting')
                AND EXISTS (
                    SELECT FROM health.recovery_actions AS actions
                    WHERE actions.agent_id = alerts.agent_id
                        AND actions.state IN ('claimed', 'executing', 'verifying')
                )
            )
        RETURNING alerts.alert_id
    ),

    recovered AS (
        -- A failed recovery is over when nothing else is wrong with the agent.
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = 'engine'
        FROM health.agent_status AS status
        WHERE alerts.resolved_at IS NULL
            AND alerts.rule = 'recovery_failed'
            AND status.agent_id = alerts.agent_id
            AND status.active_conditions = '{}'
            AND status.issue_type IS NULL
        RETURNING alerts.alert_id
    )

    INSERT INTO health.alert_events (alert_id, occurred_at, event, reason)
    SELECT closed.alert_id, p_now, 'resolved', 'the condition no longer holds'
    FROM closed
    UNION ALL
    SELECT recovered.alert_id, p_now, 'resolved', 'the agent is healthy'
    FROM recovered;

    WITH resolved AS (
        UPDATE health.incidents
        SET resolved_at = p_now
        WHERE incidents.resolved_at IS NULL
            AND NOT EXISTS (
                SELECT FROM health.alerts
                WHERE alerts.incident_id = incidents.incident_id AND alerts.resolved_at IS NULL
            )
        RETURNING incidents.incident_id
    )

    SELECT ARRAY(SELECT resolved.incident_id FROM resolved)
    INTO v_resolved;

    IF v_new_incidents <> '{}' THEN
        PERFORM health_internal.queue_deliveries(p_now, v_new_incidents, 'opened');
    END IF;
    IF v_escalated <> '{}' THEN
        PERFORM health_internal.queue_deliveries(p_now, v_escalated, 'escalated');
    END IF;
    IF v_resolved <> '{}' THEN
        -- A page that never left is not followed by its all-clear.
        PERFORM health_internal.queue_deliveries(p_now, v_resolved, 'resolved');
    END IF;
    RETURN v_opened;
END;
$$;

ALTER FUNCTION health_internal.act_on_alerts(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION act_on_alerts(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.act_on_alerts(p_now timestamp with time zone) IS 'Opens and closes incidents and alerts so that they agree with agent_status.active_conditions, and queues their messages; returns how many alerts opened.';

--
-- Name: act_on_recoveries(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.act_on_recoveries(p_now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_failed text [];
    v_queued bigint;
BEGIN
    -- A lease ran out: what was only claimed goes back to the queue, what was executing has failed
    -- (nobody knows how far it came, and verification by heartbeats decides).
    UPDATE health.recovery_actions AS actions
    SET
        state = CASE WHEN actions.state = 'claimed' THEN 'pending' ELSE 'verifying' END,
        claimed_by = CASE WHEN actions.state = 'executing' THEN actions.claimed_by END,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = NULL,
        executed_at = CASE WHEN actions.state = 'executing' THEN p_now END,
        verify_until = CASE
            WHEN actions.state = 'executing'
                THEN p_now + make_interval(secs => policy.startup_grace_seconds)
        END,
        outcome = actions.outcome || '{"lease": "lost"}'
    FROM health.agent_status AS status
    INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
    WHERE actions.state IN ('claimed', 'executing')
        AND actions.lease_until < p_now
        AND status.agent_id = actions.agent_id;

    -- Nobody needs it any more.
    UPDATE health.recovery_actions AS actions
    SET
        state = 'cancelled',
        finished_at = p_now,
        outcome = actions.outcome || '{"reason": "the agent recovered by itself"}'
    FROM health.agent_status AS status
    WHERE actions.state = 'pending'
        AND actions.requested_by = 'engine'
        AND status.agent_id = actions.agent_id
        AND status.issue_type IS NULL;

    -- Verified by heartbeats that came after the restart.
    WITH verified AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = 'succeeded',
            finished_at = p_now,
            outcome = actions.outcome || jsonb_build_object(
                'verified_by', 'heartbeats', 'last_heartbeat_at', status.last_heartbeat_at
            )
        FROM health.agent_status AS status
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        WHERE actions.state = 'verifying'
            AND status.agent_id = actions.agent_id
            AND status.last_heartbeat_at > actions.executed_at
            AND status.state IN ('active', 'running', 'idle')
            AND status.liveness = 'alive'
            AND status.issue_type IS NULL
            -- Beats of one moment (state changes at the start, say) count once.
            AND (
                SELECT count(DISTINCT floor(
                    date_part('epoch', good.received_at - actions.executed_at)
                    / (0.8 * exp(status.log_interval))
                ))
                FROM (
                    SELECT beats.received_at
                    FROM health.agent_heartbeats AS beats
                    WHERE beats.agent_id = actions.agent_id
                        AND beats.received_at > actions.executed_at
                        AND beats.state IN ('active', 'running', 'idle')
                    UNION ALL
                    SELECT beats.received_at
                    FROM health.ingest_heartbeats AS beats
                    WHERE beats.agent_id = actions.agent_id
                        AND beats.received_at > actions.executed_at
                        AND beats.state IN ('active', 'running', 'idle')
                ) AS good
            ) >= policy.verify_beats
        RETURNING actions.action_id, actions.agent_id, actions.issue_type, actions.created_at
    ),

    recovered AS (
        UPDATE health.incidents
        SET recovered_at = p_now
        FROM verified
        WHERE incidents.agent_id = verified.agent_id AND incidents.resolved_at IS NULL
    )

    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
    SELECT
        'heartbeat_health_agent',
        'automated_recovery',
        'info',
        jsonb_build_object(
            'agent_id', verified.agent_id, 'issue_type', verified.issue_type,
            'action_id', verified.action_id, 'success', true,
            'recovery_seconds', date_part('epoch', p_now - verified.created_at)
        ),
        p_now
    FROM verified;

    -- Not verified in time, executing too long, or claimed by nobody.
    WITH failed AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = CASE
                WHEN actions.state = 'pending' THEN 'escalated'
                ELSE 'failed'
            END,
            finished_at = p_now,
            fencing_token = nextval('health_internal.fencing_tokens'),
            outcome = actions.outcome || jsonb_build_object('reason', CASE actions.state
                WHEN 'pending' THEN 'no bridge claimed it'
                WHEN 'executing' THEN 'it took too long'
                ELSE 'the agent did not prove itself by heartbeats'
            END)
        FROM health.agent_status AS status
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        WHERE status.agent_id = actions.agent_id
            AND CASE actions.state
                WHEN 'pending' THEN
                    actions.not_before + make_interval(secs => policy.recovery_claim_seconds) < p_now
                WHEN 'executing' THEN
                    actions.started_at
                    + make_interval(secs => policy.recovery_execution_seconds) < p_now
                WHEN 'verifying' THEN actions.verify_until < p_now
            END
        RETURNING actions.action_id, actions.agent_id, actions.state, actions.outcome
    )

    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
    SELECT
        'heartbeat_health_agent', 'automated_recovery', 'warning',
        jsonb_build_object(
            'agent_id', failed.agent_id, 'action_id', failed.action_id, 'success', false
        ) || failed.outcome,
        p_now
    FROM failed;

    -- Still in trouble and nothing under way: the next attempt within the budget, else a person.
    WITH stuck AS (
        SELECT
            idle.agent_id,
            idle.issue_type,
            attempts.attempt,
            attempts.not_before,
            attempts.is_within_budget
        FROM (
            SELECT
                status.agent_id,
                status.policy_class,
                status.issue_type
            FROM health.agent_status AS status
            INNER JOIN health.current_policies AS policy
                ON status.policy_class = policy.policy_class AND policy.is_recovery_enabled
            CROSS JOIN LATERAL (
                SELECT actions.state, actions.finished_at
                FROM health.recovery_actions AS actions
                WHERE actions.agent_id = status.agent_id
                ORDER BY actions.created_at DESC, actions.action_id DESC
                LIMIT 1
            ) AS latest
            WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
                AND status.issue_type IS NOT NULL
                AND status.agent_id <> 'heartbeat_health_agent'
                AND latest.state IN ('failed', 'succeeded', 'cancelled')
                AND latest.finished_at < p_now
            OFFSET 0
        ) AS idle
        CROSS JOIN LATERAL health_internal.recovery_attempt(
            idle.agent_id, idle.policy_class, p_now
        ) AS attempts
    )

    INSERT INTO health.recovery_actions (
        agent_id, issue_type, attempt, created_at, not_before, state, finished_at, outcome
    )
    SELECT
        stuck.agent_id,
        stuck.issue_type,
        stuck.attempt,
        p_now,
        stuck.not_before,
        CASE WHEN stuck.is_within_budget THEN 'pending' ELSE 'escalated' END,
        CASE WHEN NOT stuck.is_within_budget THEN p_now END,
        CASE
            WHEN stuck.is_within_budget THEN '{}'::jsonb
            ELSE '{"reason": "the budget of attempts is used up"}'::jsonb
        END
    FROM stuck
    ON CONFLICT (agent_id) WHERE state IN ('pending', 'claimed', 'executing', 'verifying')
    DO NOTHING;
    GET DIAGNOSTICS v_queued = ROW_COUNT;

    -- Escalations nobody was told of yet.
    SELECT array_agg(DISTINCT actions.agent_id)
    INTO v_failed
    FROM health.recovery_actions AS actions
    INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
    WHERE actions.state = 'escalated'
        AND actions.finished_at > p_now - interval '1 minute'
        AND status.issue_type IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM health.alerts
            WHERE alerts.agent_id = actions.agent_id
                AND alerts.rule = 'recovery_failed'
                AND alerts.resolved_at IS NULL
        );
    IF v_failed IS NOT NULL THEN
        PERFORM health_internal.open_recovery_failed(
            p_now, v_failed, 'automatic recovery gave up'
        );
    END IF;

    UPDATE health.recovery_actions AS actions
    SET incident_id = incidents.incident_id
    FROM health.incidents
    WHERE actions.incident_id IS NULL
        AND actions.state IN ('pending', 'claimed', 'executing', 'verifying')
        AND incidents.agent_id = actions.agent_id
        AND incidents.resolved_at IS NULL;
    RETURN v_queued;
END;
$$;

ALTER FUNCTION health_internal.act_on_recoveries(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION act_on_recoveries(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.act_on_recoveries(p_now timestamp with time zone) IS 'Moves recoveries on: lost leases, needless ones, verification by heartbeats, time-outs, further attempts within the budget, escalation to a person. Returns how many were queued anew.';

--
-- Name: act_phase(timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
BEGIN
    alerts_opened := 0;
    recoveries_queued := 0;
    PERFORM FROM health_internal.engine FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM health.agent_status AS status
        WHERE status.active_conditions <> '{}' OR status.issue_type IS NOT NULL
    )
        OR EXISTS (SELECT FROM health.alerts WHERE alerts.resolved_at IS NULL)
        OR EXISTS (SELECT FROM health.incidents WHERE incidents.resolved_at IS NULL)
        OR EXISTS (
            SELECT FROM health.recovery_actions AS actions
            WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
        ) THEN
        alerts_opened := health_internal.act_on_alerts(p_now);
        PERFORM health_internal.act_on_recoveries(p_now);
    END IF;
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
    UPDATE health_internal.engine
    SET last_act_ms = date_part('epoch', clock_timestamp() - v_started) * 1000;
END;
$$;

ALTER FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint) OWNER TO health_owner;

--
-- Name: FUNCTION act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint) IS 'Second phase of a tick: alerts, incidents, messages, recoveries, and one NOTIFY health_wakeup if the bridge has work. Returns alerts opened and recoveries queued; both 0 where another ticker acts.';

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
            'health.system_events', 'health_internal.agent_changes'
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
-- Name: arrived_agent_changes(xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) RETURNS TABLE(agent_id text)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id
    FROM health_internal.agent_changes AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id
    FROM health_internal.agent_changes AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id
    FROM health_internal.agent_changes AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
$$;

ALTER FUNCTION health_internal.arrived_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) IS 'Agents whose configuration changed. What became visible between the last tick''s snapshot and this one''s: rows of transactions begun since, rows of transactions that were in progress then, and rows of the ticking transaction itself, told apart by command number. Inlined into the caller.';

--
-- Name: arrived_events(xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_events(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) RETURNS TABLE(agent_id health.agent_id, event_type health.event_type, severity health.event_severity, received_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id,
        arrived.event_type,
        arrived.severity,
        arrived.received_at
    FROM health.system_events AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.event_type,
        arrived.severity,
        arrived.received_at
    FROM health.system_events AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.event_type,
        arrived.severity,
        arrived.received_at
    FROM health.system_events AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
$$;

ALTER FUNCTION health_internal.arrived_events(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_events(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_events(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) IS 'Events to fold. What became visible between the last tick''s snapshot and this one''s: rows of transactions begun since, rows of transactions that were in progress then, and rows of the ticking transaction itself, told apart by command number. Inlined into the caller.';

--
-- Name: arrived_heartbeats(xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_heartbeats(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) RETURNS TABLE(agent_id health.agent_id, state health.agent_state, sent_at timestamp with time zone, received_at timestamp with time zone, work_items_processed health.work_items_processed, average_processing_time_ms health.average_processing_time_ms, cpu_usage_percent health.cpu_usage_percent, memory_usage_mb health.memory_usage_mb, memory_limit_mb health.memory_limit_mb, error_count health.error_count, cost_efficiency health.cost_efficiency, user_satisfaction health.user_satisfaction, operational_efficiency health.operational_efficiency, revenue_impact_usd health.revenue_impact_usd, signal health.heartbeat_signal, run_id health.run_id, txid xid8)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.agent_heartbeats AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.agent_heartbeats AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.agent_heartbeats AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.ingest_heartbeats AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.ingest_heartbeats AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.ingest_heartbeats AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
$$;

ALTER FUNCTION health_internal.arrived_heartbeats(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_heartbeats(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_heartbeats(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) IS 'Heartbeats to fold. What became visible between the last tick''s snapshot and this one''s: rows of transactions begun since, rows of transactions that were in progress then, and rows of the ticking transaction itself, told apart by command number. Inlined into the caller.';

--
-- Name: arrived_metrics(xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.arrived_metrics(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) RETURNS TABLE(agent_id health.agent_id, metric_name health.metric_name, metric_value health.metric_value, unit health.metric_unit, received_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT
        arrived.agent_id,
        arrived.metric_name,
        arrived.metric_value,
        arrived.unit,
        arrived.received_at
    FROM health.performance_metrics AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.metric_name,
        arrived.metric_value,
        arrived.unit,
        arrived.received_at
    FROM health.performance_metrics AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.metric_name,
        arrived.metric_value,
        arrived.unit,
        arrived.received_at
    FROM health.performance_metrics AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
$$;

ALTER FUNCTION health_internal.arrived_metrics(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) OWNER TO health_owner;

--
-- Name: FUNCTION arrived_metrics(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.arrived_metrics(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) IS 'Metric values to fold. What became visible between the last tick''s snapshot and this one''s: rows of transactions begun since, rows of transactions that were in progress then, and rows of the ticking transaction itself, told apart by command number. Inlined into the caller.';

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

COMMENT ON COLUMN health.monitor_gaps.settled_at IS 'Until when agents that fell silent in it may take to come back.';

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
    FROM ( SELECT unnest(range_agg(tstzrange(GREATEST(gaps.started_at, blind_seconds.p_from), LEAST(gaps.settled_at, blind_seconds.p_until)))) AS times
            FROM health.monitor_gaps gaps
           WHERE ((gaps.ended_at > blind_seconds.p_from) AND (gaps.started_at < blind_seconds.p_until))) blind;
END;

ALTER FUNCTION health_internal.blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.blind_seconds(p_from timestamp with time zone, p_until timestamp with time zone) IS 'Seconds of a silence that are the monitor''s own: the gaps it reaches into, each until agents have had time to come back. Deadlines are credited with it; a silence that began after a gap is not.';

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
    IF EXISTS (
        SELECT FROM health_internal.partitions
        WHERE partitions.table_name = p_table
            AND partitions.from_at < p_until
            AND partitions.until_at > p_from
    ) THEN
        RETURN true;
    END IF;
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
-- Name: deadline_intervals(real[], bigint, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.deadline_intervals(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap double precision, p_false_alarm_cost double precision, p_hard_limit double precision) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    v_unit constant double precision := health_internal.gap_unit(p_gap_count);
    v_price constant double precision := p_false_alarm_cost * 86400 / greatest(p_mean_gap, 1e-3);
    v_total double precision := 0.1
        + 3000 * (1 - exp(-least(700, p_gap_count / 3000.0::double precision)));
    v_longer double precision := 0;
    v_edge double precision;
    v_cost double precision;
    v_best double precision;
    v_best_cost double precision := 'infinity'::double precision;
BEGIN
    -- From the longest gap to the shortest, so that the mass beyond an edge is a running sum.
    FOR v_bin IN REVERSE 24 .. 1
    LOOP
        v_longer := v_longer + p_histogram[v_bin + 1] / v_unit;
        v_edge := 1 + 0.02 * 1.39 ^ (v_bin - 1);
        v_cost := v_price * (0.1 * (
            0.9 / (v_edge * v_edge * v_edge) + 0.1 * least(1, 8 / (v_edge * v_edge * v_edge))
        ) + v_longer) / v_total + p_interval_seconds * v_edge;
        IF v_cost <= v_best_cost THEN
            v_best_cost := v_cost;
            v_best := v_edge;
        END IF;
    END LOOP;
    RETURN least(p_hard_limit, v_best + 1);
END;
$$;

ALTER FUNCTION health_internal.deadline_intervals(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap double precision, p_false_alarm_cost double precision, p_hard_limit double precision) OWNER TO health_owner;

--
-- Name: FUNCTION deadline_intervals(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap double precision, p_false_alarm_cost double precision, p_hard_limit double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.deadline_intervals(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap double precision, p_false_alarm_cost double precision, p_hard_limit double precision) IS 'Learnt intervals after which silence is judged: the edge x of the histogram with the least price × P(gap > x) + interval × x, plus one interval for a lost beat, at most the hard limit. P has a weak prior (a tenth of one gap, tail x^-3); the price is seconds of delay per false alarm and day.';

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
    WHERE partitions.partition_name = p_name;
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
-- Name: fold_agent_changes(xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_changed text [];
BEGIN
    v_changed := ARRAY(
        SELECT DISTINCT changes.agent_id
        FROM health_internal.arrived_agent_changes(
            p_from_xmax, p_in_progress, p_until,
            p_own_xid, p_own_from, p_own_until, p_last_own_xid, p_last_own_from
        ) AS changes
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
        date_part('epoch', agents.grace),
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
        log_interval = CASE
            WHEN excluded.expected_interval_seconds
                IS DISTINCT FROM status.expected_interval_seconds
                AND status.gap_count < 20
                THEN ln(excluded.expected_interval_seconds)
            ELSE status.log_interval
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

ALTER FUNCTION health_internal.fold_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) OWNER TO health_owner;

--
-- Name: FUNCTION fold_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) IS 'Copies what changed in agents since the last tick into agent_status; returns how many agents.';

--
-- Name: fold_and_judge(timestamp with time zone, bigint, xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint, timestamp with time zone, boolean, boolean); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, p_blind_until timestamp with time zone, p_only_due boolean, p_is_many boolean, OUT arrived_rows bigint, OUT arrived_agents bigint, OUT judged_agents bigint) RETURNS record
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET jit TO 'off'
    SET work_mem TO '256MB'
    SET enable_nestloop TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_mergejoin TO 'on'
    AS $$
DECLARE
    v_fast double precision;
    v_slow double precision;
    v_base double precision;
    v_history_before timestamptz;
    v_empty_histogram constant real [] := array_fill(0::real, ARRAY[25]);
BEGIN
    SELECT
        settings.heartbeat_memory_seconds,
        settings.metric_memory_seconds,
        settings.baseline_memory_seconds,
        p_now - settings.history_after
    INTO STRICT v_fast, v_slow, v_base, v_history_before
    FROM health.settings;

    -- The planner cannot know how many agents arrive: few are looked up one by one, many by hash.
    -- (The SET clauses above put this back at the end.)
    PERFORM set_config('enable_nestloop', (NOT p_is_many)::text, true);
    PERFORM set_config('enable_hashjoin', p_is_many::text, true);
    PERFORM set_config('enable_mergejoin', p_is_many::text, true);

    WITH
    arrived AS MATERIALIZED (
        SELECT
            beats.*,
            row_number() OVER batch AS batch_number,
            lag(beats.received_at) OVER batch AS previous_at,
            lead(beats.received_at) OVER batch IS NULL AS is_last
        FROM health_internal.arrived_heartbeats(
            p_from_xmax, p_in_progress, p_until,
            p_own_xid, p_own_from, p_own_until, p_last_own_xid, p_last_own_from
        ) AS beats
        WHERE NOT p_only_due AND beats.received_at >= v_history_before
        WINDOW batch AS (PARTITION BY beats.agent_id ORDER BY beats.received_at)
    ),

    -- Agents with several new rows: their rows one by one, those older than the last one folded
    -- counted as beats only.
    flagged AS (
        SELECT
            arrived.*,
            coalesce(arrived.received_at > status.last_heartbeat_at, true) AS is_newer,
            CASE
                WHEN coalesce(arrived.previous_at > status.last_heartbeat_at, true)
                    THEN arrived.previous_at
            END AS newer_previous_at,
            CASE
                WHEN status.baseline_processing_weight >= 10 THEN
                    3 * status.baseline_processing_sum / status.baseline_processing_weight
            END AS processing_limit
        FROM (
            SELECT last_row.agent_id
            FROM arrived AS last_row
            WHERE last_row.is_last AND last_row.batch_number > 1
        ) AS plural
        INNER JOIN arrived ON plural.agent_id = arrived.agent_id
        INNER JOIN health.agent_status AS status ON arrived.agent_id = status.agent_id
    ),

    -- Runs: a new name or a new initializing begins one, and so does a counter that fell within one.
    named AS (
        SELECT
            marked.*,
            sum(marked.is_named_restart::integer) OVER (
                PARTITION BY marked.agent_id ORDER BY marked.received_at
            ) AS name_number
        FROM (
            SELECT
                flagged.*,
                flagged.is_newer AND (
                    flagged.run_id <> lag(flagged.run_id) OVER runs
                    OR (
                        flagged.state = 'initializing'
                        AND lag(flagged.state) OVER newer <> 'initializing'
                    )
                ) IS TRUE AS is_named_restart
            FROM flagged
            WINDOW
                newer AS (
                    PARTITION BY flagged.agent_id, flagged.is_newer ORDER BY flagged.received_at
                ),
                runs AS (
                    PARTITION BY flagged.agent_id, flagged.run_id IS NOT NULL AND flagged.is_newer
                    ORDER BY flagged.received_at
                )
        ) AS marked
    ),

    restarts AS (
        SELECT
            named.*,
            named.is_named_restart OR (
                named.is_newer AND (
                    named.error_count < lag(named.error_count) OVER errors
                    OR named.work_items_processed < lag(named.work_items_processed) OVER items
                )
            ) IS TRUE AS is_restart
        FROM named
        WINDOW
            errors AS (
                PARTITION BY
                    named.agent_id, named.name_number,
                    named.error_count IS NOT NULL AND named.is_newer
                ORDER BY named.received_at
            ),
            items AS (
                PARTITION BY
                    named.agent_id, named.name_number,
                    named.work_items_processed IS NOT NULL AND named.is_newer
                ORDER BY named.received_at
            )
    ),

    numbered AS (
        SELECT
            restarts.*,
            sum(restarts.is_restart::integer) OVER (
                PARTITION BY restarts.agent_id ORDER BY restarts.received_at
            ) AS run_number,
            sum(restarts.is_restart::integer) OVER (PARTITION BY restarts.agent_id) AS last_run,
            date_part('epoch', p_now - restarts.received_at) AS age,
            CASE
                WHEN restarts.is_newer
                    THEN date_part('epoch', restarts.received_at - restarts.newer_previous_at)
            END AS gap
        FROM restarts
    ),

    counted AS (
        SELECT
            numbered.*,
            numbered.is_newer AND numbered.run_number = numbered.last_run AS is_in_last_run,
            health_internal.decay(numbered.age, v_fast) AS fast_weight,
            health_internal.decay(numbered.age, v_slow) AS slow_weight,
            health_internal.decay(numbered.age, v_base) AS base_weight,
            -- A counter told by the first beat of its run counts in full, told later from there.
            numbered.error_count - coalesce(
                lag(numbered.error_count) OVER errors,
                CASE WHEN numbered.is_restart THEN 0 ELSE numbered.error_count END
            ) AS errors_in,
            numbered.work_items_processed - coalesce(
                lag(numbered.work_items_processed) OVER items,
                CASE WHEN numbered.is_restart THEN 0 ELSE numbered.work_items_processed END
            ) AS items_in,
            -- The first told of the run that goes on: its difference is to the stored counter.
            numbered.run_number = 0 AND numbered.is_newer AND numbered.error_count IS NOT NULL
            AND row_number() OVER errors = 1 AS is_first_errors,
            numbered.run_number = 0 AND numbered.is_newer
            AND numbered.work_items_processed IS NOT NULL
            AND row_number() OVER items = 1 AS is_first_items
        FROM numbered
        WINDOW
            errors AS (
                PARTITION BY
                    numbered.agent_id, numbered.run_number,
                    numbered.error_count IS NOT NULL AND numbered.is_newer
                ORDER BY numbered.received_at
            ),
            items AS (
                PARTITION BY
                    numbered.agent_id, numbered.run_number,
                    numbered.work_items_processed IS NOT NULL AND numbered.is_newer
                ORDER BY numbered.received_at
            )
    ),

    several AS MATERIALIZED (
        SELECT
            counted.agent_id,
            min(counted.received_at) FILTER (WHERE counted.is_newer) AS first_at,
            bool_or(counted.is_restart) AS has_new_run,
            (array_agg(counted.run_id ORDER BY counted.received_at)
                FILTER (WHERE counted.run_id IS NOT NULL AND counted.is_newer))[1]
                AS first_run_id,
            (array_agg(counted.run_id ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.run_id IS NOT NULL AND counted.is_in_last_run))[1]
                AS run_id,
            (array_agg(counted.state ORDER BY counted.received_at)
                FILTER (WHERE counted.is_newer))[1] AS first_state,
            min(counted.received_at) FILTER (WHERE counted.is_in_last_run) AS run_started_at,
            count(*) FILTER (
                WHERE counted.state IN ('active', 'running', 'idle')
                    AND (counted.is_in_last_run OR NOT counted.is_newer)
            ) AS good_beats,
            sum(counted.fast_weight) FILTER (WHERE NOT counted.is_newer) AS late_weight,
            -- The beat that begins a run is negative: the gap before it teaches nothing.
            array_agg(
                date_part('epoch', counted.received_at)
                * CASE WHEN counted.is_restart THEN -1 ELSE 1 END
                ORDER BY counted.received_at
            ) FILTER (WHERE counted.is_newer) AS beats,
            sum(counted.fast_weight) FILTER (WHERE counted.gap IS NOT NULL) AS gap_weight,
            sum(counted.fast_weight * health_internal.time_mass(counted.gap, v_fast)) AS gap_sum,
            sum(counted.fast_weight * health_internal.time_mass(counted.gap, v_fast) ^ 2)
                AS gap_square_sum,
            sum(counted.slow_weight * health_internal.time_mass(counted.gap, v_slow))
                FILTER (WHERE counted.is_in_last_run AND NOT counted.is_restart)
                AS observed_seconds,
            sum(counted.base_weight * health_internal.time_mass(counted.gap, v_base))
                AS baseline_seconds,
            min(counted.error_count) FILTER (WHERE counted.is_first_errors) AS first_errors,
            min(counted.slow_weight) FILTER (WHERE counted.is_first_errors) AS first_errors_weight,
            min(counted.received_at) FILTER (WHERE counted.is_first_errors) AS first_errors_at,
            sum(counted.slow_weight * counted.errors_in) FILTER (WHERE counted.is_in_last_run)
                AS further_errors,
            min(counted.work_items_processed) FILTER (WHERE counted.is_first_items) AS first_items,
            min(counted.fast_weight) FILTER (WHERE counted.is_first_items)
                AS first_items_fast_weight,
            min(counted.slow_weight) FILTER (WHERE counted.is_first_items) AS first_items_weight,
            min(counted.base_weight) FILTER (WHERE counted.is_first_items)
                AS first_items_base_weight,
            min(counted.received_at) FILTER (WHERE counted.is_first_items) AS first_items_at,
            sum(counted.slow_weight * counted.items_in) FILTER (WHERE counted.is_in_last_run)
                AS further_items,
            sum(counted.fast_weight * counted.items_in) FILTER (WHERE counted.is_newer)
                AS further_fast_items,
            sum(counted.base_weight * counted.items_in) FILTER (WHERE counted.is_newer)
                AS further_base_items,
            sum(counted.fast_weight) FILTER (WHERE counted.average_processing_time_ms IS NOT NULL)
                AS processing_weight,
            sum(counted.fast_weight * counted.average_processing_time_ms) AS processing_sum,
            sum(counted.base_weight) FILTER (WHERE counted.average_processing_time_ms IS NOT NULL)
                AS base_processing_weight,
            sum(counted.base_weight * CASE
                WHEN counted.average_processing_time_ms > counted.processing_limit
                    THEN counted.processing_limit
                ELSE counted.average_processing_time_ms
            END) AS base_processing_sum,
            sum(counted.fast_weight) FILTER (WHERE counted.cpu_usage_percent IS NOT NULL)
                AS cpu_weight,
            sum(counted.fast_weight * counted.cpu_usage_percent) AS cpu_sum,
            sum(counted.fast_weight) FILTER (
                WHERE counted.memory_usage_mb IS NOT NULL AND counted.is_in_last_run
            ) AS memory_weight,
            sum(counted.fast_weight * counted.memory_usage_mb) FILTER (
                WHERE counted.is_in_last_run
            ) AS memory_sum,
            sum(counted.slow_weight) FILTER (
                WHERE counted.memory_usage_mb IS NOT NULL AND counted.is_in_last_run
            ) AS slow_memory_weight,
            sum(counted.slow_weight * counted.memory_usage_mb) FILTER (
                WHERE counted.is_in_last_run
            ) AS slow_memory_sum,
            (array_agg(counted.error_count ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.error_count IS NOT NULL AND counted.is_in_last_run))[1]
                AS error_count,
            (array_agg(counted.work_items_processed ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.work_items_processed IS NOT NULL AND counted.is_in_last_run))[1]
                AS work_items_processed,
            (array_agg(counted.memory_usage_mb ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.memory_usage_mb IS NOT NULL AND counted.is_newer))[1]
                AS memory_usage_mb,
            (array_agg(counted.memory_limit_mb ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.memory_limit_mb IS NOT NULL AND counted.is_newer))[1]
                AS memory_limit_mb,
            (array_agg(counted.cost_efficiency ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.cost_efficiency IS NOT NULL AND counted.is_newer))[1]
                AS cost_efficiency,
            (array_agg(counted.user_satisfaction ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.user_satisfaction IS NOT NULL AND counted.is_newer))[1]
                AS user_satisfaction,
            (array_agg(counted.operational_efficiency ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.operational_efficiency IS NOT NULL AND counted.is_newer))[1]
                AS operational_efficiency,
            (array_agg(counted.revenue_impact_usd ORDER BY counted.received_at DESC)
                FILTER (WHERE counted.revenue_impact_usd IS NOT NULL AND counted.is_newer))[1]
                AS revenue_impact_usd
        FROM counted
        GROUP BY counted.agent_id
    ),

    -- One line per agent: with a single new row its values, with several their sums.
    subjects AS (
        SELECT
            latest.agent_id AS subject_id,
            latest.batch_number AS batch_size,
            latest.received_at AS last_at,
            latest.state AS batch_state,
            CASE WHEN several.agent_id IS NULL THEN latest.run_id ELSE several.run_id END
                AS batch_run_id,
            CASE WHEN several.agent_id IS NULL THEN latest.run_id ELSE several.first_run_id END
                AS first_run_id,
            CASE WHEN several.agent_id IS NULL THEN latest.state ELSE several.first_state END
                AS first_state,
            CASE
                WHEN several.agent_id IS NULL THEN latest.received_at
                ELSE several.run_started_at
            END AS batch_run_started_at,
            latest.sent_at,
            latest.average_processing_time_ms AS single_processing,
            latest.cpu_usage_percent AS single_cpu,
            several.agent_id IS NOT NULL AS is_several,
            several.late_weight, several.beats, several.gap_weight AS further_gap_weight,
            several.gap_sum AS further_gap_sum, several.gap_square_sum AS further_gap_square_sum,
            several.observed_seconds AS further_observed_seconds,
            several.baseline_seconds AS further_baseline_seconds,
            several.first_errors_weight, several.first_errors_at, several.further_errors,
            several.first_items_weight, several.first_items_fast_weight,
            several.first_items_base_weight, several.first_items_at, several.further_items,
            several.further_fast_items, several.further_base_items,
            several.processing_weight AS several_processing_weight,
            several.processing_sum AS several_processing_sum,
            several.base_processing_weight AS several_base_processing_weight,
            several.base_processing_sum AS several_base_processing_sum,
            several.cpu_weight AS several_cpu_weight, several.cpu_sum AS several_cpu_sum,
            several.memory_weight AS several_memory_weight,
            several.memory_sum AS several_memory_sum,
            several.slow_memory_weight AS several_slow_memory_weight,
            several.slow_memory_sum AS several_slow_memory_sum,
            several.has_new_run IS TRUE AS has_new_run,
            CASE
                WHEN several.agent_id IS NOT NULL THEN several.good_beats
                WHEN latest.state IN ('active', 'running', 'idle') THEN 1
                ELSE 0
            END AS good_beats,
            CASE WHEN several.agent_id IS NULL THEN latest.received_at ELSE several.first_at END
                AS first_at,
            CASE WHEN several.agent_id IS NULL THEN latest.error_count ELSE several.error_count END
                AS batch_errors,
            CASE WHEN several.agent_id IS NULL THEN latest.error_count ELSE several.first_errors END
                AS first_errors,
            CASE
                WHEN several.agent_id IS NULL THEN latest.work_items_processed
                ELSE several.first_items
            END AS first_items,
            CASE
                WHEN several.agent_id IS NULL THEN latest.work_items_processed
                ELSE several.work_items_processed
            END AS batch_items,
            CASE WHEN several.agent_id IS NULL THEN latest.memory_usage_mb ELSE several.memory_usage_mb END
                AS batch_memory_usage_mb,
            CASE WHEN several.agent_id IS NULL THEN latest.memory_limit_mb ELSE several.memory_limit_mb END
                AS batch_memory_limit_mb,
            CASE WHEN several.agent_id IS NULL THEN latest.cost_efficiency ELSE several.cost_efficiency END
                AS batch_cost_efficiency,
            CASE WHEN several.agent_id IS NULL THEN latest.user_satisfaction ELSE several.user_satisfaction END
                AS batch_user_satisfaction,
            CASE WHEN several.agent_id IS NULL THEN latest.operational_efficiency ELSE several.operational_efficiency END
                AS batch_operational_efficiency,
            CASE WHEN several.agent_id IS NULL THEN latest.revenue_impact_usd ELSE several.revenue_impact_usd END
                AS batch_revenue_impact_usd
        FROM arrived AS latest
        LEFT JOIN several ON latest.agent_id = several.agent_id
        WHERE latest.is_last AND NOT p_only_due
    ),

    -- Old state beside the batch, times as seconds.
    basics AS (
        SELECT
            status.*,
            status.ctid AS row_address,
            subjects.*,
            early.default_expected_interval_seconds, early.young_beats,
            early.young_late_intervals, early.young_unresponsive_intervals,
            early.late_false_alarm_cost, early.unresponsive_false_alarm_cost,
            early.hard_limit_intervals, early.startup_grace_seconds,
            coalesce(status.expected_interval_seconds, early.default_expected_interval_seconds)
                AS prior_interval,
            coalesce(
                subjects.last_at > status.last_heartbeat_at, subjects.last_at IS NOT NULL
            ) AS is_newer,
            (
                subjects.last_at > status.last_heartbeat_at
                AND (
                    subjects.first_run_id <> status.run_id
                    OR subjects.first_errors < status.error_count
                    OR subjects.first_items < status.work_items_processed
                    OR (subjects.first_state = 'initializing' AND status.state <> 'initializing')
                )
            ) IS TRUE AS begins_run,
            CASE WHEN subjects.first_at > status.last_heartbeat_at THEN
                date_part('epoch', subjects.first_at - status.last_heartbeat_at)
            END AS first_gap,
            date_part('epoch', p_now - subjects.last_at) AS last_age,
            CASE
                WHEN subjects.is_several THEN date_part('epoch', p_now - subjects.first_at)
                ELSE date_part('epoch', p_now - subjects.last_at)
            END AS first_age,
            date_part('epoch', p_now - status.judged_at) AS idle_seconds
        FROM health.agent_status AS status
        LEFT JOIN subjects ON status.agent_id = subjects.subject_id
        INNER JOIN health.current_policies AS early ON status.policy_class = early.policy_class
        WHERE status.judged_tick_id IS DISTINCT FROM p_tick_id
            AND CASE
                WHEN p_only_due THEN status.next_due_at <= p_now
                ELSE subjects.subject_id IS NOT NULL
            END
        OFFSET 0
    ),

    -- Decay factors, and how the gap is to be learnt: not at all, inline, or one by one.
    weighed AS (
        SELECT
            basics.*,
            basics.begins_run OR basics.has_new_run IS TRUE AS is_new_run,
            health_internal.decay(basics.idle_seconds, v_fast) AS fast_decay,
            health_internal.decay(basics.idle_seconds, v_slow) AS slow_decay,
            health_internal.decay(basics.idle_seconds, v_base) AS base_decay,
            health_internal.decay(basics.last_age, v_fast) AS fast_weight,
            health_internal.decay(basics.last_age, v_slow) AS slow_weight,
            health_internal.decay(basics.last_age, v_base) AS base_weight,
            health_internal.decay(basics.first_gap, v_fast) AS gap_decay,
            CASE
                WHEN basics.gap_reference_at = basics.last_heartbeat_at THEN basics.first_gap
                ELSE date_part('epoch', basics.first_at - basics.gap_reference_at)
            END AS learn_gap,
            CASE
                WHEN NOT basics.is_newer OR basics.first_gap IS NULL THEN 'no gap'
                WHEN basics.begins_run
                    OR basics.liveness = 'stopped'
                    OR basics.first_gap > 100 * basics.learnt_interval
                    OR (
                        basics.last_heartbeat_at < p_blind_until
                        AND basics.first_gap > 2 * basics.learnt_interval
                    )
                    THEN CASE WHEN basics.is_several THEN 'further' ELSE 'no gap' END
                WHEN basics.is_several OR basics.gap_count % 30000 = 29999 THEN 'several'
                ELSE 'single'
            END AS learning
        FROM (
            SELECT
                basics.*,
                exp(basics.log_interval) AS learnt_interval
            FROM basics
            OFFSET 0
        ) AS basics
        OFFSET 0
    ),

    learnt AS (
        SELECT
            weighed.*,
            weighed.learning = 'single' AND weighed.learn_gap > 0.1 * weighed.learnt_interval
                AS is_single_gap,
            CASE
                WHEN weighed.learning = 'single' THEN
                    health_internal.gap_bin(weighed.learn_gap / weighed.learnt_interval)
            END AS gap_bin,
            -- A first batch of several beats has gaps to learn, too.
            CASE
                WHEN weighed.learning IN ('several', 'further')
                    OR (weighed.is_newer AND weighed.is_several AND weighed.learning = 'no gap') THEN
                    health_internal.learn_gaps(
                        ROW(
                            coalesce(weighed.log_interval, ln(weighed.prior_interval)),
                            coalesce(weighed.mean_gap, weighed.prior_interval),
                            weighed.gap_count,
                            weighed.gap_histogram,
                            CASE
                                WHEN weighed.learning = 'several'
                                    THEN date_part('epoch', weighed.gap_reference_at)
                                ELSE date_part('epoch', weighed.first_at)
                            END
                        )::health_internal.gap_memory,
                        coalesce(weighed.beats, ARRAY[date_part('epoch', weighed.last_at)])
                    )
            END AS taught,
            CASE
                WHEN weighed.is_several THEN health_internal.decay(weighed.first_age, v_fast)
                ELSE weighed.fast_weight
            END AS first_fast_weight,
            CASE
                WHEN weighed.is_several THEN health_internal.decay(weighed.first_age, v_slow)
                ELSE weighed.slow_weight
            END AS first_slow_weight,
            CASE
                WHEN weighed.is_several THEN health_internal.decay(weighed.first_age, v_base)
                ELSE weighed.base_weight
            END AS first_base_weight,
            v_fast * (1 - weighed.gap_decay) AS first_fast_mass,
            -- The first told of the batch against the stored counter; an agent's or a run's first beat
            -- counts in full.
            CASE
                WHEN NOT weighed.is_newer OR weighed.has_new_run THEN NULL
                WHEN weighed.begins_run OR weighed.beat_count = 0 THEN
                    CASE
                        WHEN weighed.is_several AND weighed.first_errors_at > weighed.first_at THEN 0
                        ELSE weighed.first_errors
                    END
                ELSE weighed.first_errors - weighed.error_count
            END AS errors_in,
            CASE
                WHEN NOT weighed.is_newer THEN NULL
                WHEN weighed.begins_run OR weighed.beat_count = 0 THEN
                    CASE
                        WHEN weighed.is_several AND weighed.first_items_at > weighed.first_at THEN 0
                        ELSE weighed.first_items
                    END
                ELSE weighed.first_items - weighed.work_items_processed
            END AS items_in
        FROM weighed
        OFFSET 0
    ),

    -- Running state after this batch.
    folded AS (
        SELECT
            learnt.row_address, learnt.subject_id, learnt.batch_size, learnt.beat_count,
            learnt.policy_class, learnt.issue_candidate, learnt.issue_evaluations,
            learnt.issue_type, learnt.active_conditions, learnt.bad_evaluations,
            learnt.expected_interval_seconds, learnt.grace_seconds, learnt.latency_slo_ms,
            learnt.throughput_slo_per_minute, learnt.startup_grace_seconds,
            learnt.young_beats, learnt.young_late_intervals, learnt.young_unresponsive_intervals,
            learnt.late_false_alarm_cost, learnt.unresponsive_false_alarm_cost,
            learnt.hard_limit_intervals, learnt.late_intervals, learnt.unresponsive_intervals,
            CASE WHEN learnt.is_newer THEN learnt.batch_state ELSE learnt.state END AS new_state,
            CASE
                WHEN NOT learnt.is_newer THEN learnt.run_id
                -- A new run that has not told its name yet.
                WHEN learnt.is_new_run THEN learnt.batch_run_id
                ELSE coalesce(learnt.batch_run_id, learnt.run_id)
            END AS new_run_id,
            coalesce(learnt.first_heartbeat_at, learnt.first_at) AS new_first_heartbeat_at,
            greatest(learnt.last_heartbeat_at, learnt.last_at) AS new_last_heartbeat_at,
            CASE
                WHEN learnt.is_newer THEN learnt.last_age
                ELSE date_part('epoch', p_now - learnt.last_heartbeat_at)
            END AS silence,
            CASE
                WHEN learnt.is_new_run OR learnt.run_started_at IS NULL
                    THEN coalesce(learnt.batch_run_started_at, learnt.run_started_at)
                ELSE learnt.run_started_at
            END AS new_run_started_at,
            CASE WHEN learnt.is_new_run THEN 0 ELSE learnt.run_beat_count END
            + coalesce(learnt.good_beats, 0) AS new_run_beat_count,
            CASE WHEN learnt.last_at > learnt.session_lost_at THEN NULL ELSE learnt.session_lost_at
            END AS new_session_lost_at,
            CASE
                WHEN learnt.sent_at IS NULL THEN learnt.clock_offset_seconds
                ELSE date_part('epoch', learnt.last_at - learnt.sent_at)
            END AS new_clock_offset_seconds,
            CASE
                WHEN learnt.taught IS NOT NULL
                    THEN to_timestamp((learnt.taught).reference_seconds)
                WHEN learnt.is_single_gap OR (learnt.is_newer AND learnt.learning = 'no gap')
                    THEN learnt.last_at
                ELSE learnt.gap_reference_at
            END AS new_gap_reference_at,
            CASE
                WHEN learnt.taught IS NOT NULL THEN (learnt.taught).log_interval
                WHEN learnt.is_single_gap THEN
                    learnt.log_interval
                    + greatest(0.05::float8, 1 / (learnt.gap_count + 2)::float8)
                    * (ln(learnt.learn_gap) - learnt.log_interval)
                ELSE coalesce(learnt.log_interval, ln(learnt.prior_interval))
            END AS new_log_interval,
            CASE
                WHEN learnt.taught IS NOT NULL THEN (learnt.taught).mean_gap
                WHEN learnt.is_single_gap THEN
                    learnt.mean_gap
                    + greatest(0.01::float8, 1 / (learnt.gap_count + 2)::float8)
                    * (least(learnt.learn_gap, 10 * learnt.mean_gap) - learnt.mean_gap)
                ELSE coalesce(learnt.mean_gap, learnt.prior_interval)
            END AS new_mean_gap,
            CASE
                WHEN learnt.taught IS NOT NULL THEN (learnt.taught).gap_count
                WHEN learnt.is_single_gap THEN learnt.gap_count + 1
                ELSE learnt.gap_count
            END AS new_gap_count,
            -- The part of the histogram that changes: one bin, or all.
            CASE WHEN learnt.is_single_gap AND learnt.gap_histogram IS NOT NULL
                THEN learnt.gap_bin ELSE 1
            END AS first_bin,
            CASE WHEN learnt.is_single_gap AND learnt.gap_histogram IS NOT NULL
                THEN learnt.gap_bin ELSE 25
            END AS last_bin,
            CASE
                WHEN learnt.taught IS NOT NULL THEN (learnt.taught).gap_histogram
                WHEN learnt.is_single_gap AND learnt.gap_histogram IS NOT NULL THEN ARRAY[
                    (
                        learnt.gap_histogram[learnt.gap_bin]
                        + health_internal.gap_unit(learnt.gap_count)
                    )::real
                ]
                ELSE coalesce(learnt.gap_histogram, v_empty_histogram)
            END AS new_bins,
            learnt.gap_histogram AS old_histogram,
            learnt.is_single_gap
            AND (
                learnt.learn_gap > 1.5 * learnt.learnt_interval
                OR (learnt.gap_count + (hashtext(learnt.agent_id) & 31)) % 32 = 0
                OR learnt.gap_count + 1 = learnt.young_beats
            )
            OR learnt.taught IS NOT NULL
            OR learnt.late_intervals IS NULL AS must_learn_deadline,
            health_internal.decayed_sum(learnt.gap_weight, learnt.fast_decay)
            + CASE WHEN learnt.first_gap IS NULL THEN 0 ELSE learnt.first_fast_weight END
            + CASE
                WHEN learnt.is_several THEN
                    coalesce(learnt.further_gap_weight, 0) + coalesce(learnt.late_weight, 0)
                WHEN learnt.batch_size = 1 AND NOT learnt.is_newer THEN learnt.fast_weight
                ELSE 0
            END AS new_gap_weight,
            health_internal.decayed_sum(learnt.gap_sum, learnt.fast_decay)
            + coalesce(learnt.first_fast_weight * learnt.first_fast_mass, 0)
            + coalesce(learnt.further_gap_sum, 0) AS new_gap_sum,
            health_internal.decayed_sum(learnt.gap_square_sum, learnt.fast_decay)
            + coalesce(
                learnt.first_fast_weight * learnt.first_fast_mass * learnt.first_fast_mass, 0
            )
            + coalesce(learnt.further_gap_square_sum, 0) AS new_gap_square_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.error_sum, learnt.slow_decay)
            END
            + coalesce(
                learnt.errors_in
                * CASE
                    WHEN learnt.is_several THEN learnt.first_errors_weight
                    ELSE learnt.slow_weight
                END,
                0
            )
            + coalesce(learnt.further_errors, 0) AS new_error_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.event_sum, learnt.slow_decay)
            END AS new_event_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.item_sum, learnt.slow_decay)
            END
            + CASE WHEN learnt.has_new_run THEN 0
                ELSE coalesce(
                    learnt.items_in
                    * CASE
                        WHEN learnt.is_several THEN learnt.first_items_weight
                        ELSE learnt.slow_weight
                    END,
                    0
                )
            END
            + coalesce(learnt.further_items, 0) AS new_item_sum,
            -- Throughput counts from the first beat on: the time before it is not known.
            health_internal.decayed_sum(learnt.recent_item_sum, learnt.fast_decay)
            + coalesce(
                CASE WHEN learnt.beat_count > 0 THEN learnt.items_in END
                * CASE
                    WHEN learnt.is_several THEN learnt.first_items_fast_weight
                    ELSE learnt.fast_weight
                END,
                0
            )
            + coalesce(learnt.further_fast_items, 0) AS new_recent_item_sum,
            health_internal.decayed_sum(learnt.baseline_item_sum, learnt.base_decay)
            + coalesce(
                CASE WHEN learnt.beat_count > 0 THEN learnt.items_in END
                * CASE
                    WHEN learnt.is_several THEN learnt.first_items_base_weight
                    ELSE learnt.base_weight
                END,
                0
            )
            + coalesce(learnt.further_base_items, 0) AS new_baseline_item_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.observed_seconds, learnt.slow_decay)
                    + coalesce(
                        learnt.first_slow_weight
                        * health_internal.time_mass(learnt.first_gap, v_slow),
                        0
                    )
            END
            + coalesce(learnt.further_observed_seconds, 0) AS new_observed_seconds,
            health_internal.decayed_sum(learnt.baseline_seconds, learnt.base_decay)
            + coalesce(
                learnt.first_base_weight * health_internal.time_mass(learnt.first_gap, v_base), 0
            )
            + coalesce(learnt.further_baseline_seconds, 0) AS new_baseline_seconds,
            health_internal.decayed_sum(learnt.processing_weight, learnt.fast_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_processing_weight
                    WHEN learnt.single_processing IS NOT NULL THEN learnt.fast_weight
                END,
                0
            ) AS new_processing_weight,
            health_internal.decayed_sum(learnt.processing_sum, learnt.fast_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_processing_sum
                    ELSE learnt.single_processing * learnt.fast_weight
                END,
                0
            ) AS new_processing_sum,
            health_internal.decayed_sum(learnt.baseline_processing_weight, learnt.base_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_base_processing_weight
                    WHEN learnt.single_processing IS NOT NULL THEN learnt.base_weight
                END,
                0
            ) AS new_baseline_processing_weight,
            -- One outlier moves the baseline by at most three times itself.
            health_internal.decayed_sum(learnt.baseline_processing_sum, learnt.base_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_base_processing_sum
                    WHEN learnt.single_processing IS NULL THEN NULL
                    WHEN learnt.baseline_processing_weight >= 10 THEN
                        learnt.base_weight * least(
                            learnt.single_processing,
                            3 * learnt.baseline_processing_sum / learnt.baseline_processing_weight
                        )
                    ELSE learnt.base_weight * learnt.single_processing
                END,
                0
            ) AS new_baseline_processing_sum,
            health_internal.decayed_sum(learnt.cpu_weight, learnt.fast_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_cpu_weight
                    WHEN learnt.single_cpu IS NOT NULL THEN learnt.fast_weight
                END,
                0
            ) AS new_cpu_weight,
            health_internal.decayed_sum(learnt.cpu_sum, learnt.fast_decay)
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_cpu_sum
                    ELSE learnt.single_cpu * learnt.fast_weight
                END,
                0
            ) AS new_cpu_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.memory_weight, learnt.fast_decay)
            END
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_memory_weight
                    WHEN learnt.batch_memory_usage_mb IS NOT NULL THEN learnt.fast_weight
                END,
                0
            ) AS new_memory_weight,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.memory_sum, learnt.fast_decay)
            END
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_memory_sum
                    ELSE learnt.batch_memory_usage_mb * learnt.fast_weight
                END,
                0
            ) AS new_memory_sum,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.slow_memory_weight, learnt.slow_decay)
            END
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_slow_memory_weight
                    WHEN learnt.batch_memory_usage_mb IS NOT NULL THEN learnt.slow_weight
                END,
                0
            ) AS new_slow_memory_weight,
            CASE
                WHEN learnt.is_new_run THEN 0
                ELSE health_internal.decayed_sum(learnt.slow_memory_sum, learnt.slow_decay)
            END
            + coalesce(
                CASE
                    WHEN learnt.is_several THEN learnt.several_slow_memory_sum
                    ELSE learnt.batch_memory_usage_mb * learnt.slow_weight
                END,
                0
            ) AS new_slow_memory_sum,
            CASE
                WHEN learnt.is_newer THEN coalesce(
                    learnt.batch_errors, CASE WHEN NOT learnt.is_new_run THEN learnt.error_count END
                )
                ELSE learnt.error_count
            END AS new_error_count,
            CASE
                WHEN learnt.is_newer THEN coalesce(
                    learnt.batch_items,
                    CASE WHEN NOT learnt.is_new_run THEN learnt.work_items_processed END
                )
                ELSE learnt.work_items_processed
            END AS new_items,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_memory_usage_mb, learnt.memory_usage_mb)
                ELSE learnt.memory_usage_mb
            END AS new_memory_usage_mb,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_memory_limit_mb, learnt.memory_limit_mb)
                ELSE learnt.memory_limit_mb
            END AS new_memory_limit_mb,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_cost_efficiency, learnt.cost_efficiency)
                ELSE learnt.cost_efficiency
            END AS new_cost_efficiency,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_user_satisfaction, learnt.user_satisfaction)
                ELSE learnt.user_satisfaction
            END AS new_user_satisfaction,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_operational_efficiency, learnt.operational_efficiency)
                ELSE learnt.operational_efficiency
            END AS new_operational_efficiency,
            CASE
                WHEN learnt.is_newer THEN coalesce(learnt.batch_revenue_impact_usd, learnt.revenue_impact_usd)
                ELSE learnt.revenue_impact_usd
            END AS new_revenue_impact_usd
        FROM learnt
        OFFSET 0
    ),

    -- Ratios, means and deadlines; the rest of the policy joins here.
    ratios AS (
        SELECT
            folded.*,
            policy.policy_id AS judging_policy_id,
            policy.weight_heartbeat_consistency,
            policy.weight_performance_metrics,
            policy.weight_error_rate,
            policy.weight_resource_efficiency,
            policy.weight_business_impact,
            policy.excellent_from,
            policy.good_from,
            policy.fair_from,
            policy.poor_from,
            policy.critical_below,
            policy.emergency_below,
            policy.recovered_margin,
            policy.confirm_bad,
            policy.confirm_of,
            policy.gate_late,
            policy.gate_error,
            policy.gate_failed,
            policy.gate_unresponsive,
            policy.session_grace_seconds,
            policy.latency_slo_zero_ratio,
            policy.latency_baseline_tolerance,
            policy.latency_baseline_zero_ratio,
            policy.latency_share,
            policy.error_rate_scale,
            policy.errors_per_minute_scale,
            policy.cpu_soft_percent,
            policy.cpu_hard_percent,
            policy.cpu_floor,
            policy.memory_soft_share,
            policy.memory_hard_share,
            policy.exhaustion_horizon_seconds,
            policy.revenue_loss_limit_usd,
            policy.resource_issue_below,
            policy.performance_issue_below,
            policy.error_issue_below,
            policy.throughput_baseline_tolerance,
            exp(folded.new_log_interval) AS learnt_interval,
            CASE
                WHEN folded.new_gap_count < folded.young_beats THEN folded.young_late_intervals
                WHEN folded.must_learn_deadline THEN health_internal.deadline_intervals(
                    folded.old_histogram[:folded.first_bin - 1] || folded.new_bins
                    || folded.old_histogram[folded.last_bin + 1:],
                    folded.new_gap_count, exp(folded.new_log_interval), folded.new_mean_gap,
                    folded.late_false_alarm_cost, folded.hard_limit_intervals
                )
                ELSE folded.late_intervals
            END AS new_late_intervals,
            CASE
                WHEN folded.new_gap_count < folded.young_beats
                    THEN folded.young_unresponsive_intervals
                WHEN folded.must_learn_deadline THEN health_internal.deadline_intervals(
                    folded.old_histogram[:folded.first_bin - 1] || folded.new_bins
                    || folded.old_histogram[folded.last_bin + 1:],
                    folded.new_gap_count, exp(folded.new_log_interval), folded.new_mean_gap,
                    folded.unresponsive_false_alarm_cost, folded.hard_limit_intervals
                )
                ELSE folded.unresponsive_intervals
            END AS new_unresponsive_intervals,
            CASE
                WHEN folded.new_last_heartbeat_at < p_blind_until
                    THEN health_internal.blind_seconds(folded.new_last_heartbeat_at, p_now)
                ELSE 0
            END AS blind,
            CASE
                WHEN folded.new_processing_weight > 1e-6 THEN
                    folded.new_processing_sum / folded.new_processing_weight
                    / CASE
                        WHEN folded.latency_slo_ms IS NOT NULL THEN folded.latency_slo_ms
                        WHEN folded.new_baseline_processing_weight >= 10
                            AND folded.new_baseline_processing_sum > 0 THEN
                            folded.new_baseline_processing_sum
                            / folded.new_baseline_processing_weight
                        WHEN folded.new_processing_sum > 0 THEN
                            folded.new_processing_sum / folded.new_processing_weight
                    END
            END AS latency_ratio,
            CASE
                WHEN folded.new_items IS NOT NULL AND folded.new_gap_sum > 1 THEN
                    folded.new_recent_item_sum / folded.new_gap_sum * 60
                    / CASE
                        WHEN folded.throughput_slo_per_minute IS NOT NULL
                            THEN folded.throughput_slo_per_minute
                        WHEN folded.new_baseline_seconds >= 600
                            AND folded.new_baseline_item_sum > 0
                            AND folded.new_state <> 'idle' THEN
                            folded.new_baseline_item_sum / folded.new_baseline_seconds * 60
                            * policy.throughput_baseline_tolerance
                    END
            END AS throughput_ratio,
            CASE
                WHEN folded.new_error_count IS NOT NULL OR folded.new_event_sum > 0
                    THEN folded.new_error_sum + folded.new_event_sum
            END AS known_errors,
            CASE
                WHEN folded.new_cpu_weight > 1e-6 THEN folded.new_cpu_sum / folded.new_cpu_weight
            END AS cpu_mean,
            CASE
                WHEN folded.new_memory_limit_mb > 0
                    THEN folded.new_memory_usage_mb / folded.new_memory_limit_mb
            END AS memory_share,
            CASE
                WHEN folded.new_memory_weight > 1e-6 AND folded.new_memory_limit_mb > 0
                    THEN folded.new_memory_sum / folded.new_memory_weight
            END AS fast_memory_mean,
            CASE
                WHEN folded.new_slow_memory_weight > 1e-6
                    THEN folded.new_slow_memory_sum / folded.new_slow_memory_weight
            END AS slow_memory_mean,
            folded.new_session_lost_at IS NOT NULL AS is_session_lost
        FROM folded
        INNER JOIN health.current_policies AS policy ON folded.policy_class = policy.policy_class
        OFFSET 0
    ),

    -- The components but the first; the deadlines in seconds of silence.
    measured AS (
        SELECT
            ratios.*,
            greatest(0, ratios.silence - ratios.blind) AS new_silent_seconds,
            ratios.grace_seconds + CASE
                WHEN ratios.new_state = 'initializing' THEN greatest(
                    ratios.startup_grace_seconds, ratios.learnt_interval * ratios.new_late_intervals
                )
                ELSE ratios.learnt_interval * ratios.new_late_intervals
            END AS late_seconds,
            ratios.grace_seconds + CASE
                WHEN ratios.new_state = 'initializing' THEN greatest(
                    ratios.startup_grace_seconds,
                    ratios.learnt_interval * ratios.new_unresponsive_intervals
                )
                ELSE ratios.learnt_interval * ratios.new_unresponsive_intervals
            END AS unresponsive_seconds,
            health_internal.time_mass(
                coalesce(ratios.expected_interval_seconds, ratios.learnt_interval), v_fast
            ) AS expected_mass,
            health_internal.score_performance_metrics(
                ratios.latency_ratio,
                CASE
                    WHEN ratios.latency_slo_ms IS NULL THEN ratios.latency_baseline_tolerance
                    ELSE 1
                END,
                CASE
                    WHEN ratios.latency_slo_ms IS NULL THEN ratios.latency_baseline_zero_ratio
                    ELSE ratios.latency_slo_zero_ratio
                END,
                ratios.throughput_ratio,
                ratios.latency_share
            ) AS new_performance,
            health_internal.score_error_rate(
                ratios.known_errors, ratios.new_item_sum, ratios.new_observed_seconds / 60,
                ratios.error_rate_scale, ratios.errors_per_minute_scale
            ) AS new_errors,
            health_internal.score_resource_efficiency(
                ratios.cpu_mean,
                ratios.memory_share,
                CASE
                    WHEN ratios.fast_memory_mean > ratios.slow_memory_mean THEN
                        health_internal.seconds_to_exhaustion(
                            ratios.fast_memory_mean, ratios.slow_memory_mean,
                            date_part('epoch', p_now - ratios.new_run_started_at),
                            v_fast, v_slow,
                            ratios.new_memory_usage_mb, ratios.new_memory_limit_mb
                        )
                END / ratios.exhaustion_horizon_seconds,
                ratios.cpu_soft_percent, ratios.cpu_hard_percent, ratios.cpu_floor,
                ratios.memory_soft_share, ratios.memory_hard_share
            ) AS new_resources,
            health_internal.score_business_impact(
                ratios.new_cost_efficiency, ratios.new_user_satisfaction,
                ratios.new_operational_efficiency, ratios.new_revenue_impact_usd,
                ratios.revenue_loss_limit_usd
            ) AS new_business
        FROM ratios
        OFFSET 0
    ),

    -- How long the silence lasts against its deadlines.
    timed AS (
        SELECT
            measured.*,
            CASE
                WHEN measured.new_last_heartbeat_at IS NULL THEN NULL
                ELSE health_internal.score_heartbeat_consistency(
                    measured.new_gap_weight,
                    measured.new_gap_sum,
                    measured.new_gap_square_sum,
                    measured.expected_mass,
                    CASE
                        WHEN measured.new_silent_seconds > measured.late_seconds
                            OR measured.new_silent_seconds
                            > coalesce(
                                measured.expected_interval_seconds, measured.learnt_interval
                            )
                            THEN health_internal.time_mass(measured.new_silent_seconds, v_fast)
                        ELSE 0
                    END,
                    CASE
                        WHEN measured.is_session_lost THEN 0.5::float8
                        WHEN measured.new_silent_seconds <= measured.late_seconds THEN 1
                        ELSE greatest(
                            0,
                            1 - (measured.new_silent_seconds - measured.late_seconds)
                            / greatest(
                                measured.unresponsive_seconds - measured.late_seconds, 1e-3
                            )
                        )
                    END
                )
            END AS new_heartbeat,
            CASE
                WHEN measured.new_last_heartbeat_at IS NULL THEN 'never_seen'
                WHEN measured.new_state = 'stopped' THEN 'stopped'
                WHEN measured.new_silent_seconds >= measured.unresponsive_seconds
                    OR (
                        measured.is_session_lost
                        AND p_now >= measured.new_session_lost_at
                        + make_interval(secs => measured.session_grace_seconds)
                    )
                    THEN CASE
                        WHEN measured.new_state = 'stopping' THEN 'stopped'
                        ELSE 'unresponsive'
                    END
                WHEN measured.is_session_lost
                    OR measured.new_silent_seconds >= measured.late_seconds
                    THEN 'late'
                WHEN measured.new_state = 'initializing' THEN 'starting'
                ELSE 'alive'
            END AS new_liveness
        FROM measured
        OFFSET 0
    ),

    -- Components to an ungated score, state and liveness to a gate and issue.
    scored AS (
        SELECT
            timed.*,
            (
                coalesce(timed.new_heartbeat * timed.weight_heartbeat_consistency, 0)
                + coalesce(timed.new_performance * timed.weight_performance_metrics, 0)
                + coalesce(timed.new_errors * timed.weight_error_rate, 0)
                + coalesce(timed.new_resources * timed.weight_resource_efficiency, 0)
                + coalesce(timed.new_business * timed.weight_business_impact, 0)
            ) / nullif(
                health_internal.known_weight(
                    timed.weight_heartbeat_consistency, timed.new_heartbeat
                )
                + health_internal.known_weight(
                    timed.weight_performance_metrics, timed.new_performance
                )
                + health_internal.known_weight(timed.weight_error_rate, timed.new_errors)
                + health_internal.known_weight(
                    timed.weight_resource_efficiency, timed.new_resources
                )
                + health_internal.known_weight(
                    timed.weight_business_impact, timed.new_business
                ),
                0
            ) AS new_ungated_score,
            least(
                CASE timed.new_liveness
                    WHEN 'unresponsive' THEN timed.gate_unresponsive
                    WHEN 'late' THEN timed.gate_late
                    ELSE 100
                END,
                CASE timed.new_state
                    WHEN 'failed' THEN timed.gate_failed
                    WHEN 'error' THEN timed.gate_error
                    ELSE 100
                END
            ) AS new_gate,
            timed.new_liveness = 'unresponsive'
                OR (
                    timed.new_liveness <> 'stopped'
                    AND timed.new_state IN ('error', 'failed')
                ) AS is_certain,
            CASE
                WHEN timed.new_liveness IN ('never_seen', 'stopped') THEN NULL
                WHEN timed.new_liveness = 'unresponsive' THEN 'agent_unresponsive'
                WHEN timed.new_state = 'failed' THEN 'agent_unresponsive'
                WHEN timed.new_state = 'error' THEN 'high_error_rate'
                WHEN timed.new_resources <= timed.resource_issue_below
                    THEN 'resource_exhaustion'
                WHEN timed.new_errors <= timed.error_issue_below THEN 'high_error_rate'
                WHEN timed.new_performance <= timed.performance_issue_below
                    THEN 'performance_degradation'
            END AS new_issue_candidate
        FROM timed
        OFFSET 0
    ),

    -- Weighted mean, gate, rings.
    judged AS (
        SELECT
            scored.*,
            least(scored.new_ungated_score, scored.new_gate) AS new_score,
            (
                (scored.bad_evaluations << 1)
                | CASE WHEN scored.new_ungated_score < scored.critical_below THEN 1 ELSE 0 END
            ) & 1048575 AS new_bad_evaluations,
            CASE
                WHEN scored.new_issue_candidate IS NULL THEN 0
                WHEN scored.new_issue_candidate = scored.issue_candidate
                    THEN least(1000, scored.issue_evaluations + 1)
                ELSE 1
            END AS new_issue_evaluations
        FROM scored
        OFFSET 0
    ),

    -- From evaluations to conditions, issue and the next evaluation.
    result AS (
        SELECT
            judged.*,
            health.classify_status(
                judged.new_score, judged.excellent_from, judged.good_from, judged.fair_from,
                judged.poor_from
            ) AS new_status,
            CASE
                WHEN judged.new_issue_candidate IS NULL THEN NULL
                WHEN judged.is_certain OR judged.new_issue_evaluations >= judged.confirm_bad
                    THEN judged.new_issue_candidate
                WHEN judged.issue_type = judged.new_issue_candidate THEN judged.issue_type
            END AS new_issue_type,
            CASE
                WHEN judged.new_liveness IN ('never_seen', 'stopped') THEN '{}'::text []
                WHEN judged.new_liveness IN ('alive', 'starting')
                    AND judged.new_state NOT IN ('error', 'failed')
                    AND judged.new_issue_candidate IS NULL
                    AND judged.new_ungated_score
                    >= greatest(judged.critical_below, judged.emergency_below)
                    + judged.recovered_margin
                    THEN '{}'::text []
                ELSE array_remove(ARRAY[
                    CASE WHEN judged.new_liveness = 'unresponsive' THEN 'unresponsive' END,
                    CASE WHEN judged.new_state = 'failed' THEN 'failed' END,
                    CASE WHEN judged.new_state = 'error' THEN 'error' END,
                    CASE
                        WHEN judged.new_ungated_score < judged.emergency_below
                            OR (
                                'score_emergency' = ANY (judged.active_conditions)
                                AND judged.new_ungated_score
                                < judged.emergency_below + judged.recovered_margin
                            )
                            THEN 'score_emergency'
                    END,
                    CASE
                        WHEN judged.new_ungated_score < judged.emergency_below
                            OR (
                                judged.new_ungated_score < judged.critical_below
                                AND bit_count(
                                    (judged.new_bad_evaluations & ((1 << judged.confirm_of) - 1))
                                    ::bit(32)
                                ) >= judged.confirm_bad
                            )
                            OR (
                                'score_critical' = ANY (judged.active_conditions)
                                AND judged.new_ungated_score
                                < judged.critical_below + judged.recovered_margin
                            )
                            THEN 'score_critical'
                    END,
                    CASE
                        WHEN judged.new_issue_candidate IN (
                            'resource_exhaustion', 'performance_degradation', 'high_error_rate'
                        )
                            AND judged.new_state IS DISTINCT FROM 'error'
                            AND (
                                judged.new_issue_evaluations >= judged.confirm_bad
                                OR judged.issue_type = judged.new_issue_candidate
                            )
                            THEN judged.new_issue_candidate
                    END
                ], NULL)
            END AS new_active_conditions,
            CASE
                WHEN judged.new_liveness IN ('never_seen', 'stopped', 'unresponsive')
                    THEN 'infinity'::timestamptz
                WHEN judged.is_session_lost
                    THEN judged.new_session_lost_at
                        + make_interval(secs => judged.session_grace_seconds)
                WHEN judged.new_liveness = 'late'
                    THEN least(
                        judged.new_last_heartbeat_at + make_interval(
                            secs => judged.unresponsive_seconds + judged.blind
                        ),
                        p_now + make_interval(secs => judged.learnt_interval)
                    )
                ELSE judged.new_last_heartbeat_at
                    + make_interval(secs => judged.late_seconds + judged.blind)
            END AS new_next_due_at
        FROM judged
        OFFSET 0
    ),

    -- What is written, by name: an UPDATE carries its source as a whole row, and naming the columns
    -- here lets the planner drop all others from the stages above.
    written AS (
        SELECT
            result.batch_size, result.beat_count, result.first_bin, result.judging_policy_id,
            result.last_bin, result.late_seconds, result.new_active_conditions,
            result.new_bad_evaluations, result.new_baseline_item_sum,
            result.new_baseline_processing_sum, result.new_baseline_processing_weight,
            result.new_baseline_seconds, result.new_bins, result.new_business,
            result.new_clock_offset_seconds, result.new_cost_efficiency, result.new_cpu_sum,
            result.new_cpu_weight, result.new_error_count, result.new_error_sum, result.new_errors,
            result.new_event_sum, result.new_first_heartbeat_at, result.new_gap_count,
            result.new_gap_reference_at, result.new_gap_square_sum, result.new_gap_sum,
            result.new_gap_weight, result.new_gate, result.new_heartbeat,
            result.new_issue_candidate, result.new_issue_evaluations, result.new_issue_type,
            result.new_item_sum, result.new_items, result.new_last_heartbeat_at,
            result.new_late_intervals, result.new_liveness, result.new_log_interval,
            result.new_mean_gap, result.new_memory_limit_mb, result.new_memory_sum,
            result.new_memory_usage_mb, result.new_memory_weight, result.new_next_due_at,
            result.new_observed_seconds, result.new_operational_efficiency, result.new_performance,
            result.new_processing_sum, result.new_processing_weight, result.new_recent_item_sum,
            result.new_resources, result.new_revenue_impact_usd, result.new_run_beat_count,
            result.new_run_id, result.new_run_started_at, result.new_score,
            result.new_session_lost_at, result.new_silent_seconds, result.new_slow_memory_sum,
            result.new_slow_memory_weight, result.new_state, result.new_status,
            result.new_ungated_score, result.new_unresponsive_intervals,
            result.new_user_satisfaction, result.row_address, result.unresponsive_seconds
        FROM result
        OFFSET 0
    ),

    updated AS (
        UPDATE health.agent_status AS target
        SET
            next_due_at = written.new_next_due_at,
            judged_tick_id = p_tick_id,
            judged_at = p_now,
            first_heartbeat_at = written.new_first_heartbeat_at,
            last_heartbeat_at = written.new_last_heartbeat_at,
            gap_reference_at = written.new_gap_reference_at,
            run_started_at = written.new_run_started_at,
            late_at = written.new_last_heartbeat_at
            + make_interval(secs => written.late_seconds),
            unresponsive_at = written.new_last_heartbeat_at
            + make_interval(secs => written.unresponsive_seconds),
            session_lost_at = written.new_session_lost_at,
            state = written.new_state,
            run_id = written.new_run_id,
            liveness = written.new_liveness,
            status = written.new_status,
            score = written.new_score,
            ungated_score = written.new_ungated_score,
            gate = written.new_gate,
            heartbeat_consistency = written.new_heartbeat,
            performance_metrics = written.new_performance,
            error_rate = written.new_errors,
            resource_efficiency = written.new_resources,
            business_impact = written.new_business,
            policy_id = written.judging_policy_id,
            silent_seconds = written.new_silent_seconds,
            gap_weight = written.new_gap_weight,
            gap_sum = written.new_gap_sum,
            gap_square_sum = written.new_gap_square_sum,
            gap_count = written.new_gap_count,
            beat_count = written.beat_count + coalesce(written.batch_size, 0),
            run_beat_count = written.new_run_beat_count,
            log_interval = written.new_log_interval,
            mean_gap = written.new_mean_gap,
            gap_histogram[written.first_bin:written.last_bin] = written.new_bins,
            late_intervals = written.new_late_intervals,
            unresponsive_intervals = written.new_unresponsive_intervals,
            clock_offset_seconds = written.new_clock_offset_seconds,
            error_count = written.new_error_count,
            work_items_processed = written.new_items,
            error_sum = written.new_error_sum,
            item_sum = written.new_item_sum,
            observed_seconds = written.new_observed_seconds,
            recent_item_sum = written.new_recent_item_sum,
            baseline_item_sum = written.new_baseline_item_sum,
            baseline_seconds = written.new_baseline_seconds,
            event_sum = written.new_event_sum,
            processing_weight = written.new_processing_weight,
            processing_sum = written.new_processing_sum,
            baseline_processing_weight = written.new_baseline_processing_weight,
            baseline_processing_sum = written.new_baseline_processing_sum,
            cpu_weight = written.new_cpu_weight,
            cpu_sum = written.new_cpu_sum,
            memory_weight = written.new_memory_weight,
            memory_sum = written.new_memory_sum,
            slow_memory_weight = written.new_slow_memory_weight,
            slow_memory_sum = written.new_slow_memory_sum,
            memory_usage_mb = written.new_memory_usage_mb,
            memory_limit_mb = written.new_memory_limit_mb,
            cost_efficiency = written.new_cost_efficiency,
            user_satisfaction = written.new_user_satisfaction,
            operational_efficiency = written.new_operational_efficiency,
            revenue_impact_usd = written.new_revenue_impact_usd,
            bad_evaluations = written.new_bad_evaluations,
            issue_candidate = written.new_issue_candidate,
            issue_evaluations = written.new_issue_evaluations,
            issue_type = written.new_issue_type,
            active_conditions = written.new_active_conditions
        FROM written
        WHERE target.ctid = written.row_address
        RETURNING 1
    )

    SELECT
        arrivals.row_count,
        arrivals.agent_count,
        judgements.judged_count
    INTO arrived_rows, arrived_agents, judged_agents
    FROM (
        SELECT count(*) AS row_count, count(*) FILTER (WHERE arrived.is_last) AS agent_count
        FROM arrived
    ) AS arrivals
    CROSS JOIN (
        SELECT count(*) AS judged_count
        FROM updated
    ) AS judgements;
END;
$$;

ALTER FUNCTION health_internal.fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, p_blind_until timestamp with time zone, p_only_due boolean, p_is_many boolean, OUT arrived_rows bigint, OUT arrived_agents bigint, OUT judged_agents bigint) OWNER TO health_owner;

--
-- Name: FUNCTION fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, p_blind_until timestamp with time zone, p_only_due boolean, p_is_many boolean, OUT arrived_rows bigint, OUT arrived_agents bigint, OUT judged_agents bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, p_blind_until timestamp with time zone, p_only_due boolean, p_is_many boolean, OUT arrived_rows bigint, OUT arrived_agents bigint, OUT judged_agents bigint) IS 'Folds the heartbeats that arrived between two snapshots and judges their agents and those whose next_due_at has come, each at most once per tick. Returns rows and agents that arrived and agents judged; agents without a row in agent_status are left to the caller. p_only_due: judge without folding. p_is_many: how to join. p_blind_until: end of the latest monitor gap.';

--
-- Name: fold_events(timestamp with time zone, xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_events(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
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
        FROM health_internal.arrived_events(
            p_from_xmax, p_in_progress, p_until,
            p_own_xid, p_own_from, p_own_until, p_last_own_xid, p_last_own_from
        ) AS events
        CROSS JOIN health.settings
        WHERE events.received_at >= p_now - settings.history_after
            -- What the engine writes about agents must not feed back into scores.
            AND events.agent_id <> 'heartbeat_health_agent'
        GROUP BY events.agent_id
    ),

    folded AS (
        UPDATE health.agent_status AS status
        SET
            -- The sum refers to judged_at, like its neighbours; the judgement decays it to now.
            event_sum = status.event_sum
            + arrived.weight / greatest(
                health_internal.decay(
                    date_part('epoch', p_now - coalesce(status.judged_at, p_now)),
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

ALTER FUNCTION health_internal.fold_events(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) OWNER TO health_owner;

--
-- Name: FUNCTION fold_events(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_events(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) IS 'Folds the agents'' own events by severity into agent_status.event_sum and makes those agents due; returns how many events.';

--
-- Name: fold_metrics(timestamp with time zone, xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.fold_metrics(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, OUT folded_values bigint, OUT skipped_values bigint) RETURNS record
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
        FROM health_internal.arrived_metrics(
            p_from_xmax, p_in_progress, p_until,
            p_own_xid, p_own_from, p_own_until, p_last_own_xid, p_last_own_from
        ) AS metrics
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

ALTER FUNCTION health_internal.fold_metrics(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, OUT folded_values bigint, OUT skipped_values bigint) OWNER TO health_owner;

--
-- Name: FUNCTION fold_metrics(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, OUT folded_values bigint, OUT skipped_values bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.fold_metrics(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, OUT folded_values bigint, OUT skipped_values bigint) IS 'Folds new metric values into metric_series (weight exp(-age / 60 min)). An agent keeps at most settings.series_per_agent series: values of further names are counted as skipped and stay raw.';

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
    v_own_from bigint := 0;
    v_own_until bigint;
    v_until pg_snapshot;
    v_from_xmax xid8;
    v_in_progress xid8 [];
    v_blind_until timestamptz;
    v_pass record;
    v_unknown bigint := 0;
    v_few bigint;
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
    IF v_engine.own_xid = v_own THEN
        v_own_from := v_engine.own_from;
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
    SELECT coalesce(max(gaps.settled_at), '-infinity')
    INTO v_blind_until
    FROM health.monitor_gaps AS gaps;

    tick_id := v_engine.tick_id + 1;
    v_until := health_internal.snapshot_without(pg_current_snapshot(), v_own);
    v_from_xmax := pg_snapshot_xmax(v_engine.folded_until);
    v_in_progress := ARRAY(SELECT pg_snapshot_xip(v_engine.folded_until));

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
        folded_until = v_until,
        own_xid = v_own,
        system_identifier = v_system,
        last_now = judged_until,
        last_tick_at = v_started,
        server_started_at = v_server_started,
        last_heartbeat_at = v_engine.last_heartbeat_at;
    SELECT engine.cmin::text::bigint INTO STRICT v_own_until FROM health_internal.engine;

    PERFORM health_internal.fold_agent_changes(
        v_from_xmax, v_in_progress, v_until,
        v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
    );
    folded_rows := health_internal.fold_events(
        judged_until, v_from_xmax, v_in_progress, v_until,
        v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
    );
    SELECT metrics.*
    INTO v_metrics
    FROM health_internal.fold_metrics(
        judged_until, v_from_xmax, v_in_progress, v_until,
        v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
    ) AS metrics;
    folded_rows := folded_rows + v_metrics.folded_values;
    IF NOT p_is_replay THEN
        PERFORM health_internal.watch_sessions(judged_until, v_has_restarted);
    END IF;

    SELECT count(*)
    INTO v_few
    FROM (
        SELECT FROM health_internal.arrived_heartbeats(
            v_from_xmax, v_in_progress, v_until,
            v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
        )
        LIMIT 1000
    ) AS few;
    IF v_few > 0 THEN
        FOR v_attempt IN 1 .. 2
        LOOP
            SELECT pass.*
            INTO v_pass
            FROM health_internal.fold_and_judge(
                judged_until, tick_id, v_from_xmax, v_in_progress, v_until,
                v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from,
                v_blind_until, false, v_few >= 1000
            ) AS pass;
            agents_judged := agents_judged + v_pass.judged_agents;
            EXIT WHEN v_attempt = 2 OR v_pass.judged_agents >= v_pass.arrived_agents;
            -- Fewer than arrived: some are new.
            v_unknown := health_internal.register_unknown(
                v_from_xmax, v_in_progress, v_until,
                v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
            );
            EXIT WHEN v_unknown = 0;
        END LOOP;
        folded_rows := folded_rows + v_pass.arrived_rows;
    END IF;
    -- The silent: one scan of agent_status, whose first column says who is due.
    SELECT count(*)
    INTO v_few
    FROM (
        SELECT FROM health.agent_status AS status
        WHERE status.next_due_at <= judged_until AND status.judged_tick_id <> tick_id
        LIMIT 1000
    ) AS few;
    IF v_few > 0 THEN
        SELECT pass.*
        INTO v_pass
        FROM health_internal.fold_and_judge(
            judged_until, tick_id, v_from_xmax, v_in_progress, v_until,
            v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from,
            v_blind_until, true, v_few >= 1000
        ) AS pass;
        agents_judged := agents_judged + v_pass.judged_agents;
    END IF;
    IF v_unknown > 0 OR v_engine.tick_id % 60 = 0 THEN
        PERFORM health_internal.add_missing_agents();
    END IF;

    UPDATE health_internal.engine
    SET
        own_from = v_own_until + 1,
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
-- Name: learn_gaps(health_internal.gap_memory, double precision[]); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.learn_gaps(p_memory health_internal.gap_memory, p_beats double precision[]) RETURNS health_internal.gap_memory
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    v_memory health_internal.gap_memory := p_memory;
    v_beat double precision;
    v_gap double precision;
    v_interval double precision;
    v_bin integer;
BEGIN
    v_memory.gap_histogram := coalesce(v_memory.gap_histogram, array_fill(0::real, ARRAY[25]));
    -- One gap after the other, because each is measured by the interval learnt before it.
    FOREACH v_beat IN ARRAY p_beats
    LOOP
        v_gap := v_beat - v_memory.reference_seconds;
        v_interval := exp(v_memory.log_interval);
        IF v_beat < 0 OR v_gap > 100 * v_interval THEN
            v_memory.reference_seconds := abs(v_beat);
            CONTINUE;
        END IF;
        CONTINUE WHEN v_gap IS NULL OR v_gap <= 0.1 * v_interval;
        v_bin := health_internal.gap_bin(v_gap / v_interval);
        v_memory.gap_histogram[v_bin] := v_memory.gap_histogram[v_bin]
            + health_internal.gap_unit(v_memory.gap_count);
        v_memory.log_interval := v_memory.log_interval
            + greatest(1 / 20.0::double precision, 1 / (v_memory.gap_count + 2.0::double precision))
            * ln(v_gap / v_interval);
        v_memory.mean_gap := v_memory.mean_gap
            + greatest(1 / 100.0::double precision, 1 / (v_memory.gap_count + 2.0::double precision))
            * (least(v_gap, 10 * v_memory.mean_gap) - v_memory.mean_gap);
        v_memory.gap_count := v_memory.gap_count + 1;
        v_memory.reference_seconds := v_beat;
        IF v_memory.gap_count % 30000 = 0 THEN
            v_memory.gap_histogram := ARRAY(
                SELECT (weight.value * exp(-30000 * 3.333889012375737e-4::double precision))::real
                FROM unnest(v_memory.gap_histogram) WITH ORDINALITY AS weight (value, bin)
                ORDER BY weight.bin
            );
        END IF;
    END LOOP;
    RETURN v_memory;
END;
$$;

ALTER FUNCTION health_internal.learn_gaps(p_memory health_internal.gap_memory, p_beats double precision[]) OWNER TO health_owner;

--
-- Name: FUNCTION learn_gaps(p_memory health_internal.gap_memory, p_beats double precision[]); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.learn_gaps(p_memory health_internal.gap_memory, p_beats double precision[]) IS 'Folds the beats (seconds, ascending) that followed reference_seconds into what gaps have taught. A beat within a tenth of the learnt interval belongs to the clump before it and is not a gap; a negative one begins a run, and neither the gap before it nor one of over 100 intervals teaches anything. The tick does a single beat inline; a test holds both to the same result.';

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
-- Name: open_recovery_failed(timestamp with time zone, text[], text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_incidents bigint [];
BEGIN
    INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at)
    SELECT failed.agent_id, 'critical', p_now, p_now
    FROM unnest(p_agent_ids) AS failed (agent_id)
    ON CONFLICT (agent_id) WHERE resolved_at IS NULL DO NOTHING;

    WITH opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, agent_id, rule, severity, summary, details, opened_at
        )
        SELECT
            incidents.incident_id, incidents.agent_id, rules.rule, rules.severity,
            rules.summary || ': ' || p_reason, jsonb_build_object('reason', p_reason), p_now
        FROM health.incidents
        INNER JOIN health.alert_rules AS rules ON rules.rule = 'recovery_failed'
        WHERE incidents.agent_id = ANY (p_agent_ids)
            AND incidents.resolved_at IS NULL
            AND rules.is_enabled
        ON CONFLICT (agent_id, rule) WHERE resolved_at IS NULL DO NOTHING
        RETURNING alerts.alert_id, alerts.incident_id
    ),

    noted AS (
        INSERT INTO health.alert_events (alert_id, occurred_at, event, reason)
        SELECT opened.alert_id, p_now, 'opened', p_reason
        FROM opened
    )

    SELECT array_agg(opened.incident_id)
    INTO v_incidents
    FROM opened;

    IF v_incidents IS NOT NULL THEN
        PERFORM health_internal.queue_deliveries(p_now, v_incidents, 'recovery_failed');
    END IF;
END;
$$;

ALTER FUNCTION health_internal.open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text) OWNER TO health_owner;

--
-- Name: FUNCTION open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text) IS 'Opens the alert recovery_failed for agents that only a person can help, and queues its message.';

--
-- Name: queue_deliveries(timestamp with time zone, bigint[], text); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.queue_deliveries(p_now timestamp with time zone, p_incident_ids bigint[], p_event text) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    v_count bigint;
BEGIN
    -- Many incidents at once share one digest per channel: ten thousand agents dying together are
    -- one page.
    WITH told AS MATERIALIZED (
        SELECT
            incidents.incident_id,
            incidents.agent_id,
            incidents.severity,
            incidents.onset_at,
            coalesce(agents.agent_name, incidents.agent_id, 'The monitor') AS agent_name,
            status.score,
            status.status,
            status.liveness,
            summaries.summary,
            cardinality(p_incident_ids) > 10 AS is_digest
        FROM health.incidents
        LEFT JOIN health.agents ON incidents.agent_id = agents.agent_id
        LEFT JOIN health.agent_status AS status ON incidents.agent_id = status.agent_id
        LEFT JOIN (
            SELECT
                alerts.incident_id,
                string_agg(DISTINCT alerts.summary, '; ') AS summary
            FROM health.alerts
            WHERE alerts.incident_id = ANY (p_incident_ids)
                AND (alerts.resolved_at IS NULL OR p_event = 'resolved')
            GROUP BY alerts.incident_id
        ) AS summaries ON incidents.incident_id = summaries.incident_id
        WHERE incidents.incident_id = ANY (p_incident_ids)
    ),

    messages AS (
        SELECT
            told.incident_id,
            told.severity,
            told.agent_name || ': ' || CASE p_event
                WHEN 'resolved' THEN 'resolved'
                ELSE coalesce(told.summary, told.severity)
            END AS subject,
            format(
                E'Agent %s (%s)\n%s\nSince %s\nScore %s, status %s, liveness %s',
                told.agent_name,
                coalesce(told.agent_id, 'engine'),
                coalesce(told.summary, ''),
                to_char(told.onset_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'),
                coalesce(round(told.score::numeric, 2)::text, 'unknown'),
                coalesce(told.status, 'unknown'),
                coalesce(told.liveness, 'unknown')
            ) AS body,
            array_remove(ARRAY[told.agent_id], NULL) AS agent_ids,
            jsonb_build_object(
                'event', p_event, 'agent_id', told.agent_id, 'agent_name', told.agent_name,
                'incident_id', told.incident_id, 'onset_at', told.onset_at, 'score', told.score,
                'status', told.status, 'liveness', told.liveness, 'summary', told.summary
            ) AS details,
            'incident-' || told.incident_id || '-' || p_event || CASE p_event
                WHEN 'escalated' THEN '-' || told.severity
                ELSE ''
            END AS message_key
        FROM told
        WHERE NOT told.is_digest

        UNION ALL

        SELECT
            NULL,
            (array_agg(
                told.severity ORDER BY health_internal.severity_rank(told.severity) DESC
            ))[1],
            count(*) || ' agents: ' || CASE p_event
                WHEN 'resolved' THEN 'resolved'
                ELSE min(told.summary)
            END,
            count(*) || ' incidents ' || p_event || E' together:\n'
            || array_to_string((array_agg(told.agent_name ORDER BY told.agent_name))[:50], E'\n')
            || CASE WHEN count(*) > 50 THEN E'\n…' ELSE '' END,
            array_agg(told.agent_id ORDER BY told.agent_id) FILTER (WHERE told.agent_id IS NOT NULL),
            jsonb_build_object('event', p_event, 'incident_count', count(*)),
            'digest-' || p_event || '-' || min(told.incident_id) || '-' || max(told.incident_id)
        FROM told
        WHERE told.is_digest
        HAVING count(*) > 0
    ),

    queued AS (
        INSERT INTO health.deliveries (
            incident_id, channel, event, severity, subject, body, agent_ids, details,
            idempotency_key, created_at, not_before
        )
        SELECT
            messages.incident_id,
            channels.channel,
            CASE WHEN messages.incident_id IS NULL THEN 'digest' ELSE p_event END,
            messages.severity,
            left(translate(messages.subject, E'\n\r', '  '), 300),
            messages.body,
            messages.agent_ids,
            messages.details,
            messages.message_key || '-' || channels.channel,
            p_now,
            p_now
        FROM messages
        INNER JOIN health.channels
            ON channels.is_enabled
            AND health_internal.severity_rank(messages.severity)
            >= health_internal.severity_rank(channels.minimum_severity)
        ON CONFLICT (idempotency_key) DO NOTHING
        RETURNING deliveries.delivery_id, deliveries.incident_id
    ),

    noted AS (
        INSERT INTO health.alert_events (alert_id, occurred_at, event, reason, delivery_id)
        SELECT
            alerts.alert_id,
            p_now,
            CASE WHEN queued.incident_id IS NULL THEN 'grouped' ELSE 'queued' END,
            p_event,
            queued.delivery_id
        FROM queued
        INNER JOIN health.alerts
            ON alerts.incident_id = queued.incident_id
            OR (queued.incident_id IS NULL AND alerts.incident_id = ANY (p_incident_ids))
    )

    SELECT count(*)
    INTO v_count
    FROM queued;
    RETURN v_count;
END;
$$;

ALTER FUNCTION health_internal.queue_deliveries(p_now timestamp with time zone, p_incident_ids bigint[], p_event text) OWNER TO health_owner;

--
-- Name: FUNCTION queue_deliveries(p_now timestamp with time zone, p_incident_ids bigint[], p_event text); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.queue_deliveries(p_now timestamp with time zone, p_incident_ids bigint[], p_event text) IS 'Queues one message per incident and enabled channel (event opened, escalated, resolved or recovery_failed), or one digest per channel for more than ten incidents at once. Returns how many.';

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
-- Name: recovery_attempt(text, text, timestamp with time zone); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.recovery_attempt(p_agent_id text, p_policy_class text, p_now timestamp with time zone, OUT attempt integer, OUT not_before timestamp with time zone, OUT is_allowed boolean, OUT is_within_budget boolean) RETURNS record
    LANGUAGE plpgsql STABLE
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
BEGIN
    SELECT
        recent.attempt_count + 1,
        greatest(
            p_now,
            recent.last_finished_at + make_interval(secs => least(
                policy.recovery_backoff_limit_seconds,
                policy.recovery_backoff_seconds
                * 2 ^ least(20, greatest(0, recent.attempt_count - 1))
            ))
        ),
        policy.is_recovery_enabled,
        recent.attempt_count < policy.recovery_budget_count
    INTO attempt, not_before, is_allowed, is_within_budget
    FROM health.current_policies AS policy
    CROSS JOIN LATERAL (
        SELECT
            count(*)::integer AS attempt_count,
            max(actions.finished_at) AS last_finished_at
        FROM health.recovery_actions AS actions
        WHERE actions.agent_id = p_agent_id
            AND actions.executed_at IS NOT NULL
            AND actions.created_at
            > p_now - make_interval(secs => policy.recovery_budget_window_seconds)
    ) AS recent
    WHERE policy.policy_class = p_policy_class;
END;
$$;

ALTER FUNCTION health_internal.recovery_attempt(p_agent_id text, p_policy_class text, p_now timestamp with time zone, OUT attempt integer, OUT not_before timestamp with time zone, OUT is_allowed boolean, OUT is_within_budget boolean) OWNER TO health_owner;

--
-- Name: FUNCTION recovery_attempt(p_agent_id text, p_policy_class text, p_now timestamp with time zone, OUT attempt integer, OUT not_before timestamp with time zone, OUT is_allowed boolean, OUT is_within_budget boolean); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.recovery_attempt(p_agent_id text, p_policy_class text, p_now timestamp with time zone, OUT attempt integer, OUT not_before timestamp with time zone, OUT is_allowed boolean, OUT is_within_budget boolean) IS 'Number of the next attempt for an agent of a class, the earliest time for it (back-off: 10 s doubling to 300 s after the last one of the budget''s window), whether the policy allows recoveries at all and whether its budget allows this one.';

--
-- Name: register_unknown(xid8, xid8[], pg_snapshot, xid8, bigint, bigint, xid8, bigint); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.register_unknown(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
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
        coalesce(date_part('epoch', agents.grace), 0),
        agents.latency_slo_ms,
        agents.throughput_slo_per_minute
    FROM (
        SELECT DISTINCT beats.agent_id
        FROM health_internal.arrived_heartbeats(
            p_from_xmax, p_in_progress, p_until,
            p_own_xid, p_own_from, p_own_until, p_last_own_xid, p_last_own_from
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

ALTER FUNCTION health_internal.register_unknown(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) OWNER TO health_owner;

--
-- Name: FUNCTION register_unknown(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.register_unknown(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) IS 'Gives agents that beat for the first time their row of agent_status, unless settings.unknown_agents is refuse; returns how many.';

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
-- Name: score_error_rate(double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.score_error_rate(p_errors double precision, p_items double precision, p_minutes double precision, p_rate_scale double precision, p_per_minute_scale double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (p_errors IS NULL) THEN NULL::double precision WHEN (p_items > (0)::double precision) THEN ((100)::double precision * exp((- LEAST((700)::double precision, ((p_errors / GREATEST(p_items, p_errors)) / p_rate_scale))))) ELSE ((100)::double precision * exp((- LEAST((700)::double precision, ((p_errors / GREATEST(p_minutes, (1)::double precision)) / p_per_minute_scale))))) END;

ALTER FUNCTION health_internal.score_error_rate(p_errors double precision, p_items double precision, p_minutes double precision, p_rate_scale double precision, p_per_minute_scale double precision) OWNER TO health_owner;

--
-- Name: FUNCTION score_error_rate(p_errors double precision, p_items double precision, p_minutes double precision, p_rate_scale double precision, p_per_minute_scale double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.score_error_rate(p_errors double precision, p_items double precision, p_minutes double precision, p_rate_scale double precision, p_per_minute_scale double precision) IS '100 × exp(-rate / scale), the rate being decayed errors per decayed work item, or per minute where there are no items (at least one minute). NULL where the errors are unknown.';

--
-- Name: score_heartbeat_consistency(double precision, double precision, double precision, double precision, double precision, double precision); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_mass double precision, p_recency double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((100)::double precision * p_recency) * CASE WHEN ((p_gap_weight > (0)::double precision) AND (p_gap_sum > (0)::double precision)) THEN (((0.7)::double precision * LEAST((1)::double precision, ((p_gap_weight * p_expected_mass) / (p_gap_sum + (LEAST((1)::double precision, p_gap_weight) * GREATEST((0)::double precision, (p_open_mass - p_expected_mass))))))) + ((0.3)::double precision / GREATEST((1)::double precision, ((p_gap_weight * p_gap_square_sum) / (p_gap_sum * p_gap_sum))))) ELSE (1)::double precision END);

ALTER FUNCTION health_internal.score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_mass double precision, p_recency double precision) OWNER TO health_owner;

--
-- Name: FUNCTION score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_mass double precision, p_recency double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_mass double precision, p_recency double precision) IS '100 × recency × (0.7 × coverage + 0.3 × regularity). Coverage: gaps × expected / (Σ gap + excess of the open gap), all as decayed time masses; regularity: 1 / (1 + cv²) of the gaps; recency falls from 1 at the late deadline to 0 at the unresponsive one. Without gaps coverage and regularity are 1.';

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
    RETURN CASE WHEN ((p_age_seconds >= (60)::double precision) AND ((p_fast_mean_mb - p_slow_mean_mb) > ((0.02)::double precision * p_limit_mb))) THEN ((GREATEST((0)::double precision, (p_limit_mb - p_usage_mb)) * ((p_slow_memory_seconds - ((p_age_seconds * health_internal.decay(p_age_seconds, p_slow_memory_seconds)) / ((1)::double precision - health_internal.decay(p_age_seconds, p_slow_memory_seconds)))) - (p_fast_memory_seconds - ((p_age_seconds * health_internal.decay(p_age_seconds, p_fast_memory_seconds)) / ((1)::double precision - health_internal.decay(p_age_seconds, p_fast_memory_seconds)))))) / (p_fast_mean_mb - p_slow_mean_mb)) ELSE NULL::double precision END;

ALTER FUNCTION health_internal.seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision) OWNER TO health_owner;

--
-- Name: FUNCTION seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.seconds_to_exhaustion(p_fast_mean_mb double precision, p_slow_mean_mb double precision, p_age_seconds double precision, p_fast_memory_seconds double precision, p_slow_memory_seconds double precision, p_usage_mb double precision, p_limit_mb double precision) IS 'Seconds until memory reaches its limit if it goes on rising as it does, NULL if it does not rise. On a ramp an exponential mean of memory τ over T seconds lags by τ - T e^(-T/τ) / (1 - e^(-T/τ)); the slope is the difference of two such means over the difference of their lags. It needs a minute of data and a difference of 2 % of the limit.';

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
    PERFORM health_internal.add_missing_agents();
END;
$$;

ALTER FUNCTION health_internal.sweep(p_now timestamp with time zone) OWNER TO health_owner;

--
-- Name: FUNCTION sweep(p_now timestamp with time zone); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.sweep(p_now timestamp with time zone) IS 'Removes configuration changes and sessions that nobody needs any more, and registers whom a lock kept out.';

--
-- Name: tg_agent_heartbeats__ring(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_agent_heartbeats__ring() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.agent_status AS status
        WHERE status.agent_id = NEW.agent_id AND status.state IN ('error', 'failed')
    ) THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.tg_agent_heartbeats__ring() OWNER TO health_owner;

--
-- Name: FUNCTION tg_agent_heartbeats__ring(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_agent_heartbeats__ring() IS 'Rings health_wakeup for a heartbeat in state error or failed, unless the agent is known to be in trouble. Ordinary heartbeats never notify: a NOTIFY takes a lock on the whole database at commit.';

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
-- Name: tg_agents__tell_change(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_agents__tell_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO health_internal.agent_changes (agent_id) VALUES (NEW.agent_id);
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.tg_agents__tell_change() OWNER TO health_owner;

--
-- Name: FUNCTION tg_agents__tell_change(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_agents__tell_change() IS 'Notes that agent_status must copy an agent''s configuration.';

--
-- Name: tg_ingest_heartbeats__guard(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_ingest_heartbeats__guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    v_foreign text;
BEGIN
    -- The owner and superusers may copy anything, as when a dump is restored.
    IF pg_has_role(current_user, 'health_owner', 'USAGE') THEN
        RETURN NULL;
    END IF;
    SELECT arrived.agent_id
    INTO v_foreign
    FROM (SELECT DISTINCT new_rows.agent_id FROM new_rows) AS arrived
    WHERE NOT EXISTS (
        SELECT FROM health.agent_logins AS logins
        WHERE logins.login_name = current_user AND logins.agent_id = arrived.agent_id
    )
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'gateway "%" may not write for agent "%"', current_user, v_foreign
            USING ERRCODE = 'AG005',
                HINT = 'An administrator adds the pair to health.agent_logins.';
    END IF;
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.tg_ingest_heartbeats__guard() OWNER TO health_owner;

--
-- Name: FUNCTION tg_ingest_heartbeats__guard(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_ingest_heartbeats__guard() IS 'Holds a gateway to the agents that agent_logins gives it; raises AG005 for another.';

--
-- Name: tg_status_transitions__queue_recoveries(); Type: FUNCTION; Schema: health_internal; Owner: health_owner
--

CREATE FUNCTION health_internal.tg_status_transitions__queue_recoveries() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO health.recovery_actions (
        agent_id, issue_type, attempt, transition_id, created_at, not_before, state, finished_at,
        outcome
    )
    SELECT
        new_rows.agent_id,
        new_rows.issue_type,
        attempts.attempt,
        new_rows.transition_id,
        new_rows.occurred_at,
        attempts.not_before,
        CASE WHEN attempts.is_within_budget THEN 'pending' ELSE 'escalated' END,
        CASE WHEN NOT attempts.is_within_budget THEN new_rows.occurred_at END,
        CASE
            WHEN attempts.is_within_budget THEN '{}'::jsonb
            ELSE '{"reason": "the budget of attempts is used up"}'::jsonb
        END
    FROM new_rows
    LEFT JOIN health.policies AS judged_by ON new_rows.policy_id = judged_by.policy_id
    CROSS JOIN LATERAL health_internal.recovery_attempt(
        new_rows.agent_id, coalesce(judged_by.policy_class, 'standard'), new_rows.occurred_at
    ) AS attempts
    WHERE new_rows.issue_type IS NOT NULL
        AND new_rows.issue_type IS DISTINCT FROM new_rows.old_issue_type
        AND attempts.is_allowed
        -- The engine cannot restart itself.
        AND new_rows.agent_id <> 'heartbeat_health_agent'
    ON CONFLICT (agent_id) WHERE state IN ('pending', 'claimed', 'executing', 'verifying')
    DO NOTHING;
    RETURN NULL;
END;
$$;

ALTER FUNCTION health_internal.tg_status_transitions__queue_recoveries() OWNER TO health_owner;

--
-- Name: FUNCTION tg_status_transitions__queue_recoveries(); Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON FUNCTION health_internal.tg_status_transitions__queue_recoveries() IS 'Queues a recovery for each transition that brought an issue: one per agent at a time, within the policy''s budget, else the row is escalated at once.';

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
    txid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT sent_at_is_within_one_day_of_received_at CHECK (((sent_at >= (received_at - '24:00:00'::interval)) AND (sent_at <= (received_at + '24:00:00'::interval))))
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

COMMENT ON COLUMN health.agent_sessions.lost_reason IS 'session_lost, said_goodbye, attached_again or server_restarted.';

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
-- Name: agent_status; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.agent_status (
    next_due_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    judged_tick_id bigint DEFAULT 0 NOT NULL,
    judged_at timestamp with time zone,
    first_heartbeat_at timestamp with time zone,
    last_heartbeat_at timestamp with time zone,
    gap_reference_at timestamp with time zone,
    run_started_at timestamp with time zone,
    late_at timestamp with time zone,
    unresponsive_at timestamp with time zone,
    session_lost_at timestamp with time zone,
    agent_id text NOT NULL COLLATE pg_catalog."C",
    policy_class text DEFAULT 'standard'::text NOT NULL COLLATE pg_catalog."C",
    expected_interval_seconds double precision,
    grace_seconds double precision DEFAULT 0 NOT NULL,
    latency_slo_ms double precision,
    throughput_slo_per_minute double precision,
    state text,
    run_id text,
    liveness text DEFAULT 'never_seen'::text NOT NULL,
    status text,
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
    gap_weight double precision DEFAULT 0 NOT NULL,
    gap_sum double precision DEFAULT 0 NOT NULL,
    gap_square_sum double precision DEFAULT 0 NOT NULL,
    gap_count bigint DEFAULT 0 NOT NULL,
    beat_count bigint DEFAULT 0 NOT NULL,
    run_beat_count bigint DEFAULT 0 NOT NULL,
    log_interval double precision,
    mean_gap double precision,
    gap_histogram real[],
    late_intervals double precision,
    unresponsive_intervals double precision,
    clock_offset_seconds double precision,
    error_count bigint,
    work_items_processed bigint,
    error_sum double precision DEFAULT 0 NOT NULL,
    event_sum double precision DEFAULT 0 NOT NULL,
    item_sum double precision DEFAULT 0 NOT NULL,
    observed_seconds double precision DEFAULT 0 NOT NULL,
    recent_item_sum double precision DEFAULT 0 NOT NULL,
    baseline_item_sum double precision DEFAULT 0 NOT NULL,
    baseline_seconds double precision DEFAULT 0 NOT NULL,
    processing_weight double precision DEFAULT 0 NOT NULL,
    processing_sum double precision DEFAULT 0 NOT NULL,
    baseline_processing_weight double precision DEFAULT 0 NOT NULL,
    baseline_processing_sum double precision DEFAULT 0 NOT NULL,
    cpu_weight double precision DEFAULT 0 NOT NULL,
    cpu_sum double precision DEFAULT 0 NOT NULL,
    memory_weight double precision DEFAULT 0 NOT NULL,
    memory_sum double precision DEFAULT 0 NOT NULL,
    slow_memory_weight double precision DEFAULT 0 NOT NULL,
    slow_memory_sum double precision DEFAULT 0 NOT NULL,
    memory_usage_mb double precision,
    memory_limit_mb double precision,
    cost_efficiency double precision,
    user_satisfaction double precision,
    operational_efficiency double precision,
    revenue_impact_usd double precision,
    bad_evaluations integer DEFAULT 0 NOT NULL,
    issue_candidate text,
    issue_evaluations integer DEFAULT 0 NOT NULL,
    issue_type text,
    active_conditions text[] DEFAULT '{}'::text[] NOT NULL
)
WITH (fillfactor='45', autovacuum_vacuum_scale_factor='0.2', autovacuum_analyze_scale_factor='0.5');

ALTER TABLE health.agent_status OWNER TO health_owner;

--
-- Name: TABLE agent_status; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.agent_status IS 'One row per agent: running state and latest judgement. Only the ticker writes it; its freshness is judged_at.';

--
-- Name: COLUMN agent_status.next_due_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.next_due_at IS 'When the agent must be judged again without a new heartbeat; first column, the idle tick scans it.';

--
-- Name: COLUMN agent_status.judged_tick_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.judged_tick_id IS 'Tick that judged last; an agent is judged at most once in a tick.';

--
-- Name: COLUMN agent_status.judged_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.judged_at IS 'p_now of that tick; the decayed sums refer to it.';

--
-- Name: COLUMN agent_status.first_heartbeat_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.first_heartbeat_at IS 'First heartbeat ever, by the database''s clock.';

--
-- Name: COLUMN agent_status.last_heartbeat_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.last_heartbeat_at IS 'Latest heartbeat, by the database''s clock.';

--
-- Name: COLUMN agent_status.gap_reference_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_reference_at IS 'Heartbeat from which the next gap is learnt; the first of a clump.';

--
-- Name: COLUMN agent_status.run_started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.run_started_at IS 'First heartbeat of the present run.';

--
-- Name: COLUMN agent_status.late_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.late_at IS 'Deadline after which the agent is late.';

--
-- Name: COLUMN agent_status.unresponsive_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.unresponsive_at IS 'Deadline after which it is unresponsive.';

--
-- Name: COLUMN agent_status.session_lost_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.session_lost_at IS 'When its attach session was lost; NULL if it was not or a heartbeat came since.';

--
-- Name: COLUMN agent_status.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.agent_id IS 'Which agent.';

--
-- Name: COLUMN agent_status.policy_class; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.policy_class IS 'Copied from agents.';

--
-- Name: COLUMN agent_status.expected_interval_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.expected_interval_seconds IS 'Copied from agents, seconds; NULL: the policy''s default, then learnt.';

--
-- Name: COLUMN agent_status.grace_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.grace_seconds IS 'Copied from agents, seconds.';

--
-- Name: COLUMN agent_status.latency_slo_ms; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.latency_slo_ms IS 'Copied from agents.';

--
-- Name: COLUMN agent_status.throughput_slo_per_minute; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.throughput_slo_per_minute IS 'Copied from agents.';

--
-- Name: COLUMN agent_status.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.state IS 'State the agent last told.';

--
-- Name: COLUMN agent_status.run_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.run_id IS 'Run it last told.';

--
-- Name: COLUMN agent_status.liveness; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.liveness IS 'never_seen, starting, alive, late, unresponsive, stopped or in_maintenance.';

--
-- Name: COLUMN agent_status.status; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.status IS 'excellent, good, fair, poor or critical; NULL before the first heartbeat.';

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
-- Name: COLUMN agent_status.gap_weight; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_weight IS 'Decayed number of gaps (10 min).';

--
-- Name: COLUMN agent_status.gap_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_sum IS 'Decayed sum of gaps, seconds.';

--
-- Name: COLUMN agent_status.gap_square_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_square_sum IS 'Decayed sum of squared gaps, seconds².';

--
-- Name: COLUMN agent_status.gap_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_count IS 'Gaps learnt from; not decayed.';

--
-- Name: COLUMN agent_status.beat_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.beat_count IS 'Heartbeats folded; not decayed.';

--
-- Name: COLUMN agent_status.run_beat_count; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.run_beat_count IS 'Good heartbeats of the present run.';

--
-- Name: COLUMN agent_status.log_interval; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.log_interval IS 'Learnt logarithm of the interval, ln seconds.';

--
-- Name: COLUMN agent_status.mean_gap; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.mean_gap IS 'Learnt mean gap, seconds.';

--
-- Name: COLUMN agent_status.gap_histogram; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.gap_histogram IS '25 bins of gap over learnt interval, weights growing by 3000/2999 per gap; see health_internal.gap_bin.';

--
-- Name: COLUMN agent_status.late_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.late_intervals IS 'Learnt intervals after which the agent is late.';

--
-- Name: COLUMN agent_status.unresponsive_intervals; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.unresponsive_intervals IS 'Learnt intervals after which it is unresponsive.';

--
-- Name: COLUMN agent_status.clock_offset_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.clock_offset_seconds IS 'received_at - sent_at of the latest heartbeat that told sent_at: delay plus clock error, seconds.';

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

COMMENT ON COLUMN health.agent_status.error_sum IS 'Decayed errors of the present run (60 min).';

--
-- Name: COLUMN agent_status.event_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.event_sum IS 'Decayed errors told as events (60 min), an event of severity error being 1.';

--
-- Name: COLUMN agent_status.item_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.item_sum IS 'Decayed work items of the present run (60 min).';

--
-- Name: COLUMN agent_status.observed_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.observed_seconds IS 'Decayed time covered by the present run''s heartbeats (60 min), seconds.';

--
-- Name: COLUMN agent_status.recent_item_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.recent_item_sum IS 'Decayed work items (10 min).';

--
-- Name: COLUMN agent_status.baseline_item_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.baseline_item_sum IS 'Decayed work items (24 h).';

--
-- Name: COLUMN agent_status.baseline_seconds; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.baseline_seconds IS 'Decayed time covered by heartbeats (24 h), seconds.';

--
-- Name: COLUMN agent_status.processing_weight; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.processing_weight IS 'Decayed number of processing times (10 min).';

--
-- Name: COLUMN agent_status.processing_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.processing_sum IS 'Decayed sum of processing times, milliseconds.';

--
-- Name: COLUMN agent_status.baseline_processing_weight; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.baseline_processing_weight IS 'Decayed number of processing times (24 h).';

--
-- Name: COLUMN agent_status.baseline_processing_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.baseline_processing_sum IS 'Decayed sum of processing times (24 h), each clipped at 3 × the baseline, milliseconds.';

--
-- Name: COLUMN agent_status.cpu_weight; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.cpu_weight IS 'Decayed number of CPU values (10 min).';

--
-- Name: COLUMN agent_status.cpu_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.cpu_sum IS 'Decayed sum of CPU values, percent.';

--
-- Name: COLUMN agent_status.memory_weight; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.memory_weight IS 'Decayed number of memory values (10 min).';

--
-- Name: COLUMN agent_status.memory_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.memory_sum IS 'Decayed sum of memory values, megabytes.';

--
-- Name: COLUMN agent_status.slow_memory_weight; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.slow_memory_weight IS 'Decayed number of memory values (60 min).';

--
-- Name: COLUMN agent_status.slow_memory_sum; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.slow_memory_sum IS 'Decayed sum of memory values (60 min), megabytes.';

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

COMMENT ON COLUMN health.agent_status.bad_evaluations IS 'Ring of the last 20 evaluations, newest in bit 0; set: ungated score below critical.';

--
-- Name: COLUMN agent_status.issue_candidate; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.issue_candidate IS 'Issue seen by the latest evaluation, not yet confirmed.';

--
-- Name: COLUMN agent_status.issue_evaluations; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.issue_evaluations IS 'Evaluations in a row that saw it.';

--
-- Name: COLUMN agent_status.issue_type; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.issue_type IS 'Confirmed issue that asks for recovery.';

--
-- Name: COLUMN agent_status.active_conditions; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agent_status.active_conditions IS 'Built-in alert rules that hold at present.';

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
    opened_at timestamp with time zone NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    acknowledged_until timestamp with time zone,
    acknowledgement_note text,
    is_acknowledgement_sticky boolean DEFAULT false NOT NULL,
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

COMMENT ON COLUMN health.alerts.incident_id IS 'Incident it belongs to; its alerts share one page.';

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
-- Name: COLUMN alerts.opened_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.opened_at IS 'When it opened.';

--
-- Name: COLUMN alerts.acknowledged_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.acknowledged_at IS 'When a person took it.';

--
-- Name: COLUMN alerts.acknowledged_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.acknowledged_by IS 'Who.';

--
-- Name: COLUMN alerts.acknowledged_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.acknowledged_until IS 'When the acknowledgement expires; NULL: never.';

--
-- Name: COLUMN alerts.acknowledgement_note; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.acknowledgement_note IS 'What the person said.';

--
-- Name: COLUMN alerts.is_acknowledgement_sticky; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alerts.is_acknowledgement_sticky IS 'Whether it outlasts a rise in severity.';

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
    created_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone NOT NULL,
    claimed_by text,
    claimed_at timestamp with time zone,
    fencing_token bigint,
    lease_until timestamp with time zone,
    started_at timestamp with time zone,
    executed_at timestamp with time zone,
    verify_until timestamp with time zone,
    finished_at timestamp with time zone,
    outcome jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT finished_exactly_when_in_a_final_state CHECK (((finished_at IS NOT NULL) = (state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'escalated'::text, 'cancelled'::text])))),
    CONSTRAINT issue_type_is_one_of_five CHECK ((issue_type = ANY (ARRAY['agent_unresponsive'::text, 'high_error_rate'::text, 'resource_exhaustion'::text, 'performance_degradation'::text, 'database_connectivity'::text]))),
    CONSTRAINT recovery_state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'claimed'::text, 'executing'::text, 'verifying'::text, 'succeeded'::text, 'failed'::text, 'escalated'::text, 'cancelled'::text])))
);

ALTER TABLE health.recovery_actions OWNER TO health_owner;

--
-- Name: TABLE recovery_actions; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.recovery_actions IS 'One row per attempt to recover an agent.';

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

COMMENT ON COLUMN health.recovery_actions.action IS 'What to do; what that means is in the bridge''s own configuration.';

--
-- Name: COLUMN recovery_actions.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.state IS 'pending, claimed, executing, verifying, succeeded, failed, escalated or cancelled.';

--
-- Name: COLUMN recovery_actions.attempt; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.attempt IS '1 for the first attempt within the budget''s window.';

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

COMMENT ON COLUMN health.recovery_actions.transition_id IS 'Transition that queued it.';

--
-- Name: COLUMN recovery_actions.parameters; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.parameters IS 'Facts for the executor; never a command.';

--
-- Name: COLUMN recovery_actions.created_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.created_at IS 'When it was queued.';

--
-- Name: COLUMN recovery_actions.not_before; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.not_before IS 'Earliest time to claim it (back-off).';

--
-- Name: COLUMN recovery_actions.claimed_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.claimed_by IS 'Bridge that holds it.';

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

COMMENT ON COLUMN health.recovery_actions.lease_until IS 'Until when the claim holds without renewal.';

--
-- Name: COLUMN recovery_actions.started_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.started_at IS 'When the executor began.';

--
-- Name: COLUMN recovery_actions.executed_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.executed_at IS 'When the executor was done; heartbeats after it verify.';

--
-- Name: COLUMN recovery_actions.verify_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.verify_until IS 'Deadline of the verification.';

--
-- Name: COLUMN recovery_actions.finished_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.finished_at IS 'When it ended.';

--
-- Name: COLUMN recovery_actions.outcome; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_actions.outcome IS 'What the executor and the verification told.';

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
    steps.occurred_at,
    'recovery'::text AS kind,
    ((actions.action || ' '::text) || steps.what) AS what,
    NULL::numeric AS score
   FROM (health.recovery_actions actions
     CROSS JOIN LATERAL ( VALUES (actions.created_at,('queued for '::text || actions.issue_type)), (actions.claimed_at,('claimed by '::text || actions.claimed_by)), (actions.started_at,'began'::text), (actions.executed_at,'was executed'::text), (actions.finished_at,actions.state)) steps(occurred_at, what))
  WHERE (steps.occurred_at IS NOT NULL);

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
    latency_slo_ms double precision,
    throughput_slo_per_minute double precision,
    capabilities jsonb DEFAULT '{}'::jsonb NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    tenant text DEFAULT 'default'::text NOT NULL,
    revenue_usd_per_hour double precision DEFAULT 0 NOT NULL,
    registered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT agent_name_is_1_to_200_bytes_without_control_characters CHECK ((((octet_length(agent_name) >= 1) AND (octet_length(agent_name) <= 200)) AND (agent_name !~ '[[:cntrl:]]'::text))),
    CONSTRAINT capabilities_are_a_json_object_or_array_of_at_most_64_kb CHECK (((jsonb_typeof(capabilities) = ANY (ARRAY['object'::text, 'array'::text])) AND (pg_column_size(capabilities) <= 65536))),
    CONSTRAINT expected_interval_is_100_ms_to_1_year CHECK (((expected_interval >= '00:00:00.1'::interval) AND (expected_interval <= '366 days'::interval))),
    CONSTRAINT grace_is_0_to_1_year CHECK (((grace >= '00:00:00'::interval) AND (grace <= '366 days'::interval))),
    CONSTRAINT labels_are_a_json_object_of_at_most_64_kb CHECK (((jsonb_typeof(labels) = 'object'::text) AND (pg_column_size(labels) <= 65536))),
    CONSTRAINT objectives_are_from_1e_minus_9_to_1e15 CHECK (((COALESCE(latency_slo_ms, (1)::double precision) >= (0.000000001)::double precision) AND (COALESCE(latency_slo_ms, (1)::double precision) <= ('1000000000000000'::numeric)::double precision) AND (COALESCE(throughput_slo_per_minute, (1)::double precision) >= (0.000000001)::double precision) AND (COALESCE(throughput_slo_per_minute, (1)::double precision) <= ('1000000000000000'::numeric)::double precision))),
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
-- Name: COLUMN agents.registered_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.registered_at IS 'When it was first registered.';

--
-- Name: COLUMN agents.updated_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.agents.updated_at IS 'When it last registered or was changed.';

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
    alert_id bigint NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    event text NOT NULL,
    reason text,
    delivery_id bigint,
    CONSTRAINT alert_event_is_known CHECK ((event = ANY (ARRAY['opened'::text, 'queued'::text, 'grouped'::text, 'suppressed'::text, 'acknowledged'::text, 'delivered'::text, 'failed'::text, 'resolved'::text])))
);

ALTER TABLE health.alert_events OWNER TO health_owner;

--
-- Name: TABLE alert_events; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.alert_events IS 'One row per thing that happened to an alert, sent or not: the ledger that answers why a page came or did not.';

--
-- Name: COLUMN alert_events.alert_event_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.alert_event_id IS 'Number of the event.';

--
-- Name: COLUMN alert_events.alert_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.alert_id IS 'Which alert.';

--
-- Name: COLUMN alert_events.occurred_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.occurred_at IS 'When.';

--
-- Name: COLUMN alert_events.event; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.event IS 'opened, queued, grouped, suppressed, acknowledged, delivered, failed or resolved.';

--
-- Name: COLUMN alert_events.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_events.reason IS 'Why, in words.';

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
-- Name: alert_history; Type: VIEW; Schema: health; Owner: health_owner
--

CREATE VIEW health.alert_history AS
 SELECT events.alert_event_id,
    events.alert_id,
    alerts.agent_id,
    alerts.rule,
    alerts.severity,
    events.occurred_at,
    events.event,
    events.reason,
    events.delivery_id
   FROM (health.alert_events events
     JOIN health.alerts ON ((events.alert_id = alerts.alert_id)));

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

COMMENT ON COLUMN health.alert_history.event IS 'opened, queued, grouped, suppressed, acknowledged, delivered, failed or resolved.';

--
-- Name: COLUMN alert_history.reason; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.reason IS 'Why, in words.';

--
-- Name: COLUMN alert_history.delivery_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_history.delivery_id IS 'The message concerned.';

--
-- Name: alert_rules; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.alert_rules (
    rule text NOT NULL COLLATE pg_catalog."C",
    severity text NOT NULL,
    summary text NOT NULL,
    is_builtin boolean DEFAULT false NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT rule_severity_is_info_warning_critical_or_emergency CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text])))
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

COMMENT ON COLUMN health.alert_rules.severity IS 'Severity of its alerts: info, warning, critical or emergency.';

--
-- Name: COLUMN alert_rules.summary; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.summary IS 'What is wrong, for a message.';

--
-- Name: COLUMN alert_rules.is_builtin; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.is_builtin IS 'Whether the engine itself decides it.';

--
-- Name: COLUMN alert_rules.is_enabled; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.alert_rules.is_enabled IS 'Whether it opens alerts.';

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
-- Name: channels; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.channels (
    channel text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    minimum_severity text DEFAULT 'warning'::text NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT channel_is_a_name_and_no_address_or_secret CHECK (((channel ~ '^[A-Za-z][A-Za-z0-9_.-]{0,39}$'::text) AND (kind ~ '^[a-z][a-z0-9_]{0,39}$'::text))),
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
    session_grace_seconds double precision DEFAULT 1 NOT NULL,
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
    CONSTRAINT confirmation_needs_1_to_20_evaluations CHECK (((confirm_bad >= 1) AND (confirm_bad <= confirm_of) AND (confirm_of <= 20))),
    CONSTRAINT deadlines_are_late_first_and_at_least_one_interval CHECK (((young_late_intervals >= (1)::double precision) AND (young_unresponsive_intervals >= young_late_intervals) AND (hard_limit_intervals >= young_unresponsive_intervals) AND (hard_limit_intervals <= (1000)::double precision) AND (young_beats >= 1) AND (late_false_alarm_cost > (0)::double precision) AND (unresponsive_false_alarm_cost >= late_false_alarm_cost) AND (unresponsive_false_alarm_cost <= ('1000000000'::numeric)::double precision))),
    CONSTRAINT emergency_is_not_above_critical CHECK ((((100)::double precision >= critical_below) AND (critical_below >= emergency_below) AND (emergency_below >= (0)::double precision))),
    CONSTRAINT gates_are_between_0_and_100 CHECK (((LEAST(gate_late, gate_error, gate_failed, gate_unresponsive) >= (0)::double precision) AND (GREATEST(gate_late, gate_error, gate_failed, gate_unresponsive) <= (100)::double precision))),
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

COMMENT ON COLUMN health.policies.recovery_execution_seconds IS 'Seconds a recovery may execute before it counts as failed.';

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
    recovery_execution_seconds
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

COMMENT ON COLUMN health.current_policies.recovery_execution_seconds IS 'Seconds a recovery may execute before it counts as failed.';

--
-- Name: deliveries; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.deliveries (
    delivery_id bigint NOT NULL,
    incident_id bigint,
    channel text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL,
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

COMMENT ON COLUMN health.deliveries.event IS 'opened, escalated, digest, resolved or recovery_failed.';

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
    CONSTRAINT memories_are_positive_and_ascend CHECK (((heartbeat_memory_seconds >= (1)::double precision) AND (metric_memory_seconds > heartbeat_memory_seconds) AND (baseline_memory_seconds > metric_memory_seconds) AND (baseline_memory_seconds <= ('1000000000'::numeric)::double precision))),
    CONSTRAINT partition_width_is_1_minute_to_31_days CHECK (((partition_width >= '00:01:00'::interval) AND (partition_width <= '31 days'::interval))),
    CONSTRAINT partitions_ahead_is_1_to_100 CHECK (((partitions_ahead >= 1) AND (partitions_ahead <= 100))),
    CONSTRAINT raw_retention_is_at_least_one_partition CHECK ((raw_retention >= partition_width)),
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
          WHERE (actions.state = 'pending'::text)) AS pending_recovery_count,
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
            WHEN ((status.baseline_processing_weight < (10)::double precision) OR (status.processing_weight < (0.000001)::double precision) OR (status.baseline_processing_sum <= (0)::double precision)) THEN 'unknown'::text
            WHEN ((status.processing_sum / status.processing_weight) > (((1.25)::double precision * status.baseline_processing_sum) / status.baseline_processing_weight)) THEN 'degrading'::text
            WHEN ((status.processing_sum / status.processing_weight) < (((0.8)::double precision * status.baseline_processing_sum) / status.baseline_processing_weight)) THEN 'improving'::text
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
            WHEN ((status.expected_interval_seconds IS NOT NULL) AND (status.gap_count >= 20) AND ((exp(status.log_interval) < ((0.5)::double precision * status.expected_interval_seconds)) OR (exp(status.log_interval) > ((1.5)::double precision * status.expected_interval_seconds)))) THEN (('correct its expected_interval: it beats every '::text || round((exp(status.log_interval))::numeric, 1)) || ' s'::text)
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

COMMENT ON COLUMN health.fleet.last_heartbeat_at IS 'Latest heartbeat, by the database''s clock.';

--
-- Name: COLUMN fleet.judged_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.fleet.judged_at IS 'p_now of that tick; the decayed sums refer to it.';

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
-- Name: incidents; Type: TABLE; Schema: health; Owner: health_owner
--

CREATE TABLE health.incidents (
    incident_id bigint NOT NULL,
    agent_id text COLLATE pg_catalog."C",
    severity text NOT NULL,
    onset_at timestamp with time zone NOT NULL,
    detected_at timestamp with time zone NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    recovered_at timestamp with time zone,
    resolved_at timestamp with time zone,
    CONSTRAINT incident_severity_is_known CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text, 'emergency'::text])))
);

ALTER TABLE health.incidents OWNER TO health_owner;

--
-- Name: TABLE incidents; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON TABLE health.incidents IS 'One row per time an agent was in trouble, from its true onset to its end.';

--
-- Name: COLUMN incidents.incident_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.incident_id IS 'Number of the incident.';

--
-- Name: COLUMN incidents.agent_id; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.agent_id IS 'Which agent; NULL: the engine itself.';

--
-- Name: COLUMN incidents.severity; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.severity IS 'Highest severity of its alerts so far.';

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

COMMENT ON COLUMN health.incidents.acknowledged_by IS 'Who.';

--
-- Name: COLUMN incidents.recovered_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.recovered_at IS 'When a recovery of it was verified.';

--
-- Name: COLUMN incidents.resolved_at; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.incidents.resolved_at IS 'When its last alert closed; NULL while it is open.';

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
 SELECT alert_id,
    agent_id,
    rule,
    severity,
    opened_at,
    acknowledged_at,
    acknowledged_by,
    summary,
    details,
    incident_id
   FROM health.alerts
  WHERE (resolved_at IS NULL);

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

COMMENT ON COLUMN health.open_alerts.acknowledged_at IS 'When a person took it.';

--
-- Name: COLUMN open_alerts.acknowledged_by; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.open_alerts.acknowledged_by IS 'Who.';

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

COMMENT ON COLUMN health.open_alerts.incident_id IS 'Incident it belongs to; its alerts share one page.';

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
    verify_until
   FROM health.recovery_actions actions
  WHERE (state = ANY (ARRAY['pending'::text, 'claimed'::text, 'executing'::text, 'verifying'::text]));

ALTER VIEW health.recovery_backlog OWNER TO health_owner;

--
-- Name: VIEW recovery_backlog; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON VIEW health.recovery_backlog IS 'One row per recovery under way; stable within a major version.';

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

COMMENT ON COLUMN health.recovery_backlog.action IS 'What to do; what that means is in the bridge''s own configuration.';

--
-- Name: COLUMN recovery_backlog.state; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.state IS 'pending, claimed, executing, verifying, succeeded, failed, escalated or cancelled.';

--
-- Name: COLUMN recovery_backlog.attempt; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.attempt IS '1 for the first attempt within the budget''s window.';

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

COMMENT ON COLUMN health.recovery_backlog.claimed_by IS 'Bridge that holds it.';

--
-- Name: COLUMN recovery_backlog.lease_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.lease_until IS 'Until when the claim holds without renewal.';

--
-- Name: COLUMN recovery_backlog.verify_until; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON COLUMN health.recovery_backlog.verify_until IS 'Deadline of the verification.';

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
    ADD CONSTRAINT agent_logins_pkey PRIMARY KEY (login_name, agent_id);

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
-- Name: incidents incidents_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.incidents
    ADD CONSTRAINT incidents_pkey PRIMARY KEY (incident_id);

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
-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (is_only_row);

--
-- Name: status_transitions status_transitions_pkey; Type: CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.status_transitions
    ADD CONSTRAINT status_transitions_pkey PRIMARY KEY (transition_id);

--
-- Name: engine engine_pkey; Type: CONSTRAINT; Schema: health_internal; Owner: health_owner
--

ALTER TABLE ONLY health_internal.engine
    ADD CONSTRAINT engine_pkey PRIMARY KEY (is_only_row);

--
-- Name: metric_series metric_series_pkey; Type: CONSTRAINT; Schema: health_internal; Owner: health_owner
--

ALTER TABLE ONLY health_internal.metric_series
    ADD CONSTRAINT metric_series_pkey PRIMARY KEY (agent_id, metric_name);

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

COMMENT ON INDEX health.agent_heartbeats_txid_idx IS 'health_internal.fold_and_judge reads what became visible since its last snapshot.';

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
-- Name: alert_events_alert_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX alert_events_alert_idx ON health.alert_events USING btree (alert_id, occurred_at);

--
-- Name: INDEX alert_events_alert_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.alert_events_alert_idx IS 'alert_history reads one alert in order.';

--
-- Name: alerts_incident_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX alerts_incident_idx ON health.alerts USING btree (incident_id);

--
-- Name: INDEX alerts_incident_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.alerts_incident_idx IS 'health_internal.close_incidents counts open alerts.';

--
-- Name: alerts_open_key; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE UNIQUE INDEX alerts_open_key ON health.alerts USING btree (agent_id, rule) NULLS NOT DISTINCT WHERE (resolved_at IS NULL);

--
-- Name: INDEX alerts_open_key; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.alerts_open_key IS 'One open alert per agent and rule.';

--
-- Name: alerts_rule_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX alerts_rule_idx ON health.alerts USING btree (rule);

--
-- Name: INDEX alerts_rule_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.alerts_rule_idx IS 'Serves the foreign key when a rule is removed.';

--
-- Name: deliveries_channel_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX deliveries_channel_idx ON health.deliveries USING btree (channel);

--
-- Name: INDEX deliveries_channel_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.deliveries_channel_idx IS 'Serves the foreign key when a channel is removed.';

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
-- Name: incidents_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX incidents_agent_idx ON health.incidents USING btree (agent_id, onset_at);

--
-- Name: INDEX incidents_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.incidents_agent_idx IS 'Analysts read one agent''s incidents in order.';

--
-- Name: incidents_open_key; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE UNIQUE INDEX incidents_open_key ON health.incidents USING btree (agent_id) NULLS NOT DISTINCT WHERE (resolved_at IS NULL);

--
-- Name: INDEX incidents_open_key; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.incidents_open_key IS 'One open incident per agent.';

--
-- Name: ingest_heartbeats_txid_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX ingest_heartbeats_txid_idx ON ONLY health.ingest_heartbeats USING btree (txid);

--
-- Name: INDEX ingest_heartbeats_txid_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.ingest_heartbeats_txid_idx IS 'health_internal.fold_and_judge reads what became visible since its last snapshot.';

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

COMMENT ON INDEX health.recovery_actions_active_key IS 'One recovery of an agent at a time, whoever asks; the claim and the tick read active ones.';

--
-- Name: recovery_actions_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_agent_idx ON health.recovery_actions USING btree (agent_id, created_at);

--
-- Name: INDEX recovery_actions_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_agent_idx IS 'The budget counts recent attempts of an agent.';

--
-- Name: recovery_actions_incident_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX recovery_actions_incident_idx ON health.recovery_actions USING btree (incident_id);

--
-- Name: INDEX recovery_actions_incident_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.recovery_actions_incident_idx IS 'Serves the foreign key.';

--
-- Name: status_transitions_agent_idx; Type: INDEX; Schema: health; Owner: health_owner
--

CREATE INDEX status_transitions_agent_idx ON health.status_transitions USING btree (agent_id, occurred_at);

--
-- Name: INDEX status_transitions_agent_idx; Type: COMMENT; Schema: health; Owner: health_owner
--

COMMENT ON INDEX health.status_transitions_agent_idx IS 'agent_timeline reads one agent in order.';

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
-- Name: partitions_table_idx; Type: INDEX; Schema: health_internal; Owner: health_owner
--

CREATE INDEX partitions_table_idx ON health_internal.partitions USING btree (table_name, from_at);

--
-- Name: INDEX partitions_table_idx; Type: COMMENT; Schema: health_internal; Owner: health_owner
--

COMMENT ON INDEX health_internal.partitions_table_idx IS 'Partition care looks for the partition that covers a time.';

--
-- Name: agents _100_check_policy_class; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _100_check_policy_class BEFORE INSERT OR UPDATE OF policy_class ON health.agents FOR EACH ROW WHEN ((new.policy_class <> 'standard'::text)) EXECUTE FUNCTION health_internal.tg_agents__check_policy_class();

--
-- Name: ingest_heartbeats _100_guard; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _100_guard AFTER INSERT ON health.ingest_heartbeats REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION health_internal.tg_ingest_heartbeats__guard();

--
-- Name: agent_status _500_note_transition; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_note_transition AFTER UPDATE ON health.agent_status FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) OR (old.liveness IS DISTINCT FROM new.liveness) OR (old.issue_type IS DISTINCT FROM new.issue_type))) EXECUTE FUNCTION health_internal.tg_agent_status__note_transition();

--
-- Name: status_transitions _500_queue_recoveries; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_queue_recoveries AFTER INSERT ON health.status_transitions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION health_internal.tg_status_transitions__queue_recoveries();

--
-- Name: agents _500_tell_change; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_tell_change AFTER UPDATE ON health.agents FOR EACH ROW WHEN ((((((old.policy_class IS DISTINCT FROM new.policy_class) OR (old.expected_interval IS DISTINCT FROM new.expected_interval)) OR (old.grace IS DISTINCT FROM new.grace)) OR (old.latency_slo_ms IS DISTINCT FROM new.latency_slo_ms)) OR (old.throughput_slo_per_minute IS DISTINCT FROM new.throughput_slo_per_minute))) EXECUTE FUNCTION health_internal.tg_agents__tell_change();

--
-- Name: agents _500_tell_new; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _500_tell_new AFTER INSERT ON health.agents FOR EACH ROW EXECUTE FUNCTION health_internal.tg_agents__tell_change();

--
-- Name: agent_heartbeats _900_ring; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _900_ring AFTER INSERT ON health.agent_heartbeats FOR EACH ROW WHEN (((new.state)::text = ANY (ARRAY['error'::text, 'failed'::text]))) EXECUTE FUNCTION health_internal.tg_agent_heartbeats__ring();

--
-- Name: ingest_heartbeats _900_ring; Type: TRIGGER; Schema: health; Owner: health_owner
--

CREATE TRIGGER _900_ring AFTER INSERT ON health.ingest_heartbeats FOR EACH ROW WHEN (((new.state)::text = ANY (ARRAY['error'::text, 'failed'::text]))) EXECUTE FUNCTION health_internal.tg_agent_heartbeats__ring();

--
-- Name: alert_events alert_events_alert_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.alert_events
    ADD CONSTRAINT alert_events_alert_fkey FOREIGN KEY (alert_id) REFERENCES health.alerts(alert_id);

--
-- Name: alerts alerts_incident_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.alerts
    ADD CONSTRAINT alerts_incident_fkey FOREIGN KEY (incident_id) REFERENCES health.incidents(incident_id);

--
-- Name: alerts alerts_rule_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.alerts
    ADD CONSTRAINT alerts_rule_fkey FOREIGN KEY (rule) REFERENCES health.alert_rules(rule);

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
-- Name: recovery_actions recovery_actions_incident_fkey; Type: FK CONSTRAINT; Schema: health; Owner: health_owner
--

ALTER TABLE ONLY health.recovery_actions
    ADD CONSTRAINT recovery_actions_incident_fkey FOREIGN KEY (incident_id) REFERENCES health.incidents(incident_id);

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
-- Name: FUNCTION explain(p_agent_id text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.explain(p_agent_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.explain(p_agent_id text) TO health_analyst;
GRANT ALL ON FUNCTION health.explain(p_agent_id text) TO health_bridge;

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
-- Name: FUNCTION schedule_sql(p_cron_version text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.schedule_sql(p_cron_version text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.schedule_sql(p_cron_version text) TO health_admin;

--
-- Name: FUNCTION set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION health.set_channel(p_channel text, p_kind text, p_minimum_severity text, p_is_enabled boolean) TO health_admin;

--
-- Name: FUNCTION set_policy(p_policy_class text, p_changes jsonb, p_note text); Type: ACL; Schema: health; Owner: health_owner
--

REVOKE ALL ON FUNCTION health.set_policy(p_policy_class text, p_changes jsonb, p_note text) FROM PUBLIC;
GRANT ALL ON FUNCTION health.set_policy(p_policy_class text, p_changes jsonb, p_note text) TO health_admin;

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
-- Name: FUNCTION act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.act_phase(p_now timestamp with time zone, OUT alerts_opened bigint, OUT recoveries_queued bigint) TO health_admin;

--
-- Name: FUNCTION add_missing_agents(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.add_missing_agents() FROM PUBLIC;

--
-- Name: FUNCTION adopt_rows(p_stored pg_snapshot, p_stored_own xid8); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.adopt_rows(p_stored pg_snapshot, p_stored_own xid8) FROM PUBLIC;

--
-- Name: FUNCTION arrived_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) FROM PUBLIC;

--
-- Name: FUNCTION arrived_events(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_events(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) FROM PUBLIC;

--
-- Name: FUNCTION arrived_heartbeats(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_heartbeats(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) FROM PUBLIC;

--
-- Name: FUNCTION arrived_metrics(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.arrived_metrics(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) FROM PUBLIC;

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
-- Name: FUNCTION deadline_intervals(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap double precision, p_false_alarm_cost double precision, p_hard_limit double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.deadline_intervals(p_histogram real[], p_gap_count bigint, p_interval_seconds double precision, p_mean_gap double precision, p_false_alarm_cost double precision, p_hard_limit double precision) FROM PUBLIC;

--
-- Name: FUNCTION decay(p_seconds double precision, p_memory_seconds double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.decay(p_seconds double precision, p_memory_seconds double precision) FROM PUBLIC;

--
-- Name: FUNCTION decayed_sum(p_sum double precision, p_factor double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.decayed_sum(p_sum double precision, p_factor double precision) FROM PUBLIC;

--
-- Name: FUNCTION drop_partition(p_name text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.drop_partition(p_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.drop_partition(p_name text) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.drop_partition(p_name text) TO health_admin;

--
-- Name: FUNCTION event_weight(p_severity text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.event_weight(p_severity text) FROM PUBLIC;

--
-- Name: FUNCTION expired_partitions(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.expired_partitions(p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION falling_score(p_value double precision, p_full_until double precision, p_zero_from double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.falling_score(p_value double precision, p_full_until double precision, p_zero_from double precision) FROM PUBLIC;

--
-- Name: FUNCTION fold_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_agent_changes(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) FROM PUBLIC;

--
-- Name: FUNCTION fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, p_blind_until timestamp with time zone, p_only_due boolean, p_is_many boolean, OUT arrived_rows bigint, OUT arrived_agents bigint, OUT judged_agents bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_and_judge(p_now timestamp with time zone, p_tick_id bigint, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, p_blind_until timestamp with time zone, p_only_due boolean, p_is_many boolean, OUT arrived_rows bigint, OUT arrived_agents bigint, OUT judged_agents bigint) FROM PUBLIC;

--
-- Name: FUNCTION fold_events(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_events(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) FROM PUBLIC;

--
-- Name: FUNCTION fold_metrics(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, OUT folded_values bigint, OUT skipped_values bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_metrics(p_now timestamp with time zone, p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint, OUT folded_values bigint, OUT skipped_values bigint) FROM PUBLIC;

--
-- Name: FUNCTION fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.fold_phase(p_now timestamp with time zone, p_is_replay boolean, OUT tick_id bigint, OUT folded_rows bigint, OUT agents_judged bigint, OUT is_busy boolean, OUT judged_until timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION gap_bin(p_ratio double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.gap_bin(p_ratio double precision) FROM PUBLIC;

--
-- Name: FUNCTION gap_unit(p_gap_count bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.gap_unit(p_gap_count bigint) FROM PUBLIC;

--
-- Name: FUNCTION known_weight(p_weight double precision, p_value double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.known_weight(p_weight double precision, p_value double precision) FROM PUBLIC;

--
-- Name: FUNCTION learn_gaps(p_memory health_internal.gap_memory, p_beats double precision[]); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.learn_gaps(p_memory health_internal.gap_memory, p_beats double precision[]) FROM PUBLIC;

--
-- Name: FUNCTION missing_partitions(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.missing_partitions(p_now timestamp with time zone) TO health_admin;

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
-- Name: FUNCTION open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.open_recovery_failed(p_now timestamp with time zone, p_agent_ids text[], p_reason text) FROM PUBLIC;

--
-- Name: FUNCTION queue_deliveries(p_now timestamp with time zone, p_incident_ids bigint[], p_event text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.queue_deliveries(p_now timestamp with time zone, p_incident_ids bigint[], p_event text) FROM PUBLIC;

--
-- Name: FUNCTION raw_tables(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.raw_tables() FROM PUBLIC;

--
-- Name: FUNCTION recovery_attempt(p_agent_id text, p_policy_class text, p_now timestamp with time zone, OUT attempt integer, OUT not_before timestamp with time zone, OUT is_allowed boolean, OUT is_within_budget boolean); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.recovery_attempt(p_agent_id text, p_policy_class text, p_now timestamp with time zone, OUT attempt integer, OUT not_before timestamp with time zone, OUT is_allowed boolean, OUT is_within_budget boolean) FROM PUBLIC;

--
-- Name: FUNCTION register_unknown(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.register_unknown(p_from_xmax xid8, p_in_progress xid8[], p_until pg_snapshot, p_own_xid xid8, p_own_from bigint, p_own_until bigint, p_last_own_xid xid8, p_last_own_from bigint) FROM PUBLIC;

--
-- Name: FUNCTION rising_score(p_ratio double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.rising_score(p_ratio double precision) FROM PUBLIC;

--
-- Name: FUNCTION score_business_impact(p_cost_efficiency double precision, p_user_satisfaction double precision, p_operational_efficiency double precision, p_revenue_impact_usd double precision, p_loss_limit_usd double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_business_impact(p_cost_efficiency double precision, p_user_satisfaction double precision, p_operational_efficiency double precision, p_revenue_impact_usd double precision, p_loss_limit_usd double precision) FROM PUBLIC;

--
-- Name: FUNCTION score_error_rate(p_errors double precision, p_items double precision, p_minutes double precision, p_rate_scale double precision, p_per_minute_scale double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_error_rate(p_errors double precision, p_items double precision, p_minutes double precision, p_rate_scale double precision, p_per_minute_scale double precision) FROM PUBLIC;

--
-- Name: FUNCTION score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_mass double precision, p_recency double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.score_heartbeat_consistency(p_gap_weight double precision, p_gap_sum double precision, p_gap_square_sum double precision, p_expected_mass double precision, p_open_mass double precision, p_recency double precision) FROM PUBLIC;

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
-- Name: FUNCTION severity_rank(p_severity text); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.severity_rank(p_severity text) FROM PUBLIC;

--
-- Name: FUNCTION snapshot_without(p_snapshot pg_snapshot, p_xid xid8); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.snapshot_without(p_snapshot pg_snapshot, p_xid xid8) FROM PUBLIC;

--
-- Name: FUNCTION sweep(p_now timestamp with time zone); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.sweep(p_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.sweep(p_now timestamp with time zone) TO health_bridge;
GRANT ALL ON FUNCTION health_internal.sweep(p_now timestamp with time zone) TO health_admin;

--
-- Name: FUNCTION tg_agent_heartbeats__ring(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agent_heartbeats__ring() FROM PUBLIC;

--
-- Name: FUNCTION tg_agent_status__note_transition(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agent_status__note_transition() FROM PUBLIC;

--
-- Name: FUNCTION tg_agents__check_policy_class(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agents__check_policy_class() FROM PUBLIC;

--
-- Name: FUNCTION tg_agents__tell_change(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_agents__tell_change() FROM PUBLIC;

--
-- Name: FUNCTION tg_ingest_heartbeats__guard(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_ingest_heartbeats__guard() FROM PUBLIC;
GRANT ALL ON FUNCTION health_internal.tg_ingest_heartbeats__guard() TO health_gateway;

--
-- Name: FUNCTION tg_status_transitions__queue_recoveries(); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.tg_status_transitions__queue_recoveries() FROM PUBLIC;

--
-- Name: FUNCTION time_mass(p_gap_seconds double precision, p_memory_seconds double precision); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.time_mass(p_gap_seconds double precision, p_memory_seconds double precision) FROM PUBLIC;

--
-- Name: FUNCTION watch_sessions(p_now timestamp with time zone, p_have_all_ended boolean); Type: ACL; Schema: health_internal; Owner: health_owner
--

REVOKE ALL ON FUNCTION health_internal.watch_sessions(p_now timestamp with time zone, p_have_all_ended boolean) FROM PUBLIC;

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
-- Name: TABLE agent_status; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.agent_status TO health_analyst;
GRANT SELECT ON TABLE health.agent_status TO health_bridge;

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
-- Name: TABLE alert_events; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.alert_events TO health_analyst;
GRANT SELECT ON TABLE health.alert_events TO health_bridge;

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
-- Name: TABLE channels; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.channels TO health_analyst;
GRANT SELECT ON TABLE health.channels TO health_bridge;

--
-- Name: TABLE policies; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.policies TO health_analyst;

--
-- Name: TABLE current_policies; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.current_policies TO health_analyst;

--
-- Name: TABLE deliveries; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.deliveries TO health_analyst;
GRANT SELECT ON TABLE health.deliveries TO health_bridge;

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
-- Name: TABLE fleet; Type: ACL; Schema: health; Owner: health_owner
--

GRANT SELECT ON TABLE health.fleet TO health_analyst;
GRANT SELECT ON TABLE health.fleet TO health_bridge;

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
-- PostgreSQL database dump complete
--
