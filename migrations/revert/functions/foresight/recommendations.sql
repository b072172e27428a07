BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.dismiss_recommendation(bigint, text, text, timestamptz, timestamptz);
DROP FUNCTION health_internal.refresh_recommendations(timestamptz);
DROP FUNCTION health_internal.refresh_recommendations_of(text, timestamptz);
DROP FUNCTION health_internal.recommendation_sources();
DROP FUNCTION health_internal.has_changed_materially(jsonb, jsonb);

COMMIT;
