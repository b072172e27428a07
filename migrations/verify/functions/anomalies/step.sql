BEGIN;

DO $$
BEGIN
    PERFORM
        'health_internal.detect_series(health_internal.detector_state, timestamptz [], double precision [])'::regprocedure;
    PERFORM
        'health_internal.detect(health_internal.detector_state, timestamptz, double precision)'::regprocedure;
END;
$$;

ROLLBACK;
