BEGIN;

SELECT
    question_id,
    question,
    asked_at,
    asked_by,
    attempt_count,
    claimed_until,
    answered_at,
    answer,
    source,
    evidence,
    error
FROM health.questions
WHERE false;

ROLLBACK;
