BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.incident_facts(timestamptz, bigint [])'::regprocedure;
END;
$$;

ROLLBACK;
