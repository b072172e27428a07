-- Events count as errors, by their severity.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.event_weight,
        health_internal.fold_events
    }',
    $$
    VALUES
    ('health_internal.event_weight(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.fold_events(timestamp with time zone,health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.event_weight(s) FROM unnest('{debug,info,WARNING,error,critical,emergency}'::text []) AS s $$,
    $$ VALUES (0::float8), (0), (0.1), (1), (3), (10) $$, 'events weigh by severity');
SELECT beat('a1', 0);
SELECT tick(0);
INSERT INTO health.system_events (agent_id, event_type, severity, received_at) VALUES
('a1', 'e', 'error', at(2)), ('a1', 'e', 'info', at(2)), ('heartbeat_health_agent', 'e', 'emergency', at(2));
SELECT is((health.tick(at(2), true)).folded_rows, 2::bigint, 'two events of the agent are folded');
SELECT is((SELECT round(error_sum::numeric, 3) FROM health.agent_status WHERE agent_id = 'a1'), 1.001, 'events count, a little more than a beat two seconds ago');
SELECT is((SELECT error_sum FROM health.agent_status WHERE agent_id = 'heartbeat_health_agent'), 0::float8, 'the engine''s own do not');
SELECT rows_are($$ SELECT judged_at, next_due_at > at(2) FROM health.agent_status WHERE agent_id = 'a1' $$, $$ VALUES (at(2), true) $$, 'and the agent is judged by them');

SELECT * FROM finish();
ROLLBACK;
