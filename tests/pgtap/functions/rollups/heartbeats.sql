-- Roll-ups of heartbeats: each beat once.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.roll_up_heartbeats}',
    $$
    VALUES
    ('health_internal.roll_up_heartbeats(text,timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT business_history();
UPDATE health_internal.partitions SET is_history = true;
SELECT cmp_ok(roll_up(at(2 * 86400)), '>', 0, 'what is known is rolled up');
-- Heartbeats, partition by partition.
SELECT health_internal.create_partition('agent_heartbeats', at(0), at(1800), false), health_internal.create_partition('agent_heartbeats', at(1800), at(3600), false);
INSERT INTO health.agent_heartbeats (agent_id, received_at, state, error_count, work_items_processed, cpu_usage_percent, memory_usage_mb, memory_limit_mb, user_satisfaction)
VALUES ('shop', at(10), 'running', 5, 100, 10, 500, 1000, 90), ('shop', at(20), 'error', 7, 110, 20, NULL, NULL, NULL), ('shop', at(1900), 'running', 8, 130, 70, 500, 1000, 80), ('shop', at(1910), 'running', 1, 2, NULL, NULL, NULL, NULL),
    ('stranger', at(15), 'running', 1, 1, 1, NULL, NULL, NULL);
CREATE TEMP VIEW beats AS SELECT agent_id, hour_at, beat_count, error_beat_count, error_count, item_count, utilisation_count, utilisation_sum_percent, memory_limit_sum_mb, satisfaction_sum FROM health.agent_hours WHERE beat_count > 0;
SELECT cmp_ok(roll_up(at(2 * 86400)), '=', 2, 'each partition is a step');
SELECT rows_are($$ SELECT * FROM beats $$, $$ VALUES ('shop', at(0), 4::bigint, 1::bigint, 4::bigint, 32::bigint, 3::bigint, 140::float8, 2000::float8, 170::float8) $$,
    'counters go on from one partition to the next, and begin anew with a run; strangers are nobody');
SELECT is((SELECT beat_count FROM health.agent_days WHERE agent_id = 'shop' AND day_at = at(-25200)), 4::bigint, 'the day has them too');
SELECT is(health_internal.roll_up_heartbeats('agent_heartbeats_p20310506_070000', at(9e5)), false, 'a partition is counted once');
SELECT is((SELECT up_seconds FROM health.agent_hours WHERE agent_id = 'shop' AND hour_at = at(0)), 3390::float8, 'and the time of service is as it was');
SELECT health_internal.roll_up_hours(at(0), at(3600));
SELECT is((SELECT beat_count FROM beats), 4::bigint, 'as are beats when that is made again');

SELECT * FROM finish();
ROLLBACK;
