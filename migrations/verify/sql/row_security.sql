BEGIN;

DO $$
BEGIN
    ASSERT (
        SELECT bool_and(pg_class.relrowsecurity)
        FROM pg_catalog.pg_class
        WHERE pg_class.oid IN (
            'health.agent_heartbeats'::regclass, 'health.performance_metrics'::regclass,
            'health.system_events'::regclass, 'health.agents'::regclass,
            'health.agent_sessions'::regclass, 'health.agent_logins'::regclass
        )
    ), 'row-level security is off somewhere';
END;
$$;

ROLLBACK;
