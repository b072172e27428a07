BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.tg_agent_heartbeats__ring()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_900_ring' AND pg_trigger.tgrelid = 'health.agent_heartbeats'::regclass
    ), 'trigger _900_ring of health.agent_heartbeats is missing';
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_900_ring' AND pg_trigger.tgrelid = 'health.ingest_heartbeats'::regclass
    ), 'trigger _900_ring of health.ingest_heartbeats is missing';
    PERFORM 'health_internal.tg_ingest_heartbeats__guard()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_100_guard' AND pg_trigger.tgrelid = 'health.ingest_heartbeats'::regclass
    ), 'trigger _100_guard of health.ingest_heartbeats is missing';
    PERFORM 'health_internal.tg_agent_heartbeats__copy_signal()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_copy_signal' AND pg_trigger.tgrelid = 'health.agent_heartbeats'::regclass
    ), 'trigger _500_copy_signal of health.agent_heartbeats is missing';
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_copy_signal' AND pg_trigger.tgrelid = 'health.ingest_heartbeats'::regclass
    ), 'trigger _500_copy_signal of health.ingest_heartbeats is missing';
END;
$$;

ROLLBACK;
