BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.end_steps(timestamptz, bigint [], text, text, jsonb, boolean, bigint);
DROP FUNCTION health_internal.tell_finished(timestamptz, bigint []);
DROP FUNCTION health_internal.step_after(jsonb, integer, boolean, text);

COMMIT;
