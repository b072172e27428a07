BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.calibration_of(double precision [], integer []);
DROP FUNCTION health_internal.at_threshold(double precision [], integer [], double precision);
DROP FUNCTION health_internal.lead_margin(double precision [], double precision [], integer [], double precision);
DROP FUNCTION health_internal.threshold_at(double precision [], integer [], double precision);
DROP FUNCTION health_internal.log_loss(double precision [], integer []);
DROP FUNCTION health_internal.rank_quality(double precision [], integer []);

COMMIT;
