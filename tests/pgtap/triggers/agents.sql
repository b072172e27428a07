-- Triggers of agents: classes exist, changes are told.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.tg_agents__check_policy_class,
        health_internal.tg_agents__check_schedule,
        health_internal.tg_agents__keep_terms,
        health_internal.tg_agents__tell_change
    }',
    $$
    VALUES
    ('health_internal.tg_agents__check_policy_class()', 'f', 'plpgsql', 'v', true, ''),
    ('health_internal.tg_agents__check_schedule()', 'f', 'plpgsql', 'v', true, ''),
    ('health_internal.tg_agents__keep_terms()', 'f', 'plpgsql', 'v', true, ''),
    ('health_internal.tg_agents__tell_change()', 'f', 'plpgsql', 'v', true, '')
    $$
);

SELECT triggers_are('health', 'agents', ARRAY['_100_check_policy_class', '_100_check_schedule', '_500_keep_new_terms', '_500_keep_terms', '_500_note_earning', '_500_note_revenue', '_500_tell_new', '_500_tell_change', '_500_tell_removal'], 'in firing order');
DELETE FROM health_internal.agent_changes;
SELECT lives_ok($$ INSERT INTO health.agents (agent_id, agent_name) VALUES ('a1', 'a1') $$, 'an agent');
SELECT is((SELECT count(*) FROM health_internal.agent_changes), 1::bigint, 'is told');
UPDATE health.agents SET agent_name = 'other', labels = '{"x": 1}' WHERE agent_id = 'a1';
SELECT is((SELECT count(*) FROM health_internal.agent_changes), 1::bigint, 'a new name is not');
UPDATE health.agents SET grace = '1 s' WHERE agent_id = 'a1';
SELECT is((SELECT count(*) FROM health_internal.agent_changes), 2::bigint, 'what judges is');
SELECT throws_ok($$ UPDATE health.agents SET policy_class = 'none' $$, 'AG004', 'there is no policy of class "none"', 'a class exists');
UPDATE health.agents SET schedule = '@daily', expected_interval = NULL WHERE agent_id = 'a1';
SELECT is((SELECT count(*) FROM health_internal.agent_changes), 3::bigint, 'a schedule is told');
SELECT lives_ok(format('UPDATE health.agents SET time_zone = %L WHERE agent_id = ''a1''', z), format('"%s" is a time zone', z))
FROM unnest('{UTC,Europe/Paris,America/Port-au-Prince,America/Argentina/San_Juan,Etc/GMT+5}'::text []) AS z;
SELECT throws_ok(format('UPDATE health.agents SET time_zone = %L WHERE agent_id = ''a1''', z), 'JB002', format('there is no time zone "%s"', z), format('"%s" is none', z))
FROM unnest('{Europe/Pariss,Europe/Paris5,CEST,XYZ5,Europe/,"",../etc/passwd}'::text []) AS z;
SELECT throws_ok($$ UPDATE health.agents SET schedule = 'daily' $$, 'JB001', NULL, 'a schedule is understood');
DELETE FROM health.agents WHERE agent_id = 'a1';
SELECT is((SELECT agent_id FROM health_internal.agent_changes ORDER BY changed_at DESC LIMIT 1), 'a1', 'a removal is told');

INSERT INTO health.agents (agent_id, agent_name) VALUES ('e1', 'earns');
SELECT is((SELECT count(*) FROM health.business_terms), 0::bigint, 'who earns nothing has no terms');
UPDATE health.agents SET revenue_usd_per_hour = 5, manual_recovery_minutes = 10 WHERE agent_id = 'e1';
UPDATE health.agents SET agent_name = 'the same' WHERE agent_id = 'e1';
UPDATE health.agents SET revenue_usd_per_hour = 7 WHERE agent_id = 'e1';
SELECT rows_are($$ SELECT isfinite(valid_from), revenue_usd_per_hour, manual_recovery_minutes, manual_recovery_cost_usd FROM health.business_terms ORDER BY valid_from $$,
    $$ VALUES (false, 5::numeric, 10::float8, NULL::numeric), (true, 7, 10, NULL) $$, 'the first price held before, a later one from then on');

SELECT * FROM finish();
ROLLBACK;
