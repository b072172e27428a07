-- Heartbeats: bad news rings the bell at once, clocks a day off are refused, signals of jobs are copied
-- to where the tick finds them, and a gateway is held to its agents. One row trigger where agents INSERT row by row, one statement trigger where gateways COPY
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
    -- One expression for all: an INSERT pays for each expression of a trigger, and several times as
    -- much for a WHEN or a CHECK, which are parsed anew by every statement.
    IF NEW.state IN ('error', 'failed') OR NEW.signal <> 'beat' OR NEW.sent_at NOT BETWEEN
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
        IF NEW.state IN ('error', 'failed') THEN
            PERFORM health_internal.ring_for(ARRAY[NEW.agent_id::text]);
        END IF;
        -- With the rights of who inserts: agents set no received_at here either.
        IF NEW.signal <> 'beat' AND pg_has_role(current_user, 'health_owner', 'USAGE') THEN
            INSERT INTO health_internal.job_signals (
                agent_id, run_id, signal, attributes, received_at
            )
            VALUES (
                NEW.agent_id, coalesce(NEW.run_id, ''), NEW.signal, NEW.attributes, NEW.received_at
            );
        ELSIF NEW.signal <> 'beat' THEN
            INSERT INTO health_internal.job_signals (agent_id, run_id, signal, attributes)
            VALUES (NEW.agent_id, coalesce(NEW.run_id, ''), NEW.signal, NEW.attributes);
        END IF;
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_agent_heartbeats__admit() IS
'Refuses a heartbeat whose sent_at is more than a day from received_at (23514, as a CHECK '
'would, with the two times), rings the bell for one in state error or failed, and copies what tells of '
'a job''s run to job_signals.';

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
    v_has_signals boolean;
    v_is_owner constant boolean := pg_has_role(current_user, 'health_owner', 'USAGE');
BEGIN
    SELECT
        array_agg(arrived.agent_id::text),
        array_agg(arrived.agent_id::text) FILTER (WHERE arrived.is_troubled),
        bool_or(arrived.has_signals)
    INTO v_agent_ids, v_troubled, v_has_signals
    FROM (
        SELECT
            new_rows.agent_id,
            bool_or(new_rows.state IN ('error', 'failed')) AS is_troubled,
            bool_or(new_rows.signal <> 'beat') AS has_signals
        FROM new_rows
        GROUP BY new_rows.agent_id
    ) AS arrived;
    -- Each agent of the statement once, by the key: a join would read all agents of the login. The
    -- owner and superusers may copy anything, as when a dump is restored.
    IF NOT v_is_owner AND cardinality(v_agent_ids) > (
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
    IF v_has_signals AND v_is_owner THEN
        INSERT INTO health_internal.job_signals (agent_id, run_id, signal, attributes, received_at)
        SELECT
            new_rows.agent_id, coalesce(new_rows.run_id, ''), new_rows.signal, new_rows.attributes,
            new_rows.received_at
        FROM new_rows
        WHERE new_rows.signal <> 'beat';
    ELSIF v_has_signals THEN
        INSERT INTO health_internal.job_signals (agent_id, run_id, signal, attributes)
        SELECT
            new_rows.agent_id, coalesce(new_rows.run_id, ''), new_rows.signal, new_rows.attributes
        FROM new_rows
        WHERE new_rows.signal <> 'beat';
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_ingest_heartbeats__admit() IS
'Holds a gateway to the agents that agent_logins gives it (AG005 for another), rings the bell for those '
'in state error or failed, and copies what tells of a job''s run to job_signals.';

CREATE OR REPLACE TRIGGER _100_admit
AFTER INSERT ON health.ingest_heartbeats
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT
EXECUTE FUNCTION health_internal.tg_ingest_heartbeats__admit();

COMMIT;
