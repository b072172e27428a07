-- Triggers of agent_status: every change of status, liveness or issue is a transition.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.tg_agent_status__note_transition
    }',
    $$
    VALUES
    ('health_internal.tg_agent_status__note_transition()', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT triggers_are('health', 'agent_status', ARRAY['_500_note_transition'], 'one');
INSERT INTO health.agent_status (agent_id) VALUES ('a1');
UPDATE health.agent_status SET score = 99, judged_at = '2031-05-06 07:00+00', beat_count = 1 WHERE agent_id = 'a1';
SELECT is_empty($$ SELECT * FROM health.status_transitions $$, 'a score alone is no transition');
UPDATE health.agent_status SET status = 'excellent', liveness = 'alive', last_heartbeat_at = '2031-05-06 06:59+00', judged_tick_id = 7 WHERE agent_id = 'a1';
SELECT rows_are($$ SELECT agent_id, occurred_at, old_status, new_status, old_liveness, new_liveness, old_score, new_score, last_heartbeat_at, tick_id FROM health.status_transitions $$,
    $$ VALUES ('a1', timestamptz '2031-05-06 07:00+00', NULL, 'excellent', 'never_seen', 'alive', 99::float8, 99::float8, timestamptz '2031-05-06 06:59+00', 7::bigint) $$,
    'a status is, with what was known then');
UPDATE health.agent_status SET status = 'excellent' WHERE agent_id = 'a1';
SELECT is((SELECT count(*) FROM health.status_transitions), 1::bigint, 'the same again is not');

SELECT * FROM finish();
ROLLBACK;
