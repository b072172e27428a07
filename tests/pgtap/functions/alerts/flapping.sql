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

-- Icinga's Checkable::UpdateFlappingStatus, written anew: 20 changes from the oldest to the newest, the threshold that
-- counts depends on whether it flaps already, and only more than it is flapping.
CREATE FUNCTION pg_temp.icinga(p_changes boolean [], p_is_flapping boolean) RETURNS boolean LANGUAGE sql AS $$
    SELECT 100 * coalesce(sum(0.8 + 0.02 * (n - 1)) FILTER (WHERE is_change), 0) / 20 > CASE WHEN p_is_flapping THEN 25 ELSE 30 END
    FROM unnest(p_changes) WITH ORDINALITY AS c (is_change, n)
$$;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('ring', 'ring', '10 s');
SELECT beat('ring', 900); SELECT tick(901);
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) VALUES ('ring', 'critical', at(-9000), at(-9000));
-- What the engine says of an agent with these changes, the newest last, after so many intervals of silence.
CREATE FUNCTION pg_temp.judge(p_changes boolean [], p_silent integer DEFAULT 0) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_ring integer := 0;
BEGIN
    FOR v_n IN 1 .. 20 LOOP
        v_ring := (v_ring << 1) | ((v_ring & 1) # p_changes[v_n]::integer);
    END LOOP;
    UPDATE health.agent_status SET bad_evaluations = v_ring, learnt_interval_seconds = 10, last_heartbeat_at = at(1000) WHERE agent_id = 'ring';
    PERFORM health_internal.watch_flapping(at(1000 + 10 * p_silent), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id = 'ring'));
    RETURN EXISTS (SELECT FROM health_internal.flapping_agents WHERE agent_id = 'ring');
END $$;
CREATE FUNCTION pg_temp.disagreements(p_steps integer) RETURNS TABLE (step integer, engine boolean, icinga boolean, flaps bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_changes boolean [] := array_fill(false, ARRAY[20]);
    v_is boolean := false;
    v_flaps bigint := 0;
BEGIN
    PERFORM setseed(0.25);
    FOR v_n IN 1 .. p_steps LOOP
        -- Restless and calm by turns.
        v_changes := v_changes[2:] || (random() < CASE WHEN v_n % 120 < 60 THEN 0.38 ELSE 0.2 END);
        v_is := pg_temp.icinga(v_changes, v_is);
        v_flaps := v_flaps + v_is::integer;
        engine := pg_temp.judge(v_changes);
        IF engine IS DISTINCT FROM v_is THEN
            step := v_n; icinga := v_is; flaps := v_flaps;
            RETURN NEXT;
        END IF;
    END LOOP;
    IF v_flaps NOT BETWEEN p_steps / 5 AND p_steps * 4 / 5 THEN
        step := 0; flaps := v_flaps;
        RETURN NEXT;
    END IF;
END $$;
SELECT is_empty('SELECT * FROM pg_temp.disagreements(600)', 'step by step it flaps when Icinga says so, and no longer');
-- To the last digit: exactly 30 % is not yet, exactly 25 % no more.
CREATE FUNCTION pg_temp.changes(p_ages integer []) RETURNS boolean [] LANGUAGE sql
RETURN ARRAY(SELECT 19 - n = ANY (p_ages) FROM generate_series(0, 19) AS n ORDER BY n);
DELETE FROM health_internal.flapping_agents;
SELECT rows_are($$ SELECT n, pg_temp.judge(pg_temp.changes(ages)) FROM (VALUES (1, '{4,6,8,10,12,14}'::integer []), (2, '{4,6,8,10,12,13}'), (3, '{5,7,9,11,12}'), (4, '{5,7,9,11,13}')) AS v (n, ages) ORDER BY n $$,
    $$ VALUES (1, false), (2, true), (3, true), (4, false) $$, '30.0 %, 30.1 %, 25.1 %, 25.0 %');
SELECT rows_are($$ SELECT n, pg_temp.judge(pg_temp.changes('{0,1,2,3,4,5}'), n) FROM unnest('{0,10,13,14,15,20,99}'::integer []) AS n $$,
    $$ VALUES (0, true), (10, true), (13, true), (14, true), (15, false), (20, false), (99, false) $$, 'each interval of silence is a step without a change');

SELECT rows_are($$ SELECT pg_temp.judge(pg_temp.changes('{0,1,2,3,4,5}'), n) FROM unnest('{0,14}'::integer []) AS n $$, $$ VALUES (true), (true) $$, 'an interval that is not over');
UPDATE health.agent_status SET last_heartbeat_at = at(1000) WHERE agent_id = 'ring';
SELECT health_internal.watch_flapping(at(1149.9), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id = 'ring'));
SELECT is((SELECT count(*) FROM health_internal.flapping_agents WHERE agent_id = 'ring'), 1::bigint, 'is no step yet');
-- By incidents that begin and end, whatever the score does: the ages of those changes in intervals, now at 5000.
INSERT INTO health.agents (agent_id, agent_name) VALUES ('inc', 'inc'), ('steady', 'steady');
INSERT INTO health.agent_status (agent_id, liveness, bad_evaluations, last_heartbeat_at, learnt_interval_seconds) VALUES ('inc', 'alive', 0, at(5000), 10);
CREATE FUNCTION pg_temp.by_incidents(p_ages float8 [], p_pace float8 DEFAULT 10) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM health_internal.flapping_agents; DELETE FROM health.incidents WHERE agent_id = 'inc';
    INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at)
    SELECT 'inc', 'critical', at(4000), at(5000 - p_pace * p_ages[n]), at(5000 - p_pace * p_ages[n + 1]) FROM generate_series(1, cardinality(p_ages), 2) AS n;
    PERFORM health_internal.watch_flapping(at(5000), ARRAY(SELECT max(incident_id) FROM health.incidents WHERE agent_id = 'inc'));
    RETURN EXISTS (SELECT FROM health_internal.flapping_agents WHERE agent_id = 'inc' AND since = at(5000));
END $$;
SELECT rows_are(
    $$
    SELECT n, pg_temp.by_incidents(ages) FROM (VALUES (1, '{5,4,3,2,1,0}'::float8 []), (2, '{5,4,3,2,1}'), (3, '{14,12,10,8,6,4}'), (4, '{13,12,10,8,6,4}'), (5, '{13.4,12.4,10,8,6.4,3.6}'),
        (6, '{5,4,3,2,1,-20}'), (7, '{37,4,36,3,34,2,32,1}'), (8, '{19.4,18,17,16,15,14,13}'), (9, '{19.6,18,17,16,15,14,13}')) AS v (n, ages) ORDER BY n
    $$,
    $$ VALUES (1, true), (2, false), (3, false), (4, true), (5, true), (6, false), (7, false), (8, true), (9, false) $$,
    'six changes of late are too many: 30.0 % are not, 30.1 % are; not those of the future, nor what was twenty intervals ago'
);
UPDATE health.agent_status SET learnt_interval_seconds = 0.001 WHERE agent_id = 'inc';
SELECT rows_are($$ SELECT pg_temp.by_incidents('{13,12,10,8,6,4}', 0.1), pg_temp.by_incidents('{14,12,10,8,6,4}', 0.1) $$, $$ VALUES (true, false) $$, 'an interval is a tenth of a second at least');
UPDATE health.agent_status SET learnt_interval_seconds = NULL, expected_interval_seconds = NULL WHERE agent_id = 'inc';
SELECT rows_are($$ SELECT pg_temp.by_incidents('{13,12,10,8,6,4}', 30), pg_temp.by_incidents('{14,12,10,8,6,4}', 30), pg_temp.by_incidents('{12.6,12.4,10,8,6,4}', 30) $$, $$ VALUES (true, false, true) $$, 'where none is known half a minute');
UPDATE health.agent_status SET expected_interval_seconds = 20 WHERE agent_id = 'inc';
SELECT is(pg_temp.by_incidents('{13,12,10,8,6,4}', 20), true, 'else what it was told');
-- Who leaves: he alone, and of his incidents those that are not decided about anyway.
SELECT is(pg_temp.by_incidents('{60,59,58,57,56}', 20), false, 'long ago is no flapping');
UPDATE health.incidents SET is_settled = true WHERE agent_id = 'inc' AND detected_at = at(5000 - 20 * 60);
UPDATE health.agent_status SET bad_evaluations = 349525, last_heartbeat_at = at(5000), learnt_interval_seconds = 10 WHERE agent_id = 'ring';
INSERT INTO health_internal.flapping_agents (agent_id, since) VALUES ('inc', at(1)), ('ring', at(1));
SELECT is(
    health_internal.watch_flapping(at(5000), ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id = 'inc' AND detected_at = at(5000 - 20 * 58))),
    ARRAY(SELECT incident_id FROM health.incidents WHERE agent_id = 'inc' AND detected_at = at(5000 - 20 * 56)), 'of what is withheld it is decided again'
);
SELECT rows_are('SELECT agent_id, since FROM health_internal.flapping_agents', $$ VALUES ('ring', at(1)) $$, 'the other flaps on, since when it did');

SELECT * FROM finish();
ROLLBACK;
