BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.trend_risks(timestamptz, interval);
DROP FUNCTION health_internal.chance_to_reach(double precision, double precision);

COMMIT;
