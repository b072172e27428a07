BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health.backtest_result;
DROP TYPE health_internal.backtest_event;
DROP TYPE health_internal.sandbox_object;
DROP TABLE health_internal.sandbox;

COMMIT;
