-- Questions of people about the fleet, and the answers that a help agent gave.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.questions (
    question_id bigint GENERATED ALWAYS AS IDENTITY,
    question text NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    attempt_count smallint NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    answered_at timestamptz,
    answer text,
    source text,
    evidence jsonb,
    error text,
    CONSTRAINT questions_pkey PRIMARY KEY (question_id),
    CONSTRAINT question_has_1_to_2000_characters
    CHECK (char_length(question) BETWEEN 1 AND 2000 AND question ~ '[^[:space:]]'),
    CONSTRAINT source_is_template_or_model
    CHECK (source IN ('template', 'model')),
    CONSTRAINT an_answered_question_has_an_answer_with_its_source_or_an_error
    CHECK (
        (answered_at IS NULL AND num_nonnulls(answer, source, evidence, error) = 0)
        OR (answered_at IS NOT NULL AND num_nonnulls(answer, source) IN (0, 2)
            AND num_nonnulls(answer, error) >= 1)
    )
);

COMMENT ON TABLE health.questions IS
'One row per question asked with health.ask, kept for 30 days; a help agent fills in the answer.';
COMMENT ON COLUMN health.questions.question_id IS 'Number of the question.';
COMMENT ON COLUMN health.questions.question IS 'What was asked, in the words of who asked.';
COMMENT ON COLUMN health.questions.asked_at IS 'When.';
COMMENT ON COLUMN health.questions.asked_by IS 'Login that asked.';
COMMENT ON COLUMN health.questions.attempt_count IS 'How often it was claimed; three times at most.';
COMMENT ON COLUMN health.questions.claimed_until IS
'End of the lease of the help agent that works on it; NULL: not claimed yet.';
COMMENT ON COLUMN health.questions.answered_at IS 'When it was answered or given up; NULL: it waits.';
COMMENT ON COLUMN health.questions.answer IS 'The answer, plain text; NULL: there is none, see error.';
COMMENT ON COLUMN health.questions.source IS
'Who worded the answer: template (fixed queries and words) or model (a language model over them).';
COMMENT ON COLUMN health.questions.evidence IS
'The queries it rests on: [{"query", "parameters", "rows"}], rows being their number.';
COMMENT ON COLUMN health.questions.error IS
'What went wrong on the way, also where a template answered in place of the model.';

CREATE INDEX questions_waiting_idx ON health.questions (question_id) WHERE answered_at IS NULL;
COMMENT ON INDEX health.questions_waiting_idx IS 'health.claim_question takes the oldest one.';

GRANT SELECT ON health.questions TO health_analyst;

COMMIT;
