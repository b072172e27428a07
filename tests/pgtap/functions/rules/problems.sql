-- Alert rules of users: what can be wrong with one.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.refresh_disabled_rules,
        health_internal.rule_problem,
        health_internal.stop_rule
    }',
    $$
    VALUES
    ('health_internal.refresh_disabled_rules(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.rule_problem(name,name)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.stop_rule(text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE SCHEMA ops;
CREATE VIEW ops.good AS SELECT 'a1'::text AS agent_id, 'critical'::text AS severity, 'x'::text AS summary, '{}'::jsonb AS details;
CREATE VIEW ops.least AS SELECT 'a1'::varchar(9) AS agent_id, 'x'::text AS summary;
CREATE VIEW ops.bad AS SELECT 1 AS agent_id, 'x'::text AS details;
CREATE VIEW ops.secret AS SELECT * FROM ops.good;
CREATE TABLE ops.stored AS SELECT * FROM ops.good;
GRANT USAGE ON SCHEMA ops TO health_rules;
GRANT SELECT ON ops.good, ops.least, ops.bad, ops.stored TO health_rules;
SELECT rows_are($$ SELECT name, health_internal.rule_problem('ops', name) FROM unnest('{good,least,bad,secret,stored,none}'::name []) AS name $$,
    $$ VALUES ('good', NULL), ('least', NULL), ('bad', 'ops.bad does not fit: agent_id is not text, summary is missing (text), details is not jsonb'),
    ('secret', 'the role health_rules may not read ops.secret'), ('stored', 'ops.stored is not a view'), ('none', 'there is no view ops."none"') $$, 'why a view cannot be a rule');
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.good AS SELECT 1 AS one;
CREATE VIEW elsewhere.bad AS SELECT * FROM ops.good;
CREATE VIEW ops.short AS SELECT 'x'::text AS summary;
GRANT SELECT ON ops.short TO health_rules;
CREATE TEMP VIEW passing AS SELECT * FROM ops.good;
GRANT SELECT ON passing TO health_rules;
SELECT rows_are($$ SELECT name, health_internal.rule_problem('ops', name) FROM unnest('{good,short}'::name []) AS name $$, $$ VALUES ('good', NULL), ('short', 'ops.short does not fit: agent_id is missing (text)') $$, 'whatever there is of that name elsewhere');
SELECT is(health_internal.rule_problem('elsewhere', 'good'), 'elsewhere.good is not a view', 'and there');
SELECT alike(health_internal.rule_problem(nspname, 'passing'), 'there is no view %', 'a temporary view is none') FROM pg_namespace WHERE oid = pg_my_temp_schema();
SELECT health.add_alert_rule(rule, 'ops.good', p_now => at(0)) FROM unnest('{one,two}'::text []) AS rule;
INSERT INTO health.rule_findings (rule, severity, summary, details, found_at, changed_at) VALUES ('one', 'warning', 'x', '{}', at(0), at(0));
SELECT health_internal.stop_rule('one', E'no\ngood', at(1));
SELECT rows_are($$ SELECT is_enabled, last_error, last_error_at FROM health.alert_rules WHERE rule = 'one' $$, $$ VALUES (false, 'no good', at(1)) $$, 'an error stops a rule');
SELECT rows_are($$ SELECT rule, agent_id, severity, summary, details FROM health.rule_findings $$,
    $$ VALUES ('rule_disabled', NULL, 'warning', 'alert rule one was disabled: no good', '{"one": "no good"}'::jsonb) $$, 'which is found in place of what it found');
SELECT health_internal.stop_rule('two', 'worse', at(2));
SELECT rows_are($$ SELECT summary, changed_at FROM health.rule_findings $$, $$ VALUES ('2 alert rules were disabled: one, two', at(2)) $$, 'several are one finding');
INSERT INTO health.rule_findings (rule, severity, summary, found_at, changed_at) VALUES ('dead_letters', 'critical', 'x', at(0), at(0));
SELECT health_internal.refresh_disabled_rules(at(3));
SELECT is((SELECT changed_at FROM health.rule_findings WHERE rule = 'rule_disabled'), at(2), 'found again it has not changed');
SELECT health_internal.stop_rule('two', repeat('e', 501), at(4));
SELECT rows_are($$ SELECT f.changed_at, length(f.details ->> 'two'), length(r.last_error) FROM health.rule_findings AS f, health.alert_rules AS r WHERE f.rule = 'rule_disabled' AND r.rule = 'two' $$, $$ VALUES (at(4), 200, 500) $$, 'long errors are cut');
SELECT health.add_alert_rule('r' || n, 'ops.good', p_now => at(0)), health_internal.stop_rule('r' || n, 'x', at(5)) FROM generate_series(10, 40) AS n;
SELECT rows_are($$ SELECT count(*), min(key), max(key) FROM health.rule_findings AS f, jsonb_object_keys(f.details) AS key WHERE f.rule = 'rule_disabled' $$, $$ VALUES (20, 'one', 'r28') $$, 'of many twenty are told in full');
SELECT health.remove_alert_rule('r' || n) FROM generate_series(10, 40) AS n;
UPDATE health.alert_rules SET last_error = NULL WHERE rule IN ('one', 'two');
SELECT health_internal.refresh_disabled_rules(at(3));
SELECT rows_are($$ SELECT rule FROM health.rule_findings $$, $$ VALUES ('dead_letters') $$, 'which goes with the last of them; what others found stays');
SELECT health_internal.stop_rule('one', 'x', at(6));
SELECT rows_are($$ SELECT rule FROM health.rule_findings ORDER BY 1 $$, $$ VALUES ('dead_letters'), ('rule_disabled') $$, 'also when a rule is stopped');

SELECT * FROM finish();
ROLLBACK;
