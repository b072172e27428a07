-- The run of the roll-ups: step by step, late or twice; and what then may go.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.run_rollups,
        health_internal.roll_up_step,
        health_internal.sweep_rollups
    }',
    $$
    VALUES
    ('health.run_rollups()', 'p', 'plpgsql', 'v', false, 'health_admin, health_bridge'),
    ('health_internal.roll_up_step(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.sweep_rollups(timestamp with time zone)', 'f', 'sql', 'v', false, '')
    $$
);

SELECT cmp_ok(roll_up(at(-1000)), '>', 0, 'with nothing known there is a beginning');
UPDATE health_internal.rollup_state SET hours_until = NULL;
SELECT business_history();
UPDATE health_internal.partitions SET is_history = true;
SELECT cmp_ok(roll_up(at(36000)), '>', 1, 'step by step all is made');
SELECT rows_are($$ SELECT hours_until, days_until FROM health_internal.rollup_state $$, $$ VALUES (at(32400), at(-25200)) $$, 'up to the last hour and day that are over');
SELECT cmp_ok(roll_up(at(2 * 86400)), '>', 0, 'late, everything that was missed is made');
SELECT is(roll_up(at(2 * 86400)), 0, 'twice there is nothing left to do');

SELECT health_internal.create_partition('agent_heartbeats', at(0), at(1800), false), health_internal.create_partition('agent_heartbeats', at(1800), at(3600), false);
SELECT is(roll_up(at(2 * 86400)), 2, 'each partition is a step');

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
