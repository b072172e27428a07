BEGIN;

SELECT is_only_row
FROM health_internal.sandbox
WHERE false;
DO $$
BEGIN
    ASSERT to_regtype('health_internal.sandbox_object') IS NOT NULL, 'type health_internal.sandbox_object is missing';
END;
$$;
DO $$
BEGIN
    ASSERT to_regtype('health_internal.backtest_event') IS NOT NULL, 'type health_internal.backtest_event is missing';
END;
$$;
DO $$
BEGIN
    ASSERT to_regtype('health.backtest_result') IS NOT NULL, 'type health.backtest_result is missing';
END;
$$;

ROLLBACK;
