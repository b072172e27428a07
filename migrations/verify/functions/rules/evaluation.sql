BEGIN;

DO $$
BEGIN
    PERFORM 'health.evaluate_rules(timestamptz)'::regprocedure;
    PERFORM 'health.end_overrunning_rules(timestamptz)'::regprocedure;
    PERFORM 'health.seconds_until_rules_are_due()'::regprocedure;
END;
$$;

ROLLBACK;
