BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.rank_quality(double precision [], integer [])'::regprocedure;
    PERFORM 'health_internal.log_loss(double precision [], integer [])'::regprocedure;
    PERFORM 'health_internal.threshold_at(double precision [], integer [], double precision)'::regprocedure;
    PERFORM 'health_internal.lead_margin(double precision [], double precision [], integer [], double precision)'::regprocedure;
    PERFORM 'health_internal.at_threshold(double precision [], integer [], double precision)'::regprocedure;
    PERFORM 'health_internal.calibration_of(double precision [], integer [])'::regprocedure;
END;
$$;

ROLLBACK;
