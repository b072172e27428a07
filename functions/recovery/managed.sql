-- Whom a bridge can restart. That nobody can is known before anybody waits for it, and is told with the
-- trouble itself. Entry point: health.announce_agents.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.announce_agents(
    p_worker text,
    p_agent_ids text [],
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_worker IS NULL OR NOT starts_with(p_worker, 'bridge:') THEN
        RAISE EXCEPTION 'worker "%" is no bridge', coalesce(p_worker, 'NULL')
            USING ERRCODE = 'AG006',
                HINT = 'Bridges are called bridge:NAME, for example bridge:main.';
    END IF;
    INSERT INTO health_internal.bridges AS known (worker, agent_ids, announced_at)
    VALUES (
        p_worker,
        ARRAY(
            SELECT DISTINCT given.agent_id
            FROM unnest(p_agent_ids) AS given (agent_id)
            WHERE given.agent_id IS NOT NULL
            ORDER BY given.agent_id
        ),
        p_now
    )
    ON CONFLICT (worker) DO UPDATE SET
        agent_ids = excluded.agent_ids,
        announced_at = excluded.announced_at
    WHERE known.agent_ids <> excluded.agent_ids;
END;
$$;
COMMENT ON FUNCTION health.announce_agents(text, text [], timestamptz) IS
'A bridge says which agents it manages, in place of what it said before; at its start, and when it has been '
'without the database. Raises AG006 where p_worker is not called bridge:NAME.';

CREATE OR REPLACE FUNCTION health_internal.unmanaged_agents(p_agent_ids text [], p_now timestamptz)
RETURNS text []
LANGUAGE sql
STABLE
AS $$
    WITH heard AS (
        SELECT status.agent_id AS worker
        FROM health.agent_status AS status
        WHERE status.agent_id >= 'bridge:'
            AND status.agent_id < 'bridge;'
            AND status.last_heartbeat_at > p_now - interval '1 day'
        UNION
        SELECT announced.worker
        FROM health_internal.bridges AS announced
        WHERE announced.announced_at > p_now - interval '1 day'
    ),

    bridges AS MATERIALIZED (
        SELECT heard.worker, announced.agent_ids
        FROM heard
        LEFT JOIN health_internal.bridges AS announced ON heard.worker = announced.worker
    )

    SELECT coalesce(array_agg(given.agent_id), '{}')
    FROM unnest(p_agent_ids) AS given (agent_id)
    WHERE EXISTS (SELECT FROM bridges)
        -- One that has not said whom it manages may manage anybody.
        AND NOT EXISTS (SELECT FROM bridges WHERE bridges.agent_ids IS NULL)
        AND given.agent_id NOT IN (SELECT unnest(bridges.agent_ids) FROM bridges);
$$;
COMMENT ON FUNCTION health_internal.unmanaged_agents(text [], timestamptz) IS
'Which of these agents no bridge manages, as far as bridges heard of within a day said; none where that is '
'not known. A bridge that is away for a while still manages its own.';

CREATE OR REPLACE FUNCTION health_internal.tell_of_unmanaged(
    p_now timestamptz,
    p_agent_ids text []
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_agent_ids text [];
BEGIN
    IF p_agent_ids = '{}' THEN
        RETURN;
    END IF;
    -- It stays in the queue for whoever claims it, but is no second message when nobody did. Where nobody
    -- is told of the trouble, there is nothing to add.
    WITH told AS (
        UPDATE health.recovery_actions AS actions
        SET told_at = p_now
        WHERE actions.agent_id = ANY (health_internal.unmanaged_agents(p_agent_ids, p_now))
            AND actions.finished_at IS NULL
            AND actions.state = 'pending'
            AND actions.requested_by = 'engine'
            AND actions.told_at IS NULL
            AND actions.action NOT IN ('terminate_sessions', 'verify', 'escalate')
            AND EXISTS (
                SELECT FROM health.incidents
                WHERE incidents.agent_id = actions.agent_id AND incidents.resolved_at IS NULL
            )
        RETURNING actions.agent_id
    )

    SELECT array_agg(told.agent_id)
    INTO v_agent_ids
    FROM told;
    IF v_agent_ids IS NOT NULL THEN
        PERFORM health_internal.open_recovery_failed(
            p_now, v_agent_ids, 'no bridge manages it', p_is_news => false
        );
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.tell_of_unmanaged(timestamptz, text []) IS
'Opens the alert recovery_failed with the trouble itself for those of these agents whose pending recovery '
'no bridge can carry out.';

GRANT EXECUTE ON FUNCTION health.announce_agents(text, text [], timestamptz) TO health_bridge;

COMMIT;
