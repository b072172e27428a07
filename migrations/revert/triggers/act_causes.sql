BEGIN;

SET LOCAL ROLE health_owner;

DROP TRIGGER _500_note_change ON health.stuck_sessions;
DROP TRIGGER _500_note_state ON health.recovery_actions;
DROP TRIGGER _500_note_change ON health.recovery_actions;
DROP TRIGGER _500_note_revenue ON health.agents;
DROP TRIGGER _500_note_earning ON health.agents;
DROP TRIGGER _500_note_change ON health.recovery_strategies;
DROP TRIGGER _500_note_change ON health.policies;
DROP TRIGGER _500_note_change ON health.alert_rules;
DROP TRIGGER _500_note_severity ON health.rule_findings;
DROP TRIGGER _500_note_change ON health.rule_findings;
DROP TRIGGER _500_note_update ON health.alerts;
DROP TRIGGER _500_note_change ON health.alerts;
DROP TRIGGER _500_note_removal ON health.agent_status;
DROP TRIGGER _500_note_new_conditions ON health.agent_status;
DROP FUNCTION health_internal.tg_alerts__note_update();
DROP FUNCTION health_internal.tg_act_causes__note();

COMMIT;
