BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.feature_bounds(interval)'::regprocedure;
    PERFORM 'health_internal.raw_metrics(timestamptz, timestamptz, tstzmultirange)'::regprocedure;
    PERFORM 'health_internal.raw_beats(timestamptz, timestamptz, tstzmultirange)'::regprocedure;
    PERFORM 'health_internal.logged_failures'::regclass;
    PERFORM 'health_internal.failure_moments'::regclass;
    PERFORM 'health_internal.logged_events'::regclass;
    PERFORM 'health_internal.agent_history(timestamptz, timestamptz, tstzmultirange)'::regprocedure;
    PERFORM 'health_internal.is_watched(text)'::regprocedure;
    PERFORM 'health_internal.heartbeat_measures()'::regprocedure;
    PERFORM 'health_internal.series_key(text, text)'::regprocedure;
    PERFORM 'health_internal.beat_sums_sql(text, boolean, bigint)'::regprocedure;
END;
$$;

ROLLBACK;
