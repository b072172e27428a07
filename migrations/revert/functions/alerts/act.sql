BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.act_on_alerts(timestamptz, boolean);
DROP FUNCTION health_internal.wanted_alerts();

COMMIT;
