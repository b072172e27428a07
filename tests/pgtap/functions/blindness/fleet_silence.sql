-- When a silence of the fleet may be the monitor's own, and what people are told.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.await_ingest,
        health_internal.notice_fleet_silence
    }',
    $$
    VALUES
    ('health_internal.await_ingest(timestamp with time zone)', 'f', 'sql', 'v', false, ''),
    ('health_internal.notice_fleet_silence(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

-- A fleet of 25 that beats every 10 s.
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT 'a' || n, 'a' || n, '10 s' FROM generate_series(1, 25) AS n;
CREATE FUNCTION pg_temp.beat(p_from int, p_until int, p_seconds float8)
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at)
    SELECT 'a' || n, at(p_seconds + n / 10.0) FROM generate_series(p_from, p_until) AS n;
    SELECT (health.tick(at(p_seconds + 3))).agents_judged;
$$;
CREATE FUNCTION pg_temp.seen()
RETURNS text
LANGUAGE sql
RETURN (
    SELECT string_agg(s.liveness || ' ' || s.n, ', ' ORDER BY s.liveness)
    FROM (SELECT liveness, count(*) AS n FROM health.agent_status WHERE agent_id ~ '^a' GROUP BY 1) AS s
);
SELECT count(pg_temp.beat(1, 25, t)) FROM generate_series(0, 200, 10) AS t;
SELECT is((SELECT count(*) FROM health.monitor_gaps WHERE reason = 'fleet_silent'), 0::bigint, 'a fleet that beats leaves no gap');
-- Four go on.
SELECT count(pg_temp.beat(1, 4, t)) FROM generate_series(210, 240, 10) AS t;
SELECT rows_are(
    $$ SELECT reason, started_at, ended_at - started_at < interval '30 s', settled_at - ended_at FROM health.monitor_gaps WHERE reason = 'fleet_silent' $$,
    $$ VALUES ('fleet_silent', at(202.5), true, interval '60 s') $$,
    '21 of 25 silent at once may be the monitor: a gap from the last beat of them'
);
SELECT is(pg_temp.seen(), 'alive 25', 'nobody is accused');
SELECT rows_are($$ SELECT rule, agent_id, severity, summary FROM health.open_alerts $$,
    $$ VALUES ('monitor_gap', NULL, 'critical', '21 agents fell silent at once; it may be the monitor or the network') $$, 'one alert says so');
SELECT count(pg_temp.beat(1, 4, t)) FROM generate_series(250, 270, 10) AS t;
SELECT is(pg_temp.seen(), 'alive 25', 'for a minute of working ingest');
SELECT count(pg_temp.beat(1, 14, t)) FROM generate_series(280, 320, 10) AS t;
SELECT is(pg_temp.seen(), 'alive 14, unresponsive 11', 'then who is still silent is, who came back is not');
SELECT rows_are($$ SELECT rule, summary FROM health.open_alerts WHERE agent_id IS NULL $$,
    $$ VALUES ('fleet_silent', '11 agents fell silent together') $$, 'in one incident');
SELECT is((SELECT count(*) FROM health.deliveries WHERE event = 'opened'), 2::bigint, 'and one page for the gap, one for them');
SELECT is((SELECT count(*) FROM health.monitor_gaps WHERE reason = 'fleet_silent'), 1::bigint, 'it was one gap');
-- Nobody beats at all: the settling time begins with the first who does.
SELECT count(pg_temp.beat(1, 25, t)) FROM generate_series(330, 500, 10) AS t;
SELECT count(pg_temp.beat(1, 0, t)) FROM generate_series(510, 600, 10) AS t;
SELECT is(pg_temp.seen(), 'alive 25', 'silence of all accuses nobody either');
SELECT count(pg_temp.beat(1, 1, t)) FROM generate_series(610, 650, 10) AS t;
SELECT is(pg_temp.seen(), 'alive 25', 'not before a minute after the first beat');
SELECT count(pg_temp.beat(1, 1, t)) FROM generate_series(660, 720, 10) AS t;
SELECT is(pg_temp.seen(), 'alive 1, unresponsive 24', 'that shows that ingest works');
-- To await_ingest at 810 s: a silence last seen at 800 s, with the last beat heard at p_heard.
CREATE FUNCTION pg_temp.awaited(p_heard float8, p_whose text DEFAULT 'a1') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_seen text;
BEGIN
    UPDATE health.monitor_gaps SET started_at = at(780), ended_at = at(800), settled_at = at(860) WHERE gap_id = (SELECT max(gap_id) FROM health.monitor_gaps);
    UPDATE health.agent_status SET agent_id = p_whose, last_heartbeat_at = at(p_heard) WHERE agent_id = 'a1';
    PERFORM health_internal.await_ingest(at(810));
    v_seen := (SELECT date_part('epoch', ended_at - at(0)) || ' ' || date_part('epoch', settled_at - at(0)) FROM health.monitor_gaps ORDER BY gap_id DESC LIMIT 1);
    RAISE EXCEPTION SQLSTATE 'ZZ000' USING MESSAGE = v_seen;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END $$;
SELECT rows_are($$ SELECT heard, whose, pg_temp.awaited(heard, whose) FROM (VALUES (790, 'a1'), (800, 'a1'), (801, 'a1'), (801, 'bridge:x')) AS v (heard, whose) $$,
    $$ VALUES (790, 'a1', '810 870'), (800, 'a1', '810 870'), (801, 'a1', '800 860'), (801, 'bridge:x', '810 870') $$,
    'a tick without beats prolongs a silence, but not one that a beat of an agent has ended');
-- The same when they beat at all times of their interval and the tick comes each second: few are due at once.
CREATE FUNCTION pg_temp.second(p_second int, p_silent int)
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at)
    SELECT 'a' || n, at(p_second) FROM generate_series(p_silent + 1, 25) AS n WHERE n % 10 = p_second % 10;
    SELECT (health.tick(at(p_second))).agents_judged;
$$;
SELECT count(pg_temp.second(t, 0)) FROM generate_series(730, 829) AS t;
SELECT count(pg_temp.second(t, 21)) FROM generate_series(830, 880) AS t;
SELECT is(
    (SELECT count(*) FROM health.status_transitions WHERE new_liveness = 'unresponsive' AND occurred_at > at(730)), 0::bigint,
    'whose deadlines do not come together are not accused either'
);
SELECT is((SELECT count(*) FROM health.monitor_gaps WHERE reason = 'fleet_silent'), 3::bigint, 'and leave a gap');
SELECT count(pg_temp.second(t, 0)) FROM generate_series(881, 899) AS t;
SELECT rows_are($$ SELECT ended_at < at(850), settled_at - ended_at FROM health.monitor_gaps WHERE reason = 'fleet_silent' ORDER BY started_at DESC LIMIT 1 $$,
    $$ VALUES (true, interval '60 s') $$, 'which the beats of the four end, though most ticks have none');
-- What explains itself is no gap: half of them, states of failure.
SELECT count(pg_temp.beat(1, 25, t)) FROM generate_series(1000, 1200, 10) AS t;
SELECT count(pg_temp.beat(1, 12, t)) FROM generate_series(1210, 1260, 10) AS t;
SELECT is((SELECT count(*) FROM health.monitor_gaps WHERE reason = 'fleet_silent'), 3::bigint, 'half of a fleet is no fault of the monitor');

-- Of fewer than 20 nobody can tell.
SELECT count(pg_temp.beat(1, 25, t)) FROM generate_series(1270, 1400, 10) AS t;
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) SELECT 'a' || n, at(1410), 'stopped' FROM generate_series(20, 25) AS n;
SELECT count(pg_temp.beat(1, 0, t)) FROM generate_series(1410, 1500, 10) AS t;
SELECT is(pg_temp.seen(), 'stopped 6, unresponsive 19', 'a fleet of 19 that falls silent is accused');
SELECT is((SELECT count(*) FROM health.monitor_gaps WHERE reason = 'fleet_silent'), 3::bigint, 'no gap');

-- Twenty, of whom one had lost a beat just before: its silence began too early to be counted, and it is one of the fleet.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT 'b' || n, 'b' || n, '10 s' FROM generate_series(1, 20) AS n;
CREATE FUNCTION pg_temp.twenty(p_second int)
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at)
    SELECT 'b' || n, at(p_second) FROM generate_series(1, 20) AS n
    WHERE n % 10 = p_second % 10 AND p_second < 1800 AND NOT (n = 3 AND p_second = 1793);
    SELECT (health.tick(at(p_second))).agents_judged;
$$;
SELECT count(pg_temp.twenty(t)) FROM generate_series(1600, 1850) AS t;
SELECT is((SELECT count(*) FROM health.status_transitions WHERE agent_id ~ '^b' AND new_liveness = 'unresponsive'), 0::bigint, 'nobody is accused');
SELECT rows_are($$ SELECT started_at, details ->> 'silent_count' FROM health.monitor_gaps WHERE reason = 'fleet_silent' ORDER BY started_at DESC LIMIT 1 $$, $$ VALUES (at(1797), '19') $$, 'nineteen of twenty may be the monitor');

-- To the agent: 20 fell silent after 2000, so many others have beaten since; what else is true of them, and it is undone.
INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT n, n, '10 s' FROM (SELECT 'f' || n FROM generate_series(1, 20) AS n UNION ALL SELECT 'g' || n FROM generate_series(1, 6) AS n UNION ALL VALUES ('parent'), ('bridge:x'), ('late')) AS v (n);
INSERT INTO health.agent_heartbeats (agent_id, received_at)
SELECT agent_id, at(2000) FROM health.agents WHERE agent_id ~ '^([fgpl]|bridge:)';
SELECT health.tick(at(2001), true);
-- When the gap that is noted ends and settles.
CREATE FUNCTION pg_temp.may_be_the_monitor(p_others integer, p_change text DEFAULT 'SELECT') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_gap text;
BEGIN
    DELETE FROM health.agent_status WHERE agent_id ~ '^[ab][0-9]' OR agent_id IN ('late', 'bridge:x');
    UPDATE health.agent_status SET last_heartbeat_at = at(2010) WHERE agent_id = 'parent' OR agent_id IN (SELECT 'g' || n FROM generate_series(1, p_others - 1) AS n);
    DELETE FROM health.agent_status WHERE agent_id IN (SELECT 'g' || n FROM generate_series(p_others, 6) AS n);
    EXECUTE p_change;
    IF health_internal.notice_fleet_silence(at(2013)) THEN
        v_gap := (SELECT date_part('epoch', ended_at - at(0)) || ' ' || date_part('epoch', settled_at - at(0)) FROM health.monitor_gaps ORDER BY gap_id DESC LIMIT 1);
    END IF;
    RAISE EXCEPTION SQLSTATE 'ZZ000' USING MESSAGE = coalesce(v_gap, 'no');
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END $$;
CREATE FUNCTION pg_temp.other_gap(p_from float8, p_until float8, p_settled float8) RETURNS text LANGUAGE sql
RETURN format('INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES (%L, %L, %L, %L)', 'server_restarted', at(p_from), at(p_until), at(p_settled));

SELECT rows_are($$ SELECT what, pg_temp.may_be_the_monitor(others, change) FROM (VALUES
        (1, 'four fifths', 5, 'SELECT'),
        (2, 'less', 6, 'SELECT'),
        (3, 'nineteen', 5, $x$ DELETE FROM health.agent_status WHERE agent_id = 'f1' $x$),
        (4, 'one of them lost its session', 5, $x$ UPDATE health.agent_status SET session_lost_at = at(2001) WHERE agent_id = 'f1' $x$),
        (5, 'one of them has failed', 5, $x$ UPDATE health.agent_status SET state = 'failed' WHERE agent_id = 'f1' $x$),
        (6, 'one of them said goodbye', 5, $x$ UPDATE health.agent_status SET state = 'stopping' WHERE agent_id = 'f1' $x$),
        (7, 'one of them is a bridge', 5, $x$ UPDATE health.agent_status SET agent_id = 'bridge:y' WHERE agent_id = 'f1' $x$),
        (8, 'one of them fell silent before', 5, $x$ UPDATE health.agent_status SET last_heartbeat_at = at(1984) WHERE agent_id = 'f1' $x$),
        (9, 'sixteen have a dead parent', 5, $x$ INSERT INTO health.dependencies SELECT 'f' || n, 'parent' FROM generate_series(1, 16) AS n; UPDATE health.agent_status SET state = 'failed' WHERE agent_id = 'parent' $x$),
        (10, 'fifteen have', 4, $x$ INSERT INTO health.dependencies SELECT 'f' || n, 'parent' FROM generate_series(1, 15) AS n; UPDATE health.agent_status SET state = 'failed' WHERE agent_id = 'parent' $x$),
        (11, 'their parent lives', 5, $x$ INSERT INTO health.dependencies SELECT 'f' || n, 'parent' FROM generate_series(1, 20) AS n $x$),
        (12, 'sixteen of a fleet of twenty', 4, $x$ DELETE FROM health.agent_status WHERE agent_id IN ('f1', 'f2', 'f3', 'f4') $x$),
        (13, 'of a fleet of nineteen', 3, $x$ DELETE FROM health.agent_status WHERE agent_id IN ('f1', 'f2', 'f3', 'f4') $x$),
        (14, 'silent since before another silence ended', 5, $x$ INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('fleet_silent', at(1990), at(2000), at(2060)) $x$),
        (15, 'silent anew', 5, $x$ INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('fleet_silent', at(1990), at(1999), at(2059)) $x$),
        (16, 'silent in a restart', 5, pg_temp.other_gap(1999, 2012, 2072)),
        (17, 'which began when the next beat of the last was due', 5, pg_temp.other_gap(2010, 2012, 2072)),
        (18, 'a moment later', 5, pg_temp.other_gap(2010.1, 2012, 2072)),
        (19, 'which ended when they beat last', 5, pg_temp.other_gap(1990, 2000, 2060)),
        (20, 'a moment before', 5, pg_temp.other_gap(1990, 1999.9, 2059.9)),
        (21, 'which settles in a moment', 5, pg_temp.other_gap(1990, 2001, 2013.1)),
        (22, 'which has settled', 5, pg_temp.other_gap(1990, 2001, 2013)),
        (23, 'of two one has not', 5, pg_temp.other_gap(1990, 2001, 2013) || ';' || pg_temp.other_gap(2001, 2002, 2062)),
        (24, 'nobody else has beaten since it', 1, pg_temp.other_gap(1990, 2001, 2013) || $x$; UPDATE health.agent_status SET last_heartbeat_at = at(2000) WHERE agent_id = 'parent' $x$),
        (25, 'one of them was due before it', 5, pg_temp.other_gap(2001, 2012, 2072) || $x$; UPDATE health.agent_status SET last_heartbeat_at = at(1990) WHERE agent_id = 'f1' $x$),
        (26, 'one of them lost a beat', 5, $x$ UPDATE health.agent_status SET last_heartbeat_at = at(1985) WHERE agent_id = 'f1' $x$),
        (27, 'half of them have one dead parent, half another', 5, $x$ INSERT INTO health.dependencies SELECT 'f' || n, CASE WHEN n > 10 THEN 'parent' ELSE 'g1' END FROM generate_series(1, 20) AS n; UPDATE health.agent_status SET state = 'failed' WHERE agent_id IN ('parent', 'g1') $x$)
    ) AS v (n, what, others, change) ORDER BY n $$,
    $$ VALUES ('four fifths', '2013 2073'), ('less', 'no'), ('nineteen', 'no'), ('one of them lost its session', 'no'), ('one of them has failed', 'no'),
        ('one of them said goodbye', 'no'), ('one of them is a bridge', 'no'), ('one of them fell silent before', 'no'), ('sixteen have a dead parent', 'no'), ('fifteen have', '2013 2073'), ('their parent lives', '2013 2073'),
        ('sixteen of a fleet of twenty', '2013 2073'), ('of a fleet of nineteen', 'no'), ('silent since before another silence ended', 'no'), ('silent anew', '2013 2073'),
        ('silent in a restart', 'no'), ('which began when the next beat of the last was due', 'no'), ('a moment later', '2013 2073'), ('which ended when they beat last', 'no'),
        ('a moment before', '2013 2073'), ('which settles in a moment', 'no'), ('which has settled', '2001 2013'), ('of two one has not', 'no'), ('nobody else has beaten since it', '2013 2073'),
        ('one of them was due before it', 'no'), ('one of them lost a beat', '2013 2073'), ('half of them have one dead parent, half another', '2013 2073') $$,
    'a fleet of twenty, four fifths of it, and nothing that explains it');
-- A restart of half a minute, after which four of 24 come back, and a slow one is not due yet.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT 'r' || n, 'r' || n, '10 s' FROM generate_series(1, 24) AS n;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('slow', 'slow', '1 day');
CREATE FUNCTION pg_temp.restarted(p_count int, p_seconds float8)
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at) SELECT 'r' || n, at(p_seconds) FROM generate_series(1, p_count) AS n;
    SELECT (health.tick(at(p_seconds + 1))).agents_judged;
$$;
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('slow', at(2990));
SELECT count(pg_temp.restarted(24, t)) FROM generate_series(3000, 3100, 10) AS t;
UPDATE health_internal.engine SET server_started_at = at(3115);
SELECT count(pg_temp.restarted(4, t)) FROM generate_series(3130, 3180, 10) AS t;
SELECT rows_are($$ SELECT reason, started_at, settled_at FROM health.monitor_gaps WHERE started_at >= at(3000) $$, $$ VALUES ('server_restarted', at(3101), at(3191)) $$,
    'a silence that a restart explains is no silence of the fleet');
SELECT rows_are($$ SELECT severity, summary FROM health.open_alerts WHERE rule = 'monitor_gap' $$, $$ VALUES ('warning', 'the database server was restarted') $$, 'and told as the restart');
SELECT is((SELECT count(*) FROM health.status_transitions WHERE agent_id ~ '^r' AND new_liveness <> 'alive' AND occurred_at > at(3050)), 0::bigint, 'nobody is accused');
SELECT pg_temp.restarted(4, 3190);
SELECT rows_are($$ SELECT reason, started_at, ended_at, settled_at FROM health.monitor_gaps WHERE started_at > at(3000) ORDER BY gap_id DESC LIMIT 1 $$,
    $$ VALUES ('fleet_silent', at(3100), at(3131), at(3191)) $$, 'when it has settled');
SELECT is((SELECT count(*) FROM health.agent_status WHERE agent_id ~ '^r' AND liveness = 'unresponsive'), 20::bigint, 'who has not come back is accused at once');
SELECT rows_are($$ SELECT count(*), bool_or(agent_id = 'slow') FROM health.incident_members WHERE agent_id ~ '^r' OR agent_id = 'slow' $$, $$ VALUES (20, false) $$, 'in one incident, in which the slow one is not');
SELECT count(pg_temp.restarted(4, t)) FROM generate_series(3200, 3300, 10) AS t;
SELECT is((SELECT count(*) FROM health.monitor_gaps WHERE started_at > at(3000)), 2::bigint, 'and it is noted once');
SELECT * FROM finish();
ROLLBACK;
