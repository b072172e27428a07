BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.known_troubles(timestamptz, timestamptz, text [])'::regprocedure;
    PERFORM (
        'health_internal.backtest_figures('
        || 'health_internal.backtest_event [], timestamptz, timestamptz, text []'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
