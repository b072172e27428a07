-- What people are told of anomalies: findings, alerts, recommendations, explanations.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.alarming_agents,
        health_internal.episode_text,
        health_internal.explain_anomalies,
        health_internal.recommend_from_anomalies,
        health_internal.refresh_anomaly_findings,
        health_internal.shown_number
    }',
    $$
    VALUES
    ('health_internal.alarming_agents()', 'f', 'sql', 's', false, ''),
    ('health_internal.episode_text(health.anomalies)', 'f', 'sql', 'i', false, 'health_analyst, health_bridge'),
    ('health_internal.explain_anomalies(text)', 'f', 'sql', 's', false, ''),
    ('health_internal.recommend_from_anomalies(timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.refresh_anomaly_findings(timestamp with time zone)', 'f', 'sql', 'v', false, ''),
    ('health_internal.shown_number(double precision)', 'f', 'sql', 'i', false, 'health_analyst, health_bridge')
    $$
);

SELECT rows_are($$ SELECT health_internal.shown_number(x) FROM unnest('{0,1e-100,-0.000123456,0.5,-12.3456,99.96,1234.56,1e15,NULL}'::float8 []) AS x $$,
    $$ VALUES ('0'), ('0'), ('-0.000123'), ('0.5'), ('-12.3'), ('100'), ('1235'), ('1e+15'), (NULL) $$, 'numbers are short');

CREATE FUNCTION pg_temp.findings()
RETURNS TABLE (agent_id text, severity text, summary text, metrics integer, found_at timestamptz)
LANGUAGE sql AS $$
    SELECT agent_id, severity, summary, jsonb_array_length(details -> 'metrics'), found_at FROM health.rule_findings WHERE rule = 'anomaly';
$$;

SELECT lives_ok($$ SELECT detect_above_90(), known_agent('a1'), live(0, 2, 20, 30), live(3, 4, 95, 30) $$, 'one series is strange for two minutes');
SELECT is_empty('SELECT * FROM pg_temp.findings()', 'nobody is told');
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_anomalies(at(300)) $$, 'or advised');
SELECT is((SELECT raw_inputs -> 'is_alert' FROM health_internal.explain_anomalies('a1')), 'false', 'explain tells it all the same');
SELECT is_empty($$ SELECT * FROM health_internal.explain_anomalies('a2') $$, 'of others there is nothing to say');
SELECT lives_ok($$ SELECT live(5, 5, 95, 30) $$, 'for the third');
SELECT rows_are('SELECT * FROM pg_temp.findings()', $$ VALUES ('a1', 'warning', 'behaves unlike before: cpu_usage_percent 97 (expected 0 to 80)', 1, at(366)) $$, 'it lasts: a finding');
SELECT rows_are($$ SELECT agent_id, kind, priority, summary, reason FROM health_internal.recommend_from_anomalies(at(400)) $$,
    $$ VALUES ('a1', 'look_at_anomaly', 4, 'look at what changed in the agent at 2031-05-06 07:03 UTC', 'behaves unlike before: cpu_usage_percent 97 (expected 0 to 80)') $$, 'and a recommendation');
SELECT is_empty($$ SELECT * FROM health.open_alerts $$, 'the act comes before');
SELECT isnt(health.set_policy('standard', '{"anomaly_agent_score": 0.5}'), NULL, 'who wants to hear of agents soon');
SELECT lives_ok($$ SELECT live(6, 6, 95, 95) $$, 'memory is strange as well');
SELECT rows_are($$ SELECT agent_id, rule, severity, opened_at FROM health.open_alerts $$, $$ VALUES ('a1', 'anomaly', 'warning', at(426)) $$, 'the next tick opens an alert');
SELECT rows_are('SELECT * FROM pg_temp.findings()', $$ VALUES ('a1', 'warning', 'behaves unlike before: cpu_usage_percent 97 (expected 0 to 80), memory_usage_mb 96 (expected 0 to 80)', 2, at(366)) $$,
    'of several series there is one finding, which names them');
SELECT is((SELECT priority FROM health_internal.recommend_from_anomalies(at(500))), 3, 'both together are more urgent');
SELECT rows_are($$ SELECT component, raw_inputs -> 'is_alert', jsonb_path_query_array(raw_inputs, '$.episodes[*].metric_name'), raw_inputs #> '{episodes,1,minutes}', raw_inputs #> '{episodes,1,usual_at_this_hour}' IS NOT NULL FROM health_internal.explain_anomalies('a1') $$,
    $$ VALUES ('anomalies', 'true'::jsonb, '["cpu_usage_percent", "memory_usage_mb"]'::jsonb, '4'::jsonb, true) $$, 'explain has it, with what is usual');
SELECT is((SELECT count(*) FROM health.agent_timeline WHERE agent_id = 'a1' AND kind = 'anomaly'), 3::bigint, 'so has the timeline');
SELECT lives_ok($$ SELECT live(7, 18, 20, 30) $$, 'then all is quiet');
SELECT is_empty('SELECT * FROM pg_temp.findings()', 'the finding goes with the episodes');
SELECT is_empty($$ SELECT * FROM health_internal.explain_anomalies('a1') $$, 'there is nothing to explain');
SELECT is((SELECT count(*) FROM health.open_alerts), 0::bigint, 'and the alert is over');
SELECT isnt(health.set_policy('standard', '{"anomaly_alone_score": 0.48}'), NULL, 'who wants may hear of single minutes');
SELECT lives_ok($$ SELECT live(40, 40, 94, 30) $$, 'that are strange enough: .475 is not');
SELECT is_empty('SELECT * FROM pg_temp.findings()', 'not this one');
SELECT lives_ok($$ SELECT live(41, 41, 95, 30) $$, 'but .485');
SELECT is((SELECT count(*) FROM pg_temp.findings()), 1::bigint, 'is');
SELECT lives_ok($$ SELECT live(42, 60, 20, 30), known_agent('a1', 60) $$, 'all is quiet again');

-- Several a little at once, none of which would be told alone.
SELECT isnt(health.set_policy('standard', '{"anomaly_agent_score": 0.7}'), NULL, 'the usual policy');
CREATE FUNCTION pg_temp.together(p_minute integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_count bigint;
BEGIN
    PERFORM health_internal.note_surprises('{a1,a1}', '{cpu_usage_percent,memory_usage_mb}', '{60,80}', '{0,0}', at(p_minute * 60));
    v_count := health_internal.judge_surprises(at(p_minute * 60 + 60));
    PERFORM health_internal.refresh_anomaly_findings(at(p_minute * 60 + 60));
    RETURN v_count;
END $$;
SELECT is(pg_temp.together(62), 1::bigint, 'a minute of it');
SELECT is_empty('SELECT * FROM pg_temp.findings()', 'is on record alone');
SELECT is(pg_temp.together(63), 1::bigint, 'two');
SELECT rows_are('SELECT agent_id, severity, summary, metrics FROM pg_temp.findings()',
    $$ VALUES ('a1', 'warning', (SELECT 'behaves unlike before: ' || reason FROM health.anomalies WHERE metric_name IS NULL AND ended_at IS NULL), 0) $$, 'are told');
SELECT is((SELECT priority FROM health_internal.recommend_from_anomalies(at(3900))), 3, 'and a recommendation');
SET LOCAL ROLE health_analyst;
SELECT cmp_ok((SELECT count(*) FROM health.anomalies), '>', 0::bigint, 'analysts read episodes');
SELECT cmp_ok((SELECT count(*) FROM health.agent_timeline WHERE kind = 'anomaly'), '>', 0::bigint, 'and the timeline');
SELECT throws_ok($$ DELETE FROM health.anomalies $$, '42501', NULL, 'and change none');
SELECT throws_ok($$ SELECT * FROM health_internal.explain_anomalies('a1') $$, '42501', NULL, 'what is internal is not theirs');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
