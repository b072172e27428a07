BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.is_act_due()'::regprocedure;
    PERFORM 'health_internal.recover_phase(timestamptz,boolean)'::regprocedure;
    PERFORM 'health_internal.act_phase(timestamptz)'::regprocedure;
    PERFORM 'health_internal.note_engine_error(text)'::regprocedure;
    PERFORM 'health.tick(timestamptz, boolean)'::regprocedure;
    PERFORM 'health.run_tick()'::regprocedure;
END;
$$;

ROLLBACK;
