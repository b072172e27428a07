-- Who is told how long after whom: escalation policies and their steps.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.escalation_policies (
    escalation_policy text COLLATE "C" NOT NULL,
    matchers jsonb NOT NULL DEFAULT '{}',
    is_enabled boolean NOT NULL DEFAULT true,
    CONSTRAINT escalation_policies_pkey PRIMARY KEY (escalation_policy)
);

COMMENT ON TABLE health.escalation_policies IS
'One row per plan of whom to tell when nobody takes an incident; all that match apply.';
COMMENT ON COLUMN health.escalation_policies.escalation_policy IS 'Name of the plan.';
COMMENT ON COLUMN health.escalation_policies.matchers IS
'Which agents'' incidents it is for; see health_internal.matches_agent. Empty: all. rule: only while an alert of that rule is open.';
COMMENT ON COLUMN health.escalation_policies.is_enabled IS 'Whether it applies.';


CREATE TABLE health.escalation_steps (
    escalation_policy text COLLATE "C" NOT NULL,
    step integer NOT NULL,
    channel text COLLATE "C" NOT NULL,
    delay interval NOT NULL,
    minimum_severity text NOT NULL DEFAULT 'warning',
    repeat_count integer NOT NULL DEFAULT 0,
    repeat_interval interval NOT NULL DEFAULT '1 hour',
    CONSTRAINT escalation_steps_pkey PRIMARY KEY (escalation_policy, step),
    CONSTRAINT escalation_steps_policy_fkey
    FOREIGN KEY (escalation_policy) REFERENCES health.escalation_policies ON DELETE CASCADE,
    CONSTRAINT step_severity_is_known
    CHECK (minimum_severity IN ('info', 'warning', 'critical', 'emergency')),
    CONSTRAINT step_delay_is_0_to_31_days
    CHECK (delay BETWEEN interval '0' AND interval '31 days'),
    CONSTRAINT step_repeats_0_to_100_times_at_least_1_minute_apart
    CHECK (repeat_count BETWEEN 0 AND 100
        AND repeat_interval BETWEEN interval '1 minute' AND interval '31 days')
);

COMMENT ON TABLE health.escalation_steps IS
'One row per step: which channel hears of an incident nobody has taken, and when.';
COMMENT ON COLUMN health.escalation_steps.escalation_policy IS 'Plan it belongs to.';
COMMENT ON COLUMN health.escalation_steps.step IS 'Number of the step, from 1.';
COMMENT ON COLUMN health.escalation_steps.channel IS
'Channel that is told; while there is none of that name, or it is disabled, nobody.';
COMMENT ON COLUMN health.escalation_steps.delay IS
'Time after the first page, 0: with it.';
COMMENT ON COLUMN health.escalation_steps.minimum_severity IS 'Lowest severity it is for.';
COMMENT ON COLUMN health.escalation_steps.repeat_count IS 'How often it is repeated.';
COMMENT ON COLUMN health.escalation_steps.repeat_interval IS 'Time between repeats.';

GRANT SELECT ON health.escalation_policies, health.escalation_steps
TO health_analyst, health_bridge;

COMMIT;
