-- Which partitions are missing or expired, and what else housekeeping sweeps.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.run_housekeeping,
        health_internal.expired_partitions,
        health_internal.missing_partitions,
        health_internal.raw_tables,
        health_internal.sweep
    }',
    $$
    VALUES
    ('health.run_housekeeping()', 'p', 'plpgsql', 'v', false, 'health_admin, health_bridge'),
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
SELECT health_internal.create_partition('agent_heartbeats', '2031-05-06 07:00+00', '2031-05-06 08:00+00', false);
SELECT is((SELECT count(*) FROM health_internal.missing_partitions('2031-05-06 07:10:00+00')), 17::bigint, 'one fewer is missing');
SELECT is((SELECT count(*) FROM health_internal.expired_partitions('2031-05-07 08:00:01+00') AS e (name) WHERE name = 'agent_heartbeats_p20310506_070000'), 0::bigint, 'heartbeats wait to be rolled up');
UPDATE health_internal.partitions SET rolled_up_at = '2031-05-07 08:00+00';
SELECT is_empty($$ SELECT FROM health_internal.expired_partitions('2031-05-07 08:00:01+00') AS e (name) WHERE e.name ~ 'p20310506' $$, 'all rows wait for the hours of features');
UPDATE health_internal.feature_hours_state SET rolled_from = '2026-01-01', rolled_until = '2031-05-06 09:00+00';
SELECT rows_are($$ SELECT health_internal.expired_partitions('2031-05-07 08:00:01+00') $$,
    $$ SELECT partition_name FROM health_internal.partitions ORDER BY until_at $$, 'partitions expire a day after their end');
SELECT is((health.tick('2031-05-06 09:31+00', true)).is_busy, false, 'ticked');
SELECT lives_ok($$ SELECT health_internal.sweep('2031-05-06 12:00+00') $$, 'sweeping');
SELECT is((SELECT count(*) FROM health_internal.agent_changes
    WHERE txid < pg_current_xact_id()), 0::bigint, 'removes changes that were copied');

SELECT * FROM finish();
ROLLBACK;
