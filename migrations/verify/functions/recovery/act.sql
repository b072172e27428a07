BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.settle_recoveries(timestamptz, text [])'::regprocedure;
    PERFORM 'health_internal.act_on_recoveries(timestamptz,boolean)'::regprocedure;
END;
$$;

ROLLBACK;
