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
    PERFORM 'health_internal.unheard_agents(text [], timestamptz)'::regprocedure;
    PERFORM (
        'health_internal.note_gap('
        || 'timestamptz, health_internal.engine, timestamptz'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
