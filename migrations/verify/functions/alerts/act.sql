BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.wanted_alerts()'::regprocedure;
    PERFORM 'health_internal.act_on_alerts(timestamptz,boolean)'::regprocedure;
END;
$$;

ROLLBACK;
