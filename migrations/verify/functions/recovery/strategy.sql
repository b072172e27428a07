BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.strategies()'::regprocedure;
    PERFORM 'health_internal.strategy_problem(jsonb)'::regprocedure;
    PERFORM 'health.set_recovery_strategy(text, text, jsonb)'::regprocedure;
END;
$$;

ROLLBACK;
