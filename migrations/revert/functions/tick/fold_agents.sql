BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.add_missing_agents();
DROP FUNCTION health_internal.register_unknown(
    health_internal.beat [], boolean, health_internal.arrival_range
);
DROP FUNCTION health_internal.fold_agent_changes(health_internal.arrival_range);
DROP FUNCTION health_internal.forget_agents(text []);

COMMIT;
