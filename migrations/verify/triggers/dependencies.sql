BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.tg_dependencies__refuse_cycles()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_100_refuse_cycles'
            AND pg_trigger.tgrelid = 'health.dependencies'::regclass
    ), 'trigger _100_refuse_cycles of health.dependencies is missing';
END;
$$;

ROLLBACK;
