-- What is muted of what has not left.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.due_at,
        health_internal.has_mutes,
        health_internal.is_waiting,
        health_internal.muted_deliveries,
        health_internal.muted_incidents
    }',
    $$
    VALUES
    ('health_internal.due_at(health.deliveries)', 'f', 'sql', 'i', false, ''),
    ('health_internal.has_mutes(timestamp with time zone)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.is_waiting(health.deliveries,timestamp with time zone)', 'f', 'sql', 'i', false, ''),
    ('health_internal.muted_deliveries(timestamp with time zone,bigint[])', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.muted_incidents(timestamp with time zone,bigint[])', 'f', 'sql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.muted(p_seconds float8) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(idempotency_key, ' ' ORDER BY idempotency_key), '') FROM health.deliveries
    WHERE delivery_id = ANY (health_internal.muted_deliveries(at(p_seconds), ARRAY(SELECT delivery_id FROM health.deliveries))) $$;
SELECT is(health_internal.has_mutes(at(0)), false, 'at first nothing is muted');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, told_at, told_channels, told_severity)
SELECT a, 'critical', at(0), at(0), at(0), '{console}', 'critical' FROM unnest('{a,b}'::text []) AS a;
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at)
SELECT incident_id, agent_id, 'failed', 'critical', 'x', at(0) FROM health.incidents;
INSERT INTO health.agents (agent_id, agent_name) VALUES ('a', 'A'), ('b', 'B');
INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT incident_id, 'console', event, 'critical', 's', 'b', agent_id || '-' || event, at(0), at(0)
FROM health.incidents CROSS JOIN unnest('{opened,resolved}'::text []) AS event;
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, lines)
SELECT 'console', 'digest', 'critical', 's', 'b', 'digest', at(0), at(0),
    array_agg(ROW('console', incident_id, 'opened', 'critical', true)::health_internal.digest_line) FROM health.incidents;
SELECT is(pg_temp.muted(1), '', 'nor is any message');
-- As one that committed while the tick that queued them could not see it.
INSERT INTO health.silences (matchers, starts_at, ends_at, created_by, reason) VALUES ('{"agent_id": "a"}', at(0), at(100), 'ana', 'x');
SELECT is(health_internal.has_mutes(at(1)), true, 'a silence');
SELECT is(pg_temp.muted(1), 'a-opened a-resolved digest', 'mutes the messages of its agent, and the digest that tells of it');
SELECT is(pg_temp.muted(100), '', 'until it ends');
SELECT is(health_internal.muted_deliveries(at(1), '{}'), '{}', 'of those asked about');
CREATE FUNCTION pg_temp.waits(p_seconds float8) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', health_internal.due_at(messages) - at(0), health_internal.is_waiting(messages, at(p_seconds)))
    FROM health.deliveries AS messages WHERE idempotency_key = 'a-opened' $$;
UPDATE health.deliveries SET not_before = at(60) WHERE idempotency_key = 'a-opened';
SELECT is(pg_temp.waits(31), '00:01:00 t', 'what is put off is due then, and waits till then');
UPDATE health.deliveries SET state = 'claimed', lease_until = at(30) WHERE idempotency_key = 'a-opened';
SELECT is(pg_temp.waits(30), '00:00:30 f', 'what a bridge holds does not wait');
SELECT is(pg_temp.waits(31), '00:00:30 t', 'unless it died');
UPDATE health.deliveries SET state = 'pending', lease_until = NULL WHERE idempotency_key = 'a-opened';
DELETE FROM health.silences;
UPDATE health.incidents SET is_acknowledged = true, acknowledged_severity = 'critical', acknowledged_by = 'ana' WHERE agent_id = 'b';
SELECT is(health_internal.has_mutes(at(60)), true, 'an acknowledgement');
SELECT is(pg_temp.muted(60), 'b-opened digest', 'says nothing against an all-clear');
SELECT is((SELECT string_agg(idempotency_key, ' ' ORDER BY idempotency_key) FROM health.claim_deliveries('w', p_now => at(61))),
    'a-opened a-resolved b-resolved digest', 'a bridge is handed what is left, the digest without its line');
SELECT is((SELECT array_agg(lines.incident_id = (SELECT incident_id FROM health.incidents WHERE agent_id = 'a')) FROM health.deliveries, unnest(lines) AS lines), '{t}', 'that of the other agent');

-- Of those asked about.
SELECT rows_are(
    $$ SELECT d.idempotency_key, health_internal.muted_deliveries(at(62), ARRAY[d.delivery_id]) = ARRAY[d.delivery_id] FROM health.deliveries AS d WHERE d.idempotency_key IN ('a-opened', 'b-opened') ORDER BY 1 $$,
    $$ VALUES ('a-opened', false), ('b-opened', true) $$, 'each is asked about for itself'
);
-- What makes something muted at all.
UPDATE health.incidents SET is_acknowledged = false;
SELECT is(health_internal.has_mutes(at(100)), false, 'trouble that nobody has taken');
INSERT INTO health.silences (matchers, starts_at, ends_at, created_by, reason) VALUES ('{"agent_id": "a"}', at(100), at(200), 'ana', 'x');
SELECT rows_are($$ SELECT s, health_internal.has_mutes(at(s)) FROM unnest('{99.9,100,199.9,200}'::float8 []) AS s $$, $$ VALUES (99.9::float8, false), (100, true), (199.9, true), (200, false) $$, 'a silence from its start until its end');
INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason) VALUES ('{}', at(300), at(400), 'ana', 'x');
INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at, ended_at) SELECT max(window_id), 'a', at(300), at(400), at(400) FROM health.maintenance_windows;
SELECT is(health_internal.has_mutes(at(350)), false, 'a maintenance that is over');
UPDATE health.maintenance_periods SET ended_at = NULL;
SELECT is(health_internal.has_mutes(at(350)), true, 'one that is not');

SELECT * FROM finish();
ROLLBACK;
