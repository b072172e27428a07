-- Pings by HTTP: who may be spoken for by which address, and what a ping tells. Entry point of the
-- gateway: health.record_pings.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.create_ping_url(
    p_agent_id text,
    p_slug text DEFAULT NULL,
    p_ping_id uuid DEFAULT NULL,
    p_by text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ping_id uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM health.agents WHERE agents.agent_id = p_agent_id) THEN
        RAISE EXCEPTION 'agent "%" is not registered', coalesce(p_agent_id, 'NULL')
            USING ERRCODE = 'AG001',
                HINT = 'Call health.register_agent first, for a job also health.set_schedule.';
    END IF;
    INSERT INTO health.ping_urls (ping_id, agent_id, slug, created_at, created_by)
    VALUES (
        coalesce(p_ping_id, gen_random_uuid()), p_agent_id, p_slug, p_now,
        coalesce(p_by, session_user)
    )
    RETURNING ping_urls.ping_id INTO v_ping_id;
    RETURN v_ping_id;
END;
$$;
COMMENT ON FUNCTION health.create_ping_url(text, text, uuid, text, timestamptz) IS
'Makes an address under which the agent beats by HTTP; returns its secret part: /ping/<uuid>. An agent '
'may have several. p_slug: a name for it, a-z, 0-9, - and _, one of its kind among those in use (else '
'23505). p_ping_id: one that callers know already; NULL: a random one. Raises AG001 for an unregistered agent.';

CREATE OR REPLACE FUNCTION health.revoke_ping_url(
    p_ping_id uuid,
    p_by text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE health.ping_urls
    SET revoked_at = p_now, revoked_by = coalesce(p_by, session_user)
    WHERE ping_urls.ping_id = p_ping_id AND ping_urls.revoked_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no ping URL % in use', coalesce(p_ping_id::text, 'NULL')
            USING ERRCODE = 'GW003',
                HINT = 'SELECT * FROM health.ping_urls WHERE revoked_at IS NULL lists them.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health.revoke_ping_url(uuid, text, timestamptz) IS
'From now on pings to this address are answered 404; its slug is free again. Raises GW003 where it does '
'not exist or has been revoked.';

CREATE OR REPLACE FUNCTION health.record_pings(p_pings json)
RETURNS text []
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
SET lock_timeout = '4s'
AS $$
DECLARE
    v_outcomes text [];
BEGIN
    -- Once in the life of a URL, and before the pings of the same batch are read.
    UPDATE health.ping_urls AS urls
    SET tells_runs = true
    FROM json_to_recordset(p_pings) AS given (ping_id uuid, slug text, signal text)
    WHERE given.signal IS NOT NULL
        AND (urls.ping_id = given.ping_id OR urls.slug = given.slug)
        AND urls.revoked_at IS NULL
        AND NOT urls.tells_runs;

    WITH given AS MATERIALIZED (
        SELECT
            row_number() OVER () AS ping_number,
            pings.*
        FROM json_to_recordset(p_pings) AS pings (
            ping_id uuid, slug text, signal text, run_id text, attributes jsonb
        )
    ),

    known AS MATERIALIZED (
        SELECT
            given.ping_number,
            given.run_id,
            given.attributes,
            agents.agent_id,
            coalesce(
                given.signal,
                CASE
                    WHEN coalesce(by_id.tells_runs, by_slug.tells_runs)
                        OR agents.schedule IS NOT NULL
                        OR jobs.uses_signals THEN 'success'
                    ELSE 'beat'
                END
            ) AS signal
        FROM given
        LEFT JOIN health.ping_urls AS by_id
            ON given.ping_id = by_id.ping_id AND by_id.revoked_at IS NULL
        LEFT JOIN health.ping_urls AS by_slug
            ON given.slug = by_slug.slug AND by_slug.revoked_at IS NULL
        -- Not of an agent that was deleted: its ping would register it again.
        LEFT JOIN health.agents
            ON coalesce(by_id.agent_id, by_slug.agent_id) = agents.agent_id
        LEFT JOIN health.job_expectations AS jobs ON agents.agent_id = jobs.agent_id
    ),

    recorded AS (
        INSERT INTO health.ingest_heartbeats (agent_id, signal, run_id, attributes)
        SELECT known.agent_id, known.signal, known.run_id, known.attributes
        FROM known
        WHERE known.agent_id IS NOT NULL
        ORDER BY known.ping_number
    )

    SELECT array_agg(
        CASE WHEN known.agent_id IS NULL THEN 'not_found' ELSE 'recorded' END
        ORDER BY known.ping_number
    )
    INTO v_outcomes
    FROM known;
    RETURN coalesce(v_outcomes, '{}');
END;
$$;
COMMENT ON FUNCTION health.record_pings(json) IS
'Records a batch of pings as heartbeats, in one transaction: a JSON array of objects with ping_id or slug, '
'and signal (start, success, fail, log; absent: a plain ping), run_id and attributes, each optional. '
'A plain ping is the success of a run where the agent is a job (it has a schedule, or has told of runs), '
'else a beat. Returns for each ping, in order, recorded or not_found. A value that '
'breaks a rule of agent_heartbeats refuses the whole batch with that rule''s name. Waits 4 s for a lock at '
'most, so that a gateway that lost patience leaves no session behind.';

GRANT EXECUTE ON FUNCTION
health.create_ping_url(text, text, uuid, text, timestamptz),
health.revoke_ping_url(uuid, text, timestamptz)
TO health_admin;
GRANT EXECUTE ON FUNCTION health.record_pings(json) TO health_gateway;

COMMIT;
