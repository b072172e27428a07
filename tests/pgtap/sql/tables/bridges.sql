-- Who knows which bridge manages whom.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health_internal.bridges}', $$ VALUES ('health_internal.bridges', NULL::text) $$);

INSERT INTO health_internal.bridges (worker, agent_ids, announced_at) VALUES ('bridge:one', '{a}', at(0));
SELECT refuses('bridges_pkey', $$ INSERT INTO health_internal.bridges (worker, agent_ids, announced_at) VALUES ('bridge:one', '{b}', at(1)) $$);
SELECT throws_ok($$ UPDATE health_internal.bridges SET agent_ids = NULL $$, '23502', NULL, 'one that manages nobody says so');

SELECT * FROM finish();
ROLLBACK;
