BEGIN;

DO $$
BEGIN
    ASSERT to_regnamespace('health') IS NOT NULL, 'schema health is missing';
    ASSERT to_regnamespace('health_internal') IS NOT NULL, 'schema health_internal is missing';
    ASSERT to_regnamespace('health_backtest') IS NOT NULL, 'schema health_backtest is missing';
    ASSERT to_regnamespace('health_backtest_internal') IS NOT NULL,
        'schema health_backtest_internal is missing';
END;
$$;

ROLLBACK;
