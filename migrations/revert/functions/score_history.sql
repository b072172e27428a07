BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.score_between(text, timestamptz, timestamptz, interval, timestamptz);
DROP FUNCTION health_internal.sample_scores(timestamptz);
DROP FUNCTION health_internal.has_moved(real, double precision);

COMMIT;
