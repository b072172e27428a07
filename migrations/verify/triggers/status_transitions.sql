BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.tg_status_transitions__queue_recoveries()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_queue_recoveries' AND pg_trigger.tgrelid = 'health.status_transitions'::regclass
    ), 'trigger _500_queue_recoveries of health.status_transitions is missing';
END;
$$;

ROLLBACK;
