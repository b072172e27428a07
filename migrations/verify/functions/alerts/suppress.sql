BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.watch_flapping(timestamptz)'::regprocedure;
    PERFORM 'health_internal.incident_facts(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
