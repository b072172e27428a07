BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.shown_number(double precision)'::regprocedure;
    PERFORM 'health_internal.episode_text(health.anomalies)'::regprocedure;
    PERFORM 'health_internal.alarming_agents()'::regprocedure;
    PERFORM 'health_internal.refresh_anomaly_findings(timestamptz)'::regprocedure;
    PERFORM 'health_internal.recommend_from_anomalies(timestamptz)'::regprocedure;
    PERFORM 'health_internal.explain_anomalies(text)'::regprocedure;
END;
$$;

ROLLBACK;
