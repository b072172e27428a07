-- agent_status: every change of status, liveness or issue becomes a transition; the act is told of other changes
-- that it acts upon (act_causes).
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_agent_status__note_transition()
RETURNS trigger
LANGUAGE plpgsql
-- It runs while the judge's own setting holds, which would have both statements planned for each of
-- ten thousand rows.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    v_is_maintained boolean;
BEGIN
    IF OLD.status IS NOT DISTINCT FROM NEW.status
        AND OLD.liveness IS NOT DISTINCT FROM NEW.liveness
        AND OLD.issue_type IS NOT DISTINCT FROM NEW.issue_type THEN
        INSERT INTO health_internal.act_causes (cause) VALUES ('agent_status');
        RETURN NULL;
    END IF;
    -- NULL: it never was in maintenance.
    SELECT bool_or(periods.ended_at IS NULL)
    INTO v_is_maintained
    FROM health.maintenance_periods AS periods
    WHERE periods.agent_id = NEW.agent_id;
    IF v_is_maintained AND OLD.status IS NOT DISTINCT FROM NEW.status
        AND OLD.issue_type IS NOT DISTINCT FROM NEW.issue_type THEN
        -- The act reads transitions, and else these.
        INSERT INTO health_internal.act_causes (cause) VALUES ('agent_status');
        RETURN NULL;
    END IF;
    -- It left maintenance in this tick: what is known of it now is told once.
    IF NOT v_is_maintained THEN
        UPDATE health.status_transitions AS transitions
        SET
            new_status = NEW.status,
            new_liveness = NEW.liveness,
            new_score = NEW.score,
            issue_type = NEW.issue_type,
            last_heartbeat_at = NEW.last_heartbeat_at,
            policy_id = NEW.policy_id,
            tick_id = NEW.judged_tick_id
        WHERE transitions.agent_id = NEW.agent_id
            AND transitions.occurred_at = NEW.judged_at
            AND transitions.old_liveness = 'in_maintenance'
            AND transitions.new_liveness = OLD.liveness;
        IF FOUND THEN
            INSERT INTO health_internal.act_causes (cause) VALUES ('agent_status');
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO health.status_transitions (
        agent_id, occurred_at, old_status, new_status, old_liveness, new_liveness,
        old_score, new_score, old_issue_type, issue_type, last_heartbeat_at, policy_id, tick_id
    )
    VALUES (
        NEW.agent_id, coalesce(NEW.judged_at, clock_timestamp()), OLD.status, NEW.status,
        CASE WHEN v_is_maintained THEN 'in_maintenance' ELSE OLD.liveness END,
        CASE WHEN v_is_maintained THEN 'in_maintenance' ELSE NEW.liveness END,
        OLD.score, NEW.score, OLD.issue_type, NEW.issue_type,
        NEW.last_heartbeat_at, NEW.policy_id, NEW.judged_tick_id
    );
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agent_status__note_transition() IS
'Writes the change of an agent''s status, liveness or issue to status_transitions; while it is in '
'maintenance its liveness there is in_maintenance, whatever its heartbeats say. What is no transition and '
'concerns the act is noted in act_causes.';

-- Per row with WHEN: nearly free where nothing changed, and no transition table of a million rows. It reads the
-- first columns only: to unpack both rows up to a later one would take several times as long.
CREATE OR REPLACE TRIGGER _500_note_transition
AFTER UPDATE ON health.agent_status
FOR EACH ROW
WHEN (
    old.status IS DISTINCT FROM new.status
    OR old.liveness IS DISTINCT FROM new.liveness
    OR old.issue_type IS DISTINCT FROM new.issue_type
    OR old.active_conditions IS DISTINCT FROM new.active_conditions
    OR (
        (
            old.revenue_impact_usd IS DISTINCT FROM new.revenue_impact_usd
            OR old.policy_class IS DISTINCT FROM new.policy_class
        )
        AND (new.active_conditions <> '{}' OR new.issue_type IS NOT NULL)
    )
)
EXECUTE FUNCTION health_internal.tg_agent_status__note_transition();

COMMIT;
