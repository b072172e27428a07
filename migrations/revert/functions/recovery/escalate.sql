BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.tell_of_escalations(timestamptz);
DROP FUNCTION health_internal.escalate_recoveries(timestamptz, bigint [], text);

COMMIT;
