-- Who is watched: registration and configuration. Agents write it, so the ticker never locks a row
-- of it: changes travel to agent_status through agent_changes, read by snapshot like heartbeats.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.agents (
    agent_id health.agent_id NOT NULL,
    agent_number bigint GENERATED ALWAYS AS IDENTITY,
    agent_name text NOT NULL,
    agent_type text,
    policy_class text COLLATE "C" NOT NULL DEFAULT 'standard',
    expected_interval interval,
    grace interval NOT NULL DEFAULT '0 seconds',
    schedule text,
    time_zone text NOT NULL DEFAULT 'UTC',
    max_run_time interval,
    latency_slo_ms double precision,
    throughput_slo_per_minute double precision,
    capabilities jsonb NOT NULL DEFAULT '{}',
    labels jsonb NOT NULL DEFAULT '{}',
    tenant text NOT NULL DEFAULT 'default',
    revenue_usd_per_hour double precision NOT NULL DEFAULT 0,
    criticality text NOT NULL DEFAULT 'normal',
    manual_recovery_minutes double precision,
    manual_recovery_cost_usd double precision,
    recovery_group text COLLATE "C",
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT agents_pkey PRIMARY KEY (agent_id),
    CONSTRAINT agents_agent_number_key UNIQUE (agent_number),
    CONSTRAINT expected_interval_is_100_ms_to_1_year
    CHECK (expected_interval BETWEEN interval '100 milliseconds' AND interval '366 days'),
    CONSTRAINT grace_is_0_to_1_year
    CHECK (grace BETWEEN interval '0' AND interval '366 days'),
    CONSTRAINT either_an_interval_or_a_schedule_is_expected
    CHECK (expected_interval IS NULL OR schedule IS NULL),
    CONSTRAINT max_run_time_is_1_second_to_1_year
    CHECK (max_run_time BETWEEN interval '1 second' AND interval '366 days'),
    CONSTRAINT objectives_are_from_1e_minus_9_to_1e15
    CHECK (coalesce(latency_slo_ms, 1) >= 1e-9 AND coalesce(latency_slo_ms, 1) <= 1e15
        AND coalesce(throughput_slo_per_minute, 1) >= 1e-9
        AND coalesce(throughput_slo_per_minute, 1) <= 1e15),
    CONSTRAINT revenue_is_finite_from_0_to_1e15
    CHECK (revenue_usd_per_hour BETWEEN 0 AND 1e15),
    CONSTRAINT manual_recovery_takes_0_minutes_to_1_year
    CHECK (manual_recovery_minutes BETWEEN 0 AND 527040),
    CONSTRAINT manual_recovery_costs_0_to_1e12_usd
    CHECK (manual_recovery_cost_usd BETWEEN 0 AND 1e12),
    CONSTRAINT criticality_is_low_normal_high_or_vital
    CHECK (criticality IN ('low', 'normal', 'high', 'vital')),
    CONSTRAINT recovery_group_is_1_to_200_bytes_without_control_characters
    CHECK (octet_length(recovery_group) BETWEEN 1 AND 200 AND recovery_group !~ '[[:cntrl:]]'),
    CONSTRAINT agent_name_is_1_to_200_bytes_without_control_characters
    CHECK (octet_length(agent_name) BETWEEN 1 AND 200 AND agent_name !~ '[[:cntrl:]]'),
    CONSTRAINT capabilities_are_a_json_object_or_array_of_at_most_64_kB
    CHECK (jsonb_typeof(capabilities) IN ('object', 'array')
        AND pg_column_size(capabilities) <= 65536),
    CONSTRAINT labels_are_a_json_object_of_at_most_64_kB
    CHECK (jsonb_typeof(labels) = 'object' AND pg_column_size(labels) <= 65536)
);

COMMENT ON TABLE health.agents IS
'One row per agent: what it is and what is expected of it.';
COMMENT ON COLUMN health.agents.agent_id IS 'Name of the agent.';
COMMENT ON COLUMN health.agents.agent_number IS 'Number of the agent: the key of its attach lock.';
COMMENT ON COLUMN health.agents.agent_name IS 'Name for people; the agent_id where none is given.';
COMMENT ON COLUMN health.agents.agent_type IS 'Kind of agent, such as the name of its class.';
COMMENT ON COLUMN health.agents.policy_class IS 'Which policies judge it.';
COMMENT ON COLUMN health.agents.expected_interval IS
'Interval between heartbeats; NULL: the policy''s default, then learnt.';
COMMENT ON COLUMN health.agents.grace IS 'Added to every deadline of the agent.';
COMMENT ON COLUMN health.agents.schedule IS
'For jobs: cron expression of five fields, or @daily and the like, in place of an interval; set by '
'health.set_schedule.';
COMMENT ON COLUMN health.agents.time_zone IS
'Time zone the schedule is read in, a name such as Europe/Paris.';
COMMENT ON COLUMN health.agents.max_run_time IS
'For jobs: how long a run may take from start to success or fail; NULL: any time.';
COMMENT ON COLUMN health.agents.latency_slo_ms IS
'Objective for average_processing_time_ms, milliseconds; NULL: the learnt baseline.';
COMMENT ON COLUMN health.agents.throughput_slo_per_minute IS
'Objective for work items per minute; NULL: the learnt baseline.';
COMMENT ON COLUMN health.agents.capabilities IS 'What the agent says it can do.';
COMMENT ON COLUMN health.agents.labels IS 'Fixed facts, such as model and age.';
COMMENT ON COLUMN health.agents.tenant IS 'Whose agent it is.';
COMMENT ON COLUMN health.agents.revenue_usd_per_hour IS
'Revenue that stops with the agent, US dollars per hour.';
COMMENT ON COLUMN health.agents.criticality IS
'How much depends on it: low, normal, high or vital.';
COMMENT ON COLUMN health.agents.manual_recovery_minutes IS
'How long people take to recover it, minutes from its detection; NULL: as business_settings says.';
COMMENT ON COLUMN health.agents.manual_recovery_cost_usd IS
'What that costs in work, US dollars; NULL: as business_settings says.';
COMMENT ON COLUMN health.agents.recovery_group IS
'Agents that share a budget of recoveries, such as those of one cluster; NULL: its own alone.';
COMMENT ON COLUMN health.agents.registered_at IS 'When it was first registered.';
COMMENT ON COLUMN health.agents.updated_at IS 'When it last registered or was changed.';

CREATE INDEX agents_revenue_idx ON health.agents (agent_id) WHERE revenue_usd_per_hour > 0;
COMMENT ON INDEX health.agents_revenue_idx IS
'health_internal.wanted_alerts reckons revenue at risk.';


CREATE TABLE health_internal.agent_changes (
    agent_id text COLLATE "C" NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

COMMENT ON TABLE health_internal.agent_changes IS
'One row per change of an agent''s configuration that agent_status has yet to copy; read by snapshot, removed by housekeeping.';
COMMENT ON COLUMN health_internal.agent_changes.agent_id IS 'Whose configuration changed.';
COMMENT ON COLUMN health_internal.agent_changes.changed_at IS 'When.';
COMMENT ON COLUMN health_internal.agent_changes.txid IS 'Transaction that changed it.';


CREATE INDEX agent_changes_txid_idx ON health_internal.agent_changes (txid);
COMMENT ON INDEX health_internal.agent_changes_txid_idx IS
'health_internal.fold_agent_changes reads what became visible since its last snapshot.';

CREATE TABLE health.agent_sessions (
    session_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id health.agent_id NOT NULL,
    agent_number bigint NOT NULL,
    pid integer NOT NULL DEFAULT pg_backend_pid(),
    attached_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lost_at timestamptz,
    lost_reason text,
    CONSTRAINT agent_sessions_pkey PRIMARY KEY (session_id)
);

COMMENT ON TABLE health.agent_sessions IS
'One row per attach: which database session answers for which agent. Append-only for agents; the ticker notes the loss.';
COMMENT ON COLUMN health.agent_sessions.session_id IS 'Number of the attach.';
COMMENT ON COLUMN health.agent_sessions.agent_id IS 'Which agent attached.';
COMMENT ON COLUMN health.agent_sessions.agent_number IS
'Key of the advisory lock the session holds.';
COMMENT ON COLUMN health.agent_sessions.pid IS 'The session''s backend.';
COMMENT ON COLUMN health.agent_sessions.attached_at IS 'When it attached.';
COMMENT ON COLUMN health.agent_sessions.lost_at IS
'When the ticker found the lock gone; NULL while it is held.';
COMMENT ON COLUMN health.agent_sessions.lost_reason IS
'session_lost, said_goodbye, attached_again, server_restarted or ended_by_recovery.';


CREATE INDEX agent_sessions_open_idx ON health.agent_sessions (agent_id) WHERE lost_at IS NULL;
COMMENT ON INDEX health.agent_sessions_open_idx IS
'health_internal.watch_sessions compares open sessions with the locks held.';
CREATE INDEX agent_sessions_lost_idx ON health.agent_sessions (lost_at)
WHERE lost_reason = 'session_lost';
COMMENT ON INDEX health.agent_sessions_lost_idx IS
'health_internal.next_suspicion_at looks at the sessions lost within a minute.';

CREATE TABLE health.agent_logins (
    login_name name NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    CONSTRAINT agent_logins_pkey PRIMARY KEY (agent_id, login_name)
);

COMMENT ON TABLE health.agent_logins IS
'One row per agent a login may write for: row-level security reads it.';
COMMENT ON COLUMN health.agent_logins.login_name IS 'Role the agent logs in with.';
COMMENT ON COLUMN health.agent_logins.agent_id IS 'Agent it may write for.';

CREATE INDEX agent_logins_login_idx ON health.agent_logins (login_name);
COMMENT ON INDEX health.agent_logins_login_idx IS
'Policy agents_read_their_own lists the agents of a login. (Writing probes the primary key, which '
'begins with the agent: comparing ids settles it, the login is compared once.)';

COMMIT;
