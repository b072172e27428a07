BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.detect(
    health_internal.detector_state, timestamptz, double precision
);
DROP FUNCTION health_internal.detect_series(
    health_internal.detector_state, timestamptz [], double precision []
);

COMMIT;
