-- One storm at a time, approved by somebody.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.recovery_storms}', $$ VALUES ('health.recovery_storms', 'health_analyst SELECT') $$);

INSERT INTO health.recovery_storms (began_at, troubled_count, agent_count, counted_at) VALUES (at(0), 5, 6, at(0));
SELECT refuses('recovery_storms_open_key', $$ INSERT INTO health.recovery_storms (began_at, troubled_count, agent_count, counted_at) VALUES (at(1), 5, 6, at(1)) $$);
SELECT refuses('an_approval_has_a_time_and_a_name', $$ UPDATE health.recovery_storms SET approved_at = at(1) $$);
SELECT refuses('an_approval_has_a_time_and_a_name', $$ UPDATE health.recovery_storms SET approved_by = 'ana' $$);
SELECT lives_ok($$ UPDATE health.recovery_storms SET ended_at = at(2); INSERT INTO health.recovery_storms (began_at, troubled_count, agent_count, counted_at) VALUES (at(3), 5, 6, at(3)) $$, 'when one is over another may begin');

SELECT * FROM finish();
ROLLBACK;
