BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.broken_channels(timestamptz)'::regprocedure;
    PERFORM 'health_internal.engine_findings(timestamptz)'::regprocedure;
    PERFORM 'health_internal.check_engine(timestamptz)'::regprocedure;
    PERFORM 'health_internal.note_unconfirmed(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
