BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.parse_schedule(text);
DROP FUNCTION health_internal.schedule_field(text, text, integer, integer, text []);

COMMIT;
