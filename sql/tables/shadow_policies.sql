-- Shadow policies: judged live beside the policies in force, and only recorded.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.shadow_policies (
    shadow_policy_id bigint GENERATED ALWAYS AS IDENTITY,
    shadow_policy text COLLATE "C" NOT NULL,
    policy jsonb NOT NULL,
    note text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_by text,
    ended_at timestamptz,
    CONSTRAINT shadow_policies_pkey PRIMARY KEY (shadow_policy_id),
    CONSTRAINT shadow_policy_is_a_lower_case_name_of_at_most_100_characters
    CHECK (shadow_policy ~ '^[a-z][a-z0-9_]{0,99}$' AND shadow_policy <> 'live')
);

COMMENT ON TABLE health.shadow_policies IS
'One row per policy that judges live without any effect, from add_shadow_policy to end_shadow_policy.';
COMMENT ON COLUMN health.shadow_policies.shadow_policy_id IS 'Number of the shadow policy.';
COMMENT ON COLUMN health.shadow_policies.shadow_policy IS 'Its name, free again when it has ended.';
COMMENT ON COLUMN health.shadow_policies.policy IS
'Changes to the policies in force, such as {"critical_below": 55}; policy_class: of one class only.';
COMMENT ON COLUMN health.shadow_policies.note IS 'What is tried.';
COMMENT ON COLUMN health.shadow_policies.created_by IS 'Who added it.';
COMMENT ON COLUMN health.shadow_policies.created_at IS 'Since when it judges.';
COMMENT ON COLUMN health.shadow_policies.ended_by IS 'Who ended it.';
COMMENT ON COLUMN health.shadow_policies.ended_at IS 'When it ended; NULL: it judges.';

CREATE UNIQUE INDEX shadow_policies_active_key ON health.shadow_policies (shadow_policy)
WHERE ended_at IS NULL;
COMMENT ON INDEX health.shadow_policies_active_key IS 'One shadow policy of a name at work.';

CREATE TABLE health_internal.shadow_states (
    shadow_policy_id bigint NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    evaluated_at timestamptz NOT NULL,
    seen_judged_at timestamptz,
    liveness text,
    status text,
    score double precision,
    ungated_score double precision,
    bad_evaluations integer NOT NULL DEFAULT 0,
    issue_candidate text,
    issue_evaluations integer NOT NULL DEFAULT 0,
    issue_type text,
    active_conditions text [] NOT NULL DEFAULT '{}',
    loss_evaluations integer NOT NULL DEFAULT 0,
    CONSTRAINT shadow_states_pkey PRIMARY KEY (shadow_policy_id, agent_id),
    CONSTRAINT shadow_states_policy_fkey FOREIGN KEY (shadow_policy_id)
    REFERENCES health.shadow_policies ON DELETE CASCADE
) WITH (fillfactor = 50);

COMMENT ON TABLE health_internal.shadow_states IS
'One row per shadow policy and agent: what it judged last. Columns as in agent_status.';
COMMENT ON COLUMN health_internal.shadow_states.shadow_policy_id IS 'Which shadow policy.';
COMMENT ON COLUMN health_internal.shadow_states.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.shadow_states.evaluated_at IS 'When it judged last.';
COMMENT ON COLUMN health_internal.shadow_states.seen_judged_at IS
'agent_status.judged_at it saw: without a newer one only time has passed, and counts no evaluation.';
COMMENT ON COLUMN health_internal.shadow_states.liveness IS 'Liveness it sees.';
COMMENT ON COLUMN health_internal.shadow_states.status IS 'Status it sees.';
COMMENT ON COLUMN health_internal.shadow_states.score IS 'Gated score, 0..100.';
COMMENT ON COLUMN health_internal.shadow_states.ungated_score IS 'Weighted mean, 0..100.';
COMMENT ON COLUMN health_internal.shadow_states.bad_evaluations IS 'Ring of its last evaluations.';
COMMENT ON COLUMN health_internal.shadow_states.issue_candidate IS 'Issue it saw last.';
COMMENT ON COLUMN health_internal.shadow_states.issue_evaluations IS 'How often in a row.';
COMMENT ON COLUMN health_internal.shadow_states.issue_type IS 'Issue it holds confirmed.';
COMMENT ON COLUMN health_internal.shadow_states.active_conditions IS 'Alert rules that would hold.';
COMMENT ON COLUMN health_internal.shadow_states.loss_evaluations IS
'Ring of its last evaluations of a reported loss, newest in bit 0.';

CREATE TABLE health.shadow_judgements (
    judgement_id bigint GENERATED ALWAYS AS IDENTITY,
    shadow_policy_id bigint NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    kind text NOT NULL,
    rule text COLLATE "C",
    old_status text,
    new_status text,
    old_liveness text,
    new_liveness text,
    issue_type text,
    score double precision,
    live_score double precision,
    live_status text,
    CONSTRAINT shadow_judgements_pkey PRIMARY KEY (judgement_id),
    CONSTRAINT shadow_judgements_policy_fkey FOREIGN KEY (shadow_policy_id)
    REFERENCES health.shadow_policies ON DELETE CASCADE,
    CONSTRAINT shadow_judgement_kind_is_known
    CHECK (kind IN ('transition', 'alert_opened', 'alert_closed', 'recovery'))
);

COMMENT ON TABLE health.shadow_judgements IS
'One row per thing a shadow policy would have done: a transition, an alert opened or closed, a recovery '
'asked for; kept for 90 days.';
COMMENT ON COLUMN health.shadow_judgements.judgement_id IS 'Number of the row.';
COMMENT ON COLUMN health.shadow_judgements.shadow_policy_id IS 'Which shadow policy.';
COMMENT ON COLUMN health.shadow_judgements.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.shadow_judgements.occurred_at IS 'When it judged so.';
COMMENT ON COLUMN health.shadow_judgements.kind IS 'transition, alert_opened, alert_closed or recovery.';
COMMENT ON COLUMN health.shadow_judgements.rule IS 'Rule of the alert; NULL: none.';
COMMENT ON COLUMN health.shadow_judgements.old_status IS 'Status before.';
COMMENT ON COLUMN health.shadow_judgements.new_status IS 'Status after.';
COMMENT ON COLUMN health.shadow_judgements.old_liveness IS 'Liveness before.';
COMMENT ON COLUMN health.shadow_judgements.new_liveness IS 'Liveness after.';
COMMENT ON COLUMN health.shadow_judgements.issue_type IS 'Issue it holds confirmed.';
COMMENT ON COLUMN health.shadow_judgements.score IS 'Its gated score, 0..100.';
COMMENT ON COLUMN health.shadow_judgements.live_score IS 'Score in force at that time.';
COMMENT ON COLUMN health.shadow_judgements.live_status IS 'Status in force at that time.';

CREATE INDEX shadow_judgements_policy_idx
ON health.shadow_judgements (shadow_policy_id, occurred_at);
COMMENT ON INDEX health.shadow_judgements_policy_idx IS
'policy_comparison counts a policy''s; old ones are removed.';

GRANT SELECT ON health.shadow_policies, health.shadow_judgements TO health_analyst, health_bridge;

COMMIT;
