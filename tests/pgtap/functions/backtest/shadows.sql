-- Shadow policies: judged live, recorded, and nothing else.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.add_shadow_policy,
        health.end_shadow_policy,
        health_internal.judge_shadow,
        health_internal.judge_shadows
    }',
    $$
    VALUES
    ('health.add_shadow_policy(text,jsonb,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health.end_shadow_policy(text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health_internal.judge_shadow(bigint,health.policies,timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.judge_shadows(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.live(p_from integer, p_until integer) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
    FOR n IN p_from .. p_until LOOP
        INSERT INTO health.agent_heartbeats (agent_id, received_at, state, run_id, work_items_processed, error_count, average_processing_time_ms, cpu_usage_percent, memory_usage_mb, memory_limit_mb, user_satisfaction, revenue_impact_usd)
        SELECT a.id, at(10 * n - 0.5), CASE WHEN a.id = 'sick' AND n BETWEEN 60 AND 64 THEN 'error' ELSE 'running' END, 'r', n * 10 * (1 + a.k),
            CASE WHEN a.id = 'erring' THEN greatest(0, n - 20) ELSE 0 END, 20 + n % (a.k + 1) * 30, 40 + 10 * a.k, 100 + CASE a.id WHEN 'leaking' THEN 9 * n ELSE a.k END, 800, 90 - a.k, -100 * a.k
        FROM (VALUES ('well', 0), ('sick', 1), ('erring', 2), ('leaking', 3), ('dying', 4)) AS a (id, k)
        WHERE NOT (a.id = 'dying' AND n > 55);
        PERFORM health.tick(at(10 * n), true);
        -- The same judgement, whenever it was made at this moment.
        INSERT INTO tap.differences
        SELECT n, s.agent_id, s.score, a.score, s.liveness, a.liveness
        FROM health.current_policies AS p
        CROSS JOIN LATERAL health_internal.assess_under(ROW(p.*)::health.policies, at(10 * n)) AS a
        JOIN health.agent_status AS s ON s.agent_id = a.agent_id
        WHERE s.judged_at = at(10 * n) AND s.gap_count < p.young_beats
            AND ((s.liveness, s.status, s.gate) IS DISTINCT FROM (a.liveness, a.status, a.gate) OR abs(s.score - a.score) > 1e-9 OR abs(s.ungated_score - a.ungated_score) > 1e-9);
        IF n % 6 = 0 THEN PERFORM health_internal.judge_shadows(at(10 * n)); END IF;
    END LOOP;
END $f$;
CREATE TABLE tap.differences (n integer, agent_id text, live float8, shadow float8, live_liveness text, shadow_liveness text);
SELECT health.register_agent(a, p_expected_interval => '10 s') FROM unnest('{well,sick,erring,leaking,dying}'::text []) AS a;
SELECT is(health.add_shadow_policy('same', '{}', 'as it is', at(0)) < health.add_shadow_policy('strict', '{"critical_below": 90, "emergency_below": 20, "confirm_bad": 1}', NULL, at(0)), true, 'each has its number');
SELECT pg_temp.live(1, 72);
SELECT is_empty('SELECT * FROM tap.differences', 'under the policy in force a shadow judges what the engine judged, to the last digit');
SELECT ok((SELECT count(DISTINCT round(score)) >= 4 FROM health.agent_status), 'which was not always the same');
SELECT rows_are($$ SELECT agent_id, rule FROM health.shadow_judgements WHERE kind = 'alert_opened' AND shadow_policy_id = 1 AND agent_id IN ('well', 'sick', 'dying') ORDER BY 1, 2 $$,
    $$ VALUES ('dying', 'unresponsive'), ('sick', 'error') $$, 'the same policy would have opened the same alerts');
SELECT rows_are($$ SELECT agent_id, issue_type FROM health.shadow_judgements WHERE kind = 'recovery' AND shadow_policy_id = 1 AND agent_id IN ('well', 'sick', 'dying') ORDER BY 1 $$,
    $$ VALUES ('dying', 'agent_unresponsive'), ('sick', 'high_error_rate') $$, 'and asked for the same recoveries');
SELECT ok(EXISTS (SELECT FROM health.shadow_judgements WHERE kind = 'alert_opened' AND rule = 'score_critical' AND shadow_policy_id = 2)
    AND NOT EXISTS (SELECT FROM health.alerts WHERE rule = 'score_critical' AND agent_id <> 'dying'), 'the strict one opens more');
SELECT rows_are($$ SELECT shadow_policy, agent_count, differing_agent_count, only_live_alert_count, only_shadow_alert_count > 0 FROM health.policy_comparison ORDER BY 1 $$,
    $$ VALUES ('same', 5::bigint, 0::bigint, 0::bigint, false), ('strict', 5, 0, 0, true) $$, 'which the comparison shows');
SELECT is((SELECT round((mean_score - live_mean_score)::numeric, 6) FROM health.policy_comparison WHERE shadow_policy = 'same'), 0.000000, 'means included');
SELECT is((SELECT count(*) FROM health_internal.shadow_states WHERE agent_id = 'heartbeat_health_agent'), 0::bigint, 'the engine itself is not judged');
SELECT is(health_internal.judge_shadows(at(720)), 0::bigint, 'without a new judgement there is no evaluation');

SELECT throws_ok($$ SELECT health.add_shadow_policy('same', '{}') $$, 'BT007', NULL, 'a name is one policy');
SELECT throws_ok($$ SELECT health.add_shadow_policy('live', '{}') $$, '23514', NULL, 'live is another');
SELECT throws_ok($$ SELECT health.add_shadow_policy('bad', '{"x": 1}') $$, 'BT002', NULL, 'changes must be a policy''s');
SELECT health.add_shadow_policy('s' || n, '{}') FROM generate_series(1, 8) AS n;
SELECT throws_ok($$ SELECT health.add_shadow_policy('s9', '{}') $$, 'BT006', NULL, 'ten are enough');
SELECT health.end_shadow_policy('same', at(730));
SELECT throws_ok($$ SELECT health.end_shadow_policy('same') $$, 'BT008', NULL, 'what has ended cannot end');
SELECT health_internal.judge_shadows(at(740));
SELECT is((SELECT count(*) FROM health_internal.shadow_states WHERE shadow_policy_id = 1), 0::bigint, 'it judges no more');
SELECT ok((SELECT count(*) > 0 FROM health.shadow_judgements WHERE shadow_policy_id = 1), 'what it said is kept');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.policy_comparison, health.shadow_judgements LIMIT 1 $$, 'analysts read');
SELECT throws_ok($$ SELECT health.add_shadow_policy('x', '{}') $$, '42501', NULL, 'and add none');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
