BEGIN;

SET LOCAL ROLE health_owner;

DROP TRIGGER _500_queue_recoveries ON health.status_transitions;
DROP FUNCTION health_internal.tg_status_transitions__queue_recoveries();

COMMIT;
