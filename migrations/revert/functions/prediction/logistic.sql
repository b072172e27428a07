BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fit_logistic(bigint, text [], integer);
DROP FUNCTION health_internal.standardised(integer, double precision, double precision);
DROP FUNCTION health_internal.solve_symmetric(double precision [], double precision [], integer);

COMMIT;
