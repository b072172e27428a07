-- Operators: acknowledge, resolve, policies.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.acknowledge_alert,
        health.resolve_alert,
        health.set_policy,
        health.unacknowledge_alert,
        health_internal.be_brief
    }',
    $$
    VALUES
    ('health.acknowledge_alert(bigint,text,text,timestamp with time zone,boolean,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.resolve_alert(bigint,text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.set_policy(text,jsonb,text)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health.unacknowledge_alert(bigint,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.be_brief()', 'f', 'sql', 'v', false, '')
    $$
);

INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
VALUES ('a1', '2031-05-06 07:00:00+00', 'failed');
SELECT is((health.tick('2031-05-06 07:00:01+00', true)).alerts_opened > 0, true, 'an alert opens');
CREATE TEMP TABLE opened ON COMMIT DROP AS SELECT * FROM health.open_alerts WHERE rule = 'failed';
SELECT ok(count(*) > 0, 'a message waits') FROM health.deliveries WHERE state = 'pending';
SELECT lives_ok($$ SELECT health.acknowledge_alert(alert_id, 'ana', 'on it', p_now => '2031-05-06 07:00:02+00') FROM opened $$,
    'an open alert is acknowledged');
SELECT is((SELECT count(*) FROM health.deliveries WHERE state = 'pending'), 0::bigint, 'which cancels what is pending');
SELECT is((SELECT acknowledged_by FROM health.incidents), 'ana', 'and marks the incident');
SELECT is((SELECT reason FROM health.alert_history WHERE event = 'acknowledged'), 'ana: on it', 'and is on record');
SELECT is((SELECT count(*) FROM health.suppressions WHERE reason_code = 'acknowledged' AND delivery_id IS NOT NULL), 1::bigint, 'so is the page it took back');
SELECT is((SELECT acknowledged_by FROM health.open_alerts), 'ana', 'who has it is shown');
SELECT lives_ok($$ SELECT health.unacknowledge_alert(alert_id, 'ana', '2031-05-06 07:00:02.5+00') FROM opened $$, 'it is given back');
SELECT throws_ok($$ SELECT health.unacknowledge_alert(alert_id, 'ana') FROM opened $$, 'AL001', NULL, 'once');
SELECT is((SELECT acknowledged_by FROM health.open_alerts), NULL, 'nobody has it');
SELECT health.tick('2031-05-06 07:00:02.6+00', true);
SELECT is((SELECT event FROM health.deliveries WHERE state = 'pending'), 'truth', 'and the truth is told');
SELECT throws_ok($$ SELECT health.acknowledge_alert(alert_id, 'ana', p_until => '2031-05-06 07:00:01+00', p_now => '2031-05-06 07:00:02+00') FROM opened $$, 'AL003', NULL, 'not until a time that is past');
SELECT throws_ok($$ SELECT health.acknowledge_alert(0, 'ana') $$, 'AL001', 'alert 0 is not open', 'another is not open');
SELECT lives_ok($$ SELECT health.resolve_alert(alert_id, 'ana', NULL, '2031-05-06 07:00:03+00') FROM opened $$, 'an alert is closed by hand');
SELECT is((SELECT count(*) FROM health.incidents WHERE resolved_at IS NULL), 0::bigint, 'and its incident with it');
SELECT throws_ok($$ SELECT health.resolve_alert(alert_id, 'ana') FROM opened $$, 'AL001', NULL, 'once');
SELECT throws_ok($$ SELECT health.set_policy('standard', '{"colour": 1}') $$, 'EN004', 'a policy has no setting "colour"', 'settings are known');
SELECT throws_ok($$ SELECT health.set_policy('standard', '{"version": 9}') $$, 'EN004', NULL, 'versions count by themselves');
SELECT throws_ok($$ SELECT health.set_policy('standard', '{"weight_error_rate": 0.9}') $$, '23514', NULL, 'weights sum to 1');
SELECT throws_ok($$ SELECT health.set_policy('standard', '{"gate_late": "NaN"}') $$, '23514', NULL, 'a gate is no NaN');
SELECT throws_ok($$ SELECT health.set_policy('standard', '{"error_rate_scale": "Infinity"}') $$, '23514', NULL, 'a scale is finite');
SELECT throws_ok($$ SELECT health.set_policy('standard', '{"error_rate_scale": 1e-300}') $$, '23514', NULL, 'and not next to nothing');
SELECT lives_ok($$ SELECT health.set_policy('standard', '{"critical_below": 55}', 'why not') $$, 'a version is added');
SELECT lives_ok($$ SELECT health.set_policy('batch', '{"young_late_intervals": 3}') $$, 'and a class');
SELECT rows_are($$ SELECT policy_class, version, critical_below, young_late_intervals FROM health.current_policies ORDER BY 1 $$,
    $$ VALUES ('batch', 1, 55::float8, 3::float8), ('standard', 2, 55, 2) $$, 'the highest version is in force');
SELECT is((SELECT count(*) FROM health.policies WHERE policy_class = 'standard'), 2::bigint, 'older ones stay');
SET LOCAL ROLE health_operator;
SELECT throws_ok($$ SELECT health.set_policy('standard', '{}') $$, '42501', NULL, 'operators set no policies');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health.acknowledge_alert(1, 'x') $$, '42501', NULL, 'analysts acknowledge nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
