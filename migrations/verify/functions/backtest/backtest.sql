BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.check_backtest('
        || 'timestamptz, timestamptz, interval, interval, text []'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.sandbox_events(text, timestamptz, timestamptz)'::regprocedure;
    PERFORM (
        'health_internal.run_backtest('
        || 'jsonb, timestamptz, timestamptz, interval, interval, text []'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
