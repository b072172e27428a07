-- Room for history.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.load_history}',
    $$
    VALUES
    ('health.load_history(timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin')
    $$
);

SELECT throws_ok($$ SELECT health.load_history('2015-01-02', '2015-01-01') $$, 'EN002', NULL, 'history goes forwards');
SELECT throws_ok($$ SELECT health.load_history(NULL, '2015-01-01') $$, 'EN002', NULL, 'between two times');
SELECT throws_ok($$ SELECT health.load_history('-infinity', '2015-01-01') $$, 'EN002', NULL, 'that are finite');
SELECT is(health.load_history('2015-01-01', '2015-01-03'), 8, 'two days of four tables');
SELECT is(health.load_history('2015-01-01', '2015-01-03'), 0, 'once');
SELECT is(health.load_history('2015-01-02', '2015-01-04'), 4, 'and what is new of an overlap');
SELECT is((SELECT count(*) FROM health_internal.expired_partitions('2031-01-01') AS e (name)
    JOIN health_internal.partitions AS p ON p.partition_name = e.name WHERE p.is_history), 0::bigint, 'history does not expire');
SELECT lives_ok($$ INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('old', '2015-01-02') $$, 'history goes in');
SELECT is((health.tick('2031-05-06 09:31+00', true)).is_busy, false, 'a tick folds it');
SELECT is((SELECT liveness FROM health.fleet WHERE agent_id = 'old'), NULL, 'but history is no heartbeat of now, and registers nobody');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT health.load_history('2015-01-01', '2015-01-03') $$, '42501', NULL, 'agents load no history');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
