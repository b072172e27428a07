-- Incidents: false positives, and the true onset of what was noticed later.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.mark_false_positive, health_internal.business_incidents, health_internal.incident_rows, health_internal.recovery_rows, health_internal.trouble_began_at}',
    $$
    VALUES
    ('health.mark_false_positive(bigint,text,text,boolean,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.business_incidents(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.incident_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.recovery_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.trouble_began_at(text,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

-- An agent that says it has failed: the incident began with the beat that said so.
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) VALUES ('a1', at(0), 'failed');
SELECT health.tick(at(7), true);
SELECT rows_are($$ SELECT onset_at, detected_at FROM health.incidents $$, $$ VALUES (at(0), at(7)) $$, 'a failure began when it was said');
CREATE TEMP TABLE opened ON COMMIT DROP AS SELECT min(alert_id) AS alert_id FROM health.open_alerts;

-- A score that is confirmed at its second evaluation: the incident began with the first.
SELECT change('b1', 100, 'alive', p_was => 'never_seen'), change('b1', 160, 'alive', 50), change('b1', 170, 'alive', 30);
UPDATE health.status_transitions SET old_status = CASE occurred_at WHEN at(160) THEN 'excellent' WHEN at(170) THEN 'poor' END WHERE agent_id = 'b1';
SELECT is(health_internal.trouble_began_at('b1', at(180)), at(160), 'trouble began with the first bad evaluation, not with a worse one');
SELECT is(health_internal.trouble_began_at('nobody', at(180)), NULL, 'of strangers nothing is known');

SELECT is((SELECT health.mark_false_positive(alert_id, 'ana', 'a test', p_now => at(20)) FROM opened), (SELECT incident_id FROM health.incidents), 'an alert marks its incident');
SELECT rows_are($$ SELECT false_positive_at, false_positive_by, false_positive_note FROM health.incidents $$, $$ VALUES (at(20), 'ana', 'a test') $$, 'with who and why');
SELECT is((SELECT count(DISTINCT reason) FROM health.alert_history WHERE event = 'false_positive' AND reason = 'ana: a test'), 1::bigint, 'it is on record');
SELECT lives_ok($$ SELECT health.mark_false_positive(alert_id, 'ana', p_is_false_positive => false, p_now => at(30)) FROM opened $$, 'the mark is taken back');
SELECT is((SELECT false_positive_at FROM health.incidents), NULL, 'and is gone');
SELECT is((SELECT count(DISTINCT reason) FROM health.alert_history WHERE event = 'false_positive'), 2::bigint, 'which is on record too');
SELECT throws_ok($$ SELECT health.mark_false_positive(0, 'ana') $$, 'BI004', 'there is no alert 0', 'alerts are known');
SELECT throws_ok($$ SELECT health.mark_false_positive(NULL, 'ana') $$, 'BI004', NULL, 'not NULL');
SELECT is((SELECT count(*) FROM health_internal.rollup_corrections WHERE agent_id = 'a1' AND from_at = at(0)), 2::bigint, 'the roll-ups will be made again');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health.mark_false_positive(1, 'x') $$, '42501', NULL, 'analysts mark nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
