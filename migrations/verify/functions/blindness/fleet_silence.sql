BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.notice_fleet_silence(timestamptz)'::regprocedure;
    PERFORM 'health_internal.await_ingest(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
