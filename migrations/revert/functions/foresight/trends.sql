BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.foretell_exhaustion(health_internal.resource_trends);
DROP FUNCTION health_internal.line_reaches(
    double precision, double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.moved_trend(
    health_internal.resource_trends, timestamptz, double precision, double precision
);

COMMIT;
