BEGIN;

DO $$
BEGIN
    PERFORM (
        'health.backtest('
        || 'jsonb, timestamptz, timestamptz, interval, interval, text []'
        || ')'
    )::regprocedure;
    PERFORM (
        'health.backtest('
        || 'text, timestamptz, timestamptz, interval, interval, text []'
        || ')'
    )::regprocedure;
    PERFORM (
        'health.backtest_events('
        || 'text, timestamptz, timestamptz, interval, interval, text []'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
