BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.recommend_from_predictions(timestamptz);
DROP FUNCTION health_internal.explain_prediction(text);
DROP FUNCTION health_internal.foresee_failures(timestamptz);
DROP FUNCTION health_internal.predict_all(timestamptz);

COMMIT;
