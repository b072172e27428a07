BEGIN;

DO $$
BEGIN
    ASSERT (
        SELECT classes.relrowsecurity FROM pg_class AS classes
        WHERE classes.oid = 'health.agent_status'::regclass
    );
    ASSERT pg_get_viewdef('health.fleet'::regclass) LIKE '%own_agent_ids%';
END;
$$;

ROLLBACK;
