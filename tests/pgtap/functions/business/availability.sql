-- Availability: every second of a hand-made history is where it belongs, whatever the method.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.availability_between, health_internal.service_seconds, health_internal.service_seconds_measured}',
    $$
    VALUES
    ('health.availability_between(timestamp with time zone,timestamp with time zone,text,text,text,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge'),
    ('health_internal.service_seconds(timestamp with time zone,timestamp with time zone,text[])', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.service_seconds_measured(timestamp with time zone,timestamp with time zone,text[])', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are($$ SELECT agent_id, availability_percent, not_measured FROM health.availability_between(at(0), at(10), p_now => at(20)) $$,
    $$ VALUES (NULL::text, NULL::float8, 'there are no agents') $$, 'without agents there is nothing to measure');
SELECT business_history();

CREATE FUNCTION pg_temp.seconds(p_method text, p_degraded text DEFAULT 'as_up', p_agent text DEFAULT 'shop') RETURNS text LANGUAGE sql
RETURN (SELECT concat_ws(' ', round(availability_percent::numeric, 4), up_seconds, degraded_seconds, down_seconds, lost_seconds, maintenance_seconds, unknown_seconds, off_seconds)
    FROM health.availability_between(at(0), at(36000), p_method, p_degraded, p_agent, at(40000)));
SELECT is(pg_temp.seconds('declared'), '98.2267 33190 600 610 910 1000 600 0', 'as declared, maintenance is left out');
SELECT is(pg_temp.seconds('without_maintenance'), '98.2267 33190 600 610 910 1000 600 0', 'so it is by name');
SELECT is(pg_temp.seconds('with_maintenance'), '96.5819 33590 600 1210 1510 1000 600 0', 'with maintenance its outage counts');
SELECT is(pg_temp.seconds('maintenance_as_up'), '98.2768 34190 600 610 910 1000 600 0', 'as up it is service');
SELECT is(pg_temp.seconds('declared', 'as_lost_share'), '97.3547 33190 600 610 910 1000 600 0', 'degraded as lost share');
SELECT is(pg_temp.seconds('declared', 'as_down'), '96.4826 33190 600 610 910 1000 600 0', 'degraded as down');
UPDATE health.maintenance_windows SET uptime_method = 'counted_as_up';
SELECT is(pg_temp.seconds('declared'), '98.2768 34190 600 610 910 1000 600 0', 'a window may declare itself as up');
UPDATE health.maintenance_windows SET uptime_method = 'measured';
SELECT is(pg_temp.seconds('declared'), '96.5819 33590 600 1210 1510 0 600 0', 'or as any other time');
UPDATE health.maintenance_windows SET uptime_method = 'excluded';
SELECT is(pg_temp.seconds('declared', p_agent => 'plain'), '100.0000 3600 0 0 0 0 0 32400', 'who was not at work is measured for the rest');
SELECT is((SELECT up_seconds + degraded_seconds + down_seconds FROM health.availability_between(at(0), at(36000), p_now => at(40000)) WHERE agent_id IS NULL),
    34400::float8 + 35400 + 3600, 'the fleet is the sum of its agents, without the monitor');
SELECT is((SELECT not_measured FROM health.availability_between(at(8000), at(9000), p_agent_id => 'plain', p_now => at(9000))), 'it was not at work', 'off is not measured');
SELECT is((SELECT not_measured FROM health.availability_between(at(20100), at(20200), p_agent_id => 'shop', p_now => at(40000))), 'the monitor was blind all the time', 'nor is blindness');
SELECT is((SELECT not_measured FROM health.availability_between(at(10100), at(10200), p_agent_id => 'shop', p_now => at(40000))), 'it was in maintenance all the time', 'nor maintenance');
SELECT is((SELECT down_seconds FROM health.availability_between(at(900), at(1050), p_agent_id => 'shop', p_now => at(40000))), 50::float8, 'a silence judged after the end counts before it');
SELECT is((SELECT up_seconds FROM health.availability_between(at(30000), at(50000), p_agent_id => 'shop', p_now => at(30100))), 100::float8, 'what lies after now is left out');
SELECT ok((SELECT count(*) = 0 FROM health.availability_between(at(0), at(36000), p_now => at(40000)) WHERE agent_id = 'heartbeat_health_agent'), 'the monitor''s own agent is left out');

SELECT health.mark_false_positive(alert_id, 'ana') FROM health.alerts JOIN health.incidents USING (incident_id) WHERE onset_at = at(5000);
SELECT is(pg_temp.seconds('declared'), '98.2267 33790 0 610 610 1000 600 0', 'a false positive was up');

SELECT throws_ok($$ SELECT * FROM health.availability_between(at(10), at(0), p_now => at(20)) $$, 'BI001', 'a period must go from one time to a later one', 'reversed');
SELECT throws_ok($$ SELECT * FROM health.availability_between(at(0), at(0), p_now => at(20)) $$, 'BI001', NULL, 'empty');
SELECT throws_ok($$ SELECT * FROM health.availability_between(NULL, at(0), p_now => at(20)) $$, 'BI001', NULL, 'unknown');
SELECT throws_ok($$ SELECT * FROM health.availability_between('-infinity', at(0), p_now => at(20)) $$, 'BI001', NULL, 'endless');
SELECT throws_ok($$ SELECT * FROM health.availability_between(at(20), at(30), p_now => at(20)) $$, 'BI001', 'the period has not begun', 'in the future');
SELECT throws_ok($$ SELECT * FROM health.availability_between(at(0), at(10), 'nice', p_now => at(20)) $$, 'BI002', NULL, 'methods are known');
SELECT throws_ok($$ SELECT * FROM health.availability_between(at(0), at(10), 'declared', NULL, p_now => at(20)) $$, 'BI002', NULL, 'both');
SELECT throws_ok($$ SELECT * FROM health.availability_between(at(0), at(10), p_agent_id => 'x', p_now => at(20)) $$, 'AG001', NULL, 'so are agents');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.availability $$, 'analysts read it');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.availability_between(now() - interval '1 day', now()) $$, '42501', NULL, 'agents do not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
