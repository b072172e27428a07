-- The figures of a backtest, measured against the troubles that are known.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.backtest_figures,
        health_internal.known_troubles
    }',
    $$
    VALUES
    ('health_internal.backtest_figures(health_internal.backtest_event[],timestamp with time zone,timestamp with time zone,text[])', 'f', 'sql', 's', false, ''),
    ('health_internal.known_troubles(timestamp with time zone,timestamp with time zone,text[])', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.incidents (incident_id, agent_id, severity, onset_at, detected_at, resolved_at) OVERRIDING SYSTEM VALUE
VALUES (1, 'a1', 'critical', at(100), at(130), at(200)), (2, 'a2', 'critical', at(-500), at(-490), at(-400)), (3, 'a3', 'warning', at(100), at(100), at(200)), (4, 'a4', 'critical', at(-50), at(-40), NULL);
INSERT INTO health.system_events (agent_id, event_type, event_data, received_at) VALUES ('a1', 'failure', '{}', at(150)), ('a5', 'failure', '{}', at(300)), ('boss', 'failure', '{"agent_id": "a6"}', at(400)), ('a7', 'error', '{}', at(1));
SELECT rows_are('SELECT * FROM health_internal.known_troubles(at(0), at(1000), NULL) ORDER BY 1',
    $$ VALUES ('a1', at(100), at(750)), ('a4', at(-50), at(1000)), ('a5', at(300), at(900)), ('a6', at(400), at(1000)) $$,
    'what is known: critical incidents and failures, what overlaps as one');
SELECT rows_are($$ SELECT agent_id FROM health_internal.known_troubles(at(0), at(1000), '{a5,a9}') $$, $$ VALUES ('a5') $$, 'of some agents');

CREATE TABLE tap.events OF health_internal.backtest_event;
INSERT INTO tap.events VALUES
(at(0), 'a1', 'standing', 'good', NULL, NULL, NULL, '{}'), (at(110), 'a1', 'transition', 'poor', NULL, NULL, NULL, '{}'), (at(500), 'a1', 'transition', 'good', NULL, NULL, NULL, '{}'),
(at(0), 'a2', 'standing', 'excellent', NULL, NULL, NULL, '{}'), (at(700), 'a9', 'transition', 'critical', NULL, NULL, NULL, '{}'),
(at(120), 'a1', 'incident', NULL, 'critical', at(115), at(130), '{}'), (at(180), 'a1', 'incident', NULL, 'critical', at(175), NULL, '{}'),
(at(290), 'a5', 'incident', NULL, 'critical', at(280), at(310), '{}'), (at(350), 'a6', 'incident', NULL, 'warning', at(340), at(450), '{}'),
(at(600), 'a2', 'incident', NULL, 'emergency', at(590), at(610), '{}'), (at(-10), 'a8', 'incident', NULL, 'critical', at(-10), at(20), '{}'), (at(20), NULL, 'incident', 'monitor_gap', 'critical', at(10), at(30), '{}'),
(at(120), 'a1', 'alert', 'error', 'critical', at(120), NULL, '{}'), (at(120), 'a1', 'page', 'opened', 'critical', NULL, NULL, '{}'), (at(130), 'a1', 'page', 'escalated', 'critical', NULL, NULL, '{}'),
(at(125), 'a1', 'restart', 'agent_unresponsive', NULL, NULL, NULL, '{}'), (at(1000), NULL, 'cost', 'backtest', NULL, NULL, NULL, '{"tick_count": 9}');
SELECT rows_are($$ SELECT f.* FROM health_internal.backtest_figures(ARRAY(SELECT ROW(e.*)::health_internal.backtest_event FROM tap.events AS e), at(0), at(1000), NULL) AS f $$,
    $$ VALUES (3::bigint, 1::bigint, 2::bigint, 4::bigint, 2::bigint, 10::float8, 18::float8, 1::bigint, 1::bigint, 3::bigint,
    '{"excellent": 1000, "good": 610, "poor": 390, "critical": 300}'::jsonb, '{"tick_count": 9}'::jsonb) $$,
    'detected after 20 s, or before it began; a warning detects nothing; one accused who was well; the incidents of before and of the engine are no agent''s');

SELECT * FROM finish();
ROLLBACK;
