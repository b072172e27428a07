-- What was given up: which of it a channel should still hear, and that it is sent again.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.resend_messages,
        health_internal.unheard_messages
    }',
    $$
    VALUES
    ('health.resend_messages(text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.unheard_messages(timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

SELECT health.set_channel('pager', 'webhook'), health.set_channel('mail', 'email');
CREATE TEMP TABLE trouble ON COMMIT DROP AS
WITH made AS (
    INSERT INTO health.incidents (agent_id, engine_rule, severity, onset_at, detected_at, resolved_at)
    SELECT agent_id, engine_rule, 'critical', at(0), at(0), at(resolved) FROM (VALUES
        ('open', NULL, NULL::float8), ('over', NULL, 500), (NULL, 'monitor_gap', NULL), (NULL, 'dead_letters', NULL)) AS v (agent_id, engine_rule, resolved)
    RETURNING incident_id, coalesce(agent_id, engine_rule) AS name)
SELECT * FROM made;
-- A message each: of which trouble, through which channel, what it told, in which state, given up when; lines: a digest.
CREATE FUNCTION pg_temp.message(p_name text, p_trouble text, p_event text DEFAULT 'opened', p_state text DEFAULT 'dead', p_channel text DEFAULT 'pager',
    p_finished float8 DEFAULT 600, p_lines text [] DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO health.deliveries (incident_id, channel, event, severity, subject, body, agent_ids, details, idempotency_key, created_at, not_before, state, attempt, finished_at, step, is_first, outcome, lines)
    SELECT (SELECT incident_id FROM trouble WHERE name = p_trouble), p_channel, p_event, 'critical', p_name, 'the body of ' || p_name, '{x}', '{"a": 1}', p_name, at(0), at(0), p_state, 10, at(p_finished), 2, true,
        '{"reported": "failed"}',
        (SELECT array_agg(ROW(p_channel, incident_id, 'opened', 'critical', true)::health_internal.digest_line) FROM trouble WHERE name = ANY (p_lines)) $$;
CREATE FUNCTION pg_temp.unheard(p_seconds float8 DEFAULT 1000) RETURNS text LANGUAGE sql RETURN (
    SELECT string_agg(subject, ', ' ORDER BY delivery_id) FROM health_internal.unheard_messages(at(p_seconds)));

SELECT pg_temp.message('first word', 'open'), pg_temp.message('last word', 'open', 'reminder'), pg_temp.message('cancelled since', 'open', 'reminder', 'cancelled');
SELECT pg_temp.message('by mail', 'open', p_channel => 'mail');
SELECT is(pg_temp.unheard(), 'last word, by mail', 'of trouble that goes on its last word to each channel is missed');
SELECT pg_temp.message('delivered since', 'open', 'reminder', 'delivered');
SELECT is(pg_temp.unheard(), 'by mail', 'not where a channel was told later');
SELECT pg_temp.message('on its way', 'open', 'reminder', 'pending', 'mail');
SELECT is(pg_temp.unheard(), NULL, 'or is being told');
SELECT pg_temp.message('began', 'over');
SELECT is(pg_temp.unheard(), NULL, 'what is over nobody need hear of any more');
SELECT pg_temp.message('ended', 'over', 'resolved');
SELECT is(pg_temp.unheard(), 'ended', 'but that it is');
SELECT pg_temp.message('the engine''s', 'monitor_gap'), pg_temp.message('of dead letters', 'dead_letters');
SELECT is(pg_temp.unheard(), 'ended, the engine''s', 'the engine''s own trouble counts, but for the alert itself, which would keep itself open');
SELECT pg_temp.message('digest', NULL, 'digest', p_lines => '{over,open}'), pg_temp.message('old digest', NULL, 'digest', p_lines => '{over}'), pg_temp.message('report', NULL, 'report', p_finished => 700);
SELECT is(pg_temp.unheard(), 'ended, the engine''s, digest, report', 'of a digest one line that goes on is enough, and a report is about no trouble');
SELECT is(pg_temp.unheard(600 + 86400), 'report', 'after a day nobody waits for it');
SELECT is(pg_temp.unheard(700 + 86400), NULL, 'to the second');

-- Sent again.
SELECT pg_temp.message('works again: ' || c, NULL, 'report', 'delivered', c, 900) FROM unnest('{mail,pager}'::text []) AS c;
SELECT rows_are('SELECT rule, summary FROM health_internal.engine_findings(at(1000))', $$ VALUES ('dead_letters', 'messages could not be delivered through pager') $$, 'an alert tells of it, although the channel works again');
SELECT throws_ok($$ SELECT health.resend_messages('mail', 'ana', at(1000)) $$, 'RC009', 'no message through "mail" is to be sent again', 'a channel that misses nothing is sent nothing');
SELECT throws_ok($$ SELECT health.resend_messages(NULL, 'ana', at(1000)) $$, 'RC009', 'no message through "NULL" is to be sent again', 'nor is no channel');
SELECT is(health.resend_messages('pager', 'ana', at(1000)), 4::bigint, 'the others are sent again');
SELECT rows_are(
    $$ SELECT subject, event, body, agent_ids, details, idempotency_key, state, attempt, not_before, step, is_first, cardinality(lines), incident_id IS NULL FROM health.deliveries WHERE created_at = at(1000) ORDER BY delivery_id $$,
    $$ SELECT v.subject, v.event, 'the body of ' || v.subject, '{x}'::text [], '{"a": 1}'::jsonb, v.subject || '-again', 'pending', 0, at(1000), 2, true, v.lines, v.is_general FROM (VALUES
        ('ended', 'resolved', NULL::integer, false), ('the engine''s', 'opened', NULL, false), ('digest', 'digest', 2, true), ('report', 'report', NULL, true)) AS v (subject, event, lines, is_general) $$,
    'as they were, as messages of their own, which a receiver takes for no twins'
);
SELECT rows_are($$ SELECT subject, state, outcome FROM health.deliveries WHERE outcome ? 'resent_by' AND subject IN ('ended', 'report') ORDER BY 1 $$,
    $$ VALUES ('ended', 'dead', '{"reported": "failed", "resent_by": "ana"}'::jsonb), ('report', 'dead', '{"reported": "failed", "resent_by": "ana"}') $$, 'those that were given up stay so, and say who sent them again');
SELECT rows_are($$ SELECT agent_id, reason, channel, delivery_id = (SELECT delivery_id FROM health.deliveries WHERE idempotency_key = 'ended-again') FROM health.alert_events WHERE event = 'queued' AND agent_id IS NOT NULL $$,
    $$ VALUES ('over', 'resolved, again by ana', 'pager', true) $$, 'as does the ledger');
SELECT is_empty('SELECT * FROM health_internal.engine_findings(at(1000))', 'the alert is over');
SELECT throws_ok($$ SELECT health.resend_messages('pager', 'ana', at(1000)) $$, 'RC009', NULL, 'nothing is sent twice');
-- Given up again, it can be sent again.
SELECT deliver(1000, '{pager}', 'refused');
SELECT is(pg_temp.unheard(1001), 'ended, the engine''s, digest, report', 'what is given up again is missed again');
SELECT is(health.resend_messages('pager', NULL, at(1002)), 4::bigint, 'and sent again');
SELECT rows_are($$ SELECT DISTINCT outcome ->> 'resent_by', count(*) OVER () FROM health.deliveries WHERE outcome ? 'resent_by' AND created_at = at(1000) $$, $$ VALUES (session_user::text, 4::bigint) $$, 'without a name by the login');
SELECT is(deliver(1003, '{pager}'), 4::bigint, 'until it arrives');
SELECT is(pg_temp.unheard(1004), NULL, 'then nobody misses anything');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health.resend_messages('pager') $$, '42501', NULL, 'analysts send nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
