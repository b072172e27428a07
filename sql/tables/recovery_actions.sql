-- Recoveries: queue, state machine and audit trail in one table; the steps that ended in a second one.
BEGIN;

SET LOCAL ROLE health_owner;

-- As in sql/types.sql: a CHECK of the table is prepared anew by every statement that writes a row, and a
-- recovery is written often.
CREATE DOMAIN health.recovery_issue AS text
    CONSTRAINT issue_type_is_one_of_five
    CHECK (VALUE IN (
        'agent_unresponsive', 'high_error_rate', 'resource_exhaustion', 'performance_degradation',
        'database_connectivity'
    ));
COMMENT ON DOMAIN health.recovery_issue IS
'What is wrong with an agent that is recovered: agent_unresponsive, high_error_rate, resource_exhaustion, '
'performance_degradation or database_connectivity.';

CREATE DOMAIN health.recovery_state AS text
    CONSTRAINT recovery_state_is_known
    CHECK (VALUE IN (
        'pending', 'claimed', 'executing', 'verifying', 'succeeded', 'failed', 'escalated',
        'cancelled'
    ));
COMMENT ON DOMAIN health.recovery_state IS
'How far a recovery is: pending, claimed, executing, verifying, succeeded, failed, escalated or cancelled.';

CREATE DOMAIN health.recovery_hold AS text
    CONSTRAINT hold_is_known
    CHECK (VALUE IN ('freeze', 'maintenance', 'monitor_gap', 'parent', 'storm', 'concurrency'));
COMMENT ON DOMAIN health.recovery_hold IS
'Brake that holds a recovery: freeze, maintenance, monitor_gap, parent, storm or concurrency.';

CREATE DOMAIN health.step_outcome AS text
    CONSTRAINT step_outcome_is_known
    CHECK (VALUE IN ('succeeded', 'failed', 'refused', 'lost', 'released'));
COMMENT ON DOMAIN health.step_outcome IS
'What became of a step of a recovery: succeeded, failed, refused, lost or released.';

CREATE SEQUENCE health_internal.fencing_tokens;
COMMENT ON SEQUENCE health_internal.fencing_tokens IS
'Ever-growing tokens: a worker whose lease was lost holds an older one and is refused.';

CREATE TABLE health.recovery_actions (
    action_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C" NOT NULL,
    issue_type health.recovery_issue NOT NULL,
    action text NOT NULL DEFAULT 'restart_agent',
    state health.recovery_state NOT NULL DEFAULT 'pending',
    attempt integer NOT NULL DEFAULT 1,
    requested_by text NOT NULL DEFAULT 'engine',
    incident_id bigint,
    transition_id bigint,
    parameters jsonb NOT NULL DEFAULT '{}',
    strategy jsonb NOT NULL DEFAULT '[{"action": "restart_agent"}, {"action": "verify"}]',
    step integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    not_before timestamptz NOT NULL,
    hold health.recovery_hold,
    hold_reason text,
    released_at timestamptz,
    approved_at timestamptz,
    approved_by text,
    claimed_by text,
    claimed_at timestamptz,
    fencing_token bigint,
    lease_until timestamptz,
    started_at timestamptz,
    step_started_at timestamptz,
    execute_until timestamptz,
    executed_at timestamptz,
    verify_until timestamptz,
    run_before timestamptz,
    beats_before bigint,
    finished_at timestamptz,
    settled_at timestamptz,
    told_at timestamptz,
    outcome jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT recovery_actions_pkey PRIMARY KEY (action_id),
    CONSTRAINT finished_exactly_when_in_a_final_state
    CHECK ((finished_at IS NOT NULL)
        = (state IN ('succeeded', 'failed', 'escalated', 'cancelled'))),
    CONSTRAINT nobody_has_claimed_what_waits
    CHECK ((state = 'pending') = (finished_at IS NULL AND claimed_by IS NULL)),
    CONSTRAINT a_brake_holds_only_what_waits
    CHECK (hold IS NULL OR (state = 'pending' AND released_at IS NULL))
    -- No index knows the state or when the first step began: what a bridge begins and has done is updated in place.
) WITH (fillfactor = 50);

COMMENT ON TABLE health.recovery_actions IS
'One row per attempt to recover an agent. A bridge may claim what is pending, released and due; '
'how each step went is in recovery_trail, in words in recovery_history.';
COMMENT ON COLUMN health.recovery_actions.action_id IS 'Number of the attempt.';
COMMENT ON COLUMN health.recovery_actions.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.recovery_actions.issue_type IS
'agent_unresponsive, high_error_rate, resource_exhaustion, performance_degradation or database_connectivity.';
COMMENT ON COLUMN health.recovery_actions.action IS
'What is done, or was done last; what that means is in the bridge''s own configuration.';
COMMENT ON COLUMN health.recovery_actions.state IS
'pending, claimed, executing, verifying, succeeded, failed, escalated or cancelled.';
COMMENT ON COLUMN health.recovery_actions.attempt IS
'1 for the first attempt after ten healthy minutes; the back-off counts by it.';
COMMENT ON COLUMN health.recovery_actions.requested_by IS 'engine, or the person who asked.';
COMMENT ON COLUMN health.recovery_actions.incident_id IS
'Incident it serves; no foreign key: ten thousand are queued at once.';
COMMENT ON COLUMN health.recovery_actions.transition_id IS 'Transition that brought the issue.';
COMMENT ON COLUMN health.recovery_actions.parameters IS 'Facts for the executor; never a command.';
COMMENT ON COLUMN health.recovery_actions.strategy IS
'Its steps as they stood in recovery_strategies when it was queued.';
COMMENT ON COLUMN health.recovery_actions.step IS 'Step of the strategy it is at, from 1.';
COMMENT ON COLUMN health.recovery_actions.created_at IS 'When it was queued.';
COMMENT ON COLUMN health.recovery_actions.not_before IS 'Earliest time to claim it (back-off).';
COMMENT ON COLUMN health.recovery_actions.hold IS
'Brake that holds it: freeze, maintenance, monitor_gap, parent, storm or concurrency; NULL: none.';
COMMENT ON COLUMN health.recovery_actions.hold_reason IS 'The same for people.';
COMMENT ON COLUMN health.recovery_actions.released_at IS
'When the brakes let it go; NULL: not claimable yet.';
COMMENT ON COLUMN health.recovery_actions.approved_at IS 'When a person let it pass the brakes.';
COMMENT ON COLUMN health.recovery_actions.approved_by IS 'Who.';
COMMENT ON COLUMN health.recovery_actions.claimed_by IS
'Bridge that holds it, or held it last; engine: the database itself; NULL: it waits, or ended unbegun.';
COMMENT ON COLUMN health.recovery_actions.claimed_at IS 'When it was claimed.';
COMMENT ON COLUMN health.recovery_actions.fencing_token IS 'Token of that claim.';
COMMENT ON COLUMN health.recovery_actions.lease_until IS
'Until when the claim holds without renewal; nothing else is begun for the agent before.';
COMMENT ON COLUMN health.recovery_actions.started_at IS
'When its first step began; the budgets count it.';
COMMENT ON COLUMN health.recovery_actions.step_started_at IS
'When the step under way began; NULL: none is.';
COMMENT ON COLUMN health.recovery_actions.execute_until IS 'Deadline of the step that executes.';
COMMENT ON COLUMN health.recovery_actions.executed_at IS
'When the last executed step was done; heartbeats after it verify.';
COMMENT ON COLUMN health.recovery_actions.verify_until IS 'Deadline of the verification.';
COMMENT ON COLUMN health.recovery_actions.run_before IS
'The agent''s run_started_at when the verification began: another one is a new run.';
COMMENT ON COLUMN health.recovery_actions.beats_before IS
'Heartbeats folded by then; further ones verify.';
COMMENT ON COLUMN health.recovery_actions.finished_at IS 'When it ended.';
COMMENT ON COLUMN health.recovery_actions.settled_at IS
'When the agent was out of trouble after it; ten minutes later the back-off starts anew.';
COMMENT ON COLUMN health.recovery_actions.told_at IS
'When the alert recovery_failed asked a person because of it.';
COMMENT ON COLUMN health.recovery_actions.outcome IS 'What the executor and the verification told.';


CREATE UNIQUE INDEX recovery_actions_active_key ON health.recovery_actions (agent_id)
WHERE finished_at IS NULL;
COMMENT ON INDEX health.recovery_actions_active_key IS
'One recovery of an agent at a time, whoever asks; the tick reads active ones.';

CREATE INDEX recovery_actions_moving_idx ON health.recovery_actions (agent_id)
WHERE finished_at IS NULL AND claimed_by IS NOT NULL;
COMMENT ON INDEX health.recovery_actions_moving_idx IS
'Each tick looks at the few that are under way, however many are held.';

CREATE INDEX recovery_actions_due_idx ON health.recovery_actions (not_before, action_id)
WHERE finished_at IS NULL AND claimed_by IS NULL AND released_at IS NOT NULL;
COMMENT ON INDEX health.recovery_actions_due_idx IS
'claim_recovery_actions takes the first few of many.';

CREATE INDEX recovery_actions_agent_idx ON health.recovery_actions (
    agent_id, created_at, action_id
);
COMMENT ON INDEX health.recovery_actions_agent_idx IS
'health_internal.enqueue_recoveries reads an agent''s latest attempt, apply_brakes as many as its budget has; '
'people its history. No other index gives that order, so that no plan reads everybody''s.';

CREATE INDEX recovery_actions_unsettled_idx ON health.recovery_actions (agent_id)
WHERE settled_at IS NULL AND finished_at IS NOT NULL;
COMMENT ON INDEX health.recovery_actions_unsettled_idx IS
'health_internal.settle_recoveries looks at those whose trouble may be over.';

CREATE INDEX recovery_actions_finished_idx ON health.recovery_actions (finished_at)
WHERE finished_at IS NOT NULL;
COMMENT ON INDEX health.recovery_actions_finished_idx IS
'health_internal.recovery_rows reads what ended in a period, check_engine an agent''s restarts of the last day, '
'spent_by_groups what groups attempted in the window of their budgets.';

CREATE TABLE health.recovery_steps (
    recovery_step_id bigint GENERATED ALWAYS AS IDENTITY,
    action_id bigint NOT NULL,
    step integer NOT NULL,
    action text NOT NULL,
    parameters jsonb NOT NULL DEFAULT '{}',
    worker text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    outcome health.step_outcome NOT NULL,
    reason text,
    details jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT recovery_steps_pkey PRIMARY KEY (action_id, recovery_step_id)
);

COMMENT ON TABLE health.recovery_steps IS
'One row per step of a recovery that ended, in order, with what became of it; the one under way is in '
'recovery_actions. recovery_trail shows both.';
COMMENT ON COLUMN health.recovery_steps.recovery_step_id IS 'Number of the step, growing.';
COMMENT ON COLUMN health.recovery_steps.action_id IS
'Recovery it belongs to; no foreign key: it is written by the statement that moves the recovery on.';
COMMENT ON COLUMN health.recovery_steps.step IS 'Its place in the strategy, from 1.';
COMMENT ON COLUMN health.recovery_steps.action IS
'restart_agent, reload, run_command, terminate_sessions or verify.';
COMMENT ON COLUMN health.recovery_steps.parameters IS 'As in the strategy.';
COMMENT ON COLUMN health.recovery_steps.worker IS 'Bridge that did it; engine: the database.';
COMMENT ON COLUMN health.recovery_steps.started_at IS 'When it began.';
COMMENT ON COLUMN health.recovery_steps.finished_at IS 'When it ended.';
COMMENT ON COLUMN health.recovery_steps.outcome IS
'succeeded, failed, refused (not configured), lost (nobody reported) or released (handed back unbegun).';
COMMENT ON COLUMN health.recovery_steps.reason IS 'Why it failed, in words.';
COMMENT ON COLUMN health.recovery_steps.details IS 'What the executor told.';

GRANT SELECT ON health.recovery_actions, health.recovery_steps TO health_analyst, health_bridge;

COMMIT;
