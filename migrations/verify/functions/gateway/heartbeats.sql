BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.insert_heartbeats(json)'::regprocedure;
    PERFORM 'health.record_heartbeats(json)'::regprocedure;
END;
$$;

ROLLBACK;
