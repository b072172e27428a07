-- What is muted of what has not left: the question that withdrawing and claiming ask.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.is_waiting(
    p_delivery health.deliveries,
    p_now timestamptz
)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (p_delivery).state = 'pending'
OR ((p_delivery).state = 'claimed' AND (p_delivery).lease_until < p_now);
COMMENT ON FUNCTION health_internal.is_waiting(health.deliveries, timestamptz) IS
'Whether a message has not left: pending, or claimed under a lease that ran out.';

CREATE OR REPLACE FUNCTION health_internal.due_at(p_delivery health.deliveries)
RETURNS timestamptz
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN (p_delivery).state = 'claimed' THEN (p_delivery).lease_until
    ELSE (p_delivery).not_before
END;
COMMENT ON FUNCTION health_internal.due_at(health.deliveries) IS
'When an open message may be claimed: as queued or put off, or when the lease it is held under runs out. '
'deliveries_open_idx is by it.';

CREATE OR REPLACE FUNCTION health_internal.muted_incidents(
    p_now timestamptz,
    p_incident_ids bigint []
)
RETURNS health_internal.mute []
LANGUAGE sql
STABLE
AS $$
    SELECT coalesce(array_agg(
        ROW(
            facts.incident_id,
            mutes.reason_code,
            facts.reasons ->> mutes.reason_code,
            facts.is_over,
            facts.mute_ends_at
        )::health_internal.mute
    ), '{}')
    FROM health_internal.incident_facts(p_now, p_incident_ids) AS facts
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN facts.is_in_maintenance THEN 'maintenance'
            WHEN facts.is_silenced THEN 'silenced'
            WHEN facts.is_acknowledged THEN 'acknowledged'
        END AS reason_code
    ) AS mutes
    WHERE mutes.reason_code IS NOT NULL;
$$;
COMMENT ON FUNCTION health_internal.muted_incidents(timestamptz, bigint []) IS
'Those of the given incidents that maintenance, a silence or an acknowledgement keeps quiet at p_now.';

CREATE OR REPLACE FUNCTION health_internal.has_mutes(p_now timestamptz)
RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    RETURN EXISTS (
            SELECT FROM health.silences
            WHERE silences.ends_at > p_now AND silences.starts_at <= p_now
        )
        OR EXISTS (
            SELECT FROM health.maintenance_periods AS periods WHERE periods.ended_at IS NULL
        )
        OR EXISTS (
            SELECT FROM health.incidents
            WHERE NOT incidents.is_settled AND incidents.is_acknowledged
        );
END;
$$;
COMMENT ON FUNCTION health_internal.has_mutes(timestamptz) IS
'Whether anything at all is silenced, in maintenance or acknowledged at p_now.';

CREATE OR REPLACE FUNCTION health_internal.muted_deliveries(
    p_now timestamptz,
    p_delivery_ids bigint []
)
RETURNS bigint []
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    IF NOT health_internal.has_mutes(p_now) THEN
        RETURN '{}'::bigint [];
    END IF;
    RETURN ARRAY(
        WITH told AS MATERIALIZED (
            SELECT
                messages.delivery_id,
                lines.incident_id,
                lines.event
            FROM health.deliveries AS messages
            CROSS JOIN LATERAL (
                SELECT
                    messages.incident_id,
                    messages.event
                WHERE messages.incident_id IS NOT NULL
                UNION ALL
                SELECT
                    digest.incident_id,
                    digest.event
                FROM unnest(messages.lines) AS digest
            ) AS lines
            WHERE messages.delivery_id = ANY (p_delivery_ids)
        )

        SELECT DISTINCT told.delivery_id
        FROM unnest(health_internal.muted_incidents(p_now, ARRAY(
            SELECT DISTINCT told.incident_id FROM told
        ))) AS muted
        INNER JOIN told ON muted.incident_id = told.incident_id
        -- An acknowledgement says nothing against an all-clear.
        WHERE told.event <> 'resolved' OR muted.reason_code <> 'acknowledged'
    );
END;
$$;
COMMENT ON FUNCTION health_internal.muted_deliveries(timestamptz, bigint []) IS
'Those of the given messages that tell of what a mute keeps quiet at p_now.';

COMMIT;
