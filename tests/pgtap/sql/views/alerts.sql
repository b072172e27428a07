-- Views of alerts: each column for alerts in every state, and who may read them.
BEGIN;

SELECT no_plan();

SELECT columns_are(
    'health', 'open_alerts',
    '{alert_id,agent_id,rule,severity,opened_at,acknowledged_at,acknowledged_by,summary,details,incident_id,acknowledged_until,told_at,withheld}'::name [],
    'open_alerts has its columns'
);
SELECT columns_are(
    'health', 'alert_history',
    '{alert_event_id,alert_id,agent_id,rule,severity,occurred_at,event,reason,delivery_id,reason_code,channel,incident_id}'::name [],
    'alert_history has its columns'
);
SELECT columns_are(
    'health', 'suppressions',
    '{suppression_id,occurred_at,agent_id,incident_id,reason_code,reason,channel,delivery_id}'::name [],
    'suppressions has its columns'
);

INSERT INTO health.agents (agent_id, agent_name, tenant)
SELECT v.name, v.name, v.tenant FROM (VALUES ('taken', 'north'), ('lapsed', 'north'), ('quiet', 'south'), ('over', 'south')) AS v (name, tenant);
INSERT INTO health.incidents (
    incident_id, agent_id, engine_rule, severity, onset_at, detected_at, is_acknowledged, acknowledged_at, acknowledged_by,
    acknowledged_until, told_at, withheld, resolved_at
)
OVERRIDING SYSTEM VALUE VALUES
(1001, 'taken', NULL, 'emergency', at(0), at(1), true, at(20), 'ana', at(900), at(2), NULL, NULL),
(1002, 'lapsed', NULL, 'critical', at(0), at(1), false, at(20), 'ben', at(30), at(3), NULL, NULL),
(1003, 'quiet', NULL, 'warning', at(0), at(1), false, NULL, NULL, NULL, NULL, 'silenced', NULL),
(1004, NULL, 'engine_slow', 'warning', at(0), at(1), false, NULL, NULL, NULL, at(4), NULL, NULL),
(1005, 'over', NULL, 'critical', at(0), at(1), true, at(20), 'ana', NULL, at(2), NULL, at(60));
INSERT INTO health.alerts (alert_id, incident_id, agent_id, rule, severity, summary, details, opened_at, resolved_at)
OVERRIDING SYSTEM VALUE VALUES
(2001, 1001, 'taken', 'failed', 'critical', 'it failed', '{"state": "failed"}', at(1), NULL),
(2002, 1001, 'taken', 'score_emergency', 'emergency', 'it is low', '{}', at(10), NULL),
(2003, 1001, 'taken', 'error', 'critical', 'it erred', '{}', at(1), at(15)),
(2004, 1002, 'lapsed', 'unresponsive', 'critical', 'it is silent', '{}', at(1), NULL),
(2005, 1003, 'quiet', 'high_error_rate', 'warning', 'it errs', '{}', at(1), NULL),
(2006, 1004, NULL, 'engine_slow', 'warning', 'ticks are slow', '{}', at(1), NULL),
(2007, 1005, 'over', 'failed', 'critical', 'it failed', '{}', at(1), at(60));
SELECT rows_are(
    $$ SELECT alert_id, agent_id, rule, severity, date_part('epoch', opened_at - at(0)) AS opened, summary, details, incident_id FROM health.open_alerts ORDER BY alert_id $$,
    $$
    VALUES
    (2001::bigint, 'taken', 'failed', 'critical', 1::float8, 'it failed', '{"state": "failed"}'::jsonb, 1001::bigint),
    (2002, 'taken', 'score_emergency', 'emergency', 10, 'it is low', '{}', 1001),
    (2004, 'lapsed', 'unresponsive', 'critical', 1, 'it is silent', '{}', 1002),
    (2005, 'quiet', 'high_error_rate', 'warning', 1, 'it errs', '{}', 1003),
    (2006, NULL, 'engine_slow', 'warning', 1, 'ticks are slow', '{}', 1004)
    $$,
    'a row for each alert that is open, with its own severity; none for one that closed, alone or with its incident'
);
SELECT rows_are(
    $$ SELECT alert_id, acknowledged_at - at(0), acknowledged_by, acknowledged_until - at(0), told_at - at(0), withheld FROM health.open_alerts ORDER BY alert_id $$,
    $$
    VALUES
    (2001::bigint, interval '20 s', 'ana', interval '15 min', interval '2 s', NULL),
    (2002, '20 s', 'ana', '15 min', '2 s', NULL),
    (2004, NULL, NULL, NULL, '3 s', NULL),
    (2005, NULL, NULL, NULL, NULL, 'silenced'),
    (2006, NULL, NULL, NULL, '4 s', NULL)
    $$,
    'what the incident knows: who has it at present (nobody, once that has lapsed), when it was told, why it is not'
);

INSERT INTO health.channels (channel, kind) VALUES ('mail', 'email');
INSERT INTO health.deliveries (
    delivery_id, incident_id, channel, event, severity, subject, body, idempotency_key, state, created_at, not_before, finished_at
)
OVERRIDING SYSTEM VALUE
SELECT v.id, 1001, 'mail', 'opened', 'critical', 's', 'b', 'k' || v.id, v.state, at(2), at(2), at(v.finished)
FROM (VALUES (3001, 'delivered', 5), (3002, 'dead', 6), (3003, 'pending', NULL), (3004, 'claimed', NULL), (3005, 'cancelled', 7), (3006, 'delivered', 8)) AS v (id, state, finished);
INSERT INTO health.alert_events (alert_event_id, occurred_at, incident_id, alert_id, agent_id, event, reason_code, reason, channel, delivery_id)
OVERRIDING SYSTEM VALUE VALUES
(4001, at(0.5), 1001, NULL, 'taken', 'suppressed', 'soft', 'before them all', NULL, NULL),
(4002, at(1), 1001, 2001, 'taken', 'opened', NULL, 'it failed', NULL, NULL),
(4003, at(1), 1001, NULL, 'taken', 'queued', NULL, 'first told', 'mail', 3001),
(4004, at(10), 1001, NULL, 'taken', 'grouped', 'digest', 'with others', 'mail', 3002),
(4005, at(11), 1001, NULL, 'taken', 'queued', NULL, 'waits', 'mail', 3003),
(4006, at(12), 1001, NULL, 'taken', 'queued', NULL, 'on its way', 'mail', 3004),
(4007, at(13), 1001, NULL, 'taken', 'suppressed', 'acknowledged', 'ana has it', 'mail', 3005),
(4008, at(15), 1001, NULL, 'taken', 'queued', NULL, 'told again', 'mail', 3006),
(4009, at(15), 1001, 2003, 'taken', 'resolved', NULL, 'it erred no more', NULL, NULL),
(4010, at(20), 1001, NULL, 'taken', 'acknowledged', NULL, 'ana', NULL, NULL),
(4011, at(21), 1001, 2002, 'taken', 'queued', NULL, 'of one alone', 'mail', 3006),
(4012, at(22), NULL, NULL, 'quiet', 'suppressed', 'soft', 'not confirmed', NULL, NULL),
(4013, at(23), 1004, NULL, NULL, 'suppressed', 'throttled', 'too many', 'mail', NULL);
SELECT rows_are(
    $$ SELECT alert_event_id, occurred_at - at(0), event, reason, delivery_id, reason_code, channel FROM health.alert_history WHERE alert_id = 2003 ORDER BY 1, 2 $$,
    $$
    VALUES
    (4003::bigint, interval '1 s', 'queued', 'first told', 3001::bigint, NULL, 'mail'),
    (4003, '5 s', 'delivered', 'delivered', 3001, NULL, 'mail'),
    (4004, '6 s', 'failed', 'dead', 3002, NULL, 'mail'),
    (4004, '10 s', 'grouped', 'with others', 3002, 'digest', 'mail'),
    (4005, '11 s', 'queued', 'waits', 3003, NULL, 'mail'),
    (4006, '12 s', 'queued', 'on its way', 3004, NULL, 'mail'),
    (4007, '13 s', 'suppressed', 'ana has it', 3005, 'acknowledged', 'mail'),
    (4008, '8 s', 'delivered', 'delivered', 3006, NULL, 'mail'),
    (4008, '15 s', 'queued', 'told again', 3006, NULL, 'mail'),
    (4009, '15 s', 'resolved', 'it erred no more', NULL, NULL, NULL)
    $$,
    'what happened to its incident from its opening to its close, both included, happened to it; and what came of each message'
);
SELECT rows_are(
    $$ SELECT alert_id, array_agg(alert_event_id || ' ' || event ORDER BY alert_event_id, event) FROM health.alert_history WHERE alert_id <> 2003 GROUP BY 1 ORDER BY 1 $$,
    $$
    VALUES
    (2001::bigint, '{"4002 opened","4003 delivered","4003 queued","4004 failed","4004 grouped","4005 queued","4006 queued","4007 suppressed","4008 delivered","4008 queued","4010 acknowledged"}'::text []),
    (2002, '{"4004 failed","4004 grouped","4005 queued","4006 queued","4007 suppressed","4008 delivered","4008 queued","4010 acknowledged","4011 queued"}'),
    (2006, '{"4013 suppressed"}')
    $$,
    'what happened to another alert did not happen to it, nor what was before it opened; trouble that opened no alert is in none'
);
SELECT rows_are(
    'SELECT DISTINCT alert_id, agent_id, rule, severity, incident_id FROM health.alert_history ORDER BY alert_id',
    $$
    VALUES
    (2001::bigint, 'taken', 'failed', 'critical', 1001::bigint), (2002, 'taken', 'score_emergency', 'emergency', 1001),
    (2003, 'taken', 'error', 'critical', 1001), (2006, NULL, 'engine_slow', 'warning', 1004)
    $$,
    'each row names its alert'
);
SELECT rows_are(
    'SELECT suppression_id, occurred_at - at(0), agent_id, incident_id, reason_code, reason, channel, delivery_id FROM health.suppressions ORDER BY 1',
    $$
    VALUES
    (4001::bigint, interval '0.5 s', 'taken', 1001::bigint, 'soft', 'before them all', NULL, NULL::bigint),
    (4004, '10 s', 'taken', 1001, 'digest', 'with others', 'mail', 3002),
    (4007, '13 s', 'taken', 1001, 'acknowledged', 'ana has it', 'mail', 3005),
    (4012, '22 s', 'quiet', NULL, 'soft', 'not confirmed', NULL, NULL),
    (4013, '23 s', NULL, 1004, 'throttled', 'too many', 'mail', NULL)
    $$,
    'the ledger: a row for each message not sent, or not by itself, also of trouble that opened no incident; none for what was sent'
);

-- Who reads them, and what a login confined to a tenant sees.
SELECT rows_are(
    $$
    SELECT r.role, array_agg(v.view::text ORDER BY v.view) FROM unnest('{health_admin,health_agent,health_analyst,health_bridge,health_gateway,health_operator,health_rules}'::name []) AS r (role)
    CROSS JOIN unnest('{alert_history,open_alerts,suppressions}'::name []) AS v (view)
    WHERE has_table_privilege(r.role, 'health.' || v.view, 'SELECT') GROUP BY 1 ORDER BY 1
    $$,
    $$
    VALUES ('health_admin'::name, '{alert_history,open_alerts,suppressions}'::text []), ('health_analyst', '{alert_history,open_alerts,suppressions}'),
    ('health_bridge', '{alert_history,open_alerts,suppressions}'), ('health_operator', '{alert_history,open_alerts,suppressions}')
    $$,
    'analysts, and so operators and administrators, and the bridge read them; agents, gateways and rules do not'
);
CREATE FUNCTION pg_temp.seen()
RETURNS bigint []
LANGUAGE sql
RETURN ARRAY[(SELECT count(*) FROM health.open_alerts), (SELECT count(DISTINCT alert_id) FROM health.alert_history), (SELECT count(*) FROM health.suppressions)];
SET LOCAL ROLE health_operator;
SELECT is(pg_temp.seen(), '{5,4,5}', 'operators read all of it');
SELECT throws_ok($$ UPDATE health.open_alerts SET summary = 'all is well' $$, '55000', NULL, 'and write none: what was told stays told');
SELECT throws_ok('DELETE FROM health.suppressions', '55000', NULL, 'nor does the ledger forget');
SELECT throws_ok('DELETE FROM health.alert_events', '42501', NULL, 'nor its table');
SET LOCAL ROLE health_analyst;
SELECT is(pg_temp.seen(), '{5,4,5}', 'so do analysts');
SELECT throws_ok('DELETE FROM health.alert_events', '42501', NULL, 'who erase nothing either');
SET LOCAL ROLE health_agent;
SELECT throws_ok('SELECT * FROM health.open_alerts', '42501', NULL, 'agents do not read alerts');
RESET ROLE;
INSERT INTO health.tenant_logins VALUES (session_user, 'south');
SET LOCAL ROLE health_analyst;
SELECT rows_are('SELECT agent_id FROM health.open_alerts', $$ VALUES ('quiet') $$, 'one confined to a tenant sees alerts of its agents, and none of the engine');
SELECT rows_are('SELECT suppression_id FROM health.suppressions', $$ VALUES (4012::bigint) $$, 'of the ledger its own');
SELECT is_empty('SELECT * FROM health.alert_history', 'and nothing of the history of others');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
