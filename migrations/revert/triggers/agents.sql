BEGIN;

SET LOCAL ROLE health_owner;

DROP TRIGGER _500_tell_removal ON health.agents;
DROP TRIGGER _500_keep_new_terms ON health.agents;
DROP TRIGGER _500_keep_terms ON health.agents;
DROP FUNCTION health_internal.tg_agents__keep_terms();
DROP TRIGGER _500_tell_change ON health.agents;
DROP TRIGGER _500_tell_new ON health.agents;
DROP FUNCTION health_internal.tg_agents__tell_change();
DROP TRIGGER _100_check_schedule ON health.agents;
DROP FUNCTION health_internal.tg_agents__check_schedule();
DROP TRIGGER _100_check_policy_class ON health.agents;
DROP FUNCTION health_internal.tg_agents__check_policy_class();

COMMIT;
