-- What a gap of the monitor and a setting must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.monitor_gaps,health.settings}', $$ VALUES ('health.monitor_gaps', 'health_analyst SELECT, health_bridge SELECT'), ('health.settings', 'health_admin UPDATE, health_analyst SELECT, health_bridge SELECT') $$);

INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(0), at(10), at(70));
SELECT refuses('gap_reason_is_known', $$ UPDATE health.monitor_gaps SET reason = 'lunch' $$);
SELECT refuses('monitor_gap_ends_after_its_start', $$ UPDATE health.monitor_gaps SET ended_at = at(-1) $$);
SELECT refuses('monitor_gap_ends_after_its_start', $$ UPDATE health.monitor_gaps SET settled_at = at(9) $$);
SELECT refuses('engine_has_one_row', $$ UPDATE health_internal.engine SET is_only_row = false $$);
SELECT refuses('settings_has_one_row', $$ UPDATE health.settings SET is_only_row = false $$);
SELECT refuses('settings_pkey', $$ INSERT INTO health.settings DEFAULT VALUES $$);

-- What is just too little and just too much.
SELECT refuses(v.name, format('UPDATE health.settings SET %I = %L', v.setting, bad.value))
FROM (VALUES
    ('a_storm_is_a_share_of_the_fleet_and_at_least_one_agent', 'storm_share', '{-0.01,1.01,NaN}'), ('a_storm_is_a_share_of_the_fleet_and_at_least_one_agent', 'storm_count', '{0}'),
    ('at_least_one_recovery_may_run', 'recovery_concurrency', '{0}'), ('bridge_silent_after_is_10_seconds_to_1_day', 'bridge_silent_after', '{9 s,25 h}'),
    ('flapping_is_left_at_or_below_where_it_is_entered', 'flapping_until', '{-1,30.1,NaN}'), ('flapping_is_left_at_or_below_where_it_is_entered', 'flapping_above', '{24.9,100.1,NaN}'),
    ('group_burst_is_1_to_1000', 'group_burst', '{0,1001}'), ('grouping_times_are_0_to_1_day', 'group_wait', '{-1 s,25 h}'), ('grouping_times_are_0_to_1_day', 'group_interval', '{-1 s,25 h}'),
    ('grouping_times_are_0_to_1_day', 'parent_wait', '{-1 s,25 h}'), ('reminders_and_mutes_are_1_minute_to_1_year', 'repeat_interval', '{59 s,367 days}'),
    ('reminders_and_mutes_are_1_minute_to_1_year', 'forgotten_after', '{59 s,367 days}'), ('self_healing_limit_is_positive', 'self_healing_limit', '{0}'),
    ('tick_period_is_100_ms_to_1_hour', 'tick_period', '{99 ms,61 min}'), ('unknown_agents_is_register_or_refuse', 'unknown_agents', '{ignore}'),
    ('partition_width_is_1_minute_to_31_days', 'partition_width', '{59 s,32 days}'), ('partitions_ahead_is_1_to_100', 'partitions_ahead', '{0,101}'),
    ('raw_retention_is_at_least_one_partition', 'raw_retention', '{59 min}'), ('memories_are_positive_and_ascend', 'heartbeat_memory_seconds', '{0.9,3600,NaN}'),
    ('memories_are_positive_and_ascend', 'metric_memory_seconds', '{600,86400}'), ('memories_are_positive_and_ascend', 'baseline_memory_seconds', '{3600,1000000001}'),
    ('scores_are_sampled_each_second_to_hour_and_kept_2_days_to_10_ye', 'score_period', '{0.9 s,61 min}'), ('scores_are_sampled_each_second_to_hour_and_kept_2_days_to_10_ye', 'score_retention', '{47 h,3661 days}'),
    ('score_rows_per_hour_are_1000_to_1_billion', 'score_rows_per_hour', '{999,1000000001,NaN}'), ('series_per_agent_is_0_to_100000', 'series_per_agent', '{-1,100001}'),
    ('series_limit_is_0_to_10_million', 'series_limit', '{-1,10000001}'), ('series_budget_share_is_above_0_up_to_half', 'series_budget_share', '{0,0.51,NaN}'),
    ('series_are_forgotten_after_1_hour_to_10_years', 'series_forgotten_after', '{59 min,3661 days}')
) AS v (name, setting, bad_values)
CROSS JOIN LATERAL unnest(v.bad_values::text []) AS bad (value);
SELECT lives_ok(format('UPDATE health.settings SET %I = %L', v.setting, good.value), v.setting || ' may be ' || good.value)
FROM (VALUES ('storm_share', '{0,1}'), ('storm_count', '{1}'), ('recovery_concurrency', '{1}'), ('bridge_silent_after', '{10 s,1 day}'), ('group_burst', '{1,1000}'), ('group_wait', '{1 day,0}'),
    ('repeat_interval', '{1 min,366 days}'), ('self_healing_limit', '{1}'), ('tick_period', '{100 ms,1 h}'), ('flapping_until', '{0,30}'), ('flapping_above', '{30,100}')) AS v (setting, good_values)
CROSS JOIN LATERAL unnest(v.good_values::text []) AS good (value);

SELECT * FROM finish();
ROLLBACK;
