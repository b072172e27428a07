BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.known_troubles(timestamptz, timestamptz, text [])'::regprocedure;
    PERFORM (
        'health_internal.backtest_figures('
        || 'health_internal.backtest_event [], timestamptz, timestamptz, text []'
        || ')'
    )::regprocedure;
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
