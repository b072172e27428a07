BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.beat_as_engine(timestamptz, health_internal.engine)'::regprocedure;
    PERFORM 'health_internal.fold_phase(timestamptz, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
