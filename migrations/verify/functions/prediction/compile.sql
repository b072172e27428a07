BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.tree_expression(bigint, integer)'::regprocedure;
    PERFORM 'health_internal.log_odds_expression(bigint)'::regprocedure;
    PERFORM 'health_internal.compile_model(bigint)'::regprocedure;
    PERFORM 'health_internal.contributions(bigint, real [])'::regprocedure;
END;
$$;

ROLLBACK;
