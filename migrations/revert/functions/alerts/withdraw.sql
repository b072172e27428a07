BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.withdraw_at_once(timestamptz, bigint);
DROP FUNCTION health_internal.withdraw_messages(timestamptz, bigint []);

COMMIT;
