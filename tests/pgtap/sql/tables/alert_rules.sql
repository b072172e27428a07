-- What a rule must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.alert_rules}', $$ VALUES ('health.alert_rules', 'health_analyst SELECT, health_bridge SELECT') $$);

INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('odd', 'warning', 'odd', true);
SELECT refuses('alert_rules_pkey', $$ INSERT INTO health.alert_rules (rule, severity, summary, is_builtin) VALUES ('odd', 'info', 'even', true) $$);
SELECT refuses(v.name, 'UPDATE health.alert_rules SET ' || v.change || ' WHERE rule = ''odd''')
FROM (VALUES ('rule_severity_is_info_warning_critical_or_emergency', 'severity = ''grave'''), ('rule_is_a_lower_case_name_of_at_most_100_characters', 'rule = ''Odd'''),
    ('rule_is_a_lower_case_name_of_at_most_100_characters', 'rule = repeat(''a'', 101)'), ('rule_is_a_lower_case_name_of_at_most_100_characters', 'rule = '''''),
    ('rule_summary_is_1_to_500_characters_without_control_characters', 'summary = '''''), ('rule_summary_is_1_to_500_characters_without_control_characters', 'summary = repeat(''a'', 501)'),
    ('rule_summary_is_1_to_500_characters_without_control_characters', 'summary = E''a\nb'''),
    ('rule_is_either_built_in_or_a_view', 'is_builtin = false'), ('rule_is_either_built_in_or_a_view', 'view_name = ''v'''), ('rule_is_either_built_in_or_a_view', 'view_schema = ''s'''),
    ('rule_period_is_1_second_to_1_day', 'period = ''0.9 seconds'''), ('rule_period_is_1_second_to_1_day', 'period = ''1 day 1 second'''),
    ('rule_row_limit_is_1_to_10000', 'row_limit = 0'), ('rule_row_limit_is_1_to_10000', 'row_limit = 10001')) AS v (name, change);
SELECT lives_ok($$ UPDATE health.alert_rules SET summary = repeat('é', 500), period = '1 day', row_limit = 10000 WHERE rule = 'odd' $$, 'the limits themselves are allowed');

SELECT * FROM finish();
ROLLBACK;
