BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.wanted_alerts()'::regprocedure;
    PERFORM 'health_internal.act_on_alerts(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
