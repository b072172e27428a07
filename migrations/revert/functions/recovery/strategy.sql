BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.set_recovery_strategy(text, text, jsonb);
DROP FUNCTION health_internal.strategy_problem(jsonb);
DROP FUNCTION health_internal.strategies();

COMMIT;
