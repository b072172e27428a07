BEGIN;

DO $$
BEGIN
    PERFORM 'health.create_ping_url(text, text, uuid, text, timestamptz)'::regprocedure;
    PERFORM 'health.revoke_ping_url(uuid, text, timestamptz)'::regprocedure;
    PERFORM 'health.record_pings(json)'::regprocedure;
END;
$$;

ROLLBACK;
