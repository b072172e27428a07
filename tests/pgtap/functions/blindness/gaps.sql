-- How much of a silence is the monitor's own.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.accused_at,
        health_internal.blind_seconds,
        health_internal.note_gap,
        health_internal.recent_blind_seconds,
        health_internal.recent_blindness,
        health_internal.unheard_agents
    }',
    $$
    VALUES
    ('health_internal.accused_at(timestamp with time zone,double precision,health_internal.blindness)', 'f', 'sql', 's', false, 'health_analyst, health_bridge'),
    ('health_internal.blind_seconds(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, 'health_analyst, health_bridge'),
    ('health_internal.note_gap(timestamp with time zone,health_internal.engine,timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.recent_blind_seconds(timestamp with time zone,timestamp with time zone,health_internal.blindness)', 'f', 'sql', 's', false, 'health_analyst, health_bridge'),
    ('health_internal.recent_blindness()', 'f', 'sql', 's', false, 'health_analyst, health_bridge'),
    ('health_internal.unheard_agents(text[],timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES
('engine_stopped', '2031-01-01 00:01:00+00', '2031-01-01 00:03:00+00', '2031-01-01 00:04:00+00');
SELECT rows_are(
    $$ SELECT health_internal.blind_seconds(f::timestamptz, u::timestamptz) FROM (VALUES
        (1, '2031-01-01 00:00:00+00', '2031-01-01 00:10:00+00'),
        (2, '2031-01-01 00:02:00+00', '2031-01-01 00:10:00+00'),
        (3, '2031-01-01 00:00:00+00', '2031-01-01 00:03:30+00'),
        (4, '2031-01-01 00:03:00+00', '2031-01-01 00:10:00+00'),
        (5, '2031-01-01 00:00:00+00', '2031-01-01 00:01:00+00')) AS v (n, f, u) ORDER BY n $$,
    $$ VALUES (120::float8), (60), (150), (0), (0) $$,
    'a silence is credited with the gaps it reaches into, and while one has not settled with all since its beginning'
);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES
('engine_stopped', '2031-01-01 00:03:30+00', '2031-01-01 00:05:00+00', '2031-01-01 00:06:00+00');
SELECT is(
    health_internal.blind_seconds('2031-01-01 00:00:00+00', '2031-01-01 00:10:00+00'), 210::float8,
    'each second counts once'
);

SELECT rows_are(
    $$ SELECT b.from_at, b.ended_at, b.settled_at, b.before_at, b.heard_from FROM health_internal.recent_blindness() AS b $$,
    $$ VALUES (timestamptz '2031-01-01 00:01:00+00', timestamptz '2031-01-01 00:05:00+00', timestamptz '2031-01-01 00:06:00+00', timestamptz '-infinity', timestamptz '2031-01-01 00:05:00+00') $$,
    'gaps that overlap are one time of blindness'
);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES
('engine_stopped', '2031-01-02 00:00:00+00', '2031-01-02 00:01:00+00', '2031-01-02 00:02:00+00');
SELECT rows_are(
    $$ SELECT health_internal.recent_blind_seconds(f::timestamptz, '2031-01-02 00:10:00+00', health_internal.recent_blindness()) FROM (VALUES
        (1, '2031-01-02 00:05:00+00'), (2, '2031-01-02 00:01:30+00'), (3, '2031-01-01 12:00:00+00'), (4, '2031-01-01 00:00:00+00')) AS v (n, f) ORDER BY n $$,
    $$ VALUES (0::float8), (0), (60), (270) $$,
    'a silence is compared with the latest, and with all where it reaches back beyond'
);

SELECT rows_are(
    $$ SELECT health_internal.accused_at(f::timestamptz, s, health_internal.recent_blindness()) FROM (VALUES
        (1, '2031-01-02 00:05:00+00', 30), (2, '2031-01-01 23:59:50+00', 30), (3, '2031-01-01 23:59:50+00', 5),
        (4, '2031-01-01 23:59:50+00', 90), (5, '2031-01-02 00:01:30+00', 20)) AS v (n, f, s) ORDER BY n $$,
    $$ VALUES (timestamptz '2031-01-02 00:05:30+00'), (timestamptz '2031-01-02 00:02:00+00'), (timestamptz '2031-01-01 23:59:55+00'),
        (timestamptz '2031-01-02 00:02:20+00'), (timestamptz '2031-01-02 00:01:50+00') $$,
    'a silence is held against nobody before the blindness it reaches into has settled, unless it was too long before; who was heard since is not held by it'
);
SELECT is(health_internal.recent_blind_seconds('2031-01-02 00:01:30+00', '2031-01-02 00:01:50+00', health_internal.recent_blindness()), 0::float8,
    'a silence that began after the gap is the agent''s own, though the gap has not settled');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES
('fleet_silent', '2031-01-02 00:01:10+00', '2031-01-02 00:01:20+00', '2031-01-02 00:02:20+00');
SELECT rows_are($$ SELECT b.settled_at, b.heard_from, health_internal.accused_at('2031-01-02 00:01:30+00', 20, b) FROM health_internal.recent_blindness() AS b $$,
    $$ VALUES (timestamptz '2031-01-02 00:02:20+00', timestamptz '2031-01-02 00:02:20+00', timestamptz '2031-01-02 00:02:20+00') $$,
    'in a silence of the fleet nobody is accused before it has settled, whoever was heard');
DELETE FROM health.monitor_gaps WHERE reason = 'fleet_silent';
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES
('fleet_silent', '2031-01-02 00:01:00+00', '2031-01-02 00:01:10+00', '2031-01-02 00:02:10+00');
SELECT rows_are($$ SELECT b.settled_at, b.heard_from, health_internal.accused_at(f::timestamptz, 20, b) FROM (VALUES (1, '2031-01-02 00:01:30+00'), (2, '2031-01-02 00:00:55+00')) AS v (n, f), health_internal.recent_blindness() AS b ORDER BY n $$,
    $$ VALUES (timestamptz '2031-01-02 00:02:10+00', timestamptz '2031-01-02 00:01:00+00', timestamptz '2031-01-02 00:01:50+00'), (timestamptz '2031-01-02 00:02:10+00', timestamptz '2031-01-02 00:01:00+00', timestamptz '2031-01-02 00:02:10+00') $$,
    'but a fleet that fell silent in another gap did so for that reason: who was heard after that one is accused, who was not is not yet');
UPDATE health.monitor_gaps SET started_at = '2031-01-01 23:58:00+00', ended_at = '2031-01-01 23:59:00+00', settled_at = '2031-01-02 00:00:30+00' WHERE reason = 'fleet_silent';
SELECT rows_are($$ SELECT b.from_at, b.settled_at, b.heard_from FROM health_internal.recent_blindness() AS b $$,
    $$ VALUES (timestamptz '2031-01-01 23:58:00+00', timestamptz '2031-01-02 00:02:00+00', timestamptz '2031-01-02 00:01:00+00') $$,
    'nor does a silence of the fleet that has settled keep those unheard who beat after the gap that followed it');
DELETE FROM health.monitor_gaps WHERE reason = 'fleet_silent';

-- A tick at second p_at after one at second 0, by a server started at second p_started and remembered as started at p_known.
CREATE FUNCTION pg_temp.noted(p_at float8, p_started float8, p_known float8) RETURNS text LANGUAGE sql AS $$
    DELETE FROM health.monitor_gaps;
    SELECT health_internal.note_gap(at(p_at), jsonb_populate_record(e, jsonb_build_object('last_now', at(0), 'server_started_at', at(p_known))), at(p_started))
    FROM health_internal.engine AS e;
    SELECT string_agg(concat_ws(' ', reason, date_part('epoch', started_at - at(0)), date_part('epoch', ended_at - at(0)), date_part('epoch', settled_at - at(0))), ', ') FROM health.monitor_gaps
$$;
SELECT rows_are(
    $$ SELECT n, pg_temp.noted(p_at, started, known) FROM (VALUES (1, 60, 0, 0), (2, 61, 0, 0), (3, 1, 1, 0), (4, 61, 1, 0), (5, 1, 1, NULL), (6, 0, 1, 0), (7, -5, 1, 0)) AS v (n, p_at, started, known) ORDER BY n $$,
    $$ VALUES (1, NULL), (2, 'engine_stopped 0 61 121'), (3, 'server_restarted 0 1 61'), (4, 'server_restarted 0 61 121'), (5, NULL), (6, NULL), (7, NULL) $$,
    'a minute without a tick is a gap, a restart is one however short; not where nothing is remembered or time does not move'
);
UPDATE health.settings SET tick_period = '20 s';
SELECT rows_are(
    $$ SELECT n, pg_temp.noted(p_at, 0, 0) FROM (VALUES (1, 100), (2, 101)) AS v (n, p_at) ORDER BY n $$,
    $$ VALUES (1, NULL), (2, 'engine_stopped 0 101 161') $$,
    'five periods of a slow engine are no gap, more are'
);

-- Who has not been heard since a gap that has not settled.
DELETE FROM health.monitor_gaps;
INSERT INTO health.agent_status (agent_id, liveness, last_heartbeat_at, session_lost_at) SELECT v.name, 'alive', at(v.last), at(v.lost)
FROM (VALUES ('h90', 90, NULL), ('h100', 100, NULL), ('h150', 150, NULL), ('lost95', 90, 95), ('lost150', 90, 150), ('never', NULL, NULL), ('other', 90, NULL)) AS v (name, last, lost);
CREATE FUNCTION pg_temp.unheard(p_reason text, p_now float8, p_details jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    DELETE FROM health.monitor_gaps;
    INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details) VALUES (p_reason, at(100), at(200), at(260), p_details);
    SELECT string_agg(agent_id, ' ' ORDER BY agent_id COLLATE "C") FROM health_internal.unheard_agents('{h90,h100,h150,lost95,lost150,never,stranger}', at(p_now))
$$;
SELECT is(pg_temp.unheard('engine_stopped', 200), 'h90 lost95', 'while the engine stood still beats were stored: who is heard since its beginning is heard');
SELECT is(pg_temp.unheard('fleet_silent', 200), 'h90 lost95', 'as who beat on in a silent fleet');
SELECT is(pg_temp.unheard('server_restarted', 200, jsonb_build_object('server_started_at', at(150))), 'h100 h90 lost95', 'of a restart since the server is back');
SELECT is(pg_temp.unheard('server_restarted', 200), 'h100 h150 h90 lost150 lost95', 'where that is not known since the engine is');
SELECT is(pg_temp.unheard('server_restarted', 259.9, jsonb_build_object('server_started_at', at(150))), 'h100 h90 lost95', 'until it settles');
SELECT is(pg_temp.unheard('server_restarted', 260), NULL, 'and no longer');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('fleet_silent', at(120), at(200), at(280));
SELECT rows_are($$ SELECT * FROM health_internal.unheard_agents('{h100}', at(250)) $$,
    $$ VALUES ('h100', 'not heard since the monitor was blind (server_restarted, fleet_silent); awaited until ' || at(280)) $$, 'of several gaps, with both in its words');

SELECT * FROM finish();
ROLLBACK;
