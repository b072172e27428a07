BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.make_bins(bigint, integer, text [], text);
DROP FUNCTION health_internal.make_cuts(bigint, integer);
DROP FUNCTION health_internal.split_cases(interval);
DROP FUNCTION health_internal.make_cases(bigint, interval, timestamptz, interval, integer, integer, timestamptz, integer);

COMMIT;
