-- Digests for throttled channels.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.bundle_deliveries
    }',
    $$
    VALUES
    ('health_internal.bundle_deliveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT is(health_internal.bundle_deliveries(at(0)), 0::bigint, 'no channel has a rate');
SELECT health.set_channel('slow', 'webhook', p_rate_per_minute => 6, p_rate_burst => 3);
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) SELECT 'b' || n, 'critical', at(0), at(0) FROM generate_series(1, 5) AS n;
CREATE FUNCTION pg_temp.queue(p_from bigint, p_to bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before)
    SELECT incident_id, 'slow', 'opened', 'critical', 'x', 'b', 'kb' || incident_id, at(330), at(330) FROM health.incidents
    ORDER BY incident_id OFFSET p_from - 1 LIMIT p_to - p_from + 1 $$;
SELECT pg_temp.queue(1, 3);
SELECT is(health_internal.bundle_deliveries(at(331)), 0::bigint, 'few are left alone');
SELECT pg_temp.queue(4, 5);
SELECT is(health_internal.bundle_deliveries(at(331)), 1::bigint, 'five for a bucket of three');
SELECT rows_are($$ SELECT event, state, cardinality(agent_ids), details -> 'incident_count' FROM health.deliveries WHERE created_at = at(331) $$,
    $$ VALUES ('digest', 'pending', 5, '5'::jsonb) $$, 'are one digest');
SELECT is((SELECT count(*) FROM health.deliveries WHERE state = 'cancelled' AND outcome ->> 'reason' LIKE 'throttled%'), 5::bigint, 'in their place');
SELECT is((SELECT count(*) FROM health.suppressions WHERE reason_code = 'throttled' AND delivery_id IS NOT NULL), 5::bigint, 'as the ledger says');

SELECT * FROM finish();
ROLLBACK;
