-- Recoveries: queue, state machine and audit trail in one table.
BEGIN;

SET LOCAL ROLE health_owner;


CREATE SEQUENCE health_internal.fencing_tokens;
COMMENT ON SEQUENCE health_internal.fencing_tokens IS
'Ever-growing tokens: a worker whose lease was lost holds an older one and is refused.';

CREATE TABLE health.recovery_actions (
    action_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C" NOT NULL,
    issue_type text NOT NULL,
    action text NOT NULL DEFAULT 'restart_agent',
    state text NOT NULL DEFAULT 'pending',
    attempt integer NOT NULL DEFAULT 1,
    requested_by text NOT NULL DEFAULT 'engine',
    incident_id bigint,
    transition_id bigint,
    parameters jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    not_before timestamptz NOT NULL,
    claimed_by text,
    claimed_at timestamptz,
    fencing_token bigint,
    lease_until timestamptz,
    started_at timestamptz,
    executed_at timestamptz,
    verify_until timestamptz,
    finished_at timestamptz,
    outcome jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT recovery_actions_pkey PRIMARY KEY (action_id),
    CONSTRAINT recovery_actions_incident_fkey FOREIGN KEY (incident_id) REFERENCES health.incidents,
    CONSTRAINT issue_type_is_one_of_five
    CHECK (issue_type IN (
            'agent_unresponsive', 'high_error_rate', 'resource_exhaustion',
            'performance_degradation', 'database_connectivity'
        )),
    CONSTRAINT recovery_state_is_known
    CHECK (state IN (
            'pending', 'claimed', 'executing', 'verifying', 'succeeded', 'failed', 'escalated',
            'cancelled'
        )),
    CONSTRAINT finished_exactly_when_in_a_final_state
    CHECK ((finished_at IS NOT NULL)
        = (state IN ('succeeded', 'failed', 'escalated', 'cancelled')))
);

COMMENT ON TABLE health.recovery_actions IS
'One row per attempt to recover an agent.';
COMMENT ON COLUMN health.recovery_actions.action_id IS 'Number of the attempt.';
COMMENT ON COLUMN health.recovery_actions.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.recovery_actions.issue_type IS
'agent_unresponsive, high_error_rate, resource_exhaustion, performance_degradation or database_connectivity.';
COMMENT ON COLUMN health.recovery_actions.action IS
'What to do; what that means is in the bridge''s own configuration.';
COMMENT ON COLUMN health.recovery_actions.state IS
'pending, claimed, executing, verifying, succeeded, failed, escalated or cancelled.';
COMMENT ON COLUMN health.recovery_actions.attempt IS
'1 for the first attempt within the budget''s window.';
COMMENT ON COLUMN health.recovery_actions.requested_by IS 'engine, or the person who asked.';
COMMENT ON COLUMN health.recovery_actions.incident_id IS 'Incident it serves.';
COMMENT ON COLUMN health.recovery_actions.transition_id IS 'Transition that queued it.';
COMMENT ON COLUMN health.recovery_actions.parameters IS 'Facts for the executor; never a command.';
COMMENT ON COLUMN health.recovery_actions.created_at IS 'When it was queued.';
COMMENT ON COLUMN health.recovery_actions.not_before IS 'Earliest time to claim it (back-off).';
COMMENT ON COLUMN health.recovery_actions.claimed_by IS 'Bridge that holds it.';
COMMENT ON COLUMN health.recovery_actions.claimed_at IS 'When it was claimed.';
COMMENT ON COLUMN health.recovery_actions.fencing_token IS 'Token of that claim.';
COMMENT ON COLUMN health.recovery_actions.lease_until IS
'Until when the claim holds without renewal.';
COMMENT ON COLUMN health.recovery_actions.started_at IS 'When the executor began.';
COMMENT ON COLUMN health.recovery_actions.executed_at IS
'When the executor was done; heartbeats after it verify.';
COMMENT ON COLUMN health.recovery_actions.verify_until IS 'Deadline of the verification.';
COMMENT ON COLUMN health.recovery_actions.finished_at IS 'When it ended.';
COMMENT ON COLUMN health.recovery_actions.outcome IS 'What the executor and the verification told.';


CREATE UNIQUE INDEX recovery_actions_active_key ON health.recovery_actions (agent_id)
WHERE state IN ('pending', 'claimed', 'executing', 'verifying');
COMMENT ON INDEX health.recovery_actions_active_key IS
'One recovery of an agent at a time, whoever asks; the claim and the tick read active ones.';

CREATE INDEX recovery_actions_agent_idx ON health.recovery_actions (agent_id, created_at);
COMMENT ON INDEX health.recovery_actions_agent_idx IS
'The budget counts recent attempts of an agent.';

CREATE INDEX recovery_actions_incident_idx ON health.recovery_actions (incident_id);
COMMENT ON INDEX health.recovery_actions_incident_idx IS 'Serves the foreign key.';

CREATE INDEX recovery_actions_succeeded_idx ON health.recovery_actions (finished_at)
WHERE state = 'succeeded';
COMMENT ON INDEX health.recovery_actions_succeeded_idx IS
'health_internal.check_engine counts an agent''s restarts of the last day.';

GRANT SELECT ON health.recovery_actions TO health_analyst, health_bridge;

COMMIT;
