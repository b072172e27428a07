BEGIN;

SET LOCAL ROLE health_owner;

DROP TRIGGER _100_refuse_cycles ON health.dependencies;
DROP FUNCTION health_internal.tg_dependencies__refuse_cycles();

COMMIT;
