-- database_connectivity: an agent's own database sessions that idle in a transaction or keep others
-- waiting. watch_stuck_sessions finds them each tick, terminate_stuck_sessions ends them. Whose a
-- session is decides the login it came with, never a name it gave itself.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.find_stuck_sessions()
RETURNS TABLE (
    pid integer,
    backend_start timestamptz,
    agent_id text,
    login_name name,
    problem text,
    stuck_since timestamptz,
    waiting_count integer
)
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
BEGIN
    -- One look at the sessions; most ticks end here.
    IF NOT EXISTS (
        SELECT FROM pg_stat_activity AS activity
        WHERE activity.state IN ('idle in transaction', 'idle in transaction (aborted)')
            OR activity.wait_event_type = 'Lock'
    ) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH sessions AS MATERIALIZED (
        SELECT
            activity.pid,
            activity.backend_start,
            activity.usename,
            activity.application_name,
            activity.backend_type,
            activity.state,
            activity.state_change
        FROM pg_stat_activity AS activity
        WHERE activity.state IS NOT NULL
    ),

    waits AS MATERIALIZED (
        SELECT
            locks.pid,
            min(locks.waitstart) AS since
        FROM pg_locks AS locks
        WHERE NOT locks.granted
        GROUP BY locks.pid
    ),

    -- pg_blocking_pids is asked for those only that wait. Who waits himself is no cause, but next in
    -- the queue.
    blockers AS MATERIALIZED (
        SELECT
            blocking.pid,
            count(DISTINCT waits.pid)::integer AS waiting_count,
            min(waits.since) AS waiting_since
        FROM waits
        CROSS JOIN LATERAL unnest(pg_blocking_pids(waits.pid)) AS blocking (pid)
        WHERE NOT EXISTS (SELECT FROM waits AS own WHERE own.pid = blocking.pid)
        GROUP BY blocking.pid
    ),

    owned AS (
        SELECT
            sessions.pid,
            sessions.backend_start,
            sessions.usename,
            sessions.state,
            sessions.state_change,
            coalesce(
                (
                    SELECT attached.agent_id::text
                    FROM health.agent_sessions AS attached
                    WHERE attached.lost_at IS NULL
                        AND attached.pid = sessions.pid
                        AND attached.attached_at >= sessions.backend_start
                    ORDER BY attached.session_id DESC
                    LIMIT 1
                ),
                -- A login of one agent is that agent's. Of a login for several the session must say
                -- which one it is; what it says counts among these only.
                (
                    SELECT CASE
                        WHEN count(*) = 1 THEN min(logins.agent_id)
                        ELSE min(logins.agent_id) FILTER (
                            WHERE sessions.application_name = left('hha:' || logins.agent_id, 63)
                        )
                    END
                    FROM health.agent_logins AS logins
                    WHERE logins.login_name = sessions.usename
                )
            ) AS agent_id
        FROM sessions
        WHERE sessions.backend_type = 'client backend'
            AND sessions.pid <> pg_backend_pid()
    )

    SELECT
        owned.pid,
        owned.backend_start,
        owned.agent_id,
        owned.usename,
        CASE
            WHEN blockers.waiting_since
                <= clock_timestamp() - make_interval(secs => policies.stuck_blocking_seconds)
                THEN 'blocks_others'
            ELSE 'idle_in_transaction'
        END,
        CASE
            WHEN blockers.waiting_since
                <= clock_timestamp() - make_interval(secs => policies.stuck_blocking_seconds)
                THEN blockers.waiting_since
            ELSE owned.state_change
        END,
        coalesce(blockers.waiting_count, 0)
    FROM owned
    INNER JOIN health.agent_status AS status ON owned.agent_id = status.agent_id
    INNER JOIN health.current_policies AS policies ON status.policy_class = policies.policy_class
    LEFT JOIN blockers ON owned.pid = blockers.pid
    WHERE blockers.waiting_since
        <= clock_timestamp() - make_interval(secs => policies.stuck_blocking_seconds)
        OR (
            owned.state IN ('idle in transaction', 'idle in transaction (aborted)')
            AND owned.state_change
            <= clock_timestamp() - make_interval(secs => policies.stuck_idle_seconds)
        );
END;
$$;
COMMENT ON FUNCTION health_internal.find_stuck_sessions() IS
'Sessions of agents that idle in a transaction longer than the policy''s stuck_idle_seconds, or for '
'whose locks others wait longer than stuck_blocking_seconds, by the server''s clock. A session is an '
'agent''s when it is attached, or came with a login of agent_logins: one of that agent alone, or of '
'several where its application_name is hha:<agent_id>. Needs pg_read_all_stats to see anything.';

CREATE OR REPLACE FUNCTION health_internal.watch_stuck_sessions(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_count bigint;
BEGIN
    WITH found AS MATERIALIZED (
        SELECT stuck.* FROM health_internal.find_stuck_sessions() AS stuck
    ),

    gone AS (
        DELETE FROM health.stuck_sessions AS sessions
        WHERE NOT EXISTS (
            SELECT FROM found
            WHERE found.pid = sessions.pid AND found.backend_start = sessions.backend_start
        )
    ),

    noted AS (
        INSERT INTO health.stuck_sessions AS sessions (
            pid, backend_start, agent_id, login_name, problem, stuck_since, waiting_count, found_at
        )
        SELECT
            found.pid, found.backend_start, found.agent_id, found.login_name, found.problem,
            found.stuck_since, found.waiting_count, p_now
        FROM found
        ON CONFLICT (pid, backend_start) DO UPDATE
        SET
            problem = excluded.problem,
            stuck_since = excluded.stuck_since,
            waiting_count = excluded.waiting_count
        WHERE sessions.waiting_count <> excluded.waiting_count
            OR sessions.problem <> excluded.problem
    )

    SELECT count(*)
    INTO v_count
    FROM found;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.watch_stuck_sessions(timestamptz) IS
'Makes stuck_sessions agree with what is stuck at present; returns how many are.';

CREATE OR REPLACE FUNCTION health_internal.terminate_stuck_sessions(
    p_now timestamptz,
    p_agent_id text
)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_session record;
    v_is_superuser boolean;
    v_ended integer [] := ARRAY[]::integer [];
    v_problems text [] := ARRAY[]::text [];
BEGIN
    -- One after the other: each may be refused for itself.
    FOR v_session IN
        SELECT stuck.* FROM health_internal.find_stuck_sessions() AS stuck
        WHERE stuck.agent_id = p_agent_id
    LOOP
        SELECT roles.rolsuper INTO v_is_superuser
        FROM pg_roles AS roles
        WHERE roles.rolname = v_session.login_name;
        BEGIN
            IF v_is_superuser THEN
                v_problems := v_problems || format(
                    'pid %s is a session of the superuser "%s", which the monitor may not end',
                    v_session.pid, v_session.login_name
                );
            -- Asked again with the signal: the pid may be another session's by now.
            ELSIF (
                SELECT pg_terminate_backend(activity.pid)
                FROM pg_stat_activity AS activity
                WHERE activity.pid = v_session.pid
                    AND activity.backend_start = v_session.backend_start
            ) THEN
                v_ended := v_ended || v_session.pid;
                -- Its end is our doing, no sign of the agent's death: heartbeats tell.
                UPDATE health.agent_sessions AS attached
                SET lost_at = p_now, lost_reason = 'ended_by_recovery'
                WHERE attached.pid = v_session.pid AND attached.lost_at IS NULL;
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN
                v_problems := v_problems || format(
                    'pid %s of "%s" could not be ended: health_owner lacks pg_signal_backend',
                    v_session.pid, v_session.login_name
                );
        END;
    END LOOP;
    RETURN jsonb_strip_nulls(jsonb_build_object(
        'ended_pids', to_jsonb(v_ended),
        'reason', nullif(array_to_string(v_problems, '; '), '')
    ));
END;
$$;
COMMENT ON FUNCTION health_internal.terminate_stuck_sessions(timestamptz, text) IS
'Ends the stuck sessions of an agent, and nobody else''s. Returns {"ended_pids": […], "reason": why '
'some could not be ended}: a superuser''s cannot, nor any without pg_signal_backend.';

COMMIT;
