-- Where the engine gives up.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.escalate_recoveries,
        health_internal.tell_of_escalations
    }',
    $$
    VALUES
    ('health_internal.escalate_recoveries(timestamp with time zone,bigint[],text)', 'f', 'sql', 'v', false, ''),
    ('health_internal.tell_of_escalations(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name) SELECT a, a FROM unnest('{a,b,c}'::text []) AS a;
INSERT INTO health.agent_status (agent_id, issue_type) SELECT a, 'agent_unresponsive' FROM unnest('{a,b,c}'::text []) AS a;
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, hold, claimed_by)
VALUES ('a', 'agent_unresponsive', 'pending', at(0), at(0), 'storm', NULL), ('b', 'agent_unresponsive', 'executing', at(0), at(0), NULL, 'w'), ('c', 'agent_unresponsive', 'pending', at(0), at(0), NULL, NULL);
SELECT health_internal.escalate_recoveries(at(1), ARRAY(SELECT action_id FROM health.recovery_actions WHERE agent_id IN ('a', 'b')), 'it is too dear');
SELECT rows_are('SELECT agent_id, state, hold, finished_at FROM health.recovery_actions ORDER BY 1', $$ VALUES ('a', 'escalated', NULL::text, at(1)), ('b', 'executing', NULL, NULL), ('c', 'pending', NULL, NULL) $$,
    'what is pending becomes a person''s, what a bridge is at does not');
SELECT rows_are($$ SELECT event_data ->> 'agent_id', event_data ->> 'reason', severity FROM health.system_events WHERE event_type = 'automated_recovery' $$,
    $$ VALUES ('a', 'it is too dear', 'warning') $$, 'an event tells why');
SELECT health_internal.tell_of_escalations(at(2));
SELECT rows_are($$ SELECT agent_id, rule FROM health.open_alerts $$, $$ VALUES ('a', 'recovery_failed') $$, 'a person is asked');
SELECT is((latest('a')).told_at, at(2), 'as is noted');
SELECT health_internal.tell_of_escalations(at(3));
SELECT is((latest('a')).told_at, at(2), 'once');
UPDATE health.recovery_actions SET state = 'escalated', finished_at = at(4), settled_at = at(4) WHERE agent_id = 'c';
SELECT health_internal.tell_of_escalations(at(5));
SELECT is((latest('c')).told_at, NULL, 'not of trouble that is over');

SELECT * FROM finish();
ROLLBACK;
