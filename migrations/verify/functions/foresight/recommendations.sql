BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.has_changed_materially(jsonb, jsonb)'::regprocedure;
    PERFORM 'health_internal.recommendation_sources()'::regprocedure;
    PERFORM 'health_internal.refresh_recommendations_of(text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.refresh_recommendations(timestamptz)'::regprocedure;
    PERFORM (
        'health.dismiss_recommendation('
        || 'bigint, text, text, timestamptz, timestamptz'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
