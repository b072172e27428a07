-- Who needs whom, and which parents an agent lacks.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.add_dependency,
        health.remove_dependency,
        health_internal.dead_parents,
        health_internal.returned_parents
    }',
    $$
    VALUES
    ('health.add_dependency(text,text,text,integer)', 'f', 'sql', 'v', true, 'health_admin'),
    ('health.remove_dependency(text,text)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health_internal.dead_parents(text[],timestamp with time zone)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.returned_parents(text[],timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('c', 'c', '1 day'), ('p1', 'p', '1 day'), ('p2', 'p', '1 day');
SELECT lives_ok($$ SELECT health.add_dependency('c', 'p1', 'power', 1), health.add_dependency('c', 'p2', 'power', 1) $$, 'two parents stand in for each other');
SELECT throws_ok($$ SELECT health.add_dependency('p1', 'c') $$, 'AL005', 'agent "p1" cannot depend on "c", which depends on it', 'no circle');
SELECT throws_ok($$ SELECT health.add_dependency('c', 'c') $$, '23514', NULL, 'nobody is his own parent');
SELECT beat(a, s) FROM unnest('{c,p1,p2}'::text []) AS a, unnest('{200,205}'::float8 []) AS s;
SELECT tick(206);
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{c}', at(206)) $$, 'all alive');
SELECT beat('p1', 207, 'failed');
SELECT tick(208);
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{c}', at(208)) $$, 'one of two is enough');
SELECT health.add_dependency('c', 'p1', 'power', 2);
SELECT rows_are($$ SELECT * FROM health_internal.dead_parents('{c}', at(208)) $$, $$ VALUES ('c', true, 'p1', false) $$, 'unless two are needed');
SELECT health.add_dependency('c', 'p1', 'power', 9);
SELECT beat('p1', 209); SELECT tick(210);
SELECT beat('c', 210.2); SELECT tick(210.4);
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{c}', at(210)) $$, 'more than there are is all of them');
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
    $$ VALUES ('resolved', ARRAY['p1']) $$, 'when the parent is back');
SELECT is((SELECT count(*) FROM health.suppressions WHERE agent_id = 'c' AND reason_code = 'parent_down'), 1::bigint, 'the child is given time to be heard');
UPDATE health.agent_status SET grace_seconds = 0, learnt_interval_seconds = 2, unresponsive_intervals = 5 WHERE agent_id = 'c';
SELECT rows_are($$ SELECT parents.is_back, parents.parents = 'p1 (back; awaited until ' || at(229) || ')' FROM health_internal.dead_parents('{c}', at(228.9)) AS parents $$,
    $$ VALUES (true, true) $$, 'as long as it may always be silent');
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{c}', at(229)) $$, 'and no longer');
UPDATE health.agent_status SET grace_seconds = 1e9 WHERE agent_id = 'c';
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{c}', at(220)) $$, 'a job has a schedule instead');
UPDATE health.agent_status SET grace_seconds = 0 WHERE agent_id = 'c';
SELECT tick(220);
SELECT is((SELECT count(*) FROM health.deliveries WHERE agent_ids = ARRAY['c'] AND created_at > at(212)), 0::bigint, 'nothing is told meanwhile');
SELECT beat('c', 221, 'failed');
SELECT tick(222);
SELECT rows_are($$ SELECT event, agent_ids FROM health.deliveries WHERE created_at > at(219) $$,
    $$ VALUES ('truth', ARRAY['c']) $$, 'what is heard of it and still wrong is told');

SELECT * FROM finish();
ROLLBACK;
