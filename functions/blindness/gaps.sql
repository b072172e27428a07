-- The monitor's own blindness: when it began and ended, and how much of a silence is the monitor's.
-- A gap (monitor_gaps) is blind from started_at to ended_at; until settled_at nobody who was silent in it
-- and has not been heard since is accused. Afterwards deadlines are credited with it, unless it was a silence of the fleet: then who
-- is still silent is accused, and one incident speaks for all.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.blind_seconds(
    p_from timestamptz,
    p_until timestamptz
)
RETURNS double precision
LANGUAGE sql
STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(sum(date_part('epoch', upper(blind.times) - lower(blind.times))), 0)
    FROM (
        -- Gaps that overlap count each second once.
        SELECT
            unnest(range_agg(tstzrange(
                greatest(gaps.started_at, p_from),
                CASE
                    WHEN gaps.settled_at > p_until THEN p_until
                    ELSE least(gaps.ended_at, p_until)
                END
            ))) AS times
        FROM health.monitor_gaps AS gaps
        WHERE CASE WHEN gaps.settled_at > p_until THEN p_until ELSE gaps.ended_at END > p_from
            AND gaps.started_at < p_until
            AND (gaps.reason <> 'fleet_silent' OR gaps.settled_at > p_until)
    ) AS blind;
END;
COMMENT ON FUNCTION health_internal.blind_seconds(timestamptz, timestamptz) IS
'Seconds of a silence that are the monitor''s own: of gaps it reaches into (but a silence of the fleet), '
'and all since the beginning of one that has not settled at p_until. A silence that began after a gap is '
'not credited with it.';

CREATE OR REPLACE FUNCTION health_internal.recent_blindness()
RETURNS health_internal.blindness
LANGUAGE sql
STABLE
BEGIN ATOMIC
    -- Gaps until they settle, those that overlap as one: the latest, and where the one before ends.
    SELECT
        (
            coalesce(lower(latest.times), '-infinity'),
            coalesce(
                (
                    SELECT max(gaps.ended_at)
                    FROM health.monitor_gaps AS gaps
                    WHERE gaps.started_at >= lower(latest.times)
                        AND gaps.reason <> 'fleet_silent'
                ),
                lower(latest.times),
                '-infinity'
            ),
            coalesce(upper(latest.times), '-infinity'),
            coalesce(upper(latest.before), '-infinity'),
            -- Where the fleet is silent nobody knows what a beat of one of them proves; but where it fell
            -- silent in another gap that gap is the reason, and who beats after it is heard.
            coalesce(
                (
                    SELECT max(CASE gaps.reason
                        WHEN 'fleet_silent' THEN gaps.settled_at
                        ELSE gaps.ended_at
                    END)
                    FROM health.monitor_gaps AS gaps
                    WHERE gaps.started_at >= lower(latest.times)
                        AND NOT (
                            gaps.reason = 'fleet_silent'
                            AND EXISTS (
                                SELECT FROM health.monitor_gaps AS reasons
                                WHERE reasons.reason <> 'fleet_silent'
                                    AND reasons.started_at <= gaps.started_at
                                    AND reasons.ended_at >= gaps.started_at
                            )
                        )
                ),
                '-infinity'
            )
        )::health_internal.blindness
    FROM (
        SELECT
            (array_agg(merged.times ORDER BY merged.times DESC))[1] AS times,
            (array_agg(merged.times ORDER BY merged.times DESC))[2] AS before
        FROM (
            SELECT unnest(range_agg(tstzrange(gaps.started_at, gaps.settled_at))) AS times
            FROM (
                SELECT
                    recent.started_at,
                    recent.settled_at
                FROM health.monitor_gaps AS recent
                ORDER BY recent.settled_at DESC
                LIMIT 100
            ) AS gaps
        ) AS merged
    ) AS latest;
END;
COMMENT ON FUNCTION health_internal.recent_blindness() IS
'The monitor''s latest time of blindness, for many agents to be compared with.';

CREATE OR REPLACE FUNCTION health_internal.recent_blind_seconds(
    p_from timestamptz,
    p_until timestamptz,
    p_blindness health_internal.blindness
)
RETURNS double precision
LANGUAGE sql
STABLE PARALLEL SAFE
RETURN CASE
    WHEN p_from >= (p_blindness).heard_from THEN 0
    WHEN p_from < (p_blindness).before_at THEN health_internal.blind_seconds(p_from, p_until)
    ELSE greatest(0, date_part(
        'epoch',
        CASE
            WHEN p_until < (p_blindness).settled_at THEN p_until
            ELSE (p_blindness).ended_at
        END - greatest(p_from, (p_blindness).from_at)
    ))
END;
COMMENT ON FUNCTION health_internal.recent_blind_seconds(
    timestamptz, timestamptz, health_internal.blindness
) IS
'blind_seconds for a silence that seldom reaches back beyond the latest blindness.';

CREATE OR REPLACE FUNCTION health_internal.accused_at(
    p_last_at timestamptz,
    p_after_seconds double precision,
    p_blindness health_internal.blindness
)
RETURNS timestamptz
LANGUAGE sql
STABLE PARALLEL SAFE
RETURN CASE
    WHEN p_last_at >= (p_blindness).heard_from
        OR p_last_at + make_interval(secs => p_after_seconds) <= (p_blindness).from_at
        THEN p_last_at + make_interval(secs => p_after_seconds)
    ELSE greatest(
        (p_blindness).settled_at,
        p_last_at + make_interval(
            secs => p_after_seconds
            + health_internal.recent_blind_seconds(p_last_at, 'infinity', p_blindness)
        )
    )
END;
COMMENT ON FUNCTION health_internal.accused_at(
    timestamptz, double precision, health_internal.blindness
) IS
'When a silence since p_last_at is held against an agent that may be silent for p_after_seconds: not '
'before a blindness it reaches into has settled, and later by what is the monitor''s own of it.';

CREATE OR REPLACE FUNCTION health_internal.unheard_agents(
    p_agent_ids text [],
    p_now timestamptz
)
RETURNS TABLE (agent_id text, reason text)
LANGUAGE sql
STABLE
AS $$
    SELECT
        status.agent_id,
        format(
            'not heard since the monitor was blind (%s); awaited until %s',
            string_agg(unsettled.reason, ', ' ORDER BY unsettled.gap_id), max(unsettled.settled_at)
        )
    FROM (
        SELECT
            gaps.gap_id,
            gaps.reason,
            gaps.settled_at,
            -- While only the engine stood still beats were stored, and of a silent fleet some beat on.
            CASE gaps.reason
                WHEN 'server_restarted' THEN coalesce(
                    (gaps.details ->> 'server_started_at')::timestamptz, gaps.ended_at
                )
                ELSE gaps.started_at
            END AS heard_from
        FROM health.monitor_gaps AS gaps
        WHERE gaps.settled_at > p_now
    ) AS unsettled
    INNER JOIN health.agent_status AS status
        ON status.agent_id = ANY (p_agent_ids)
        -- That a session ended since is news of the agent too.
        AND greatest(status.last_heartbeat_at, status.session_lost_at) < unsettled.heard_from
    GROUP BY status.agent_id;
$$;
COMMENT ON FUNCTION health_internal.unheard_agents(text [], timestamptz) IS
'Which of these agents have not been heard since a monitor gap began (a restart: since the server is back) '
'that has not settled, and why in words: what was known of them before may be over.';

CREATE OR REPLACE FUNCTION health_internal.note_gap(
    p_now timestamptz,
    p_engine health_internal.engine,
    p_server_started_at timestamptz
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_has_restarted constant boolean :=
        (p_engine.server_started_at <> p_server_started_at) IS TRUE;
    v_settings health.settings;
BEGIN
    SELECT settings.* INTO STRICT v_settings FROM health.settings;
    IF p_now > p_engine.last_now AND (
        v_has_restarted
        OR p_now - p_engine.last_now
        > greatest(v_settings.monitor_gap_after, 5 * v_settings.tick_period)
    ) THEN
        INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details)
        VALUES (
            CASE WHEN v_has_restarted THEN 'server_restarted' ELSE 'engine_stopped' END,
            p_engine.last_now,
            p_now,
            p_now + v_settings.monitor_settle_time,
            jsonb_build_object(
                'last_tick_id', p_engine.tick_id, 'server_started_at', p_server_started_at
            )
        );
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.note_gap(
    timestamptz, health_internal.engine, timestamptz
) IS
'Notes a monitor gap since the last tick, as p_engine remembers it: the server was started anew since '
'(server_restarted), or it is longer ago than settings.monitor_gap_after and five periods '
'(engine_stopped).';

COMMIT;
