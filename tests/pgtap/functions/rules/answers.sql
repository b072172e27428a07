-- Alert rules of users: an answer becomes findings.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.finish_rule}',
    $$
    VALUES
    ('health_internal.finish_rule(text,bigint,jsonb,text,double precision,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_rules')
    $$
);

CREATE SCHEMA ops;
CREATE VIEW ops.good AS SELECT 'a1'::text AS agent_id, 'x'::text AS summary;
GRANT USAGE ON SCHEMA ops TO health_rules;
GRANT SELECT ON ops.good TO health_rules;
SELECT health.register_agent('a1') IS NULL AS is_null;
SELECT lives_ok($$ SELECT health.add_alert_rule('r', 'ops.good', p_row_limit => 2, p_now => '2031-05-06 07:00:00+00') $$, 'a rule');
CREATE TEMP TABLE begun ON COMMIT DROP AS SELECT * FROM health_internal.begin_rule('2031-05-06 07:00:00+00');
SELECT lives_ok($$ SELECT health_internal.finish_rule('r', evaluation_id - 1, '[{"summary": "old"}]', NULL, 1, '2031-05-06 07:00:00+00') FROM begun $$, 'an older answer');
SELECT is_empty($$ SELECT * FROM health.rule_findings $$, 'is ignored');
SELECT lives_ok($$ SELECT health_internal.finish_rule('r', evaluation_id, '[{"agent_id": "a1", "summary": "x"}, {"agent_id": "a2"}]', NULL, 1, '2031-05-06 07:00:00+00') FROM begun $$, 'this one');
SELECT rows_are($$ SELECT agent_id, severity, summary FROM health.rule_findings $$, $$ VALUES ('a1', 'warning', 'x') $$, 'is kept');
SELECT rows_are($$ SELECT last_row_count, last_note, evaluating_pid FROM health.alert_rules WHERE rule = 'r' $$,
    $$ VALUES (2, 'rows of agents that are not registered: 1, such as "a2"', NULL::int) $$, 'and what was left out is noted');
SELECT is((health_internal.begin_rule('2031-05-06 07:01:00+00')).rule, 'r', 'a minute later');
SELECT lives_ok($$ SELECT health_internal.finish_rule('r', evaluation_id, '[{}, {}, {}]', NULL, 1, '2031-05-06 07:01:00+00') FROM health.alert_rules WHERE rule = 'r' $$, 'too much');
SELECT is((SELECT last_error FROM health.alert_rules WHERE rule = 'r'), 'it returned more than 2 rows', 'disables it');
SELECT is_empty($$ SELECT * FROM health.rule_findings WHERE rule = 'r' $$, 'and takes back what it found');

-- Two rules under way in one session: what is told of one is not of the other.
SELECT health.add_alert_rule('r', 'ops.good', 'warning', 'of r', '1 minute', 6, at(0)), health.add_alert_rule('s', 'ops.good', 'info', 'of s', '1 minute', 6, at(0));
SELECT (health_internal.begin_rule(at(0))).rule FROM generate_series(1, 2);
UPDATE health.alert_rules SET evaluation_id = 9, unfinished_count = 1 WHERE rule IN ('r', 's');
DELETE FROM health.rule_findings;
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('s', 'a3', 'info', 'of s', at(0), at(0));
CREATE TEMP TABLE before ON COMMIT DROP AS SELECT * FROM health.alert_rules WHERE rule = 's';
CREATE FUNCTION pg_temp.finished(p_seconds float8, p_findings jsonb, p_error text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    UPDATE health.alert_rules SET evaluating_pid = pg_backend_pid(), evaluating_since = at(p_seconds), is_enabled = true, last_error = NULL WHERE rule = 'r';
    SELECT health_internal.finish_rule('r', 9, p_findings, p_error, 1, at(p_seconds));
    SELECT concat_ws('; ', (SELECT string_agg(concat_ws(' ', agent_id, severity, summary, details, date_part('epoch', changed_at - at(0))), ', ' ORDER BY agent_id NULLS FIRST) FROM health.rule_findings WHERE rule = 'r'),
        r.last_error, r.last_note, r.last_row_count, r.unfinished_count) FROM health.alert_rules AS r WHERE r.rule = 'r'
$$;
UPDATE health.alert_rules SET evaluating_pid = 0 WHERE rule = 'r';
SELECT health_internal.finish_rule('r', 9, '[{"summary": "x"}]', NULL, 1, at(1));
SELECT is_empty($$ SELECT FROM health.rule_findings WHERE rule = 'r' $$, 'another session''s answer is ignored');
SELECT is(pg_temp.finished(2, '[{"agent_id": "a1", "severity": "INFO", "summary": "b", "details": {"k": 1}}, {"agent_id": "a1", "severity": "critical", "summary": " \n ", "details": "text"}, {"summary": "all", "details": null}, {"agent_id": "a2\n"}, {"agent_id": "a9"}]'),
    'warning all {} 2, a1 critical of r {"details": "text"} 2; rows of agents that are not registered: 2, such as "a2 "; rows of agents that a more severe row speaks of: 1; 5; 0', 'of an agent the most severe, what is left open the rule says, whatever details are');
SELECT is(pg_temp.finished(3, '[{"summary": "all"}]'), 'warning all {} 2; 1; 0', 'what is not found again is gone, what is has not changed');
SELECT is(pg_temp.finished(4, '[{"summary": "all", "severity": "info", "details": [1]}]'), 'info all {"details": [1]} 4; 1; 0', 'what differs has');
SELECT is(pg_temp.finished(5, NULL), '0; 0', 'no rows');
SELECT is(pg_temp.finished(6, jsonb_build_array(jsonb_build_object('summary', repeat('x', 501), 'details', '{}'::jsonb))), 'warning ' || repeat('x', 500) || ' {} 6; 1; 0', 'long texts are cut');
SELECT is(pg_temp.finished(7, NULL, 'boom'), 'boom; 0; 0', 'an error disables it');
SELECT is(pg_temp.finished(8, '[{}, {}, {}, {}, {}, {}, {}]', 'boom'), 'boom; 6; 0', 'whatever else it answered');
SELECT is(pg_temp.finished(9, '[{"severity": "info"}, {"severity": "loud"}]'), 'severity "loud" is not known; 2; 0', 'a severity that is none');
SELECT is(pg_temp.finished(10, jsonb_build_array(jsonb_build_object('severity', repeat('y', 101)))), 'severity "' || repeat('y', 100) || '" is not known; 1; 0', 'however long');
SELECT is(pg_temp.finished(11, jsonb_build_array(jsonb_build_object('agent_id', repeat('z', 101)))), 'rows of agents that are not registered: 1, such as "' || repeat('z', 100) || '"; 1; 0', 'and long names');
SELECT rows_are($$ SELECT * FROM health.alert_rules WHERE rule = 's' $$, $$ SELECT * FROM before $$, 'the other rule');
SELECT rows_are($$ SELECT agent_id, summary FROM health.rule_findings WHERE rule = 's' $$, $$ VALUES ('a3', 'of s') $$, 'and what it found stay');

SELECT * FROM finish();
ROLLBACK;
