-- agent_status: every change of status, liveness or issue becomes a transition.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_agent_status__note_transition()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO health.status_transitions (
        agent_id, occurred_at, old_status, new_status, old_liveness, new_liveness,
        old_score, new_score, old_issue_type, issue_type, last_heartbeat_at, policy_id, tick_id
    )
    VALUES (
        NEW.agent_id, coalesce(NEW.judged_at, clock_timestamp()), OLD.status, NEW.status,
        OLD.liveness, NEW.liveness, OLD.score, NEW.score, OLD.issue_type, NEW.issue_type,
        NEW.last_heartbeat_at, NEW.policy_id, NEW.judged_tick_id
    );
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agent_status__note_transition() IS
'Writes the change of an agent''s status, liveness or issue to status_transitions.';

-- Per row with WHEN: nearly free where nothing changed, and no transition table of a million rows.
CREATE OR REPLACE TRIGGER _500_note_transition
AFTER UPDATE ON health.agent_status
FOR EACH ROW
WHEN (
    old.status IS DISTINCT FROM new.status
    OR old.liveness IS DISTINCT FROM new.liveness
    OR old.issue_type IS DISTINCT FROM new.issue_type
)
EXECUTE FUNCTION health_internal.tg_agent_status__note_transition();

COMMIT;
