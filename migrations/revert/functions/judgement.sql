BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.classify_status(
    double precision, double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.holding_conditions(
    text, text, double precision, double precision, integer, text, text, integer, text, text [],
    integer, health.policies
);
DROP FUNCTION health_internal.moved_loss_evaluations(
    integer, double precision, text, text [], health.policies
);
DROP FUNCTION health_internal.is_confirmed(text, text, integer, integer);
DROP FUNCTION health_internal.weighted_mean(
    double precision, double precision, double precision, double precision, double precision,
    double precision, double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.known_weight(double precision, double precision);

COMMIT;
