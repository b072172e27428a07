BEGIN;

SET LOCAL ROLE health_owner;

DROP TRIGGER _500_note_transition ON health.agent_status;
DROP FUNCTION health_internal.tg_agent_status__note_transition();

COMMIT;
