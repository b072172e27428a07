BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.answer_question(bigint, smallint, text, text, jsonb, text, timestamptz);
DROP FUNCTION health.claim_question(interval, timestamptz);
DROP FUNCTION health.ask(text, timestamptz);

COMMIT;
