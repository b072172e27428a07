-- The vocabulary of what agents write. Each rule is a named constraint of a domain, because a table
-- CHECK is parsed anew by every INSERT statement and a domain is not; one domain a column, so that the
-- message names the column; as few functions as will do, because each is prepared for every statement.
-- A plain number is finite and not nearer to 0 than 1e-100: a product that underflows would fail the
-- tick for everyone.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE DOMAIN health.agent_id AS text COLLATE "C"
    CONSTRAINT agent_id_is_1_to_200_bytes_without_control_characters
    CHECK (octet_length(VALUE) <= 200 AND VALUE ~ '^[^[:cntrl:]]+$');
COMMENT ON DOMAIN health.agent_id IS
'Name of an agent: 1 to 200 bytes, no control characters.';

CREATE DOMAIN health.metric_name AS text COLLATE "C"
    CONSTRAINT metric_name_is_1_to_200_bytes_without_control_characters
    CHECK (octet_length(VALUE) <= 200 AND VALUE ~ '^[^[:cntrl:]]+$');
COMMENT ON DOMAIN health.metric_name IS
'Name of a metric: 1 to 200 bytes, no control characters.';

CREATE DOMAIN health.event_type AS text COLLATE "C"
    CONSTRAINT event_type_is_1_to_200_bytes_without_control_characters
    CHECK (octet_length(VALUE) <= 200 AND VALUE ~ '^[^[:cntrl:]]+$');
COMMENT ON DOMAIN health.event_type IS
'Name of a kind of event: 1 to 200 bytes, no control characters.';

CREATE DOMAIN health.run_id AS text COLLATE "C"
    CONSTRAINT run_id_is_1_to_200_bytes_without_control_characters
    CHECK (octet_length(VALUE) <= 200 AND VALUE ~ '^[^[:cntrl:]]+$');
COMMENT ON DOMAIN health.run_id IS
'Name of one run of an agent or job: 1 to 200 bytes, no control characters.';

CREATE DOMAIN health.metric_unit AS text COLLATE "C"
    CONSTRAINT metric_unit_is_1_to_200_bytes_without_control_characters
    CHECK (octet_length(VALUE) <= 200 AND VALUE ~ '^[^[:cntrl:]]+$');
COMMENT ON DOMAIN health.metric_unit IS
'Unit of a metric, such as ms or MB: 1 to 200 bytes, no control characters.';

CREATE DOMAIN health.agent_state AS text COLLATE "C"
    CONSTRAINT state_is_initializing_active_running_idle_error_failed_stopped
    CHECK (VALUE IN (
        'running', 'idle', 'active', 'initializing', 'error', 'failed', 'stopping', 'stopped'
    ));
COMMENT ON DOMAIN health.agent_state IS
'What an agent says of itself: initializing, active, running, idle, error, failed, stopping or stopped.';

CREATE DOMAIN health.heartbeat_signal AS text COLLATE "C"
    CONSTRAINT signal_is_beat_start_success_fail_or_log
    CHECK (VALUE IN ('beat', 'start', 'success', 'fail', 'log'));
COMMENT ON DOMAIN health.heartbeat_signal IS
'What a heartbeat announces: beat, or start, success, fail and log of a job''s run.';

CREATE DOMAIN health.event_severity AS text COLLATE "C"
    CONSTRAINT severity_is_debug_info_warning_error_critical_or_emergency
    CHECK (lower(VALUE) IN (
        'debug', 'info', 'warning', 'error', 'critical', 'emergency'
    ));
COMMENT ON DOMAIN health.event_severity IS
'Severity of an event, in any case: debug, info, warning, error, critical or emergency.';

CREATE DOMAIN health.work_items_processed AS bigint
    CONSTRAINT work_items_processed_is_a_counter_from_0_to_1e15
    CHECK (VALUE BETWEEN 0 AND 1000000000000000);
COMMENT ON DOMAIN health.work_items_processed IS
'Work items done since the agent started: a counter, 0 to 1e15.';

CREATE DOMAIN health.error_count AS bigint
    CONSTRAINT error_count_is_a_counter_from_0_to_1e15
    CHECK (VALUE BETWEEN 0 AND 1000000000000000);
COMMENT ON DOMAIN health.error_count IS
'Errors since the agent started: a counter, 0 to 1e15.';

CREATE DOMAIN health.cpu_usage_percent AS double precision
    CONSTRAINT cpu_usage_percent_is_a_plain_number_from_0_to_100
    CHECK (VALUE BETWEEN 1e-100 AND 100 OR VALUE = 0);
COMMENT ON DOMAIN health.cpu_usage_percent IS
'CPU used, percent of the whole host or container, 0 or 1e-100 to 100.';

CREATE DOMAIN health.cost_efficiency AS double precision
    CONSTRAINT cost_efficiency_is_a_plain_number_from_0_to_100
    CHECK (VALUE BETWEEN 1e-100 AND 100 OR VALUE = 0);
COMMENT ON DOMAIN health.cost_efficiency IS
'Cost efficiency as the agent reports it, percent, 0 or 1e-100 to 100.';

CREATE DOMAIN health.user_satisfaction AS double precision
    CONSTRAINT user_satisfaction_is_a_plain_number_from_0_to_100
    CHECK (VALUE BETWEEN 1e-100 AND 100 OR VALUE = 0);
COMMENT ON DOMAIN health.user_satisfaction IS
'User satisfaction as the agent reports it, percent, 0 or 1e-100 to 100.';

CREATE DOMAIN health.operational_efficiency AS double precision
    CONSTRAINT operational_efficiency_is_a_plain_number_from_0_to_100
    CHECK (VALUE BETWEEN 1e-100 AND 100 OR VALUE = 0);
COMMENT ON DOMAIN health.operational_efficiency IS
'Operational efficiency as the agent reports it, percent, 0 or 1e-100 to 100.';

CREATE DOMAIN health.average_processing_time_ms AS double precision
    CONSTRAINT average_processing_time_ms_is_a_plain_number_from_0_to_1e15
    CHECK (VALUE BETWEEN 1e-100 AND 1e15 OR VALUE = 0);
COMMENT ON DOMAIN health.average_processing_time_ms IS
'Mean time per work item in milliseconds, 0 or 1e-100 to 1e15.';

CREATE DOMAIN health.memory_usage_mb AS double precision
    CONSTRAINT memory_usage_mb_is_a_plain_number_from_0_to_1e15
    CHECK (VALUE BETWEEN 1e-100 AND 1e15 OR VALUE = 0);
COMMENT ON DOMAIN health.memory_usage_mb IS
'Memory in use in megabytes, 0 or 1e-100 to 1e15.';

CREATE DOMAIN health.memory_limit_mb AS double precision
    CONSTRAINT memory_limit_mb_is_a_plain_number_from_0_to_1e15
    CHECK (VALUE BETWEEN 1e-100 AND 1e15 OR VALUE = 0);
COMMENT ON DOMAIN health.memory_limit_mb IS
'Memory the agent may use in megabytes, 0 or 1e-100 to 1e15.';

CREATE DOMAIN health.revenue_impact_usd AS double precision
    CONSTRAINT revenue_impact_usd_is_a_plain_number_of_at_most_1e15
    CHECK (abs(VALUE) BETWEEN 1e-100 AND 1e15 OR VALUE = 0);
COMMENT ON DOMAIN health.revenue_impact_usd IS
'Revenue gained (positive) or lost (negative) in US dollars, 0 or 1e-100 to 1e15 in magnitude.';

CREATE DOMAIN health.metric_value AS double precision
    CONSTRAINT metric_value_is_a_plain_number_of_at_most_1e15
    CHECK (abs(VALUE) BETWEEN 1e-100 AND 1e15 OR VALUE = 0);
COMMENT ON DOMAIN health.metric_value IS
'Value of a metric: a plain number (0, or 1e-100 to 1e15 in magnitude; neither NaN nor infinite).';

CREATE DOMAIN health.heartbeat_attributes AS jsonb
    CONSTRAINT attributes_are_an_object
    CHECK (VALUE @> '{}')
    CONSTRAINT attributes_are_at_most_8_kb
    CHECK (pg_column_size(VALUE) <= 8192);
COMMENT ON DOMAIN health.heartbeat_attributes IS
'Further facts of a heartbeat: a JSON object of at most 8 kB.';

CREATE DOMAIN health.event_data AS jsonb
    CONSTRAINT event_data_are_at_most_64_kb
    CHECK (pg_column_size(VALUE) <= 65536);
COMMENT ON DOMAIN health.event_data IS
'Facts of an event: a JSON document of at most 64 kB.';

CREATE TYPE health_internal.schedule_plan AS (
    minutes integer [],
    days integer [],
    months integer [],
    weekdays integer [],
    is_either_day boolean,
    is_fixed boolean
);
COMMENT ON TYPE health_internal.schedule_plan IS
'A cron expression as numbers: minutes of the day, days of the month, months, weekdays (0 is Sunday), '
'whether a day needs to match only one of its two fields, and whether neither minute nor hour begins '
'with *.';

COMMIT;
