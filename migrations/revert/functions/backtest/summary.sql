BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.backtest_events(text, timestamptz, timestamptz, interval, interval, text []);
DROP FUNCTION health.backtest(jsonb, timestamptz, timestamptz, interval, interval, text []);
DROP FUNCTION health.backtest(text, timestamptz, timestamptz, interval, interval, text []);

COMMIT;
