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

-- At the edge: as many as the burst are not crowded, one more is; what is not due yet, or of no incident, is not counted nor bundled.
DELETE FROM health.deliveries;
CREATE FUNCTION pg_temp.put(p_incident integer, p_event text DEFAULT 'opened', p_due float8 DEFAULT 500, p_is_first boolean DEFAULT false, p_severity text DEFAULT 'critical', p_channel text DEFAULT 'slow') RETURNS void LANGUAGE sql AS $$
    INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before, is_first)
    VALUES ((SELECT incident_id FROM health.incidents ORDER BY incident_id OFFSET greatest(p_incident, 1) - 1 LIMIT (p_incident > 0)::integer), p_channel, p_event, p_severity, 'x', 'b', gen_random_uuid()::text, at(p_due), at(p_due), p_is_first) $$;
UPDATE health.channels SET rate_tokens = 0, rate_tokens_at = at(500) WHERE channel = 'slow';
SELECT pg_temp.put(1), pg_temp.put(2), pg_temp.put(3), pg_temp.put(4, p_due => 500.1), pg_temp.put(0);
SELECT is(health_internal.bundle_deliveries(at(500)), 0::bigint, 'three due of incidents for a burst of three, however few tokens');
SELECT pg_temp.put(1, 'reminder', 500, true, 'emergency'), pg_temp.put(1, 'escalated', 500, false, 'warning'), pg_temp.put(5, 'opened', 500, false, 'critical', 'console');
UPDATE health.channels SET rate_per_minute = 60, rate_burst = 100 WHERE channel = 'console';
SELECT is((SELECT count(*) FROM health.channels WHERE rate_per_minute IS NULL), 0::bigint, 'every channel has a rate');
SELECT is(health_internal.bundle_deliveries(at(500)), 1::bigint, 'five are one digest');
SELECT rows_are(
    $$ SELECT l.incident_id = (SELECT min(incident_id) FROM health.incidents), l.event, l.severity, l.is_first FROM health.deliveries, unnest(lines) AS l WHERE deliveries.event = 'digest' ORDER BY l.incident_id $$,
    $$ VALUES (true, 'escalated', 'warning', true), (false, 'opened', 'critical', false), (false, 'opened', 'critical', false) $$,
    'several of one incident are a line, its latest; the first page of one that has it'
);
SELECT rows_are($$ SELECT state, channel, incident_id IS NULL, not_before FROM health.deliveries WHERE deliveries.event <> 'digest' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 $$,
    $$ VALUES ('cancelled', 'slow', false, at(500)), ('pending', 'console', false, at(500)), ('pending', 'slow', false, at(500.1)), ('pending', 'slow', true, at(500)) $$, 'the others are left alone');
SELECT is((SELECT count(*) FROM health.deliveries WHERE state = 'cancelled' AND finished_at = at(500)), 5::bigint, 'what was bundled is over');

SELECT * FROM finish();
ROLLBACK;
