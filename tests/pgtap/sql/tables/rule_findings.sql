-- What a finding must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.rule_findings}', $$ VALUES ('health.rule_findings', 'health_analyst SELECT, health_bridge SELECT') $$);

INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('odd', 'warning', 'odd', true);
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES ('odd', 'a', 'warning', 's', at(0), at(0)), ('odd', NULL, 'warning', 's', at(0), at(0));
SELECT refuses('rule_findings_rule_agent_key', format('INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) VALUES (''odd'', %L, ''info'', ''s'', at(1), at(1))', v.agent_id)) FROM (VALUES ('a'), (NULL)) AS v (agent_id);
SELECT refuses('finding_severity_is_known', $$ UPDATE health.rule_findings SET severity = 'grave' $$);
SELECT refuses('rule_findings_rule_fkey', $$ UPDATE health.rule_findings SET rule = 'none' WHERE agent_id = 'a' $$);
DELETE FROM health.alert_rules WHERE rule = 'odd';
SELECT is_empty($$ SELECT FROM health.rule_findings WHERE rule = 'odd' $$, 'a rule takes its findings along');

SELECT * FROM finish();
ROLLBACK;
