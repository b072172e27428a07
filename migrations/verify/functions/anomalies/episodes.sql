BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.judge_surprises(timestamptz)'::regprocedure;
    PERFORM (
        'health_internal.note_surprises(text [], text [], double precision [], double precision [], timestamptz)'
    )::regprocedure;
    PERFORM
        'health_internal.note_anomalies(timestamptz, timestamptz, health_internal.strange_point [])'::regprocedure;
    PERFORM 'health_internal.end_anomalies(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
