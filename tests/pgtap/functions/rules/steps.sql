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
-- Which rule is next: the one that has been due longest, of those that nobody evaluates, or no longer.
DELETE FROM health.alert_rules WHERE NOT is_builtin;
SELECT health.add_alert_rule(rule, 'ops.good', p_row_limit => 2, p_now => at(0)) FROM unnest('{a,b,c,d}'::text []) AS rule;
UPDATE health.alert_rules SET next_evaluation_at = at(CASE rule WHEN 'd' THEN -1 ELSE 0 END), is_enabled = rule <> 'b' WHERE NOT is_builtin;
SELECT is((SELECT string_agg(coalesce(b.rule, '-'), ' ') FROM generate_series(1, 4) AS n CROSS JOIN LATERAL (SELECT (health_internal.begin_rule(at(n * 0))).rule) AS b), 'd a c -', 'by when they were due, and by name; not one that is disabled');
UPDATE health.alert_rules SET evaluation_id = 7 WHERE NOT is_builtin;
SELECT health_internal.release_rule('a', 6), health_internal.release_rule('c', 7);
UPDATE health.alert_rules SET evaluating_pid = 0 WHERE rule = 'd';
SELECT health_internal.release_rule('d', 7);
SELECT rows_are($$ SELECT rule, evaluating_since IS NULL FROM health.alert_rules WHERE NOT is_builtin ORDER BY 1 $$, $$ VALUES ('a', false), ('b', true), ('c', true), ('d', false) $$, 'who gives back an evaluation is who began it');
CREATE FUNCTION pg_temp.begun_after(p_seconds float8, p_unfinished integer DEFAULT 0) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM health.alert_rules WHERE NOT is_builtin AND rule <> 'a';
    UPDATE health.alert_rules SET evaluating_since = clock_timestamp() - make_interval(secs => p_seconds), unfinished_count = p_unfinished, evaluation_id = 7, is_enabled = true WHERE rule = 'a';
    PERFORM health_internal.begin_rule(at(0));
    RETURN (SELECT concat_ws(' ', evaluation_id, unfinished_count, last_error) FROM health.alert_rules WHERE rule = 'a');
END $$;
SELECT is(pg_temp.begun_after(14), '7 0', 'what is under way is left');
SELECT is(pg_temp.begun_after(date_part('epoch', clock_timestamp() - pg_postmaster_start_time()) + 16), '8 0', 'what was when the server went down is begun again');
SELECT is(pg_temp.begun_after(date_part('epoch', clock_timestamp() - pg_postmaster_start_time()) + 16, 1), '8 1', 'which is no fault of it');
UPDATE health.alert_rules SET last_error = NULL;
CREATE VIEW ops.large AS SELECT n::text AS agent_id, repeat('x', 1001) AS summary, jsonb_build_object('k', (SELECT string_agg(md5(n::text || m), '') FROM generate_series(1, CASE n WHEN 1 THEN 400 ELSE 1 END) AS m)) AS details FROM generate_series(1, 5) AS n;
SELECT rows_are($$ SELECT a.error, a.is_cancelled, jsonb_array_length(a.findings), length(a.findings -> 0 ->> 'summary'), (a.findings -> 0 -> 'details' ->> 'left_out_bytes')::int > 8192, length(a.findings -> 1 -> 'details' ->> 'k') FROM health_internal.ask_rule('ops', 'large', 2) AS a $$,
    $$ VALUES (NULL, false, 3, 1000, true, 32) $$, 'no more than one row over the limit, and of large ones a part');

SELECT * FROM finish();
ROLLBACK;
