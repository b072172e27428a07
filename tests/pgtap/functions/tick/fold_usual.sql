-- Usual beats: which are folded by the hundred thousand, what becomes of the state, whose plan hashes the beats.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.fold_usual_beats,
        health_internal.subjects
    }',
    $$
    VALUES
    ('health_internal.fold_usual_beats(health_internal.turn,health.policies)', 'f', 'sql', 's', false, ''),
    ('health_internal.subjects(health_internal.turn)', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT name, name, '10 s' FROM unnest('{a1,a2,a3,silent}'::text []) AS name;
INSERT INTO health.agent_heartbeats (agent_id, received_at, run_id, work_items_processed) SELECT name, at(0), 'r', 5 FROM unnest('{a1,a2,a3,silent}'::text []) AS name;
SELECT health.tick(at(0), true);
CREATE FUNCTION pg_temp.turn(p_whom text, p_is_most boolean, p_beats health_internal.beat [] DEFAULT '{}', p_several bigint [] DEFAULT '{}')
RETURNS health_internal.turn LANGUAGE sql
RETURN ROW(
    at(10), -1, p_whom, p_beats, p_is_most,
    ROW('-infinity', (SELECT pg_snapshot_xmax(folded_until) FROM health_internal.engine), '{}', pg_current_snapshot(), pg_current_xact_id(),
        (SELECT own_from FROM health_internal.engine), 2147483647, NULL, 0)::health_internal.arrival_range,
    p_several, health_internal.recent_blindness(), 600, 3600, 86400
)::health_internal.turn;
CREATE FUNCTION pg_temp.folded(p_turn health_internal.turn) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', f.agent_id, f.beat_count, f.gap_count, f.item_sum::numeric(9, 6), f.learnt_interval_seconds::numeric(9, 4))
    FROM health.current_policies AS p
    CROSS JOIN LATERAL health_internal.fold_usual_beats(p_turn, ROW(p.*)::health.policies) AS f
    WHERE p.policy_class = 'standard' AND f.agent_id <> 'heartbeat_health_agent'
    ORDER BY f.agent_id
$$;
SELECT rows_are($$ SELECT * FROM pg_temp.folded(pg_temp.turn('everybody', true)) $$,
    $$ VALUES ('a1 1 0 5.000000 10.0000'), ('a2 1 0 5.000000 10.0000'), ('a3 1 0 5.000000 10.0000'), ('silent 1 0 5.000000 10.0000') $$, 'everybody, as they stand');
INSERT INTO health.agent_heartbeats (agent_id, received_at, run_id, work_items_processed) VALUES
('a1', at(10), 'r', 7), ('a2', at(10), 'another run', 7), ('a3', at(5), 'r', 6), ('a3', at(10), 'r', 7);
SELECT rows_are(format($$ SELECT * FROM pg_temp.folded(pg_temp.turn('arrived', %L, p_several => '{%s}')) $$, is_most, hashtextextended('a3', 0)),
    $$ VALUES ('a1 2 1 6.986130 10.0000') $$, 'who has exactly one beat, out of the ordinary in nothing: ' || CASE WHEN is_most THEN 'of all' ELSE 'by key' END)
FROM unnest('{true,false}'::boolean []) AS is_most;
SELECT is((SELECT string_agg(line, '') FROM pg_temp.folded(pg_temp.turn('listed', false,
    ARRAY(SELECT ROW(b.*)::health_internal.beat FROM health_internal.arrived_heartbeats((pg_temp.turn('arrived', true)).arrivals) AS b WHERE b.agent_id = 'a1'))) AS line),
    'a1 2 1 6.986130 10.0000', 'those listed, by the same arithmetic');
SELECT rows_are($$ SELECT beat_count, several FROM health_internal.count_arrived((pg_temp.turn('arrived', true)).arrivals) $$,
    format($$ VALUES (4::bigint, '{%s}'::bigint []) $$, hashtextextended('a3', 0)), 'arrivals are counted, and who has several is known');
SELECT is((SELECT count(*) FROM health_internal.subjects(pg_temp.turn('due', false))), 0::bigint, 'nobody is due');
SELECT is((SELECT string_agg(beat_agent_id, ' ') FROM health_internal.subjects(ROW((p.turn).*)::health_internal.turn) AS s WHERE beat_agent_id = 'silent'), 'silent', 'until it is')
FROM (SELECT jsonb_populate_record(pg_temp.turn('due', false), jsonb_build_object('now', at(100))) AS turn) AS p;

SELECT * FROM finish();
ROLLBACK;
