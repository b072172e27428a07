-- Database sessions of agents that stand in others' way: what the issue database_connectivity is.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.stuck_sessions (
    pid integer NOT NULL,
    backend_start timestamptz NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    login_name name NOT NULL,
    problem text NOT NULL,
    stuck_since timestamptz NOT NULL,
    waiting_count integer NOT NULL DEFAULT 0,
    found_at timestamptz NOT NULL,
    CONSTRAINT stuck_sessions_pkey PRIMARY KEY (pid, backend_start),
    CONSTRAINT session_problem_is_known
    CHECK (problem IN ('idle_in_transaction', 'blocks_others'))
);

COMMENT ON TABLE health.stuck_sessions IS
'One row per agent''s database session that is stuck at present, as the last tick saw it; only the ticker writes it.';
COMMENT ON COLUMN health.stuck_sessions.pid IS 'The session''s backend.';
COMMENT ON COLUMN health.stuck_sessions.backend_start IS 'When it began; pids are used again.';
COMMENT ON COLUMN health.stuck_sessions.agent_id IS 'Whose session it is.';
COMMENT ON COLUMN health.stuck_sessions.login_name IS 'Role it logged in with.';
COMMENT ON COLUMN health.stuck_sessions.problem IS
'idle_in_transaction (longer than the policy''s stuck_idle_seconds) or blocks_others (somebody waits longer than stuck_blocking_seconds for its locks).';
COMMENT ON COLUMN health.stuck_sessions.stuck_since IS
'Since when it idles, or the first of those it blocks waits; the server''s clock.';
COMMENT ON COLUMN health.stuck_sessions.waiting_count IS 'Sessions that wait for it.';
COMMENT ON COLUMN health.stuck_sessions.found_at IS 'p_now of the tick that found it.';


CREATE INDEX stuck_sessions_agent_idx ON health.stuck_sessions (agent_id);
COMMENT ON INDEX health.stuck_sessions_agent_idx IS
'health_internal.troubled_agents asks by agent.';

GRANT SELECT ON health.stuck_sessions TO health_analyst;

COMMIT;
