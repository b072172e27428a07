-- The score over time: what each agent's score was made of whenever it had changed, by sample.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.score_history (
    sampled_at timestamptz NOT NULL,
    policy_id bigint,
    score real NOT NULL,
    gate real NOT NULL,
    heartbeat_consistency real,
    performance_metrics real,
    error_rate real,
    resource_efficiency real,
    business_impact real,
    agent_id text COLLATE "C" NOT NULL,
    CONSTRAINT score_history_pkey PRIMARY KEY (agent_id, sampled_at)
) PARTITION BY RANGE (sampled_at);

COMMENT ON TABLE health.score_history IS
'One row per agent and sample that differs from the one before by half a point or more in the score or a '
'component, and one an hour; a row holds until the next. Made by run_foresight each settings.score_period, '
'more seldom where that would take more than a hundredth of a core or grow by more than '
'settings.score_rows_per_hour; kept settings.score_retention. score_between reads it with the contributions.';
COMMENT ON COLUMN health.score_history.sampled_at IS 'p_now of the sample.';
COMMENT ON COLUMN health.score_history.policy_id IS 'Version of the policy that had judged.';
COMMENT ON COLUMN health.score_history.score IS 'Gated overall score, 0..100.';
COMMENT ON COLUMN health.score_history.gate IS
'Highest score that liveness and state allowed, 100: no gate.';
COMMENT ON COLUMN health.score_history.heartbeat_consistency IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.score_history.performance_metrics IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.score_history.error_rate IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.score_history.resource_efficiency IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.score_history.business_impact IS 'Component, 0..100; NULL: no data.';
COMMENT ON COLUMN health.score_history.agent_id IS 'Which agent.';

CREATE TABLE health.score_history_default
PARTITION OF health.score_history DEFAULT;
COMMENT ON TABLE health.score_history_default IS
'Catches rows outside every partition; drained by partition care.';

GRANT SELECT ON health.score_history TO health_analyst, health_bridge;

COMMIT;
