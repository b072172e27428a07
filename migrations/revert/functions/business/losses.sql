BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.risk_rows(timestamptz, timestamptz);
DROP FUNCTION health_internal.lost_revenue_rows(timestamptz, timestamptz);
DROP FUNCTION health_internal.business_terms_held();

COMMIT;
