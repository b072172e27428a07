-- What is done about an issue: an ordered ladder of steps per policy class and issue, in rows.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.recovery_strategies (
    policy_class text COLLATE "C" NOT NULL,
    issue_type text NOT NULL,
    step integer NOT NULL,
    action text NOT NULL,
    parameters jsonb NOT NULL DEFAULT '{}',
    timeout_seconds double precision,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL DEFAULT session_user,
    CONSTRAINT recovery_strategies_pkey PRIMARY KEY (policy_class, issue_type, step),
    CONSTRAINT strategy_is_for_one_of_five_issues
    CHECK (issue_type IN (
            'agent_unresponsive', 'high_error_rate', 'resource_exhaustion',
            'performance_degradation', 'database_connectivity'
        )),
    CONSTRAINT a_strategy_has_1_to_20_steps
    CHECK (step BETWEEN 1 AND 20),
    CONSTRAINT step_action_is_known
    CHECK (action IN (
            'restart_agent', 'reload', 'run_command', 'terminate_sessions', 'verify', 'escalate'
        )),
    CONSTRAINT run_command_names_its_command_and_nothing_else
    CHECK (
        CASE action
            WHEN 'run_command' THEN
                jsonb_typeof(parameters -> 'command') = 'string'
                AND parameters - 'command' = '{}'
                AND octet_length(parameters ->> 'command') BETWEEN 1 AND 100
                AND parameters ->> 'command' !~ '[[:cntrl:]]'
            ELSE parameters = '{}'
        END IS TRUE
    ),
    CONSTRAINT step_timeout_is_1_second_to_1_day
    CHECK (timeout_seconds BETWEEN 1 AND 86400)
);

COMMENT ON TABLE health.recovery_strategies IS
'One row per step of what is done about an issue, per policy class; a class without rows for an issue uses those of standard. Changed with set_recovery_strategy.';
COMMENT ON COLUMN health.recovery_strategies.policy_class IS 'Class of agents it holds for.';
COMMENT ON COLUMN health.recovery_strategies.issue_type IS 'Issue it is the answer to.';
COMMENT ON COLUMN health.recovery_strategies.step IS
'Place in the order, from 1. Steps up to a verify belong together: when one fails the next step after that verify follows.';
COMMENT ON COLUMN health.recovery_strategies.action IS
'restart_agent, reload, run_command (by a bridge), terminate_sessions, verify or escalate (by the database).';
COMMENT ON COLUMN health.recovery_strategies.parameters IS
'For run_command {"command": NAME}, a name the bridge''s configuration knows for the agent; else empty.';
COMMENT ON COLUMN health.recovery_strategies.timeout_seconds IS
'Seconds the step may take; NULL: the policy''s recovery_execution_seconds, for verify its start-up grace and the beats that prove it.';
COMMENT ON COLUMN health.recovery_strategies.changed_at IS 'When the step was written.';
COMMENT ON COLUMN health.recovery_strategies.changed_by IS 'Login that wrote it.';


INSERT INTO health.recovery_strategies (policy_class, issue_type, step, action)
VALUES
('standard', 'agent_unresponsive', 1, 'restart_agent'),
('standard', 'agent_unresponsive', 2, 'verify'),
('standard', 'high_error_rate', 1, 'restart_agent'),
('standard', 'high_error_rate', 2, 'verify'),
('standard', 'resource_exhaustion', 1, 'restart_agent'),
('standard', 'resource_exhaustion', 2, 'verify'),
('standard', 'performance_degradation', 1, 'restart_agent'),
('standard', 'performance_degradation', 2, 'verify'),
('standard', 'database_connectivity', 1, 'terminate_sessions'),
('standard', 'database_connectivity', 2, 'verify'),
('standard', 'database_connectivity', 3, 'restart_agent'),
('standard', 'database_connectivity', 4, 'verify');

GRANT SELECT ON health.recovery_strategies TO health_analyst;

COMMIT;
