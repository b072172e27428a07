-- Alert rules: those of the engine, and those of users, each a view.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.alert_rules (
    rule text COLLATE "C" NOT NULL,
    severity text NOT NULL,
    summary text NOT NULL,
    is_builtin boolean NOT NULL DEFAULT false,
    is_enabled boolean NOT NULL DEFAULT true,
    message_order integer NOT NULL DEFAULT 100,
    view_schema name,
    view_name name,
    period interval NOT NULL DEFAULT '1 minute',
    row_limit integer NOT NULL DEFAULT 1000,
    created_by name,
    created_at timestamptz,
    next_evaluation_at timestamptz,
    last_evaluated_at timestamptz,
    last_duration_ms double precision,
    last_row_count integer,
    last_note text,
    last_error text,
    last_error_at timestamptz,
    evaluation_id bigint NOT NULL DEFAULT 0,
    evaluating_since timestamptz,
    evaluating_pid integer,
    unfinished_count integer NOT NULL DEFAULT 0,
    removed_at timestamptz,
    CONSTRAINT alert_rules_pkey PRIMARY KEY (rule),
    CONSTRAINT rule_severity_is_info_warning_critical_or_emergency
    CHECK (severity IN ('info', 'warning', 'critical', 'emergency')),
    CONSTRAINT rule_is_a_lower_case_name_of_at_most_100_characters
    CHECK (rule ~ '^[a-z][a-z0-9_]{0,99}$'),
    CONSTRAINT rule_summary_is_1_to_500_characters_without_control_characters
    CHECK (length(summary) BETWEEN 1 AND 500 AND summary !~ '[[:cntrl:]]'),
    CONSTRAINT rule_is_either_built_in_or_a_view
    CHECK (is_builtin = (view_name IS NULL) AND is_builtin = (view_schema IS NULL)),
    CONSTRAINT rule_period_is_1_second_to_1_day
    CHECK (period BETWEEN interval '1 second' AND interval '1 day'),
    CONSTRAINT rule_row_limit_is_1_to_10000
    CHECK (row_limit BETWEEN 1 AND 10000)
);

COMMENT ON TABLE health.alert_rules IS
'One row per rule that can open an alert.';
COMMENT ON COLUMN health.alert_rules.rule IS 'Name of the rule.';
COMMENT ON COLUMN health.alert_rules.severity IS
'Severity of its alerts: info, warning, critical or emergency; of a user''s rule: where its view tells none.';
COMMENT ON COLUMN health.alert_rules.summary IS
'What is wrong, for a message; of a user''s rule: where its view tells nothing.';
COMMENT ON COLUMN health.alert_rules.is_builtin IS 'Whether the engine itself decides it.';
COMMENT ON COLUMN health.alert_rules.is_enabled IS
'Whether it opens alerts; disabling it closes those that are open; false with a last_error: its evaluation failed.';
COMMENT ON COLUMN health.alert_rules.message_order IS
'Where its summary stands in a message about several alerts: the lowest first.';
COMMENT ON COLUMN health.alert_rules.view_schema IS 'Schema of its view; NULL: built in.';
COMMENT ON COLUMN health.alert_rules.view_name IS 'Its view; NULL: built in.';
COMMENT ON COLUMN health.alert_rules.period IS 'How often its view is asked.';
COMMENT ON COLUMN health.alert_rules.row_limit IS 'How many rows its view may return.';
COMMENT ON COLUMN health.alert_rules.created_by IS 'Login that added or last changed it.';
COMMENT ON COLUMN health.alert_rules.created_at IS 'When.';
COMMENT ON COLUMN health.alert_rules.next_evaluation_at IS 'When its view is asked next; NULL: built in.';
COMMENT ON COLUMN health.alert_rules.last_evaluated_at IS 'When its view last answered.';
COMMENT ON COLUMN health.alert_rules.last_duration_ms IS
'How long the last evaluation took, milliseconds.';
COMMENT ON COLUMN health.alert_rules.last_row_count IS 'How many rows the last answer had.';
COMMENT ON COLUMN health.alert_rules.last_note IS
'What was left out of the last answer, such as rows of agents that are not registered; NULL: nothing.';
COMMENT ON COLUMN health.alert_rules.last_error IS
'Why it was disabled; NULL: it was not, or by a person.';
COMMENT ON COLUMN health.alert_rules.last_error_at IS 'When.';
COMMENT ON COLUMN health.alert_rules.evaluation_id IS
'Number of its last evaluation: the answer to an older one is ignored.';
COMMENT ON COLUMN health.alert_rules.evaluating_since IS
'When the evaluation under way began; NULL: none is.';
COMMENT ON COLUMN health.alert_rules.evaluating_pid IS 'Session that evaluates it.';
COMMENT ON COLUMN health.alert_rules.unfinished_count IS
'Evaluations in a row that ended their session; at the second it is disabled.';
COMMENT ON COLUMN health.alert_rules.removed_at IS
'When it was removed; the row is kept for the alerts it opened.';

GRANT SELECT ON health.alert_rules TO health_analyst, health_bridge;

COMMIT;
