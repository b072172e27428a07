BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.act_on_recoveries(timestamptz, boolean);
DROP FUNCTION health_internal.settle_recoveries(timestamptz, text []);

COMMIT;
