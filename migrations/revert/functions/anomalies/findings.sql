BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.explain_anomalies(text);
DROP FUNCTION health_internal.recommend_from_anomalies(timestamptz);
DROP FUNCTION health_internal.refresh_anomaly_findings(timestamptz);
DROP FUNCTION health_internal.alarming_agents();
DROP FUNCTION health_internal.episode_text(health.anomalies);
DROP FUNCTION health_internal.shown_number(double precision);

COMMIT;
