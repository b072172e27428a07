BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.backtest_figures(
    health_internal.backtest_event [], timestamptz, timestamptz, text []
);
DROP FUNCTION health_internal.known_troubles(timestamptz, timestamptz, text []);

COMMIT;
