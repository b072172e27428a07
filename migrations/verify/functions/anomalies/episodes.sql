BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.note_agreement(timestamptz, timestamptz, text [])'::regprocedure;
    PERFORM
        'health_internal.note_anomalies(timestamptz, timestamptz, health_internal.strange_point [])'::regprocedure;
    PERFORM 'health_internal.end_anomalies(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
