BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.send_notices(timestamptz, health_internal.notices []);
DROP FUNCTION health_internal.route_modes(timestamptz, health_internal.notices []);

COMMIT;
