BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.training_grid(interval, timestamptz, interval, integer);
DROP FUNCTION health_internal.choose_anchor(timestamptz, interval, double precision, timestamptz []);
DROP FUNCTION health_internal.choose_step(interval, double precision, double precision, integer, integer);
DROP FUNCTION health_internal.record_of(timestamptz, timestamptz, timestamptz, tstzmultirange);
DROP FUNCTION health_internal.hourly_series(timestamptz, timestamptz, timestamptz, timestamptz, tstzmultirange);

COMMIT;
