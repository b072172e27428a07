BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.blind_seconds(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.recent_blindness()'::regprocedure;
    PERFORM (
        'health_internal.recent_blind_seconds('
        || 'timestamptz, timestamptz, health_internal.blindness'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.accused_at('
        || 'timestamptz, double precision, health_internal.blindness'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.notice_fleet_silence(timestamptz)'::regprocedure;
    PERFORM 'health_internal.await_ingest(timestamptz)'::regprocedure;
    PERFORM 'health_internal.tell_blindness(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
