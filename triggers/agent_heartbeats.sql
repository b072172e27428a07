-- Heartbeats: bad news rings the bell at once, clocks a day off are refused, and a gateway is held to
-- its agents. One row trigger where agents INSERT row by row, one statement trigger where gateways COPY
-- (docs/adr/0008-what-an-insert-prepares.md).
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.ring_for(p_agent_ids text [])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(p_agent_ids) AS troubled (agent_id)
        WHERE NOT EXISTS (
            SELECT FROM health.agent_status AS status
            WHERE status.agent_id = troubled.agent_id AND status.state IN ('error', 'failed')
        )
    ) THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.ring_for(text []) IS
'Rings health_wakeup for agents whose heartbeats say error or failed, unless all of them are known to '
'be in trouble. Ordinary heartbeats never notify: a NOTIFY takes a lock on the whole database at commit.';
GRANT EXECUTE ON FUNCTION health_internal.ring_for(text [])
TO health_agent, health_bridge, health_gateway, health_admin;

CREATE OR REPLACE FUNCTION health_internal.tg_agent_heartbeats__admit()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- One expression for both: an INSERT pays for each expression of a trigger, and several times as
    -- much for a WHEN or a CHECK, which are parsed anew by every statement.
    IF NEW.state IN ('error', 'failed') OR NEW.sent_at NOT BETWEEN
        NEW.received_at - interval '24 hours' AND NEW.received_at + interval '24 hours' THEN
        IF NEW.sent_at NOT BETWEEN
            NEW.received_at - interval '24 hours' AND NEW.received_at + interval '24 hours' THEN
            RAISE EXCEPTION 'new row for relation "agent_heartbeats" violates check constraint "%"',
                'sent_at_is_within_one_day_of_received_at'
                USING ERRCODE = '23514',
                    SCHEMA = TG_TABLE_SCHEMA,
                    TABLE = 'agent_heartbeats',
                    CONSTRAINT = 'sent_at_is_within_one_day_of_received_at',
                    DETAIL = format('sent_at is %s, received_at is %s.', NEW.sent_at, NEW.received_at),
                    HINT = 'Set the agent''s clock, or leave sent_at out.';
        END IF;
        PERFORM health_internal.ring_for(ARRAY[NEW.agent_id::text]);
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agent_heartbeats__admit() IS
'Refuses a heartbeat whose sent_at is more than a day from received_at (23514, as a CHECK '
'would, with the two times), and rings the bell for one in state error or failed.';

CREATE OR REPLACE TRIGGER _100_admit
BEFORE INSERT ON health.agent_heartbeats
FOR EACH ROW
EXECUTE FUNCTION health_internal.tg_agent_heartbeats__admit();

CREATE OR REPLACE FUNCTION health_internal.tg_ingest_heartbeats__admit()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    v_agent_ids text [];
    v_troubled text [];
    v_foreign text;
BEGIN
    SELECT
        array_agg(arrived.agent_id::text),
        array_agg(arrived.agent_id::text) FILTER (WHERE arrived.is_troubled)
    INTO v_agent_ids, v_troubled
    FROM (
        SELECT
            new_rows.agent_id,
            bool_or(new_rows.state IN ('error', 'failed')) AS is_troubled
        FROM new_rows
        GROUP BY new_rows.agent_id
    ) AS arrived;
    -- Each agent of the statement once, by the key: a join would read all agents of the login. The
    -- owner and superusers may copy anything, as when a dump is restored.
    IF NOT pg_has_role(current_user, 'health_owner', 'USAGE') AND cardinality(v_agent_ids) > (
        SELECT count(*)
        FROM health.agent_logins AS logins
        WHERE logins.login_name = current_user AND logins.agent_id = ANY (v_agent_ids)
    ) THEN
        SELECT min(arrived.agent_id)
        INTO v_foreign
        FROM unnest(v_agent_ids) AS arrived (agent_id)
        WHERE NOT EXISTS (
            SELECT FROM health.agent_logins AS logins
            WHERE logins.login_name = current_user AND logins.agent_id = arrived.agent_id
        );
        RAISE EXCEPTION 'gateway "%" may not write for agent "%"', current_user, v_foreign
            USING ERRCODE = 'AG005',
                HINT = 'An administrator adds the pair to health.agent_logins.';
    END IF;
    IF v_troubled IS NOT NULL THEN
        PERFORM health_internal.ring_for(v_troubled);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_ingest_heartbeats__admit() IS
'Holds a gateway to the agents that agent_logins gives it (AG005 for another), and rings the bell for '
'those in state error or failed.';

CREATE OR REPLACE TRIGGER _100_admit
AFTER INSERT ON health.ingest_heartbeats
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_ingest_heartbeats__admit();

COMMIT;
