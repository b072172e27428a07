-- Flapping: who enters, what is told, who leaves.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.watch_flapping
    }',
    $$
    VALUES
    ('health_internal.watch_flapping(timestamp with time zone,bigint[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('f', 'f', '10 s');
SELECT beat('f', 10 * n) FROM generate_series(-30, 0) AS n;
SELECT tick(0);
SELECT is(health_internal.watch_flapping(at(1), '{}'), '{}'::bigint [], 'nobody flaps');
SELECT beat('f', 10, 'failed'); SELECT tick(10);
-- Every other interval failed, then not: each turn is a change.
CREATE FUNCTION pg_temp.turn(p_seconds float8, p_state text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM beat('f', p_seconds, p_state);
    PERFORM tick(p_seconds);
    RETURN EXISTS (SELECT FROM health_internal.flapping_agents WHERE agent_id = 'f');
END $$;
SELECT rows_are($$ SELECT n, pg_temp.turn(10 + 10 * n, CASE WHEN n % 2 = 0 THEN 'failed' ELSE 'running' END) FROM generate_series(1, 7) AS n $$,
    $$ VALUES (1, false), (2, false), (3, false), (4, false), (5, true), (6, true), (7, true) $$, 'the sixth change in a row is above 30 %');
SELECT rows_are($$ SELECT event, count(*) FROM health.deliveries GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('opened', 3::bigint), ('resolved', 2) $$, 'then nothing more is told');
SELECT ok(EXISTS (SELECT FROM health.suppressions WHERE agent_id = 'f' AND reason_code = 'flapping'), 'and the ledger says why');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'f'), 0::bigint, 'it is well at the moment');
SELECT pg_temp.turn(80 + 10 * n, 'running') FROM generate_series(1, 25) AS n;
SELECT is_empty($$ SELECT * FROM health_internal.flapping_agents $$, 'it settles');
SELECT rows_are($$ SELECT event, count(*) FROM health.deliveries GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('opened', 3::bigint), ('resolved', 3) $$, 'and the all-clear comes, once');
SELECT rows_are($$ SELECT n, pg_temp.turn(340 + 10 * n, CASE WHEN n % 2 = 0 THEN 'running' ELSE 'failed' END) FROM generate_series(1, 9) AS n WHERE true $$,
    $$ VALUES (1, false), (2, false), (3, false), (4, false), (5, false), (6, true), (7, true), (8, true), (9, true) $$, 'it flaps again');
SELECT is((SELECT count(*) FROM health.incidents WHERE NOT is_settled), 1::bigint, 'the incident that is open has taken the place of those whose end was withheld');
SELECT pg_temp.turn(430 + 10 * n, 'failed') FROM generate_series(1, 25) AS n;
SELECT is_empty($$ SELECT * FROM health_internal.flapping_agents $$, 'it settles in trouble');
SELECT rows_are($$ SELECT event FROM health.deliveries ORDER BY delivery_id DESC LIMIT 1 $$, $$ VALUES ('truth') $$, 'and the truth is told');
SELECT rows_are($$ SELECT event, count(*) FROM health.deliveries WHERE created_at > at(440) GROUP BY 1 $$, $$ VALUES ('truth', 1::bigint) $$, 'once');

SELECT * FROM finish();
ROLLBACK;
