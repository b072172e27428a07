-- Partitions: made ahead, dropped by age, never with rows that no tick has read.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.load_history,
        health.run_housekeeping,
        health_internal.create_partition,
        health_internal.drop_partition,
        health_internal.expired_partitions,
        health_internal.missing_partitions,
        health_internal.raw_tables,
        health_internal.sweep
    }',
    $$
    VALUES
    ('health.load_history(timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health.run_housekeeping()', 'p', 'plpgsql', 'v', false, 'health_admin, health_bridge'),
    ('health_internal.create_partition(text,timestamp with time zone,timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.drop_partition(text)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.expired_partitions(timestamp with time zone)', 'f', 'sql', 's', true, 'health_admin, health_bridge'),
    ('health_internal.missing_partitions(timestamp with time zone)', 'f', 'sql', 's', true, 'health_admin, health_bridge'),
    ('health_internal.raw_tables()', 'f', 'sql', 'i', false, ''),
    ('health_internal.sweep(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge')
    $$
);

SELECT is(health_internal.raw_tables(),
    ARRAY['agent_heartbeats', 'ingest_heartbeats', 'performance_metrics', 'system_events'], 'four raw tables');
SELECT is((SELECT count(*) FROM health_internal.missing_partitions('2031-05-06 07:10:00+00')), 18::bigint,
    'the present hour and three more of each raw table are missing far ahead, and two days of scores');
SELECT rows_are($$ SELECT from_at, until_at FROM health_internal.missing_partitions('2031-05-06 07:10:00+00') WHERE table_name = 'agent_heartbeats' LIMIT 1 $$,
    $$ VALUES (timestamptz '2031-05-06 07:00:00+00', timestamptz '2031-05-06 08:00:00+00') $$, 'hours are whole');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('a1', '2031-05-06 07:30:00+00'), ('a1', '2031-05-06 09:30:00+00');
SELECT is(health_internal.create_partition('agent_heartbeats', '2031-05-06 07:00+00', '2031-05-06 08:00+00', false), true, 'made');
SELECT is(health_internal.create_partition('agent_heartbeats', '2031-05-06 07:00+00', '2031-05-06 08:00+00', false), true, 'again is no error');
SELECT is((SELECT count(*) FROM health.agent_heartbeats_default), 1::bigint, 'strays move in');
SELECT is((SELECT count(*) FROM health.agent_heartbeats_p20310506_070000), 1::bigint, 'to where they belong');
SELECT is((SELECT count(*) FROM health_internal.missing_partitions('2031-05-06 07:10:00+00')), 17::bigint, 'one fewer is missing');
SELECT is(health_internal.drop_partition('agent_heartbeats_p20310506_070000'), false, 'rows that no tick has read are kept');
SELECT is(health_internal.drop_partition('no_such'), false, 'nothing is dropped that is not registered');
SELECT is((SELECT count(*) FROM health_internal.expired_partitions('2031-05-07 08:00:01+00') AS e (name) WHERE name = 'agent_heartbeats_p20310506_070000'), 0::bigint, 'heartbeats wait to be rolled up');
UPDATE health_internal.partitions SET rolled_up_at = '2031-05-07 08:00+00';
SELECT is_empty($$ SELECT FROM health_internal.expired_partitions('2031-05-07 08:00:01+00') AS e (name) WHERE e.name ~ 'p20310506' $$, 'all rows wait for the hours of features');
UPDATE health_internal.feature_hours_state SET rolled_from = '2026-01-01', rolled_until = '2031-05-06 09:00+00';
SELECT rows_are($$ SELECT health_internal.expired_partitions('2031-05-07 08:00:01+00') $$,
    $$ SELECT partition_name FROM health_internal.partitions ORDER BY until_at $$, 'partitions expire a day after their end');
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
SELECT lives_ok($$ SELECT health_internal.sweep('2031-05-06 12:00+00') $$, 'sweeping');
SELECT is((SELECT count(*) FROM health_internal.agent_changes
    WHERE txid < pg_current_xact_id()), 0::bigint, 'removes changes that were copied');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT health.load_history('2015-01-01', '2015-01-03') $$, '42501', NULL, 'agents load no history');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
