BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.contributions(bigint, real []);
DROP FUNCTION health_internal.compile_model(bigint);
DROP FUNCTION health_internal.log_odds_expression(bigint);
DROP FUNCTION health_internal.tree_expression(bigint, integer);

COMMIT;
