-- Deciding and telling: reminders, acknowledgements, escalations, severities of channels.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.decide_incidents,
        health_internal.inherit_told
    }',
    $$
    VALUES
    ('health_internal.decide_incidents(timestamp with time zone,bigint[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.inherit_told(timestamp with time zone,bigint[])', 'f', 'sql', 'v', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) VALUES ('a1', 'a', '1 day', 0), ('gold', 'g', '1 day', 5000);
UPDATE health.settings SET group_burst = 100;
CREATE FUNCTION pg_temp.sent(p_from float8) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s:%s%s', channel, event, CASE WHEN step > 0 THEN '/' || step ELSE '' END), ' ' ORDER BY channel, event)
    FROM health.deliveries WHERE created_at >= at(p_from) $$;
SELECT health.set_channel('pager', 'webhook', 'emergency'); SELECT health.set_channel('boss', 'webhook', p_is_default => false);
SELECT health.set_channel('executives', 'webhook', p_is_default => false);
SELECT health.set_escalation_policy('all', '{}', '[{"channel": "boss", "delay": "15 minutes", "repeat_count": 2, "repeat_interval": "10 minutes"}, {"channel": "pager", "delay": "1 hour"}]');
SELECT beat('a1', 0); SELECT tick(0);
SELECT is(health_internal.notify(at(1)), 0::bigint, 'nothing to tell is no message');
SELECT beat('a1', 10, 'failed'); SELECT tick(10);
SELECT is(pg_temp.sent(10), 'console:opened', 'default channels hear of it from their severity on');
SELECT rows_are($$ SELECT reason_code, channel, reason FROM health.suppressions $$, $$ VALUES ('minimum_severity', 'pager', 'critical is below emergency') $$, 'why the other did not is on record');
SELECT tick(900);
SELECT is(pg_temp.sent(11), NULL, 'not yet');
SELECT tick(910);
SELECT is(pg_temp.sent(910), 'boss:escalated/1', 'nobody took it: the first step');
SELECT tick(911); SELECT tick(1510);
SELECT is(pg_temp.sent(911), 'boss:escalated/1', 'repeated');
SELECT health.acknowledge_alert(alert_id, 'ana', 'mine', at(10000), p_now => at(1600)) FROM health.open_alerts;
SELECT is((SELECT count(*) FROM health.deliveries WHERE state = 'pending'), 0::bigint, 'taken: what was pending is cancelled');
SELECT tick(2200); SELECT tick(3700); SELECT tick(9999);
SELECT is(pg_temp.sent(1600), NULL, 'and neither steps nor reminders come');
SELECT beat('a1', 10001, 'failed'); SELECT tick(10001);
SELECT is(pg_temp.sent(1601), 'console:truth', 'it expires: the truth, once');
SELECT tick(10002);
SELECT is(pg_temp.sent(10002), NULL, 'once');
SELECT is((SELECT acknowledged_by FROM health.open_alerts), NULL, 'nobody has it');
SELECT tick(10901);
SELECT is(pg_temp.sent(10002), 'boss:escalated/1', 'the steps count from there');
SELECT health.acknowledge_alert(alert_id, 'ana', p_now => at(10910)) FROM health.open_alerts WHERE agent_id = 'a1';
UPDATE health.alert_rules SET severity = 'emergency' WHERE rule = 'failed';
SELECT tick(10920);
SELECT is(pg_temp.sent(10911), 'console:escalated pager:escalated', 'a rise ends an acknowledgement that is not sticky');
SELECT is((SELECT reason FROM health.alert_history WHERE event = 'unacknowledged' ORDER BY alert_event_id DESC LIMIT 1), 'the severity rose', 'as is on record');
SELECT rows_are($$ SELECT event FROM health.deliveries WHERE channel = 'pager' $$, $$ VALUES ('escalated') $$, 'now the pager hears of it');
SELECT tick(10920 + 4 * 3600);
SELECT ok(pg_temp.sent(10920 + 4 * 3600) LIKE '%console:reminder%' OR pg_temp.sent(10921) LIKE '%console:reminder%', 'four hours later a reminder');
SELECT deliver(25999);
SELECT health.acknowledge_alert(alert_id, 'ana', p_is_sticky => true, p_now => at(26000)) FROM health.open_alerts WHERE agent_id = 'a1';
SELECT tick(90000);
SELECT is(pg_temp.sent(26001), NULL, 'a sticky one lasts');
SELECT beat('a1', 90010); SELECT beat('a1', 90020); SELECT tick(90020);
SELECT is(pg_temp.sent(26001), 'boss:resolved console:resolved pager:resolved', 'who was told hears of the end');
SELECT beat('gold', 90030, 'failed'); SELECT tick(90031);
SELECT is(pg_temp.sent(90031), 'console:opened executives:opened/1 pager:opened', 'what costs more than $1,000 an hour reaches the executives at once');
SELECT is((SELECT details -> 'revenue_usd_per_hour' FROM health.deliveries WHERE channel = 'executives'), '5000'::jsonb, 'with the sum');
UPDATE health.channels SET is_enabled = false;
SELECT beat('a1', 90040, 'failed'); SELECT tick(90041);
SELECT is(pg_temp.sent(90041), NULL, 'no channel');
SELECT ok(EXISTS (SELECT FROM health.suppressions WHERE reason_code = 'no_channel' AND agent_id = 'a1'), 'is on record too');

SELECT * FROM finish();
ROLLBACK;
