-- Usual beats: which are folded by the hundred thousand, what becomes of the state.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.fold_usual_beats}',
    $$
    VALUES
    ('health_internal.fold_usual_beats(health_internal.turn,health.policies)', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT name, name, '10 s' FROM unnest('{a1,a2,a3,silent}'::text []) AS name;
INSERT INTO health.agent_heartbeats (agent_id, received_at, run_id, work_items_processed) SELECT name, at(0), 'r', 5 FROM unnest('{a1,a2,a3,silent}'::text []) AS name;
SELECT health.tick(at(0), true);
CREATE FUNCTION pg_temp.folded(p_turn health_internal.turn) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', f.agent_id, f.beat_count, f.gap_count, f.item_sum::numeric(9, 6), f.learnt_interval_seconds::numeric(9, 4))
    FROM health.current_policies AS p
    CROSS JOIN LATERAL health_internal.fold_usual_beats(p_turn, ROW(p.*)::health.policies) AS f
    WHERE p.policy_class = 'standard' AND f.agent_id <> 'heartbeat_health_agent'
    ORDER BY f.agent_id
$$;
SELECT rows_are($$ SELECT * FROM pg_temp.folded(turn('everybody', true)) $$,
    $$ VALUES ('a1 1 0 5.000000 10.0000'), ('a2 1 0 5.000000 10.0000'), ('a3 1 0 5.000000 10.0000'), ('silent 1 0 5.000000 10.0000') $$, 'everybody, as they stand');
INSERT INTO health.agent_heartbeats (agent_id, received_at, run_id, work_items_processed) VALUES
('a1', at(10), 'r', 7), ('a2', at(10), 'another run', 7), ('a3', at(5), 'r', 6), ('a3', at(10), 'r', 7);
SELECT rows_are(format($$ SELECT * FROM pg_temp.folded(turn('arrived', %L, p_several => '{%s}')) $$, is_most, hashtextextended('a3', 0)),
    $$ VALUES ('a1 2 1 6.986130 10.0000') $$, 'who has exactly one beat, out of the ordinary in nothing: ' || CASE WHEN is_most THEN 'of all' ELSE 'by key' END)
FROM unnest('{true,false}'::boolean []) AS is_most;
SELECT is((SELECT string_agg(line, '') FROM pg_temp.folded(turn('listed', false,
    ARRAY(SELECT ROW(b.*)::health_internal.beat FROM health_internal.arrived_heartbeats((turn('arrived', true)).arrivals) AS b WHERE b.agent_id = 'a1'))) AS line),
    'a1 2 1 6.986130 10.0000', 'those listed, by the same arithmetic');

SELECT * FROM finish();
ROLLBACK;
