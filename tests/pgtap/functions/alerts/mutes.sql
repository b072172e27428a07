-- Mutes: silences and dependencies.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.add_dependency,
        health.end_silence,
        health.remove_dependency,
        health.silence,
        health_internal.dead_parents
    }',
    $$
    VALUES
    ('health.add_dependency(text,text,text,integer)', 'f', 'sql', 'v', true, 'health_admin'),
    ('health.end_silence(bigint,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.remove_dependency(text,text)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health.silence(jsonb,timestamp with time zone,text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.dead_parents(text[])', 'f', 'plpgsql', 's', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('c', 'c', '1 day'), ('p1', 'p', '1 day'), ('p2', 'p', '1 day');
SELECT is(health.silence('{"agent_id": "c", "maximum_severity": "critical"}', at(100), 'ana', 'known', at(0)) > 0, true, 'silenced');
SELECT beat('c', 1, 'failed');
SELECT tick(2);
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'c'), 1::bigint, 'the alert opens');
SELECT is((SELECT count(*) FROM health.deliveries), 0::bigint, 'and is not told');
SELECT rows_are($$ SELECT reason_code, reason LIKE 'silence % until %' FROM health.suppressions $$, $$ VALUES ('silenced', true) $$, 'the ledger says why');
SELECT tick(3);
SELECT is((SELECT count(*) FROM health.suppressions), 1::bigint, 'once');
SELECT beat('c', 99, 'failed');
SELECT tick(101);
SELECT rows_are($$ SELECT event, agent_ids FROM health.deliveries $$, $$ VALUES ('truth', ARRAY['c']) $$, 'when it is over the truth is told');
SELECT beat('c', 102, 'failed');
SELECT tick(103);
SELECT is((SELECT count(*) FROM health.deliveries), 1::bigint, 'once');
SELECT deliver(103);
SELECT is(health.silence('{"agent_id": "c"}', at(9000), 'ana', 'x', at(104)) > 0, true, 'silenced again');
SELECT beat('c', 105); SELECT beat('c', 110);
SELECT tick(111);
SELECT is((SELECT count(*) FROM health.open_alerts), 0::bigint, 'it recovers');
SELECT is((SELECT count(*) FROM health.deliveries), 1::bigint, 'the all-clear is withheld');
SELECT lives_ok($$ SELECT health.end_silence(max(silence_id), 'ana', at(112)) FROM health.silences $$, 'the silence is ended');
SELECT tick(113);
SELECT rows_are($$ SELECT event FROM health.deliveries ORDER BY delivery_id $$, $$ VALUES ('truth'), ('resolved') $$, 'and told then, once');
SELECT throws_ok($$ SELECT health.end_silence(max(silence_id), 'ana', at(114)) FROM health.silences $$, 'AL004', NULL, 'a silence ends once');
SELECT throws_ok($$ SELECT health.silence('{}', at(0), 'ana', 'x', at(1)) $$, 'AL003', NULL, 'it ends in time to come');
SELECT throws_ok($$ SELECT health.silence('{}', 'infinity', 'ana', 'x') $$, 'AL003', NULL, 'and does end');
SELECT throws_ok($$ SELECT health.silence('{"agent": "c"}', at(9), 'ana', 'x', at(1)) $$, 'AL002', NULL, 'matchers are understood');
SELECT lives_ok($$ SELECT health.add_dependency('c', 'p1', 'power', 1), health.add_dependency('c', 'p2', 'power', 1) $$, 'two parents stand in for each other');
SELECT throws_ok($$ SELECT health.add_dependency('p1', 'c') $$, 'AL005', 'agent "p1" cannot depend on "c", which depends on it', 'no circle');
SELECT throws_ok($$ SELECT health.add_dependency('c', 'c') $$, '23514', NULL, 'nobody is his own parent');
SELECT beat(a, s) FROM unnest('{c,p1,p2}'::text []) AS a, unnest('{200,205}'::float8 []) AS s;
SELECT tick(206);
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{c}') $$, 'all alive');
SELECT beat('p1', 207, 'failed');
SELECT tick(208);
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{c}') $$, 'one of two is enough');
SELECT health.add_dependency('c', 'p1', 'power', 2);
SELECT rows_are($$ SELECT * FROM health_internal.dead_parents('{c}') $$, $$ VALUES ('c', true, 'p1') $$, 'unless two are needed');
SELECT health.add_dependency('c', 'p1', 'power', 9);
SELECT beat('p1', 209);
SELECT tick(210);
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{c}') $$, 'more than there are is all of them');
SELECT is(health.remove_dependency('c', 'p2'), true, 'a dependency is removed');
SELECT is(health.remove_dependency('c', 'p2'), false, 'once');
SELECT beat('p1', 211, 'failed');
SELECT beat('c', 211, 'failed');
SELECT tick(212);
SELECT rows_are($$ SELECT agent_ids FROM health.deliveries WHERE created_at = at(212) $$, $$ VALUES (ARRAY['p1']) $$, 'the parent is told, the child not');
SELECT is((SELECT reason FROM health.suppressions WHERE agent_id = 'c' ORDER BY 1 DESC LIMIT 1) IS NOT NULL
    AND EXISTS (SELECT FROM health.suppressions WHERE agent_id = 'c' AND reason_code = 'parent_down' AND reason = 'parent down: p1'), true, 'and why');
SELECT beat('p1', 213); SELECT beat('p1', 218);
SELECT tick(219);
SELECT rows_are($$ SELECT event, agent_ids FROM health.deliveries WHERE created_at = at(219) ORDER BY 1 $$,
    $$ VALUES ('resolved', ARRAY['p1']), ('truth', ARRAY['c']) $$, 'when the parent is back what is still wrong is told');

SELECT * FROM finish();
ROLLBACK;
