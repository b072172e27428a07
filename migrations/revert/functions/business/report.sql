BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.queue_report(timestamptz);
DROP FUNCTION health_internal.report_text(jsonb);
DROP FUNCTION health.executive_report(timestamptz, timestamptz, timestamptz);
DROP FUNCTION health_internal.report_agents(timestamptz, timestamptz, timestamptz);
DROP FUNCTION health_internal.report_days(timestamptz, timestamptz);
DROP FUNCTION health_internal.report_recommendations();
DROP FUNCTION health_internal.trend_text(numeric, numeric, boolean);
DROP FUNCTION health_internal.amount_text(numeric, text);

COMMIT;
