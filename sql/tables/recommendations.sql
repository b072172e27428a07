-- Recommendations: what a person could do, with the reason and the numbers it rests on.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.recommendations (
    recommendation_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL DEFAULT '',
    source text COLLATE "C" NOT NULL,
    priority integer NOT NULL,
    summary text NOT NULL,
    reason text NOT NULL,
    evidence jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_at timestamptz,
    dismissed_at timestamptz,
    dismissed_by text,
    dismissal_note text,
    dismissed_until timestamptz,
    dismissed_priority integer,
    dismissed_evidence jsonb,
    CONSTRAINT recommendations_pkey PRIMARY KEY (recommendation_id),
    CONSTRAINT recommendation_priority_is_1_to_5
    CHECK (priority BETWEEN 1 AND 5),
    CONSTRAINT recommendation_kind_is_a_lower_case_name
    CHECK (kind ~ '^[a-z][a-z0-9_]{0,62}$'),
    CONSTRAINT recommendation_evidence_is_a_json_object
    CHECK (jsonb_typeof(evidence) = 'object'),
    CONSTRAINT dismissal_tells_who_and_on_which_evidence
    CHECK (num_nulls(dismissed_at, dismissed_by, dismissed_priority, dismissed_evidence) IN (0, 4))
);

COMMENT ON TABLE health.recommendations IS
'One row per thing a person could do, from when its reason arose to when it was gone; refreshed each minute '
'by run_foresight. Open: closed_at NULL; to be shown: dismissed_at NULL too.';
COMMENT ON COLUMN health.recommendations.recommendation_id IS 'Number of the recommendation.';
COMMENT ON COLUMN health.recommendations.agent_id IS 'About which agent; NULL: the monitor as a whole.';
COMMENT ON COLUMN health.recommendations.kind IS
'What it advises, such as exhaustion_ahead, correct_expected_interval or noisy_rule.';
COMMENT ON COLUMN health.recommendations.subject IS
'Of several of one kind and agent, which: a resource, rule or issue (evidence.subject); empty: only one.';
COMMENT ON COLUMN health.recommendations.source IS 'Function that found it.';
COMMENT ON COLUMN health.recommendations.priority IS '1 most urgent, to 5.';
COMMENT ON COLUMN health.recommendations.summary IS 'What to do, one line.';
COMMENT ON COLUMN health.recommendations.reason IS 'Why, in words.';
COMMENT ON COLUMN health.recommendations.evidence IS
'The numbers it rests on, units in their names; those of the last refresh.';
COMMENT ON COLUMN health.recommendations.created_at IS 'When its reason arose.';
COMMENT ON COLUMN health.recommendations.changed_at IS 'When its words or priority last changed.';
COMMENT ON COLUMN health.recommendations.closed_at IS 'When its reason was gone; NULL: it holds.';
COMMENT ON COLUMN health.recommendations.dismissed_at IS 'When a person dismissed it; NULL: it is shown.';
COMMENT ON COLUMN health.recommendations.dismissed_by IS 'Who.';
COMMENT ON COLUMN health.recommendations.dismissal_note IS 'Why.';
COMMENT ON COLUMN health.recommendations.dismissed_until IS
'When it comes back in any case; NULL: when its evidence changes materially.';
COMMENT ON COLUMN health.recommendations.dismissed_priority IS 'Priority that was dismissed.';
COMMENT ON COLUMN health.recommendations.dismissed_evidence IS 'Evidence that was dismissed.';

CREATE UNIQUE INDEX recommendations_open_key
ON health.recommendations (agent_id, kind, subject) NULLS NOT DISTINCT
WHERE closed_at IS NULL;
COMMENT ON INDEX health.recommendations_open_key IS
'One open recommendation per agent, kind and subject; fleet reads an agent''s.';

CREATE INDEX recommendations_dismissed_idx
ON health.recommendations (agent_id, kind, subject, closed_at)
WHERE dismissed_at IS NOT NULL;
COMMENT ON INDEX health.recommendations_dismissed_idx IS
'health_internal.refresh_recommendations_of asks whether what arises again was dismissed before.';

GRANT SELECT ON health.recommendations TO health_analyst, health_bridge;

COMMIT;
