BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.decide_notification(
    text, boolean, boolean, boolean, boolean, boolean, boolean, text, boolean, boolean, boolean
);
DROP FUNCTION health_internal.flapping_percent(integer);
DROP FUNCTION health_internal.severity_of_rank(integer);
DROP FUNCTION health_internal.severity_rank(text);

COMMIT;
