-- Recommendations about what people are told, and about the monitor itself.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.recommend_from_alerts,
        health_internal.recommend_from_engine
    }',
    $$
    VALUES
    ('health_internal.recommend_from_alerts(timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.recommend_from_engine(timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.alert(p_rule text, p_seconds float8, p_for float8, p_acknowledged boolean DEFAULT false, p_told boolean DEFAULT true) RETURNS void LANGUAGE sql AS $f$
    WITH incident AS (
        INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at, told_at, acknowledged_at)
        VALUES ('a1', 'critical', at(p_seconds), at(p_seconds), at(p_seconds + p_for), CASE WHEN p_told THEN at(p_seconds) END, CASE WHEN p_acknowledged THEN at(p_seconds) END)
        RETURNING incident_id
    )
    INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at, resolved_by)
    SELECT incident_id, 'a1', p_rule, 'critical', 's', at(p_seconds), at(p_seconds + p_for), 'engine' FROM incident $f$;
SELECT pg_temp.alert('error', 100 * n, 60, false, false) FROM generate_series(1, 8) AS n;
SELECT pg_temp.alert('error', 1000, 400, false, false);
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_alerts(at(2000)) $$, 'nine alerts are few');
SELECT pg_temp.alert('error', 1500, 400, false, false);
SELECT rows_are($$ SELECT agent_id, kind, priority, summary, reason, evidence FROM health_internal.recommend_from_alerts(at(2000)) $$,
    $$ VALUES (NULL::text, 'noisy_rule', 3, 'loosen the rule error: most of its alerts go away by themselves', '8 of its 10 alerts in 7 days ended within 5 minutes, and nobody had taken them.',
    '{"subject": "error", "alert_count": 10, "self_resolved_count": 8}'::jsonb) $$, 'eight of ten that go by themselves are noise');
SELECT pg_temp.alert('failed', 100 * n, 1000) FROM generate_series(1, 10) AS n;
SELECT rows_are($$ SELECT kind, summary FROM health_internal.recommend_from_alerts(at(2000)) WHERE kind <> 'noisy_rule' $$, $$ VALUES ('never_acknowledged', 'ask whether anybody needs the alerts of failed') $$, 'ten that nobody took are a question');
SELECT pg_temp.alert('failed', 1500, 10, true);
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_alerts(at(2000)) WHERE kind <> 'noisy_rule' $$, 'one that was taken answers it');
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_alerts(at(8 * 86400)) $$, 'a week later all is forgotten');

INSERT INTO health_internal.flapping_agents VALUES ('a1', at(0));
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_alerts(at(3599)) WHERE kind = 'flapping' $$, 'an hour of flapping is borne');
SELECT is((SELECT agent_id FROM health_internal.recommend_from_alerts(at(3600)) WHERE kind = 'flapping'), 'a1', 'then it is a matter');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, withheld, withheld_at) VALUES ('a2', 'critical', at(0), at(0), 'silenced', at(0));
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_alerts(at(86399)) WHERE kind = 'muted_for_long' $$, 'so is a day of silence');
SELECT rows_are($$ SELECT agent_id, summary FROM health_internal.recommend_from_alerts(at(86400)) WHERE kind = 'muted_for_long' $$, $$ VALUES ('a2', 'look again: it is in trouble and muted (silenced)') $$, 'and then not');

SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_engine(at(0)) $$, 'the engine is well');
SELECT health.tick(at(0), true);
UPDATE health.agent_status SET processing_mean_ms = 501 WHERE agent_id = 'heartbeat_health_agent';
UPDATE health_internal.engine SET last_tick_ms = 600, last_act_ms = 20;
UPDATE health_internal.foresight_parts SET last_error = 'it broke (P0001)' WHERE part = 'judge_shadows';
SELECT rows_are($$ SELECT kind, priority, reason FROM health_internal.recommend_from_engine(at(0)) ORDER BY 1 $$,
    $$ VALUES ('failing_foresight', 2, 'It said: it broke (P0001)'), ('slow_ticks', 2, 'The last tick took 620 ms of a period of 1000 ms.') $$, 'what it finds of itself');
INSERT INTO health_internal.series_refusals (agent_id, reason, value_count, name_count, metric_name, first_at, last_at)
VALUES ('a1', 'name_limit', 2000, 1000, 'user_77', at(-600), at(-60)), ('a2', 'agent_limit', 5, 5, 'x', at(-600), at(-60)), ('a3', 'name_limit', 5, 5, 'x', at(-9000), at(-3600));
SELECT rows_are($$ SELECT agent_id, reason, evidence ->> 'limit_count', evidence ->> 'name_count' FROM health_internal.recommend_from_engine(at(0)) WHERE kind = 'too_many_series' $$,
    $$ VALUES ('a1', 'It has 200 metrics already; 1000 more a minute, such as "user_77", are left out: does it put values into names?', '200', '1000') $$, 'whose names are left out now, not who had some an hour ago, or more than policy watches');

SELECT * FROM finish();
ROLLBACK;
