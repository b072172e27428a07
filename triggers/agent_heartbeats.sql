-- Heartbeats: bad news rings the bell at once, signals of jobs are copied, a gateway is held to its
-- agents.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_agent_heartbeats__ring()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.agent_status AS status
        WHERE status.agent_id = NEW.agent_id AND status.state IN ('error', 'failed')
    ) THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agent_heartbeats__ring() IS
'Rings health_wakeup for a heartbeat in state error or failed, unless the agent is known to be in '
'trouble. Ordinary heartbeats never notify: a NOTIFY takes a lock on the whole database at commit.';

CREATE OR REPLACE TRIGGER _900_ring
AFTER INSERT ON health.agent_heartbeats
FOR EACH ROW
WHEN (new.state IN ('error', 'failed'))
EXECUTE FUNCTION health_internal.tg_agent_heartbeats__ring();

CREATE OR REPLACE TRIGGER _900_ring
AFTER INSERT ON health.ingest_heartbeats
FOR EACH ROW
WHEN (new.state IN ('error', 'failed'))
EXECUTE FUNCTION health_internal.tg_agent_heartbeats__ring();

CREATE OR REPLACE FUNCTION health_internal.tg_agent_heartbeats__copy_signal()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO health_internal.job_signals (agent_id, run_id, signal, received_at, attributes)
    VALUES (NEW.agent_id, coalesce(NEW.run_id, ''), NEW.signal, NEW.received_at, NEW.attributes);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agent_heartbeats__copy_signal() IS
'Copies what tells of a job''s run into job_signals, where the tick finds it without looking at '
'ordinary heartbeats.';

CREATE OR REPLACE TRIGGER _500_copy_signal
AFTER INSERT ON health.agent_heartbeats
FOR EACH ROW
WHEN (new.signal <> 'beat')
EXECUTE FUNCTION health_internal.tg_agent_heartbeats__copy_signal();

CREATE OR REPLACE TRIGGER _500_copy_signal
AFTER INSERT ON health.ingest_heartbeats
FOR EACH ROW
WHEN (new.signal <> 'beat')
EXECUTE FUNCTION health_internal.tg_agent_heartbeats__copy_signal();

CREATE OR REPLACE FUNCTION health_internal.tg_ingest_heartbeats__guard()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    v_foreign text;
BEGIN
    -- The owner and superusers may copy anything, as when a dump is restored.
    IF pg_has_role(current_user, 'health_owner', 'USAGE') THEN
        RETURN NULL;
    END IF;
    SELECT arrived.agent_id
    INTO v_foreign
    FROM (SELECT DISTINCT new_rows.agent_id FROM new_rows) AS arrived
    WHERE NOT EXISTS (
        SELECT FROM health.agent_logins AS logins
        WHERE logins.login_name = current_user AND logins.agent_id = arrived.agent_id
    )
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'gateway "%" may not write for agent "%"', current_user, v_foreign
            USING ERRCODE = 'AG005',
                HINT = 'An administrator adds the pair to health.agent_logins.';
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_ingest_heartbeats__guard() IS
'Holds a gateway to the agents that agent_logins gives it; raises AG005 for another.';
GRANT EXECUTE ON FUNCTION health_internal.tg_ingest_heartbeats__guard() TO health_gateway;

CREATE OR REPLACE TRIGGER _100_guard
AFTER INSERT ON health.ingest_heartbeats
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_ingest_heartbeats__guard();

COMMIT;
