-- Views of foresight: times to exhaustion, shadow policies beside the live ones, how its parts fared.
BEGIN;

SELECT no_plan();

SELECT columns_are('health', 'exhaustion', '{agent_id,resource,used,limit_value,slope_per_hour,exhausts_at,exhausts_earliest_at,exhausts_latest_at,confidence,basis,sampled_at,unit}'::name [], 'exhaustion has its columns');
SELECT columns_are(
    'health', 'policy_comparison',
    '{shadow_policy_id,shadow_policy,policy,created_at,ended_at,agent_count,differing_agent_count,mean_score,live_mean_score,transition_count,live_transition_count,alert_count,live_alert_count,only_shadow_alert_count,only_live_alert_count,recovery_count,live_recovery_count}'::name [],
    'policy_comparison has its columns'
);
SELECT columns_are('health', 'foresight_health', '{part,period,is_enabled,last_run_at,last_duration_ms,last_error,last_error_at,run_count,error_count,is_overdue}'::name [], 'foresight_health has its columns');

-- A line that rises by 60 MB an hour to 900 of 1,000.
INSERT INTO health_internal.resource_trends (agent_id, resource, used, limit_value, peak, began_at, sampled_at, sample_count, weight, weight_square_sum, mean_hours, mean_value, hours_square_sum, product_sum, value_square_sum)
VALUES ('rising', 'memory', 900, 1000, 900, at(-7200), at(0), 121, 121, 121, -1, 840, 41, 2460, 147600), ('new', 'memory', 10, 1000, 10, at(0), at(0), 1, 1, 1, 0, 10, 0, 0, 0);
SELECT rows_are(
    $$ SELECT agent_id, used, limit_value, sampled_at, round(slope_per_hour::numeric, 3), abs(date_part('epoch', exhausts_at - at(6000))) < 60, exhausts_earliest_at <= exhausts_at AND exhausts_at <= exhausts_latest_at, confidence > 0.99, unit
        FROM health.exhaustion WHERE agent_id = 'rising' $$,
    $$ VALUES ('rising', 900::float8, 1000::float8, at(0), 60.000, true, true, true, 'MB') $$, 'the last 100 of a line that rises by 60 an hour take it 100 minutes');
SELECT rows_are($$ SELECT slope_per_hour, exhausts_at, confidence, basis <> '' FROM health.exhaustion WHERE agent_id = 'new' $$, $$ VALUES (NULL::float8, NULL::timestamptz, NULL::float8, true) $$, 'one sample foretells nothing, and says so');

SELECT rows_are($$ SELECT count(*), count(last_run_at), count(*) FILTER (WHERE is_overdue) FROM health.foresight_health $$, $$ SELECT count(*), 0::bigint, 0::bigint FROM health_internal.foresight_parts $$, 'what never ran is not overdue');
UPDATE health_internal.foresight_parts SET last_run_at = clock_timestamp() - 6 * period, last_error = 'boom', error_count = 1 WHERE part = 'foresee_failures';
UPDATE health_internal.foresight_parts SET last_run_at = clock_timestamp() - 2 * period WHERE part = 'foresee_exhaustion';
UPDATE health_internal.foresight_parts SET last_run_at = clock_timestamp() - 6 * period, is_enabled = false WHERE part = 'judge_shadows';
SELECT rows_are($$ SELECT part, is_overdue, last_error FROM health.foresight_health WHERE last_run_at IS NOT NULL ORDER BY 1 $$,
    $$ VALUES ('foresee_exhaustion', false, NULL::text), ('foresee_failures', true, 'boom'), ('judge_shadows', false, NULL) $$, 'a part is overdue after five periods, unless it is switched off');

SELECT is_empty($$ SELECT FROM health.policy_comparison $$, 'without shadow policies there is nothing to compare');
SELECT health.add_shadow_policy('strict', '{}');
SELECT rows_are($$ SELECT shadow_policy, ended_at, alert_count, only_shadow_alert_count, recovery_count FROM health.policy_comparison $$, $$ VALUES ('strict', NULL::timestamptz, 0::bigint, 0::bigint, 0::bigint) $$, 'a shadow has a row from the beginning');
INSERT INTO health.shadow_judgements (shadow_policy_id, agent_id, occurred_at, kind, rule)
SELECT shadow_policy_id, agent_id, now() + interval '1 minute', 'alert_opened', 'failed' FROM health.policy_comparison, unnest('{both,shadow}'::text[]) AS agent_id;
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at) SELECT id, 'critical', now() + interval '1 minute', now() + interval '2 minutes' FROM unnest('{both,live}'::text[]) AS id;
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, opened_at, summary) SELECT incident_id, agent_id, 'failed', severity, detected_at, 'x' FROM health.incidents;
SELECT rows_are($$ SELECT alert_count, live_alert_count, only_shadow_alert_count, only_live_alert_count FROM health.policy_comparison $$, $$ VALUES (2::bigint, 2::bigint, 1::bigint, 1::bigint) $$,
    'alerts of both within five minutes are the same alert');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT FROM health.exhaustion, health.policy_comparison, health.foresight_health $$, 'analysts read them');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT FROM health.foresight_health $$, '42501', NULL, 'agents do not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
