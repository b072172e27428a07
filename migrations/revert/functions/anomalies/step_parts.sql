BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.why_strange(
    integer, double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.signed_log(double precision);
DROP FUNCTION health_internal.new_detector_state();
DROP TYPE health_internal.detection;
DROP TYPE health_internal.detector_state;

COMMIT;
