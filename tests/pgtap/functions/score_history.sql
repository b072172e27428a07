-- The score over time: a row per change, component by component, summing to the score as explain's does.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.score_between,
        health_internal.has_moved,
        health_internal.sample_scores
    }',
    $$
    VALUES
    ('health.score_between(text,timestamp with time zone,timestamp with time zone,interval,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge'),
    ('health_internal.has_moved(real,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.sample_scores(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT rows_are($$ SELECT b, n, health_internal.has_moved(b, n) FROM (VALUES (80::real, 80.49::float8), (80, 80.5), (80, 79.4), (NULL, NULL), (NULL, 0), (0, NULL)) AS v (b, n) $$,
    $$ VALUES (80::real, 80.49::float8, false), (80, 80.5, true), (80, 79.4, true), (NULL, NULL, false), (NULL, 0, true), (0, NULL, true) $$, 'half a point is a change, and so is a component that comes or goes');

CREATE FUNCTION pg_temp.samples() RETURNS SETOF text LANGUAGE sql AS $f$
    SELECT date_part('epoch', sampled_at - at(0)) || ' ' || round(score) || ' ' || gate FROM health.score_history WHERE agent_id = 'a1' ORDER BY sampled_at $f$;
SELECT is(health_internal.sample_scores(at(-60)), 0::bigint, 'who was never judged has no score');
INSERT INTO health.agents (agent_id, agent_name) VALUES ('quiet', 'Quiet');
INSERT INTO health.agent_heartbeats (agent_id, received_at, state, error_count, work_items_processed, cpu_usage_percent, user_satisfaction)
SELECT 'a1', at(n * 10), 'running', 0, n, 90, 70 FROM generate_series(0, 6) AS n;
SELECT is((health.tick(at(61), true)).is_busy, false, 'ticked');
SELECT is(health_internal.sample_scores(at(62)), (SELECT count(*) FROM health.agent_status WHERE score IS NOT NULL), 'everybody who has a score is sampled first');
SELECT is(health_internal.sample_scores(at(122)), 0::bigint, 'and again when something has changed');
SELECT rows_are($$ SELECT component, weight, round(value::numeric, 4), round(contribution::numeric, 4) FROM health.score_between('a1', at(60), at(120), p_now => at(200)) $$,
    $$ SELECT component, weight, round(value::numeric, 4), round(contribution::numeric, 4) FROM health.explain('a1') $$, 'a step is what explain said then, word by word');
SELECT ok((SELECT bool_or(value IS NULL AND contribution = 0) FROM health.score_between('a1', at(60), at(120), p_now => at(200))), 'a component without data contributes nothing');

INSERT INTO health.agent_heartbeats (agent_id, received_at, state, error_count, work_items_processed, cpu_usage_percent) VALUES ('a1', at(130), 'error', 9, 8, 90);
SELECT health.tick(at(131), true);
SELECT ok(health_internal.sample_scores(at(180)) > 0, 'what has changed is sampled');
INSERT INTO health.agent_heartbeats (agent_id, received_at, state, error_count, work_items_processed, cpu_usage_percent) VALUES ('a1', at(190), 'running', 9, 9, 90);
SELECT health.tick(at(191), true);
SELECT health_internal.sample_scores(at(240));
SELECT matches((SELECT string_agg(s, ', ') FROM pg_temp.samples() AS s), '^62 \d+ 100, 180 39 39, 240 \d+ 100$', 'a gate is a change, and so is its end');
SELECT is(health_internal.sample_scores(at(240)), 0::bigint, 'a sample is taken once');
SELECT is_empty($$ SELECT h.sampled_at, h.score, s.total FROM health.score_history AS h
    LEFT JOIN (SELECT at, sum(contribution) AS total FROM health.score_between('a1', at(0), at(300), '1 second', at(300)) GROUP BY at) AS s ON s.at = h.sampled_at
    WHERE h.agent_id = 'a1' AND (s.total IS NULL OR abs(s.total - h.score) > 1e-4) $$, 'contributions sum to the recorded score');
SELECT is_empty($$ SELECT at FROM health.score_between('a1', at(0), at(300), '1 second', at(300)) GROUP BY at
    HAVING abs(sum(contribution) - max(value) FILTER (WHERE component = 'gate')) > 1e-9 $$, 'and exactly to the score of the same step');
SELECT rows_are($$ SELECT date_part('epoch', at - at(0)), value FROM health.score_between('a1', at(0), at(300), '3 minutes', at(300)) WHERE component = 'gate' AND value < 50 $$,
    $$ VALUES (180::float8, 39::float8) $$, 'a long step shows the worst that was in it');
SELECT is((SELECT sum(contribution) < 0 FROM health.score_between('a1', at(180), at(200), p_now => at(300)) WHERE component = 'gate'), true, 'the gate takes away');
SELECT is((SELECT count(DISTINCT at) FROM health.score_between('a1', at(240), at(50000), '1 hour', at(50000))), 3::bigint, 'a sample holds for two hours at most');
SELECT is((SELECT count(*) FROM health.score_between('a1', at(0), at(60), '1 minute', at(300))), 0::bigint, 'before the first there is nothing');
SELECT is((SELECT max(at) FROM health.score_between('a1', at(0), at(9000), '1 minute', at(300))), at(240), 'nothing is told of what is to come');
SELECT is((SELECT count(*) FROM health.score_between('quiet', at(0), at(300), p_now => at(300))), 0::bigint, 'who was never judged has no history');
SELECT health_internal.sample_scores(at(240 + 3600));
SELECT is((SELECT count(*) FROM pg_temp.samples()), 4::bigint, 'once an hour there is a row whatever happens');

SELECT is((SELECT period FROM health.foresight_health WHERE part = 'sample_scores'), interval '1 minute', 'a small fleet is sampled each minute');
UPDATE health.settings SET score_period = '10 minutes';
SELECT ok(health_internal.run_foresight_part('sample_scores', at(8000)), 'foresight calls it');
SELECT is((SELECT period || ' ' || coalesce(last_error, 'good') FROM health.foresight_health WHERE part = 'sample_scores'), '00:10:00 good', 'by the period of the settings');
UPDATE health.settings SET score_period = '1 minute', score_rows_per_hour = 1000;
INSERT INTO health.agent_status (agent_id, score, gate, error_rate, policy_id) SELECT 'many-' || n, 90, 100, 90, 1 FROM generate_series(1, 500) AS n;
SELECT health_internal.sample_scores(at(8060));
SELECT ok((SELECT period BETWEEN '30 minutes' AND '31 minutes' FROM health.foresight_health WHERE part = 'sample_scores'), 'and more seldom where more agents change than may be kept');
SELECT throws_ok($$ UPDATE health.settings SET score_period = '2 hours' $$, '23514', NULL, 'which is an hour at most');

SELECT throws_ok($$ SELECT * FROM health.score_between('nobody', at(0), at(60), p_now => at(99)) $$, 'AG001', 'agent "nobody" is not known', 'an unknown agent');
SELECT throws_ok($$ SELECT * FROM health.score_between('a1', at(60), at(60), p_now => at(99)) $$, 'BI001', NULL, 'no period');
SELECT throws_ok(format($$ SELECT * FROM health.score_between('a1', at(0), at(60), %L, at(99)) $$, step), 'BI005', NULL, 'no step: ' || coalesce(step, 'NULL'))
FROM unnest(ARRAY[NULL, '0 seconds', '-1 minute', '1 millisecond']) AS step;
SELECT throws_ok($$ SELECT * FROM health.score_between('a1', at(0), at(90000), '1 second', at(90000)) $$, 'BI005', NULL, 'too many steps');

SELECT is(health_internal.create_partition('score_history', at(0) - interval '7 hours', at(0) + interval '17 hours', false), true, 'a partition is made');
SELECT ok((SELECT count(*) > 4 FROM health.score_history_p20310506_000000) AND (SELECT count(*) = 0 FROM health.score_history_default), 'and takes what came before it');
SELECT is((SELECT count(*) FROM health_internal.expired_partitions(at(0) + interval '7 days') AS e WHERE e = 'score_history_p20310506_000000'), 0::bigint, 'kept for a week');
SELECT is(health_internal.drop_partition(e), true, 'then dropped') FROM health_internal.expired_partitions(at(1) + interval '7 days 17 hours') AS e WHERE e = 'score_history_p20310506_000000';
SELECT is_empty('SELECT pg_temp.samples()', 'with its rows');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.score_between('a1', at(0), at(60)) $$, '42501', NULL, 'agents read no scores');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
