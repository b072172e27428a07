BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.enqueue_recoveries('
        || 'timestamptz, text [], text [], bigint []'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.queue_recoveries(timestamptz, text [], text [])'::regprocedure;
    PERFORM 'health.request_recovery(text, text, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
