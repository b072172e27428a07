-- What a dependency must be; circles are refused by a trigger.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.dependencies}', $$ VALUES ('health.dependencies', 'health_admin DELETE INSERT SELECT UPDATE, health_analyst SELECT') $$);

INSERT INTO health.dependencies (child_id, parent_id) VALUES ('c', 'p');
SELECT refuses('dependencies_pkey', $$ INSERT INTO health.dependencies (child_id, parent_id, redundancy_group) VALUES ('c', 'p', 'g') $$);
SELECT refuses('nobody_is_his_own_parent', $$ UPDATE health.dependencies SET parent_id = 'c' $$);
SELECT refuses('minimum_alive_count_is_positive', $$ UPDATE health.dependencies SET minimum_alive_count = 0 $$);

SELECT * FROM finish();
ROLLBACK;
