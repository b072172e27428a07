-- status_transitions: a new issue queues its recovery, whoever caused the transition.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_status_transitions__queue_recoveries()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM health_internal.enqueue_recoveries(
        max(new_rows.occurred_at), array_agg(new_rows.agent_id), array_agg(new_rows.issue_type),
        array_agg(new_rows.transition_id)
    )
    FROM new_rows
    WHERE new_rows.issue_type IS NOT NULL
        AND new_rows.issue_type IS DISTINCT FROM new_rows.old_issue_type
    HAVING count(*) > 0;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_status_transitions__queue_recoveries() IS
'Queues a recovery for each transition that brought an issue, in one statement.';

-- Transitions that the judge writes come row by row from the trigger of agent_status: ten thousand in
-- a tick would be as many calls. Those are queued by health_internal.queue_recoveries in the tick's act.
CREATE OR REPLACE TRIGGER _500_queue_recoveries
AFTER INSERT ON health.status_transitions
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT
WHEN (pg_trigger_depth() = 0)
EXECUTE FUNCTION health_internal.tg_status_transitions__queue_recoveries();

COMMIT;
