BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.executive_report(timestamptz, timestamptz, timestamptz);
DROP FUNCTION health_internal.report_agents(timestamptz, timestamptz, timestamptz);
DROP FUNCTION health_internal.report_days(timestamptz, timestamptz);
DROP FUNCTION health_internal.report_recommendations();

COMMIT;
