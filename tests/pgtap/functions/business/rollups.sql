-- Roll-ups: the same numbers as the transitions give, made late, twice or anew; each beat once.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.run_rollups, health_internal.correct_rollups, health_internal.roll_up_days, health_internal.roll_up_heartbeats, health_internal.roll_up_hours, health_internal.roll_up_step, health_internal.sweep_rollups}',
    $$
    VALUES
    ('health.run_rollups()', 'p', 'plpgsql', 'v', false, 'health_admin, health_bridge'),
    ('health_internal.correct_rollups(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.roll_up_days(timestamp with time zone,timestamp with time zone,text[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.roll_up_heartbeats(text,timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.roll_up_hours(timestamp with time zone,timestamp with time zone,text[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.roll_up_step(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.sweep_rollups(timestamp with time zone)', 'f', 'sql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.roll(p_now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_steps integer := 0;
BEGIN
    WHILE health_internal.roll_up_step(p_now) LOOP
        v_steps := v_steps + 1;
    END LOOP;
    RETURN v_steps;
END $$;
-- Rows in which roll-ups and transitions differ.
CREATE FUNCTION pg_temp.differences() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT a.agent_id FROM health_internal.service_seconds_measured(at(-25200), at(61200), NULL) AS a
    FULL JOIN (SELECT * FROM health.agent_days WHERE day_at = at(-25200)) AS d ON d.agent_id = a.agent_id
    WHERE abs(a.up_seconds - d.up_seconds) + abs(a.degraded_seconds - d.degraded_seconds) + abs(a.down_seconds - d.down_seconds)
        + abs(a.lost_seconds - d.lost_seconds) + abs(a.unknown_seconds - d.unknown_seconds) + abs(a.maintenance_up_seconds - d.maintenance_up_seconds)
        + abs(a.maintenance_down_seconds - d.maintenance_down_seconds) + abs(a.score_seconds - d.score_seconds) > 1e-3 IS NOT FALSE
$$;

SELECT cmp_ok(pg_temp.roll(at(-1000)), '>', 0, 'with nothing known there is a beginning');
UPDATE health_internal.rollup_state SET hours_until = NULL;
SELECT business_history();
UPDATE health_internal.partitions SET is_history = true;
SELECT cmp_ok(pg_temp.roll(at(36000)), '>', 1, 'hours are made');
SELECT is((SELECT hours_until FROM health_internal.rollup_state), at(32400), 'whole ones, five minutes after their end');
SELECT is((SELECT days_until FROM health_internal.rollup_state), at(-25200), 'and no day before it is over');
SELECT rows_are($$ SELECT hour_at, up_seconds, down_seconds, lost_seconds, unresponsive_seconds, critical_seconds, round(revenue_lost_usd::numeric, 2) FROM health.agent_hours WHERE agent_id = 'shop' AND down_seconds > 0 ORDER BY hour_at $$,
    $$ VALUES (at(0), 3390::float8, 210::float8, 210::float8, 200::real, 200::real, 210.00), (at(7200), 3200, 400, 400, 400, 400, 0.00), (at(10800), 3300, 300, 300, 300, 300, 100.00), (at(18000), 2700, 300, 300, 900, 900, 300.00) $$, 'an hour holds its part of each outage');
SELECT cmp_ok(pg_temp.roll(at(2 * 86400)), '>', 0, 'late, everything that was missed is made');
SELECT is((SELECT days_until FROM health_internal.rollup_state), at(61200 + 86400), 'days too');
SELECT is_empty($$ SELECT pg_temp.differences() $$, 'a day is what its transitions give');
SELECT is(pg_temp.roll(at(2 * 86400)), 0, 'twice there is nothing left to do');
SELECT health_internal.roll_up_hours(at(-25200), at(61200));
SELECT health_internal.roll_up_days(at(-25200), at(61200));
SELECT is_empty($$ SELECT pg_temp.differences() $$, 'made again they are the same');
SELECT rows_are($$ SELECT agent_id, round(up_seconds::numeric, 3), round(down_seconds::numeric, 3), round(unknown_seconds::numeric, 3) FROM health_internal.service_seconds(at(-50), at(61200 + 3600)) WHERE agent_id <> 'plain' ORDER BY 1 $$,
    $$ SELECT agent_id, round(up_seconds::numeric, 3), round(down_seconds::numeric, 3), round(unknown_seconds::numeric, 3) FROM health_internal.service_seconds_measured(at(-50), at(61200 + 3600), NULL) WHERE agent_id <> 'plain' ORDER BY 1 $$, 'availability by way of days is the same');

-- What is learnt later reaches back.
SELECT change('depot', 2 * 86400 - 60, 'unresponsive', 0, 40000);
SELECT cmp_ok(pg_temp.roll(at(2 * 86400)), '>', 0, 'a silence that is judged late');
SELECT is_empty($$ SELECT pg_temp.differences() $$, 'is in the day it began');
SELECT cmp_ok((SELECT down_seconds FROM health.agent_days WHERE agent_id = 'depot' AND day_at = at(-25200)), '=', (500 + 21200)::float8, 'with all of it');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('server_restarted', at(30000), at(30100), at(30200 + 2 * 86400));
SELECT is_empty($$ SELECT pg_temp.differences() WHERE pg_temp.roll(at(2 * 86400)) = 0 $$, 'so is a gap of the monitor');
SELECT cmp_ok((SELECT unknown_seconds FROM health.agent_days WHERE agent_id = 'shop' AND day_at = at(-25200)), '=', 700::float8, 'counted for everybody');
SELECT health.mark_false_positive(alert_id, 'ana') FROM health.alerts JOIN health.incidents USING (incident_id) WHERE onset_at = at(5000);
SELECT is(pg_temp.roll(at(2 * 86400)), 1, 'and a false positive');
SELECT is((SELECT degraded_seconds FROM health.agent_days WHERE agent_id = 'shop' AND day_at = at(-25200)), 0::float8, 'which was no loss');
SELECT is_empty($$ SELECT pg_temp.differences() $$, 'all in all the same');

-- Heartbeats, partition by partition.
SELECT health_internal.create_partition('agent_heartbeats', at(0), at(1800), false), health_internal.create_partition('agent_heartbeats', at(1800), at(3600), false);
INSERT INTO health.agent_heartbeats (agent_id, received_at, state, error_count, work_items_processed, cpu_usage_percent, memory_usage_mb, memory_limit_mb, user_satisfaction)
VALUES ('shop', at(10), 'running', 5, 100, 10, 500, 1000, 90), ('shop', at(20), 'error', 7, 110, 20, NULL, NULL, NULL), ('shop', at(1900), 'running', 8, 130, 70, 500, 1000, 80), ('shop', at(1910), 'running', 1, 2, NULL, NULL, NULL, NULL),
    ('stranger', at(15), 'running', 1, 1, 1, NULL, NULL, NULL);
CREATE TEMP VIEW beats AS SELECT agent_id, hour_at, beat_count, error_beat_count, error_count, item_count, utilisation_count, utilisation_sum_percent, memory_limit_sum_mb, satisfaction_sum FROM health.agent_hours WHERE beat_count > 0;
SELECT cmp_ok(pg_temp.roll(at(2 * 86400)), '=', 2, 'each partition is a step');
SELECT rows_are($$ SELECT * FROM beats $$, $$ VALUES ('shop', at(0), 4::bigint, 1::bigint, 4::bigint, 32::bigint, 3::bigint, 140::float8, 2000::float8, 170::float8) $$,
    'counters go on from one partition to the next, and begin anew with a run; strangers are nobody');
SELECT is((SELECT beat_count FROM health.agent_days WHERE agent_id = 'shop' AND day_at = at(-25200)), 4::bigint, 'the day has them too');
SELECT is(health_internal.roll_up_heartbeats('agent_heartbeats_p20310506_070000', at(9e5)), false, 'a partition is counted once');
SELECT is((SELECT up_seconds FROM health.agent_hours WHERE agent_id = 'shop' AND hour_at = at(0)), 3390::float8, 'and the time of service is as it was');
SELECT health_internal.roll_up_hours(at(0), at(3600));
SELECT is((SELECT beat_count FROM beats), 4::bigint, 'as are beats when that is made again');

-- Retention: raw rows go once they are rolled up, roll-ups stay.
SELECT is((SELECT count(*) FROM health_internal.expired_partitions(at(3600 + 86401)) AS gone WHERE gone ~ 'agent_heartbeats_p20310506'), 2::bigint, 'what is rolled up may go');
UPDATE health_internal.partitions SET rolled_up_at = NULL WHERE partition_name ~ 'p20310506';
SELECT is_empty($$ SELECT gone FROM health_internal.expired_partitions(at(3600 + 86401)) AS gone WHERE gone ~ 'agent_heartbeats_p20310506' $$, 'what is not waits');
SELECT is((SELECT count(*) FROM health_internal.expired_partitions(at(3600 + 2 * 86401)) AS gone WHERE gone ~ 'agent_heartbeats_p20310506'), 2::bigint, 'but not for ever');
UPDATE health.business_settings SET is_rolling_up_heartbeats = false;
SELECT is((SELECT count(*) FROM health_internal.expired_partitions(at(3600 + 86401)) AS gone WHERE gone ~ 'agent_heartbeats_p20310506'), 2::bigint, 'unless it is not asked for');
SELECT health_internal.sweep_rollups(at(91 * 86400 + 61200));
SELECT is((SELECT count(*) FROM health.agent_hours WHERE hour_at < at(61200)), 0::bigint, 'hours go after 90 days');
SELECT cmp_ok((SELECT count(*) FROM health.agent_days), '>', 0::bigint, 'days stay');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health_internal.roll_up_step(now()) $$, '42501', NULL, 'analysts roll nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
