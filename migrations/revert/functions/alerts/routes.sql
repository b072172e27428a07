BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.send_notices(timestamptz);
DROP FUNCTION health_internal.route_modes(timestamptz);

COMMIT;
