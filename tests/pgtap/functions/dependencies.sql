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

-- Who came back: of silence or failure, after the child was heard last, for as long as it may be silent.
INSERT INTO health.agents (agent_id, agent_name) SELECT n, n FROM unnest('{kid,mum,dad,old}'::text []) AS v (n);
INSERT INTO health.agent_status (agent_id, liveness, last_heartbeat_at, grace_seconds, learnt_interval_seconds, unresponsive_intervals, active_conditions)
SELECT n, 'alive', at(900), 5, 10, 3, CASE n WHEN 'dad' THEN '{failed}'::text [] ELSE '{}' END FROM unnest('{kid,mum,dad,old}'::text []) AS v (n);
INSERT INTO health.dependencies (child_id, parent_id) VALUES ('kid', 'mum'), ('old', 'dad');
CREATE FUNCTION pg_temp.returned(p_rule text, p_resolved float8, p_now float8 DEFAULT 1000, p_later integer DEFAULT 0) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
BEGIN
    DELETE FROM health.alerts WHERE agent_id IN ('mum', 'old'); DELETE FROM health.incidents WHERE agent_id IN ('mum', 'old');
    INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at) SELECT 'mum', 'critical', at(100 + n), at(100 + n), at(200) FROM generate_series(0, p_later) AS n;
    SELECT min(incident_id) INTO v_id FROM health.incidents WHERE agent_id = 'mum';
    INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at) VALUES (v_id, 'mum', p_rule, 'critical', 'x', at(100), at(p_resolved)), (v_id, 'mum', 'error', 'critical', 'x', at(100), at(990));
    RETURN (SELECT date_part('epoch', until_at - at(0)) FROM health_internal.returned_parents('{kid}', at(p_now)) WHERE agent_id = 'kid' AND parent_id = 'mum');
END $$;
SELECT rows_are(
    $$
    SELECT n, pg_temp.returned(rule, resolved, now, later) FROM (VALUES
        (1, 'unresponsive', 980, 1000, 0), (2, 'failed', 980, 1000, 0), (3, 'high_error_rate', 980, 1000, 0), (4, 'failed', 900, 910, 0), (5, 'failed', 899.9, 910, 0),
        (6, 'failed', 980, 1014.9, 0), (7, 'failed', 980, 1015, 0), (8, 'failed', NULL, 1000, 0), (9, 'failed', 980, 1000, 9), (10, 'failed', 980, 1000, 10)) AS v (n, rule, resolved, now, later) ORDER BY n
    $$,
    $$ VALUES (1, 1015::float8), (2, 1015), (3, NULL), (4, 935), (5, NULL), (6, 1015), (7, NULL), (8, NULL), (9, 1015), (10, NULL) $$,
    'of silence or failure; whom it heard since needs no time; the last ten troubles of a parent are looked at'
);
SELECT is(pg_temp.returned('failed', 980), 1015::float8, 'so it is');
SELECT rows_are($$ SELECT agent_id, parent_id FROM health_internal.returned_parents('{kid,old}', at(1000)) $$, $$ VALUES ('kid', 'mum') $$, 'its own parent');
SELECT is_empty($$ SELECT * FROM health_internal.returned_parents('{old}', at(1000)) $$, 'for those asked about');
-- Down is certain, late a suspicion: of a group it is enough that too few are left beyond the late.
INSERT INTO health.dependencies (child_id, parent_id, redundancy_group, minimum_alive_count) VALUES ('teen', 'mum', 'both', 1), ('teen', 'old', 'both', 1);
INSERT INTO health.agents (agent_id, agent_name) VALUES ('teen', 'teen'); DELETE FROM health.alerts WHERE agent_id = 'mum'; UPDATE health.agent_status SET liveness = 'late' WHERE agent_id = 'mum';
SELECT rows_are($$ SELECT * FROM health_internal.dead_parents('{kid,old,teen}', at(1000)) ORDER BY 1 $$, $$ VALUES ('kid', false, 'mum', false), ('old', true, 'dad', false) $$, 'of a late one nobody knows yet; one of two is enough');
UPDATE health.agent_status SET liveness = 'late' WHERE agent_id = 'old';
SELECT rows_are($$ SELECT * FROM health_internal.dead_parents('{teen}', at(1000)) $$, $$ VALUES ('teen', false, 'mum, old', false) $$, 'both late are suspected');
UPDATE health.agent_status SET active_conditions = '{unresponsive}' WHERE agent_id = 'old';
SELECT rows_are($$ SELECT * FROM health_internal.dead_parents('{teen}', at(1000)) $$, $$ VALUES ('teen', false, 'mum, old', false) $$, 'one dead and one late too');
UPDATE health.agent_status SET active_conditions = '{failed,error}' WHERE agent_id = 'mum';
SELECT rows_are($$ SELECT * FROM health_internal.dead_parents('{teen}', at(1000)) $$, $$ VALUES ('teen', true, 'mum, old', false) $$, 'both dead are dead');
UPDATE health.agent_status SET active_conditions = '{error,score_emergency}', liveness = 'alive' WHERE agent_id = 'mum';
SELECT is_empty($$ SELECT * FROM health_internal.dead_parents('{teen}', at(1000)) $$, 'who errs answers still');
-- A new tie is looked at, for the child's open incident alone.
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at, is_settled, next_check_at) VALUES
('kid', 'critical', at(1), at(1), NULL, false, 'infinity'), ('kid', 'critical', at(0), at(0), at(1), true, 'infinity'), ('mum', 'critical', at(2), at(2), NULL, false, 'infinity');
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT health.add_dependency('kid', 'old');
CREATE FUNCTION pg_temp.looked_at() RETURNS text LANGUAGE sql RETURN (SELECT string_agg(agent_id || date_part('epoch', onset_at - at(0)), ' ' ORDER BY onset_at) FROM health.incidents WHERE next_check_at = '-infinity' AND agent_id IN ('kid', 'mum'));
SELECT is(pg_temp.looked_at(), 'kid1', 'what is known of the child is decided again');
UPDATE health.incidents SET next_check_at = 'infinity';
SELECT is(health.remove_dependency('kid', 'old'), true, 'a tie ends');
SELECT is((SELECT count(*) FROM health.dependencies WHERE parent_id = 'old'), 1::bigint, 'of this child alone');
SELECT is(pg_temp.looked_at(), 'kid1', 'and again');
SELECT rows_are($$ SELECT parent_id FROM health.dependencies WHERE child_id = 'kid' $$, $$ VALUES ('mum') $$, 'the other stays');

SELECT * FROM finish();
ROLLBACK;
