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

SELECT * FROM finish();
ROLLBACK;
