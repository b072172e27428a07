-- status_transitions: a new issue queues its recovery, whoever caused the transition.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_status_transitions__queue_recoveries()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_transition_ids bigint [];
BEGIN
    v_transition_ids := ARRAY(
        SELECT new_rows.transition_id
        FROM new_rows
        WHERE new_rows.issue_type IS NOT NULL
            AND new_rows.issue_type IS DISTINCT FROM new_rows.old_issue_type
    );
    IF v_transition_ids <> '{}' THEN
        PERFORM health_internal.queue_recoveries(v_transition_ids);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_status_transitions__queue_recoveries() IS
'Queues recoveries for the transitions that brought an issue.';

CREATE OR REPLACE TRIGGER _500_queue_recoveries
AFTER INSERT ON health.status_transitions
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_status_transitions__queue_recoveries();

COMMIT;
