-- The rows of usage.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.usage_rows,
        health_internal.usage_sums
    }',
    $$
    VALUES
    ('health_internal.usage_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.usage_sums(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

SELECT is_empty($$ SELECT FROM health_internal.usage_rows(at(0), at(36000)) $$, 'without agents nothing is used');
INSERT INTO health.agents (agent_id, agent_name) VALUES ('shop', 'Shop'), ('rolled', 'Rolled'), ('silent', 'Silent');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent, memory_usage_mb, memory_limit_mb, user_satisfaction)
VALUES ('shop', at(10), 10, 250, 1000, 90), ('silent', at(10), NULL, NULL, NULL, NULL);
SELECT tick(20);
SELECT rows_are($$ SELECT * FROM health_internal.usage_sums(at(0), at(36000)) WHERE agent_id = 'shop' $$,
    $$ VALUES ('shop', 1::float8, 25::float8, 250::float8, 1000::float8, 1::float8, 90::float8, 'as last told: not rolled up yet') $$, 'who is in no roll-up is taken at its word');
INSERT INTO health.agent_hours (agent_id, hour_at, beat_count, utilisation_count, utilisation_sum_percent, memory_count, memory_used_sum_mb, memory_limit_sum_mb, satisfaction_count, satisfaction_sum)
VALUES ('rolled', at(0), 4, 2, 150, 2, 500, 1000, 4, 320), ('rolled', at(3600), 1, 0, 0, 0, 0, 0, 1, 100);
SELECT rows_are($$ SELECT agent_id, utilisation_count, satisfaction_sum, note FROM health_internal.usage_sums(at(0), at(36000)) WHERE agent_id = 'rolled' $$,
    $$ VALUES ('rolled', 2::float8, 420::float8, NULL) $$, 'else its hours are summed');
SELECT rows_are($$ SELECT figure, agent_id, round(amount, 2), weight FROM health_internal.usage_rows(at(0), at(36000)) WHERE agent_id IS NOT NULL ORDER BY 1, 2 $$,
    $$ VALUES ('capacity_utilization', 'rolled', 75.00, 1), ('capacity_utilization', 'shop', 25.00, 1), ('resource_waste', 'rolled', 50.00, 1000), ('resource_waste', 'shop', 75.00, 1000),
    ('user_satisfaction', 'rolled', 84.00, 5), ('user_satisfaction', 'shop', 90.00, 1) $$, 'rows of what was told, and none of what was not');
SELECT is((SELECT round(sum(amount), 2) FROM health_internal.usage_rows(at(0), at(36000)) WHERE figure = 'growth_readiness'), 60.00, 'from 50 % in the mean up to 80 % there is room for 60 % more');

SELECT * FROM finish();
ROLLBACK;
