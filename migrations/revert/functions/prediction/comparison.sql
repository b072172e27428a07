BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.probabilities(double precision []);
DROP FUNCTION health_internal.method_quality(text, double precision [], integer [], boolean);
DROP FUNCTION health_internal.trivial_predictors(bigint);
DROP FUNCTION health_internal.scores_of(text, text);
DROP FUNCTION health_internal.check_cases(interval);
DROP FUNCTION health_internal.warn_of_left_out(timestamptz, timestamptz, interval);
DROP FUNCTION health_internal.check_training(interval, timestamptz, interval, integer, integer, jsonb);

COMMIT;
