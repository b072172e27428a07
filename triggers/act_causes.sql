-- What the act compares: each change leaves a row of act_causes, so that a tick without any compares nothing.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_act_causes__note()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO health_internal.act_causes (cause) VALUES (TG_TABLE_NAME);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_act_causes__note() IS
'Notes that what the act compares has changed; it becomes visible with the change.';

CREATE OR REPLACE FUNCTION health_internal.tg_alerts__note_update()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO health_internal.act_causes (cause)
    SELECT TG_TABLE_NAME
    WHERE EXISTS (SELECT FROM changed);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_alerts__note_update() IS
'Notes that an alert has changed, if one has.';

-- Agents that change are noted by _500_note_transition.
CREATE OR REPLACE TRIGGER _500_note_new_conditions
AFTER INSERT ON health.agent_status
FOR EACH ROW
WHEN (new.active_conditions <> '{}' OR new.issue_type IS NOT NULL)
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_removal
AFTER DELETE ON health.agent_status
FOR EACH ROW
WHEN (old.active_conditions <> '{}' OR old.issue_type IS NOT NULL)
EXECUTE FUNCTION health_internal.tg_act_causes__note();

-- Thousands of alerts may be written by one statement. To end them is tried where none may end yet.
CREATE OR REPLACE TRIGGER _500_note_change
AFTER INSERT OR DELETE ON health.alerts
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_update
AFTER UPDATE ON health.alerts
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_alerts__note_update();

CREATE OR REPLACE TRIGGER _500_note_change
AFTER INSERT OR DELETE ON health.rule_findings
FOR EACH ROW
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_severity
AFTER UPDATE ON health.rule_findings
FOR EACH ROW
WHEN (
    (old.rule, old.agent_id, old.severity) IS DISTINCT FROM (new.rule, new.agent_id, new.severity)
)
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_change
AFTER INSERT OR UPDATE OF rule, severity, is_enabled OR DELETE ON health.alert_rules
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_change
AFTER INSERT OR UPDATE OR DELETE ON health.policies
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_change
AFTER INSERT OR UPDATE OR DELETE ON health.recovery_strategies
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_earning
AFTER INSERT ON health.agents
FOR EACH ROW
WHEN (new.revenue_usd_per_hour > 0)
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_revenue
AFTER UPDATE ON health.agents
FOR EACH ROW
WHEN (old.revenue_usd_per_hour IS DISTINCT FROM new.revenue_usd_per_hour)
EXECUTE FUNCTION health_internal.tg_act_causes__note();

-- Thousands are queued by one statement. What a bridge takes, begins and has done stays under way, and nothing that
-- is compared asks how far it is; what comes back to the queue may be needless. And what is cancelled and settled in
-- one is that of agents that are well, or gone: thousands when a storm is over.
CREATE OR REPLACE TRIGGER _500_note_change
AFTER INSERT OR DELETE ON health.recovery_actions
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_state
AFTER UPDATE ON health.recovery_actions
FOR EACH ROW
WHEN (
    (
        (new.claimed_by IS NULL AND old.claimed_by IS NOT NULL)
        OR (old.incident_id, old.finished_at, old.settled_at)
        IS DISTINCT FROM (new.incident_id, new.finished_at, new.settled_at)
    )
    AND NOT (new.state = 'cancelled' AND new.settled_at IS NOT NULL)
)
EXECUTE FUNCTION health_internal.tg_act_causes__note();

CREATE OR REPLACE TRIGGER _500_note_change
AFTER INSERT OR UPDATE OF agent_id OR DELETE ON health.stuck_sessions
FOR EACH ROW
EXECUTE FUNCTION health_internal.tg_act_causes__note();

COMMIT;
