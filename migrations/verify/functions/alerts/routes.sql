BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.route_modes(timestamptz, health_internal.notices [])'::regprocedure;
    PERFORM 'health_internal.send_notices(timestamptz, health_internal.notices [])'::regprocedure;
END;
$$;

ROLLBACK;
