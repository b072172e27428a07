-- Alert rules of users: the steps of an evaluation. Sessions and commits: tests/python/integration/test_rules.py.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.ask_rule,
        health_internal.begin_rule,
        health_internal.check_rules_session,
        health_internal.release_rule
    }',
    $$
    VALUES
    ('health_internal.ask_rule(name,name,integer)', 'f', 'plpgsql', 'v', false, 'health_rules'),
    ('health_internal.begin_rule(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_rules'),
    ('health_internal.check_rules_session()', 'f', 'plpgsql', 's', true, 'health_rules'),
    ('health_internal.release_rule(text,bigint)', 'f', 'sql', 'v', true, 'health_rules')
    $$
);

SELECT throws_ok($$ SELECT health_internal.check_rules_session() $$, 'RU003', NULL, 'a superuser''s session evaluates nothing');
CREATE SCHEMA ops;
CREATE VIEW ops.good AS SELECT 'a1'::text AS agent_id, 'x'::text AS summary;
GRANT USAGE ON SCHEMA ops TO health_rules;
GRANT SELECT ON ops.good TO health_rules;
SELECT health.register_agent('a1') IS NULL AS is_null;
SELECT lives_ok($$ SELECT health.add_alert_rule('r', 'ops.good', p_row_limit => 2, p_now => '2031-05-06 07:00:00+00') $$, 'a rule');
SELECT is((health_internal.begin_rule('2031-05-06 06:59:59+00')).rule, NULL, 'not yet');
CREATE TEMP TABLE begun ON COMMIT DROP AS SELECT * FROM health_internal.begin_rule('2031-05-06 07:00:00+00');
SELECT is((SELECT rule FROM begun), 'r', 'now');
SELECT is((health_internal.begin_rule('2031-05-06 07:00:00+00')).rule, NULL, 'by one session at a time');
SELECT is((health_internal.ask_rule('ops', 'good', 2)).findings, '[{"agent_id": "a1", "severity": null, "summary": "x", "details": null}]'::jsonb, 'it answers');
CREATE VIEW ops.errs AS SELECT (1 / (random() * 0))::text AS summary;
CREATE VIEW ops.sets AS SELECT set_config('search_path', 'ops', false) AS summary, 'a column of this name'::text AS found;
SELECT is((health_internal.ask_rule('ops', 'errs', 2)).error, 'division by zero (22012)', 'or errs');
SELECT is((health_internal.ask_rule('ops', 'sets', 2)).findings -> 0 ->> 'summary', 'ops', 'what it sets');
SELECT isnt(current_setting('search_path'), 'ops', 'does not last');
SELECT health_internal.finish_rule('r', evaluation_id, '[]', NULL, 1, '2031-05-06 07:00:00+00') FROM begun;
SELECT is((health_internal.begin_rule('2031-05-06 07:01:00+00')).rule, 'r', 'a minute later');
SELECT lives_ok($$ SELECT health_internal.release_rule('r', evaluation_id) FROM health.alert_rules WHERE rule = 'r' $$, 'given back');
SELECT is((health_internal.begin_rule('2031-05-06 07:01:00+00')).rule, 'r', 'it is still due');

SELECT * FROM finish();
ROLLBACK;
