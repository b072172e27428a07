-- Roll-ups of service: what transitions give.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.roll_up_days,
        health_internal.roll_up_hours
    }',
    $$
    VALUES
    ('health_internal.roll_up_days(timestamp with time zone,timestamp with time zone,text[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.roll_up_hours(timestamp with time zone,timestamp with time zone,text[])', 'f', 'sql', 'v', false, '')
    $$
);

SELECT business_history();
UPDATE health_internal.partitions SET is_history = true;
SELECT cmp_ok(roll_up(at(36000)), '>', 1, 'hours are made');
SELECT is((SELECT hours_until FROM health_internal.rollup_state), at(32400), 'whole ones, five minutes after their end');
SELECT is((SELECT days_until FROM health_internal.rollup_state), at(-25200), 'and no day before it is over');
SELECT rows_are($$ SELECT hour_at, up_seconds, down_seconds, lost_seconds, unresponsive_seconds, critical_seconds, round(revenue_lost_usd::numeric, 2) FROM health.agent_hours WHERE agent_id = 'shop' AND down_seconds > 0 ORDER BY hour_at $$,
    $$ VALUES (at(0), 3390::float8, 210::float8, 210::float8, 200::real, 200::real, 210.00), (at(7200), 3200, 400, 400, 400, 400, 0.00), (at(10800), 3300, 300, 300, 300, 300, 100.00), (at(18000), 2700, 300, 300, 900, 900, 300.00) $$, 'an hour holds its part of each outage');
SELECT cmp_ok(roll_up(at(2 * 86400)), '>', 0, 'late, everything that was missed is made');
SELECT is((SELECT days_until FROM health_internal.rollup_state), at(61200 + 86400), 'days too');
SELECT is_empty($$ SELECT roll_up_differences() $$, 'a day is what its transitions give');
SELECT is(roll_up(at(2 * 86400)), 0, 'twice there is nothing left to do');
SELECT health_internal.roll_up_hours(at(-25200), at(61200));
SELECT health_internal.roll_up_days(at(-25200), at(61200));
SELECT is_empty($$ SELECT roll_up_differences() $$, 'made again they are the same');
SELECT rows_are($$ SELECT agent_id, round(up_seconds::numeric, 3), round(down_seconds::numeric, 3), round(unknown_seconds::numeric, 3) FROM health_internal.service_seconds(at(-50), at(61200 + 3600)) WHERE agent_id <> 'plain' ORDER BY 1 $$,
    $$ SELECT agent_id, round(up_seconds::numeric, 3), round(down_seconds::numeric, 3), round(unknown_seconds::numeric, 3) FROM health_internal.service_seconds_measured(at(-50), at(61200 + 3600), NULL) WHERE agent_id <> 'plain' ORDER BY 1 $$, 'availability by way of days is the same');

SELECT * FROM finish();
ROLLBACK;
