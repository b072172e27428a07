BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.replay_ticks(text, timestamptz, timestamptz, interval)'::regprocedure;
END;
$$;

ROLLBACK;
