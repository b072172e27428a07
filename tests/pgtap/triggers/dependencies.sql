-- dependencies: circles are refused whoever writes.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.tg_dependencies__refuse_cycles
    }',
    $$
    VALUES
    ('health_internal.tg_dependencies__refuse_cycles()', 'f', 'plpgsql', 'v', true, '')
    $$
);

SELECT lives_ok($$ INSERT INTO health.dependencies (child_id, parent_id) VALUES ('a', 'b'), ('b', 'c'), ('c', 'd'), ('a', 'd') $$, 'a web is no circle');
SELECT throws_ok($$ INSERT INTO health.dependencies (child_id, parent_id) VALUES ('d', 'a') $$, 'AL005', NULL, 'a circle of any length is refused');
SELECT throws_ok($$ UPDATE health.dependencies SET parent_id = 'a' WHERE child_id = 'c' $$, 'AL005', NULL, 'by an update too');
SELECT throws_ok($$ INSERT INTO health.dependencies (child_id, parent_id) VALUES ('x', 'y'), ('y', 'x') $$, 'AL005', NULL, 'within one statement too');
SELECT lives_ok($$ UPDATE health.dependencies SET minimum_alive_count = 2 WHERE child_id = 'a' AND parent_id = 'b' $$, 'other columns may change');

SELECT * FROM finish();
ROLLBACK;
