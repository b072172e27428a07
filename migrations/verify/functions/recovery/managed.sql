BEGIN;

DO $$
BEGIN
    PERFORM 'health.announce_agents(text, text [], timestamptz)'::regprocedure;
    PERFORM 'health_internal.unmanaged_agents(text [], timestamptz)'::regprocedure;
    PERFORM 'health_internal.tell_of_unmanaged(timestamptz, text [])'::regprocedure;
END;
$$;

ROLLBACK;
