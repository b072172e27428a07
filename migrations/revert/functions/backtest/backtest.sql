BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.run_backtest(
    jsonb, timestamptz, timestamptz, interval, interval, text []
);
DROP FUNCTION health_internal.sandbox_events(text, timestamptz, timestamptz);
DROP FUNCTION health_internal.check_backtest(timestamptz, timestamptz, interval, interval, text []);

COMMIT;
