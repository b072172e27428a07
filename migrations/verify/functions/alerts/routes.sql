BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.route_modes(timestamptz)'::regprocedure;
    PERFORM 'health_internal.send_notices(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
