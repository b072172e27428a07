-- Attached sessions between two ticks: whose lock is gone, when a suspicion ends, and so when somebody
-- should tick. A tick of its own follows each of the two, so that neither waits for the period to pass.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.held_sessions()
RETURNS TABLE (pid integer, agent_number bigint)
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        locks.pid,
        (locks.classid::bigint << 32) | locks.objid::bigint AS agent_number
    FROM pg_locks AS locks
    WHERE locks.locktype = 'advisory'
        AND locks.objsubid = 1
        AND locks.mode = 'ExclusiveLock'
        AND locks.granted
        AND locks.database = (
            SELECT pg_database.oid FROM pg_database
            WHERE pg_database.datname = current_database()
        );
END;
COMMENT ON FUNCTION health_internal.held_sessions() IS
'The exclusive session locks held in this database: the holder''s pid and the key, which for an attached '
'agent is its number.';

CREATE OR REPLACE FUNCTION health_internal.next_suspicion_at(p_now timestamptz)
RETURNS timestamptz
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT least(
        (
            -- Gone, and no tick has seen it. Who attached again or said goodbye is in no hurry.
            SELECT p_now
            FROM health.agent_sessions AS sessions
            INNER JOIN health.agent_status AS status ON sessions.agent_id = status.agent_id
            WHERE sessions.lost_at IS NULL
                AND status.session_lost_at IS NULL
                AND status.last_heartbeat_at IS NOT NULL
                AND status.state NOT IN ('stopping', 'stopped')
                AND status.liveness <> 'unresponsive'
                AND sessions.agent_number NOT IN (
                    SELECT held.agent_number FROM health_internal.held_sessions() AS held
                )
            LIMIT 1
        ),
        (
            -- Suspected. What the last tick has looked at when it was due is not asked about again.
            SELECT min(status.next_due_at)
            FROM health.agent_sessions AS sessions
            INNER JOIN health.agent_status AS status ON sessions.agent_id = status.agent_id
            CROSS JOIN health_internal.engine
            WHERE sessions.lost_reason = 'session_lost'
                AND sessions.lost_at > p_now - interval '1 minute'
                AND status.session_lost_at IS NOT NULL
                AND status.liveness = 'late'
                AND status.next_due_at > engine.last_now
        )
    );
END;
COMMENT ON FUNCTION health_internal.next_suspicion_at(timestamptz) IS
'When a tick can say more about lost sessions: p_now where one is gone that no tick has seen, else when '
'the first suspicion of the last minute ends; NULL: neither.';

CREATE OR REPLACE FUNCTION health_internal.has_cron_ticked(p_now timestamptz)
RETURNS boolean
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(
        p_now - engine.last_cron_tick_at
        <= greatest(interval '10 seconds', 3 * settings.tick_period),
        false
    )
    FROM health_internal.engine
    CROSS JOIN health.settings;
END;
COMMENT ON FUNCTION health_internal.has_cron_ticked(timestamptz) IS
'Whether pg_cron is at work: it called the engine within 10 s or three periods.';

CREATE OR REPLACE FUNCTION health.seconds_until_tick(
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS double precision
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT date_part('epoch', least(
        -- A period from the beginning of the last tick, whoever made it: counted from its end, a tick
        -- of half a second would make a period of 1 s one of 1.5 s. But the machine has a rest.
        coalesce(
            greatest(
                engine.last_tick_at + ticker.period,
                ticker.ended_at + 0.25 * settings.tick_period,
                engine.last_error_at + 0.25 * settings.tick_period
            ),
            p_now
        ),
        p_now + ticker.period, -- the clock was set back
        -- Between two of them, with a shorter rest.
        CASE
            WHEN suspicion.ends_at IS NOT NULL THEN greatest(
                suspicion.ends_at,
                ticker.ended_at + greatest(0.25 * ticker.took, interval '50 milliseconds')
            )
        END,
        CASE
            WHEN EXISTS (
                SELECT FROM health.agent_sessions AS sessions WHERE sessions.lost_at IS NULL
            )
                THEN p_now + 0.25 * settings.tick_period
        END
    ) - p_now)
    FROM health_internal.engine
    CROSS JOIN health.settings
    CROSS JOIN LATERAL health_internal.next_suspicion_at(p_now) AS suspicion (ends_at)
    CROSS JOIN LATERAL (
        SELECT
            lengths.took,
            engine.last_tick_at + lengths.took AS ended_at,
            settings.tick_period
            * CASE WHEN health_internal.has_cron_ticked(p_now) THEN 3 ELSE 1 END AS period
        FROM (
            SELECT make_interval(
                secs => (
                    coalesce(engine.last_tick_ms, 0) + coalesce(engine.last_act_ms, 0)
                ) / 1000
            ) AS took
        ) AS lengths
    ) AS ticker;
END;
COMMENT ON FUNCTION health.seconds_until_tick(timestamptz) IS
'After how many seconds whoever ticks should ask again; 0 or less: it should tick now. A period after '
'the last tick began (three where pg_cron ticks), and between two when an attached session is lost or the '
'suspicion that follows ends; a quarter of a period at most while sessions are attached.';

GRANT EXECUTE ON FUNCTION health_internal.has_cron_ticked(timestamptz),
health.seconds_until_tick(timestamptz) TO health_bridge, health_admin, health_analyst;

COMMIT;
