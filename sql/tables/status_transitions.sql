-- Every change of status, liveness or issue, as it was judged.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.status_transitions (
    transition_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    old_status text,
    new_status text,
    old_liveness text,
    new_liveness text,
    old_score double precision,
    new_score double precision,
    old_issue_type text,
    issue_type text,
    last_heartbeat_at timestamptz,
    policy_id bigint,
    tick_id bigint,
    CONSTRAINT status_transitions_pkey PRIMARY KEY (transition_id)
);

COMMENT ON TABLE health.status_transitions IS
'One row per change of an agent''s status, liveness or confirmed issue.';
COMMENT ON COLUMN health.status_transitions.transition_id IS 'Number of the transition.';
COMMENT ON COLUMN health.status_transitions.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.status_transitions.occurred_at IS 'p_now of the tick that judged it.';
COMMENT ON COLUMN health.status_transitions.old_status IS 'Status before.';
COMMENT ON COLUMN health.status_transitions.new_status IS 'Status after.';
COMMENT ON COLUMN health.status_transitions.old_liveness IS 'Liveness before.';
COMMENT ON COLUMN health.status_transitions.new_liveness IS 'Liveness after.';
COMMENT ON COLUMN health.status_transitions.old_score IS 'Gated score before, 0..100.';
COMMENT ON COLUMN health.status_transitions.new_score IS 'Gated score after, 0..100.';
COMMENT ON COLUMN health.status_transitions.old_issue_type IS 'Issue before.';
COMMENT ON COLUMN health.status_transitions.issue_type IS
'Issue after; a new one queues its recovery.';
COMMENT ON COLUMN health.status_transitions.last_heartbeat_at IS
'Latest heartbeat at that time: the true onset of a silence.';
COMMENT ON COLUMN health.status_transitions.policy_id IS 'Version of the policy that judged.';
COMMENT ON COLUMN health.status_transitions.tick_id IS 'Tick that judged.';


CREATE INDEX status_transitions_agent_idx ON health.status_transitions (agent_id, occurred_at);
COMMENT ON INDEX health.status_transitions_agent_idx IS 'agent_timeline reads one agent in order.';

GRANT SELECT ON health.status_transitions TO health_analyst, health_bridge;

COMMIT;
