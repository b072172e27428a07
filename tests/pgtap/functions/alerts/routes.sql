-- Notices and routes: alone, in a digest, or later.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.route_modes,
        health_internal.send_notices
    }',
    $$
    VALUES
    ('health_internal.route_modes(timestamp with time zone,health_internal.notices[])', 'f', 'sql', 's', false, ''),
    ('health_internal.send_notices(timestamp with time zone,health_internal.notices[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT 'm' || n, E'M' || n, '1 day' FROM generate_series(1, 40) AS n;
CREATE FUNCTION pg_temp.fail(p_numbers int [], p_seconds float8, p_state text DEFAULT 'failed') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM beat('m' || n, p_seconds, p_state) FROM unnest(p_numbers) AS n;
    PERFORM tick(p_seconds);
    RETURN (SELECT string_agg(event || cardinality(agent_ids), ' ' ORDER BY delivery_id) FROM health.deliveries
        WHERE created_at = at(p_seconds) AND agent_ids NOT IN ('{}', '{heartbeat_health_agent}'));
END $$;
SELECT beat('m' || n, 0) FROM generate_series(1, 40) AS n; SELECT tick(1);
SELECT is(pg_temp.fail('{1}', 10), 'opened1', 'the first page of a quiet channel goes at once');
SELECT is(pg_temp.fail('{2,3}', 20), 'opened1 opened1', 'a few more too');
SELECT is(pg_temp.fail('{4,5,6,7}', 30), 'digest4', 'more than may still leave share a digest');
SELECT is(pg_temp.fail('{8}', 40), NULL, 'then the channel is busy');
SELECT rows_are($$ SELECT reason_code, channel FROM health.suppressions WHERE agent_id = 'm8' $$, $$ VALUES ('group_interval', 'console') $$, 'what waits is on record');
SELECT is(pg_temp.fail('{9,1}', 50, 'running'), NULL, 'so does an all-clear');
SELECT is(pg_temp.fail('{10,11}', 60), NULL, 'and more');
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{12}', 70), 'digest11', 'what is more severe than any page of the window waits for nobody');
UPDATE health.alert_rules SET severity = 'critical' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{20,21}', 80), NULL, 'busy again');
SELECT is(pg_temp.fail('{20}', 90, 'running'), NULL, 'over before the digest');
SELECT is(pg_temp.fail('{}', 309), NULL, 'until the end of its five minutes');
SELECT is(pg_temp.fail('{}', 310), 'digest2', 'one digest of all that waited');
SELECT rows_are($$ SELECT details -> 'incident_count', details -> 'resolved_count', subject, details -> 'agents' -> 1 ->> 'summary' FROM health.deliveries ORDER BY delivery_id DESC LIMIT 1 $$,
    $$ VALUES ('2'::jsonb, '1'::jsonb, '2 incidents: says it has failed, 1 resolved', 'resolved') $$, 'with its end where that came first');
SELECT is(pg_temp.fail('{22}', 700), 'opened1', 'quiet again, at once again');
SELECT rows_are($$ SELECT subject, details ->> 'event', details ->> 'agent_name', details ->> 'status_before', details -> 'score_before', details -> 'why' -> 0 ->> 'component', jsonb_array_length(details -> 'alerts'), details -> 'actions'
    FROM health.deliveries ORDER BY delivery_id DESC LIMIT 1 $$,
    $$ VALUES ('M22: says it has failed', 'opened', 'M22', 'excellent', '100'::jsonb, 'gate', 1, '[]'::jsonb) $$, 'the facts for templates');
SELECT is(count(DISTINCT idempotency_key), count(*), 'every message has a key of its own') FROM health.deliveries;
SELECT is_empty($$ SELECT * FROM health_internal.notices $$, 'nothing is left behind');
UPDATE health.channels SET group_until = at(900), group_messages_left = 0, group_severity = 'emergency';
SELECT health_internal.open_fleet_incident(at(701), '{m23,m24}', 'fleet_silent', 'all gone');
SELECT health_internal.notify(at(701));
SELECT rows_are($$ SELECT event, details ->> 'summary' FROM health.deliveries WHERE created_at = at(701) $$, $$ VALUES ('opened', 'all gone') $$,
    'what has no agent waits for no digest');
UPDATE health.settings SET group_wait = '30 seconds';
SELECT is(pg_temp.fail('{30}', 2000), NULL, 'with group_wait the first page waits');
SELECT is(pg_temp.fail('{31}', 2010), NULL, 'for company');
SELECT is(pg_temp.fail('{}', 2030), 'opened1 opened1', 'and they leave');
SELECT is(pg_temp.fail('{35}', 2040), 'opened1', 'in their window the next needs no company');
UPDATE health.settings SET group_wait = '0', group_burst = 1;
SELECT is(pg_temp.fail('{32}', 4000), 'opened1', 'with a burst of one the first goes alone');
SELECT is(pg_temp.fail('{33}', 4001), NULL, 'and what follows');
SELECT is(pg_temp.fail('{34}', 4002), NULL, 'waits');
SELECT is(pg_temp.fail('{}', 4300), 'digest2', 'for the digest');
SELECT is(pg_temp.fail('{36}', 4310), NULL, 'one that waits');
SELECT is(pg_temp.fail('{}', 4600), 'opened1', 'is no digest');
-- All-clears take no page's place, open no window and make no page urgent.
UPDATE health.settings SET group_burst = 3;
SELECT pg_temp.fail(array_agg(n::int), 5000, 'running') FROM generate_series(1, 40) AS n;
SELECT pg_temp.fail('{}', 5400);
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{40}', 6000), 'opened1', 'an emergency');
UPDATE health.alert_rules SET severity = 'critical' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{1,2,3,4}', 6400), 'digest4', 'many pages share a digest');
SELECT is(pg_temp.fail('{1,2,3,4}', 7000, 'running'), 'digest4', 'so do many all-clears');
SELECT is(pg_temp.fail('{5,6}', 7010), 'opened1 opened1', 'the pages after them go at once');
SELECT is(pg_temp.fail('{7}', 7020), 'opened1', 'as many as may');
SELECT is(pg_temp.fail('{40}', 7030, 'running'), NULL, 'the end of an emergency waits');
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{}', 7040), 'digest4', 'what becomes one does not, whatever was paged in windows before');
-- A window is as severe as the most severe page in it.
SELECT is(pg_temp.fail('{8}', 8000), 'opened1', 'an emergency');
UPDATE health.alert_rules SET severity = 'critical' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{9,10}', 8010), 'opened1 opened1', 'lesser pages');
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT is(pg_temp.fail('{11}', 8020), NULL, 'further emergencies wait');
SELECT is(pg_temp.fail('{}', 8300), 'digest3', 'to the end of it');
SELECT rows_are($$ SELECT channel, mode FROM health_internal.route_modes(at(5000)) $$, $$ SELECT 'x', 'x' WHERE false $$, 'no notices, no routes');
SELECT is(health_internal.send_notices(at(5000)), 0::bigint, 'nothing to send');
SELECT is((SELECT subject FROM health_internal.incident_message(at(5000), max(incident_id), 'resolved', 0, 'critical')), 'M34: resolved', 'an end') FROM health.incidents WHERE agent_id = 'm34';

SELECT * FROM finish();
ROLLBACK;
