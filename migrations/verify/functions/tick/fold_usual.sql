BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.fold_usual_beats(health_internal.turn, health.policies)'::regprocedure;
END;
$$;

ROLLBACK;
