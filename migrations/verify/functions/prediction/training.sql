BEGIN;

DO $$
BEGIN
    PERFORM 'health.train_failure_model(interval, timestamptz, interval, integer, integer, jsonb)'::regprocedure;
END;
$$;

ROLLBACK;
