-- Digests: many incidents in one message.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.compose_digests,
        health_internal.note_digests
    }',
    $$
    VALUES
    ('health_internal.compose_digests(health_internal.digest_line[])', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.note_digests(boolean)', 'f', 'plpgsql', 'v', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour) SELECT 'm' || n, 'M' || n, n FROM generate_series(1, 60) AS n;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, revenue_usd_per_hour)
SELECT 'm' || n, 'critical', at(0), at(0), n FROM generate_series(1, 60) AS n;
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at)
SELECT incident_id, agent_id, rule, 'critical', CASE rule WHEN 'failed' THEN 'first' ELSE 'second' END, at(0)
FROM health.incidents CROSS JOIN unnest('{score_critical,failed}'::text []) AS rule;
CREATE TEMP TABLE composed ON COMMIT DROP AS
SELECT * FROM health_internal.compose_digests(ARRAY(
    SELECT ROW(channel, incident_id, CASE WHEN agent_id = 'm60' THEN 'resolved' ELSE 'opened' END, 'critical', true)::health_internal.digest_line
    FROM health.incidents CROSS JOIN unnest('{console,pager}'::text []) AS channel WHERE channel = 'console' OR agent_id IN ('m1', 'm2')));
SELECT rows_are($$ SELECT channel, severity, subject, cardinality(agent_ids), details -> 'incident_count', details -> 'revenue_usd_per_hour' FROM composed ORDER BY 1 $$,
    $$ VALUES ('console', 'critical', '60 incidents: first; second, 1 resolved', 60, '60'::jsonb, '1770'::jsonb), ('pager', 'critical', '2 incidents: first; second', 2, '2', '3') $$,
    'one per channel, with all agents and the revenue of those still down');
SELECT is((SELECT jsonb_array_length(details -> 'agents') FROM composed WHERE channel = 'console'), 50, 'fifty by name');
SELECT is((SELECT details -> 'agents' -> 0 ->> 'agent_id' FROM composed WHERE channel = 'console'), 'm59', 'the dearest first');
SELECT is((SELECT cardinality(lines) FROM composed WHERE channel = 'console'), 60, 'it remembers its lines');
SELECT rows_are($$ SELECT subject, body FROM health_internal.compose_digests(ARRAY(
    SELECT ROW('pager', incident_id, 'opened', 'critical', true)::health_internal.digest_line FROM health.incidents WHERE agent_id = 'm1')) $$,
    $$ VALUES ('1 incident: first; second', E'1 incident:\nM1: first; second') $$, 'one is one');
SELECT is_empty($$ SELECT * FROM health_internal.compose_digests('{}') $$, 'nothing is no digest');
SELECT rows_are('SELECT channel, right(body, 15) FROM composed ORDER BY 1', $$ VALUES ('console', E'first; second\n…'), ('pager', E': first; second') $$, 'the rest is hinted at');
SELECT rows_are($$ SELECT a ->> 'agent_id' FROM composed, jsonb_array_elements(details -> 'agents') WITH ORDINALITY AS v (a, n) WHERE channel = 'console' AND n IN (2, 50) $$, $$ VALUES ('m58'), ('m10') $$,
    'all in order, ends last');
SELECT rows_are($$ SELECT n, right(d.body, 1) FROM unnest('{50,51}'::int []) AS n CROSS JOIN LATERAL health_internal.compose_digests(ARRAY(
    SELECT ROW('pager', incident_id, 'opened', 'critical', true)::health_internal.digest_line FROM health.incidents ORDER BY incident_id LIMIT n)) AS d ORDER BY 1 $$, $$ VALUES (50, 'd'), (51, '…') $$, 'if there is any');
SELECT is((SELECT details FROM composed WHERE channel = 'pager'), '{"event": "digest", "severity": "critical", "summary": "first; second", "incident_count": 2, "resolved_count": 0, "revenue_usd_per_hour": 3, "agents": [
    {"agent_id": "m2", "agent_name": "M2", "severity": "critical", "summary": "first; second"}, {"agent_id": "m1", "agent_name": "M1", "severity": "critical", "summary": "first; second"}]}'::jsonb, 'the facts for templates');
-- The worst first, ends last; a rule or an agent that was removed is told of nevertheless, an alert that is over is not.
INSERT INTO health.agents (agent_id, agent_name) SELECT n, upper(n) FROM unnest('{d1,d2,d3,d4}'::text []) AS n;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, revenue_usd_per_hour)
SELECT n, 'critical', at(0), at(0), CASE n WHEN 'd1' THEN 5 WHEN 'd3' THEN 1 ELSE 0 END FROM unnest('{d1,d2,d3,gone,d4}'::text []) WITH ORDINALITY AS v (n, o) ORDER BY o;
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at)
SELECT incident_id, agent_id, rule, 'critical', summary, at(0), at(resolved) FROM health.incidents
INNER JOIN (VALUES ('d1', 'failed', 'is over', 1), ('d1', 'error', 'is wrong', NULL), ('d2', 'no_such_rule', 'of old', NULL), ('gone', 'failed', repeat('x', 400), NULL)) AS v (agent_id, rule, summary, resolved) USING (agent_id);
CREATE FUNCTION pg_temp.digest(VARIADIC p_lines text []) RETURNS TABLE (severity text, subject text, body text, agent_ids text, revenue jsonb, resolved jsonb) LANGUAGE sql AS $$
    SELECT d.severity, d.subject, d.body, array_to_string(d.agent_ids, ' '), d.details -> 'revenue_usd_per_hour', d.details -> 'resolved_count' FROM health_internal.compose_digests(ARRAY(
        SELECT ROW('pager', incident_id, split_part(l, ' ', 2), split_part(l, ' ', 3), true)::health_internal.digest_line FROM unnest(p_lines) AS l INNER JOIN health.incidents ON agent_id = split_part(l, ' ', 1))) AS d $$;
SELECT rows_are($$ SELECT * FROM pg_temp.digest('d4 resolved emergency', 'd1 opened warning', 'd2 opened critical', 'd3 opened warning') $$,
    $$ VALUES ('critical', '4 incidents: of old, 1 resolved', E'4 incidents together:\nD2: of old\nD1: is wrong\nD3: warning\nD4: resolved', 'd1 d2 d3 d4', '6'::jsonb, '1'::jsonb) $$, 'as severe as the worst that is open');
SELECT rows_are($$ SELECT * FROM pg_temp.digest('d1 resolved warning', 'd2 resolved critical') $$,
    $$ VALUES ('critical', '2 incidents: resolved', E'2 incidents together:\nD2: resolved\nD1: resolved', 'd1 d2', NULL::jsonb, '2'::jsonb) $$, 'or that was');
SELECT rows_are($$ SELECT revenue, resolved FROM pg_temp.digest('d3 opened warning') UNION ALL SELECT revenue, resolved FROM pg_temp.digest('d2 opened warning') $$, $$ VALUES ('1'::jsonb, '0'::jsonb), (NULL, '0') $$, 'what is lost, if anything');
SELECT rows_are($$ SELECT length(subject), left(body, 20), agent_ids FROM pg_temp.digest('gone opened warning') $$, $$ VALUES (300, E'1 incident:\ngone: xx', 'gone') $$, 'a subject has 300 letters');

INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, lines, is_noted)
SELECT 'console', 'digest', severity, subject, body, 'k' || is_noted, at(1), at(1), lines, is_noted
FROM composed CROSS JOIN unnest('{t,f}'::boolean []) AS is_noted WHERE channel = 'console';
SELECT health_internal.note_digests() FROM generate_series(1, 2);
SELECT rows_are($$ SELECT alert_events.event, reason_code, reason, channel, occurred_at, count(*), count(DISTINCT agent_id) FROM health.alert_events
    INNER JOIN health.deliveries USING (delivery_id, channel) WHERE idempotency_key = 'kfalse' GROUP BY 1, 2, 3, 4, 5 ORDER BY 3 $$,
    $$ VALUES ('grouped', 'digest', 'opened', 'console', at(1), 59::bigint, 59::bigint), ('grouped', 'digest', 'resolved', 'console', at(1), 1, 1) $$,
    'the ledger tells once of each line of a digest');
SELECT health_internal.note_digests(true);
SELECT is((SELECT count(*) FROM health.alert_events), 60::bigint, 'of those of which it did not tell yet');
SELECT is_empty($$ SELECT FROM health.deliveries WHERE NOT is_noted $$, 'then it tells of all');

SELECT * FROM finish();
ROLLBACK;
