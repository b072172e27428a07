-- What a channel and a message must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.channels,health.deliveries,health_internal.notices}', $$ VALUES ('health.channels', 'health_analyst SELECT, health_bridge SELECT'), ('health.deliveries', 'health_analyst SELECT, health_bridge SELECT'), ('health_internal.notices', NULL) $$);

INSERT INTO health.channels (channel, kind) VALUES ('pager', 'webhook');
SELECT refuses('channels_pkey', $$ INSERT INTO health.channels (channel, kind) VALUES ('pager', 'sms') $$);
SELECT refuses('channel_severity_is_known', $$ UPDATE health.channels SET minimum_severity = 'grave' WHERE channel = 'pager' $$);
SELECT refuses('channel_is_a_name_and_no_address_or_secret', format('UPDATE health.channels SET channel = %L WHERE channel = ''pager''', v.name))
FROM unnest(ARRAY['', '1', 'https://x', 'a b', repeat('a', 41), E'a\n', 'é']) AS v (name);
SELECT refuses('channel_is_a_name_and_no_address_or_secret', format('UPDATE health.channels SET kind = %L WHERE channel = ''pager''', v.name)) FROM unnest(ARRAY['', 'SMS', 'a b', repeat('a', 41)]) AS v (name);
SELECT refuses('channel_rate_is_positive', 'UPDATE health.channels SET ' || v.change || ' WHERE channel = ''pager''')
FROM unnest(ARRAY['rate_per_minute = 0', 'rate_per_minute = 1000001', 'rate_per_minute = ''NaN''', 'rate_burst = 0', 'rate_burst = 10001', 'rate_per_minute = 1, rate_burst = 0']) AS v (change);
SELECT lives_ok($$ UPDATE health.channels SET rate_per_minute = 1e6, rate_burst = 10000 WHERE channel = 'pager'; UPDATE health.channels SET rate_per_minute = NULL, rate_burst = 1 WHERE channel = 'pager' $$, 'the limits themselves are allowed');

INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('a', 'critical', at(0), at(0));
INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, idempotency_key, created_at, not_before)
SELECT incident_id, 'pager', 'opened', 'critical', 's', 'b', 'k', at(0), at(0) FROM health.incidents;
SELECT refuses('delivery_state_is_known', $$ UPDATE health.deliveries SET state = 'lost' $$);
SELECT refuses('delivery_severity_is_known', $$ UPDATE health.deliveries SET severity = 'grave' $$);
SELECT refuses('deliveries_idempotency_key', $$ INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before) VALUES ('pager', 'opened', 'critical', 's', 'b', 'k', at(0), at(0)) $$);
SELECT refuses('deliveries_channel_fkey', $$ UPDATE health.deliveries SET channel = 'nowhere' $$);
SELECT refuses('deliveries_channel_fkey', $$ DELETE FROM health.channels WHERE channel = 'pager' $$);
SELECT refuses('deliveries_incident_fkey', $$ UPDATE health.deliveries SET incident_id = -1 $$);
SELECT refuses('deliveries_incident_fkey', $$ DELETE FROM health.incidents $$);
INSERT INTO health_internal.notices (channel, incident_id, event, severity, number, is_alone, is_first, queued_at) VALUES ('pager', 1, 'opened', 'critical', 1, false, true, at(0));
SELECT refuses('notices_pkey', $$ INSERT INTO health_internal.notices (channel, incident_id, event, severity, number, is_alone, is_first, queued_at) VALUES ('pager', 1, 'escalated', 'critical', 2, false, true, at(0)) $$);

SELECT * FROM finish();
ROLLBACK;
