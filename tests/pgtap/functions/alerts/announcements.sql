-- How people announce maintenance and call it off.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.cancel_maintenance,
        health.schedule_maintenance,
        health.schedule_weekly_maintenance
    }',
    $$
    VALUES
    ('health.cancel_maintenance(bigint,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.schedule_maintenance(jsonb,timestamp with time zone,timestamp with time zone,text,text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.schedule_weekly_maintenance(jsonb,integer[],time without time zone,time without time zone,text,text,text,text,timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, labels) VALUES ('a1', 'a', '{"group": "g"}'), ('a2', 'a', '{"group": "g"}'), ('b1', 'b', '{}');
CREATE FUNCTION pg_temp.inside() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(agent_id, ' ' ORDER BY agent_id) FROM health.maintenance_periods WHERE ended_at IS NULL $$;
SELECT is(health.schedule_maintenance('{"agent_id": "b*"}', at(0), at(400), 'ana', 'x', 'counted_as_up', at(300)) > 0, true, 'one that has begun');
SELECT is(pg_temp.inside(), 'b1', 'begins at once');
SELECT lives_ok($$ SELECT health.cancel_maintenance(max(window_id), 'ana', at(310)) FROM health.maintenance_windows $$, 'it is cancelled');
SELECT is(pg_temp.inside(), NULL, 'and ends');
SELECT throws_ok($$ SELECT health.cancel_maintenance(max(window_id), 'ana', at(311)) FROM health.maintenance_windows $$, 'AL004', NULL, 'once');
SELECT throws_ok($$ SELECT health.cancel_maintenance(NULL, 'ana') $$, 'AL004', 'maintenance NULL is not to come', 'NULL is none');
SELECT health.schedule_maintenance('{"agent_id": "b*"}', at(500), at(600), NULL, NULL, p_now => at(400)) > 0, health.schedule_weekly_maintenance('{"agent_id": "b*"}', '{7}', '01:00', '02:00', 'UTC', NULL, NULL, p_valid_until => at(600), p_now => at(400)) > 0;
SELECT rows_are($$ SELECT created_by, reason FROM health.maintenance_windows WHERE ends_at = at(600) $$, $$ SELECT session_user::text, '' FROM generate_series(1, 2) $$, 'who announces without a name is the one who is logged in');
SELECT throws_ok($$ SELECT health.cancel_maintenance(max(window_id), 'ana', at(600)) FROM health.maintenance_windows $$, 'AL004', NULL, 'what is over is not cancelled');
SELECT lives_ok($$ SELECT health.cancel_maintenance(max(window_id), NULL, at(599)) FROM health.maintenance_windows $$, 'what is not is, to its end');
SELECT rows_are($$ SELECT cancelled_by FROM health.maintenance_windows ORDER BY window_id $$, $$ VALUES ('ana'), (NULL), (session_user) $$, 'and no other');
SELECT throws_ok($$ SELECT health.schedule_weekly_maintenance('{}', '{7}', '01:00', '02:00', 'Europe/Berlln', 'a', 'r') $$, 'AL003', 'time zone "Europe/Berlln" is not known', 'zones are known');
SELECT throws_ok($$ SELECT health.schedule_weekly_maintenance('{}', NULL, '01:00', '02:00', 'UTC', 'a', 'r') $$, 'AL003', NULL, 'days are needed');
SELECT throws_ok($$ SELECT health.schedule_weekly_maintenance('{}', '{7}', NULL, '02:00', 'UTC', 'a', 'r') $$, 'AL003', NULL, 'and a beginning');
SELECT throws_ok($$ SELECT health.schedule_weekly_maintenance('{}', '{7}', '01:00', NULL, 'UTC', 'a', 'r') $$, 'AL003', NULL, 'and an end');
SELECT throws_ok($$ SELECT health.schedule_weekly_maintenance('{}', '{7}', '01:00', '02:00', NULL, 'a', 'r') $$, 'AL003', 'time zone "NULL" is not known', 'and a zone');
SELECT throws_ok($$ SELECT health.schedule_weekly_maintenance('{}', '{8}', '01:00', '02:00', 'UTC', 'a', 'r') $$, '23514', NULL, 'of seven');
SELECT throws_ok(format($$ SELECT health.schedule_maintenance('{}', %L, %L, 'a', 'r', p_now => at(0)) $$, f, u), 'AL003', NULL, 'no time to come: ' || what)
FROM (VALUES (at(5), at(5), 'empty'), (at(-9), at(-5), 'past'), (NULL, at(5), 'no beginning'), (at(5), NULL, 'no end'),
    (at(5), 'infinity', 'endless')) AS bad (f, u, what);
SELECT throws_ok($$ SELECT health.schedule_maintenance('{"rule": "failed"}', at(1), at(5), 'a', 'r', p_now => at(0)) $$, 'AL002', NULL, 'maintenance is of agents, not of rules');
SELECT throws_ok($$ SELECT health.schedule_maintenance('{}', at(1), at(5), 'a', 'r', 'ignored', at(0)) $$, '23514', NULL, 'methods are named');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health.cancel_maintenance(1, 'x') $$, '42501', NULL, 'analysts announce nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
