-- Alert rules of users: adding, removing, enabling, disabling.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.add_alert_rule,
        health.disable_alert_rule,
        health.enable_alert_rule,
        health.remove_alert_rule,
        health_internal.switch_alert_rule
    }',
    $$
    VALUES
    ('health.add_alert_rule(text,text,text,text,interval,integer,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health.disable_alert_rule(text,timestamp with time zone)', 'f', 'sql', 'v', true, 'health_admin'),
    ('health.enable_alert_rule(text,timestamp with time zone)', 'f', 'sql', 'v', true, 'health_admin'),
    ('health.remove_alert_rule(text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health_internal.switch_alert_rule(text,boolean,timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE SCHEMA ops;
CREATE VIEW ops.good AS SELECT 'a1'::text AS agent_id, 'critical'::text AS severity, 'x'::text AS summary, '{}'::jsonb AS details;
CREATE VIEW ops.bad AS SELECT 1 AS agent_id, 'x'::text AS details;
CREATE TABLE ops.stored AS SELECT * FROM ops.good;
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'good') $$, 'RU001', 'view "good" is not named with its schema', 'a view has a schema');
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'ops.') $$, 'RU001', NULL, 'and a name');
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'ops.none') $$, 'RU001', 'there is no view ops."none"', 'and is there');
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'ops.stored') $$, 'RU001', 'ops.stored is not a view', 'and is a view');
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'ops.good') $$, 'RU001', 'the role health_rules may not read ops.good', 'that rules may read');
GRANT USAGE ON SCHEMA ops TO health_rules;
GRANT SELECT ON ops.good, ops.bad TO health_rules;
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'ops.bad') $$, 'RU001', 'ops.bad does not fit: agent_id is not text, summary is missing (text), details is not jsonb', 'and fits');
SELECT throws_ok($$ SELECT health.add_alert_rule('unresponsive', 'ops.good') $$, 'RU002', 'rule "unresponsive" is built in', 'under a name of its own');
SELECT throws_ok($$ SELECT health.add_alert_rule('No Name', 'ops.good') $$, '23514', NULL, 'that is a name');
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'ops.good', 'loud') $$, '23514', NULL, 'of a known severity');
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'ops.good', p_period => '0') $$, '23514', NULL, 'now and then');
SELECT lives_ok($$ SELECT health.add_alert_rule('r', 'ops.good', 'info', 'says r', '10 seconds', 5, '2031-05-06 07:00:00+00') $$, 'a rule is added');
SELECT rows_are($$ SELECT severity, summary, is_builtin, is_enabled, view_schema, view_name, period, row_limit FROM health.alert_rules WHERE rule = 'r' $$,
    $$ VALUES ('info', 'says r', false, true, 'ops', 'good', interval '10 seconds', 5) $$, 'as it was told');
SELECT lives_ok($$ SELECT health_internal.stop_rule('r', E'no\ngood', '2031-05-06 07:00:01+00') $$, 'an error stops it');
SELECT rows_are($$ SELECT rule, agent_id, severity, summary FROM health.rule_findings $$,
    $$ VALUES ('rule_disabled', NULL, 'warning', 'alert rule r was disabled: no good') $$, 'which is found');
SELECT lives_ok($$ SELECT health.enable_alert_rule('r') $$, 'a person enables it');
SELECT is_empty($$ SELECT * FROM health.rule_findings $$, 'and all is well');
SELECT lives_ok($$ SELECT health.disable_alert_rule('r') $$, 'a person disables it');
SELECT is_empty($$ SELECT * FROM health.rule_findings $$, 'which is no error');
SELECT lives_ok($$ SELECT health.disable_alert_rule('job_missed') $$, 'a built-in rule can be disabled');
SELECT throws_ok($$ SELECT health.remove_alert_rule('job_missed') $$, 'RU002', NULL, 'not removed');
SELECT lives_ok($$ SELECT health.remove_alert_rule('r') $$, 'a rule is removed');
SELECT throws_ok($$ SELECT health.remove_alert_rule('r') $$, 'RU002', NULL, 'once');
SELECT throws_ok($$ SELECT health.enable_alert_rule('r') $$, 'RU002', NULL, 'and is gone');

SELECT * FROM finish();
ROLLBACK;
