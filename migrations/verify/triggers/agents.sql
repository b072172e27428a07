BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.tg_agents__check_policy_class()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_100_check_policy_class' AND pg_trigger.tgrelid = 'health.agents'::regclass
    ), 'trigger _100_check_policy_class of health.agents is missing';
    PERFORM 'health_internal.tg_agents__tell_change()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_tell_new' AND pg_trigger.tgrelid = 'health.agents'::regclass
    ), 'trigger _500_tell_new of health.agents is missing';
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_tell_change' AND pg_trigger.tgrelid = 'health.agents'::regclass
    ), 'trigger _500_tell_change of health.agents is missing';
    PERFORM 'health_internal.tg_agents__check_schedule()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_100_check_schedule' AND pg_trigger.tgrelid = 'health.agents'::regclass
    ), 'trigger _100_check_schedule of health.agents is missing';
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_tell_removal' AND pg_trigger.tgrelid = 'health.agents'::regclass
    ), 'trigger _500_tell_removal of health.agents is missing';
    PERFORM 'health_internal.tg_agents__keep_terms()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_keep_terms' AND pg_trigger.tgrelid = 'health.agents'::regclass
    ), 'trigger _500_keep_terms of health.agents is missing';
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_keep_new_terms' AND pg_trigger.tgrelid = 'health.agents'::regclass
    ), 'trigger _500_keep_new_terms of health.agents is missing';
END;
$$;

ROLLBACK;
