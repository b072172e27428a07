-- Who flaps: too often in trouble and out of it to be told each time.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.watch_flapping(
    p_now timestamptz,
    p_incident_ids bigint []
)
RETURNS bigint []
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_further bigint [];
BEGIN
    WITH watched AS MATERIALIZED (
        -- Few changes make no flapping: who is not known for any is not reckoned with.
        SELECT incidents.agent_id
        FROM unnest(p_incident_ids) AS given (incident_id)
        INNER JOIN health.incidents ON given.incident_id = incidents.incident_id
        INNER JOIN health.agent_status AS status ON incidents.agent_id = status.agent_id
        WHERE status.bad_evaluations & (status.bad_evaluations >> 1) <> status.bad_evaluations >> 1
            OR EXISTS (
                SELECT FROM health.incidents AS earlier
                WHERE earlier.agent_id = incidents.agent_id AND earlier.resolved_at IS NOT NULL
            )
        UNION
        SELECT flapping.agent_id FROM health_internal.flapping_agents AS flapping
    ),

    -- Silence is no change: an agent that fell silent while flapping settles as time goes by.
    paced AS (
        SELECT
            watched.agent_id,
            pace.seconds,
            ((status.bad_evaluations # (status.bad_evaluations >> 1)) & 1048575)::bigint
            << least(20, greatest(0, floor(
                date_part('epoch', p_now - status.last_heartbeat_at) / pace.seconds
            )))::integer AS evaluation_ring
        FROM watched
        INNER JOIN health.agent_status AS status ON watched.agent_id = status.agent_id
        CROSS JOIN LATERAL (
            SELECT greatest(0.1, coalesce(
                status.learnt_interval_seconds, status.expected_interval_seconds, 30
            )) AS seconds
        ) AS pace
    ),

    -- Trouble that begins and ends is a change too, whatever the score does.
    changes AS (
        SELECT
            paced.agent_id,
            bit_or(1 << round(
                date_part('epoch', p_now - changed.changed_at) / paced.seconds
            )::integer) AS incident_ring
        FROM paced
        INNER JOIN health.incidents
            ON paced.agent_id = incidents.agent_id
            AND coalesce(incidents.resolved_at, p_now)
            > p_now - make_interval(secs => 19.5 * paced.seconds)
        CROSS JOIN LATERAL (
            VALUES (incidents.detected_at), (incidents.resolved_at)
        ) AS changed (changed_at)
        WHERE changed.changed_at > p_now - make_interval(secs => 19.5 * paced.seconds)
            AND changed.changed_at <= p_now
        GROUP BY paced.agent_id
    ),

    shares AS (
        SELECT
            paced.agent_id,
            greatest(
                health_internal.flapping_percent((paced.evaluation_ring & 1048575)::integer),
                health_internal.flapping_percent(coalesce(changes.incident_ring, 0))
            ) AS percent
        FROM paced
        LEFT JOIN changes ON paced.agent_id = changes.agent_id
    ),

    settled AS (
        DELETE FROM health_internal.flapping_agents AS flapping
        USING shares, health.settings
        WHERE flapping.agent_id = shares.agent_id AND shares.percent <= settings.flapping_until
        RETURNING flapping.agent_id
    ),

    entered AS (
        INSERT INTO health_internal.flapping_agents (agent_id, since)
        SELECT shares.agent_id, p_now
        FROM shares
        CROSS JOIN health.settings
        WHERE shares.percent > settings.flapping_above
        ON CONFLICT (agent_id) DO NOTHING
    )

    SELECT coalesce(array_agg(incidents.incident_id), '{}')
    INTO v_further
    FROM settled
    INNER JOIN health.incidents
        ON settled.agent_id = incidents.agent_id AND NOT incidents.is_settled
    WHERE NOT EXISTS (
        SELECT FROM unnest(p_incident_ids) AS given (incident_id)
        WHERE given.incident_id = incidents.incident_id
    );
    RETURN v_further;
END;
$$;
COMMENT ON FUNCTION health_internal.watch_flapping(timestamptz, bigint []) IS
'Keeps flapping_agents: who enters above settings.flapping_above and leaves at flapping_until, by the '
'higher of two percentages: of bad and good evaluations, and of incidents beginning and ending, one '
'step per interval of the agent. Returns further incidents to decide about: of those who left.';

COMMIT;
