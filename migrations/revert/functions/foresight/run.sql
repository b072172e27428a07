BEGIN;

SET LOCAL ROLE health_owner;

DROP PROCEDURE health.run_foresight(timestamptz);
DROP FUNCTION health_internal.run_foresight_part(text, timestamptz);
DROP FUNCTION health_internal.due_foresight_parts(timestamptz);
DROP FUNCTION health_internal.note_foresight_error(text, text, timestamptz);

COMMIT;
