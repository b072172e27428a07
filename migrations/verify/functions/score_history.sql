BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.has_moved(real, double precision)'::regprocedure;
    PERFORM 'health_internal.sample_scores(timestamptz)'::regprocedure;
    PERFORM (
        'health.score_between(text, timestamptz, timestamptz, interval, timestamptz)'
    )::regprocedure;
END;
$$;

ROLLBACK;
