BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.ring_for(text [])'::regprocedure;
    PERFORM 'health_internal.tg_agent_heartbeats__admit()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_100_admit' AND pg_trigger.tgrelid = 'health.agent_heartbeats'::regclass
    ), 'trigger _100_admit of health.agent_heartbeats is missing';
    PERFORM 'health_internal.tg_ingest_heartbeats__admit()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_100_admit' AND pg_trigger.tgrelid = 'health.ingest_heartbeats'::regclass
    ), 'trigger _100_admit of health.ingest_heartbeats is missing';
END;
$$;

ROLLBACK;
