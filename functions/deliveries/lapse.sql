-- Messages whose bridge went silent while it held them. A message may be what ends its bridge: a lost lease
-- is an attempt like a reported failure, with the same waits and the same end.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.end_lost_leases(p_now timestamptz)
RETURNS bigint []
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_incident_ids bigint [];
BEGIN
    WITH lost AS MATERIALIZED (
        SELECT
            messages.delivery_id,
            health_internal.retry_seconds(messages.attempt) AS wait_seconds,
            CASE
                WHEN messages.outcome ->> 'reported' = 'lost'
                    THEN (messages.outcome ->> 'lost_count')::integer
                ELSE 0
            END + 1 AS lost_count
        FROM health.deliveries AS messages
        WHERE messages.state = 'claimed' AND health_internal.due_at(messages) < p_now
        -- What a bridge reports at this moment is left to it.
        FOR UPDATE SKIP LOCKED
    ),

    ended AS (
        UPDATE health.deliveries AS messages
        SET
            state = CASE WHEN lost.wait_seconds IS NULL THEN 'dead' ELSE 'pending' END,
            -- As report_delivery waits, from the end of the lease. Those that were lost together come back
            -- at different times, so that one that ends its bridge takes fewer others along each time.
            not_before = coalesce(
                messages.lease_until + make_interval(secs => lost.wait_seconds), messages.not_before
            ),
            lease_until = NULL,
            finished_at = CASE WHEN lost.wait_seconds IS NULL THEN p_now END,
            outcome = jsonb_build_object(
                'reported', 'lost',
                'lost_count', lost.lost_count,
                'reason', format(
                    'lost: its lease ran out%s, last with %s',
                    CASE WHEN lost.lost_count > 1 THEN format(' %s times in a row', lost.lost_count) END,
                    messages.claimed_by
                )
            )
        FROM lost
        WHERE messages.delivery_id = lost.delivery_id
        RETURNING messages.state, health_internal.incidents_of(messages) AS incident_ids
    )

    SELECT array_agg(told.incident_id)
    INTO v_incident_ids
    FROM ended
    CROSS JOIN LATERAL unnest(ended.incident_ids) AS told (incident_id)
    WHERE ended.state = 'pending';
    RETURN coalesce(v_incident_ids, '{}');
END;
$$;
COMMENT ON FUNCTION health_internal.end_lost_leases(timestamptz) IS
'Takes messages from bridges that were not heard of before the lease ran out: pending again, with growing waits '
'as after a failure, or, where it was the tenth attempt, given up, which raises the alert dead_letters. '
'Returns the incidents that the pending ones tell of.';

COMMIT;
