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

-- Rules side by side: r, s and one that is built in; r has opened an alert, and one like it is of another rule.
SELECT health.add_alert_rule(rule, 'ops.good', 'info', 'says ' || rule, p_now => at(0)) FROM unnest('{r,s}'::text []) AS rule;
INSERT INTO health.rule_findings (rule, severity, summary, found_at, changed_at) SELECT rule, 'info', rule, at(0), at(0) FROM unnest('{r,s,dead_letters}'::text []) AS rule;
CREATE FUNCTION pg_temp.rules() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', r.rule, r.severity, CASE WHEN r.is_enabled THEN 'on' ELSE 'off' END, date_part('epoch', r.next_evaluation_at - at(0)), CASE WHEN r.removed_at IS NOT NULL THEN 'removed' END, r.evaluation_id, r.unfinished_count, r.evaluating_pid, r.last_error,
        CASE WHEN f.rule IS NOT NULL THEN 'found' END), ', ' ORDER BY r.rule) FROM health.alert_rules AS r LEFT JOIN health.rule_findings AS f ON f.rule = r.rule WHERE r.rule IN ('r', 's', 'dead_letters')
$$;
UPDATE health.alert_rules SET evaluation_id = 5, unfinished_count = 1, evaluating_pid = 7, evaluating_since = at(0) WHERE rule IN ('r', 's', 'dead_letters');
SELECT health.enable_alert_rule('r', at(1)), health.enable_alert_rule('dead_letters', at(1));
SELECT is(pg_temp.rules(), 'dead_letters critical on 6 0 found, r info on 1 6 0 found, s info on 0 5 1 7 found', 'a rule that is enabled is evaluated next, one that is built in never');
SELECT health.disable_alert_rule('r', at(2)), health.disable_alert_rule('dead_letters', at(2));
SELECT is(pg_temp.rules(), 'dead_letters critical off 7 0 found, r info off 2 7 0, s info on 0 5 1 7 found', 'what a disabled one found is taken back, of the engine''s nothing');
SELECT health.add_alert_rule('r', 'ops.good', p_now => at(3)), health.add_alert_rule('s', 'ops.good', 'critical', p_now => at(3));
SELECT is(pg_temp.rules(), 'dead_letters critical off 7 0 found, r warning on 3 8 0, s critical on 3 6 0 found', 'changed, it is enabled, and an answer under way is ignored');
SELECT throws_ok($$ SELECT health.add_alert_rule('dead_letters', 'ops.good') $$, 'RU002', NULL, 'but what is built in stays');
SELECT is((SELECT summary FROM health.alert_rules WHERE rule = 'r'), 'r', 'by its name where nothing else is said');
INSERT INTO health.rule_findings (rule, severity, summary, found_at, changed_at) VALUES ('r', 'info', 'r', at(0), at(0));
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('a1', 'info', at(0), at(0));
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at) SELECT max(incident_id), 'a1', 'r', 'info', 'x', at(0) FROM health.incidents;
SELECT health.remove_alert_rule('r', at(4));
SELECT is(pg_temp.rules(), 'dead_letters critical off 7 0 found, r warning off 3 removed 9 0, s critical on 3 6 0 found', 'a rule that opened an alert stays on record');
SELECT throws_ok(format('SELECT health.%s_alert_rule(%L)', verb, 'r'), 'RU002', NULL, verb || ' what was removed') FROM unnest('{remove,enable,disable}'::text []) AS verb;
SELECT health.remove_alert_rule('s', at(5));
SELECT is(pg_temp.rules(), 'dead_letters critical off 7 0 found, r warning off 3 removed 9 0', 'another does not');
SELECT health.add_alert_rule('r', 'ops.good', p_now => at(6));
SELECT is(pg_temp.rules(), 'dead_letters critical off 7 0 found, r warning on 6 10 0', 'and the first may come back');
SELECT throws_ok($$ SELECT health.add_alert_rule('r', 'a.b.c') $$, 'RU001', NULL, 'a view is named with its schema and no more');

SELECT * FROM finish();
ROLLBACK;
