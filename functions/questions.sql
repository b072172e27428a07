-- Asking, and answering: a question is a row, claimed by a help agent under a lease.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.ask(
    p_question text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_question_id bigint;
BEGIN
    IF coalesce(p_question, '') !~ '[^[:space:]]' OR char_length(p_question) > 2000 THEN
        RAISE EXCEPTION 'a question of % characters cannot be asked',
            char_length(coalesce(btrim(p_question), ''))
            USING ERRCODE = 'QU001', HINT = 'Ask in 1 to 2,000 characters.';
    END IF;
    DELETE FROM health.questions WHERE questions.asked_at < p_now - interval '30 days';
    INSERT INTO health.questions (question, asked_at, asked_by)
    VALUES (p_question, p_now, session_user)
    RETURNING questions.question_id INTO v_question_id;
    RETURN v_question_id;
END;
$$;
COMMENT ON FUNCTION health.ask(text, timestamptz) IS
'Puts a question about the fleet to whatever help agent runs; returns its question_id, under which the '
'answer comes in health.questions. Raises QU001 for none or one of more than 2,000 characters.';

CREATE OR REPLACE FUNCTION health.claim_question(
    p_lease interval DEFAULT interval '2 minutes',
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (question_id bigint, question text, attempt_count smallint)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
ROWS 1
AS $$
BEGIN
    UPDATE health.questions
    SET answered_at = p_now, error = 'three attempts to answer it were broken off'
    WHERE questions.answered_at IS NULL
        AND questions.attempt_count >= 3
        AND questions.claimed_until <= p_now;
    RETURN QUERY
    UPDATE health.questions
    SET
        attempt_count = questions.attempt_count + 1,
        claimed_until = p_now + p_lease
    WHERE questions.question_id = (
        SELECT waiting.question_id
        FROM health.questions AS waiting
        WHERE waiting.answered_at IS NULL
            AND (waiting.claimed_until IS NULL OR waiting.claimed_until <= p_now)
        ORDER BY waiting.question_id
        FOR UPDATE SKIP LOCKED
        LIMIT 1
    )
    RETURNING questions.question_id, questions.question, questions.attempt_count;
END;
$$;
COMMENT ON FUNCTION health.claim_question(interval, timestamptz) IS
'Takes the oldest question that waits, for p_lease; no row where there is none. attempt_count is the '
'token that answer_question asks for. After three broken attempts a question is given up.';

CREATE OR REPLACE FUNCTION health.answer_question(
    p_question_id bigint,
    p_attempt_count smallint,
    p_answer text,
    p_source text,
    p_evidence jsonb DEFAULT NULL,
    p_error text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE health.questions
    SET
        answered_at = p_now,
        answer = p_answer,
        source = p_source,
        evidence = p_evidence,
        error = p_error
    WHERE questions.question_id = p_question_id
        AND questions.attempt_count = p_attempt_count
        AND questions.answered_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'question % is not yours to answer', p_question_id
            USING ERRCODE = 'QU002',
                DETAIL = 'It is answered, or was claimed again after your lease ended.',
                HINT = 'Drop the answer and claim the next question.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health.answer_question(
    bigint, smallint, text, text, jsonb, text, timestamptz
) IS
'Stores the answer to a claimed question: p_source is template or model; p_error says why there is none, '
'or why it is no better. Raises QU002 where the claim is no longer held.';

GRANT EXECUTE ON FUNCTION health.ask(text, timestamptz) TO health_analyst;
GRANT EXECUTE ON FUNCTION
health.claim_question(interval, timestamptz),
health.answer_question(bigint, smallint, text, text, jsonb, text, timestamptz) TO health_helper;

COMMIT;
