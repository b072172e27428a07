BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.tg_agent_status__note_transition()'::regprocedure;
    ASSERT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
        WHERE pg_trigger.tgname = '_500_note_transition' AND pg_trigger.tgrelid = 'health.agent_status'::regclass
    ), 'trigger _500_note_transition of health.agent_status is missing';
END;
$$;

ROLLBACK;
